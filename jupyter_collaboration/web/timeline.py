"""HTTP handlers for the timeline: parse, authorize, call, respond. [C1]"""

from __future__ import annotations

import json
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..documents.identity import document_id
from ..errors import CollaborationError, DocumentNotFound, InvalidRequest
from ..rooms.timeline import MAX_STEPS, TimelineForks
from .base import PublishedHandler

DONE = {"undo": "undone", "redo": "redone"}


class PlaybackHandler(PublishedHandler):
    """The base of both handlers."""

    def initialize(self, timeline_forks: TimelineForks, **parts: Any) -> None:  # type: ignore[override]
        super().initialize(**parts)
        self._timeline_forks = timeline_forks


class TimelineHandler(PlaybackHandler):
    """``/api/collaboration/timeline/<path>``: opens a timeline."""

    @web.authenticated
    @authorized("read", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def get(self, path: str) -> None:
        """Return ``{roomId, timestamps, forkRoom, sessionId}``; timestamps are in seconds."""
        try:
            path = path.strip("/")
            file_format = self.get_query_argument("format", "")
            content_type = self.get_query_argument("type", "")
            document_id(file_format, content_type, "unknown")
            await self.check_file(path)
            file_id = await self._places.id_of(path)
            if file_id is None:
                raise DocumentNotFound(f"{path} has no history yet.")
            document = document_id(file_format, content_type, file_id)
            room = await self._timeline_forks.open(document, self.username)
        except CollaborationError as error:
            self.refuse(error)
        self.finish(
            json.dumps(
                {
                    "roomId": str(document),
                    "timestamps": [time for _, time in room.moments],
                    "forkRoom": room.room_id,
                    "sessionId": room.session_id,
                }
            )
        )


class UndoRedoHandler(PlaybackHandler):
    """``/api/collaboration/undo_redo/<roomid>``: steps through a timeline, or restores."""

    @web.authenticated
    @authorized("write", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def put(self, room_id: str) -> None:
        """Step or restore. Query: ``action`` (undo, redo, restore), ``steps`` and ``forkRoom``."""
        try:
            action = self.get_query_argument("action", "")
            fork_room = self.get_query_argument("forkRoom", "")
            if action == "restore":
                await self._timeline_forks.restore(
                    fork_room, room_id, self.username, may_execute=await self.may_execute()
                )
                answer: dict[str, Any] = {"code": 200, "status": "The document was restored."}
            elif action in DONE:
                steps = self._steps()
                sign = -1 if action == "undo" else 1
                await self._timeline_forks.step(fork_room, room_id, sign * steps)
                answer = {"status": DONE[action]}
            else:
                raise InvalidRequest("'action' must be 'undo', 'redo' or 'restore'.")
        except CollaborationError as error:
            self.refuse(error)
        self.finish(json.dumps(answer))

    def _steps(self) -> int:
        text = self.get_query_argument("steps", "1")
        if not text.isascii() or not text.isdigit() or len(text) > 7:
            raise InvalidRequest("'steps' must be a number.")
        return min(int(text), MAX_STEPS)
