"""Merges several replicas of one other history, which arrive one after the other. [S4]

Pure: updates and contents in, contents out. Slow for large documents: called in a thread.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pycrdt import Doc

from ..documents.codec import content_of
from ..documents.identity import is_notebook
from .ancestor import newer_base
from .cells import Cell, source_of
from .conflict import Conflict
from .notebook import Relation, merge_notebooks
from .text import merge_text
from .values import merge_values

MAX_KNOWN = 16
"""Versions of one text in replicas that are remembered."""


@dataclass(frozen=True)
class Made:
    """What the document and several replicas were merged to.

    Attributes:
        content: the content that the merge gave.
        conflicts: where both sides changed the same.
        replicas: what each text was in each of the replicas, by the cell's id there.
    """

    content: Any
    conflicts: list[Conflict] = field(default_factory=list)
    replicas: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Replicas:
    """The replicas of one other history that have arrived so far.

    All of them are merged again, with the document as it was before the first one arrived: each
    replica adds information about the other history. What the first merge had to guess, such as the
    order of two insertions at the same place, or whether two cells are one, may differ in a later
    merge, but is not there twice, and is not taken for a change of somebody.

    Attributes:
        latest: the one that came last, as one update.
        state: all of them, joined.
        base: the same as when their file was last known to hold them; None if unknown.
        before: the document before the first of them, as one update.
        made: what they and that document were merged to; None before the first merge.
    """

    latest: bytes
    state: bytes
    base: bytes | None
    before: bytes
    made: Made | None = None


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
) -> Replicas:
    """Return the replicas with one more.

    Args:
        document: the document as it is now.
    """
    if known is None:
        return Replicas(state, state, base, document)
    bases = united(known.base, base)
    return Replicas(state, joined(known.state, state), bases, known.before, known.made)


def merge_replicas(
    content_type: str, replicas: Replicas, theirs: Any, ours: Any
) -> tuple[Any, list[Conflict], Made]:
    """Merge what replicas add to a document.

    Args:
        theirs: the content of the replicas' joined state.
        ours: the content of the document as it is now.

    Returns:
        The document's new content, new conflicts, and what is to be remembered for the next
        replica.
    """
    before = content_of(content_type, replicas.before)
    base = None if replicas.base is None else content_of(content_type, replicas.base)
    last = replicas.made or Made(before)
    texts = _ReplicaTexts(content_type, replicas.latest, last.replicas)
    now: Any
    result: Any
    if is_notebook(content_type):
        now, conflicts = merge_notebooks(
            base, before, theirs, merge_source=texts.of_cells, relation=Relation.REPLICA
        )
        result, more = merge_notebooks(
            last.content, ours, now, sure=False, relation=Relation.SAME_DOCUMENT
        )
    elif isinstance(theirs, str):
        now, conflicts = texts.merged("", base, before, theirs)
        result, more = merge_text(last.content, ours, now, sure=False)
    else:
        now, conflicts = merge_values(base, before, theirs, "")
        result, more = merge_values(last.content, ours, now, "")
    fresh = [conflict for conflict in conflicts if conflict not in last.conflicts]
    return result, [*fresh, *more], Made(now, conflicts, texts.replicas)


class _ReplicaTexts:
    """Merges texts of replicas with those of the document before the first of them came.

    Attributes:
        replicas: what each text was in each of the replicas, with the latest one.
    """

    def __init__(self, content_type: str, latest: bytes, replicas: dict[str, list[str]]) -> None:
        self._latest = _texts_by_cell(content_type, latest)
        self.replicas = dict(replicas)

    def of_cells(self, before: Cell, theirs: Cell, base: str | None) -> tuple[str, list[Conflict]]:
        return self.merged(str(theirs.get("id")), base, source_of(before), source_of(theirs))

    def merged(
        self, name: str, base: str | None, before: str, theirs: str
    ) -> tuple[str, list[Conflict]]:
        latest = self._latest.get(name, theirs)
        others = (each for each in self.replicas.get(name, ()) if each != latest)
        self.replicas[name] = [*others, latest][-MAX_KNOWN:]
        for replica in self.replicas[name]:
            if base is not None and replica != theirs:
                base = newer_base(base, before, replica)
        return merge_text(base, before, theirs, sure=False)


def _texts_by_cell(content_type: str, update: bytes) -> dict[str, str]:
    content = content_of(content_type, update)
    if is_notebook(content_type):
        return {str(cell.get("id")): source_of(cell) for cell in content["cells"]}
    return {"": content} if isinstance(content, str) else {}
