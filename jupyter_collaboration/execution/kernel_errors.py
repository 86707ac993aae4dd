"""The last lines that kernels write to their standard error, to say why one did not start. [R6]

The lines still appear in the server's own log. Only kernels that this server starts as its own
processes are followed.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress

KEPT = 4_000
"""Most bytes that are kept of each kernel."""

SHOWN_LINES = 5
"""Number of lines that are shown to users."""


class KernelErrors:
    """What kernels write to their standard error."""

    def __init__(self) -> None:
        self._pipes: dict[str, tuple[int, int]] = {}
        self._tails: dict[str, bytes] = {}

    def follow(self, kernel_id: str) -> int:
        """Return a file descriptor for the standard error of a kernel, until `forget`."""
        self.forget(kernel_id)
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        self._pipes[kernel_id] = (reading, writing)
        asyncio.get_running_loop().add_reader(reading, self._read, kernel_id, reading)
        return writing

    def _read(self, kernel_id: str, reading: int) -> None:
        with suppress(BlockingIOError):
            data = os.read(reading, 65_536)
            self._tails[kernel_id] = (self._tails.get(kernel_id, b"") + data)[-KEPT:]
            sys.stderr.write(data.decode(errors="replace"))

    def last_lines(self, kernel_id: str) -> str:
        """Return the last lines of a kernel; empty if there are none."""
        text = self._tails.get(kernel_id, b"").decode(errors="replace")
        lines = [line for line in text.splitlines() if line.strip()]
        return "\n".join(lines[-SHOWN_LINES:])

    def forget(self, kernel_id: str) -> None:
        """Close what belongs to a kernel that has ended."""
        self._tails.pop(kernel_id, None)
        pipe = self._pipes.pop(kernel_id, None)
        if pipe is not None:
            asyncio.get_running_loop().remove_reader(pipe[0])
            for each in pipe:
                os.close(each)
