"""Writes and signs a notebook part by part.

Only parts that have changed since the last save are formatted; the text of the others is reused.
The result equals that of ``nbformat.writes``, or has the formatting of the file. Slow for large
notebooks: called in a thread.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import nbformat
from nbformat.v4.rwbase import split_lines, strip_transient

from ..documents.snapshot import CellPart, NotebookContent, Part
from .formatting import PLACE, NotebookFormat, has_pieces

CELL_DEPTH = 2
OUTPUT_DEPTH = 4
"""Levels of indentation of cells and of outputs."""


def text_of(content: NotebookContent, how: NotebookFormat) -> list[bytes]:
    """Return the text of a notebook's file, in pieces."""
    root = _node({**how.with_numbers(how.root, content.file_meta), "cells": []})
    root["cells"] = PLACE
    root = how.with_strings(how.root, root)
    cells = [_cell_text(content, cell, how) for cell in content.cells]
    return [*_around(how, root, cells, 0), how.end.encode()]


def _cell_text(content: NotebookContent, cell: CellPart, how: NotebookFormat) -> list[bytes]:
    key = "text" if content.has_ids else "text without id"
    found: list[bytes] = cell.known(key, partial(_format_cell, content, cell, how), how)
    return found


def _format_cell(content: NotebookContent, cell: CellPart, how: NotebookFormat) -> list[bytes]:
    value = cell.in_file(content.has_ids)
    template = how.cells.get(str(cell.value.get("id")))
    old = None if template is None else template.get("outputs")
    if not cell.outputs or has_pieces(old):
        whole = how.with_numbers(template, cell.with_outputs(value))
        return [_text(how, how.with_strings(template, _split(whole)), CELL_DEPTH)]
    frame = None if template is None else {**template, "outputs": PLACE}
    node = _split({**how.with_numbers(frame, value), "outputs": []})
    node["outputs"] = PLACE
    templates = old if isinstance(old, list) else []
    outputs = [
        [_output_text(output, templates[at] if at < len(templates) else None, value, how)]
        for at, output in enumerate(cell.outputs)
    ]
    return _around(how, how.with_strings(frame, node), outputs, CELL_DEPTH)


def _output_text(output: Part, template: Any, cell: dict[str, Any], how: NotebookFormat) -> bytes:
    known = output.known("text", dict, how)  # an output may move to another template
    key = (id(template), cell["cell_type"])  # a template lives as long as `how`
    if key not in known:
        known.clear()
        value = how.with_numbers(template, output.value)
        whole = {"cell_type": cell["cell_type"], "metadata": {}, "outputs": [value]}
        node = _split(whole)["outputs"][0]
        known[key] = _text(how, how.with_strings(template, node), OUTPUT_DEPTH)
    text: bytes = known[key]
    return text


def _around(how: NotebookFormat, node: Any, items: list[list[bytes]], depth: int) -> list[bytes]:
    """Return the text of a node in which the items of a list replace `PLACE`."""
    text = _text(how, node, depth)
    before, _, after = text.partition(how.text(PLACE).encode())
    if not items:
        return [before, b"[]", after]
    line = b"" if how.indent is None else b"\n"
    found = [before, b"[", line]
    for at, pieces in enumerate(items):
        if at:
            found.append(b", " if how.indent is None else b",\n")
        found += pieces
    close = line if how.indent is None else line + (how.indent * (depth + 1)).encode()
    return [*found, close + b"]", after]


def _split(cell: dict[str, Any]) -> Any:
    """Return a cell as nbformat writes it, with texts as lists of lines."""
    return _node({"metadata": {}, "cells": [cell]})["cells"][0]


def _node(notebook: dict[str, Any]) -> Any:
    node = nbformat.from_dict(notebook)  # type: ignore[no-untyped-call]
    return strip_transient(split_lines(node))  # type: ignore[no-untyped-call]


def _text(how: NotebookFormat, value: Any, depth: int) -> bytes:
    text = how.text(value)
    if how.indent is None:
        return text.encode()
    # Line ends are only between values, since those in strings are escaped.
    space = how.indent * depth
    return (space + text.replace("\n", f"\n{space}")).encode()


def signature_of(notary: Any, content: NotebookContent, how: NotebookFormat) -> str | None:
    """Return the signature of a notebook as it is written; None if it is not trusted.

    Args:
        notary: the contents manager's ``NotebookNotary``.
    """
    # Not a generator: the verdict of every cell is computed once.
    verdicts = [cell.known("trusted", partial(_is_trusted, notary, cell)) for cell in content.cells]
    if not all(verdicts):
        return None
    cells = []
    for cell in content.cells:
        value = cell.in_file(content.has_ids)
        if value["cell_type"] == "code":
            metadata = {key: each for key, each in value["metadata"].items() if key != "trusted"}
            value = {**value, "metadata": metadata}
        value = cell.with_outputs(value)
        name = str(cell.value.get("id"))
        cells.append(how.with_numbers(how.cells[name], value) if name in how.details else value)
    root = how.with_numbers(how.root, {**content.file_meta, "cells": []})
    meta = {**root, "metadata": dict(root["metadata"])}
    signature: str = notary.compute_signature({**meta, "cells": cells})
    return signature


def _is_trusted(notary: Any, cell: CellPart) -> bool:
    node = nbformat.from_dict(  # type: ignore[no-untyped-call]
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [cell.with_outputs(cell.value)],
        }
    )
    return bool(notary.check_cells(node))
