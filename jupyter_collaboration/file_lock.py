"""Operating-system locks on files, which are released when their process ends.

What a lock protects is up to the caller. This module never writes to a lock file; callers may
store data in it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path

if sys.platform == "win32":  # pragma: no cover
    import msvcrt
else:
    import fcntl

HELD_ELSEWHERE = frozenset({errno.EAGAIN, errno.EACCES, errno.EWOULDBLOCK, errno.EDEADLK})
"""Error numbers if another process holds the lock."""


class LocksUnsupported(OSError):
    """The file system does not support locks, as is the case for some network file systems."""


class FileLock:
    """An exclusive lock on a file, which is created if it does not exist.

    Args:
        path: the lock file.
        mode: the permissions of a new lock file.
    """

    def __init__(self, path: Path, mode: int = 0o600) -> None:
        self.path = path
        self._mode = mode
        self._fd: int | None = None

    @property
    def fd(self) -> int:
        """The file descriptor of the lock file; only valid while the lock is held."""
        assert self._fd is not None
        return self._fd

    @property
    def is_displaced(self) -> bool:
        """Whether the lock is held, but others would open another file, or none, at its path."""
        return self._fd is not None and not self._is_at_its_path(self._fd)

    def acquire(self) -> bool:
        """Acquire the lock without waiting.

        Returns:
            Whether the lock is held now.

        Raises:
            LocksUnsupported: the file system does not support locks.
            OSError: the lock file cannot be opened.
        """
        while True:
            fd = self._opened()
            try:
                if not try_lock(fd):
                    os.close(fd)
                    return False
            except BaseException:
                os.close(fd)
                raise
            if self._is_at_its_path(fd):
                self._fd = fd
                return True
            os.close(fd)  # the file was removed between opening and locking it

    def release(self) -> None:
        """Release the lock, if it is held."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _opened(self) -> int:
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT, self._mode)
        with contextlib.suppress(OSError):  # another user's file
            os.chmod(self.path, self._mode)
        return fd

    def _is_at_its_path(self, fd: int) -> bool:
        try:
            return os.path.samestat(os.fstat(fd), os.stat(self.path))
        except FileNotFoundError:
            return False


def try_lock(fd: int) -> bool:
    """Lock an open file until it is closed, unless another process holds the lock.

    Raises:
        LocksUnsupported: the file system does not support locks.
    """
    try:
        if sys.platform == "win32":  # pragma: no cover
            os.lseek(fd, 2**30, os.SEEK_SET)  # a byte beyond any data
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in HELD_ELSEWHERE:
            return False
        raise LocksUnsupported(
            error.errno, f"the file system does not support locks: {error}"
        ) from error
    return True
