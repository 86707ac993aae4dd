"""Polls the files of open documents for possible changes.

Responsible for cheap checks of file system metadata. Whether the content did change is for the
synchronizer to find out. [F11]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import anyio
from anyio import TASK_STATUS_IGNORED, Event
from anyio.abc import TaskStatus

from ..errors import must_propagate
from ..threads import run_sync

Signature = tuple[int, ...]

TRUST_TIME = 2.5
"""Seconds that a signature must stay unchanged before it is trusted. File systems may record times
in whole seconds, so that two writes within one second have the same signature."""


class Watched:
    """One watched file."""

    def __init__(
        self, signature: Callable[[], Signature | None], known: Signature | None = None
    ) -> None:
        self._signature = signature
        self._last = known
        self._since = -float("inf")
        self._news = Event()

    async def changed(self) -> None:
        """Wait until the file may have changed."""
        await self._news.wait()
        self._news = Event()

    def look_again(self) -> None:
        """Treat the file as changed at the next check."""
        self._last = None

    def peek(self) -> Signature | None:
        """Return the current signature of the file; None if it has none, or finding it failed."""
        try:
            return self._signature()
        except BaseException as error:  # one file must not end the watch of all others
            if must_propagate(error):
                raise
            return None

    def note(self, signature: Signature | None, now: float) -> None:
        """Record a signature of the file."""
        if signature is None or signature != self._last:
            self._last, self._since = signature, now
        if now - self._since <= TRUST_TIME:
            self._news.set()


class FileWatch:
    """Polls all watched files.

    Args:
        interval: seconds between two checks.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._files: set[Watched] = set()

    @contextmanager
    def watching(
        self, signature: Callable[[], Signature | None], known: Signature | None = None
    ) -> Iterator[Watched]:
        """Watch a file in this block.

        Args:
            signature: returns the file system metadata of the file; called in a thread. If it
                returns None, the file counts as possibly changed at each check.
            known: the signature of what is known of the file, if it can be trusted.
        """
        watched = Watched(signature, known)
        self._files.add(watched)
        try:
            yield watched
        finally:
            self._files.discard(watched)

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Poll until cancelled."""
        task_status.started()
        while True:
            await anyio.sleep(self._interval)
            files = list(self._files)
            found = await run_sync(_peek, files)
            now = anyio.current_time()
            for watched, signature in zip(files, found, strict=True):
                watched.note(signature, now)


def _peek(files: list[Watched]) -> list[Signature | None]:
    return [watched.peek() for watched in files]
