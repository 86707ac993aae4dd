"""The documents that have a history in the SQLite store."""

from __future__ import annotations

from ..model import Item
from ..store import MAX_EQUAL, ForkStore, Inventory, _drop_forks, file_id_of
from .schema import LAST_PART
from .writer import SQLiteWriter


class SQLiteInventory(Inventory):
    """Documents in the database, with notes in the table ``collaboration_files``."""

    def __init__(self, backend: SQLiteWriter, forks: ForkStore) -> None:
        self._backend = backend
        self._forks = forks

    async def items(self) -> list[Item]:
        return await self._backend.ask(self._select)

    async def related(self, file_id: str, path: str = "", saved_hash: str = "") -> list[Item]:
        return await self._backend.ask(self._related, file_id, path, saved_hash)

    def _related(self, file_id: str, path: str, saved_hash: str) -> list[Item]:
        db = self._backend.db
        there = db.execute(
            "SELECT room FROM collaboration_paths JOIN collaboration_documents ON document = id"
            " WHERE path = ? AND path != ''",
            (path,),
        ).fetchall()
        equal = db.execute(
            "SELECT room FROM collaboration_documents WHERE saved_hash = ? AND saved_hash != ''"
            " LIMIT ?",
            (saved_hash, MAX_EQUAL + 1),
        ).fetchall()
        rooms = [*there, *(equal if len(equal) <= MAX_EQUAL else [])]
        ids = {file_id, *(file_id_of(room) for (room,) in rooms)} - {""}
        # An index finds them by their last parts: most ids have no other one.
        parts = [file_id_of(each) for each in ids]
        marks = ", ".join("?" * len(parts))
        found = self._select(f"WHERE {LAST_PART} IN ({marks})", *parts)
        ends = tuple(f":{each}" for each in ids)
        return [item for item in found if item.room_id.endswith(ends)]

    def _select(self, where: str = "", *values: str) -> list[Item]:
        rows = self._backend.db.execute(
            "SELECT room, coalesce(root, ''), missing_since, coalesce(path, ''),"
            " coalesce(saved_hash, '') FROM collaboration_documents"
            " LEFT JOIN collaboration_files f ON f.document = id"
            f" LEFT JOIN collaboration_paths p ON p.document = id {where} ORDER BY id",
            values,
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
