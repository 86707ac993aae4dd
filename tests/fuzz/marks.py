"""Marks: short texts that nobody could type twice, and what may have become of each.

A mark is three characters that no other mark has, so that no comparison of texts takes a part of
one for a part of another: what happened to it is beyond doubt.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

_FIRST, _SECOND, _THIRD = 0x4E00, 0x20000, 0x3400
MAX_MARKS = 6000

MARK = re.compile("[\u4e00-\u9fff][\U00020000-\U0002a6df][\u3400-\u4dbf]")
_PART = re.compile("[\u4e00-\u9fff\U00020000-\U0002a6df\u3400-\u4dbf]")


def mark_text(number: int) -> str:
    """The text of a mark."""
    return chr(_FIRST + number) + chr(_SECOND + number) + chr(_THIRD + number)


def marks_in(text: str) -> Counter[int]:
    """How often each mark stands in a text."""
    return Counter(ord(found[0]) - _FIRST for found in MARK.findall(text))


def torn(text: str) -> str:
    """The parts of marks in a text that belong to no whole mark."""
    wrong = ""
    for found in MARK.findall(text):
        if found != mark_text(ord(found[0]) - _FIRST):
            wrong += found
    return wrong + "".join(_PART.findall(MARK.sub("", text)))


def readable(text: str) -> str:
    """A text with ⟦number⟧ for each mark."""
    return MARK.sub(lambda found: f"⟦{ord(found[0][0]) - _FIRST}⟧", text)


def seams(text: str) -> list[int]:
    """The offsets at which something may be inserted without tearing a mark or a line's end."""
    inside = {at for found in MARK.finditer(text) for at in (found.start() + 1, found.start() + 2)}
    inside |= {found.start() + 1 for found in re.finditer("\r\n", text)}
    return [at for at in range(len(text) + 1) if at not in inside]


def seam(text: str, share: float) -> int:
    """The seam at a share (0 to 1) of the text."""
    places = seams(text)
    return places[min(int(share * len(places)), len(places) - 1)]


@dataclass
class Mark:
    """What is known of a mark: at the end it stands at least and at most so often."""

    author: str
    least: int = 1
    most: int = 1
    why: str = ""
    safe: bool = False
    homes: set[str] = field(default_factory=set)


class Ledger:
    """All marks of a plan."""

    def __init__(self) -> None:
        self.marks: dict[int, Mark] = {}
        self.dead_cells: set[str] = set()
        self.twins: set[str] = set()
        self.told_twice: set[int] = set()

    def new(self, number: int, author: str, *, safe: bool = False) -> str:
        """Somebody is about to insert a mark; ``safe`` if no crash of theirs may lose it."""
        assert number not in self.marks and number < MAX_MARKS
        self.marks[number] = Mark(author, safe=safe)
        return mark_text(number)

    def excuse(self, numbers: Iterable[int], why: str) -> None:
        """These marks may be missing at the end."""
        for number in numbers:
            mark = self.marks[number]
            if mark.least:
                mark.least, mark.why = 0, why

    def effect(self, before: Counter[int], after: Counter[int], why: str) -> None:
        """Somebody's own edit turned one set of marks into another."""
        self.excuse((n for n in before if after[n] < before[n]), why)
        for number, count in after.items():
            if before[number] and count > before[number]:
                self.marks[number].most += count - before[number]
            elif not before[number] and not self.marks[number].least:
                self.marks[number].most += 1

    def seen(self, cells: Iterable[tuple[str, str]]) -> None:
        """The document holds these cells, each with its text."""
        for cell, text in cells:
            for number in marks_in(text):
                self.marks[number].homes.add(cell)

    def clashed(self, conflicts: Iterable[tuple[str, str]]) -> None:
        """Somebody was told of pieces that differ: what only one side has in one of them, and only
        the other in another, stands twice until they choose. [S4]"""
        here: set[int] = set()
        there: set[int] = set()
        for ours, theirs in conflicts:
            here |= (marks_in(ours) - marks_in(theirs)).keys()
            there |= (marks_in(theirs) - marks_in(ours)).keys()
        self.told_twice |= here & there

    def conflicted(self, conflicts: Iterable[tuple[str, str]]) -> None:
        """Both lines of these conflicts stand in the document, with what they have in common."""
        for ours, theirs in conflicts:
            for number in marks_in(ours) & marks_in(theirs):
                self.marks[number].most += 1

    def cells_went(self, before: dict[str, str], after: Iterable[str]) -> None:
        """Cells are gone from the document: if nothing was left in them, rightly so."""
        for cell in before.keys() - set(after):
            if not any(self._least(self.marks[number]) for number in marks_in(before[cell])):
                self.dead_cells.add(cell)

    def _least(self, mark: Mark) -> int:
        """How often a mark has to stand somewhere: what was in a deleted cell goes."""
        return 0 if mark.homes & self.dead_cells else mark.least

    def verdicts(self, found: Counter[int]) -> list[str]:
        """What is wrong with the marks of a text."""
        wrong = []
        for number, mark in self.marks.items():
            count = found[number]
            if count < self._least(mark):
                wrong.append(f"⟦{number}⟧ of {mark.author} is lost")
            elif count > mark.most + (number in self.told_twice):
                wrong.append(f"⟦{number}⟧ of {mark.author} is there {count} times {mark.why}")
        return wrong
