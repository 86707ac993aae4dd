"""Histories in SQLite: one file, one connection and one writer for all documents.

All SQL runs in one thread of its own, so the event loop never waits for the disk, and entries
are written in the order in which they were appended. Our tables stand beside those of other
versions in the same file and leave them alone.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from logging import Logger, getLogger
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from pycrdt import merge_updates

from ..errors import HistoryUnavailable
from .base import Entry, History, HistoryBackend, Kind, Stored, replay

T = TypeVar("T")

SCHEMA = """
CREATE TABLE IF NOT EXISTS collaboration_documents (
    id INTEGER PRIMARY KEY,
    room TEXT NOT NULL UNIQUE,
    session TEXT NOT NULL,
    saved_seq INTEGER,
    saved_hash TEXT,
    saved_state BLOB
);
CREATE TABLE IF NOT EXISTS collaboration_updates (
    document INTEGER NOT NULL REFERENCES collaboration_documents (id),
    seq INTEGER NOT NULL,
    author TEXT NOT NULL,
    kind TEXT NOT NULL,
    time REAL NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (document, seq)
);
CREATE TABLE IF NOT EXISTS collaboration_checkpoints (
    document INTEGER PRIMARY KEY REFERENCES collaboration_documents (id),
    seq INTEGER NOT NULL,
    data BLOB NOT NULL
);
"""

COMMIT_DELAY = 0.05
"""Seconds from an update to the start of its commit."""

RETRY_DELAY = 5.0
"""Seconds between tries to write to a store that refuses."""

MAX_BACKLOG = 64 * 2**20
"""Bytes of updates kept for a store that refuses; past that the oldest are given up."""

Statement = tuple[str, tuple[Any, ...]]


class SQLiteBackend(HistoryBackend):
    """The store of all documents.

    Args:
        path: the database's file, or ``:memory:``.
        commit_delay: seconds for which updates are gathered before they are written.
    """

    def __init__(
        self, path: str, log: Logger | None = None, *, commit_delay: float = COMMIT_DELAY
    ) -> None:
        self.path = path
        self.log = log or getLogger(__name__)
        self._commit_delay = commit_delay
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._db: sqlite3.Connection | None = None
        self._queue: list[tuple[str, Entry]] = []
        self._cuts: dict[str, set[int]] = {}
        self._after: list[Statement] = []
        self._waiting: list[Callable[[], None]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._refusing = False
        self._ids: dict[str, int] = {}

    async def open(self) -> None:
        try:
            await self.run(self._connect)
        except (sqlite3.Error, OSError) as error:
            raise HistoryUnavailable(f"{self.path}: {error}") from error

    def _connect(self) -> None:
        if self.path != ":memory:":
            # SQLite gives its journal files the permissions of the database's own.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        try:
            self._db = self._connected()
        except sqlite3.OperationalError:
            raise  # locked, read-only or full: nothing is wrong with the file itself
        except sqlite3.DatabaseError as error:
            aside = f"{self.path}.set-aside-{time.strftime('%Y%m%d-%H%M%S')}-{uuid4().hex[:6]}"
            Path(self.path).rename(aside)
            self.log.error(
                "The history in %s cannot be read (%s). It is kept as %s; a new one begins.",
                self.path,
                error,
                aside,
            )
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = self._connected()

    def _connected(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, timeout=5, check_same_thread=False, isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            db.executescript(SCHEMA)
        except BaseException:
            db.close()
            raise
        return db

    async def run(self, call: Callable[..., T], *args: Any) -> T:
        """Call something in the store's thread, after all that was asked of it before."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, call, *args)

    @property
    def db(self) -> sqlite3.Connection:
        """The connection; only for the store's own thread."""
        if self._db is None:
            raise HistoryUnavailable("the store is closed")
        return self._db

    def history(self, room_id: str) -> History:
        return SQLiteHistory(room_id, self)

    async def session_id(self, room_id: str) -> str:
        try:
            return await self.run(self._session_id, room_id)
        except sqlite3.Error as error:
            raise HistoryUnavailable(str(error)) from error

    def _session_id(self, room_id: str) -> str:
        self.db.execute(
            "INSERT OR IGNORE INTO collaboration_documents (room, session) VALUES (?, ?)",
            (room_id, str(uuid4())),
        )
        query = "SELECT session FROM collaboration_documents WHERE room = ?"
        (session,) = self.db.execute(query, (room_id,)).fetchone()
        return str(session)

    # Writing behind

    def append(self, room_id: str, entry: Entry) -> None:
        self._queue.append((room_id, entry))
        self._schedule()

    def cut(self, room_id: str, seq: int) -> None:
        if self._queue:
            self._cuts.setdefault(room_id, set()).add(seq)

    def then(self, sql: str, *args: Any) -> None:
        """Run a statement after everything that was appended so far."""
        self._after.append((sql, args))
        self._schedule()

    def when_committed(self, callback: Callable[[], None]) -> None:
        if self._refusing or not (self._queue or self._writing):
            callback()
        else:
            self._waiting.append(callback)

    def _schedule(self, delay: float | None = None) -> None:
        if self._timer is None and self._writing is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(
                self._commit_delay if delay is None else delay, self._start_writing
            )

    def _start_writing(self) -> None:
        self._timer = None
        self._writing = asyncio.get_running_loop().create_task(self._write_all())

    async def _write_all(self) -> None:
        queue, self._queue = self._queue, []
        after, self._after = self._after, []
        waiting, self._waiting = self._waiting, []
        cuts, self._cuts = self._cuts, {}
        failed = False
        try:
            await self.run(self._write, queue, after, cuts)
            self._refusing = False
        except (sqlite3.Error, HistoryUnavailable) as error:
            failed = True
            if not self._refusing:
                self.log.error("The history in %s cannot be written: %s", self.path, error)
            self._refusing = True
            self._queue = self._within_backlog(queue + self._queue)
            self._after = after + self._after
            for room_id, seqs in cuts.items():
                self._cuts.setdefault(room_id, set()).update(seqs)
        finally:
            self._writing = None
        for callback in waiting:
            callback()
        if self._queue or self._after:
            self._schedule(RETRY_DELAY if failed else None)

    def _within_backlog(self, queue: list[tuple[str, Entry]]) -> list[tuple[str, Entry]]:
        size = sum(len(entry.update) for _, entry in queue)
        if size <= MAX_BACKLOG:
            return queue
        self.log.error("%s MB of history could not be written and are given up", size // 2**20)
        return []

    def _write(
        self,
        queue: list[tuple[str, Entry]],
        after: list[Statement],
        cuts: dict[str, set[int]],
    ) -> None:
        db = self.db
        ids = {room: self.document_id(room) for room in {room for room, _ in queue}}
        db.execute("BEGIN IMMEDIATE")
        try:
            for room in ids:
                entries = [entry for name, entry in queue if name == room]
                db.executemany(
                    "INSERT OR IGNORE INTO collaboration_updates"
                    " (document, seq, author, kind, time, data) VALUES (?, ?, ?, ?, ?, ?)",
                    [
                        (ids[room], e.seq, e.author, e.kind.value, e.time, e.update)
                        for e in merged(entries, cuts.get(room, set()))
                    ],
                )
            for sql, args in after:
                db.execute(sql, args)
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise

    def document_id(self, room_id: str) -> int:
        """The row of a document, made if it has none; only for the store's own thread."""
        if room_id not in self._ids:
            self._session_id(room_id)
            query = "SELECT id FROM collaboration_documents WHERE room = ?"
            self._ids[room_id] = int(self.db.execute(query, (room_id,)).fetchone()[0])
        return self._ids[room_id]

    async def flush(self) -> None:
        """Write everything that was appended so far."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writing is not None:
            await self._writing
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self._write_all()

    async def close(self) -> None:
        await self.flush()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        await self.run(self._disconnect)
        self._executor.shutdown()

    def _disconnect(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None


def merged(entries: Iterable[Entry], cuts: set[int]) -> Iterable[Entry]:
    """Merge runs of entries of one author and kind, but never across a cut."""
    section = 0

    def run(entry: Entry) -> tuple[int, str, Kind]:
        nonlocal section
        key = (section, entry.author, entry.kind)
        if entry.seq in cuts:
            section += 1
        return key

    for _, group in groupby(entries, run):
        parts = list(group)
        last = parts[-1]
        if len(parts) == 1:
            yield last
        else:
            update = merge_updates(*(part.update for part in parts))
            yield Entry(last.seq, update, last.author, last.kind, last.time)


class SQLiteHistory(History):
    """One document's part of the store."""

    def __init__(self, room_id: str, backend: SQLiteBackend) -> None:
        super().__init__(room_id, log=backend.log)
        self._backend = backend

    async def _load(self) -> Stored:
        await self._backend.flush()
        try:
            return await self._backend.run(self._read_stored)
        except sqlite3.Error as error:
            raise HistoryUnavailable(str(error)) from error

    def _read_stored(self) -> Stored:
        backend = self._backend
        document = backend.document_id(self.path)
        session, saved_seq, saved_hash = backend.db.execute(
            "SELECT session, saved_seq, saved_hash FROM collaboration_documents WHERE id = ?",
            (document,),
        ).fetchone()
        updates, seq = self._read_updates(document, None)
        state = None
        if updates:
            state = updates[0] if len(updates) == 1 else replay(updates)
        return Stored(session, state, seq, saved_seq, saved_hash)

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
            updates, last = self._read_updates(document, seq)
            return replay(updates) if updates and last == seq else None

        try:
            return await self._backend.run(read)
        except sqlite3.Error as error:
            raise HistoryUnavailable(str(error)) from error

    def mark_cut(self) -> int:
        self._backend.cut(self.path, self.seq)
        return self.seq

    def mark_saved(self, seq: int, file_hash: str, state: bytes | None = None) -> None:
        self._backend.then(
            "UPDATE collaboration_documents SET saved_seq = ?, saved_hash = ?, saved_state = ?"
            " WHERE room = ?",
            seq,
            file_hash,
            state,
            self.path,
        )

    def checkpoint(self, state: bytes) -> None:
        self._backend.then(
            "INSERT OR REPLACE INTO collaboration_checkpoints (document, seq, data)"
            " SELECT id, ?, ? FROM collaboration_documents WHERE room = ?",
            self.seq,
            state,
            self.path,
        )

    def when_committed(self, callback: Callable[[], None]) -> None:
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

        return await self._backend.run(read)
