"""The lease of a store, which gives one server the right to write it.

The owner holds an operating-system lock on a file next to the store *and* a row in the store that
it renews. The lock alone does not suffice: network file systems may grant it on two hosts at once,
or not support it. The row alone does not suffice either: after a crash, the store could not be
used before the row has expired. Called in the store's thread only. [H7]
"""

from __future__ import annotations

import os
import socket
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ...errors import HistoryUnavailable
from ...file_lock import FileLock, LocksUnsupported
from .schema import created

LEASE_SECONDS = 30.0
"""Seconds without a heartbeat after which another server may take a lease."""

HEARTBEATS = 3
"""Number of heartbeats in that time."""


class LeaseLost(HistoryUnavailable):
    """Another server took over this store, so that it must not be written any more."""


class LeaseTaken(Exception):
    """Another server holds the lease."""


@dataclass(frozen=True)
class Owner:
    """The identity of a process, by which others can check whether it is still running.

    Attributes:
        host: the machine since its last boot, and its process namespace: only there is a process
            id meaningful.
        pid: the process id.
        start: the start time of the process, since process ids are reused.
    """

    host: str
    pid: int
    start: str

    @classmethod
    def this(cls) -> Owner:
        """Return the identity of this process."""
        return cls(_host(), os.getpid(), _start_of(os.getpid()))

    @classmethod
    def read(cls, text: str) -> Owner | None:
        """Parse the result of `str`; return None for an empty or unknown text."""
        host, _, rest = text.partition("|")
        pid, _, start = rest.partition("|")
        return cls(host, int(pid), start) if pid.isdigit() else None

    def __str__(self) -> str:
        return f"{self.host}|{self.pid}|{self.start}"

    @property
    def is_dead(self) -> bool:
        """Return whether the process is known to have ended; False if that cannot be known."""
        if self.host != _host():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False  # the process of another user
        return _start_of(self.pid) != self.start


class Lease:
    """The right to write one store.

    Args:
        path: the store's file.
        now: returns the time, in seconds since the epoch.
    """

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self.number = 0
        self._path = path
        self._lock = FileLock(path.with_name(path.name + ".lock"))
        self._owner = Owner.this()
        self._now = now

    def lock(self) -> None:
        """Acquire the lock file, before the store is opened.

        Raises:
            LeaseTaken: another process holds the lock.
            OSError: the lock file cannot be created.
        """
        try:
            if not self._lock.acquire():
                raise LeaseTaken
        except LocksUnsupported:
            pass  # the row has to suffice

    def lock_again(self) -> None:
        """Acquire the lock file that is at its path now, if it was deleted or replaced.

        Raises:
            LeaseLost: another process holds that lock.
            OSError: the lock file cannot be created.
        """
        if self._lock.is_displaced:
            lock = FileLock(self._lock.path)
            if not lock.acquire():
                raise LeaseLost("another server began a new history at the same place")
            self._lock.release()
            self._lock = lock

    def is_taken(self, db: sqlite3.Connection) -> bool:
        """Return whether another server that is alive owns a store, by its row alone.

        Raises:
            sqlite3.Error: the store cannot be read.
        """
        row = db.execute("SELECT owner, beat FROM collaboration_lease").fetchone()
        return row is not None and self._is_alive(*row)

    def take(self, db: sqlite3.Connection) -> None:
        """Record this process as the owner.

        Raises:
            LeaseTaken: another server is alive, although it does not hold the lock.
            sqlite3.Error: the store cannot be written.
        """
        db.execute("BEGIN IMMEDIATE")
        try:
            db.execute(created("collaboration_lease"))
            inode = self._path.stat().st_ino
            query = "SELECT number, owner, beat, inode FROM collaboration_lease"
            number, owner, beat, of = db.execute(query).fetchone() or (0, "", 0.0, inode)
            # If the store was copied while in use, the copy does not inherit the lease.
            if of == inode and self._is_alive(owner, beat):
                raise LeaseTaken
            db.execute(
                "INSERT OR REPLACE INTO collaboration_lease (id, number, owner, beat, inode)"
                " VALUES (1, ?, ?, ?, ?)",
                (number + 1, str(self._owner), self._now(), inode),
            )
            db.execute("COMMIT")
            self.number = number + 1
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def _is_alive(self, owner: str, beat: float) -> bool:
        known = Owner.read(owner)
        if known is None or known == self._owner or known.is_dead:
            return False
        return abs(self._now() - beat) < LEASE_SECONDS  # clocks of hosts may differ

    def check(self, db: sqlite3.Connection) -> None:
        """Check that this process still owns the lease, within a write transaction.

        Raises:
            LeaseLost: it does not.
        """
        row = db.execute("SELECT number FROM collaboration_lease").fetchone()
        if row is None or row[0] != self.number:
            raise LeaseLost("another server took over the history while this one was paused")

    def beat(self, db: sqlite3.Connection) -> None:
        """Renew the lease.

        Raises:
            LeaseLost: another server owns it now.
            sqlite3.Error: the store cannot be written now.
        """
        changed = db.execute(
            "UPDATE collaboration_lease SET beat = ? WHERE number = ?", (self._now(), self.number)
        )
        if changed.rowcount == 0:
            self.check(db)

    def release(self, db: sqlite3.Connection) -> None:
        """Clear the owner in the store; the lock is still held.

        Raises:
            sqlite3.Error: the store cannot be written.
        """
        db.execute("UPDATE collaboration_lease SET owner = '' WHERE number = ?", (self.number,))

    def unlock(self) -> None:
        """Release the lock file."""
        self._lock.release()


def _host() -> str:
    """Return an id of the machine since its last boot, and of the process namespace."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    with suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))
    return "/".join(parts).replace("|", "")


def _start_of(pid: int) -> str:
    """Return the start time of a process; empty if the system does not provide it."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
