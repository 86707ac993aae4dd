"""Forks as a store keeps them: documents that began as copies of others.

Knows their names and what is told of them; what they hold is a history like any other.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .sqlite import SQLiteBackend


@dataclass(frozen=True)
class Fork:
    """A document that began as a copy of another.

    Attributes:
        room_id: its own room.
        root: the room of the document that it is a copy of.
        root_session: that document's session id; with another one the two share no history.
        synchronize: whether later edits of the root flow into it.
        title, description: what people call it.
    """

    room_id: str
    root: str
    root_session: str
    synchronize: bool = False
    title: str = ""
    description: str = ""

    def __str__(self) -> str:
        return self.room_id


class ForkStore(ABC):
    """All forks of a server."""

    lasts = True
    """Whether what a fork holds outlives its room; if not, there should be none."""

    @abstractmethod
    async def add(self, fork: Fork) -> None:
        """Keep a fork; its history is kept before.

        Raises:
            HistoryUnavailable: the store does not take it.
        """

    @abstractmethod
    async def find(self, room_id: str) -> Fork | None:
        """The fork with this room; None if there is none.

        Raises:
            HistoryUnavailable: the store could not be read.
        """

    @abstractmethod
    async def of_root(self, root: str) -> list[Fork]:
        """The forks of a document, the oldest first.

        Raises:
            HistoryUnavailable: the store could not be read.
        """

    @abstractmethod
    async def remove(self, room_id: str) -> None:
        """Drop a fork and its history.

        Raises:
            HistoryUnavailable: the store does not take it.
        """


class SQLiteForks(ForkStore):
    """Forks in the table ``collaboration_forks``."""

    def __init__(self, backend: SQLiteBackend) -> None:
        self._backend = backend

    async def add(self, fork: Fork) -> None:
        await self._backend.ask(self._add, fork)

    def _add(self, fork: Fork) -> None:
        self._backend.db.execute(
            "INSERT INTO collaboration_forks"
            " (room, root, root_session, synchronize, title, description)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                fork.room_id,
                fork.root,
                fork.root_session,
                fork.synchronize,
                fork.title,
                fork.description,
            ),
        )

    async def find(self, room_id: str) -> Fork | None:
        found = await self._backend.ask(self._select, "room", room_id)
        return found[0] if found else None

    async def of_root(self, root: str) -> list[Fork]:
        return await self._backend.ask(self._select, "root", root)

    def _select(self, column: str, value: str) -> list[Fork]:
        rows = self._backend.db.execute(
            "SELECT room, root, root_session, synchronize, title, description"
            f" FROM collaboration_forks WHERE {column} = ? ORDER BY rowid",
            (value,),
        )
        return [
            Fork(room, origin, session, bool(synchronize), title, description)
            for room, origin, session, synchronize, title, description in rows
        ]

    async def remove(self, room_id: str) -> None:
        await self._backend.flush()
        await self._backend.ask(self._remove, room_id)

    def _remove(self, room_id: str) -> None:
        self._backend.drop(room_id, ("DELETE FROM collaboration_forks WHERE room = ?", (room_id,)))


class MemoryForks(ForkStore):
    """Forks that last as long as the server.

    Args:
        histories: of all documents, by their rooms.
        lasts: whether a history outlives its room.
    """

    def __init__(self, histories: MutableMapping[str, Any], *, lasts: bool) -> None:
        self.lasts = lasts
        self._histories = histories
        self._forks: dict[str, Fork] = {}

    async def add(self, fork: Fork) -> None:
        self._forks[fork.room_id] = fork

    async def find(self, room_id: str) -> Fork | None:
        return self._forks.get(room_id)

    async def of_root(self, root: str) -> list[Fork]:
        return [fork for fork in self._forks.values() if fork.root == root]

    async def remove(self, room_id: str) -> None:
        self._forks.pop(room_id, None)
        self._histories.pop(room_id, None)
