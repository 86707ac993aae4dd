"""A contents manager that the server of a browser test imports by name."""

from __future__ import annotations

from typing import Any

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from tornado.web import HTTPError


class FullDisk(AsyncLargeFileManager):
    """Reads, and writes nothing while a file of the name 'full' lies in the root."""

    async def save(self, model: dict[str, Any], path: str = "") -> dict[str, Any]:
        if await self.file_exists("full"):
            raise HTTPError(507, "No space left on device")
        return dict(await super().save(model, path))
