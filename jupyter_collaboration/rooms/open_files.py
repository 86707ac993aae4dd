"""The files of open documents by file id, under the names of earlier versions. [C1]"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .document import DocumentRoom
from .earlier_names import EarlierNames
from .manager import RoomManager


class FileLoader(EarlierNames):
    """The file of open documents."""

    _replacements = {  # noqa: RUF012
        name: instead
        for names, instead in {
            "observe unobserve": "listen to events of the schema session/v1, or observe a document",
            "load_content": "use the server's contents manager, or 'app.get_document'",
            "maybe_save_content": "use 'await room.flush()'",
            "maybe_notify": "use 'room.look_soon()', which checks the file for changes",
            "last_modified": "changes are found by content; use the server's contents manager",
            "clean _watcher": "files are polled together, as long as a room is open",
        }.items()
        for name in names.split()
    }

    def __init__(self, file_id: str, rooms: list[DocumentRoom]) -> None:
        self.file_id = file_id
        self._rooms = rooms

    @property
    def path(self) -> str:
        """The path of the file when it was last checked."""
        return self._rooms[0].path

    @property
    def number_of_subscriptions(self) -> int:
        """How many rooms show the file, such as a notebook that is also open as text."""
        return len(self._rooms)


class FileLoaderMapping(EarlierNames, Mapping[str, FileLoader]):
    """The files of all open documents."""

    _replacements = {  # noqa: RUF012
        "contents_manager": "use 'serverapp.contents_manager'",
        "file_id_manager": "use 'serverapp.web_app.settings[\"file_id_manager\"]'",
        "file_poll_interval": "use 'app.file_poll_interval'",
        "log": "use the server's log",
        "remove": "a file is left out as soon as its last room is closed",
        "clear": "use 'await app.stop_extension()', which closes all rooms",
    }

    def __init__(self, rooms: RoomManager) -> None:
        self._rooms = rooms

    def _by_file(self) -> dict[str, list[DocumentRoom]]:
        found: dict[str, list[DocumentRoom]] = {}
        for room in self._rooms.rooms.values():
            if isinstance(room, DocumentRoom):
                found.setdefault(room.id.file_id, []).append(room)
        return found

    def __getitem__(self, file_id: str) -> FileLoader:
        return FileLoader(file_id, self._by_file()[file_id])

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_file())

    def __len__(self) -> int:
        return len(self._by_file())
