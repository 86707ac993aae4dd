"""The attribution of one document in the SQLite store.

Responsible for its table; the thread in which SQL runs belongs to the backend.
"""

from __future__ import annotations

from ...threads import compute
from ..attribution import Attribution
from ..store import AttributionStore
from .writer import SQLiteWriter


class SQLiteAttribution(AttributionStore):
    """One document's row."""

    def __init__(self, room_id: str, backend: SQLiteWriter) -> None:
        self._room_id = room_id
        self._backend = backend

    async def read(self) -> Attribution:
        row = await self._backend.ask(self._select)
        return await compute(Attribution.unpack, *row) if row else Attribution()

    def _select(self) -> tuple[int, str] | None:
        found: tuple[int, str] | None = self._backend.db.execute(
            "SELECT seq, packed FROM collaboration_attributions WHERE document = ?",
            (self._backend.document_id(self._room_id),),
        ).fetchone()
        return found

    async def keep(self, attribution: Attribution) -> None:
        seq, packed = attribution.seq, await compute(attribution.pack)
        await self._backend.ask(self.write, seq, packed)

    def write(self, seq: int, packed: str) -> None:
        """See `keep`. Called in the store's thread only."""
        document = self._backend.document_id(self._room_id)
        with self._backend.transaction() as db:
            db.execute(
                "INSERT INTO collaboration_attributions (document, seq, packed) VALUES (?, ?, ?)"
                " ON CONFLICT (document) DO UPDATE SET seq = excluded.seq, packed = excluded.packed"
                " WHERE excluded.seq > seq",
                (document, seq, packed),
            )
