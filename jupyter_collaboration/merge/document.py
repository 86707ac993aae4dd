"""A file changed under the document: what changed, and how it merges.

What somebody else made of the document's content (in the file, or in a replica of another
history) becomes small edits of the document as it is now. Yjs then merges these edits with what
happens meanwhile, so unsaved typing survives and everybody's carets stay on their text. [F4] [F12]

Pure: bytes and contents in, an update out. Slow for large documents: called in a thread.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from jupyter_ydoc.ybasedoc import YBaseDoc
from jupyter_ydoc.ynotebook import YNotebook
from jupyter_ydoc.yunicode import YUnicode
from pycrdt import Array, Doc, Map, Text

from ..documents.codec import PLACEHOLDERS, content_of, make_document, notebook_of, with_cell_ids
from ..documents.identity import is_notebook
from ..protocol.messages import EMPTY_UPDATE
from .cells import match_cells, source_of
from .conflict import Conflict
from .diff import TOKENS, longest_rising, text_edits
from .notebook import merge_notebooks
from .rebase import Made, Replicas, ReplicaTexts, Texts
from .values import merge_values


@dataclass(frozen=True)
class Merge:
    """What a merge does to the document.

    Attributes:
        update: the edits.
        clashes: where both sides changed the same thing differently.
        cells: the ids of the cells that the edits change, with None, and of those that they
            take away or move, with their texts.
        made: what `Replicas` are to know of it.
    """

    update: bytes
    conflicts: list[Conflict]
    cells: dict[str, str | None]
    made: dict[str, Made] = field(default_factory=dict)


def merge_into(
    content_type: str,
    ours: bytes,
    base: bytes | None,
    theirs: Any,
    sure: bool = True,
    replicas: Replicas | None = None,
) -> Merge:
    """The edits that bring the other side's changes into the document.

    Args:
        content_type: the document's type.
        ours: the document as it is now, as one update.
        base: what both sides come from, as one update, of whatever history; None if unknown.
        theirs: the content that the other side made of it, as a file holds it.
        sure: whether both sides come from just this base, and share nothing that came later.
        replicas: what ``theirs`` is the content of, if it is of another history.
    """
    doc: Doc[Any] = Doc()
    document = make_document(content_type, doc)
    doc.apply_update(ours)
    old = None if base is None else content_of(content_type, base)
    texts = Texts(sure) if replicas is None else ReplicaTexts(content_type, replicas)
    updates = [EMPTY_UPDATE]
    subscription = doc.observe(lambda event: updates.append(event.update))
    with doc.transaction():
        conflicts, cells = _merge(document, old, theirs, texts)
    doc.unobserve(subscription)
    return Merge(updates[-1], conflicts, cells, texts.made)


def _merge(
    document: YBaseDoc, base: Any, theirs: Any, texts: Texts
) -> tuple[list[Conflict], dict[str, str | None]]:
    if isinstance(document, YNotebook):
        ours = notebook_of(document)
        merged, conflicts = merge_notebooks(base, ours, theirs, merge_source=texts.of_cells)
        return conflicts, edit_notebook(document, merged)
    if isinstance(document, YUnicode):
        text = document.ydoc.get("source", type=Text)
        result, conflicts = texts.merged("", "", base, str(text), theirs)
        edit_text(text, result)
        return conflicts, {}
    result, conflicts = merge_values(base, document.get(), theirs, "")
    if result != document.get():
        document.set(result)
    return conflicts, {}


def content_in_file(content_type: str, content: Any) -> Any:
    """What a file holds, as the document would hold it: ids only where the format has them."""
    if not is_notebook(content_type):
        return content
    cells = content["cells"]
    if (content["nbformat"], content["nbformat_minor"]) < (4, 5):
        cells = [{key: cell[key] for key in cell if key != "id"} for cell in cells]
    return {**content, "cells": cells, "metadata": {**PLACEHOLDERS, **content["metadata"]}}


def nearest(content_type: str, content: Any, *updates: bytes) -> bytes:
    """The one of several documents, each one update, that differs least from a content."""
    words = _words(content)

    def distance(update: bytes) -> int:
        others = _words(content_of(content_type, update))
        return (words - others).total() + (others - words).total()

    return min(updates, key=distance)


def _words(value: Any) -> Counter[str]:
    """How often each word stands in the texts of a content."""
    return Counter(word for text in _texts(value) for word in TOKENS.findall(text))


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


def stands(doc: Doc[Any], merge: Merge) -> bool:
    """Whether all cells that a merge changes are still there, and those that it takes the same."""
    if not merge.cells:
        return True
    cells = doc.get("cells", type=Array)
    now = {str(cell.get("id")): str(cell.get("source")) for cell in cells}
    return all(
        name in now if text is None else now.get(name, text) == text
        for name, text in merge.cells.items()
    )


def edit_text(text: Text, target: str) -> None:
    """Turn a text into another one by inserting and deleting no more than what differs."""
    source = str(text)
    if source == target:
        return
    edits = [
        (len(source[:start].encode()), len(source[start:end].encode()), new)
        for start, end, new in text_edits(source, target)
    ]
    for at, size, new in reversed(edits):
        if size:
            del text[at : at + size]
        if new:
            text.insert(at, new)


def edit_notebook(document: YNotebook, notebook: dict[str, Any]) -> dict[str, str | None]:
    """Turn a notebook into another one: cells stay where they are matched, the rest is edited.

    Returns:
        The ids of the cells that were changed, and those of the cells that were taken away with
        their texts.
    """
    meta = document.ydoc.get("meta", type=Map)
    for key in ("nbformat", "nbformat_minor"):
        if meta.get(key) != notebook[key]:
            meta[key] = float(notebook[key])
    _edit_map(meta["metadata"], notebook["metadata"])

    targets = notebook["cells"]
    cells = document.ycells
    old = [cells[index].to_py() for index in range(len(cells))]
    matches = _in_order(match_cells(old, targets))
    fresh = with_cell_ids(notebook)["cells"]
    kept = {index for index in matches if index is not None}
    changed: dict[str, str | None] = {}
    for index in reversed(range(len(old))):
        if index not in kept:
            changed[str(old[index].get("id"))] = source_of(old[index])
            del cells[index]
    for position, match in enumerate(matches):
        if match is None:
            cells.insert(position, document.create_ycell(fresh[position]))
        elif _edit_cell(document, position, targets[position]):
            changed[str(old[match].get("id"))] = None
    return changed


def _in_order(matches: list[int | None]) -> list[int | None]:
    """Yjs cannot move: of cells that changed places the longest run in order is kept."""
    places = [place for place, match in enumerate(matches) if match is not None]
    rising = longest_rising([match for match in matches if match is not None])
    kept = {places[index] for index in rising}
    return [match if place in kept else None for place, match in enumerate(matches)]


def _edit_cell(document: YNotebook, position: int, cell: dict[str, Any]) -> bool:
    """Turn a cell into another one; whether it differed."""
    ycell = document.ycells[position]
    current = ycell.to_py() or {}
    if current.get("cell_type") != cell["cell_type"]:
        del document.ycells[position]
        document.ycells.insert(position, document.create_ycell({**cell, "id": current["id"]}))
        return True
    edit_text(ycell["source"], source_of(cell))
    _edit_map(ycell["metadata"], cell.get("metadata", {}))
    for key in ("execution_count", "attachments"):
        if key in cell and current.get(key) != cell[key]:
            ycell[key] = cell[key]
        elif key not in cell and key in current:
            del ycell[key]
    if "outputs" in cell and not _same_outputs(current.get("outputs", []), cell["outputs"]):
        outputs: Array[Any] = ycell["outputs"]
        outputs.clear()
        outputs.extend([_youtput(output) for output in cell["outputs"]])
    return bool(ycell.to_py() != current)


def _youtput(output: dict[str, Any]) -> Map[Any]:
    if output.get("output_type") == "stream":
        return Map({**output, "text": Text(_joined(output)["text"])})
    return Map(output)


def _same_outputs(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> bool:
    return [_joined(output) for output in old] == [_joined(output) for output in new]


def _joined(output: dict[str, Any]) -> dict[str, Any]:
    text = output.get("text")
    return {**output, "text": "".join(text)} if isinstance(text, list) else output


def _edit_map(ymap: Map[Any], target: dict[str, Any]) -> None:
    current = ymap.to_py() or {}
    for key in current.keys() - target.keys():
        del ymap[key]
    for key, value in target.items():
        if key not in current or current[key] != value:
            ymap[key] = value
