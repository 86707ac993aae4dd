"""The history of one document in the SQLite store.

Responsible for its rows; when they are written is up to the backend.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace

from ...documents.codec import replay
from ...errors import HistoryDamaged, HistoryUnavailable, must_propagate
from ..model import Entry, Kind, Remembered, Retention, Stored, UnsavedWork
from ..store import (
    AttributionStore,
    CellStore,
    ConflictStore,
    History,
    VersionStore,
    nothing,
    replayed,
)
from .attribution import SQLiteAttribution
from .cells import SQLiteCells
from .conflicts import SQLiteConflicts
from .private import PrivateStores
from .reader import snapshot
from .schema import has_published_history, published_history
from .truncation import SQLiteTruncation
from .versions import SQLiteVersions
from .writer import SQLiteWriter

CHECKPOINT_ENTRIES = 500
CHECKPOINT_BYTES = 2**20
"""Entries, or bytes of them, after which the next checkpoint of a small document is due."""

BYTES_PER_ENTRY = 4096
"""Bytes of a checkpoint that are read in about the time in which an entry is replayed."""

TAIL_ENTRIES = 20
"""Entries after which a checkpoint is worth writing when the document is closed."""


class SQLiteHistory(History):
    """The history of one document in the database."""

    def __init__(
        self,
        room_id: str,
        backend: SQLiteWriter,
        truncation: SQLiteTruncation,
        private: PrivateStores,
        retention: Retention | None,
    ) -> None:
        super().__init__(room_id, log=backend.log)
        self._backend = backend
        self._truncation = truncation
        self._private = private
        self._retention = retention
        self._entries = 0
        self._bytes = 0
        self._whole = 0
        self._versions = SQLiteVersions(room_id, backend)
        self._attribution = SQLiteAttribution(room_id, backend)
        self._conflicts = SQLiteConflicts(room_id, backend)
        self._deleted_cells = SQLiteCells(room_id, backend, "collaboration_deleted_cells")
        self._provenance = SQLiteCells(room_id, backend, "collaboration_provenance")

    @property
    def retention(self) -> Retention | None:
        return self._retention

    @property
    def versions(self) -> VersionStore:
        return self._versions

    @property
    def attribution(self) -> AttributionStore:
        return self._attribution

    @property
    def conflicts(self) -> ConflictStore:
        return self._conflicts

    @property
    def deleted_cells(self) -> CellStore:
        return self._deleted_cells

    @property
    def provenance(self) -> CellStore:
        return self._provenance

    async def _load(self) -> tuple[Stored, Remembered]:
        backend = self._backend
        await backend.flush_document(self.path)
        document = await backend.ask_document_id(self.path)
        stored, remembered, is_published = await backend.reader.ask(self._read_stored, document)
        if is_published:
            updates, seq = await backend.ask(self._import, document)
            stored = replace(stored, updates=updates, seq=seq)
        backend.opened(self.path)
        # The first one is a checkpoint, or the content of the file.
        sizes = [len(update) for update in stored.updates]
        self._whole, self._entries, self._bytes = sum(sizes[:1]), len(sizes[1:]), sum(sizes[1:])
        return stored, remembered

    def _read_stored(
        self, db: sqlite3.Connection, document: int
    ) -> tuple[Stored, Remembered, bool]:
        """Return what is stored, and whether there is only a history of the published package."""
        with snapshot(db):
            row = db.execute(
                "SELECT session, saved_seq, saved_hash, saved_print, saving_print, saving_seq,"
                " newline, path, saved_state IS NOT NULL, held.document IS NOT NULL"
                " FROM collaboration_documents"
                " LEFT JOIN collaboration_paths AS paths ON paths.document = id"
                " LEFT JOIN collaboration_held AS held ON held.document = id"
                " WHERE id = ?",
                (document,),
            ).fetchone()
            if row is None:
                raise HistoryUnavailable("The history has just been deleted.")
            updates, seq = self._read_updates(db, document, None)
            stores = self._deleted_cells, self._provenance
            remembered = Remembered(
                self._conflicts.select(db, document),
                *(store.select(db, document) for store in stores),
            )
            is_published = not updates and has_published_history(db, self.path)
        stored = replace(Stored(row[0], updates, seq, *row[1:-1]), is_held=bool(row[-1]))
        return stored, remembered, is_published

    def _import(self, document: int) -> tuple[list[bytes], int]:
        """Import the document's history from a store of the published package."""
        found = published_history(self._backend.db, self.path)
        if not found:
            return [], 0
        try:
            state = replay([update for update, _ in found])
        except BaseException as error:  # compressed or damaged: pycrdt has no exception type
            if must_propagate(error):
                raise
            self.log.error("Could not read the old history of %s: %r", self.path, error)
            return [], 0
        with self._backend.transaction() as db:
            db.executemany(
                "INSERT INTO collaboration_updates (document, seq, author, kind, time, data)"
                " VALUES (?, ?, '', ?, ?, ?)",
                [
                    (document, seq, Kind.IMPORT.value, time, update)
                    for seq, (update, time) in enumerate(found, 1)
                ],
            )
            db.execute(
                "INSERT OR REPLACE INTO collaboration_checkpoints (document, seq, data)"
                " VALUES (?, ?, ?)",
                (document, len(found), state),
            )
        self.log.info("Imported %s entries of an older history of %s", len(found), self.path)
        return [state], len(found)

    @staticmethod
    def _read_updates(
        db: sqlite3.Connection, document: int, until: int | None
    ) -> tuple[list[bytes], int]:
        """Return the latest usable checkpoint with the updates after it, and the last number.

        Raises:
            HistoryDamaged: a row does not contain a valid update.
        """
        limit = 2**62 if until is None else until
        row = db.execute(
            "SELECT seq, data FROM collaboration_checkpoints WHERE document = ? AND seq <= ?",
            (document, limit),
        ).fetchone()
        start, updates = (row[0], [row[1]]) if row else (0, [])
        seq = start
        for number, data in db.execute(
            "SELECT seq, data FROM collaboration_updates"
            " WHERE document = ? AND seq > ? AND seq <= ? ORDER BY seq",
            (document, start, limit),
        ):
            updates.append(data)
            seq = number
        if not all(isinstance(update, bytes) and update for update in updates):
            raise HistoryDamaged("A row of the document's history is not a valid update.")
        return updates, seq

    def _append(self, entry: Entry) -> None:
        if entry.seq == 1:
            self._whole = len(entry.update)
        else:
            self._entries += 1
            self._bytes += len(entry.update)
        self._backend.append(self.path, entry)

    async def base(self) -> bytes | None:
        await self._backend.flush_document(self.path)
        document = await self._backend.ask_document_id(self.path)
        state, updates = await self._backend.reader.ask(self._read_base, document)
        if state is not None or updates is None:
            return state
        return await replayed(updates)

    def _read_base(
        self, db: sqlite3.Connection, document: int
    ) -> tuple[bytes | None, list[bytes] | None]:
        """Return the document as it was last saved, as one or several updates."""
        with snapshot(db):
            seq, state = db.execute(
                "SELECT saved_seq, saved_state FROM collaboration_documents WHERE id = ?",
                (document,),
            ).fetchone()
            if state is not None or seq is None:
                return state, None
            updates, last = self._read_updates(db, document, seq)
            return None, updates if updates and last == seq else None

    async def updates_at(self, seq: int) -> list[bytes] | None:
        await self._backend.flush_document(self.path)
        document = await self._backend.ask_document_id(self.path)

        def read(db: sqlite3.Connection) -> tuple[list[bytes], int]:
            with snapshot(db):
                return self._read_updates(db, document, seq)

        updates, last = await self._backend.reader.ask(read)
        return updates if updates and last == seq else None

    def mark_cut(self) -> int:
        self._backend.cut(self.path, self.seq)
        return self.seq

    async def commit(self) -> None:
        await self._backend.flush_document(self.path)
        if refusal := self._backend.refusal(self.path):
            raise HistoryUnavailable(refusal)

    async def mark_saving(self, seq: int, fingerprint: str, newline: str = "\n") -> None:
        self._backend.then(
            self.path,
            "UPDATE collaboration_documents SET saving_seq = ?, saving_print = ?, newline = ?"
            " WHERE room = ?",
            seq,
            fingerprint,
            newline,
            self.path,
        )
        if not self._backend.refusal(self.path):  # else it cannot be written
            await self._backend.flush_document(self.path)

    def mark_saved(
        self, seq: int, file_hash: str, fingerprint: str = "", state: bytes | None = None
    ) -> None:
        self._backend.then(
            self.path,
            "UPDATE collaboration_documents SET saved_seq = ?, saved_hash = ?, saved_print = ?,"
            " saving_print = NULL, saved_state = ? WHERE room = ?",
            seq,
            file_hash,
            fingerprint,
            state,
            self.path,
        )

    def note_path(self, path: str) -> None:
        self._backend.then(
            self.path,
            "INSERT OR REPLACE INTO collaboration_paths (document, path)"
            " SELECT id, ? FROM collaboration_documents WHERE room = ?",
            path,
            self.path,
        )

    def note_held(self, is_held: bool) -> None:
        change = (
            "INSERT OR REPLACE INTO collaboration_held (document)"
            " SELECT id FROM collaboration_documents WHERE room = ?"
            if is_held
            else "DELETE FROM collaboration_held WHERE document ="
            " (SELECT id FROM collaboration_documents WHERE room = ?)"
        )
        self._backend.then(self.path, change, self.path)

    async def unsaved_elsewhere(self, path: str) -> list[UnsavedWork]:
        return await self._private.find(self.path, path)

    async def taken_over(self, work: UnsavedWork) -> None:
        await self._private.forget(work)

    @property
    def needs_checkpoint(self) -> bool:
        # When replaying the entries would take about as long as reading the checkpoint.
        most = max(CHECKPOINT_ENTRIES, self._whole // BYTES_PER_ENTRY)
        return self._entries >= most or self._bytes >= max(CHECKPOINT_BYTES, self._whole // 2)

    @property
    def has_long_tail(self) -> bool:
        return self._entries >= TAIL_ENTRIES

    @property
    def is_available(self) -> bool:
        return not self._backend.refusal(self.path)

    def checkpoint(self, seq: int, state: bytes) -> None:
        self._entries = self._bytes = 0
        self._whole = len(state)
        self._backend.checkpoint(
            self.path,
            "INSERT OR REPLACE INTO collaboration_checkpoints (document, seq, data)"
            " SELECT id, ?, ? FROM collaboration_documents WHERE room = ?",
            seq,
            state,
            self.path,
        )

    async def forget_before(self, seq: int) -> int:
        return await self._truncation.clear(self.path, seq)

    def when_committed(
        self, callback: Callable[[bool], None], late: Callable[[], None] = nothing
    ) -> None:
        self._backend.when_committed(self.path, callback, late)

    async def entries(self) -> list[Entry]:
        await self._backend.flush_document(self.path)

        document = await self._backend.ask_document_id(self.path)

        def read(db: sqlite3.Connection) -> list[Entry]:
            rows = db.execute(
                "SELECT seq, data, author, kind, time FROM collaboration_updates"
                " WHERE document = ? ORDER BY seq",
                (document,),
            )
            return [Entry(row[0], row[1], row[2], Kind(row[3]), row[4]) for row in rows]

        return await self._backend.reader.ask(read)
