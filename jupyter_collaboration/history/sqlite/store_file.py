"""Opens the database that a server may write: the store, or a private one next to it. [H6] [H7]

Responsible for files, leases and damaged databases; the tables belong to others. Called in the
store's thread only.
"""

from __future__ import annotations

import errno
import glob
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from logging import Logger
from pathlib import Path
from uuid import uuid4

from .lease import Lease, LeaseLost, LeaseTaken
from .migrations import NewerSchema, migrate, version_of
from .schema import connected

MEMORY = ":memory:"

MAX_CHECKED = 64 * 2**20
"""Size in bytes up to which a database is checked for damage when it is opened."""

PRIVATE = ".private-"
"""The names of private stores are the name of the store with this suffix and a random part."""

COPY = ".copy-"
"""The name of a copy that is being written is the name of the store with this suffix and a random
part."""

LOGS = ("-wal", "-shm")
"""The suffixes of the write-ahead log and its index."""

SUFFIXES = ("", *LOGS, "-journal")
"""The suffixes of a database's files."""


class StoreFile:
    """A database that this process may write.

    Attributes:
        db: the connection.
        path: the path of the file.
        writes_ahead: whether there is a write-ahead log.
        is_private: whether it replaces a store that this server may not write.
    """

    def __init__(
        self, path: str, db: sqlite3.Connection, ahead: bool, lease: Lease | None, private: bool
    ) -> None:
        self.path = path
        self.db = db
        self.writes_ahead = ahead
        self.is_private = private
        self._lease = lease
        self._identities = self._found()
        self._copy: tuple[int, int] | None = None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run this block in a write transaction.

        Raises:
            LeaseLost: another server owns the store now.
            sqlite3.Error: the store cannot be written.
        """
        self.db.execute("BEGIN IMMEDIATE")
        try:
            if self._lease is not None:
                self._lease.check(self.db)
            yield self.db
            self.db.execute("COMMIT")
        except BaseException:
            if self.db.in_transaction:  # SQLite rolls back some failed ones itself
                self.db.execute("ROLLBACK")
            raise

    def beat(self) -> None:
        """Renew the lease.

        Raises:
            LeaseLost: another server owns the store now.
            sqlite3.Error: it cannot be written.
        """
        if self._lease is not None:
            self._lease.beat(self.db)

    def is_displaced(self) -> bool:
        """Return whether what is written would not be found at the path any more.

        SQLite does not notice if its files are deleted, moved or replaced: it goes on with the
        files that it has opened. If other files are at the path, the lease is renewed and the log
        is written to the database, to see whether that arrives there.

        Raises:
            LeaseLost: another server owns the store now.
        """
        if self._lease is None:
            return False
        found = self._found()
        if found == self._identities:
            return False
        if found[0] == self._identities[0] or not self._is_seen(self._lease):
            return True
        self._identities = found  # some file systems number their files anew
        return False

    def _found(self) -> list[tuple[int, int] | None]:
        """The identities of the files that are at the path now."""
        suffixes = ("", *LOGS) if self.writes_ahead else ("",)
        return [_identity(f"{self.path}{suffix}") for suffix in suffixes]

    def _is_seen(self, lease: Lease) -> bool:
        """Return whether what this connection writes gets into the file at the path."""
        query = "SELECT number, beat FROM collaboration_lease"
        try:
            lease.beat(self.db)
            if self.writes_ahead:
                self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            with _reading(self.path) as db:
                seen = db.execute(query).fetchone()
            return bool(seen == self.db.execute(query).fetchone())
        except sqlite3.Error:
            return False

    @property
    def is_at_its_path(self) -> bool:
        """Whether the database that this connection has opened is the one at the path."""
        return self._lease is None or _identity(self.path) == self._identities[0]

    def written_again(self, log: Logger) -> StoreFile:
        """Write this displaced store to its path again, and return the new one.

        A file that has replaced it is renamed. The caller closes the connection of this one.

        Raises:
            LeaseLost: another server uses what is at the path now.
            sqlite3.Error, OSError: the store cannot be written now; this one goes on, and can be
                written again later.
        """
        path, lease = Path(self.path), self._lease
        assert lease is not None
        lease.lock_again()
        with suppress(sqlite3.Error), _reading(self.path) as other:
            if lease.is_taken(other):
                raise LeaseLost("another server is now using the history at this path")
        copy = path.with_name(f"{path.name}{COPY}{uuid4().hex[:8]}")
        try:
            _touch(copy)
            self._copy_to(copy)
            kept = self._set_others_aside()
            copy.replace(path)
        except BaseException:
            copy.unlink(missing_ok=True)
            raise
        # If this fails, the whole copy stays at the path, and is replaced by the next one.
        self._copy = _identity(self.path)
        for suffix in SUFFIXES[1:]:
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        number = lease.number
        try:
            db, ahead = _connection(path, lease)
        except BaseException:
            lease.number = number
            raise
        log.error(
            "The history in %s was deleted, moved or replaced while it was in use. It was written"
            " again, with everything that was in it.%s",
            path,
            f" What was at its place was renamed to {kept}." if kept else "",
        )
        return StoreFile(self.path, db, ahead, lease, self.is_private)

    def _copy_to(self, path: Path) -> None:
        (pages,) = self.db.execute("PRAGMA page_count").fetchone()
        (size,) = self.db.execute("PRAGMA page_size").fetchone()
        if shutil.disk_usage(path.parent).free < pages * size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        with closing(sqlite3.connect(str(path))) as copy:
            self.db.backup(copy)

    def _set_others_aside(self) -> str:
        """Rename files at the path that are not ours; return their path now, or an empty text.

        Our own log stays until the copy is there, which contains everything that is in the log.
        """
        path = Path(self.path)
        ours = dict(zip(LOGS, self._identities[1:], strict=False))
        others = [
            suffix
            for suffix in SUFFIXES[1:]
            if _identity(f"{path}{suffix}") != ours.get(suffix) and _size(f"{path}{suffix}")
        ]
        is_ours = _identity(self.path) in (self._identities[0], self._copy)
        return set_aside(path, others if is_ours else ["", *others])

    def close(self) -> None:
        """Close the connection, and release the lease."""
        try:
            if self._lease is not None:
                with suppress(sqlite3.Error):
                    self._lease.release(self.db)
        finally:
            self.db.close()
            if self._lease is not None:
                self._lease.unlock()


def open_store(path: str, log: Logger) -> StoreFile:
    """Open the store, or a private one if another server owns it or its schema is newer.

    Raises:
        sqlite3.Error, OSError: no store can be used.
    """
    if path == MEMORY:
        db, ahead = connected(path)
        migrate(db)
        return StoreFile(path, db, ahead, None, False)
    try:
        return _opened(Path(path), log, private=False)
    except LeaseTaken:
        reason = "is in use by another server"
    except NewerSchema as error:
        reason = f"was written by a newer version of this extension ({error})"
    except PermissionError:
        reason = "belongs to another user"
    found = open_private(path, log)
    log.error(
        "The history in %s %s. This server uses a private history in %s: it does not show earlier"
        " versions, and other servers do not show the versions made here. Documents and files are"
        " shared as usual.",
        path,
        reason,
        Path(found.path).name,
    )
    return found


def open_private(path: str, log: Logger) -> StoreFile:
    """Open a private store next to another store: an unused one, or a new one.

    Raises:
        sqlite3.Error, OSError: no store can be used.
    """
    for old in private_paths(path):
        with suppress(LeaseTaken, NewerSchema, OSError, sqlite3.Error):
            return _opened(old, log, private=True)
    return _opened(Path(f"{path}{PRIVATE}{uuid4().hex[:8]}"), log, private=True)


def open_existing(path: Path, log: Logger) -> StoreFile:
    """Open the private store of another server.

    Raises:
        LeaseTaken: that server still uses it.
        NewerSchema: a newer version of this extension wrote it.
        sqlite3.Error, OSError: the store cannot be used.
    """
    return _opened(path, log, private=True)


def private_paths(path: str) -> list[Path]:
    """Return the paths of this user's private stores next to a store."""
    main = Path(path)
    start = main.name + PRIVATE
    found = []
    with suppress(OSError):
        for entry in os.scandir(main.parent):
            name = entry.name.removeprefix(start)
            if name != entry.name and name.isalnum() and _is_ours(entry):
                found.append(Path(entry.path))
    return sorted(found)


def _is_ours(entry: os.DirEntry[str]) -> bool:
    """Return whether a file belongs to this user: others must not add edits to our documents."""
    found = entry.stat(follow_symlinks=False)
    is_file = entry.is_file(follow_symlinks=False)
    return is_file and (not hasattr(os, "geteuid") or found.st_uid == os.geteuid())


def _opened(path: Path, log: Logger, *, private: bool) -> StoreFile:
    lease = Lease(path)
    lease.lock()
    try:
        for left in path.parent.glob(f"{glob.escape(path.name)}{COPY}*"):
            left.unlink(missing_ok=True)  # by a server that was killed
        _touch(path)
        try:
            db, ahead = _connection(path, lease)
        except sqlite3.OperationalError as error:  # the file itself is fine
            if "locked" in str(error):
                raise LeaseTaken from error  # by a server that was paused while it wrote
            raise  # read-only or full
        except sqlite3.DatabaseError as error:
            log.error(
                "The history in %s cannot be read (%s). It was renamed to %s; starting a new one.",
                path,
                error,
                set_aside(path),
            )
            _touch(path)
            db, ahead = _connection(path, lease)
    except BaseException:
        lease.unlock()
        raise
    if not ahead:
        log.warning(
            "%s is on a file system without shared memory, such as a network file system: "
            "its history is written without a write-ahead log, which is slower.",
            path,
        )
    return StoreFile(str(path), db, ahead, lease, private)


def _touch(path: Path) -> None:
    """Create the file with the right permissions, which SQLite also uses for its journals."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)


def _connection(path: Path, lease: Lease) -> tuple[sqlite3.Connection, bool]:
    """Open a database, take its lease, and migrate it.

    Raises:
        LeaseTaken: another server owns it.
        NewerSchema: its schema is newer; it is not changed.
        sqlite3.DatabaseError: it is damaged.
    """
    _check_version(path)
    db, ahead = connected(str(path))
    try:
        if path.stat().st_size <= MAX_CHECKED:
            (result,) = db.execute("PRAGMA quick_check(1)").fetchone()
            if result != "ok":
                raise sqlite3.DatabaseError(result)
        lease.take(db)
        migrate(db)
    except BaseException:
        db.close()
        raise
    return db, ahead


def _check_version(path: Path) -> None:
    """Refuse a database of a newer version, before even its journal mode is changed.

    Raises:
        NewerSchema: the schema is newer.
    """
    if path.stat().st_size == 0:
        return
    db = sqlite3.connect(str(path), timeout=1)
    try:
        version_of(db)
    finally:
        db.close()


def set_aside(path: Path, suffixes: Sequence[str] = SUFFIXES) -> str:
    """Rename a database, so that its data is not lost.

    Returns:
        Its path now; empty if there was none.
    """
    aside = f"{path}.set-aside-{time.strftime('%Y%m%d-%H%M%S')}-{uuid4().hex[:6]}"
    found = [suffix for suffix in suffixes if Path(f"{path}{suffix}").exists()]
    for suffix in found:
        Path(f"{path}{suffix}").rename(aside + suffix)
    return aside if found else ""


def _identity(path: str) -> tuple[int, int] | None:
    """The device and the number of a file; None if there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _size(path: str) -> int:
    """The size of a file in bytes; 0 if there is none."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


@contextmanager
def _reading(path: str) -> Iterator[sqlite3.Connection]:
    """A new connection that reads a database, without its write-ahead log.

    It leaves the log's index as it is, which a displaced store may still use.
    """
    uri = f"{Path(path).resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        yield db
