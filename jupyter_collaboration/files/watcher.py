"""Notices when the files of open documents may have changed: one cheap look at all of them.

Knows what the server's disk says of a file without reading it; whether anything did change is
for others to find out, by the content. [F11]
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import anyio
from anyio import TASK_STATUS_IGNORED, Event
from anyio.abc import TaskStatus
from anyio.to_thread import run_sync

Signature = tuple[int, ...]

TRUST_TIME = 2.5
"""Seconds for which a signature has to stay the same before it is believed: a disk may tell
times in whole seconds, so that two writes in one look alike."""


class Watched:
    """One file that is looked at."""

    def __init__(self, signature: Callable[[], Signature | None]) -> None:
        self._signature = signature
        self._last: Signature | None = None
        self._since = -float("inf")
        self._news = Event()

    async def changed(self) -> None:
        """Wait until the file may have changed."""
        await self._news.wait()
        self._news = Event()

    def look_again(self) -> None:
        """Take the file for changed at the next look, whatever it looks like."""
        self._last = None

    def peek(self) -> Signature | None:
        """The file's signature now; None if the disk tells nothing of it."""
        return self._signature()

    def note(self, signature: Signature | None, now: float) -> None:
        """What was seen of the file."""
        if signature is None or signature != self._last:
            self._last, self._since = signature, now
        if now - self._since <= TRUST_TIME:
            self._news.set()


class FileWatch:
    """Looks at all files every few seconds.

    Args:
        interval: seconds between two looks.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._files: set[Watched] = set()

    @contextmanager
    def watching(self, signature: Callable[[], Signature | None]) -> Iterator[Watched]:
        """Look at a file in this block.

        Args:
            signature: what the disk says of it; called in a thread. None if it says nothing:
                then the file may have changed at each look.
        """
        watched = Watched(signature)
        self._files.add(watched)
        try:
            yield watched
        finally:
            self._files.discard(watched)

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Look until cancelled."""
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
