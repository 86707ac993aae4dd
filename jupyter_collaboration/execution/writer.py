"""Writes one run of a cell into its document.

Responsible for the cell's outputs, execution count, execution state and timing, of which the server
is the only writer while it runs cells. What the outputs are belongs to `outputs`, when a cell runs
to `queue`.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Iterator
from math import inf
from time import perf_counter
from typing import Any, NamedTuple

from pycrdt import Array, Map, Text

from ..rooms.document import IDLE, RUNNING, DocumentRoom
from .outputs import CellOutputs, Output
from .outputs_watch import OutputsWatch
from .streams import StreamText

FLUSH_INTERVAL = 0.06
"""Seconds between two writes of a cell's outputs; the first one is written at once."""

REPLACED_AT_ONCE = 8 * 2**20
REPLACED_PER_SECOND = 64 * 2**10
"""Bytes of outputs that may be replaced without a pause, and per second after that.

Each version of a replaced output stays in the history of the document, such as the frames of an
animation.
"""

MAX_PAUSE = 10.0
"""The longest pause between two writes, in seconds."""

MAX_AT_ONCE = 200
WRITE_TIME = 0.01
"""How many outputs one write adds, and how many it replaces; for about how many seconds each.

Everybody on the server waits meanwhile. The rest follows in the next writes.
"""

PIECE = 20
PIECE_BYTES = 2**16
"""How many outputs are written without a look at the time, and how many bytes of them."""

STEP_PAUSE = 0.005
"""Seconds between two writes that bring the outputs up to date at the end of a run."""

MAX_RANGES = 32
"""How many ranges of outputs are replaced one by one; if more changed, all between are replaced."""


class _Written(NamedTuple):
    """An output as it was written last; of a stream, all but its text."""

    output: Output
    version: int
    size: int
    content: dict[str, Any]


class CellWriter:
    """Writes the outputs of one run of a cell.

    Args:
        cell: the id of the cell.
        author: the username of who runs it.
        limit: the size in bytes from which on outputs are dropped.
        room: returns the open room of the document; None while it is closed.
        lost: called if there is something to write while the room is closed.
    """

    def __init__(
        self,
        cell: str,
        author: str,
        limit: int,
        room: Callable[[], DocumentRoom | None],
        lost: Callable[[], None],
    ) -> None:
        self.outputs = CellOutputs(limit)
        self._cell = cell
        self._author = author
        self._room = room
        self._lost = lost
        self._state = RUNNING
        self._count: int | None = None
        self._timing: dict[str, str] | None = None
        self._has_started = False
        self._is_over = False
        self._written: list[_Written] = []
        self._stream_size = 0
        self._place: tuple[Any, Any] | None = None
        self._watch = OutputsWatch()
        self._timer: asyncio.TimerHandle | asyncio.Handle | None = None
        self._last = 0.0
        self._replaced = 0.0
        self._is_closed = False
        self._has_kernel = True
        self._is_behind = False
        self._turn = 0

    @property
    def size(self) -> int:
        """The approximate size in bytes."""
        return self.outputs.size

    @property
    def is_unwritten(self) -> bool:
        """Whether the run has ended, but its end has not been written into the document yet."""
        return self._state is IDLE and not self._is_over and not self._is_closed

    @property
    def is_gone(self) -> bool:
        """Whether no code cell with this id is in the document; false while that is closed."""
        room = self._room()
        if room is None or room.cells is None:
            return False
        cell = room.cells.cell(self._cell)
        return cell is None or cell.get("cell_type") != "code"

    def wait(self) -> None:
        """Mark the cell as running, while it waits. Its outputs stay until it starts."""
        self.flush()

    def start(self) -> None:
        """Remove the outputs of earlier runs."""
        self._has_started = True
        self._place = None
        self.flush()
        self._last = 0.0  # the first output is written at once

    async def catch_up(self) -> None:
        """Write most of what is pending in steps, so that nobody waits long for the end."""
        for _ in range(1 + len(self.outputs)):
            self.flush()
            if not self._is_behind:
                return
            await asyncio.sleep(STEP_PAUSE)

    def end(self, *, count: int | None = None, timing: dict[str, str] | None = None) -> None:
        """Write what is pending, and mark the cell as idle."""
        self._state = IDLE
        self._count = count
        self._timing = timing
        self.flush()

    def close(self) -> None:
        """Write nothing any more, since the cell is run again or its kernel is gone."""
        self._is_closed = True
        self._watch.end()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def release(self) -> None:
        """Write what is pending after the last message of the kernel, and free the outputs."""
        if self._timer is not None:
            self.flush()
        self._has_kernel = False
        self._watch.end()
        if self._is_over:
            self.close()
            self.outputs.clear()

    def changed(self) -> None:
        """Write the outputs soon."""
        if self._timer is not None or self._is_closed:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        due = self._last + self._pause(now)
        if due <= now:
            self._timer = loop.call_soon(self.flush)
        else:
            self._timer = loop.call_later(due - now, self.flush)

    def _pause(self, now: float) -> float:
        self._replaced = max(0.0, self._replaced - (now - self._last) * REPLACED_PER_SECOND)
        excess = self._replaced - REPLACED_AT_ONCE
        return min(max(FLUSH_INTERVAL, excess / REPLACED_PER_SECOND), MAX_PAUSE)

    def flush(self) -> None:
        """Write what has changed, if the document is open and the cell is in it.

        While the cell runs, many outputs are written in several steps.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._is_behind = False
        if self._is_closed:
            return
        room = self._room()
        if room is None or room.cells is None:
            self._watch.end()
            self._lost()
            return
        now = asyncio.get_running_loop().time()
        self._pause(now)
        self._last = now
        cell = room.cells.cell(self._cell)
        if cell is None or cell.get("cell_type") != "code":
            self._place = None  # it was deleted, and may come back by an undo
            self._watch.end()
            return
        place = (room, room.cells.item(self._cell))
        is_same = place == self._place
        if not is_same:
            self._watch.end()
        if self._is_over and not (is_same or self._is_as_written(cell.get("outputs"))):
            self.close()  # others have changed it since, and what they did stays
            return
        self._place = place
        with self._watch.own_changes(), room.outputs_by(self._author):
            self._write_fields(cell, is_same=is_same)
            if self._has_started:
                self._write_outputs(cell, is_same=is_same or self._is_over)
        self._is_over = self._state is IDLE
        if self._has_started:
            self._watch.has_changes = False  # they are overwritten
        if self._has_kernel and not (self._is_closed or is_same):
            self._watch.follow(cell)
        if len(self._written) < len(self.outputs) and not self._is_closed:
            # What is new does not wait as what replaces something.
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(FLUSH_INTERVAL, self.flush)
        elif self._is_behind:
            self.changed()

    def _write_fields(self, cell: Map[Any], *, is_same: bool) -> None:
        if self._is_over:
            return  # late outputs leave what others have done since
        if cell.get("execution_state") != self._state:
            cell["execution_state"] = self._state
        if not self._has_started:
            return
        if cell.get("execution_count") != self._count:
            cell["execution_count"] = self._count
        metadata = cell.get("metadata")
        if isinstance(metadata, dict):
            cell["metadata"] = Map(metadata)
            metadata = cell["metadata"]
        if not isinstance(metadata, Map) or (is_same and self._state is RUNNING):
            return
        # The user may execute, so that the outputs are trusted [V10].
        if metadata.get("trusted") is not True:
            metadata["trusted"] = True
        if self._timing is not None:
            metadata["execution"] = self._timing
        elif "execution" in metadata:
            del metadata["execution"]

    def _write_outputs(self, cell: Map[Any], *, is_same: bool) -> None:
        outputs = cell.get("outputs")
        if not isinstance(outputs, Array):
            cell["outputs"] = Array()
            outputs = cell["outputs"]
        if is_same and not self._is_as_written(outputs):
            if not len(outputs):
                self.outputs.forget({each.output for each in self._written})
            is_same = False
        if not is_same:
            if self._is_over and len(outputs):
                self.close()  # others have changed them since, and what they did stays
                return
            self._written = []
            outputs.clear()
        self._bring_up_to_date(outputs, list(self.outputs))

    def _bring_up_to_date(self, outputs: Array[Any], items: list[Output]) -> None:
        """Replace the outputs that have changed, and add those that are new."""
        is_limited = self._state is RUNNING
        limit = MAX_AT_ONCE if is_limited else len(items)
        kept = 0
        changed = []
        for item, written in zip(items, self._written, strict=False):
            if item is not written.output:
                break
            if item.version != written.version:
                changed.append(kept)
            kept += 1
        if kept and kept == len(self._written) and (stream := items[kept - 1].text):
            self._extend_stream(outputs[kept - 1], stream)
        time = WRITE_TIME if is_limited else inf
        due = perf_counter() + time
        # Each has its turn, also if all change again and again.
        first = bisect_left(changed, self._turn) if is_limited else 0
        todo = (changed[first:] or changed)[:limit]
        self._is_behind = len(todo) < len(changed)
        self._turn = todo[-1] + 1 if self._is_behind else 0
        for start, end in _pieces(_ranges(todo), items):
            self._replace(outputs, start, end, items[start:end])
            if perf_counter() > due and end <= todo[-1]:
                self._is_behind = True
                self._turn = end
                break
        if kept < len(self._written):
            self._replace(outputs, kept, len(outputs), [])
        due = perf_counter() + time
        for start, end in _pieces([(kept, min(len(items), kept + limit))], items):
            self._replace(outputs, start, start, items[start:end])
            if perf_counter() > due:
                break
        self._is_behind |= len(self._written) < len(items)

    def _is_as_written(self, outputs: Any) -> bool:
        """Return whether nobody else has changed the outputs."""
        if self._watch.is_following:
            return not self._watch.has_changes
        if not isinstance(outputs, Array) or len(outputs) != len(self._written):
            return False
        # These are those of a copy of the cell.
        for found, written in zip(outputs.to_py() or [], self._written, strict=True):
            if written.output.text is not None:
                size = len(str(found.pop("text", "")).encode())
                if written is self._written[-1] and size != self._stream_size:
                    return False
            if found != written.content:
                return False
        return True

    def _extend_stream(self, youtput: Any, stream: StreamText) -> None:
        """Change the end of the last output, which is a stream."""
        kept, dropped, added = stream.take_change()
        text = youtput["text"]
        # Inserted first: the insertion is then after what is deleted, in which order pages of
        # JupyterLab apply them.
        if added:
            text.insert(kept + dropped, added)
        if dropped:
            del text[kept : kept + dropped]
        self._replaced += dropped
        self._stream_size = kept + len(added.encode())

    def _replace(self, outputs: Array[Any], start: int, end: int, items: list[Output]) -> None:
        """Replace the outputs in a range by others."""
        for index, item in enumerate(items, end):
            outputs.insert(index, self._shared(item))
        if end > start:
            del outputs[start:end]
        self._replaced += sum(each.size for each in self._written[start:end])
        self._written[start:end] = [
            _Written(item, item.version, item.size, item.content) for item in items
        ]

    def _shared(self, output: Output) -> Map[Any]:
        if output.text is None:
            return Map(output.content)
        text = output.text.take_whole()
        if output is self.outputs[-1]:
            self._stream_size = len(text.encode())
        return Map({**output.content, "text": Text(text)})


def _ranges(indexes: list[int]) -> list[tuple[int, int]]:
    """Return the ranges of sorted indexes, each with its end."""
    found: list[tuple[int, int]] = []
    for index in indexes:
        if found and found[-1][1] == index:
            found[-1] = (found[-1][0], index + 1)
        else:
            found.append((index, index + 1))
    return found if len(found) <= MAX_RANGES else [(found[0][0], found[-1][1])]


def _pieces(ranges: list[tuple[int, int]], items: list[Output]) -> Iterator[tuple[int, int]]:
    """Return small parts of ranges, each with its end."""
    for start, end in ranges:
        while start < end:
            at, size = start, 0
            while at < min(end, start + PIECE) and size < PIECE_BYTES:
                size += items[at].size
                at += 1
            yield start, at
            start = at
