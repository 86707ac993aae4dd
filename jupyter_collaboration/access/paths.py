"""Which file is behind an id, and whether there may be one.

Knows file ids and the contents manager; knows nothing of rooms, and makes nothing.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Protocol

from jupyter_server.services.contents.manager import ContentsManager
from jupyter_server.utils import ensure_async
from tornado.web import HTTPError

from ..documents.identity import parse_room_id
from ..errors import DocumentNotFound
from .file_ids import FileIds


class Finder(Protocol):
    """Finds files again whose ids were lost."""

    async def find_id(self, path: str, file_id: str | None) -> str | None:
        """The id that the file at a path had before, which it has again then; None if there is
        none. ``file_id`` is the one that it has now."""

    async def find_path(self, file_id: str) -> str | None:
        """Where the file with a lost id is, which then has it again; None if that is not known."""


class Paths:
    """The files of a server.

    Args:
        finder: asked for what the file ids do not tell.
    """

    def __init__(
        self, contents: ContentsManager, file_ids: FileIds, finder: Finder | None = None
    ) -> None:
        self._contents = contents
        self._file_ids = file_ids
        self._finder = finder

    async def path_of_room(self, room_id: str) -> str:
        """Where a room's file is, relative to the server's root; empty for one without a file.

        Raises:
            InvalidRequest: no room could have this id.
            DocumentNotFound: no file that may be opened has this file id.
        """
        document = parse_room_id(room_id)
        if document is None:
            return ""
        path = self._file_ids.get_path(document.file_id)
        if path is None and self._finder is not None:
            path = await self._finder.find_path(document.file_id)
        if path is None:
            raise DocumentNotFound("There is no file with this id.")
        return path

    async def id_of(self, path: str) -> str | None:
        """The id of a file, also if it is known from before the ids were lost only."""
        found = self._file_ids.get_id(path)
        if self._finder is not None:
            found = await self._finder.find_id(self._file_ids.resolve(path), found) or found
        return found

    async def index(self, path: str) -> str:
        """The id of a file, made if it has none.

        Raises:
            DocumentNotFound: there is no such file.
        """
        found = await self.id_of(path) or self._file_ids.index(path)
        if found is None:
            raise DocumentNotFound(f"There is no file {path}.")
        # Files follow a folder that is renamed only if the folder has an id as well. [F8]
        for folder in PurePosixPath(self._file_ids.resolve(path)).parents:
            if folder.name:
                self._file_ids.index(str(folder))
        return found

    def resolve(self, path: str) -> str:
        """The path of the file to which a path leads."""
        return self._file_ids.resolve(path)

    async def check(self, path: str) -> None:
        """Refuse a path behind which there is no file that may be opened.

        Raises:
            DocumentNotFound: it is not there, is outside of the root, or is hidden.
        """
        try:
            found = not is_outside(path) and await ensure_async(self._contents.file_exists(path))
            if found and not self._contents.allow_hidden:
                found = not await ensure_async(self._contents.is_hidden(path))
        except (HTTPError, OSError, ValueError) as error:  # such as a NUL in it
            raise DocumentNotFound(f"There is no file {path}.") from error
        if not found:
            raise DocumentNotFound(f"There is no file {path}.")

    async def is_gone(self, room_id: str, path: str = "") -> bool:
        """Whether a document's file is not there any more; its room is one of a document.

        Args:
            path: where the file was seen last: there it is if no other one has its id there.

        Raises:
            Exception: the contents manager cannot tell.
        """
        document = parse_room_id(room_id)
        assert document is not None
        found = self._file_ids.get_path(document.file_id)
        if found is None and path and self._file_ids.get_id(path) is None:
            found = path
        return found is None or not await ensure_async(self._contents.file_exists(found))

    async def is_root_there(self) -> bool:
        """Whether the root can be read, and something is in it: it is no disk that is away."""
        try:
            root = await ensure_async(self._contents.get("", type="directory", content=True))
        except (HTTPError, OSError):
            return False
        return bool(root["content"])


def is_outside(path: str) -> bool:
    """Whether a path leads out of the root it is relative to."""
    return ".." in path.replace("\\", "/").split("/")
