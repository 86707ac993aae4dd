"""Restores lost file ids, by the paths and the contents of the files.

Hubs keep the database of file ids in temporary folders. After a restart every file would get a new
id, and with it a new room, without its history, versions and offline edits. The history records
the path and the hash of every file, so that a file can get its previous id back. [F8]
"""

from __future__ import annotations

from anyio import Lock
from jupyter_server.services.contents.manager import ContentsManager

from ..access.file_ids import FileIds
from ..documents.identity import DocumentId, parse_room_id
from ..errors import CollaborationError, HistoryUnavailable
from ..files.document_file import hash_at
from ..history.model import Item
from .document import DocumentRoom
from .manager import RoomManager

MAX_SEARCHED = 50
"""How many paths are searched for a file."""


class LostFiles:
    """Restores the ids of files.

    Args:
        root: the server's root folder if servers with other root folders may use the same store,
            else empty.
    """

    def __init__(
        self, rooms: RoomManager, file_ids: FileIds, contents: ContentsManager, root: str
    ) -> None:
        self._rooms = rooms
        self._file_ids = file_ids
        self._contents = contents
        self._root = root
        self._lock = Lock()

    async def find_id(self, path: str, file_id: str | None) -> str | None:
        """See `Finder.find_id`."""
        if file_id is not None and self._is_open(file_id):
            return None
        async with self._lock:
            if file_id is not None and file_id in await self._related(file_id):
                return None
            content = await hash_at(self._contents, path)
            if content is None:
                return None
            documents = await self._related(file_id or "", path, content)
            found = await self._owner(path, content, documents)
            if found is None or not self._file_ids.restore(found, path):
                return None
            return found

    async def find_path(self, file_id: str) -> str | None:
        """See `Finder.find_path`."""
        async with self._lock:
            documents = await self._documents()
            if file_id not in documents:
                return None
            lost = [item for known in documents.values() for item in known if self._is_lost(item)]
            own = [item.path for item in documents[file_id]]
            for path in list(dict.fromkeys([*own, *(item.path for item in lost)]))[:MAX_SEARCHED]:
                current = self._file_ids.get_id(path)
                if not path or current in documents or (current and self._is_open(current)):
                    continue
                content = await hash_at(self._contents, path)
                if content and await self._owner(path, content, documents) == file_id:
                    return path if self._file_ids.restore(file_id, path) else None
        return None

    async def _documents(self) -> dict[str, list[Item]]:
        """Return the items of the history by file id, the latest file last."""
        try:
            return self._by_id(await (await self._rooms.histories()).inventory.items())
        except HistoryUnavailable:
            return {}

    async def _related(self, *about: str) -> dict[str, list[Item]]:
        """Return some of these items; see `Inventory.related`."""
        try:
            return self._by_id(await (await self._rooms.histories()).inventory.related(*about))
        except HistoryUnavailable:
            return {}

    def _by_id(self, items: list[Item]) -> dict[str, list[Item]]:
        found: dict[str, list[Item]] = {}
        for item in items:
            document = _document(item.room_id)
            if document is not None and item.root in ("", self._root):
                found.setdefault(document.file_id, []).append(item)
        return found

    async def _owner(self, path: str, content: str, documents: dict[str, list[Item]]) -> str | None:
        """Return the lost file id that belongs to the file at a path; None if there is none.

        In order of preference: the file that was at this path with the same content; the only file
        from another path that had this content and no longer has it there (files may have been
        swapped); the file that was at this path, changed by another program since.

        Args:
            content: the hash of the file.
        """
        lost = {
            file_id: items
            for file_id, items in reversed(documents.items())
            if any(item.path for item in items) and self._file_ids.get_path(file_id) is None
        }
        there = [fid for fid, items in lost.items() if any(item.path == path for item in items)]
        same = [f for f, items in lost.items() if any(i.saved_hash == content for i in items)]
        for file_id in there:
            if file_id in same:
                return file_id
        moved = [f for f in same if not await self._is_still_there(lost[f], content)]
        if len(moved) == 1:
            return moved[0]
        return there[0] if there else None

    async def _is_still_there(self, items: list[Item], content: str) -> bool:
        """Return whether a file is still at one of its paths, with the content that it had."""
        for path in {item.path for item in items if item.path}:
            if await hash_at(self._contents, path) == content:
                return True
        return False

    def _is_lost(self, item: Item) -> bool:
        document = _document(item.room_id)
        return document is not None and self._file_ids.get_path(document.file_id) is None

    def _is_open(self, file_id: str) -> bool:
        return any(
            isinstance(room, DocumentRoom) and room.id.file_id == file_id
            for room in self._rooms.rooms.values()
        )


def _document(room_id: str) -> DocumentId | None:
    try:
        return parse_room_id(room_id)
    except CollaborationError:
        return None
