"""The authors of each part of a document, which are kept longer than the entries themselves.

Pure: entries in, ranges of the clocks of Yjs clients out. Slow for long histories: called in a
thread. Authors are those of the entries, which the server authenticated, and never what clients
claim. [V6]
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import NamedTuple

from ..errors import ProtocolError
from ..protocol.update_reader import read_own_update
from .model import Entry, Kind

SPAN = 600
"""Seconds within which all text of one author gets the same time."""

MAX_RUNS = 20_000
"""Most ranges that are kept for one document; above that, times become less precise."""

NOBODY = -1


class Run(NamedTuple):
    """A range of items that one author inserted.

    Attributes:
        clock, length: of the Yjs client; lengths of texts are in UTF-16 code units.
        author: an index into the authors; -1 for no user, or an unknown one.
        kind: of the entry, as in `Kind`; ``squashed`` if the author is no longer known.
        time: of the beginning, in whole seconds since the epoch.
    """

    clock: int
    length: int
    author: int
    kind: str
    time: int


class Attribution:
    """The authors of a document, up to an entry.

    Attributes:
        seq: the sequence number of that entry; 0 before the first.
        authors: usernames.
        runs: by Yjs client id, in the order of its clock; gaps have no known author.
    """

    def __init__(self) -> None:
        self.seq = 0
        self.authors: list[str] = []
        self.runs: dict[int, list[Run]] = {}
        self._places: dict[str, int] = {}
        self._span: float = SPAN

    def add(self, seq: int, update: bytes, author: str, kind: str, time: float) -> None:
        """Add the next entry. Items that exist already keep their first author."""
        self.seq = seq
        try:
            parts = read_own_update(update).brought
        except ProtocolError:
            return  # imported from an older store: the author is not known
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
        """Add the next entries; return their size in bytes."""
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
        """Make times less precise, then drop the oldest ranges, until the limit is kept."""
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
        """Return the attribution as JSON, for the store."""
        return json.dumps([self.authors, self.runs], separators=(",", ":"))

    @classmethod
    def unpack(cls, seq: int, packed: str) -> Attribution:
        """Restore the stored attribution up to an entry."""
        found = cls()
        found.seq = seq
        authors, runs = json.loads(packed)
        for author in authors:
            found._place(author)
        found.runs = {int(client): [Run(*run) for run in each] for client, each in runs.items()}
        return found


def _append(runs: list[Run], run: Run, span: float) -> None:
    """Append a run, or extend the last one if both belong together."""
    if runs:
        last = runs[-1]
        is_next = last.clock + last.length == run.clock
        is_same = (last.author, last.kind) == (run.author, run.kind)
        if is_next and is_same and abs(run.time - last.time) <= span:
            runs[-1] = last._replace(length=last.length + run.length)
            return
    runs.append(run)
