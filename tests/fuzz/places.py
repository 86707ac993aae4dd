"""Where marks and cells belong: in which order, and marks in which cell.

An author who inserts a mark into a text sees which marks are before it and which ones are after it,
and that order must hold in the end, whatever was merged meanwhile. The same goes for cells. Not
judged are

- marks and cells that somebody took out: they are back only if somebody put them elsewhere, or as
  one side of a conflict; and marks that a conflict doubled, which have no one place;
- the order of two marks of which each is in one side of a conflict, since ours comes first; [L3]
- the order of the marks of a line and one that was typed into it while the line came into a
  conflict, which its author had not seen: it stands at either side; [L3]
- the place of a cell that was added next to one that somebody else moved, or deleted and put back:
  it follows that one; [L4]
- the place of a mark that was typed while somebody else cut the text around it and put it
  elsewhere, where contents are merged and not edits: it may follow that text. [L4]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from .marks import Cells, count, in_order, mark_text


@dataclass
class _Place:
    """What was before and what was after something when it was inserted."""

    before: set[Any]
    after: set[Any]


@dataclass
class _Order:
    """The order of marks, or of cells."""

    _places: dict[Any, _Place] = field(default_factory=dict)
    loose: set[Any] = field(default_factory=set)
    apart: set[frozenset[Any]] = field(default_factory=set)

    def inserted(self, name: Any, before: Iterable[Any], after: Iterable[Any]) -> None:
        self._places[name] = _Place(set(before), set(after))

    def wrong(self, names: Sequence[Any]) -> list[tuple[Any, Any]]:
        """Pairs that stand in the wrong order."""
        counts = Counter(names)
        judged = [n for n in names if counts[n] == 1 and n in self._places and n not in self.loose]
        return [
            (one, other)
            for at, one in enumerate(judged)
            for other in judged[at + 1 :]
            if other in self._places[one].before or one in self._places[other].after
            if frozenset((one, other)) not in self.apart
        ]


class Places:
    """Where everything belongs."""

    def __init__(self) -> None:
        self._marks = _Order()
        self._cells = _Order()
        self._homes: dict[int, set[str]] = {}
        self._beside: dict[int, set[int]] = {}
        self._nexts: dict[str, str] = {}
        self._moved: set[str] = set()
        self._taken_out: set[str] = set()
        self.is_text_moving = False

    def edited(self, before: Cells, after: Cells, *, named: bool) -> None:
        """Somebody turned some cells into others.

        Args:
            named: whether cells with the same name are the same cell.
        """
        where: dict[int, set[str]] = {}
        for name, text in before:
            for number in in_order(text):
                where.setdefault(number, set()).add(name)
        for name, text in after:
            numbers = in_order(text)
            for at, number in enumerate(numbers):
                if number not in where:
                    self._marks.inserted(number, numbers[:at], numbers[at + 1 :])
                    self._beside[number] = _beside(number, text)
                    if self.is_text_moving:
                        self._marks.loose.add(number)
                if named and name not in where.get(number, ()):
                    self._homes.setdefault(number, set()).add(name)
        self._marks.loose |= where.keys() - count(after).keys()
        if named:
            self._order_of_cells([name for name, _ in before], [name for name, _ in after])

    def _order_of_cells(self, before: list[str], after: list[str]) -> None:
        for at, name in enumerate(after):
            if name not in before:
                self._cells.inserted(name, after[:at], after[at + 1 :])
                self._nexts[name] = after[at - 1] if at else ""
        self._taken_out |= set(before) - set(after)
        self._cells.loose |= self._taken_out
        stayed = [name for name in before if name in after]
        now = [name for name in after if name in before]
        if stayed != now:
            self._moved |= {
                one
                for one in stayed
                if [n for n in stayed if n != one] == [n for n in now if n != one]
            }

    def conflicted(self, ours: Iterable[int], theirs: Iterable[int]) -> None:
        """Both sides of a conflict stand in the document, all of ours first."""
        self._marks.apart |= {frozenset(pair) for pair in product(ours, theirs)}

    def conflicts_unseen(self, conflicted: set[int], unseeing: Iterable[int]) -> None:
        """Lines are in a conflict that the authors of some other marks have not seen."""
        for number in unseeing:
            for other in self._beside.get(number, set()) & conflicted:
                self._marks.apart.add(frozenset((number, other)))

    def doubled(self, numbers: Iterable[int]) -> None:
        """These marks stand in the document more than once, or may have to."""
        self._marks.loose.update(numbers)

    def text_moves(self, unseen: Iterable[int]) -> None:
        """Somebody moves a text; `is_text_moving` until everybody has it where it is then.

        Args:
            unseen: the marks that they do not see.
        """
        self.is_text_moving = True
        self._marks.loose.update(unseen)

    def verdicts(self, cells: Cells, *, named: bool, twins: set[str]) -> list[str]:
        """What stands at a wrong place.

        Args:
            twins: cells that may be there twice, the second time by another name.
        """
        wrong = []
        for name, text in cells:
            numbers = in_order(text)
            for one, other in self._marks.wrong(numbers):
                wrong.append(f"⟦{one}⟧ and ⟦{other}⟧ are in the wrong order")
            for number in numbers if named else ():
                homes = self._homes.get(number, set())
                is_judged = number not in self._marks.loose and not homes & twins
                if is_judged and homes and name not in homes:
                    wrong.append(f"⟦{number}⟧ is in the cell {name} instead of {sorted(homes)}")
        if named:
            back = self._taken_out & {name for name, _ in cells}
            follow = {name for name, _ in cells if self._follows(name, self._moved | back)}
            self._cells.loose |= follow | twins
            for one, other in self._cells.wrong([name for name, _ in cells]):
                wrong.append(f"the cells {one} and {other} are in the wrong order")
        return wrong

    def _follows(self, name: str, moved: set[str]) -> bool:
        seen: set[str] = set()
        while name and name not in seen:
            if name in moved:
                return True
            seen.add(name)
            name = self._nexts.get(name, "")
        return False


def _beside(number: int, text: str) -> set[int]:
    """The other marks in the line of a mark."""
    at = text.index(mark_text(number))
    start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
    return set(in_order(text[start : end if end >= 0 else len(text)])) - {number}
