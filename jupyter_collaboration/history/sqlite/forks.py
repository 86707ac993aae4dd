"""Forks in the SQLite store."""

from __future__ import annotations

from ..model import Fork
from ..store import ForkStore
from .writer import SQLiteWriter


class SQLiteForks(ForkStore):
    """Forks in the table ``collaboration_forks``."""

    def __init__(self, backend: SQLiteWriter) -> None:
        self._backend = backend

    async def add(self, fork: Fork) -> None:
        await self._backend.ask(self._add, fork)

    def _add(self, fork: Fork) -> None:
        with self._backend.transaction() as db:
            db.execute(
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
