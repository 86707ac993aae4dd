"""What is known of each mark of a plan, and what may have become of it.

A mark may be gone if somebody removed it, if its cell was deleted [L5], if it was part of outputs
that a program changed [L7], or if only a lost store or a lost replica had it [L9]. It may be there
more than once if somebody put it back, or if a conflict that was shown to everybody has it. [L3]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from .marks import MAX_MARKS, Cells, count, mark_text, marks_in
from .places import Places
from .typed import Typed


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
    """All marks of a plan.

    Args:
        merges_contents: whether contents are merged in it, and not only edits.
    """

    def __init__(self, *, merges_contents: bool = True) -> None:
        self._merges_contents = merges_contents
        self.typed = Typed()
        self.places = Places()
        self.replicas: dict[str, list[bytes]] = {}
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

    def effect(self, before: Cells, after: Cells, why: str, *, named: bool = True) -> None:
        """Somebody's own edit turned some cells into others.

        Args:
            named: whether cells with the same name are the same cell.
        """
        self.typed.edited((text for _, text in before), (text for _, text in after))
        self.places.edited(before, after, named=named)
        old, new = count(before), count(after)
        self.excuse((n for n in old if new[n] < old[n]), why)
        for number, times in new.items():
            if old[number] and times > old[number]:
                self.marks[number].most += times - old[number]
            elif not old[number] and not self.marks[number].least:
                self.marks[number].most += times

    def edited(self, before: Cells, after: Cells, why: str) -> None:
        """Somebody turned the document's cells into others, and perhaps took some away."""
        self.seen(after)
        self.effect(before, after, why)
        names = [cell for cell, _ in after]
        self.dead_cells |= {cell for cell, _ in before} - set(names)
        self.twins |= {name for name in names if names.count(name) > 1}

    def seen(self, cells: Cells) -> None:
        """The document holds these cells, each with its text."""
        self.places.doubled(number for number, times in count(cells).items() if times > 1)
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

    def conflicted(self, conflicts: Iterable[tuple[str, str]], *, is_loose: bool) -> None:
        """Both lines of these conflicts stand in the document.

        So what one of them has may be there twice: in the other one as well, or, if that side
        moved it, elsewhere.

        Args:
            is_loose: whether even the order of the lines may become another one: the next replica
                of a lost history may tell more of it, and of two servers each puts its own first.
        """
        for ours, theirs in conflicts:
            one, other = marks_in(ours), marks_in(theirs)
            if is_loose:
                self.places.doubled(one | other)
            else:
                self.places.conflicted(one, other)
            for number in one | other:
                # Lines that have a mark twice already, from a conflict before, double both.
                self.marks[number].most += max(1, min(one[number], other[number]))

    def conflicts_shown(self, lines: Iterable[str], document: Cells) -> None:
        """Conflicts are shown. The authors of marks that are not in the document yet have not seen
        them.

        Args:
            lines: the lines of both sides of each conflict, as the document has them.
        """
        conflicted: set[int] = set()
        for piece in filter(None, lines):
            for _, text in document:
                conflicted |= _around(text, piece)
        self.places.conflicts_unseen(conflicted, self.marks.keys() - count(document).keys())

    def may_stand_twice(self, numbers: Iterable[int]) -> None:
        """It is not known in which of two cells these marks are."""
        for number in numbers:
            self.marks[number].most += 1
            self.places.doubled([number])

    def text_moves(self, seen: Cells) -> None:
        """Somebody who sees these cells is about to cut a text."""
        if self._merges_contents:
            self.places.text_moves(self.marks.keys() - count(seen).keys())

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


def _around(text: str, piece: str) -> set[int]:
    """The marks of a piece of a text, and of the lines before and after it."""
    at = text.find(piece)
    if at < 0:
        return set()
    start = text.rfind("\n", 0, max(0, at - 1)) + 1
    end = text.find("\n", at + len(piece))
    return set(marks_in(text[start : end if end >= 0 else len(text)]))
