"""Deletes the history of a document before a version, without leaving traces in the database.

Responsible for all tables of the SQLite store; the thread in which SQL runs belongs to the
backend. [V7]
"""

from __future__ import annotations

from ...errors import HistoryUnavailable, VersionNotFound
from ...failpoints import failpoint
from ..model import Kind
from ..retention import Row
from ..store import replayed
from .compaction import SQLiteCompaction
from .schema import WIPE, drop_published
from .writer import SQLiteWriter, wipe

Whole = tuple[int, bytes]
"""The number of an entry, and the document as of that entry, as one update."""


class SQLiteTruncation:
    """Deletes the older part of one history at a time, and never while one is being shortened."""

    def __init__(self, backend: SQLiteWriter, compaction: SQLiteCompaction) -> None:
        self._backend = backend
        self._compaction = compaction

    async def clear(self, room_id: str, seq: int) -> int:
        """See `History.forget_before`."""
        backend = self._backend
        await backend.flush()
        async with self._compaction.lock:
            failpoint("clear.begin")
            rows, saved, later = await backend.ask(self._rows, room_id, seq)
            state = await replayed([row.data for row in rows])
            base = None
            if saved in [row.seq for row in rows[:-1]]:
                base = await replayed([row.data for row in rows if row.seq <= saved])
            whole = (later[0], await replayed([later[1]])) if later else None
            await self._compaction.keep_authors(room_id, rows)
            await backend.ask(self._replace, room_id, rows[-1], state, base, whole)
            await backend.ask(wipe, backend)
        return rows[-1].seq

    def _rows(self, room_id: str, seq: int) -> tuple[list[Row], int, Whole | None]:
        """Read a history up to an entry.

        Returns:
            The rows, of which the last one no longer grows; the saved entry; and a later
            checkpoint, if there is one, since it may contain deleted content.

        Raises:
            VersionNotFound: there is no such entry.
            HistoryUnavailable: the rows are still needed for a save in progress.
        """
        backend = self._backend
        document = backend.document_id(room_id)
        rows = self._compaction.rows(document)
        end = next((row.seq for row in rows if row.seq >= seq), None)
        if end is None:
            raise VersionNotFound("There is no such version of this document.")
        saved, saving, fingerprint = backend.db.execute(
            "SELECT saved_seq, saving_seq, saving_print FROM collaboration_documents WHERE id = ?",
            (document,),
        ).fetchone()
        if fingerprint is not None and saving is not None and saving < end:
            raise HistoryUnavailable("The document is being saved. Try again.")
        later = backend.db.execute(
            "SELECT seq, data FROM collaboration_checkpoints WHERE document = ? AND seq > ?",
            (document, end),
        ).fetchone()
        backend.end_row(room_id)
        found = [row for row in rows if row.seq <= end]
        return found, int(saved or 0), later

    def _replace(
        self, room_id: str, last: Row, state: bytes, base: bytes | None, later: Whole | None
    ) -> None:
        """Replace all rows up to a row by the document as of that row."""
        backend = self._backend
        document, end = backend.document_id(room_id), last.seq
        with backend.transaction() as db:
            for table in ("updates", "checkpoints"):
                db.execute(
                    f"DELETE FROM collaboration_{table} WHERE document = ? AND seq <= ?",
                    (document, end),
                )
            db.execute(
                "DELETE FROM collaboration_marks WHERE document = ? AND seq < ?", (document, end)
            )
            # Versions and their summaries are computed again.
            for table in ("versions", "summaries", "deleted_cells"):
                db.execute(f"DELETE FROM collaboration_{table} WHERE document = ?", (document,))
            drop_published(db, room_id)
            failpoint("clear.deleted")
            db.execute(
                "INSERT INTO collaboration_updates (document, seq, author, kind, time, data)"
                " VALUES (?, ?, '', ?, ?, ?)",
                (document, end, Kind.SQUASHED.value, last.time, state),
            )
            if later is not None:
                db.execute(
                    "UPDATE collaboration_checkpoints SET data = ? WHERE document = ? AND seq = ?",
                    (later[1], document, later[0]),
                )
            if base is not None:
                db.execute(
                    "UPDATE collaboration_documents SET saved_state = coalesce(saved_state, ?)"
                    " WHERE id = ? AND saved_seq < ?",
                    (base, document, end),
                )
            db.execute("INSERT OR REPLACE INTO collaboration_chores (name) VALUES (?)", (WIPE,))
        backend.end_row(room_id)
        failpoint("clear.done")
