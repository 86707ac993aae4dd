"""Which server may write a store: the one that holds its lease.

The owner holds an operating-system lock on a file beside the store *and* a row in it that it
renews. The lock alone would not do: on network file systems it may be granted on two hosts at
once, or not exist. The row alone would not do either: after a crash nobody could take the store
before the row expired. Called in the store's own thread only. [H7]
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
"""Heartbeats in that time."""


class LeaseLost(HistoryUnavailable):
    """Another server took this store over: nothing may be written to it any more."""


class LeaseTaken(Exception):
    """Another server holds the lease."""


@dataclass(frozen=True)
class Owner:
    """A process, named so that another one can tell whether it is still there.

    Attributes:
        host: the machine since its last start, and the process namespace on it: only there does
            a process number mean anything.
        pid: the process number.
        start: when the process began, since numbers are given again.
    """

    host: str
    pid: int
    start: str

    @classmethod
    def this(cls) -> Owner:
        """The running process."""
        return cls(_host(), os.getpid(), _start_of(os.getpid()))

    @classmethod
    def read(cls, text: str) -> Owner | None:
        """What `str` wrote; None for an empty or unknown text."""
        host, _, rest = text.partition("|")
        pid, _, start = rest.partition("|")
        return cls(host, int(pid), start) if pid.isdigit() else None

    def __str__(self) -> str:
        return f"{self.host}|{self.pid}|{self.start}"

    @property
    def is_dead(self) -> bool:
        """Whether the process is known to be gone; False where that cannot be known."""
        if self.host != _host():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False  # another user's
        return _start_of(self.pid) != self.start


class Lease:
    """The right to write one store.

    Args:
        path: the store's file.
        now: seconds since the epoch.
    """

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        self.number = 0
        self._path = path
        self._lock = FileLock(path.with_name(path.name + ".lock"))
        self._owner = Owner.this()
        self._now = now

    def lock(self) -> None:
        """Take the lock beside the store; before the store is opened.

        Raises:
            LeaseTaken: another process holds it.
            OSError: there may be no lock file here.
        """
        try:
            if not self._lock.acquire():
                raise LeaseTaken
        except LocksUnsupported:
            pass  # the row alone decides

    def take(self, db: sqlite3.Connection) -> None:
        """Enter this process as the owner.

        Raises:
            LeaseTaken: another server is alive, although it holds no lock.
            sqlite3.Error: the store cannot be written.
        """
        db.execute("BEGIN IMMEDIATE")
        try:
            db.execute(created("collaboration_lease"))
            inode = self._path.stat().st_ino
            query = "SELECT number, owner, beat, inode FROM collaboration_lease"
            number, owner, beat, of = db.execute(query).fetchone() or (0, "", 0.0, inode)
            # The lease of a file that was copied while in use is not the copy's.
            if of == inode and self._is_alive(owner, beat):
                raise LeaseTaken
            self.number = number + 1
            db.execute(
                "INSERT OR REPLACE INTO collaboration_lease (id, number, owner, beat, inode)"
                " VALUES (1, ?, ?, ?, ?)",
                (self.number, str(self._owner), self._now(), inode),
            )
            db.execute("COMMIT")
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
        """Make sure that the lease is still ours; within a write transaction.

        Raises:
            LeaseLost: it is not.
        """
        row = db.execute("SELECT number FROM collaboration_lease").fetchone()
        if row is None or row[0] != self.number:
            raise LeaseLost("another server took over the history while this one was paused")

    def beat(self, db: sqlite3.Connection) -> None:
        """Renew the lease.

        Raises:
            LeaseLost: another server took it.
            sqlite3.Error: the store cannot be written now.
        """
        changed = db.execute(
            "UPDATE collaboration_lease SET beat = ? WHERE number = ?", (self._now(), self.number)
        )
        if changed.rowcount == 0:
            self.check(db)

    def release(self, db: sqlite3.Connection) -> None:
        """Tell others that this process is done with the store; the lock is kept.

        Raises:
            sqlite3.Error: the store cannot be written.
        """
        db.execute("UPDATE collaboration_lease SET owner = '' WHERE number = ?", (self.number,))

    def unlock(self) -> None:
        """Give the lock beside the store back."""
        self._lock.release()


def _host() -> str:
    """The machine since its last start, and the process namespace."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip())
    with suppress(OSError):
        parts.append(os.readlink("/proc/self/ns/pid"))
    return "/".join(parts).replace("|", "")


def _start_of(pid: int) -> str:
    """When a process began, as far as the system says; empty where it does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
