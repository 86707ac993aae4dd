"""Merges another version of a document's content into the live document.

The differences of the other version (of the file, or of a replica of another history) become small
edits of the current document. Yjs merges these edits with what users type in the meantime, so that
unsaved text is kept and cursors stay at their position in the text. [F4] [F12]

Pure: bytes and contents in, an update out. Slow for large documents: called in a thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from jupyter_ydoc.ybasedoc import YBaseDoc
from jupyter_ydoc.ynotebook import YNotebook
from jupyter_ydoc.yunicode import YUnicode
from pycrdt import Array, Doc, Map, Text

from ..documents.cell_index import CellIndex
from ..documents.codec import (
    PLACEHOLDERS,
    cell_in_document,
    content_of,
    make_document,
    notebook_of,
    own_transaction,
    with_cell_ids,
)
from ..documents.identity import is_notebook
from ..documents.snapshot import Content, content_for_merge
from ..protocol.messages import EMPTY_UPDATE
from .cells import match_cells, source_of
from .conflict import Conflict
from .diff import longest_rising, text_edits, tokens_of
from .notebook import merge_notebooks
from .rebase import Made, Replicas, joined, merge_replicas
from .text import merge_text
from .values import merge_values, same

MERGE_TRIES = 3
"""How often a merge is computed, if cells that it edits are deleted in the meantime."""


Outputs = list[dict[str, Any]]
"""The outputs of one cell, as a notebook has them."""


@dataclass(frozen=True)
class Merge:
    """What a merge does to the document.

    Attributes:
        update: the edits.
        conflicts: where both sides changed the same thing differently.
        cells: the ids of the cells that the edits change, with None, and of those that they
            take away or move, with their texts.
        texts: the texts that the edits change, by cell: before and after.
        outputs: the outputs that the edits change, likewise.
        made: what replicas were merged to, for `Replicas`; None without replicas.
    """

    update: bytes
    conflicts: list[Conflict]
    cells: dict[str, str | None]
    texts: dict[str, tuple[str, str]] = field(default_factory=dict)
    outputs: dict[str, tuple[Outputs, Outputs]] = field(default_factory=dict)
    made: Made | None = None


@dataclass
class Edits:
    """What was edited, as in `Merge`."""

    cells: dict[str, str | None] = field(default_factory=dict)
    texts: dict[str, tuple[str, str]] = field(default_factory=dict)
    outputs: dict[str, tuple[Outputs, Outputs]] = field(default_factory=dict)


def merge_into(
    content_type: str,
    ours: bytes,
    base: Content | bytes | None,
    theirs: Any,
    sure: bool = True,
    replicas: Replicas | None = None,
) -> Merge:
    """The edits that bring the other side's changes into the document.

    Args:
        content_type: the document's type.
        ours: the document as it is now, as one update.
        base: what both sides come from: a content, or one update, of whatever history; None if
            unknown. Replicas have a base of their own.
        theirs: the content that the other side made of it, as a file holds it.
        sure: whether both sides come from just this base, and share nothing that came later.
        replicas: what ``theirs`` is the content of, if it is of another history.
    """
    doc: Doc[Any] = Doc()
    document = make_document(content_type, doc)
    doc.apply_update(ours)
    updates = [EMPTY_UPDATE]
    subscription = doc.observe(lambda event: updates.append(event.update))
    made = None
    with doc.transaction():
        now = notebook_of(document) if isinstance(document, YNotebook) else document.get()
        if replicas is not None:
            merged, conflicts, made = merge_replicas(content_type, replicas, theirs, now)
        else:
            old = None if base is None else content_for_merge(content_type, base)
            merged, conflicts = _merged(content_type, old, now, theirs, sure)
        edits = _edit(document, now, merged)
    doc.unobserve(subscription)
    return Merge(updates[-1], conflicts, edits.cells, edits.texts, edits.outputs, made)


def _merged(
    content_type: str, base: Any, ours: Any, theirs: Any, sure: bool
) -> tuple[Any, list[Conflict]]:
    if is_notebook(content_type):
        return merge_notebooks(base, ours, theirs, sure=sure)
    if isinstance(ours, str):
        return merge_text(base, ours, theirs, sure=sure)
    return merge_values(base, ours, theirs, "")


def _edit(document: YBaseDoc, now: Any, target: Any) -> Edits:
    """Turn the content of a document into another one by small edits."""
    if isinstance(document, YNotebook):
        return edit_notebook(document, target)
    if now == target:
        return Edits()
    if isinstance(document, YUnicode):
        edit_text(document.ydoc.get("source", type=Text), target)
        return Edits(texts={"": (now, target)})
    document.set(target)
    return Edits()


def content_in_file(content_type: str, content: Any) -> Any:
    """What a file holds, as the document would hold it: ids only where the format has them."""
    if not is_notebook(content_type):
        return content
    cells = [cell_in_document(cell) for cell in content["cells"]]
    if (content["nbformat"], content["nbformat_minor"]) < (4, 5):
        cells = [{key: cell[key] for key in cell if key != "id"} for cell in cells]
    return {**content, "cells": cells, "metadata": {**PLACEHOLDERS, **content["metadata"]}}


def with_content(content_type: str, base: bytes, content: Any) -> bytes:
    """Return a document, given as one update, edited to have a given content."""
    return joined(base, merge_into(content_type, base, base, content).update)


def nearest(content_type: str, content: Any, *updates: bytes) -> bytes:
    """The one of several documents, each one update, that differs least from a content."""
    words = _words(content)

    def distance(update: bytes) -> int:
        others = _words(content_of(content_type, update))
        return (words - others).total() + (others - words).total()

    return min(updates, key=distance)


def _words(value: Any) -> Counter[str]:
    """How often each word stands in the texts of a content."""
    return Counter(word for text in _texts(value) for word in tokens_of(text))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in value.items():
            if key != "id":
                yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    else:
        yield value.hex(" ") if isinstance(value, bytes) else str(value)


def stands(merge: Merge, cells: CellIndex | None) -> bool:
    """Whether all cells that a merge edits are still there."""
    return cells is None or all(
        cells.place(name) is not None for name, text in merge.cells.items() if text is None
    )


async def standing(
    doc: Doc[Any], cells: CellIndex | None, merged: Callable[[bytes], Awaitable[Merge]]
) -> Merge:
    """Compute a merge into an open document, again if cells that it edits are deleted meanwhile.

    Args:
        cells: the index of a notebook's cells.
        merged: computes the merge into the document that is given as one update.
    """
    for _ in range(MERGE_TRIES):
        merge = await merged(doc.get_update())
        if stands(merge, cells):
            break
    return merge


class LateEdits:
    """What users changed while a merge was computed, in texts and outputs that the merge changes.

    Yjs alone would mix both: with `0.1`, `0.15` typed, and `0.12` in the file, it makes `0.125`,
    and a cell that somebody ran would have the outputs of the file as well. These edits are
    recorded before those of the merge are applied, and merged with them afterwards.
    """

    def __init__(self, doc: Doc[Any], cells: CellIndex | None, merge: Merge) -> None:
        self._doc = doc
        self._cells = cells
        self.conflicts: list[Conflict] = []
        taken = {name: (text, text) for name, text in merge.cells.items() if text is not None}
        self._texts: dict[str, tuple[str, str, str]] = {}
        self._gone: dict[str, dict[str, Any]] = {}
        for name, (before, after) in {**taken, **merge.texts}.items():
            text = self._text(name)
            if text is not None and (now := str(text)) != before:
                self._texts[name] = (before, now, after)
                if name in taken and cells is not None and (cell := self._cell(name)) is not None:
                    self._gone[name] = {"place": cells.place(name), **(cell.to_py() or {})}
        self._outputs: dict[str, tuple[Outputs, Outputs, Any, Outputs]] = {}
        for name, (old, new) in merge.outputs.items():
            cell = self._cell(name)
            outputs = None if cell is None else cell.get("outputs")
            if cell is not None and isinstance(outputs, Array):
                held = list(map(_joined, outputs.to_py() or []))
                if not same(held, list(map(_joined, old))):
                    self._outputs[name] = (old, held, cell.get("execution_count"), new)

    def bring_in(self) -> None:
        """Merge these changes into the document, now that the merge's edits are applied."""
        # Shared types of a document cannot be looked up within a transaction.
        cells = self._doc.get("cells", type=Array) if self._gone else None
        notebook = None if cells is None else YNotebook(self._doc)
        texts = {name: self._text(name) for name in self._texts}
        run = {name: self._cell(name) for name in self._outputs}
        with own_transaction(self._doc):
            for name, text in texts.items():
                self._bring_in(name, text, cells, notebook)
            for name, cell in run.items():
                self._bring_in_outputs(name, cell)

    def _bring_in_outputs(self, name: str, cell: Map[Any] | None) -> None:
        before, held, count, after = self._outputs[name]
        outputs = None if cell is None else cell.get("outputs")
        if cell is None or not isinstance(outputs, Array):
            return  # of another type now, or deleted: new outputs go with the cell
        merged, conflicts = merge_values(before, held, after, "outputs")
        _edit_outputs(outputs, outputs.to_py() or [], merged)
        if merged is held and cell.get("execution_count") != count:
            cell["execution_count"] = count
        self.conflicts += [replace(conflict, cell=name) for conflict in conflicts]

    def _bring_in(
        self,
        name: str,
        text: Text | None,
        cells: Array[Any] | None,
        notebook: YNotebook | None,
    ) -> None:
        before, now, after = self._texts[name]
        if text is not None:
            if name in self._gone:  # it was moved, or is of another type now
                after = str(text)
            target, conflicts = merge_text(before, now, after)
            edit_text(text, target)
            cell = name or None
            self.conflicts += [replace(conflict, cell=cell) for conflict in conflicts]
        elif name in self._gone:  # the other side deleted the cell
            assert cells is not None and notebook is not None
            place = self._gone[name].pop("place")
            ycell = notebook.create_ycell(self._gone[name])
            cells.insert(min(place, len(cells)), ycell)
            self.conflicts.append(Conflict("deleted", now, "", now, cell=name))

    def _text(self, name: str) -> Text | None:
        if not name:
            source: Text = self._doc.get("source", type=Text)
            return source
        cell = self._cell(name)
        text = None if cell is None else cell.get("source")
        return text if isinstance(text, Text) else None

    def _cell(self, name: str) -> Map[Any] | None:
        return None if self._cells is None else self._cells.cell(name)


def edit_text(text: Text, target: str, *, whole_tokens: bool = True) -> None:
    """Turn a text into another one by replacing the lines and tokens that differ.

    Args:
        text: the text of a document.
        target: what it becomes.
        whole_tokens: whether tokens are replaced as a whole: if a user types `5` after `0.1` while
            it becomes `0.12`, the result is never `0.125`. Otherwise only the characters that
            differ are replaced, so that carets next to the others stay there.
    """
    source = str(text)
    if source == target:
        return
    edits = text_edits(source, target)
    if not whole_tokens:
        edits = [_trimmed(source, *edit) for edit in edits]
    sizes = [
        (len(source[:start].encode()), len(source[start:end].encode()), new)
        for start, end, new in edits
    ]
    for at, size, new in reversed(sizes):
        if size:
            del text[at : at + size]
        if new:
            text.insert(at, new)


def _trimmed(source: str, start: int, end: int, new: str) -> tuple[int, int, str]:
    """Return an edit without the characters at its ends that stay the same."""
    head = _prefix_length(source[start:end], new)
    start, new = start + head, new[head:]
    tail = _prefix_length(source[start:end][::-1], new[::-1])
    return start, end - tail, new[: len(new) - tail]


def _prefix_length(one: str, other: str) -> int:
    """Return the length of the common prefix of two texts."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def edit_notebook(document: YNotebook, notebook: dict[str, Any]) -> Edits:
    """Turn a notebook into another one: cells stay where they are matched, the rest is edited."""
    meta = document.ydoc.get("meta", type=Map)
    for key in ("nbformat", "nbformat_minor"):
        if meta.get(key) != notebook[key]:
            meta[key] = float(notebook[key])
    edit_metadata(meta, notebook["metadata"])

    targets = notebook["cells"]
    cells = document.ycells
    olds = [cells[index].to_py() for index in range(len(cells))]
    matches = _in_order(match_cells(olds, targets))
    fresh = with_cell_ids(notebook)["cells"]
    kept = {index for index in matches if index is not None}
    edits = Edits()
    for index in reversed(range(len(olds))):
        if index not in kept:
            edits.cells[str(olds[index].get("id"))] = source_of(olds[index])
            del cells[index]
    for position, match in enumerate(matches):
        if match is None:
            cells.insert(position, document.create_ycell(fresh[position]))
            continue
        current, target = olds[match], targets[position]
        name, text = str(current.get("id")), source_of(current)
        if edit_cell(document, position, target):
            # One of another type is taken away and inserted anew.
            edits.cells[name] = None if current["cell_type"] == target["cell_type"] else text
            if text != source_of(target):
                edits.texts[name] = (text, source_of(target))
            old, new = current.get("outputs"), target.get("outputs")
            if old is not None and new is not None and not same(old, new):
                edits.outputs[name] = (old, new)
    return edits


def _in_order(matches: list[int | None]) -> list[int | None]:
    """Return the cells to keep: the longest sequence in order. Yjs cannot move the others."""
    places = [place for place, match in enumerate(matches) if match is not None]
    rising = longest_rising([match for match in matches if match is not None])
    kept = {places[index] for index in rising}
    return [match if place in kept else None for place, match in enumerate(matches)]


def edit_cell(document: YNotebook, position: int, cell: dict[str, Any]) -> bool:
    """Turn a cell into another one; whether it differed."""
    ycell = document.ycells[position]
    current = ycell.to_py() or {}
    if current.get("cell_type") != cell["cell_type"]:
        del document.ycells[position]
        document.ycells.insert(position, document.create_ycell({**cell, "id": current["id"]}))
        return True
    edit_text(ycell["source"], source_of(cell))
    edit_metadata(ycell, cell.get("metadata", {}))
    for key in ("execution_count", "attachments"):
        if key in cell and current.get(key) != cell[key]:
            ycell[key] = cell[key]
        elif key not in cell and key in current:
            del ycell[key]
    if "outputs" in cell:
        _edit_outputs(ycell["outputs"], current.get("outputs", []), cell["outputs"])
    return bool(ycell.to_py() != current)


def _youtput(output: dict[str, Any]) -> Map[Any]:
    if output.get("output_type") == "stream":
        return Map({**output, "text": Text(_joined(output).get("text", ""))})
    return Map(output)


def _edit_outputs(
    outputs: Array[Any], old: list[dict[str, Any]], new: list[dict[str, Any]]
) -> None:
    """Turn outputs into others: each stays as it is or is replaced, but a stream may grow.

    A program that writes a notebook after each output appends nine times in ten, and views keep
    what they show of the outputs that stay.
    """
    olds, news = [_joined(output) for output in old], [_joined(output) for output in new]
    start = 0
    while start < min(len(olds), len(news)) and same(olds[start], news[start]):
        start += 1
    if start < min(len(olds), len(news)) and (more := _grown(olds[start], news[start])):
        text = outputs[start]["text"] if isinstance(outputs[start], Map) else None
        if isinstance(text, Text):
            text += more
            start += 1
    if start < len(olds):
        del outputs[start : len(olds)]
    outputs.extend([_youtput(output) for output in news[start:]])


def _grown(old: dict[str, Any], new: dict[str, Any]) -> str:
    """What a stream got in addition; nothing if it is another output."""
    is_stream = old.get("output_type") == "stream" and isinstance(old.get("text"), str)
    if not is_stream or not same({**old, "text": ""}, {**new, "text": ""}):
        return ""
    text = new["text"]
    return str(text[len(old["text"]) :]) if text.startswith(old["text"]) else ""


def _joined(output: dict[str, Any]) -> dict[str, Any]:
    if output.get("output_type") != "stream" or not isinstance(output.get("text"), list):
        return output
    return {**output, "text": "".join(output["text"])}


def edit_metadata(parent: Map[Any], target: dict[str, Any]) -> None:
    """Turn the metadata of a cell, or of a notebook, into others, key by key.

    In histories from before plain values were shared they may be plain: those have no keys to edit.
    """
    current = parent.get("metadata")
    if isinstance(current, Map):
        edit_map(current, target)
    elif current != target:
        parent["metadata"] = Map(target)


def edit_map(ymap: Map[Any], target: dict[str, Any]) -> None:
    current = ymap.to_py() or {}
    for key in current.keys() - target.keys():
        del ymap[key]
    for key, value in target.items():
        if key not in current or current[key] != value:
            ymap[key] = value
