"""Writes histories to SQLite: one file, one connection and one thread for all documents.

All SQL that writes runs in a thread of its own, so that the event loop never waits for the disk,
and entries are written in the order in which they were appended. If the work of one document
cannot be stored, that of others still is. Tables of other packages in the same file are not
changed.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from logging import Logger, getLogger
from typing import Any, TypeVar
from uuid import uuid4

from ...errors import HistoryUnavailable, must_propagate
from ...failpoints import failpoint
from ..coalescing import Tail, merged
from ..model import Entry
from . import lease as leases
from .backlog import EVERYBODY, Backlog, Work, storable
from .lease import LeaseLost
from .reader import Reader
from .schema import TABLES_OF_DOCUMENT, WIPE, drop_published
from .store_file import MEMORY, StoreFile, open_private, open_store

T = TypeVar("T")

COMMIT_DELAY = 0.05
"""Seconds between an update and the start of its commit."""

RETRY_DELAY = 2.0
"""Seconds until a failed write is retried."""

TIDY_DELAY = 1.0
"""Seconds without writes after which the write-ahead log is merged into the database."""

LAST_WRITES = 10
"""Most further writes when a store is closed, for what is appended during them."""

MAX_BACKLOG = 64 * 2**20
"""Bytes of unwritten work above which each document's entries are merged."""

MOST_BACKLOG = 256 * 2**20
"""Bytes of unwritten work above which the history of the largest documents is given up."""

UNWRITABLE = (
    ArithmeticError,
    TypeError,
    ValueError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
)
"""Errors for values that can never be written, so that a retry is useless."""


class SQLiteWriter:
    """The connection that writes to the database, and its thread.

    Args:
        path: the database's file, or ``:memory:``.
        commit_delay: seconds for which updates are batched before they are written.
    """

    def __init__(
        self, path: str, log: Logger | None = None, *, commit_delay: float = COMMIT_DELAY
    ) -> None:
        self.path = path
        self.log = log or getLogger(__name__)
        self._commit_delay = commit_delay
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="history")
        self._is_closed = False
        self._file: StoreFile | None = None
        self.reader = Reader(lambda: self.file, self._placed, self.ask)
        self._backlog = Backlog()
        self._timer: asyncio.TimerHandle | None = None
        self._tidying: asyncio.TimerHandle | None = None
        self._beating: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None
        self._written: dict[str, Work] = {}
        self._refusal = ""
        self._refused: dict[str, str] = {}
        self._retry_at: dict[str, float] = {}
        self._broken: set[str] = set()
        self._is_lost = False
        self._when_lost: Callable[[], None] | None = None
        self._ids: dict[str, int] = {}
        self._sessions: dict[str, str] = {}
        self._tails: dict[str, Tail] = {}

    # Opening

    async def open(self) -> None:
        """Connect to the database.

        Raises:
            HistoryUnavailable: the database cannot be used; the text says why.
        """
        try:
            await self.run(self._connect)
        except (sqlite3.Error, OSError) as error:
            raise HistoryUnavailable(f"{self.path}: {error}") from error
        self._beat_later()

    def _connect(self) -> None:
        self._file = open_store(self.path, self.log)
        try:
            wipe(self)  # in case the server was killed before
        except (sqlite3.Error, HistoryUnavailable) as error:
            self.log.error("%s: %s", self.file.path, error)

    async def run(self, call: Callable[..., T], *args: Any) -> T:
        """Call a function in the store's thread, after all earlier calls.

        Raises:
            HistoryUnavailable: the store is closed.
        """
        if self._is_closed:
            raise HistoryUnavailable("The history is closed.")
        return await asyncio.get_running_loop().run_in_executor(self._executor, call, *args)

    async def ask(self, call: Callable[..., T], *args: Any) -> T:
        """Call a function like `run`, and convert errors of the database.

        Raises:
            HistoryUnavailable: the store cannot be read or written.
        """
        try:
            return await self.run(call, *args)
        except LeaseLost:
            self._lost()
            raise
        except (sqlite3.Error, *UNWRITABLE) as error:
            raise HistoryUnavailable(f"{self.path}: {error}") from error

    @property
    def file(self) -> StoreFile:
        """The open database. Used in the store's thread only."""
        if self._file is None:
            raise HistoryUnavailable("The history is closed.")
        return self._file

    @property
    def db(self) -> sqlite3.Connection:
        """The connection, for reading. Used in the store's thread only."""
        return self.file.db

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """Run a block in a write transaction. Used in the store's thread only.

        Raises:
            HistoryUnavailable: the store has no place any more, or `LeaseLost`.
            sqlite3.Error: the store cannot be written.
        """
        self._stay_in_place()
        return self.file.transaction()

    def _placed(self) -> StoreFile:
        self._stay_in_place()
        return self.file

    def _stay_in_place(self) -> None:
        """Write the store again if its files were deleted, moved or replaced. [H6]

        Raises:
            HistoryUnavailable: there is no place for it, or another server took it.
            sqlite3.Error: it cannot be written.
        """
        file = self.file
        try:
            if file.is_displaced():
                self._file = file.written_again(self.log)
                file.db.close()
        except OSError as error:
            raise HistoryUnavailable(f"{self.path}: {error}") from error

    @property
    def writes_private_store(self) -> bool:
        """Whether this server writes a private store, since another one owns the main store."""
        return self._file is not None and self._file.is_private

    async def session_id(self, room_id: str) -> str:
        """Return the session id of a document, and create it if necessary.

        Raises:
            HistoryUnavailable: the store cannot be read.
        """
        known = None if self._is_closed else self._sessions.get(room_id)
        return await self.ask(self._session_id, room_id) if known is None else known

    def _session_id(self, room_id: str) -> str:
        """Return the name of a document's history. In the store's thread.

        Members get the content of a file before it is stored. If the server was killed in between,
        the file may have another content now, which must not get into their documents. So a history
        of which an earlier server stored nothing gets a new name. [S2]
        """
        known = self._sessions.get(room_id)
        if known is not None:
            return known
        query = (
            "SELECT id, session,"
            " EXISTS (SELECT 1 FROM collaboration_updates WHERE document = id)"
            " OR EXISTS (SELECT 1 FROM collaboration_checkpoints WHERE document = id)"
            " FROM collaboration_documents WHERE room = ?"
        )
        found = self.db.execute(query, (room_id,)).fetchone()
        if found is not None and found[2]:
            document, session = int(found[0]), str(found[1])
        else:
            session = str(uuid4())
            with self.transaction() as db:
                db.execute(
                    "INSERT INTO collaboration_documents (room, session) VALUES (?, ?)"
                    " ON CONFLICT (room) DO UPDATE SET session = excluded.session",
                    (room_id, session),
                )
            document = self._found_id(room_id)
        self._ids[room_id] = document
        self._sessions[room_id] = session
        return session

    # The lease

    def when_lost(self, callback: Callable[[], None]) -> None:
        """See `HistoryBackend.when_lost`."""
        self._when_lost = callback

    def _beat_later(self) -> None:
        if self.path != MEMORY:
            pause = leases.LEASE_SECONDS / leases.HEARTBEATS
            loop = asyncio.get_running_loop()
            self._beating = loop.call_later(pause, lambda: loop.create_task(self._beat()))

    async def _beat(self) -> None:
        try:
            await self.ask(self._renew)
        except HistoryUnavailable as error:
            self.log.debug("Could not renew the lease of %s: %s", self.path, error)
        if not self._is_closed:
            self._beat_later()

    def _renew(self) -> None:
        self._stay_in_place()
        self.file.beat()

    def _lost(self) -> None:
        """Stop writing, so that another server's data is not overwritten."""
        if self._is_lost:
            return
        self._is_lost = True
        self._cancel_timer()
        self._refusal = f"{self.path}: another server took it over"
        self.log.error("The history in %s was taken over by another server.", self.path)
        if self._when_lost is not None:
            self._when_lost()

    async def go_private(self) -> None:
        """See `HistoryBackend.go_private`."""
        if self._writing is not None:  # what it writes belongs to the lost store
            await asyncio.wait({self._writing})
        await self.run(self._reopen_privately)
        self._backlog.take()  # drop the work for the previous store
        self._refused.clear()
        self._retry_at.clear()
        self._broken.clear()
        self._refusal, self._is_lost = "", False

    def _reopen_privately(self) -> None:
        self._disconnect()
        self._ids.clear()
        self._sessions.clear()
        self._tails.clear()
        try:
            self._file = open_private(self.path, self.log)
        except (sqlite3.Error, OSError) as error:
            raise HistoryUnavailable(f"{self.path}: {error}") from error
        self.log.error("Continuing with a private history in %s.", self._file.path)

    # Write-behind

    def append(self, room_id: str, entry: Entry) -> None:
        """Schedule an entry to be written, after all earlier ones."""
        if room_id not in self._broken:
            self._backlog.of(room_id).entries.append(entry)
            self._schedule()

    def cut(self, room_id: str, seq: int) -> None:
        """Never merge the entries up to this one with later ones."""
        self._backlog.of(room_id).cuts.add(seq)

    def then(self, room_id: str, sql: str, *args: Any) -> None:
        """Schedule a statement, after everything that was appended to a document's history."""
        if room_id not in self._broken:
            self._backlog.of(room_id).statements.append((sql, args))
            self._schedule()

    def checkpoint(self, room_id: str, sql: str, *args: Any) -> None:
        """Schedule statements that may be dropped if memory is short."""
        if room_id not in self._broken:
            self._backlog.of(room_id).checkpoint = (sql, args)
            self._schedule()

    def refusal(self, room_id: str) -> str:
        """Return why a document's history cannot be stored at the moment; empty if it can."""
        if room_id in self._broken:
            return f"{self.path}: a part of the document's history could not be stored"
        return self._refusal or self._refused.get(room_id, "")

    def when_committed(
        self, room_id: str, callback: Callable[[bool], None], late: Callable[[], None]
    ) -> None:
        """See `History.when_committed`."""
        if self.refusal(room_id):
            if self._backlog.has(room_id):
                self._backlog.of(room_id).late.append(late)
            callback(False)
        elif self._backlog.has(room_id):
            self._backlog.of(room_id).waiting.append((callback, late))
        elif room_id in self._written:
            self._written[room_id].waiting.append((callback, late))
        else:
            callback(True)

    def opened(self, room_id: str) -> None:
        """Record that a document was read from the store, so that its history is complete again."""
        self._broken.discard(room_id)

    def _schedule(self, delay: float | None = None) -> None:
        if self._is_lost:
            return
        loop = asyncio.get_running_loop()
        due = loop.time() + (self._commit_delay if delay is None else delay)
        if self._timer is not None and self._timer.when() > due:
            self._cancel_timer()  # new work does not wait for the retry
        if self._timer is None and self._writing is None:
            self._timer = loop.call_at(due, self._start_writing)

    def _start_writing(self) -> None:
        self._timer = None
        self._writing = asyncio.get_running_loop().create_task(self._write_all())

    async def _write_all(self) -> None:
        now = asyncio.get_running_loop().time()
        resting = {room for room, due in self._retry_at.items() if now < due}
        self._written = works = self._backlog.take(resting)
        failed: dict[str, BaseException] = {}
        try:
            failed = await self.run(self._write, works)
            if self._refusal and not self._is_lost:
                self.log.warning("The history in %s can be written again.", self.path)
                self._refusal = ""
        except LeaseLost as error:
            failed = dict.fromkeys(works, error)
            self._lost()
        except Exception as error:  # all documents depend on this task
            failed = dict.fromkeys(works, error)
            self._refuse_all(error)
        finally:
            self._writing = None
            self._written = {}
        self._report(works.keys() - failed.keys(), failed)
        for room_id, work in works.items():
            waiting, work.waiting = work.waiting, []
            is_stored = room_id not in failed
            if not is_stored and room_id not in self._broken:
                work.late += [late for _, late in waiting]
                self._backlog.put_back(room_id, work)
            elif is_stored:
                for late in work.late:
                    late()
            for callback, _ in waiting:
                callback(is_stored)
        self._bound()
        if self._backlog:
            is_new = any(room_id not in self._refused for room_id, _ in self._backlog)
            self._schedule(None if is_new and not self._refusal else RETRY_DELAY)
        elif not failed:
            self._tidy_later()

    def _refuse_all(self, error: Exception) -> None:
        if not self._refusal:
            self.log.error("The history in %s cannot be written: %s", self.path, error)
        self._refusal = f"{self.path}: {error}"

    def _report(self, written: set[str], failed: dict[str, BaseException]) -> None:
        """Log the documents whose histories cannot be stored, once for each reason."""
        if self._refusal:
            return
        for room_id in written:
            self._retry_at.pop(room_id, None)
            if self._refused.pop(room_id, None) and room_id not in self._broken:
                self.log.warning("The history of %s can be stored again.", room_id or "names")
        for room_id, error in failed.items():
            self._retry_at[room_id] = asyncio.get_running_loop().time() + RETRY_DELAY
            reason = f"{self.path}: {error!r}"
            if self._refused.get(room_id) != reason:
                self._refused[room_id] = reason
                self.log.error("The history of %s cannot be stored: %r", room_id or "names", error)
            if isinstance(error, UnwritableEntry):
                self._give_up(room_id)

    def _bound(self) -> None:
        """Limit the size of unwritten work."""
        for room_id in self._backlog.shrink(MAX_BACKLOG, MOST_BACKLOG):
            self.log.error(
                "Too much of the history of %s could not be stored; dropping it to save memory. The"
                " document still works, and its file is saved.",
                room_id,
            )
            self._give_up(room_id)

    def _give_up(self, room_id: str) -> None:
        """Stop storing a document until it is opened again.

        A part of its history is then missing. Clients that have that part must not sync with the
        incomplete history, which therefore gets a new session id.
        """
        if room_id == EVERYBODY:
            self._backlog.drop(room_id)
            return
        self._broken.add(room_id)
        self._retry_at.pop(room_id, None)
        work = self._backlog.of(room_id)
        work.clear()
        session = str(uuid4())
        work.statements.append(
            ("UPDATE collaboration_documents SET session = ? WHERE room = ?", (session, room_id))
        )
        self._sessions[room_id] = session

    def _write(self, works: dict[str, Work]) -> dict[str, BaseException]:
        """Write all work.

        Returns:
            The documents whose work was not written, with the errors.

        Raises:
            Exception: nothing at all was written.
        """
        failed: dict[str, BaseException] = {}
        tails: dict[str, Tail | None] = {}
        failpoint("commit.begin")
        try:
            with self.transaction() as db:
                for room_id, work in works.items():
                    known = self._ids.get(room_id)
                    tail = self._tails.get(room_id)
                    try:
                        with _savepoint(db):
                            tails[room_id] = self._write_work(room_id, work, tail)
                    except BaseException as error:
                        if must_propagate(error) or not db.in_transaction:
                            raise
                        if known is None:
                            self._ids.pop(room_id, None)
                        try:
                            with _savepoint(db):
                                tails[room_id] = self._write_piecewise(room_id, work, tail)
                        except Exception as again:
                            if not db.in_transaction:
                                raise
                            failed[room_id] = again
                            if known is None:
                                self._ids.pop(room_id, None)
                failpoint("commit.inserted")
        except BaseException:
            self._ids.clear()  # the rollback may have removed some of these rows
            raise
        for room_id, last in tails.items():
            if room_id in failed:
                continue
            if last is None or any(cut >= last.entry.seq for cut in works[room_id].cuts):
                self._tails.pop(room_id, None)
            else:
                self._tails[room_id] = last
        failpoint("commit.done")
        return failed

    def _write_work(self, room_id: str, work: Work, tail: Tail | None) -> Tail | None:
        if work.entries:
            document = self._written_id(room_id)
            for entry in merged(work.entries, work.cuts):
                tail = self._write_entry(document, tail, entry, work.cuts)
        for sql, args in work.statements:
            self.db.execute(sql, args)
        if work.checkpoint is not None:
            self.db.execute(*work.checkpoint)
        return tail

    def _write_piecewise(self, room_id: str, work: Work, tail: Tail | None) -> Tail | None:
        """Write a document's work entry by entry, and skip statements that can never be written.

        Raises:
            UnwritableEntry: an entry can never be written, and later ones depend on it.
            sqlite3.Error: the work cannot be written at the moment.
        """
        for entry in work.entries:
            try:
                with _savepoint(self.db):
                    tail = self._write_entry(self._written_id(room_id), None, entry, work.cuts)
            except UNWRITABLE as error:
                raise UnwritableEntry(f"an edit of {room_id}: {error!r}") from error
        checkpoints = [work.checkpoint] if work.checkpoint is not None else []
        for sql, args in [*work.statements, *checkpoints]:
            try:
                with _savepoint(self.db):
                    self.db.execute(sql, args)
            except UNWRITABLE as error:
                self.log.error("%s: could not store metadata: %r", room_id or "people", error)
        return tail

    def _write_entry(self, document: int, tail: Tail | None, entry: Entry, cuts: set[int]) -> Tail:
        """Write an entry: into the previous row if both can share one, else into a new row."""
        author = storable(entry.author)
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
            (document, entry.seq, author, entry.kind.value, entry.time, entry.update),
        )
        return Tail(entry, entry.time)

    def document_id(self, room_id: str) -> int:
        """Return the id of a document's row, and create it if necessary. In the store's thread."""
        if room_id not in self._ids:
            self._session_id(room_id)
            self._ids[room_id] = self._found_id(room_id)
        return self._ids[room_id]

    async def ask_document_id(self, room_id: str) -> int:
        """Return the id of a document's row, and create it if necessary.

        Raises:
            HistoryUnavailable: the store cannot be read or written.
        """
        known = self._ids.get(room_id)
        return await self.ask(self.document_id, room_id) if known is None else known

    def _written_id(self, room_id: str) -> int:
        """Return the id of a document's row, within a transaction."""
        if room_id not in self._ids:
            self.db.execute(
                "INSERT OR IGNORE INTO collaboration_documents (room, session) VALUES (?, ?)",
                (room_id, str(uuid4())),
            )
            self._ids[room_id] = self._found_id(room_id)
        return self._ids[room_id]

    def _found_id(self, room_id: str) -> int:
        query = "SELECT id FROM collaboration_documents WHERE room = ?"
        return int(self.db.execute(query, (room_id,)).fetchone()[0])

    async def flush(self) -> None:
        """Write everything that was appended so far."""
        if self._writing is not None:
            await asyncio.wait({self._writing})
        if self._backlog and not self._is_lost:
            self._cancel_timer()
            if self._writing is None:
                self._start_writing()
            assert self._writing is not None
            await asyncio.shield(self._writing)  # continues even if the caller is cancelled

    async def flush_document(self, room_id: str) -> None:
        """Write everything that was appended to a document so far, if there is anything."""
        if self._backlog.has(room_id) or room_id in self._written:
            await self.flush()

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
        """Merge the write-ahead log into the database, and truncate it."""
        self._tidying = None
        if self._file is not None and self._file.writes_ahead and not self._is_closed:
            self._executor.submit(self._truncate_log)

    def _truncate_log(self) -> None:
        try:
            self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except (sqlite3.Error, HistoryUnavailable) as error:
            self.log.debug("Could not truncate the log of %s: %s", self.path, error)

    def end_row(self, room_id: str) -> None:
        """Make the next entry begin a new row. Called in the store's thread only."""
        self._tails.pop(room_id, None)

    def forget(self, room_id: str) -> None:
        """Clear cached data of a document's rows. Called in the store's thread only."""
        self._ids.pop(room_id, None)
        self._sessions.pop(room_id, None)
        self._tails.pop(room_id, None)

    def drop(self, room_id: str, *statements: tuple[str, tuple[Any, ...]]) -> None:
        """Delete a history and run statements, in one transaction. In the store's thread."""
        with self.transaction() as db:
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
        self.forget(room_id)

    async def set_aside(self, room_id: str) -> None:
        """See `HistoryBackend.set_aside`."""
        await self.flush()
        await self.ask(self._set_aside, room_id)
        self.log.error(
            "The history of %s cannot be read. It is kept under another name; starting a new one.",
            room_id,
        )

    def _set_aside(self, room_id: str) -> None:
        with self.transaction() as db:
            db.execute(
                "DELETE FROM collaboration_paths WHERE document IN"
                " (SELECT id FROM collaboration_documents WHERE room = ?)",
                (room_id,),
            )
            db.execute(
                "UPDATE collaboration_documents SET room = ? WHERE room = ?",
                (f"{room_id}.set-aside-{uuid4().hex[:8]}", room_id),
            )
            drop_published(db, room_id)
        self.forget(room_id)

    # Closing

    async def close(self) -> None:
        """Write all remaining work, and close the connection."""
        self._retry_at.clear()
        await self.flush()
        for _ in range(LAST_WRITES):
            if not self._backlog or self._refusal:
                break
            await self.flush()  # something was appended during the last write
        self._cancel_timer()
        for timer in (self._tidying, self._beating):
            if timer is not None:
                timer.cancel()
        if self._backlog:
            self.log.error("Some of the history in %s could not be stored.", self.path)
        await self.reader.close()
        await self.run(self._close)
        self._is_closed = True
        self._executor.shutdown()

    def _close(self) -> None:
        try:
            if self._file is not None:
                self._stay_in_place()
        except (sqlite3.Error, HistoryUnavailable) as error:
            self.log.error("%s: %s", self.path, error)
        self._disconnect()

    def _disconnect(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class UnwritableEntry(Exception):
    """An entry can never be stored, such as one that is larger than SQLite allows."""


@contextmanager
def _savepoint(db: sqlite3.Connection) -> Iterator[None]:
    """Run a block in a savepoint, which is rolled back on errors."""
    db.execute("SAVEPOINT piece")
    try:
        yield
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK TO piece")
            db.execute("RELEASE piece")
        raise
    db.execute("RELEASE piece")


def wipe(backend: SQLiteWriter) -> None:
    """Remove all traces of deleted histories from the database and its log, if necessary.

    Takes as long as copying the database. Called in the store's thread only.

    Raises:
        HistoryUnavailable: another program is reading the database.
        sqlite3.Error: there is not enough space.
    """
    chore = "FROM collaboration_chores WHERE name = ?"
    if backend.db.execute(f"SELECT 1 {chore}", (WIPE,)).fetchone() is None:
        return
    backend.db.execute("VACUUM")
    row = backend.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if row[0]:
        raise HistoryUnavailable(
            "The history was deleted, but another program is reading the database, so that traces"
            " of it are left in the file. Delete it again after that program has finished."
        )
    with backend.transaction() as db:
        db.execute(f"DELETE {chore}", (WIPE,))
    failpoint("clear.wiped")
