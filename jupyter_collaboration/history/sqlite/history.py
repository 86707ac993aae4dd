"""One document's part of the SQLite store.

Knows its rows; leaves to the backend when they are written.
"""

from __future__ import annotations

from collections.abc import Callable

from ...documents.codec import replay
from ...errors import HistoryUnavailable
from ..model import Entry, Kind, Retention, Stored
from ..store import AttributionStore, History, VersionStore
from .attribution import SQLiteAttribution
from .schema import published_history
from .truncation import SQLiteTruncation
from .versions import SQLiteVersions
from .writer import SQLiteWriter

CHECKPOINT_ENTRIES = 500
CHECKPOINT_BYTES = 2**20
"""Entries, or bytes of them, after which the document is kept as a whole again."""


class SQLiteHistory(History):
    """The history of one document in the database."""

    def __init__(
        self,
        room_id: str,
        backend: SQLiteWriter,
        truncation: SQLiteTruncation,
        retention: Retention | None,
    ) -> None:
        super().__init__(room_id, log=backend.log)
        self._backend = backend
        self._truncation = truncation
        self._retention = retention
        self._entries = 0
        self._bytes = 0
        self._versions = SQLiteVersions(room_id, backend)
        self._attribution = SQLiteAttribution(room_id, backend)

    @property
    def retention(self) -> Retention | None:
        return self._retention

    @property
    def versions(self) -> VersionStore:
        return self._versions

    @property
    def attribution(self) -> AttributionStore:
        return self._attribution

    async def _load(self) -> Stored:
        await self._backend.flush()
        stored = await self._backend.ask(self._read_stored)
        self._entries = len(stored.updates)
        return stored

    def _read_stored(self) -> Stored:
        backend = self._backend
        document = backend.document_id(self.path)
        row = backend.db.execute(
            "SELECT session, saved_seq, saved_hash, saved_print, saving_print, saving_seq,"
            " newline"
            " FROM collaboration_documents WHERE id = ?",
            (document,),
        ).fetchone()
        updates, seq = self._read_updates(document, None)
        if not updates:
            updates, seq = self._import(document)
        return Stored(row[0], updates, seq, *row[1:])

    def _import(self, document: int) -> tuple[list[bytes], int]:
        """Take over what a store of the published package holds of this document."""
        found = published_history(self._backend.db, self.path)
        if not found:
            return [], 0
        try:
            state = replay([update for update, _ in found])
        except Exception as error:  # compressed, or damaged: pycrdt raises no type of its own
            self.log.error("The old history of %s cannot be read: %r", self.path, error)
            return [], 0
        db = self._backend.db
        db.execute("BEGIN IMMEDIATE")
        try:
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
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        self.log.info("%s entries of an older history of %s are kept", len(found), self.path)
        return [state], len(found)

    def _read_updates(self, document: int, until: int | None) -> tuple[list[bytes], int]:
        """The newest usable checkpoint and the updates behind it, and the last one's number."""
        db = self._backend.db
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
        return updates, seq

    def _append(self, entry: Entry) -> None:
        self._entries += 1
        self._bytes += len(entry.update)
        self._backend.append(self.path, entry)

    async def base(self) -> bytes | None:
        await self._backend.flush()

        def read() -> bytes | None:
            document = self._backend.document_id(self.path)
            seq, state = self._backend.db.execute(
                "SELECT saved_seq, saved_state FROM collaboration_documents WHERE id = ?",
                (document,),
            ).fetchone()
            if state is not None or seq is None:
                return bytes(state) if state is not None else None
            return self._read_at(document, seq)

        return await self._backend.ask(read)

    async def updates_at(self, seq: int) -> list[bytes] | None:
        await self._backend.flush()

        def read() -> tuple[list[bytes], int]:
            return self._read_updates(self._backend.document_id(self.path), seq)

        updates, last = await self._backend.ask(read)
        return updates if updates and last == seq else None

    def _read_at(self, document: int, seq: int) -> bytes | None:
        updates, last = self._read_updates(document, seq)
        return replay(updates) if updates and last == seq else None

    def mark_cut(self) -> int:
        self._backend.cut(self.path, self.seq)
        return self.seq

    async def commit(self) -> None:
        await self._backend.flush()
        if self._backend.refusal:
            raise HistoryUnavailable(self._backend.refusal)

    async def mark_saving(self, seq: int, fingerprint: str, newline: str = "\n") -> None:
        self._backend.then(
            "UPDATE collaboration_documents SET saving_seq = ?, saving_print = ?, newline = ?"
            " WHERE room = ?",
            seq,
            fingerprint,
            newline,
            self.path,
        )
        if not self._backend.refusal:  # else nobody waits for it
            await self._backend.flush()

    def mark_saved(
        self, seq: int, file_hash: str, fingerprint: str = "", state: bytes | None = None
    ) -> None:
        self._backend.then(
            "UPDATE collaboration_documents SET saved_seq = ?, saved_hash = ?, saved_print = ?,"
            " saving_print = NULL, saved_state = ? WHERE room = ?",
            seq,
            file_hash,
            fingerprint,
            state,
            self.path,
        )

    @property
    def needs_checkpoint(self) -> bool:
        return self._entries >= CHECKPOINT_ENTRIES or self._bytes >= CHECKPOINT_BYTES

    def checkpoint(self, seq: int, state: bytes) -> None:
        self._entries = self._bytes = 0
        self._backend.then(
            "INSERT OR REPLACE INTO collaboration_checkpoints (document, seq, data)"
            " SELECT id, ?, ? FROM collaboration_documents WHERE room = ?",
            seq,
            state,
            self.path,
        )

    async def forget_before(self, seq: int) -> int:
        return await self._truncation.clear(self.path, seq)

    def when_committed(self, callback: Callable[[bool], None]) -> None:
        self._backend.when_committed(callback)

    async def entries(self) -> list[Entry]:
        await self._backend.flush()

        def read() -> list[Entry]:
            rows = self._backend.db.execute(
                "SELECT seq, data, author, kind, time FROM collaboration_updates"
                " WHERE document = ? ORDER BY seq",
                (self._backend.document_id(self.path),),
            )
            return [Entry(row[0], row[1], row[2], Kind(row[3]), row[4]) for row in rows]

        return await self._backend.ask(read)
