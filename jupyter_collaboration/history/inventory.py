"""Which documents a store has histories of, and since when their files are missing.

Knows rooms and notes of them; leaves to others what a file is, and when a history is dropped.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .forks import ForkStore
    from .sqlite import SQLiteBackend


@dataclass(frozen=True)
class Item:
    """A room that has a history.

    Attributes:
        room_id: a document's, or a fork's.
        root: the root folder of the server that saw its file last; empty if the store is that
            server's alone.
        missing_since: seconds since the epoch; None while its file is there.
    """

    room_id: str
    root: str = ""
    missing_since: float | None = None


class Inventory(ABC):
    """Everything that a store has histories of."""

    @abstractmethod
    async def items(self) -> list[Item]:
        """All of it.

        Raises:
            HistoryUnavailable: the store could not be read.
        """

    @abstractmethod
    async def note(self, item: Item) -> None:
        """Remember where a file was looked for, and since when it is missing.

        Raises:
            HistoryUnavailable: the store does not take it.
        """

    @abstractmethod
    async def drop(self, room_id: str) -> None:
        """Drop a document's history, and its forks with theirs; its room must be closed.

        Raises:
            HistoryUnavailable: the store does not take it.
        """


class SQLiteInventory(Inventory):
    """Documents in the database, with notes in the table ``collaboration_files``."""

    def __init__(self, backend: SQLiteBackend) -> None:
        self._backend = backend

    async def items(self) -> list[Item]:
        return await self._backend.ask(self._select)

    def _select(self) -> list[Item]:
        rows = self._backend.db.execute(
            "SELECT room, coalesce(root, ''), missing_since FROM collaboration_documents"
            " LEFT JOIN collaboration_files ON document = id ORDER BY id"
        )
        return [Item(*row) for row in rows]

    async def note(self, item: Item) -> None:
        await self._backend.ask(self._note, item)

    def _note(self, item: Item) -> None:
        self._backend.db.execute(
            "INSERT OR REPLACE INTO collaboration_files (document, root, missing_since)"
            " SELECT id, ?, ? FROM collaboration_documents WHERE room = ?",
            (item.root, item.missing_since, item.room_id),
        )

    async def drop(self, room_id: str) -> None:
        await _drop_forks(self._backend.forks, room_id)
        await self._backend.flush()
        await self._backend.ask(self._backend.drop, room_id)


class MemoryInventory(Inventory):
    """Documents that last as long as the server.

    Args:
        histories: of all documents, by their rooms.
    """

    def __init__(self, histories: MutableMapping[str, Any], forks: ForkStore) -> None:
        self._histories = histories
        self._forks = forks
        self._notes: dict[str, Item] = {}

    async def items(self) -> list[Item]:
        return [self._notes.get(room_id, Item(room_id)) for room_id in self._histories]

    async def note(self, item: Item) -> None:
        self._notes[item.room_id] = item

    async def drop(self, room_id: str) -> None:
        await _drop_forks(self._forks, room_id)
        self._histories.pop(room_id, None)
        self._notes.pop(room_id, None)


async def _drop_forks(forks: ForkStore, root: str) -> None:
    """The document goes last: what is left of it is found again by whoever was interrupted."""
    for fork in await forks.of_root(root):
        await forks.remove(fork.room_id)
