"""Who wrote which part of a document, for a history that is longer than what is kept of it.

Pure: entries in, ranges of the clocks of Yjs clients out. Slow for long histories: called in a
thread. Authors are those of the entries, which the server authenticated; nothing is taken from
what clients claim. [V6]
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from ..errors import ProtocolError
from ..protocol.update_reader import brought_by
from .model import Entry, Kind

SPAN = 600
"""Seconds within which what one author wrote is told as of one time."""

MAX_RUNS = 20_000
"""Ranges of one document that are kept; past that times are told more roughly."""

NOBODY = -1


class Run(NamedTuple):
    """A range that one author brought in.

    Attributes:
        clock, length: of the Yjs client; lengths of texts are in UTF-16 code units.
        author: an index into the authors; -1 where it was no user, or is not known.
        kind: of the entry, as in `Kind`; ``squashed`` where who it was is not known any more.
        time: when it began, in whole seconds since the epoch.
    """

    clock: int
    length: int
    author: int
    kind: str
    time: int


class Attribution:
    """Who wrote what, up to an entry.

    Attributes:
        seq: that entry; 0 before the first.
        authors: usernames.
        runs: by Yjs client, in the order of its clock; what nobody brought is not there.
    """

    def __init__(self) -> None:
        self.seq = 0
        self.authors: list[str] = []
        self.runs: dict[int, list[Run]] = {}
        self._places: dict[str, int] = {}
        self._span: float = SPAN

    def add(self, seq: int, update: bytes, author: str, kind: str, time: float) -> None:
        """Take the next entry; what was brought before stays with whom brought it first."""
        self.seq = seq
        try:
            parts = brought_by(update)
        except ProtocolError:
            return  # of an older store: whose it is cannot be told
        if "\n" in author:
            author, kind = "", Kind.SQUASHED.value
        place = self._place(author) if author and parts else NOBODY
        for client, clock, length in parts:
            runs = self.runs.setdefault(client, [])
            start = max(clock, runs[-1].clock + runs[-1].length if runs else 0)
            if start < clock + length:
                run = Run(start, clock + length - start, place, kind, int(time))
                _append(runs, run, self._span)

    def extend(self, entries: Iterable[Entry]) -> int:
        """Take the next entries; how many bytes they have."""
        size = 0
        for entry in entries:
            self.add(entry.seq, entry.update, entry.author, entry.kind.value, entry.time)
            size += len(entry.update)
        self.shorten()
        return size

    def _place(self, author: str) -> int:
        if author not in self._places:
            self._places[author] = len(self.authors)
            self.authors.append(author)
        return self._places[author]

    def shorten(self) -> None:
        """Tell times more roughly, and forget who came first, until there are not too many."""
        while self._count() > MAX_RUNS and self._span < float("inf"):
            self._span = self._span * 16 if self._span < 10**8 else float("inf")
            for client, runs in self.runs.items():
                self.runs[client] = []
                for run in runs:
                    _append(self.runs[client], run, self._span)
        excess = self._count() - MAX_RUNS
        for client in sorted(self.runs, key=lambda client: self.runs[client][-1].time):
            if excess <= 0:
                break
            excess -= len(self.runs.pop(client))

    def _count(self) -> int:
        return sum(len(runs) for runs in self.runs.values())

    def pack(self) -> str:
        """As JSON, to be kept."""
        return json.dumps([self.authors, self.runs], separators=(",", ":"))

    @classmethod
    def unpack(cls, seq: int, packed: str) -> Attribution:
        """Take up what was kept up to an entry."""
        found = cls()
        found.seq = seq
        authors, runs = json.loads(packed)
        for author in authors:
            found._place(author)
        found.runs = {int(client): [Run(*run) for run in each] for client, each in runs.items()}
        return found


def _append(runs: list[Run], run: Run, span: float) -> None:
    """Put a run behind others, into the last one if both are one piece of work."""
    if runs:
        last = runs[-1]
        is_next = last.clock + last.length == run.clock
        is_same = (last.author, last.kind) == (run.author, run.kind)
        if is_next and is_same and abs(run.time - last.time) <= span:
            runs[-1] = last._replace(length=last.length + run.length)
            return
    runs.append(run)
