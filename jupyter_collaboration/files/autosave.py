"""Decides when a document is saved: soon after the last edit, and regularly during long edits.

Responsible for timing and retries; writing the file belongs to the callback.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable

import anyio
from anyio import TASK_STATUS_IGNORED, CancelScope, Event, Lock
from anyio.abc import TaskStatus

from ..errors import SaveFailed

FIRST_RETRY = 1.0
LAST_RETRY = 15.0
"""First and longest time between a failed save and the next attempt, in seconds; it doubles."""


class Autosave:
    """Saves after ``delay`` seconds without changes, one write at a time.

    Args:
        write: writes the document, and returns whether anything had to be written.
        delay: seconds without changes before a save; None saves only on `save_now`.
        max_delay: most seconds from the first unsaved change to a save, even if changes
            continue. [F10]
        failed: called with each error of an automatic save.
    """

    def __init__(
        self,
        write: Callable[[], Awaitable[bool]],
        *,
        delay: float | None,
        max_delay: float,
        failed: Callable[[SaveFailed], None],
    ) -> None:
        self._write = write
        self._delay = math.inf if delay is None else delay
        self._max_delay = math.inf if delay is None else max_delay
        self._failed = failed
        self._lock = Lock()
        self._woken = Event()
        self._first = math.inf
        self._later = math.inf
        self._last = -math.inf
        self._version = 0

    @property
    def pending(self) -> bool:
        """Whether there are unsaved changes, including those being written now."""
        return self._first < math.inf

    @property
    def is_saving(self) -> bool:
        """Whether a save is in progress."""
        return self._lock.locked()

    def mark(self) -> int:
        """Record the current version of the document, for `settle`."""
        self._later = math.inf
        return self._version

    def settle(self, version: int) -> None:
        """Count changes up to the last mark as saved; later ones are still pending."""
        self._first = math.inf if self._version == version else self._later

    def changed(self) -> None:
        """Record that the document changed."""
        self._version += 1
        self._last = anyio.current_time()
        self._first = min(self._first, self._last)
        self._later = min(self._later, self._last)
        self._woken.set()

    async def save_now(self, write: Callable[[], Awaitable[bool]] | None = None) -> bool:
        """Save immediately, after a write in progress has finished. [F1]

        Args:
            write: replaces the `write` callback for this save.

        Returns:
            Whether anything was written.

        Raises:
            SaveFailed: nothing was written; the changes are still pending.
        """
        async with self._lock:
            with CancelScope(shield=True):
                version = self.mark()
                try:
                    wrote = await (write or self._write)()
                except SaveFailed:
                    self._first = min(self._first, anyio.current_time())
                    self._woken.set()
                    raise
                self.settle(version)
        return wrote

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Save until cancelled; a write in progress always finishes."""
        task_status.started()
        retry = 0.0
        while True:
            if not self.pending:
                self._woken = Event()
                await self._woken.wait()
            await self._quiet()
            if retry:
                await anyio.sleep(retry)
            if not self.pending:
                continue
            try:
                await self.save_now()
                retry = 0.0
            except SaveFailed as error:
                retry = min(LAST_RETRY, 2 * retry) if retry else FIRST_RETRY
                self._failed(error)

    async def _quiet(self) -> None:
        """Wait for ``delay`` seconds without changes, but at most ``max_delay`` seconds."""
        while self.pending:
            now = anyio.current_time()
            rest = min(self._last + self._delay, self._first + self._max_delay) - now
            if rest <= 0:
                return
            await anyio.sleep(rest)
