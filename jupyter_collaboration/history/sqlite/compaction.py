"""Makes histories in the SQLite store shorter.

Knows which rows go together; leaves to others what is kept of them, and to the backend the thread
in which SQL runs.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time

from anyio import Lock
from anyio.to_thread import run_sync

from ...errors import HistoryUnavailable
from ...failpoints import failpoint
from ..attribution import Attribution
from ..model import Entry, Kind, MarkKind, Retention
from ..retention import Row, compacted
from .attribution import SQLiteAttribution
from .writer import SQLiteWriter


class SQLiteCompaction:
    """Shortens one history at a time.

    Args:
        retention: what is kept.

    Attributes:
        lock: held while a history is made shorter.
    """

    def __init__(self, backend: SQLiteWriter, retention: Retention) -> None:
        self.retention = retention
        self._backend = backend
        self.lock = Lock()

    async def compact(self, room_id: str) -> None:
        """Shorten a document's history to what is to be kept of it."""
        backend = self._backend
        await backend.flush()
        async with self.lock:
            try:
                document = await backend.run(backend.document_id, room_id)
                rows = await backend.run(self.rows, document)
                saved = await backend.run(self._saved_seq, document)
                named = await backend.run(self._named, document)
                loop = asyncio.get_running_loop()
                shorter = await loop.run_in_executor(None, self._compacted, rows, saved, named)
                if shorter is not None:
                    await self.keep_authors(room_id, rows)
                    await backend.run(self._replace, room_id, document, rows, shorter)
            except (sqlite3.Error, HistoryUnavailable) as error:
                backend.log.error("The history of %s was not shortened: %s", room_id, error)

    async def keep_authors(self, room_id: str, rows: list[Row]) -> None:
        """Keep who wrote what is about to be one row; with the lock held."""
        store = SQLiteAttribution(room_id, self._backend)
        known = await store.read()
        await run_sync(_extend, known, rows)
        await store.keep(known)

    def _compacted(
        self, rows: list[Row], saved_seq: int, named: frozenset[int]
    ) -> list[Row] | None:
        kept = self.retention
        squash = kept.squash_after is not None and (
            bool(rows) and time.time() - rows[-1].time > kept.squash_after
        )
        oldest = time.time() - kept.detail_days * 86400
        return compacted(rows, saved_seq, oldest, 0 if squash else kept.document_bytes, named)

    def rows(self, document: int) -> list[Row]:
        """All rows of a document; only for the store's own thread."""
        return [
            Row(*row)
            for row in self._backend.db.execute(
                "SELECT seq, author, kind, time, data FROM collaboration_updates"
                " WHERE document = ? ORDER BY seq",
                (document,),
            )
        ]

    def _saved_seq(self, document: int) -> int:
        query = "SELECT saved_seq FROM collaboration_documents WHERE id = ?"
        return int(self._backend.db.execute(query, (document,)).fetchone()[0] or 0)

    def _named(self, document: int) -> frozenset[int]:
        query = "SELECT seq FROM collaboration_marks WHERE document = ? AND kind = ?"
        rows = self._backend.db.execute(query, (document, MarkKind.NAMED.value))
        return frozenset(seq for (seq,) in rows)

    def _replace(self, room_id: str, document: int, old: list[Row], new: list[Row]) -> None:
        db = self._backend.db
        failpoint("compact.merged")
        db.execute("BEGIN IMMEDIATE")
        try:
            db.execute(
                "DELETE FROM collaboration_updates WHERE document = ? AND seq <= ?",
                (document, old[-1].seq),
            )
            for table in ("versions", "summaries"):  # they are made again of what is left
                db.execute(f"DELETE FROM collaboration_{table} WHERE document = ?", (document,))
            failpoint("compact.deleted")
            db.executemany(
                "INSERT INTO collaboration_updates (document, seq, author, kind, time, data)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [(document, r.seq, r.author, r.kind, r.time, r.data) for r in new],
            )
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        self._backend.end_row(room_id)
        failpoint("compact.done")


def _extend(known: Attribution, rows: list[Row]) -> None:
    known.extend(
        Entry(row.seq, row.data, row.author, Kind(row.kind), row.time)
        for row in rows
        if row.seq > known.seq
    )
