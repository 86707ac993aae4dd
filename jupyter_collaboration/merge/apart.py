"""Separates what Yjs mixes if two users replaced the same text while they were apart. [S4]

Yjs merges by characters. If a page was offline while its user and others replaced the same words,
it keeps both replacements next to each other, so that their letters may form new words:

    before  value = 1  # start
    others  value = 300  # from disk
    page    value = 200  # from ana
    Yjs     value = 200300  # from anadisk

Here the texts are merged by the rules of `text` instead, so that both lines stand and are a
conflict. What Yjs merges without mixing lines stays as it is.

Pure: updates in, an update out. Slow for large documents: called in a thread.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pycrdt import Array, Doc, Map, Text

from ..documents.identity import is_notebook
from ..protocol import messages
from ..protocol.deletions import deletions_only, overlap
from ..protocol.update_reader import Part, Update, read_own_update
from .conflict import Conflict
from .document import Merge, edit_text
from .text import merge_text


class NotKnown(Exception):
    """The document as a page last saw it cannot be reconstructed from these updates."""


@dataclass(frozen=True)
class Past:
    """What became of a document.

    Attributes:
        start: the updates that produce the document as it was at some time.
        later: the updates since then, in order; None stands for a time when a client left.
    """

    start: list[bytes]
    later: list[bytes | None] = field(default_factory=list)

    @property
    def size(self) -> int:
        return sum(len(update or b"") for update in (*self.start, *self.later))


def set_apart(
    content_type: str,
    past: Past,
    seen: Mapping[int, int],
    edits: bytes,
    skipped: Iterable[str] = (),
) -> Merge | None:
    """Return a correction of what a page's edits become in the document.

    Args:
        content_type: the document's type.
        past: the document without the page's edits.
        seen: the page's state vector, including its own edits.
        edits: the page's answer to the document's state vector: what the document lacks, and
            everything that the page knows to be deleted.
        skipped: ids of cells to leave alone.

    Returns:
        What to do after the page's edits are applied; None if nothing needs to be corrected.

    Raises:
        NotKnown: see there.
        ProtocolError: an update is not valid.
    """
    mine = read_own_update(edits).deleted
    updates, others = _seen(past, seen)
    if not overlap(mine, others):
        return None
    base = _joined(updates)
    before = _texts(content_type, base)
    later = [update for update in past.later if update is not None]
    ours = _texts(content_type, _joined([*past.start, *later]))
    theirs = _texts(content_type, _joined([*updates, edits]))
    now = _joined([*past.start, *later, edits])
    mixed = _texts(content_type, now)
    targets: dict[str, tuple[str, str]] = {}
    conflicts: list[Conflict] = []
    for name in _replaced_by_both(content_type, base, mine, others) - set(skipped):
        if not all(name in each for each in (ours, theirs, mixed)):
            continue
        target, found = merge_text(before[name], ours[name], theirs[name])
        lines = set(mixed[name].split("\n"))
        # One of them mixed: the whole merge takes its place, with all conflicts that it has.
        if any(not lines.issuperset(_lines_of(each)) for each in found):
            targets[name] = (mixed[name], target)
            conflicts += [replace(each, cell=name or None) for each in found]
    if not targets:
        return None
    update = _edited(content_type, now, {name: text for name, (_, text) in targets.items()})
    return Merge(update, conflicts, {}, targets)


def _lines_of(conflict: Conflict) -> list[str]:
    return [line for line in f"{conflict.ours}\n{conflict.theirs}".split("\n") if line]


def _seen(past: Past, seen: Mapping[int, int]) -> tuple[list[bytes], list[Part]]:
    """Return the updates that a page with this state vector has, and what all others delete.

    Updates that only delete are not part of state vectors. The page has those that came before
    the last insertion that it has, or before a client left, since most likely that was this page.

    Raises:
        NotKnown: the page lacks a part of an update, or of the start.
    """
    start = messages.read_state_vector(_joined(past.start).get_state())
    if any(clock > seen.get(client, 0) for client, clock in start.items()):
        raise NotKnown
    updates = [None if data is None else read_own_update(data) for data in past.later]
    is_missing = [
        update is not None and bool(update.brought) and not _has(seen, update) for update in updates
    ]
    first_missing = is_missing.index(True) if True in is_missing else len(updates)
    certain = max(
        (at + 1 for at, each in enumerate(updates[:first_missing]) if not each or each.brought),
        default=0,
    )
    known, deleted = list(past.start), list[Part]()
    for at, (data, update) in enumerate(zip(past.later, updates, strict=True)):
        if data is None or update is None:
            continue
        if at < certain or (update.brought and not is_missing[at]):
            known.append(data)
        else:
            deleted += update.deleted
    return known, deleted


def _has(seen: Mapping[int, int], update: Update) -> bool:
    """Return whether a page with this state vector has an update.

    Raises:
        NotKnown: it has only a part of it.
    """
    size = sum(length for _, _, length in update.brought)
    had = sum(
        min(max(seen.get(client, 0) - clock, 0), length) for client, clock, length in update.brought
    )
    if 0 < had < size:
        raise NotKnown
    return had == size


def _replaced_by_both(
    content_type: str, base: Doc[Any], mine: list[Part], others: list[Part]
) -> set[str]:
    """Return the names of texts of which both sides deleted the same characters."""
    state = base.get_update()
    sides = [deletions_only(each) for each in (mine, others)]
    docs = [base, *(_joined([state, side]) for side in sides), _joined([state, *sides])]
    whole, one, other, both = (
        {name: len(text) for name, text in _texts(content_type, doc).items()} for doc in docs
    )
    return {
        name
        for name, size in whole.items()
        if all(name in each for each in (one, other, both))
        if size - both[name] < (size - one[name]) + (size - other[name])
    }


def _joined(updates: Iterable[bytes]) -> Doc[Any]:
    doc: Doc[Any] = Doc()
    for update in updates:
        doc.apply_update(update)
    return doc


def _texts(content_type: str, doc: Doc[Any]) -> dict[str, str]:
    return {name: str(text) for name, text in _shared_texts(content_type, doc).items()}


def _shared_texts(content_type: str, doc: Doc[Any]) -> dict[str, Text]:
    """Return the texts that users type in, by cell id; that of a file has an empty name."""
    if not is_notebook(content_type):
        return {"": doc.get("source", type=Text)}
    found: dict[str, Text] = {}
    for cell in doc.get("cells", type=Array):
        if isinstance(cell, Map) and isinstance(source := cell.get("source"), Text):
            found.setdefault(str(cell.get("id")), source)
    return found


def _edited(content_type: str, doc: Doc[Any], targets: Mapping[str, str]) -> bytes:
    state = doc.get_state()
    texts = _shared_texts(content_type, doc)
    with doc.transaction():
        for name, target in targets.items():
            edit_text(texts[name], target)
    return doc.get_update(state)
