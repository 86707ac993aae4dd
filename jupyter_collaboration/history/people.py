"""What people were called when they were last here, for histories that outlast their visits.

Knows usernames and display names; knows nothing of documents.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .sqlite import SQLiteBackend

MAX_ASKED = 500
"""Usernames that one statement of SQL asks for."""


class PeopleStore(ABC):
    """The last display name of everybody who joined a document."""

    @abstractmethod
    def note(self, username: str, name: str) -> None:
        """Somebody is here, and called so; returns at once, as `History.append` does."""

    @abstractmethod
    async def names(self, usernames: Collection[str]) -> dict[str, str]:
        """Display names by username, of those of these people who are known.

        Raises:
            HistoryUnavailable: the store could not be read.
        """


class SQLitePeople(PeopleStore):
    """People in the table ``collaboration_people``."""

    def __init__(self, backend: SQLiteBackend) -> None:
        self._backend = backend
        self._noted: dict[str, str] = {}

    def note(self, username: str, name: str) -> None:
        if self._noted.get(username) != name:
            self._noted[username] = name
            self._backend.then(
                "INSERT OR REPLACE INTO collaboration_people (username, name) VALUES (?, ?)",
                username,
                name,
            )

    async def names(self, usernames: Collection[str]) -> dict[str, str]:
        await self._backend.flush()
        return await self._backend.ask(self._select, list(usernames))

    def _select(self, usernames: list[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for at in range(0, len(usernames), MAX_ASKED):
            some = usernames[at : at + MAX_ASKED]
            found |= self._backend.db.execute(
                "SELECT username, name FROM collaboration_people"
                f" WHERE username IN ({', '.join('?' * len(some))})",
                some,
            ).fetchall()
        return found


class MemoryPeople(PeopleStore):
    """People who are known as long as the server runs."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def note(self, username: str, name: str) -> None:
        self._names[username] = name

    async def names(self, usernames: Collection[str]) -> dict[str, str]:
        return {name: self._names[name] for name in usernames if name in self._names}
