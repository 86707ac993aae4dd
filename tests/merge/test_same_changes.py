"""Both sides of a merge made the same change of a notebook's cells, beside others: it is made once.

Random notebooks: lines are unique unless a cell is copied, so that lines that stand twice, and
lines that are lost, can be counted.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count, pairwise
from typing import Any

import pytest

from jupyter_collaboration.merge.notebook import Relation, merge_notebooks

PLANS = 80
"""Random merges of one test."""


@dataclass(frozen=True)
class Cell:
    name: str
    lines: tuple[str, ...]
    cell_type: str = "code"


Cells = list[Cell]
Change = Callable[[Cells, "Names"], Cells]
"""A change of a notebook: the same on both sides, but for the ids of new cells."""


class Names:
    """The ids that one side gives to new cells.

    Attributes:
        is_last: whether the last piece of a cell that is split keeps the id.
    """

    def __init__(self, side: str, is_last: bool) -> None:
        self._side = side
        self._numbers = count()
        self.is_last = is_last

    def __call__(self) -> str:
        return f"{self._side}{next(self._numbers)}"


class Notebooks:
    """Makes random notebooks and changes of them."""

    def __init__(self, seed: str) -> None:
        self.rng = random.Random(seed)
        self._numbers = count()

    def line(self) -> str:
        kinds = [
            "name{0} = value{0}",
            "print(word{0})",
            "v{0}",
            "import mod{0} as m{0}",
            "# is {0}",
        ]
        return self.rng.choice(kinds).format(next(self._numbers))

    def cell(self) -> Cell:
        size = 0 if self.rng.random() < 0.1 else self.rng.randint(1, 6)
        lines = tuple(self.line() for _ in range(size)) or ("",)
        return Cell(f"c{next(self._numbers)}", lines, self.rng.choice(["code"] * 4 + ["markdown"]))

    def cells(self) -> Cells:
        cells = [self.cell() for _ in range(self.rng.randint(3, 12))]
        if self.rng.random() < 0.3:  # two that are equal
            copy = replace(self.rng.choice(cells), name="copy")
            cells.insert(self.rng.randrange(len(cells) + 1), copy)
        return cells

    def change(self, cells: Cells, kind: str) -> tuple[Change, set[str]]:
        """A change of one kind, and the cells that it is about."""
        at = self.rng.randrange(len(cells))
        cell = cells[at]
        if kind == "split":
            cell = max(cells[at:] + cells[:at], key=lambda each: len(each.lines) > 1)
            places = range(1, len(cell.lines))
            cuts = sorted(self.rng.sample(places, min(self.rng.randint(1, 3), len(places))))
            pieces = [
                replace(cell, lines=cell.lines[i:j])
                for i, j in pairwise([0, *cuts, len(cell.lines)])
            ]

            def split(cells: Cells, names: Names) -> Cells:
                keeps = len(pieces) - 1 if names.is_last else 0
                parts = [
                    piece if index == keeps else replace(piece, name=names())
                    for index, piece in enumerate(pieces)
                ]
                return _replaced(cells, cell.name, parts)

            return split, {cell.name}
        if kind == "join":
            at = min(at, len(cells) - 2)
            gone, kept = self.rng.sample(cells[at : at + 2], 2)
            both = replace(kept, lines=cells[at].lines + cells[at + 1].lines)

            def join(cells: Cells, names: Names) -> Cells:
                return _replaced(_replaced(cells, gone.name, []), kept.name, [both])

            return join, {gone.name, kept.name}
        if kind == "move":
            goal = self.rng.choice([each for each in cells if each is not cell])

            def move(cells: Cells, names: Names) -> Cells:
                return _replaced(_replaced(cells, cell.name, []), goal.name, [goal, cell])

            return move, {cell.name, goal.name}
        new = cell if kind == "duplicate" else self.cell()

        def insert(cells: Cells, names: Names) -> Cells:
            added = [] if kind == "delete" else [cell, replace(new, name=names())]
            return _replaced(cells, cell.name, added)

        return insert, {cell.name}

    def edited(self, cells: Cells, used: set[str]) -> Cells:
        """The cells with a change of one that is not used."""
        free = [cell for cell in cells if cell.name not in used]
        if not free:
            return cells
        cell = self.rng.choice(free)
        used.add(cell.name)
        at = self.rng.randrange(len(cell.lines))
        lines = (*cell.lines[:at], self.line(), *cell.lines[at + 1 :])
        longer = (*cell.lines, self.line())
        pieces = [
            [replace(cell, lines=lines)],
            [replace(cell, lines=longer)],
            [],
            [cell, self.cell()],
        ]
        return _replaced(cells, cell.name, self.rng.choice(pieces))


def _replaced(cells: Cells, name: str, by: Cells) -> Cells:
    at = [cell.name for cell in cells].index(name)
    return [*cells[:at], *by, *cells[at + 1 :]]


@dataclass(frozen=True)
class Plan:
    """A notebook, what both sides made of it, and what the merge is to hold.

    Attributes:
        lines: how often each line stands there.
        size: how many cells that are not empty.
    """

    base: Cells
    ours: Cells
    theirs: Cells
    lines: Counter[str]
    size: int


def plan_of(seed: str, kind: str, same_names: bool) -> Plan:
    notebooks = Notebooks(seed)
    rng = notebooks.rng
    base = notebooks.cells()
    change, used = notebooks.change(base, kind)
    is_last = rng.random() < 0.5
    is_other_last = is_last if same_names else rng.random() < 0.5
    sides = [
        change(base, Names("n", is_last)),
        change(base, Names("n" if same_names else "m", is_other_last)),
    ]
    changed = sides[0]
    lines, size = lines_in(changed), size_of(changed)
    # Which one of two equal cells somebody changed cannot be told without ids.
    copies = Counter(cell.lines for cell in base) | Counter(cell.lines for cell in changed)
    used |= {cell.name for cell in base if copies[cell.lines] > 1}
    known = {cell.name for cell in base}
    for side in range(2):
        before = sides[side]
        used |= {cell.name for cell in before} - known
        for _ in range(rng.randint(0, 2)):
            sides[side] = notebooks.edited(sides[side], used)
        lines.update(lines_in(sides[side]))
        lines.subtract(lines_in(before))
        size += size_of(sides[side]) - size_of(before)
    return Plan(base, sides[0], sides[1], +lines, size)


def size_of(cells: Cells) -> int:
    return sum(any(cell.lines) for cell in cells)


def lines_in(cells: Cells) -> Counter[str]:
    return Counter(line for cell in cells for line in cell.lines if line)


def notebook(cells: Cells, *, minor: int = 5, ids: bool = True) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    for cell in cells:
        parts = {"outputs": [], "execution_count": None} if cell.cell_type == "code" else {}
        name = {"id": cell.name} if ids else {}
        text = "\n".join(cell.lines)
        found.append({"cell_type": cell.cell_type, "source": text, "metadata": {}, **parts, **name})
    return {"cells": found, "metadata": {}, "nbformat": 4, "nbformat_minor": minor}


def lines_of(merged: dict[str, Any]) -> list[str]:
    return [line for cell in merged["cells"] for line in cell["source"].split("\n") if line]


KINDS = ["split", "join", "move", "duplicate", "insert", "delete"]


@pytest.mark.parametrize("relation", [None, Relation.REPLICA, Relation.SAME_DOCUMENT])
@pytest.mark.parametrize("same_names", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_what_both_sides_did_to_cells_is_done_once(
    kind: str, same_names: bool, relation: Relation | None
) -> None:  # [F4] [F5]
    for number in range(PLANS):
        plan = plan_of(f"{kind} {number}", kind, same_names)
        sides = [notebook(cells) for cells in (plan.base, plan.ours, plan.theirs)]
        merged, conflicts = merge_notebooks(*sides, relation=relation)
        assert Counter(lines_of(merged)) == plan.lines, plan
        assert sum(bool(cell["source"].strip()) for cell in merged["cells"]) == plan.size, plan
        assert not conflicts, plan
        names = [cell["id"] for cell in merged["cells"]]
        assert len(names) == len(set(names)), plan
        check_order(plan, lines_of(merged))


@pytest.mark.parametrize("is_live", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_what_both_sides_did_to_cells_without_ids_is_done_once(
    kind: str, is_live: bool
) -> None:  # [F4] [F5]
    for number in range(PLANS):
        plan = plan_of(f"{kind} {number}", kind, False)
        base, ours = (notebook(each, minor=4, ids=is_live) for each in (plan.base, plan.ours))
        theirs = notebook(plan.theirs, minor=4, ids=False)
        merged, conflicts = merge_notebooks(base, ours, theirs)
        found = Counter(lines_of(merged))
        assert not plan.lines - found, plan
        told = {line for each in conflicts for line in f"{each.ours}\n{each.theirs}".split("\n")}
        assert set(found - plan.lines) <= told, plan


def check_order(plan: Plan, merged: list[str]) -> None:
    """Lines that follow each other are in this order on one of the sides that have both."""
    places = [
        {line: at for at, line in enumerate(line for cell in side for line in cell.lines)}
        for side in (plan.ours, plan.theirs)
    ]
    once = [
        line for line in merged if plan.lines[line] == 1 and all(line in each for each in places)
    ]
    for one, other in pairwise(once):
        assert any(each[one] < each[other] for each in places), plan


@pytest.mark.parametrize("minor", [4, 5])
def test_a_cell_that_both_sides_split_alike_is_two(minor: int) -> None:  # [F4] [F5]
    whole = [Cell("x", ("first = 1", "second = 2"))]
    ours = [Cell("x", ("first = 1",)), Cell("mine", ("second = 2",))]
    theirs = [Cell("x", ("first = 1",)), Cell("other", ("second = 2",))]
    sides = [notebook(cells, minor=minor, ids=minor == 5) for cells in (whole, ours, theirs)]
    merged, conflicts = merge_notebooks(*sides)
    assert merged == sides[1]
    assert not conflicts


def test_equal_cells_that_different_sides_added_at_different_places_are_two() -> None:  # [F5]
    first, last, new = Cell("a", ("a = 1",)), Cell("b", ("b = 2",)), ("plot()",)
    ours, theirs = [Cell("m", new), first, last], [first, last, Cell("n", new)]
    merged, _ = merge_notebooks(*map(notebook, ([first, last], ours, theirs)))
    assert [cell["id"] for cell in merged["cells"]] == ["m", "a", "b", "n"]


def test_an_id_that_moved_to_the_next_cell_names_one_cell() -> None:  # [F5]
    first, second, third = ("x = 1", "one"), ("import numpy",), ("# title", "two")
    base = [Cell("b0", first), Cell("b1", second), Cell("b2", third)]
    ours = [Cell("n1", second), Cell("b1", third), Cell("b0", first)]
    theirs = [
        *(Cell("b0", first), Cell("b1", second), Cell("n2", third)),
        Cell("b2", ("# title", "three", *third)),
    ]
    merged, _ = merge_notebooks(notebook(base), notebook(ours), notebook(theirs))
    names = [each["id"] for each in merged["cells"]]
    assert len(set(names)) == len(names)
    assert [each["source"] for each in merged["cells"]].count("import numpy") == 1
