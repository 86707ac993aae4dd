"""When a document is saved: soon after it is quiet, and in time while it is not.

Knows clocks; knows nothing of files and documents.
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
"""Seconds from a failed save to the next try: doubled each time, up to the last."""


class Autosave:
    """Saves after ``delay`` quiet seconds, one write at a time.

    Args:
        write: writes the document; True if it wrote, False if nothing had to be written.
        delay: quiet seconds before a save; None leaves saving to `save_now`.
        max_delay: seconds from the first unsaved change to a save, however busy it is. [F10]
        failed: told each error of a save that nobody waits for.
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
        """Whether something changed that the file does not hold, also while it is written."""
        return self._first < math.inf

    @property
    def is_saving(self) -> bool:
        """Whether a save is under way."""
        return self._lock.locked()

    def mark(self) -> int:
        """The version of the document as it is now, for `settle`."""
        self._later = math.inf
        return self._version

    def settle(self, version: int) -> None:
        """The file holds the document as of the last mark: what came later is pending."""
        self._first = math.inf if self._version == version else self._later

    def changed(self) -> None:
        """The document changed."""
        self._version += 1
        self._last = anyio.current_time()
        self._first = min(self._first, self._last)
        self._later = min(self._later, self._last)
        self._woken.set()

    async def save_now(self, write: Callable[[], Awaitable[bool]] | None = None) -> bool:
        """Save without waiting for quiet; what is being written is finished first. [F1]

        Args:
            write: writes the document this time.

        Returns:
            Whether something was written.

        Raises:
            SaveFailed: nothing was written; the document is still to be saved.
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
        """Save until cancelled; a write under way always finishes."""
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
        """Wait until nothing changed for a while, or the first change is old enough."""
        while self.pending:
            now = anyio.current_time()
            rest = min(self._last + self._delay, self._first + self._max_delay) - now
            if rest <= 0:
                return
            await anyio.sleep(rest)
