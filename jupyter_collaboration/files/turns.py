"""Coordinates servers on the same folder: they write each file in turn. [F4]

A server checks and writes a file while it holds a lock that all servers use, and records the hash
of what it wrote in the lock file. A recorded change was therefore made by a server that had merged
our last save: it is never a modified copy of an older save.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from logging import Logger
from pathlib import Path

import anyio

from ..file_lock import FileLock, LocksUnsupported
from ..threads import run_sync

TURN_TIMEOUT = 5.0
"""Seconds to wait for another server, which may be suspended during its turn."""

FIRST_WAIT = 0.005
LONGEST_WAIT = 0.1
"""Longest time between two attempts, in seconds; the time is doubled after each one."""

MAX_NOTED = 50
"""How many hashes of recent writes are recorded for each file."""


class Turns:
    """The turns of all files.

    Args:
        folder: the folder of the lock files; None if no other server shares the files.
    """

    def __init__(self, folder: Path | None, log: Logger) -> None:
        self._folder = folder
        self._log = log

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Write a file in this block, while other servers wait, unless one of them hangs.

        Args:
            name: of the file, the same on all servers.
        """
        lock = await self._acquired(name)
        try:
            yield
        finally:
            if lock is not None:
                lock.release()

    async def _acquired(self, name: str) -> FileLock | None:
        if self._folder is None:
            return None
        wait, deadline = FIRST_WAIT, anyio.current_time() + TURN_TIMEOUT
        try:
            while True:
                lock = await run_sync(_try, self._path(name))
                if lock is not None:
                    return lock
                if anyio.current_time() > deadline:
                    self._log.warning(
                        "%s: timed out waiting for another server to write the file", name
                    )
                    return None
                await anyio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT)
        except LocksUnsupported:
            return None  # the check right before writing has to suffice
        except OSError as error:
            self._log.debug("Writing %s without a lock: %s", name, error)
            return None

    def _path(self, name: str) -> Path:
        assert self._folder is not None
        digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()
        return self._folder / digest[:32]

    async def note(self, name: str, file_hash: str) -> None:
        """Record what was written in this turn for the other servers."""
        if self._folder is not None and file_hash:
            await run_sync(_add, self._path(name), file_hash)

    async def is_noted(self, name: str, file_hash: str) -> bool:
        """Return whether a server recorded this hash as its write."""
        return self._folder is not None and file_hash in await run_sync(_read, self._path(name))


def _try(path: Path) -> FileLock | None:
    """Return the acquired lock, or None if another server holds it.

    Raises:
        OSError: locks are not available.
    """
    shared = path.parent.parent.stat().st_mode & 0o777  # as for the folder
    if not path.parent.is_dir():
        path.parent.mkdir(exist_ok=True)
        path.parent.chmod(shared)
    lock = FileLock(path, shared & 0o666)
    return lock if lock.acquire() else None


def _read(path: Path) -> list[str]:
    """Return the recorded hashes, without an incomplete line that is being written."""
    try:
        return path.read_text(errors="replace").split("\n")[:-1]
    except OSError:
        return []


def _add(path: Path, file_hash: str) -> None:
    """Record a hash; a record that cannot be written is left unchanged.

    The file is written in place, since it is the locked file itself.
    """
    noted = [each for each in _read(path) if each != file_hash][1 - MAX_NOTED :]
    with suppress(OSError):
        path.write_text("".join(f"{each}\n" for each in [*noted, file_hash]))
