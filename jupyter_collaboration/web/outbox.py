"""Writes frames to one client without waiting, within bounds."""

from __future__ import annotations

import asyncio

from tornado.iostream import IOStream

OUTBOX_BYTES = 8 * 2**20
OUTBOX_SECONDS = 30.0
"""What may wait for a client that reads slowly, beside one message of any size, and for how long
it may take nothing at all."""

SLICE_BYTES = 2**18
"""A large frame is written in pieces, so that it is seen that a client takes some of it."""


class Outbox:
    """Writes frames to one client without waiting, within bounds. [M4]

    Frames are written to the stream itself, so that one frame serves all members of a room.
    """

    def __init__(self, stream: IOStream) -> None:
        self._stream = stream
        self._waiting = 0
        self._largest = 0
        self._since = 0.0

    @property
    def waiting(self) -> int:
        """Bytes that the client has not taken yet."""
        return self._waiting

    def overdue(self, now: float) -> bool:
        """Whether the client takes too little, or takes it too slowly."""
        return self._waiting > OUTBOX_BYTES + self._largest or (
            self._waiting > 0 and now - self._since > OUTBOX_SECONDS
        )

    def write(self, frame: bytes, now: float) -> None:
        """Write a frame after those before it.

        Raises:
            StreamClosedError: the client is gone.
        """
        self._largest = max(self._largest, len(frame))
        if len(frame) <= SLICE_BYTES:
            self._write(frame, now)
        else:
            whole = memoryview(frame)
            for at in range(0, len(frame), SLICE_BYTES):
                self._write(whole[at : at + SLICE_BYTES], now)

    def _write(self, data: bytes | memoryview, now: float) -> None:
        future = self._stream.write(data)
        if not future.done():
            if not self._waiting:
                self._since = now
            size = len(data)
            self._waiting += size
            future.add_done_callback(lambda _: self._written(size))

    def _written(self, size: int) -> None:
        self._waiting -= size
        self._since = asyncio.get_running_loop().time()
        if not self._waiting:
            self._largest = 0
