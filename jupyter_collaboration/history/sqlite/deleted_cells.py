"""What is remembered of one notebook's deleted cells in the SQLite store. [P9]

Responsible for its table; the thread in which SQL runs belongs to the backend.
"""

from __future__ import annotations

from ..store import DeletedCellStore
from .writer import SQLiteWriter


class SQLiteDeletedCells(DeletedCellStore):
    """One document's rows in the table ``collaboration_deleted_cells``."""

    def __init__(self, room_id: str, backend: SQLiteWriter) -> None:
        self._room_id = room_id
        self._backend = backend

    async def all(self) -> dict[str, str]:
        await self._backend.flush_document(self._room_id)
        return await self._backend.ask(self._select)

    def _select(self) -> dict[str, str]:
        rows = self._backend.db.execute(
            "SELECT cell, data FROM collaboration_deleted_cells WHERE document = ?",
            (self._backend.document_id(self._room_id),),
        )
        return dict(rows.fetchall())

    def put(self, cell_id: str, data: str) -> None:
        self._backend.then(
            self._room_id,
            "INSERT OR REPLACE INTO collaboration_deleted_cells (document, cell, data)"
            " SELECT id, ?, ? FROM collaboration_documents WHERE room = ?",
            cell_id,
            data,
            self._room_id,
        )

    def remove(self, cell_id: str) -> None:
        self._backend.then(
            self._room_id,
            "DELETE FROM collaboration_deleted_cells WHERE cell = ? AND document IN"
            " (SELECT id FROM collaboration_documents WHERE room = ?)",
            cell_id,
            self._room_id,
        )
