"""The HTTP handler that merges a replica of another history into a document."""

from __future__ import annotations

import base64
import json
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..errors import CollaborationError, InvalidRequest, ProtocolError
from ..merge.conflict import Conflict
from ..protocol.update_reader import read_update
from ..rooms.document import DocumentRoom
from ..threads import compute
from .base import CollaborationHandler, text_in

MAX_SESSION_ID = 200
"""Longest session id, in characters."""


class RebaseHandler(CollaborationHandler):
    """``/api/collaboration/rebase/<roomid>``: merges the edits of another history. [S4]"""

    @web.authenticated
    @authorized("write", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def put(self, room_id: str) -> None:
        """Merge a replica. The body is ``{sessionId, state, base}``.

        ``state`` and ``base`` are Yjs updates in base64: a replica that descends from the
        history ``sessionId``, and the same replica when it was last saved (or null). Only the
        edits between the two are merged into the document.

        Responds with ``{sessionId, conflicts}``.
        """
        try:
            await self._answer(room_id)
        except CollaborationError as error:
            self.refuse(error)

    async def _answer(self, room_id: str) -> None:
        body = self.json_body()
        session_id = text_in(body, "sessionId", MAX_SESSION_ID)
        if not session_id:
            raise InvalidRequest("The body must contain the replica's 'sessionId'.")
        state = await self._update(body, "state")
        base = await self._update(body, "base") if body.get("base") is not None else None
        if not self._rooms.room_exists(room_id):
            await self._places.check_room(room_id)
        async with self._rooms.pinned(room_id) as room:
            if not isinstance(room, DocumentRoom):
                raise InvalidRequest("This room has no document.")
            found: list[Conflict] = []
            if session_id != room.session_id:
                may_execute = await self.may_execute()
                found = await room.rebase(
                    session_id, state, base, self.username, may_execute=may_execute
                )
        conflicts = [to_json(conflict) for conflict in found]
        self.finish(json.dumps({"sessionId": room.session_id, "conflicts": conflicts}))

    @staticmethod
    async def _update(body: dict[str, Any], name: str) -> bytes:
        try:
            update = base64.b64decode(body[name], validate=True)
            await compute(read_update, update)
        except (KeyError, TypeError, ValueError, ProtocolError) as error:
            raise InvalidRequest(f"'{name}' is not a Yjs update in base64.") from error
        return update


def to_json(conflict: Conflict) -> dict[str, Any]:
    """Return a conflict from the point of view of the user whose replica was merged."""
    return {
        "cell": conflict.cell,
        "kind": conflict.kind,
        "key": conflict.key,
        "yours": conflict.theirs,
        "theirs": conflict.ours,
        "merged": conflict.merged,
    }
