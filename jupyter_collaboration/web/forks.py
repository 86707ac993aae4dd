"""HTTP handlers for forks: parse, authorize, call, respond."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..errors import CollaborationError, InvalidRequest
from ..rooms.forks import info_of
from .base import PublishedHandler, text_in

MAX_TITLE = 200
MAX_DESCRIPTION = 10_000
"""Longest description, in characters."""


class ForkHandler(PublishedHandler):
    """``/api/collaboration/fork/<roomid>``: the forks of a document, or one of them. [K1]"""

    @web.authenticated
    @authorized("read", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def get(self, room_id: str) -> None:
        """Return ``{forkid: {root_roomid, synchronize, title, description}}`` of a root."""
        try:
            forks = await self._forks.of(room_id)
        except CollaborationError as error:
            self.refuse(error)
        self.finish(json.dumps({fork.room_id: info_of(fork) for fork in forks}))

    @web.authenticated
    @authorized("write", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def put(self, room_id: str) -> None:
        """Fork a root. The body is ``{synchronize, title, description}``.

        Responds with 201 and ``{sessionId, fork_roomid, fork_info}``.
        """
        try:
            body = self.json_body()
            fork, session_id = await self._forks.create(
                room_id,
                synchronize=_flag(body, "synchronize"),
                title=text_in(body, "title", MAX_TITLE, required=False),
                description=text_in(body, "description", MAX_DESCRIPTION, required=False),
                username=self.username,
            )
        except CollaborationError as error:
            self.refuse(error)
        self.set_status(HTTPStatus.CREATED)
        answer = {"sessionId": session_id, "fork_roomid": fork.room_id, "fork_info": info_of(fork)}
        self.finish(json.dumps(answer))

    @web.authenticated
    @authorized("write", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def delete(self, room_id: str) -> None:
        """Delete a fork; with ``?merge=true`` merge its edits into its root first."""
        try:
            merge = self.get_query_argument("merge", "")
            if merge not in ("true", "false"):
                raise InvalidRequest("'merge' must be 'true' or 'false'.")
            await self._forks.delete(
                room_id,
                merge=merge == "true",
                username=self.username,
                may_execute=await self.may_execute(),
            )
        except CollaborationError as error:
            self.refuse(error)
        self.finish()


def _flag(body: dict[str, Any], name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise InvalidRequest(f"'{name}' must be true or false.")
    return value
