"""The open merge conflicts of one document in the SQLite store.

Responsible for its table; the thread in which SQL runs belongs to the backend.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict

from ..model import OpenConflict
from ..store import ConflictStore
from .writer import SQLiteWriter


class SQLiteConflicts(ConflictStore):
    """One document's rows in the table ``collaboration_conflicts``."""

    def __init__(self, room_id: str, backend: SQLiteWriter) -> None:
        self._room_id = room_id
        self._backend = backend

    async def all(self) -> list[OpenConflict]:
        await self._backend.flush_document(self._room_id)
        return await self._backend.ask(self._select)

    def _select(self) -> list[OpenConflict]:
        document = self._backend.document_id(self._room_id)  # which may write
        return self.select(self._backend.db, document)

    def select(self, db: sqlite3.Connection, document: int) -> list[OpenConflict]:
        """See `all`. In the connection's thread."""
        rows = db.execute(
            "SELECT data FROM collaboration_conflicts WHERE document = ?", (document,)
        )
        found = [self._read(data) for (data,) in rows]
        return sorted(filter(None, found), key=lambda conflict: conflict.time)

    def _read(self, data: str) -> OpenConflict | None:
        """Read a row; None for one of another version, or a damaged one."""
        try:
            return OpenConflict(**json.loads(data))
        except (TypeError, ValueError) as error:
            self._backend.log.warning("A stored conflict of %s: %r", self._room_id, error)
            return None

    def add(self, conflict: OpenConflict) -> None:
        self._backend.then(
            self._room_id,
            "INSERT OR REPLACE INTO collaboration_conflicts (document, id, data)"
            " SELECT id, ?, ? FROM collaboration_documents WHERE room = ?",
            conflict.id,
            json.dumps(asdict(conflict)),
            self._room_id,
        )

    def remove(self, conflict_id: str) -> None:
        self._backend.then(
            self._room_id,
            "DELETE FROM collaboration_conflicts WHERE id = ? AND document IN"
            " (SELECT id FROM collaboration_documents WHERE room = ?)",
            conflict_id,
            self._room_id,
        )
