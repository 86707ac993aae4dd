"""A contents manager that the server of a browser test imports by name."""

from __future__ import annotations

from typing import Any

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager


class ReadOnly(AsyncLargeFileManager):
    """Says that no file can be written while one of the name 'read-only' lies in the root."""

    async def get(self, path: str, *args: Any, **options: Any) -> dict[str, Any]:
        model = dict(await super().get(path, *args, **options))
        if await self.file_exists("read-only"):
            model["writable"] = False
        return model
