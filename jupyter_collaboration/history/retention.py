"""What of a history is kept for long: it becomes shorter and replays to the same document.

Pure, and slow for large histories: called in a thread. [H4] [H5]
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from pycrdt import get_state, merge_updates

from ..documents.codec import replay
from ..failpoints import failpoint
from .model import Kind


@dataclass(frozen=True)
class Row:
    """One stored entry."""

    seq: int
    author: str
    kind: str
    time: float
    data: bytes


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
        max_bytes: size from which on the oldest rows become one, without what was deleted.
        named: entries that end a version with a name: a row ends there, and stays readable.

    Returns:
        The rows; None if there is nothing to shorten.
    """
    failpoint("compact.begin")
    shorter = _by_day(rows, saved_seq, oldest, named)
    shorter = _within(shorter, saved_seq, max_bytes, named)
    if len(shorter) == len(rows):
        return None
    if _state(shorter) != _state(rows):  # never replace a history by another one
        return None
    return shorter


def _by_day(rows: list[Row], saved_seq: int, oldest: float, named: frozenset[int]) -> list[Row]:
    section = 0

    def day(row: Row) -> tuple[int, bool, int] | int:
        nonlocal section
        key = (int(row.time // 86400), row.seq <= saved_seq, section)
        section += row.seq in named
        return key if row.time < oldest else -row.seq

    return [_merged(list(group)) for _, group in groupby(rows, day)]


def _merged(rows: list[Row]) -> Row:
    last = rows[-1]
    if len(rows) == 1:
        return last
    authors = sorted({name for row in rows for name in row.author.split("\n") if name})
    data = merge_updates(*(row.data for row in rows))
    return Row(last.seq, "\n".join(authors), last.kind, last.time, data)


def _within(rows: list[Row], saved_seq: int, max_bytes: int, named: frozenset[int]) -> list[Row]:
    """Drop the details of the oldest rows until half of what is allowed is left."""
    size = sum(len(row.data) for row in rows)
    if size <= max_bytes:
        return rows
    count = 0
    until = min(saved_seq, min(named, default=saved_seq))  # later ones need what was deleted
    while count < len(rows) and rows[count].seq <= until and size > max_bytes // 2:
        size -= len(rows[count].data)
        count += 1
    if count < 2:
        return rows
    old = rows[:count]
    data = replay([row.data for row in old])
    return [Row(old[-1].seq, "", Kind.SQUASHED.value, old[-1].time, data), *rows[count:]]


def _state(rows: list[Row]) -> bytes:
    return get_state(replay([row.data for row in rows]))
