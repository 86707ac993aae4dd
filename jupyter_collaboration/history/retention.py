"""Shortens histories, so that they still replay to the same document.

Pure; slow for large histories: called in a thread. [H4] [H5]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, takewhile
from typing import Any, TypeVar

from pycrdt import Doc, get_state, merge_updates

from ..documents.codec import replay
from ..failpoints import failpoint
from ..protocol.outputs import KEY, Outputs
from ..protocol.ranges import Ranges
from .model import Kind

RECENT = 900.0
"""Seconds before the last entry in which outputs stay, since recent saves may be needed to merge a
file."""

MAX_MERGED = 2 * 2**20
"""Size in bytes above which a merged row no longer grows, since merging large rows is slow."""


@dataclass(frozen=True)
class Row:
    """One stored entry."""

    seq: int
    author: str
    kind: str
    time: float
    data: bytes

    @property
    def size(self) -> int:
        """The size of the update in bytes."""
        return len(self.data)


@dataclass(frozen=True)
class Outline:
    """A stored entry without its update, to decide whether a history can be shortened."""

    seq: int
    time: float
    size: int


def is_due(
    rows: Sequence[Outline],
    saved_seq: int,
    oldest: float,
    max_bytes: int,
    named: frozenset[int] = frozenset(),
) -> bool:
    """Return whether `compacted` might shorten the history; see there for the arguments."""
    if sum(row.size for row in rows) > max_bytes and _dropped(rows, saved_seq, max_bytes) > 1:
        return True
    return any(len(list(group)) > 1 for _, group in _days(rows, saved_seq, oldest, named))


def compacted(
    rows: list[Row],
    saved_seq: int,
    oldest: float,
    max_bytes: int,
    named: frozenset[int] = frozenset(),
) -> list[Row] | None:
    """Return a shorter history.

    Args:
        rows: the whole history, in order.
        saved_seq: the last saved entry; a row ends there.
        oldest: seconds since the epoch; older rows are merged into one per day.
        max_bytes: size above which the oldest rows lose outputs that were deleted again. If that is
            not enough, the oldest rows are merged, without deleted content.
        named: the last entries of named versions: rows end there, and these versions stay
            readable.

    Returns:
        The rows; None if there is nothing to shorten.
    """
    failpoint("compact.begin")
    shorter = [_merged(list(group)) for _, group in _days(rows, saved_seq, oldest, named)]
    shorter = _without_old_outputs(shorter, saved_seq, max_bytes, named)
    shorter = _within(shorter, saved_seq, max_bytes, named)
    if shorter == rows:
        return None
    if _state(shorter) != _state(rows):  # never change the document
        return None
    return shorter


_R = TypeVar("_R", Row, Outline)


def _days(
    rows: Sequence[_R], saved_seq: int, oldest: float, named: frozenset[int]
) -> Iterator[tuple[object, Iterator[_R]]]:
    """Group old rows by day; each new row is a group of its own."""
    section = size = 0

    def day(row: _R) -> tuple[int, bool, int] | int:
        nonlocal section, size
        if size > MAX_MERGED:
            section, size = section + 1, 0
        key = (int(row.time // 86400), row.seq <= saved_seq, section)
        size += row.size
        section += row.seq in named
        return key if row.time < oldest else -row.seq

    return groupby(rows, day)


def _merged(rows: list[Row]) -> Row:
    last = rows[-1]
    if len(rows) == 1:
        return last
    authors = sorted({name for row in rows for name in row.author.split("\n") if name})
    data = merge_updates(*(row.data for row in rows))
    return Row(last.seq, "\n".join(authors), last.kind, last.time, data)


def _dropped(rows: Sequence[Row] | Sequence[Outline], saved_seq: int, max_bytes: int) -> int:
    """Return how many of the oldest rows to merge, so that half of the allowed size is left."""
    size = sum(row.size for row in rows)
    count = 0
    while count < len(rows) and rows[count].seq <= saved_seq and size > max_bytes // 2:
        size -= rows[count].size
        count += 1
    return count


def _without_old_outputs(
    rows: list[Row], saved_seq: int, max_bytes: int, named: frozenset[int]
) -> list[Row]:
    """Drop outputs that were deleted again, the oldest first, until half of the size is left.

    What named versions and the last saved one contain is kept.
    """
    size = sum(row.size for row in rows)
    if not size > max_bytes > 0 or not any(KEY in row.data for row in rows):
        return rows
    excess = size - max_bytes // 2
    outputs, deleted = Outputs(), Ranges()
    kept: list[Row] = []
    recent = rows[-1].time - RECENT
    old = list(takewhile(lambda row: row.seq <= saved_seq and row.time < recent, rows))
    # What was deleted before a version is in no later version either.
    for part in _until_each(old, named):
        has_outputs = set[int]()
        for row in part:
            found, deletions = outputs.read(row.data)
            if found:
                has_outputs.add(row.seq)
            for each in deletions:
                deleted.add(each)
        for row in part:
            if row.seq in has_outputs and excess > 0:
                data = outputs.without(row.data, deleted)
                excess -= row.size - len(data)
                if len(data) < row.size:
                    row = replace(row, data=data)
            kept.append(row)
    return kept + rows[len(kept) :]


def _until_each(rows: list[Row], ends: frozenset[int]) -> Iterator[list[Row]]:
    """Split rows after each of these entries."""
    part: list[Row] = []
    for row in rows:
        part.append(row)
        if row.seq in ends:
            yield part
            part = []
    if part:
        yield part


def _within(rows: list[Row], saved_seq: int, max_bytes: int, named: frozenset[int]) -> list[Row]:
    """Merge the oldest rows, but keep the content of named versions.

    For each named version one row remains, with the difference from the previous named version:
    text that was typed and deleted in between is dropped.
    """
    if sum(row.size for row in rows) <= max_bytes:
        return rows
    count = _dropped(rows, saved_seq, max_bytes)
    if count < 2:
        return rows
    doc: Doc[Any] = Doc()
    kept: list[Row] = []
    for part in _until_each(rows[:count], named):
        before = doc.get_state()
        with doc.transaction():
            for row in part:
                doc.apply_update(row.data)
        last = part[-1]
        data = doc.get_update(before)
        kept.append(Row(last.seq, "", Kind.SQUASHED.value, last.time, data))
    return kept + rows[count:]


def _state(rows: list[Row]) -> bytes:
    return get_state(replay([row.data for row in rows]))
