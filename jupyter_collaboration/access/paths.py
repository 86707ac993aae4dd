"""Which file is behind an id, and whether there may be one.

Knows file ids and the contents manager; knows nothing of rooms, and makes nothing.
"""

from __future__ import annotations

from jupyter_server.services.contents.manager import ContentsManager
from jupyter_server.utils import ensure_async
from jupyter_server_fileid.manager import BaseFileIdManager
from tornado.web import HTTPError

from ..documents.identity import parse_room_id
from ..errors import DocumentNotFound


class Paths:
    """The files of a server."""

    def __init__(self, contents: ContentsManager, file_ids: BaseFileIdManager) -> None:
        self._contents = contents
        self._file_ids = file_ids

    def path_of_room(self, room_id: str) -> str:
        """Where a room's file is, relative to the server's root; empty for one without a file.

        Raises:
            InvalidRequest: no room could have this id.
            DocumentNotFound: no file that may be opened has this file id.
        """
        document = parse_room_id(room_id)
        if document is None:
            return ""
        path = self._file_ids.get_path(document.file_id)
        if path is None:
            raise DocumentNotFound("There is no file with this id.")
        return path

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

    async def is_gone(self, room_id: str) -> bool:
        """Whether a document's file is not there any more; its room is one of a document.

        Raises:
            Exception: the contents manager cannot tell.
        """
        try:
            path = self.path_of_room(room_id)
        except DocumentNotFound:
            return True
        return not await ensure_async(self._contents.file_exists(path))

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
