"""Decides when a document is saved: soon after the last edit, and regularly during long edits.

Responsible for timing, retries, and for whether the document is saved; writing the file belongs to
the callback.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Awaitable, Callable

import anyio
from anyio import TASK_STATUS_IGNORED, CancelScope, Event, Lock
from anyio.abc import TaskStatus

from ..errors import SaveFailed
from .save_state import (
    Failed,
    Saved,
    SaveState,
    Saving,
    Unsaved,
    check_transition,
    unsaved_since,
)

FIRST_RETRY = 1.0
LAST_RETRY = 15.0
"""First and longest time between a failed save and the next attempt, in seconds; it doubles."""

EDIT_GROUP = 0.2
"""Seconds within which edits count as one, so that few of their times are remembered."""


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
        self._is_held = False
        self._hold_changed = Event()
        self._state: SaveState = Saved()
        self._version = 0
        self._settled = 0
        self._last_edit = -math.inf
        self._unsettled: deque[tuple[int, float]] = deque()

    @property
    def state(self) -> SaveState:
        """Whether the document is saved."""
        return self._state

    def _become(self, state: SaveState) -> None:
        check_transition(self._state, state)
        self._state = state

    @property
    def pending(self) -> bool:
        """Whether there are unsaved changes, including those being written now."""
        return unsaved_since(self._state) is not None

    @property
    def is_saving(self) -> bool:
        """Whether a save is in progress."""
        return self._lock.locked()

    @property
    def is_held(self) -> bool:
        """Whether only `save_now` saves, since nobody in the document wants automatic saves."""
        return self._is_held

    def hold(self, is_held: bool) -> None:
        """Stop or resume automatic saves; unsaved changes stay pending."""
        self._is_held = is_held
        self._hold_changed.set()
        self._hold_changed = Event()

    def mark(self) -> int:
        """Return the current version of the document, for `settle`."""
        return self._version

    def settle(self, version: int) -> None:
        """Count changes up to a version as saved; later ones are still pending."""
        self._settled = max(self._settled, version)
        while self._unsettled and self._unsettled[0][0] <= self._settled:
            self._unsettled.popleft()
        self._become(Unsaved(self._unsettled[0][1]) if self._unsettled else Saved())

    def changed(self) -> None:
        """Record that the document changed."""
        self._version += 1
        now = self._last_edit = anyio.current_time()
        if self._unsettled and now - self._unsettled[-1][1] < EDIT_GROUP:
            now = self._unsettled.pop()[1]
        self._unsettled.append((self._version, now))
        if isinstance(self._state, Saved):
            self._become(Unsaved(now))
        elif isinstance(self._state, Failed) and self._state.since is None:
            self._become(Failed(self._state.error, now))
        self._woken.set()

    def fail(self, error: SaveFailed) -> None:
        """Record that the document cannot be saved."""
        self._become(Failed(error, unsaved_since(self._state)))

    def recover(self) -> None:
        """Record that the document can be saved again."""
        if isinstance(self._state, Failed):
            since = self._state.since
            self._become(Saved() if since is None else Unsaved(since))

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
                if (since := unsaved_since(self._state)) is not None:
                    self._become(Saving(since))
                try:
                    wrote = await (write or self._write)()
                except BaseException:
                    since = unsaved_since(self._state)
                    self._become(Unsaved(anyio.current_time() if since is None else since))
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
            if not self.pending or self._is_held:
                continue
            try:
                await self.save_now()
                retry = 0.0
            except SaveFailed as error:
                retry = min(LAST_RETRY, 2 * retry) if retry else FIRST_RETRY
                self._failed(error)

    async def _quiet(self) -> None:
        """Wait for ``delay`` seconds without changes, but at most ``max_delay`` seconds.

        While automatic saves are held, this time does not end.
        """
        while (since := unsaved_since(self._state)) is not None:
            now = anyio.current_time()
            rest = min(self._last_edit + self._delay, since + self._max_delay) - now
            if self._is_held:
                rest = math.inf
            if rest <= 0:
                return
            with anyio.move_on_after(rest):
                await self._hold_changed.wait()
