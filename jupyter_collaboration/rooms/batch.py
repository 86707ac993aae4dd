"""Batches what is to be sent, so that many small changes become few large messages."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable


class Batch:
    """Calls `flush` soon after `schedule`, but at most once per interval.

    Args:
        interval: returns the minimum time between two calls, in seconds.
        flush: the callback.
    """

    def __init__(self, interval: Callable[[], float], flush: Callable[[], None]) -> None:
        self._interval = interval
        self._flush = flush
        self._last = -math.inf
        self._handle: asyncio.Handle | None = None

    def schedule(self) -> None:
        """Request a call."""
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
        """Call now if a call is pending."""
        if self._handle is not None:
            self._handle.cancel()
            self._run()

    def cancel(self) -> None:
        """Cancel a pending call."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
