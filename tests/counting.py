"""A server extension for servers under test: it tells what is open in its server."""

from __future__ import annotations

import asyncio
import gc
import json
from typing import Any

from jupyter_server.base.handlers import APIHandler

from jupyter_collaboration.history.sqlite.backend import SQLiteBackend
from jupyter_collaboration.rooms.broadcast import BroadcastRoom


class CountsHandler(APIHandler):
    """``/test/counts``: how many tasks, rooms and rows of documents there are."""

    auth_resource = "contents"

    async def get(self) -> None:
        gc.collect()
        extension = self.settings["jupyter_server_ydoc"]
        manager = extension.ywebsocket_server
        await manager.started.wait()
        rows = 0
        if isinstance(manager._history, SQLiteBackend):
            count = "SELECT count(*) FROM collaboration_documents"
            backend = manager._history
            rows = await backend.run(lambda: int(backend.db.execute(count).fetchone()[0]))
        counts = {
            "tasks": len(asyncio.all_tasks()),
            "rooms": len(manager.rooms),
            "live_rooms": sum(isinstance(each, BroadcastRoom) for each in gc.get_objects()),
            "documents": rows,
            "files": len(extension._watch._files),
            "people": len(manager._quota._connections),
        }
        self.finish(json.dumps(counts))


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "counting"}]


def _load_jupyter_server_extension(serverapp: Any) -> None:
    serverapp.web_app.add_handlers(".*", [(f"{serverapp.base_url}test/counts", CountsHandler)])
