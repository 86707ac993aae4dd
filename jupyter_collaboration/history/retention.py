"""What of a history is kept for long: it becomes shorter and replays to the same document.

Pure, and slow for large histories: called in a thread. [H4] [H5]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from pycrdt import Doc, get_state, merge_updates

from ..documents.codec import replay
from ..failpoints import failpoint
from .model import Kind

MAX_MERGED = 2 * 2**20
"""Bytes from which on a merged row grows no more: merging takes time, and holds up the server."""


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
        """Bytes of its update."""
        return len(self.data)


@dataclass(frozen=True)
class Outline:
    """A stored entry without its update: enough to see whether a history is to be shortened."""

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
    """Whether `compacted` would find something; the arguments are the same."""
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
    """A shorter history.

    Args:
        rows: the whole history, in its order.
        saved_seq: the entry that the file holds; a row ends there.
        oldest: seconds since the epoch; rows before that are merged, one for a day.
        max_bytes: size above which the oldest rows lose their details, and what was deleted.
        named: entries that end a version with a name: a row ends there, and stays readable.

    Returns:
        The rows; None if there is nothing to shorten.
    """
    failpoint("compact.begin")
    shorter = [_merged(list(group)) for _, group in _days(rows, saved_seq, oldest, named)]
    shorter = _within(shorter, saved_seq, max_bytes, named)
    if len(shorter) == len(rows):
        return None
    if _state(shorter) != _state(rows):  # never replace a history by another one
        return None
    return shorter


_R = TypeVar("_R", Row, Outline)


def _days(
    rows: Sequence[_R], saved_seq: int, oldest: float, named: frozenset[int]
) -> Iterator[tuple[object, Iterator[_R]]]:
    """Old rows by their days; new ones each by itself."""
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
    """How many of the oldest rows lose their details, until half of what is allowed is left."""
    size = sum(row.size for row in rows)
    count = 0
    while count < len(rows) and rows[count].seq <= saved_seq and size > max_bytes // 2:
        size -= rows[count].size
        count += 1
    return count


def _within(rows: list[Row], saved_seq: int, max_bytes: int, named: frozenset[int]) -> list[Row]:
    """Drop the details of the oldest rows; of named versions what they held is kept.

    For each named version a row remains that leads from the one before it to it: what was typed
    and deleted in between is gone.
    """
    if sum(row.size for row in rows) <= max_bytes:
        return rows
    count = _dropped(rows, saved_seq, max_bytes)
    if count < 2:
        return rows
    doc: Doc[Any] = Doc()
    kept: list[Row] = []
    part: list[Row] = []
    for row in rows[:count]:
        part.append(row)
        if row.seq in named or row is rows[count - 1]:
            before = doc.get_state()
            with doc.transaction():
                for each in part:
                    doc.apply_update(each.data)
            data = doc.get_update(before)
            kept.append(Row(row.seq, "", Kind.SQUASHED.value, row.time, data))
            part = []
    return kept + rows[count:]


def _state(rows: list[Row]) -> bytes:
    return get_state(replay([row.data for row in rows]))
