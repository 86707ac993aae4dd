"""Gathers what is to be sent, so that a flood becomes few large messages."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable


class Batch:
    """Calls back soon: at once after a quiet time, else an interval after the last call."""

    def __init__(self, interval: Callable[[], float], flush: Callable[[], None]) -> None:
        self._interval = interval
        self._flush = flush
        self._last = -math.inf
        self._handle: asyncio.Handle | None = None

    def schedule(self) -> None:
        """Something is to be flushed."""
        if self._handle is not None:
            return
        loop = asyncio.get_running_loop()
        rest = self._last + self._interval() - loop.time()
        if rest > 0:
            self._handle = loop.call_later(rest, self._run)
        else:
            self._handle = loop.call_soon(self._run)

    def _run(self) -> None:
        self._handle = None
        self._last = asyncio.get_running_loop().time()
        self._flush()

    def flush_now(self) -> None:
        """Call back now if a call is due."""
        if self._handle is not None:
            self._handle.cancel()
            self._run()

    def cancel(self) -> None:
        """Forget a call that is due."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
