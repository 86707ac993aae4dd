"""Three-way merges of notebooks: by cell, then inside of cells.

Pure: notebooks as nbformat's dictionaries in and out. Cells are the same where their ids are,
or, for files without ids, where they hold the same. [F4] [F5]
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from .differences import differences
from .merge import Clash, merge_order, merge_text, merge_values

Cell = dict[str, Any]
Notebook = dict[str, Any]

SIMILAR = 0.5
"""Share of lines in common from which on two cells without ids are one that was edited."""


def source_of(cell: Cell) -> str:
    """The text of a cell, which files may hold as a list of lines."""
    source = cell.get("source", "")
    return "".join(source) if isinstance(source, list) else str(source)


def match_cells(old: list[Cell], new: list[Cell], *, ids_count: bool = True) -> list[int | None]:
    """Which old cell each new one is; None for a new one.

    By id, then by type and text, then, where a side has no ids, by likeness.

    Args:
        ids_count: whether two cells with different ids are two, however alike; not so in
            formats without ids, where each load makes ids of its own.
    """
    by_id = {cell["id"]: index for index, cell in enumerate(old) if cell.get("id")}
    matches: list[int | None] = [by_id.pop(cell.get("id"), None) for cell in new]
    with_ids = all(any(cell.get("id") for cell in cells) for cells in (old, new))
    with_ids = with_ids and (ids_count or any(match is not None for match in matches))
    taken = {match for match in matches if match is not None}
    left = [index for index in range(len(old)) if index not in taken]
    open_ = [index for index, match in enumerate(matches) if match is None]
    keys, others = [_key(old[i]) for i in left], [_key(new[j]) for j in open_]
    i = j = 0
    for i1, i2, j1, j2 in [*differences(keys, others), (len(keys), 0, len(others), 0)]:
        for k in range(i1 - i):
            matches[open_[j + k]] = left[i + k]
        if not with_ids and i1 < i2:
            pairs = _alike([old[k] for k in left[i1:i2]], [new[k] for k in open_[j1:j2]])
            for one, other in pairs:
                matches[open_[j1 + other]] = left[i1 + one]
        i, j = i2, j2
    return matches


def _key(cell: Cell) -> tuple[str, str]:
    return cell["cell_type"], source_of(cell)


def _alike(old: list[Cell], new: list[Cell]) -> list[tuple[int, int]]:
    """Pairs of cells in two changed ranges, in rising order."""
    pairs: list[tuple[int, int]] = []
    start = 0
    for index, cell in enumerate(new):
        for at in range(start, len(old)):
            if old[at]["cell_type"] != cell["cell_type"]:
                continue
            if len(old) == len(new) == 1 or _likeness(old[at], cell) >= SIMILAR:
                pairs.append((at, index))
                start = at + 1
                break
    return pairs


def _likeness(one: Cell, other: Cell) -> float:
    words, others = source_of(one).split(), source_of(other).split()
    gone = sum(i2 - i1 for i1, i2, _, _ in differences(words, others))
    return (len(words) - gone) / (max(len(words), len(others)) or 1)


def merge_notebooks(
    base: Notebook | None, ours: Notebook, theirs: Notebook
) -> tuple[Notebook, list[Clash]]:
    """Both sides' changes of a notebook; the cells of ours keep their ids.

    Args:
        base: what both sides come from; None if not known: then no cell counts as deleted.
    """
    return _NotebookMerge(base, ours, theirs).result()


class _NotebookMerge:
    """One merge; cells go by names that are the same on all three sides."""

    def __init__(self, base: Notebook | None, ours: Notebook, theirs: Notebook) -> None:
        self._sides = (base or {"cells": [], "metadata": {}}, ours, theirs)
        self._clashes: list[Clash] = []
        self._ids_count = (ours["nbformat"], ours["nbformat_minor"]) >= (4, 5)
        self._our_names = [f"ours {index}" for index in range(len(ours["cells"]))]
        self._base_names = self._named(self._sides[0]["cells"], ours["cells"], "base")
        self._their_names = self._named_theirs(theirs["cells"])
        self._base = dict(zip(self._base_names, self._sides[0]["cells"], strict=True))
        self._ours = dict(zip(self._our_names, ours["cells"], strict=True))
        self._theirs = dict(zip(self._their_names, theirs["cells"], strict=True))

    def _named(self, cells: list[Cell], others: list[Cell], prefix: str) -> list[str]:
        matches = match_cells(others, cells, ids_count=self._ids_count)
        return [
            f"{prefix} {index}" if match is None else f"ours {match}"
            for index, match in enumerate(matches)
        ]

    def _named_theirs(self, cells: list[Cell]) -> list[str]:
        """Theirs are what they are in the base, else what they are among our own new cells."""
        old = self._sides[0]["cells"]
        matches = match_cells(old, cells, ids_count=self._ids_count)
        names = [None if match is None else self._base_names[match] for match in matches]
        known = set(self._base_names)
        our_new = [name for name in self._our_names if name not in known]
        our_cells = [self._sides[1]["cells"][int(name.split()[1])] for name in our_new]
        their_new = [index for index, name in enumerate(names) if name is None]
        left = [cells[index] for index in their_new]
        again = match_cells(our_cells, left, ids_count=self._ids_count)
        found = dict(zip(their_new, again, strict=True))
        result: list[str] = []
        for index, name in enumerate(names):
            match = found.get(index)
            if name is None and match is not None and self._is_twin(our_cells[match], cells[index]):
                name = our_new[match]
            result.append(name or f"theirs {index}")
        return result

    def _is_twin(self, ours: Cell, theirs: Cell) -> bool:
        """Whether two new cells are one: two different ids never are."""
        return (
            not self._ids_count
            or not theirs.get("id")
            or not ours.get("id")
            or ours["id"] == theirs["id"]
        )

    def result(self) -> tuple[Notebook, list[Clash]]:
        base, ours, theirs = self._sides
        merged: Notebook = {"cells": []}
        for key in ("metadata", "nbformat", "nbformat_minor"):
            merged[key], clashes = merge_values(base.get(key), ours[key], theirs[key], key)
            self._clashes += clashes
        for name in merge_order(self._base_names, self._our_names, self._their_names):
            cell = self._cell(name)
            if cell is not None:
                merged["cells"].append(cell)
        return merged, self._clashes

    def _cell(self, name: str) -> Cell | None:
        """One cell of the result; None for one that is gone."""
        base, ours, theirs = (cells.get(name) for cells in (self._base, self._ours, self._theirs))
        if ours is not None and theirs is not None:
            return self._merged(base, ours, theirs)
        cell: Cell | None = ours if ours is not None else theirs
        if cell is None or base is None:
            return cell
        if _key(cell) == _key(base):
            return None
        source = source_of(cell)
        mine, others = (source, "") if cell is ours else ("", source)
        self._clashes.append(Clash("deleted", mine, others, source, cell=cell.get("id")))
        return cell

    def _merged(self, base: Cell | None, ours: Cell, theirs: Cell) -> Cell:
        merged = dict(ours)
        old = None if base is None else source_of(base)
        merged["source"], clashes = merge_text(old, source_of(ours), source_of(theirs))
        for key in [*ours, *(key for key in theirs if key not in ours)]:
            if key in ("id", "source", "execution_state"):
                continue
            olds, mine, others = (
                {key: c[key]} if c and key in c else {} for c in (base, ours, theirs)
            )
            value, more = merge_values(olds, mine, others, "")
            clashes += [replace(c, key=c.key[1:]) for c in more if key != "execution_count"]
            merged.pop(key, None)
            merged.update(value)
        self._clashes += [replace(clash, cell=ours.get("id")) for clash in clashes]
        return merged
