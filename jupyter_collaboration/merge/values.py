"""Three-way merges of JSON values and of orders.

Pure: Python values in and out. Dictionaries merge by key. Every other value is a leaf, which is
one side's as a whole: a merge never mixes two lists of outputs.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import Any, TypeVar

from .conflict import Conflict
from .diff import longest_rising

T = TypeVar("T", bound=Hashable)


def merge_values(base: Any, ours: Any, theirs: Any, key: str) -> tuple[Any, list[Conflict]]:
    """Merge both sides' changes of a JSON value; ours stays where both changed it differently.

    A value that one side changed and the other one deleted stays, and is a `Conflict`.
    """
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
    value = theirs if ours is _ABSENT else ours
    return value, [Conflict("value", _shown(ours), _shown(theirs), _shown(value), key)]


def _shown(value: Any) -> str:
    """A value as JSON; nothing for one that a side deleted."""
    if value is _ABSENT:
        return ""
    return json.dumps(value, ensure_ascii=False, default=repr)


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
    return bool(one == other) or (one != one and other != other)  # NaN is itself here


def merge_order(base: Sequence[T], ours: Sequence[T], theirs: Sequence[T]) -> list[T]:
    """Merge the orders of everything in ours and theirs (each name once a side).

    Ours gives the order; what theirs moved or added goes behind what it follows there.
    """
    rank = {name: index for index, name in enumerate(base)}
    common = [name for name in theirs if name in rank]
    kept = {common[index] for index in longest_rising([rank[name] for name in common])}
    moved = {name for name in common if name not in kept}
    known, present = set(theirs), set(ours)
    # A linked list, so that a thousand cells that moved do not take a million steps.
    order: list[T | None] = [None, *(name for name in ours if name not in moved)]
    following: dict[T | None, T | None] = dict(pairwise([*order, None]))
    for before, name in pairwise([None, *theirs]):
        if name is None or (name in present and name not in moved):
            continue
        at = before if before in following else None
        # What we added at the same place stays in front.
        while (after := following[at]) is not None and after not in known and after not in rank:
            at = after
        following[name], following[at] = following[at], name
    placed: list[T] = []
    at = following[None]
    while at is not None:
        placed.append(at)
        at = following[at]
    return placed
