"""What is remembered of one notebook's cells in the SQLite store, by cell id.

Responsible for the tables of this form; the thread in which SQL runs belongs to the backend.
"""

from __future__ import annotations

import sqlite3

from ..store import CellStore
from .writer import SQLiteWriter


class SQLiteCells(CellStore):
    """One document's rows in a table.

    Args:
        table: the name of the table, which has the columns ``document, cell, data``.
    """

    def __init__(self, room_id: str, backend: SQLiteWriter, table: str) -> None:
        self._room_id = room_id
        self._backend = backend
        self._table = table

    async def all(self) -> dict[str, str]:
        await self._backend.flush_document(self._room_id)
        return await self._backend.ask(self._select)

    def _select(self) -> dict[str, str]:
        document = self._backend.document_id(self._room_id)  # which may write
        return self.select(self._backend.db, document)

    def select(self, db: sqlite3.Connection, document: int) -> dict[str, str]:
        """See `all`. In the connection's thread."""
        rows = db.execute(f"SELECT cell, data FROM {self._table} WHERE document = ?", (document,))
        return dict(rows.fetchall())

    def put(self, cell_id: str, data: str) -> None:
        self._backend.then(
            self._room_id,
            f"INSERT OR REPLACE INTO {self._table} (document, cell, data)"
            " SELECT id, ?, ? FROM collaboration_documents WHERE room = ?",
            cell_id,
            data,
            self._room_id,
        )

    def remove(self, cell_id: str) -> None:
        self._backend.then(
            self._room_id,
            f"DELETE FROM {self._table} WHERE cell = ? AND document IN"
            " (SELECT id FROM collaboration_documents WHERE room = ?)",
            cell_id,
            self._room_id,
        )
