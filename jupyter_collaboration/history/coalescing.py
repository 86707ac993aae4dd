"""Decides which entries share a row of the store.

Pure. A row contains consecutive edits by one author. A cut (a save, a change on disk) always
begins a new row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from pycrdt import merge_updates

from .model import Entry, Kind

ROW_SECONDS = 10.0
"""Longest time span of a row, in seconds."""

ROW_BYTES = 8 * 2**10
"""Size in bytes above which a row no longer grows."""


@dataclass(frozen=True)
class Tail:
    """The last row of a document: its entry, and the time of its first update."""

    entry: Entry
    since: float

    def with_entry(self, entry: Entry, cuts: set[int]) -> Tail | None:
        """Return the row with another entry merged into it; None if the entry begins a new row."""
        mine = self.entry
        if (mine.author, mine.kind) != (entry.author, entry.kind):
            return None
        if any(mine.seq <= cut < entry.seq for cut in cuts):
            return None
        if not 0 <= entry.time - self.since <= ROW_SECONDS or len(mine.update) > ROW_BYTES:
            return None
        update = merge_updates(mine.update, entry.update)
        return Tail(Entry(entry.seq, update, entry.author, entry.kind, entry.time), self.since)


def merged(entries: Iterable[Entry], cuts: set[int]) -> Iterable[Entry]:
    """Merge consecutive entries of one author and kind, but never across a cut."""
    section = 0

    def run(entry: Entry) -> tuple[int, str, Kind]:
        nonlocal section
        key = (section, entry.author, entry.kind)
        if entry.seq in cuts:
            section += 1
        return key

    for _, group in groupby(entries, run):
        parts = list(group)
        last = parts[-1]
        if len(parts) == 1:
            yield last
        else:
            update = merge_updates(*(part.update for part in parts))
            yield Entry(last.seq, update, last.author, last.kind, last.time)
