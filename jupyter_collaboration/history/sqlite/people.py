"""Display names in the SQLite store."""

from __future__ import annotations

from collections.abc import Collection

from ..store import PeopleStore
from .backlog import EVERYBODY, storable
from .writer import SQLiteWriter

MAX_ASKED = 500
"""Most usernames in one SQL query."""


class SQLitePeople(PeopleStore):
    """Display names in the table ``collaboration_people``."""

    def __init__(self, backend: SQLiteWriter) -> None:
        self._backend = backend
        self._noted: dict[str, str] = {}

    def note(self, username: str, name: str) -> None:
        username, name = storable(username), storable(name)
        if self._noted.get(username) != name:
            self._noted[username] = name
            self._backend.then(
                EVERYBODY,
                "INSERT OR REPLACE INTO collaboration_people (username, name) VALUES (?, ?)",
                username,
                name,
            )

    async def names(self, usernames: Collection[str]) -> dict[str, str]:
        await self._backend.flush()
        return await self._backend.ask(self._select, [storable(name) for name in usernames])

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
