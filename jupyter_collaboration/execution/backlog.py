"""The messages that a kernel has published and nobody has read yet, bounded in bytes.

Kernels can publish faster than anybody can process it. What replaces something, as the updates of a
display do, then takes the place of what came before. If that is not enough, outputs are dropped and
the cell says so, like jupyter_server does with what exceeds `iopub_data_rate_limit`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from jupyter_client.session import DELIM

MAX_WAITING = 64 * 2**20
"""Most bytes that wait to be processed."""

DROPPED = ({"display_data", "stream"}, {"comm_msg", "update_display_data"})
"""Kinds of messages that may be dropped, first to last. The others begin or end something."""

MAX_TOLD = 1000
"""How many requests are remembered that know of their losses."""

KIND = re.compile(rb'"msg_type": ?"(\w+)"')
DISPLAY = re.compile(rb'"transient": ?{"display_id": ?"([^"\\]+)"}}$')

MAX_TAIL = 1000
"""How many bytes at the end of a message are searched for the id of its display."""

INCOMPLETE = (IndexError, ValueError)
"""What looking for a part raises that is not there."""

Parts = list[bytes]


class _Waiting(NamedTuple):
    parts: Parts
    size: int


class Backlog:
    """The messages that wait, in their order.

    Args:
        unpack: parses one part of a message.
        invalid: what that raises.
        limit: the most bytes that wait, apart from messages that are never dropped.
    """

    def __init__(
        self,
        unpack: Callable[[bytes], Any],
        invalid: tuple[type[Exception], ...],
        limit: int = MAX_WAITING,
    ) -> None:
        self._unpack = unpack
        self._invalid = invalid
        self._limit = limit
        self._waiting: deque[_Waiting] = deque()
        self._losses: list[dict[str, Any]] = []
        self._told: set[str] = set()
        self._next_check = limit
        self.size = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, parts: Parts) -> None:
        """Let a message wait."""
        waiting = _Waiting(parts, sum(map(len, parts)))
        self._waiting.append(waiting)
        self.size += waiting.size
        if self.size > self._next_check:
            self._shrink()
            # What is never dropped would otherwise be looked at again with each message.
            self._next_check = max(self.size, self._limit) + self._limit // 8

    def take(self) -> Parts | None:
        """Return the next message; None if none waits."""
        if not self._waiting:
            self._next_check = self._limit
            return None
        parts, size = self._waiting.popleft()
        self.size -= size
        return parts

    def losses(self) -> Iterator[dict[str, Any]]:
        """Return unpacked messages that tell requests, once, that outputs were dropped."""
        losses, self._losses = self._losses, []
        text = (
            "Outputs were dropped: the kernel published them faster than they could be processed.\n"
        )
        for parent in losses:
            yield {
                "header": {"msg_type": "stream", "msg_id": "", "version": "5.3"},
                "parent_header": parent,
                "metadata": {},
                "content": {"name": "stderr", "text": text},
                "buffers": [],
            }

    def _shrink(self) -> None:
        """Drop updates of displays that others have replaced, and then what came last."""
        self._drop(self._replaced())
        for kinds in DROPPED:
            excess = self.size - self._limit
            dropped = []
            for at in range(len(self._waiting) - 1, -1, -1):
                if excess <= 0:
                    break
                if self._kind(self._waiting[at]) in kinds:
                    excess -= self._waiting[at].size
                    dropped.append(at)
            for at in dropped:
                self._tell(self._waiting[at])
            self._drop(dropped)

    def _drop(self, indexes: list[int]) -> None:
        dropped = set(indexes)
        self._waiting = deque(each for at, each in enumerate(self._waiting) if at not in dropped)
        self.size = sum(each.size for each in self._waiting)

    def _replaced(self) -> list[int]:
        """Return the indexes of updates of a display after which another one waits."""
        found = []
        updated: set[str] = set()
        for at in range(len(self._waiting) - 1, -1, -1):
            if self._kind(self._waiting[at]) == "update_display_data":
                display = self._display(self._waiting[at].parts)
                if display in updated:
                    found.append(at)
                elif display:
                    updated.add(display)
        return found

    def _tell(self, waiting: _Waiting) -> None:
        """Let the request of a dropped message know, once."""
        try:
            parent = self._unpack(waiting.parts[waiting.parts.index(DELIM) + 3])
            request = str(parent["msg_id"])
        except self._invalid:
            return
        if request not in self._told:
            if len(self._told) >= MAX_TOLD:
                self._told.clear()
            self._told.add(request)
            self._losses.append(parent)

    @staticmethod
    def _kind(waiting: _Waiting) -> str:
        """Return the kind of a message; empty if it is not valid, which its reader will say."""
        parts = waiting.parts
        try:
            found = KIND.search(parts[parts.index(DELIM) + 2])
        except INCOMPLETE:
            return ""
        return found[1].decode() if found else ""

    def _display(self, parts: Parts) -> str:
        """Return the id of the display that a message updates; empty if it has none."""
        try:
            content = parts[parts.index(DELIM) + 5]
            # At the end of the content in the messages of ipykernel, which may be long.
            if found := DISPLAY.search(content, max(0, len(content) - MAX_TAIL)):
                return found[1].decode()
            return str(self._unpack(content)["transient"]["display_id"])
        except self._invalid:
            return ""
