"""Maps file ids to paths, and checks that files exist and may be opened.

Responsible for file ids and the contents manager; rooms belong to others.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Protocol

import anyio
from jupyter_server.services.contents.manager import ContentsManager
from jupyter_server.utils import ensure_async
from tornado.web import HTTPError

from ..documents.identity import parse_room_id
from ..errors import DocumentNotFound
from .file_ids import RENAME_TIME, FileIds

RENAME_POLL = 0.05


class Finder(Protocol):
    """Restores lost file ids."""

    async def find_id(self, path: str, file_id: str | None) -> str | None:
        """Restore and return the previous id of the file at a path; None if there is none.

        Args:
            path: of the file.
            file_id: the current id of the file, if it has one.
        """

    async def find_path(self, file_id: str) -> str | None:
        """Find the file with a lost id, restore the id, and return the path; None if not found."""


class Paths:
    """The files of a server.

    Args:
        finder: searches for files whose ids were lost.
    """

    def __init__(
        self, contents: ContentsManager, file_ids: FileIds, finder: Finder | None = None
    ) -> None:
        self._contents = contents
        self._file_ids = file_ids
        self._finder = finder

    async def path_of_room(self, room_id: str) -> str:
        """Return the path of a room's file, relative to the server's root; empty if it has none.

        Raises:
            InvalidRequest: this is not a valid room id.
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
        """Return the id of a file, and restore a lost one; None if it has none."""
        return await self._id_at(self._file_ids.resolve(path))

    async def _id_at(self, resolved: str) -> str | None:
        found = self._file_ids.id_at(resolved)
        if self._finder is not None:
            found = await self._finder.find_id(resolved, found) or found
        return found

    async def index(self, path: str) -> str:
        """Return the id of a file, and create it if necessary.

        Raises:
            DocumentNotFound: there is no such file.
        """
        return (await self.indexed(path))[0]

    async def indexed(self, path: str) -> tuple[str, bool]:
        """Return the same as `index`, and whether the id is new."""
        resolved = self._file_ids.resolve(path)
        known = await self._id_at(resolved)
        # Files follow a renamed folder only if the folder has an id as well. [F8]
        folders = [str(folder) for folder in PurePosixPath(resolved).parents if folder.name]
        created = await self._file_ids.create(resolved, *folders)
        found = known or created
        if found is None:
            raise DocumentNotFound(f"There is no file {path}.")
        return found, known is None

    def resolve(self, path: str) -> str:
        """Resolve links in a path."""
        return self._file_ids.resolve(path)

    async def check(self, path: str) -> None:
        """Check that there is a file at a path, and that it may be opened.

        Raises:
            DocumentNotFound: the file does not exist, is outside of the root, or is hidden.
        """
        try:
            found = not is_outside(path) and await ensure_async(self._contents.file_exists(path))
            if found and not self._contents.allow_hidden:
                found = not await ensure_async(self._contents.is_hidden(path))
        except (HTTPError, OSError, ValueError) as error:  # such as a NUL in it
            raise DocumentNotFound(f"There is no file {path}.") from error
        if not found:
            raise DocumentNotFound(f"There is no file {path}.")

    async def check_room(self, room_id: str) -> None:
        """Check that a room's file exists and may be opened, if the room has a file. [F8]

        A file that is renamed at this moment is missing until its new path is known.

        Raises:
            InvalidRequest: this is not a valid room id.
            DocumentNotFound: the file does not exist, or may not be opened.
        """
        deadline = anyio.current_time() + RENAME_TIME
        while path := await self.path_of_room(room_id):
            try:
                return await self.check(path)
            except DocumentNotFound:
                if anyio.current_time() > deadline:
                    raise
                await anyio.sleep(RENAME_POLL)

    async def is_gone(self, room_id: str, path: str = "") -> bool:
        """Return whether a document's file was deleted.

        Args:
            path: the last known path of the file, which still counts if no other file is recorded
                for it.

        Raises:
            Exception: the contents manager failed.
        """
        document = parse_room_id(room_id)
        assert document is not None
        found = self._file_ids.get_path(document.file_id)
        if found is None and path and self._file_ids.get_id(path) is None:
            found = path
        return found is None or not await ensure_async(self._contents.file_exists(found))

    async def is_root_there(self) -> bool:
        """Return whether the root can be read and is not empty: an unmounted disk would be."""
        try:
            root = await ensure_async(self._contents.get("", type="directory", content=True))
        except (HTTPError, OSError):
            return False
        return bool(root["content"])


def is_outside(path: str) -> bool:
    """Return whether a relative path leads out of the root."""
    return ".." in path.replace("\\", "/").split("/")
