"""Encodes a whole document once for all clients that open it at about the same time.

When a class opens a notebook with large outputs, encoding it for each student would take tens of
milliseconds each time, in which nobody's edits are sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .member import Outgoing

KEPT = 3.0
"""Seconds for which the message is kept in memory after it was last sent."""


class WholeDocument:
    """The message with a whole document, for clients that have nothing of it.

    Args:
        encode: returns the message's payload in parts.
    """

    def __init__(self, encode: Callable[[], tuple[bytes, ...]]) -> None:
        self._encode = encode
        self._message: Outgoing | None = None
        self._timer: asyncio.TimerHandle | None = None

    def message(self) -> Outgoing:
        """Return the message, encoded again if the document has changed."""
        if self._message is None:
            self._message = Outgoing(*self._encode())
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(KEPT, self.drop)
        return self._message

    def drop(self) -> None:
        """Drop the message, since the document changed or nobody opened it for a while."""
        self._message = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
