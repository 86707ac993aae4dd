"""The documents that have a history in the SQLite store."""

from __future__ import annotations

from ..model import Item
from ..store import ForkStore, Inventory, _drop_forks
from .writer import SQLiteWriter


class SQLiteInventory(Inventory):
    """Documents in the database, with notes in the table ``collaboration_files``."""

    def __init__(self, backend: SQLiteWriter, forks: ForkStore) -> None:
        self._backend = backend
        self._forks = forks

    async def items(self) -> list[Item]:
        return await self._backend.ask(self._select)

    def _select(self) -> list[Item]:
        rows = self._backend.db.execute(
            "SELECT room, coalesce(root, ''), missing_since, coalesce(path, ''),"
            " coalesce(saved_hash, '') FROM collaboration_documents"
            " LEFT JOIN collaboration_files f ON f.document = id"
            " LEFT JOIN collaboration_paths p ON p.document = id ORDER BY id"
        )
        return [Item(*row) for row in rows]

    async def note(self, item: Item) -> None:
        await self._backend.ask(self._note, item)

    def _note(self, item: Item) -> None:
        with self._backend.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO collaboration_files (document, root, missing_since)"
                " SELECT id, ?, ? FROM collaboration_documents WHERE room = ?",
                (item.root, item.missing_since, item.room_id),
            )

    async def drop(self, room_id: str) -> None:
        await _drop_forks(self._forks, room_id)
        await self._backend.flush()
        await self._backend.ask(self._backend.drop, room_id)
