"""Writes histories to SQLite: one file, one connection and one thread for all documents.

All SQL runs in one thread of its own, so the event loop never waits for the disk, and entries
are written in the order in which they were appended. Our tables stand beside those of other
versions in the same file and leave them alone.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from logging import Logger, getLogger
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from pycrdt import merge_updates

from ...errors import HistoryUnavailable
from ...failpoints import failpoint
from ..coalescing import Tail, merged
from ..model import Entry
from .schema import TABLES_OF_DOCUMENT, connected, drop_published, wipe

T = TypeVar("T")

COMMIT_DELAY = 0.05
"""Seconds from an update to the start of its commit."""

RETRY_DELAY = 2.0
"""Seconds between tries to write to a store that refuses."""

TIDY_DELAY = 1.0
"""Quiet seconds after which the write-ahead log is put into the database."""

MAX_BACKLOG = 64 * 2**20
"""Bytes of updates that wait for a store that refuses; past that each document's are merged."""

MAX_CHECKED = 64 * 2**20
"""Bytes up to which a database is checked for damage when it is opened."""

Statement = tuple[str, tuple[Any, ...]]


class SQLiteWriter:
    """One connection to the database, and one thread in which all SQL runs.

    Args:
        path: the database's file, or ``:memory:``.
        commit_delay: seconds for which updates are gathered before they are written.
    """

    def __init__(
        self,
        path: str,
        log: Logger | None = None,
        *,
        commit_delay: float = COMMIT_DELAY,
    ) -> None:
        self.path = path
        self.log = log or getLogger(__name__)
        self._commit_delay = commit_delay
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._db: sqlite3.Connection | None = None
        self._ahead = False
        self._queue: list[tuple[str, Entry]] = []
        self._cuts: dict[str, set[int]] = {}
        self._after: list[Statement] = []
        self._waiting: list[Callable[[bool], None]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._tidying: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self.refusal = ""
        self._ids: dict[str, int] = {}
        self._tails: dict[str, Tail] = {}

    # Opening

    async def open(self) -> None:
        """Connect to the database.

        Raises:
            HistoryUnavailable: it cannot be used; the text says why.
        """
        try:
            await self.run(self._connect)
        except (sqlite3.Error, OSError) as error:
            raise HistoryUnavailable(f"{self.path}: {error}") from error

    def _connect(self) -> None:
        if self.path != ":memory:":
            # SQLite gives its journal files the permissions of the database's own.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            Path(self.path).chmod(0o600)
        try:
            self._db, self._ahead = connected(self.path)
            self._check()
        except sqlite3.OperationalError:
            raise  # locked, read-only or full: nothing is wrong with the file itself
        except sqlite3.DatabaseError as error:
            self._set_aside(error)
            self._db, self._ahead = connected(self.path)
        if not self._ahead:
            self.log.warning(
                "%s is on a file system without shared memory, such as a network file system: "
                "its history is written without a write-ahead log, which is slower.",
                self.path,
            )
        try:
            wipe(self._db)  # a server that was killed may have left it to be done
        except (sqlite3.Error, HistoryUnavailable) as error:
            self.log.error("%s: %s", self.path, error)

    def _check(self) -> None:
        """Find damage before people rely on what is stored."""
        if self.path != ":memory:" and Path(self.path).stat().st_size <= MAX_CHECKED:
            (result,) = self.db.execute("PRAGMA quick_check(1)").fetchone()
            if result != "ok":
                raise sqlite3.DatabaseError(result)

    def _set_aside(self, error: sqlite3.Error) -> None:
        self._disconnect()
        aside = f"{self.path}.set-aside-{time.strftime('%Y%m%d-%H%M%S')}-{uuid4().hex[:6]}"
        for suffix in ("", "-wal", "-shm", "-journal"):
            if Path(self.path + suffix).exists():
                Path(self.path + suffix).rename(aside + suffix)
        self.log.error(
            "The history in %s cannot be read (%s). It is kept as %s; a new one begins.",
            self.path,
            error,
            aside,
        )
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))

    async def run(self, call: Callable[..., T], *args: Any) -> T:
        """Call something in the store's thread, after all that was asked of it before."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, call, *args)
        except RuntimeError as error:  # the thread is gone
            raise HistoryUnavailable("the store is closed") from error

    async def ask(self, call: Callable[..., T], *args: Any) -> T:
        """As `run`.

        Raises:
            HistoryUnavailable: the store could not be read.
        """
        try:
            return await self.run(call, *args)
        except sqlite3.Error as error:
            raise HistoryUnavailable(f"{self.path}: {error}") from error

    @property
    def db(self) -> sqlite3.Connection:
        """The connection; only for the store's own thread."""
        if self._db is None:
            raise HistoryUnavailable("the store is closed")
        return self._db

    async def session_id(self, room_id: str) -> str:
        """Return the session id of a document, made and stored if it has none.

        Raises:
            HistoryUnavailable: the store could not be read.
        """
        return await self.ask(self._session_id, room_id)

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
        """Write an entry soon, after all that were appended before."""
        self._queue.append((room_id, entry))
        self._schedule()

    def cut(self, room_id: str, seq: int) -> None:
        """Never merge the entries after this one with those before."""
        self._cuts.setdefault(room_id, set()).add(seq)

    def then(self, sql: str, *args: Any) -> None:
        """Run a statement after everything that was appended so far."""
        self._after.append((sql, args))
        self._schedule()

    def when_committed(self, callback: Callable[[bool], None]) -> None:
        """Call back once everything appended so far is stored (True), or cannot be now (False)."""
        if self.refusal or not (self._queue or self._writing):
            callback(not self.refusal)
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
            self.refusal = ""
        except (sqlite3.Error, HistoryUnavailable) as error:
            failed = True
            if not self.refusal:
                self.log.error("The history in %s cannot be written: %s", self.path, error)
            self.refusal = f"{self.path}: {error}"
            self._queue = self._within_backlog(queue + self._queue)
            self._after = after + self._after
            for room_id, seqs in cuts.items():
                self._cuts.setdefault(room_id, set()).update(seqs)
        finally:
            self._writing = None
        if not self._queue:  # who asked meanwhile asked for what was being written
            waiting += self._waiting
            self._waiting = []
        for callback in waiting:
            callback(not failed)
        if self._queue or self._after:
            self._schedule(RETRY_DELAY if failed else None)
        elif not failed:
            self._tidy_later()

    def _within_backlog(self, queue: list[tuple[str, Entry]]) -> list[tuple[str, Entry]]:
        """What waits for the store, merged to an entry a document where it becomes too much."""
        size = sum(len(entry.update) for _, entry in queue)
        if size <= MAX_BACKLOG:
            return queue
        self.log.error("%s MB of history wait for %s", size // 2**20, self.path)
        rooms: dict[str, list[Entry]] = {}
        for room_id, entry in queue:
            rooms.setdefault(room_id, []).append(entry)
        return [(room, entry) for room, parts in rooms.items() for entry in [_one(parts)]]

    def _write(
        self,
        queue: list[tuple[str, Entry]],
        after: list[Statement],
        cuts: dict[str, set[int]],
    ) -> None:
        db = self.db
        rooms: dict[str, list[Entry]] = {}
        for room_id, entry in queue:
            rooms.setdefault(room_id, []).append(entry)
        ids = {room: self.document_id(room) for room in rooms}
        tails = {room: self._tails.get(room) for room in rooms}
        failpoint("commit.begin")
        db.execute("BEGIN IMMEDIATE")
        try:
            for room, entries in rooms.items():
                tail = tails[room]
                for entry in merged(entries, cuts.get(room, set())):
                    tail = self._write_entry(ids[room], tail, entry, cuts.get(room, set()))
                tails[room] = tail
            failpoint("commit.inserted")
            for sql, args in after:
                db.execute(sql, args)
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        self._tails.update((room, tail) for room, tail in tails.items() if tail)
        for room, seqs in cuts.items():
            if (last := self._tails.get(room)) and max(seqs) >= last.entry.seq:
                del self._tails[room]
        failpoint("commit.done")

    def _write_entry(self, document: int, tail: Tail | None, entry: Entry, cuts: set[int]) -> Tail:
        """Write an entry, into the row of the one before it where both are one piece of work."""
        if tail is not None and (longer := tail.with_entry(entry, cuts)):
            self.db.execute(
                "UPDATE collaboration_updates SET seq = ?, time = ?, data = ?"
                " WHERE document = ? AND seq = ?",
                (entry.seq, entry.time, longer.entry.update, document, tail.entry.seq),
            )
            return longer
        self.db.execute(
            "INSERT OR REPLACE INTO collaboration_updates"
            " (document, seq, author, kind, time, data) VALUES (?, ?, ?, ?, ?, ?)",
            (document, entry.seq, entry.author, entry.kind.value, entry.time, entry.update),
        )
        return Tail(entry, entry.time)

    def document_id(self, room_id: str) -> int:
        """The row of a document, made if it has none; only for the store's own thread."""
        if room_id not in self._ids:
            self._session_id(room_id)
            query = "SELECT id FROM collaboration_documents WHERE room = ?"
            self._ids[room_id] = int(self.db.execute(query, (room_id,)).fetchone()[0])
        return self._ids[room_id]

    async def flush(self) -> None:
        """Write what was appended so far."""
        if self._writing is not None:
            await asyncio.wait({self._writing})
        if self._queue or self._after or self._cuts:
            self._cancel_timer()
            if self._writing is None:
                self._start_writing()
            assert self._writing is not None
            await asyncio.shield(self._writing)  # it goes on even if nobody waits any more

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # Keeping it small

    def _tidy_later(self) -> None:
        if self._tidying is not None:
            self._tidying.cancel()
        loop = asyncio.get_running_loop()
        self._tidying = loop.call_later(TIDY_DELAY, self._tidy)

    def _tidy(self) -> None:
        """Put the write-ahead log into the database: the file that is left is short."""
        self._tidying = None
        if self._ahead and self._db is not None:
            self._executor.submit(self._truncate_log)

    def _truncate_log(self) -> None:
        try:
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except (sqlite3.Error, HistoryUnavailable) as error:
            self.log.debug("The log of %s stays for now: %s", self.path, error)

    def end_row(self, room_id: str) -> None:
        """Have the next entry begin a row; only for the store's own thread."""
        self._tails.pop(room_id, None)

    def drop(self, room_id: str, *statements: Statement) -> None:
        """Delete a history, and with it what statements do; only for the store's own thread."""
        db = self.db
        db.execute("BEGIN IMMEDIATE")
        try:
            for sql, args in statements:
                db.execute(sql, args)
            for table in TABLES_OF_DOCUMENT:
                db.execute(
                    f"DELETE FROM collaboration_{table} WHERE document IN"
                    " (SELECT id FROM collaboration_documents WHERE room = ?)",
                    (room_id,),
                )
            db.execute("DELETE FROM collaboration_documents WHERE room = ?", (room_id,))
            drop_published(db, room_id)
            db.execute("COMMIT")
        except BaseException:
            db.execute("ROLLBACK")
            raise
        self._ids.pop(room_id, None)
        self._tails.pop(room_id, None)

    # Closing

    async def close(self) -> None:
        """Write what is still to be written, and disconnect."""
        await self.flush()
        self._cancel_timer()
        if self._tidying is not None:
            self._tidying.cancel()
        await self.run(self._disconnect)
        self._executor.shutdown()

    def _disconnect(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None


def _one(entries: list[Entry]) -> Entry:
    """Several entries of one document as one."""
    last = entries[-1]
    if len(entries) == 1:
        return last
    authors = sorted({entry.author for entry in entries})
    update = merge_updates(*(entry.update for entry in entries))
    return Entry(last.seq, update, "\n".join(filter(None, authors)), last.kind, last.time)
