"""Three-way merges of JSON values and of orders.

Pure: Python values in, Python values out.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import Any, TypeVar

from .conflict import Conflict
from .diff import longest_rising

T = TypeVar("T", bound=Hashable)


# Values


def merge_values(base: Any, ours: Any, theirs: Any, key: str) -> tuple[Any, list[Conflict]]:
    """Both sides' changes of a JSON value; dictionaries by key. In a clash ours stays."""
    if same(ours, theirs) or same(theirs, base):
        return ours, []
    if same(ours, base):
        return theirs, []
    if isinstance(ours, dict) and isinstance(theirs, dict):
        olds = base if isinstance(base, dict) else {}
        merged: dict[str, Any] = {}
        conflicts: list[Conflict] = []
        for name in [*ours, *(other for other in theirs if other not in ours)]:
            value, more = merge_values(
                olds.get(name, _ABSENT),
                ours.get(name, _ABSENT),
                theirs.get(name, _ABSENT),
                f"{key}.{name}",
            )
            conflicts += more
            if value is not _ABSENT:
                merged[name] = value
        return merged, conflicts
    if theirs is _ABSENT:
        return ours, []
    if ours is _ABSENT:
        return theirs, []
    return ours, [Conflict("value", str(ours), str(theirs), str(ours), key)]


class _Absent:
    """A key that is not there."""


_ABSENT = _Absent()


def same(one: Any, other: Any) -> bool:
    """Equal as JSON, where True is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def merge_order(base: Sequence[T], ours: Sequence[T], theirs: Sequence[T]) -> list[T]:
    """The order of everything in ours and theirs (each name once a side).

    Ours gives the order; what theirs moved or added goes behind what it follows there.
    """
    common = [name for name in theirs if name in set(base)]
    rank = {name: index for index, name in enumerate(base)}
    kept = {common[index] for index in longest_rising([rank[name] for name in common])}
    moved = {name for name in common if name not in kept}
    present = set(ours)
    placed = [name for name in ours if name not in moved]
    for before, name in pairwise([None, *theirs]):
        if name is None or (name in present and name not in moved):
            continue
        at = placed.index(before) + 1 if before in placed else 0
        # What we added at the same place stays in front.
        known = set(theirs)
        while at < len(placed) and placed[at] not in known and placed[at] not in rank:
            at += 1
        placed.insert(at, name)
    return placed
