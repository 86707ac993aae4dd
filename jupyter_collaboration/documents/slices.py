"""Interrupts long work on the event loop. [M12]"""

from __future__ import annotations

from time import perf_counter

from anyio.lowlevel import checkpoint

SLICE_TIME = 0.004
"""Seconds of work before the event loop gets control again."""


class Slices:
    """Gives the event loop control whenever a slice of time is over."""

    def __init__(self) -> None:
        self._end = perf_counter() + SLICE_TIME

    async def pause(self) -> None:
        """Let others run if the slice is over; called between small pieces of work."""
        if perf_counter() > self._end:
            await checkpoint()
            self._end = perf_counter() + SLICE_TIME
