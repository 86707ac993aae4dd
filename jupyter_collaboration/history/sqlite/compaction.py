"""Shortens histories in the SQLite store.

Responsible for reading and replacing rows. What is kept belongs to `history.retention`, the thread
in which SQL runs to the backend.
"""

from __future__ import annotations

import sqlite3
import time

from anyio import Lock

from ...errors import HistoryUnavailable, must_propagate
from ...failpoints import failpoint
from ...threads import compute
from ...worker import run_large
from ..attribution import Attribution
from ..model import Entry, Kind, MarkKind, Retention
from ..retention import Outline, Row, compacted, is_due
from .attribution import SQLiteAttribution
from .reader import snapshot
from .schema import INCREMENTAL
from .writer import SQLiteWriter

SLICE = 200
"""Number of rows that are read at a time."""

FREED = 500
"""Number of free pages that are returned to the file system at a time."""


class SQLiteCompaction:
    """Shortens one history at a time, and only those that have changed.

    Args:
        retention: how much is kept.

    Attributes:
        lock: held while a history is being shortened.
    """

    def __init__(self, backend: SQLiteWriter, retention: Retention) -> None:
        self.retention = retention
        self._backend = backend
        self._done: dict[str, int] = {}
        self.lock = Lock()

    async def compact(self, room_id: str) -> None:
        """Shorten a document's history by the retention settings. [H4] [H5]

        Only the replacement of rows blocks the writer.
        """
        async with self.lock:
            try:
                await self._compact(room_id)
            except HistoryUnavailable as error:
                self._backend.log.error("The history of %s was not shortened: %s", room_id, error)
            except BaseException as error:
                if must_propagate(error):
                    raise
                # A damaged row, which is handled when the document is opened.
                self._backend.log.error("The history of %s was not shortened: %r", room_id, error)

    async def _compact(self, room_id: str) -> None:
        backend = self._backend
        await backend.flush()
        document = await backend.ask_document_id(room_id)
        outline, saved, named = await backend.reader.ask(self._outline, document)
        if not outline or self._done.get(room_id) == outline[-1].seq:
            return
        kept = self.retention
        now = time.time()
        squash = kept.squash_after is not None and now - outline[-1].time > kept.squash_after
        limit = 0 if squash else kept.document_bytes
        rules = (saved, now - kept.detail_days * 86400, limit, named)
        if is_due(outline, *rules):
            await backend.ask(backend.end_row, room_id)  # so that the last row no longer grows
            rows = await self._read(document, outline[-1].seq)
            shorter = await run_large(sum(row.size for row in rows), compacted, rows, *rules)
            if shorter is not None:
                await self.keep_authors(room_id, rows)
                await backend.ask(self._replace, room_id, document, rows, shorter)
                await self.give_back()
                outline = [Outline(row.seq, row.time, row.size) for row in shorter]
        size = sum(row.size for row in outline)
        if named and size > kept.document_bytes:
            backend.log.warning(
                "The named versions of %s take %.1f MB, which is more than the limit of a history."
                " Remove the names of some versions.",
                room_id,
                size / 2**20,
            )
        self._done[room_id] = outline[-1].seq

    async def _read(self, document: int, end: int) -> list[Row]:
        """Return all rows up to an entry, read in slices."""
        rows: list[Row] = []
        while not rows or rows[-1].seq < end:
            after = rows[-1].seq if rows else 0
            found = await self._backend.reader.ask(self._slice, document, after, end)
            if not found:
                break
            rows += found
        return rows

    @staticmethod
    def _slice(db: sqlite3.Connection, document: int, after: int, end: int) -> list[Row]:
        return [
            Row(*row)
            for row in db.execute(
                "SELECT seq, author, kind, time, data FROM collaboration_updates"
                " WHERE document = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
                (document, after, end, SLICE),
            )
        ]

    @staticmethod
    def _outline(
        db: sqlite3.Connection, document: int
    ) -> tuple[list[Outline], int, frozenset[int]]:
        """Return the rows without their updates, the saved entry, and the named entries."""
        with snapshot(db):
            rows = [
                Outline(*row)
                for row in db.execute(
                    "SELECT seq, time, length(data) FROM collaboration_updates"
                    " WHERE document = ? ORDER BY seq",
                    (document,),
                )
            ]
            query = "SELECT saved_seq FROM collaboration_documents WHERE id = ?"
            found = db.execute(query, (document,)).fetchone()
            marks = db.execute(
                "SELECT seq FROM collaboration_marks WHERE document = ? AND kind = ?",
                (document, MarkKind.NAMED.value),
            )
            named = frozenset(seq for (seq,) in marks)
        return rows, int(found[0] or 0) if found else 0, named

    async def give_back(self) -> None:
        """Return free pages to the file system, a few at a time."""
        while await self._backend.ask(self._free):
            pass

    def _free(self) -> bool:
        """Return some pages to the file system; return whether there are more."""
        db = self._backend.db
        (kind,) = db.execute("PRAGMA auto_vacuum").fetchone()
        (free,) = db.execute("PRAGMA freelist_count").fetchone()
        if kind != INCREMENTAL or not free:
            return False
        db.executescript(f"PRAGMA incremental_vacuum({FREED})")  # returns one row per page
        return bool(free > FREED)

    async def keep_authors(self, room_id: str, rows: list[Row]) -> None:
        """Store the attribution of rows before they are merged; called with the lock held."""
        store = SQLiteAttribution(room_id, self._backend)
        known = await store.read()
        await compute(_extend, known, rows)
        await store.keep(known)

    def rows(self, document: int) -> list[Row]:
        """Return all rows of a document. Called in the store's thread only."""
        return [
            Row(*row)
            for row in self._backend.db.execute(
                "SELECT seq, author, kind, time, data FROM collaboration_updates"
                " WHERE document = ? ORDER BY seq",
                (document,),
            )
        ]

    def _replace(self, room_id: str, document: int, old: list[Row], new: list[Row]) -> None:
        """Replace rows, except those that are unchanged."""
        known = {id(row) for row in old}
        stay = {row.seq for row in new if id(row) in known}
        failpoint("compact.merged")
        with self._backend.transaction() as db:
            db.executemany(
                "DELETE FROM collaboration_updates WHERE document = ? AND seq = ?",
                [(document, row.seq) for row in old if row.seq not in stay],
            )
            for table in ("versions", "summaries"):  # they are computed again
                db.execute(f"DELETE FROM collaboration_{table} WHERE document = ?", (document,))
            failpoint("compact.deleted")
            db.executemany(
                "INSERT INTO collaboration_updates (document, seq, author, kind, time, data)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [
                    (document, r.seq, r.author, r.kind, r.time, r.data)
                    for r in new
                    if r.seq not in stay
                ],
            )
        self._backend.end_row(room_id)
        failpoint("compact.done")


def _extend(known: Attribution, rows: list[Row]) -> None:
    known.extend(
        Entry(row.seq, row.data, row.author, Kind(row.kind), row.time)
        for row in rows
        if row.seq > known.seq
    )
