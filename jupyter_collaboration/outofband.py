"""A file changed under the document: what changed, and how it merges.

The content on disk becomes an edit of the document as the file last held it (the base). Yjs
then merges this edit with everything that happened since, so unsaved typing survives and
everybody's carets stay on their text. [F4] [F12]

Pure: bytes and contents in, an update out. Slow for large documents: called in a thread.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Any

from jupyter_ydoc.ynotebook import YNotebook
from jupyter_ydoc.yunicode import YUnicode
from pycrdt import Array, Doc, Map, Text

from .documents import PLACEHOLDERS, is_notebook, make_document, with_cell_ids

MAX_INLINE = 4_000
"""Characters up to which a changed block of lines is compared character by character."""


def disk_edit(content_type: str, base: bytes, content: Any) -> bytes:
    """The update that turns the base into the content on disk.

    Args:
        content_type: the document's type.
        base: the document as the file last held it, as one update.
        content: what the file holds now.
    """
    doc: Doc[Any] = Doc()
    document = make_document(content_type, doc)
    doc.apply_update(base)
    before = doc.get_state()
    with doc.transaction():
        if is_notebook(content_type) and isinstance(document, YNotebook):
            edit_notebook(document, content)
        elif isinstance(document, YUnicode):
            edit_text(doc.get("source", type=Text), content)
        else:
            document.set(content)
    return doc.get_update(before)


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


def text_edits(source: str, target: str) -> list[tuple[int, int, str]]:
    """What to replace in a text, first to last: (start, end, new text), in characters."""
    head, tail = _common(source, target)
    old, new = source[head : len(source) - tail], target[head : len(target) - tail]
    if not old or not new:
        return [(head, head + len(old), new)]
    edits = []
    lines, others = old.splitlines(keepends=True), new.splitlines(keepends=True)
    starts, other_starts = _starts(lines), _starts(others)
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, lines, others, autojunk=False).get_opcodes():
        if tag != "equal":
            start, block = starts[i1], old[starts[i1] : starts[i2]]
            for at, end, part in _inline(block, new[other_starts[j1] : other_starts[j2]]):
                edits.append((head + start + at, head + start + end, part))
    return edits


def _inline(old: str, new: str) -> list[tuple[int, int, str]]:
    if not old or not new or len(old) + len(new) > MAX_INLINE:
        head, tail = _common(old, new)
        return [(head, len(old) - tail, new[head : len(new) - tail])]
    return [
        (i1, i2, new[j1:j2])
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if tag != "equal"
    ]


def _starts(lines: list[str]) -> list[int]:
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    return starts


def _common(old: str, new: str) -> tuple[int, int]:
    """Lengths of the common start and of the common end behind it."""
    limit = min(len(old), len(new))
    head = 0
    while head < limit and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < limit - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return head, tail


def edit_notebook(document: YNotebook, notebook: dict[str, Any]) -> None:
    """Turn a notebook into another one: cells stay where they are matched, the rest is edited."""
    meta = document.ydoc.get("meta", type=Map)
    for key in ("nbformat", "nbformat_minor"):
        if meta.get(key) != notebook[key]:
            meta[key] = float(notebook[key])
    _edit_map(meta["metadata"], {**PLACEHOLDERS, **notebook["metadata"]})

    keep_ids = (notebook["nbformat"], notebook["nbformat_minor"]) >= (4, 5)
    targets = notebook["cells"] if keep_ids else [_without(c, "id") for c in notebook["cells"]]
    cells = document.ycells
    old = [cells[index].to_py() for index in range(len(cells))]
    matches = match_cells(old, targets)
    fresh = with_cell_ids({**notebook, "cells": targets})["cells"]
    kept = {index for index in matches if index is not None}
    for index in reversed(range(len(old))):
        if index not in kept:
            del cells[index]
    for position, match in enumerate(matches):
        if match is None:
            cells.insert(position, document.create_ycell(fresh[position]))
        else:
            _edit_cell(document, cells[position], targets[position])


def match_cells(old: list[dict[str, Any]], new: list[dict[str, Any]]) -> list[int | None]:
    """Which old cell each new one is, in rising order; None for those to be inserted.

    Cells are matched by id, those without by what they hold [F5]. Yjs cannot move, so of
    cells that changed places the longest run in order is kept.
    """
    by_id = {cell["id"]: index for index, cell in enumerate(old) if cell.get("id")}
    matches: list[int | None] = [None] * len(new)
    if any(cell.get("id") for cell in new):
        for position, cell in enumerate(new):
            index = by_id.get(cell.get("id"))
            if index is not None and old[index]["cell_type"] == cell["cell_type"]:
                matches[position] = index
        return _rising(matches)
    keys = [(cell["cell_type"], _source(cell)) for cell in old]
    others = [(cell["cell_type"], _source(cell)) for cell in new]
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, keys, others, autojunk=False).get_opcodes():
        if tag in ("equal", "replace"):
            for index, position in zip(range(i1, i2), range(j1, j2), strict=False):
                if keys[index][0] == others[position][0]:
                    matches[position] = index
    return matches


def _rising(matches: list[int | None]) -> list[int | None]:
    """Keep a longest rising run, by patience sorting (Schensted 1961); the rest become None."""
    best: list[int] = []  # positions that end the runs of each length
    before: dict[int, int | None] = {}
    for position, value in enumerate(matches):
        if value is None:
            continue
        low, high = 0, len(best)
        while low < high:
            middle = (low + high) // 2
            end = matches[best[middle]]
            if end is not None and end < value:
                low = middle + 1
            else:
                high = middle
        before[position] = best[low - 1] if low else None
        best[low : low + 1] = [position]
    kept: list[int | None] = [None] * len(matches)
    at: int | None = best[-1] if best else None
    while at is not None:
        kept[at] = matches[at]
        at = before[at]
    return kept


def _edit_cell(document: YNotebook, ycell: Map[Any], cell: dict[str, Any]) -> None:
    current = ycell.to_py() or {}
    source = ycell["source"]
    edit_text(source, _source(cell))
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


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(source) if isinstance(source, list) else str(source)


def _without(cell: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in cell.items() if name != key}
