"""Three-way merges of notebooks: by cell, then inside of cells.

Pure: notebooks as nbformat's dictionaries in and out. Cells are the same where their ids are,
or, for files without ids, where they hold the same. [F4] [F5]
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import Enum, auto
from typing import Any

from .cells import Cell, Group, aligned, key_of, source_of
from .conflict import Conflict
from .text import merge_text
from .values import merge_order, merge_values, same

Notebook = dict[str, Any]

VOLATILE = frozenset({"trusted", "execution", "collapsed", "scrolled", "ExecuteTime"})
"""Metadata that running and looking at a cell changes."""

MergeSource = Callable[[Cell, Cell, str | None], tuple[str, list[Conflict]]]
"""Merges the texts of one cell: of ours and of theirs, with the text that both come from."""


class Relation(Enum):
    """Which sides of a merge are versions of one document, whose cells keep their ids.

    Attributes:
        REPLICA: the base and theirs: theirs is a replica whose history begins with the base.
        SAME_DOCUMENT: all of them.
    """

    REPLICA = auto()
    SAME_DOCUMENT = auto()


def merge_notebooks(
    base: Notebook | None,
    ours: Notebook,
    theirs: Notebook,
    *,
    sure: bool = True,
    merge_source: MergeSource | None = None,
    relation: Relation | None = None,
) -> tuple[Notebook, list[Conflict]]:
    """Both sides' changes of a notebook; the cells of ours keep their ids.

    Args:
        base: what both sides come from; None if not known: then no cell counts as deleted.
        sure: as for `merge_text`.
        merge_source: merges the texts of cells that both sides have; without, `merge_text` does.
        relation: which sides are versions of one document: there, a cell with another id is
            another cell, also where files have no ids, unless both sides made it alike.
    """

    def merged(mine: Cell, other: Cell, old: str | None) -> tuple[str, list[Conflict]]:
        return merge_text(old, source_of(mine), source_of(other), sure=sure)

    return _NotebookMerge(base, ours, theirs, merge_source or merged, relation).result()


class _NotebookMerge:
    """One merge; cells go by names that are the same on all three sides."""

    def __init__(
        self,
        base: Notebook | None,
        ours: Notebook,
        theirs: Notebook,
        merge_source: MergeSource,
        relation: Relation | None,
    ) -> None:
        self._sides = (base or {"cells": [], "metadata": {}}, ours, theirs)
        self._merge_source = merge_source
        self._conflicts: list[Conflict] = []
        has_ids = (ours["nbformat"], ours["nbformat_minor"]) >= (4, 5)
        ids_count = has_ids or relation is Relation.SAME_DOCUMENT
        cells = [side["cells"] for side in self._sides]
        if base is None:
            groups = [[], *aligned(cells[1:], ids_count=ids_count)]
        else:
            related = (0, 2) if relation is Relation.REPLICA else None
            groups = aligned(cells, ids_count=ids_count, related=related)
        self._names = [[_name(group) for group in side] for side in groups]
        self._cells = [
            dict(zip(names, side, strict=True))
            for names, side in zip(self._names, cells, strict=True)
        ]

    def result(self) -> tuple[Notebook, list[Conflict]]:
        base, ours, theirs = self._sides
        merged: Notebook = {"cells": []}
        for key in ("metadata", "nbformat", "nbformat_minor"):
            merged[key], conflicts = merge_values(base.get(key), ours[key], theirs[key], key)
            self._conflicts += conflicts
        for name in merge_order(*self._names):
            cell = self._cell(name)
            if cell is not None:
                merged["cells"].append(cell)
        return merged, self._conflicts

    def _cell(self, name: tuple[int, int]) -> Cell | None:
        """One cell of the result; None for one that is gone."""
        base, ours, theirs = (cells.get(name) for cells in self._cells)
        if ours is not None and theirs is not None:
            return self._merged(base, ours, theirs)
        cell: Cell | None = ours if ours is not None else theirs
        if cell is None or base is None:
            return cell
        if not _is_edited(cell, base):
            return None
        source = source_of(cell)
        mine, others = (source, "") if cell is ours else ("", source)
        self._conflicts.append(Conflict("deleted", mine, others, source, cell=cell.get("id")))
        return cell

    def _merged(self, base: Cell | None, ours: Cell, theirs: Cell) -> Cell:
        merged = dict(ours)
        old = None if base is None else source_of(base)
        merged["source"], conflicts = self._merge_source(ours, theirs, old)
        for key in [*ours, *(key for key in theirs if key not in ours)]:
            if key in ("id", "source", "execution_state", "execution_count"):
                continue
            olds, mine, others = (
                {key: c[key]} if c and key in c else {} for c in (base, ours, theirs)
            )
            value, more = merge_values(olds, mine, others, "")
            conflicts += [replace(conflict, key=conflict.key[1:]) for conflict in more]
            merged.pop(key, None)
            merged.update(value)
        if "execution_count" in ours or "execution_count" in theirs:
            merged["execution_count"] = _execution_count(base or {}, ours, theirs, merged)
        self._conflicts += [replace(conflict, cell=ours.get("id")) for conflict in conflicts]
        return merged


def _is_edited(cell: Cell, base: Cell) -> bool:
    """Whether somebody worked on a cell, so that it stays although the other side deleted it.

    To run a cell is not to work on it: new outputs go with the cell.
    """
    if key_of(cell) != key_of(base) or not same(cell.get("attachments"), base.get("attachments")):
        return True
    mine, old = (
        {key: value for key, value in each.get("metadata", {}).items() if key not in VOLATILE}
        for each in (cell, base)
    )
    return not same(mine, old)


def _execution_count(base: Cell, ours: Cell, theirs: Cell, merged: Cell) -> Any:
    """The number of the run that made the outputs; it is not worth a conflict of its own."""
    old, mine, other = (cell.get("execution_count") for cell in (base, ours, theirs))
    if same(merged.get("outputs"), ours.get("outputs")):
        has_run = not same(base.get("outputs"), ours.get("outputs")) or mine != old
        return mine if has_run else other
    return other


def _name(group: Group) -> tuple[int, int]:
    """What a cell goes by: its place in the last version that has it."""
    return max(group.items())
