"""Merges several replicas of one other history, which arrive one after the other. [S4]

Pure: updates and texts in, texts out. Slow for large documents: called in a thread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pycrdt import Doc

from ..documents.codec import content_of
from ..documents.identity import is_notebook
from .ancestor import base_of_both
from .cells import Cell, source_of
from .conflict import Conflict
from .text import merge_text

MAX_KNOWN = 16
"""Versions of one text in replicas that are remembered."""


@dataclass(frozen=True)
class Made:
    """What several replicas made of a text.

    Attributes:
        text: what it was merged to.
        conflicts: where both sides changed the same.
        replicas: what it was in each of them.
    """

    text: str
    conflicts: list[Conflict] = field(default_factory=list)
    replicas: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Replicas:
    """The replicas of one other history that have arrived so far.

    All of them are merged again, with the document as it was before the first one arrived: each
    replica adds information about the other history. What the first merge had to guess, such as the
    order of two insertions at the same place, may differ in a later merge, but is not there twice.

    Attributes:
        latest: the one that came last, as one update.
        state: all of them, joined.
        base: the same as when their file was last known to hold them; None if unknown.
        before: the document before the first of them, as one update.
        made: what was made of the texts that it had then, by cell.
    """

    latest: bytes
    state: bytes
    base: bytes | None
    before: bytes
    made: dict[str, Made] = field(default_factory=dict)


def joined(base: bytes, update: bytes) -> bytes:
    """A document and a change of it as one update."""
    doc: Doc[Any] = Doc()
    doc.apply_update(base)
    doc.apply_update(update)
    return doc.get_update()


def united(known: bytes | None, more: bytes | None) -> bytes | None:
    """What two replicas of one history have, as one update; None if neither is known."""
    if known is None or more is None:
        return known if more is None else more
    return joined(known, more)


def with_replica(
    known: Replicas | None, state: bytes, base: bytes | None, document: bytes
) -> tuple[Replicas, bytes | None]:
    """The replicas with one more, and the base of a merge with what was made of the others.

    Args:
        document: the document as it is now.
    """
    if known is None:
        return Replicas(state, state, base, document), base
    more = Replicas(
        state, joined(known.state, state), united(known.base, base), known.before, known.made
    )
    return more, united(known.state, base)


class Texts:
    """Merges texts."""

    def __init__(self, sure: bool) -> None:
        self._sure = sure
        self.made: dict[str, Made] = {}

    def of_cells(self, ours: Cell, theirs: Cell, base: str | None) -> tuple[str, list[Conflict]]:
        names = (str(ours.get("id")), str(theirs.get("id")))
        return self.merged(*names, base, source_of(ours), source_of(theirs))

    def merged(
        self, name: str, other: str, base: str | None, ours: str, theirs: str
    ) -> tuple[str, list[Conflict]]:
        """What to make of a text that goes by some name here, and by another one there."""
        return merge_text(base, ours, theirs, sure=self._sure)


class ReplicaTexts(Texts):
    """Merges texts of replicas with what was there before the first of them came."""

    def __init__(self, content_type: str, replicas: Replicas) -> None:
        super().__init__(sure=False)
        self._before = _texts_by_cell(content_type, replicas.before)
        self._latest = _texts_by_cell(content_type, replicas.latest)
        self._base = _texts_by_cell(content_type, replicas.base) if replicas.base else {}
        self.made = dict(replicas.made)

    def merged(
        self, name: str, other: str, base: str | None, ours: str, theirs: str
    ) -> tuple[str, list[Conflict]]:
        if name not in self._before:
            return super().merged(name, other, base, ours, theirs)
        before = self._before[name]
        last = self.made.get(name, Made(before))
        latest = self._latest.get(other, theirs)
        replicas = [*(each for each in last.replicas if each != latest), latest][-MAX_KNOWN:]
        base = self._base.get(other)
        for replica in replicas:
            if base is not None and replica != theirs:
                base = base_of_both(base, before, replica)
        now, conflicts = merge_text(base, before, theirs, sure=False)
        self.made[name] = Made(now, conflicts, replicas)
        result, more = merge_text(last.text, ours, now, sure=False)
        fresh = [conflict for conflict in conflicts if conflict not in last.conflicts]
        return result, [*fresh, *more]


def _texts_by_cell(content_type: str, update: bytes) -> dict[str, str]:
    content = content_of(content_type, update)
    if is_notebook(content_type):
        return {str(cell.get("id")): source_of(cell) for cell in content["cells"]}
    return {"": content} if isinstance(content, str) else {}
