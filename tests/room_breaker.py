"""A server extension for servers under test: it closes the rooms of documents in several ways."""

from __future__ import annotations

from typing import Any

from jupyter_server.base.handlers import APIHandler
from tornado import web

from jupyter_collaboration.protocol.messages import CloseCode


class BreakHandler(APIHandler):
    """``POST /api/break/<way>``: close the rooms of all documents."""

    @web.authenticated
    async def post(self, way: str) -> None:
        """Close the rooms as if they were idle, had failed, or their store was lost."""
        rooms = self.settings["jupyter_server_ydoc"].ywebsocket_server
        for room in list(rooms.rooms.values()):
            if way == "failed":
                rooms.fail(room, RuntimeError("as in a test"))
            elif way == "evicted":
                await room.flush()
                rooms.dissolve(room, CloseCode.GOING_AWAY, "as in a test")
        if way == "store":
            await rooms._go_private()
        self.finish("{}")


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "room_breaker"}]


def _load_jupyter_server_extension(app: Any) -> None:
    app.web_app.add_handlers(".*$", [(rf"{app.base_url}api/break/(\w+)", BreakHandler)])
