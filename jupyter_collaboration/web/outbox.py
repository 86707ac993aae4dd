"""The send buffer of one client."""

from __future__ import annotations

import asyncio

from tornado.iostream import IOStream

OUTBOX_BYTES = 8 * 2**20
OUTBOX_SECONDS = 30.0
"""Most bytes buffered for a slow client, besides one message of any size, and the most seconds for
which it may read nothing at all."""

SLICE_BYTES = 2**18
"""Size in bytes of the slices of a large frame, which show whether the client reads at all."""


class Outbox:
    """Writes frames to one client without waiting, within limits. [M4]

    Frames are written to the stream itself, so that one frame serves all members of a room.
    """

    def __init__(self, stream: IOStream) -> None:
        self._stream = stream
        self._waiting = 0
        self._largest = 0
        self._since = 0.0

    @property
    def waiting(self) -> int:
        """Bytes that the client has not read yet."""
        return self._waiting

    def overdue(self, now: float) -> bool:
        """Whether the client exceeds the limits: too many bytes are buffered, or it is stalled."""
        return self._waiting > OUTBOX_BYTES + self._largest or (
            self._waiting > 0 and now - self._since > OUTBOX_SECONDS
        )

    def write(self, frame: bytes, now: float) -> None:
        """Write a frame, after all earlier ones.

        Raises:
            StreamClosedError: the client has disconnected.
        """
        self._largest = max(self._largest, len(frame))
        if len(frame) <= SLICE_BYTES:
            self._write(frame, now)
        else:
            whole = memoryview(frame)
            for at in range(0, len(frame), SLICE_BYTES):
                self._write(whole[at : at + SLICE_BYTES], now)

    def _write(self, data: bytes | memoryview, now: float) -> None:
        sent = self._sent_at_once(data)
        if sent == len(data):
            return
        if sent:
            data = memoryview(data)[sent:]
        future = self._stream.write(data)
        if not future.done():
            if not self._waiting:
                self._since = now
            size = len(data)
            self._waiting += size
            future.add_done_callback(lambda _: self._written(size))

    def _sent_at_once(self, data: bytes | memoryview) -> int:
        """Return how many bytes the connection took without waiting.

        The stream's own `write` makes a future and two calls of the event loop for each frame,
        which takes longer than to send it. It is used for what has to wait, and if anything waits.
        """
        stream = self._stream
        if type(stream) is not IOStream or stream.writing() or stream.closed():
            return 0
        try:
            return int(stream.socket.send(data))
        except OSError:  # it would have to wait, or failed: the stream finds out which
            return 0

    def _written(self, size: int) -> None:
        self._waiting -= size
        self._since = asyncio.get_running_loop().time()
        if not self._waiting:
            self._largest = 0
