"""Servers on one folder write each file in turn, and know each other's writes. [F4]

Whoever writes looks at the file first, under a lock that all servers use, and leaves a note of
what it wrote in the lock file. So a change that is in the note was made by a server that had merged
our last save before: it is never a stale copy of an older one.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from logging import Logger
from pathlib import Path

import anyio
from anyio.to_thread import run_sync

from ..file_lock import FileLock, LocksUnsupported

TURN_TIMEOUT = 5.0
"""Seconds to wait for another server, which may be paused in the middle of its turn."""

FIRST_WAIT = 0.005
LONGEST_WAIT = 0.1
"""Seconds between two attempts, doubled each time."""

MAX_NOTED = 50
"""Hashes of the last writes that are kept for each file."""


class Turns:
    """The turns of all files.

    Args:
        folder: where the locks are; None for a server that shares its files with no other one.
    """

    def __init__(self, folder: Path | None, log: Logger) -> None:
        self._folder = folder
        self._log = log

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Write a file in this block: no other server does meanwhile, unless it hangs.

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
                    self._log.warning("%s: another server does not finish writing it", name)
                    return None
                await anyio.sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT)
        except LocksUnsupported:
            return None  # looking right before writing is all that can be done
        except OSError as error:
            self._log.debug("%s is written without a lock: %s", name, error)
            return None

    def _path(self, name: str) -> Path:
        assert self._folder is not None
        digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()
        return self._folder / digest[:32]

    async def note(self, name: str, file_hash: str) -> None:
        """Tell the other servers what was written in this turn."""
        if self._folder is not None and file_hash:
            await run_sync(_add, self._path(name), file_hash)

    async def is_noted(self, name: str, file_hash: str) -> bool:
        """Whether a server wrote this into the file."""
        return self._folder is not None and file_hash in await run_sync(_read, self._path(name))


def _try(path: Path) -> FileLock | None:
    """The lock, or None if another server has it.

    Raises:
        OSError: there can be no lock.
    """
    shared = path.parent.parent.stat().st_mode & 0o777  # who may write beside it may lock
    if not path.parent.is_dir():
        path.parent.mkdir(exist_ok=True)
        path.parent.chmod(shared)
    lock = FileLock(path, shared & 0o666)
    return lock if lock.acquire() else None


def _read(path: Path) -> list[str]:
    """The hashes in a note; half a line, which somebody is writing, is none."""
    try:
        return path.read_text(errors="replace").split("\n")[:-1]
    except OSError:
        return []


def _add(path: Path, file_hash: str) -> None:
    """Put a hash into the note; a note that cannot be written is left as it is.

    It is written in place, since the lock is on this file; whoever writes has the lock.
    """
    noted = [each for each in _read(path) if each != file_hash][1 - MAX_NOTED :]
    with suppress(OSError):
        path.write_text("".join(f"{each}\n" for each in [*noted, file_hash]))
