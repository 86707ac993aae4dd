"""The memory of one deleted cell: its text, and the Yjs ids of its characters.

Edits of that text can still be applied to it, although Yjs drops them.
"""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import accumulate, chain
from typing import Any, NamedTuple

from pycrdt import Assoc, StickyIndex, Text

from ..documents.notebook_rules import PLAIN, problem_of_cell
from ..protocol.ranges import Ranges
from ..protocol.update_reader import Id, Part

MAX_ERASED = 200
"""Pieces that were erased in a deleted cell, of which the places are remembered."""

_ALL = 2**53
"""Longer than any run."""


class Run(NamedTuple):
    """Consecutive characters of one Yjs client, in UTF-16 code units as Yjs counts them."""

    client: int
    clock: int
    length: int
    place: int


class Remains(NamedTuple):
    """What a cell consists of that a merge deleted, other than its text and its outputs.

    Attributes:
        content: the cell, without both: new outputs are no work that somebody did on it.
        place: its index.
        before: the id of the cell before it.
        origin: where the merge came from, as conflicts show it.
    """

    content: dict[str, Any]
    place: int
    before: str | None
    origin: str

    def problem(self) -> str:
        """Return why no cell can be made of this; empty if one can."""
        if not isinstance(self.content, dict) or not isinstance(self.place, int):
            return "the content of the cell, or its place, is missing"
        if not isinstance(self.before, str | None) or not isinstance(self.origin, str):
            return "the origin of the cell is not text"
        return problem_of_cell({**self.content, "source": "", "outputs": []}, PLAIN)


@dataclass
class DeletedCell:
    """A deleted cell: its text, including later edits, and the Yjs ids of its characters.

    Attributes:
        items: the Yjs ids of the cell and of those that it is a copy of.
        time: when it was deleted, in seconds since the epoch.
        text: its text.
        runs: its characters, in the order of their ids.
        seen: the text as the user who deleted the cell had it, from which a copy may be made; None
            if it is `text`, or if there is a copy already.
        erased: characters that were erased since then, and where they were.
        merged: the rest of the cell, if a merge deleted it.
    """

    items: list[Id | None]
    time: float
    text: str
    runs: list[Run] = field(default_factory=list)
    seen: str | None = None
    erased: list[Run] = field(default_factory=list)
    merged: Remains | None = None

    def __post_init__(self) -> None:
        self.runs.sort()

    @classmethod
    def from_json(cls, data: str) -> DeletedCell:
        """Parse the result of `to_json`.

        Raises:
            ValueError: it is damaged, or of another version.
        """
        try:
            items, time, text, runs, *rest = json.loads(data)
            seen, erased, merged = [*rest, None, None, None][:3]
            found = cls(
                [None if item is None else (item[0], item[1]) for item in items],
                time,
                text,
                [Run(*run) for run in runs],
                seen,
                [Run(*run) for run in erased or ()],
                None if merged is None else Remains(*merged),
            )
        except (TypeError, ValueError, LookupError, RecursionError) as error:
            raise ValueError(repr(error)) from error
        if problem := found.problem():
            raise ValueError(problem)
        return found

    def problem(self) -> str:
        """Return why this cannot be the memory of a cell; empty if it can."""
        numbers = chain(*self.runs, *self.erased, *(item for item in self.items if item))
        if not all(isinstance(each, int) and each >= 0 for each in numbers):
            return "an id or a place is not a number"
        if not isinstance(self.time, int | float):
            return "the time is not a number"
        if not isinstance(self.text, str) or not isinstance(self.seen, str | None):
            return "the text is not text"
        if any(run.place + run.length > _units(self.text) for run in self.runs):
            return "a place is outside the text"
        return "" if self.merged is None else self.merged.problem()

    def to_json(self) -> str:
        rest = [self.seen, self.erased, None if self.merged is None else list(self.merged)]
        while rest and not rest[-1]:
            rest.pop()
        return json.dumps([self.items, self.time, self.text, self.runs, *rest])

    def place_after(self, character: Id | None) -> int | None:
        if character is None:
            return None
        at = bisect_right(self.runs, (*character, _ALL, 0)) - 1
        if at < 0:
            return None
        client, clock, length, place = self.runs[at]
        if client == character[0] and 0 <= character[1] - clock < length:
            return place + character[1] - clock + 1
        return None

    def place_of(self, origin: Id | None, right: Id | None) -> int | None:
        """Return where characters between two neighbors belong; None if not in this text."""
        at = self.place_after(origin)
        if at is None and (after := self.place_after(right)) is not None:
            at = after - 1
        if at is None:
            at = self._place_of_erased(origin)
        return self._place_of_erased(right) if at is None else at

    def _known(self, client: int, start: int, end: int) -> list[tuple[int, int]]:
        """Return the ids of one client that are known, as ranges of clocks (start, end)."""
        return sorted(
            (max(run.clock, start), min(run.clock + run.length, end))
            for run in chain(self.runs, self.erased)
            if run.client == client and run.clock < end and start < run.clock + run.length
        )

    def _place_of_erased(self, character: Id | None) -> int | None:
        if character is not None:
            for client, clock, length, place in self.erased:
                if client == character[0] and 0 <= character[1] - clock < length:
                    return place
        return None

    def take(self, character: Id, piece: str, origin: Id | None, right: Id | None) -> None:
        """Insert the characters of an edit that are not known yet between their neighbors.

        While a client reconnects, an edit may arrive before the edits that it follows. It then
        arrives again, as a part of everything that was missing.
        """
        if self.place_of(origin, right) is None:
            return
        client, start = character
        clock, end = start, start + _units(piece)
        for first, last in [*self._known(client, start, end), (end, end)]:
            if clock < first:
                left = origin if clock == start else (client, clock - 1)
                place = self.place_of(left, right if first == end else (client, first))
                if place is not None:
                    self.insert(
                        place, (client, clock), _cut(piece, clock - start, first - start), left
                    )
            clock = max(clock, last)

    def insert(self, at: int, character: Id, piece: str, origin: Id | None = None) -> None:
        """Insert characters after a neighbor; what was erased there is before or after them."""
        size = _units(piece)
        first = at + (self._place_of_erased(origin) is not None)
        self.erased = [
            run._replace(place=run.place + size * (run.place >= first)) for run in self.erased
        ]
        runs: list[Run] = []
        for run in self.runs:
            client, clock, length, place = run
            if place >= at:
                runs.append(Run(client, clock, length, place + size))
            elif place + length <= at:
                runs.append(run)
            else:
                head = at - place
                runs.append(Run(client, clock, head, place))
                runs.append(Run(client, clock + head, length - head, at + size))
        index = bisect_left(runs, (*character, 0, 0))
        runs[max(index - 1, 0) : index] = _joined(
            [*runs[max(index - 1, 0) : index], Run(*character, size, at)]
        )
        self.runs = runs
        self.text = _cut(self.text, 0, at) + piece + _cut(self.text, at)

    def delete(self, parts: Ranges) -> None:
        """Erase all characters that are in some ranges, in one pass: there may be thousands."""
        cuts: list[Run] = []
        kept: list[Run] = []
        for client, clock, length, place in self.runs:
            at, end = clock, clock + length
            for first, last in [*parts.within((client, clock, length)), (end, end)]:
                if at < first:
                    kept.append(Run(client, at, first - at, place + at - clock))
                if first < last:
                    cuts.append(Run(client, first, last - first, place + first - clock))
                at = last
        if not cuts:
            return
        cuts.sort(key=lambda cut: cut.place)
        starts = [cut.place for cut in cuts]
        gone = [0, *accumulate(cut.length for cut in cuts)]

        def left(run: Run) -> Run:
            at = bisect_left(starts, run.place)
            inside = max(starts[at - 1] + cuts[at - 1].length - run.place, 0) if at else 0
            return run._replace(place=run.place - gone[at] + inside)

        self.erased = [*map(left, self.erased), *map(left, cuts)][-MAX_ERASED:]
        self.runs = sorted(map(left, kept))
        ends = [0, *(cut.place + cut.length for cut in cuts)]
        self.text = "".join(map(_cutter(self.text), ends, [*starts, None]))


def _joined(runs: list[Run]) -> list[Run]:
    """Join runs that continue each other, as those of somebody who types."""
    joined: list[Run] = []
    for run in runs:
        if joined:
            client, clock, length, place = joined[-1]
            if run[:2] == (client, clock + length) and run.place == place + length:
                joined[-1] = Run(client, clock, length + run.length, place)
                continue
        joined.append(run)
    return joined


def seen_by(source: str, runs: Iterable[Run], parts: Iterable[Part]) -> str:
    """Return the characters of a text that are in deleted parts."""
    deleted = Ranges(sorted(parts))
    kept = [
        (place + first - clock, place + last - clock)
        for client, clock, length, place in runs
        for first, last in deleted.within((client, clock, length))
    ]
    return "".join(_cut(source, start, end) for start, end in sorted(kept))


def runs_of(text: Text, source: str) -> list[Run]:
    """Return the Yjs ids of a text's characters, as runs.

    pycrdt counts bytes where Yjs counts UTF-16 code units, so that only the clock of the first
    character of each insertion is correct: the others are counted from there. A clock that seems to
    go on may also be that of another insertion. Example: ``é`` is one unit and two bytes. If
    somebody typed ``éab`` and deleted ``a``, then ``b`` has the clock after these two bytes.
    """
    runs: list[Run] = []
    expected: Id | None = None
    start = at = place = 0
    with text.doc.transaction():
        for character in source:
            size, units = len(character.encode()), _units(character)
            found = _id(text.sticky_index(at, Assoc.AFTER).to_json())
            if found == expected and _goes_on(text, runs[-1], start, at):
                runs[-1] = runs[-1]._replace(length=runs[-1].length + units)
            else:
                runs.append(Run(*found, units, place))
                start = at
            expected = (found[0], found[1] + size)
            at, place = at + size, place + units
    return runs


def _goes_on(text: Text, run: Run, start: int, at: int) -> bool:
    """Return whether a run, from one index of a text to another in bytes, goes on there.

    What pycrdt says of an id that is in another text, at just this index, looks the same.
    """
    if run.length == at - start:
        return True  # as many units as bytes
    after = {"client": run.client, "clock": run.clock + run.length}
    place = StickyIndex.from_json({"item": after, "assoc": Assoc.AFTER.value}, text)
    # pycrdt counts from `start` in the same way, if the id belongs to the insertion that is there.
    return bool(place.get_index() == start + run.length)


def _id(index: dict[str, Any]) -> Id:
    return index["item"]["client"], index["item"]["clock"]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _cut(text: str, start: int, end: int | None = None) -> str:
    """Return a slice of a text by UTF-16 code units."""
    return _cutter(text)(start, end)


def _cutter(text: str) -> Callable[[int, int | None], str]:
    """Return a function that returns slices of a text by UTF-16 code units."""
    if text.isascii():
        return lambda start, end: text[start:end]
    units = text.encode("utf-16-le", "surrogatepass")

    def cut(start: int, end: int | None) -> str:
        part = units[2 * start : None if end is None else 2 * end]
        return part.decode("utf-16-le", "surrogatepass")

    return cut
