"""Writes and signs a notebook part by part, in Jupyter's own formatting.

Only parts that have changed since the last save are formatted; the text of the others is reused.
The result equals that of ``nbformat.writes``. Slow for large notebooks: called in a thread.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any
from uuid import uuid4

import nbformat
from nbformat.v4.rwbase import split_lines, strip_transient

from ..documents.snapshot import CellPart, NotebookContent, Part
from .formatting import with_template

PLACE = json.dumps(str(uuid4()))
"""Marks the place of a list in a text; unknown outside, so that no document contains it."""

CELL_INDENT = 2
OUTPUT_INDENT = 4
"""Indentation of cells and of outputs, in spaces."""


def text_of(content: NotebookContent, special: dict[str, Any]) -> list[bytes]:
    """Return the text of a notebook's file, in pieces.

    Args:
        special: cells of the file with details that a document does not contain, by id.
    """
    node = _node({**content.file_meta, "cells": []})
    cells: list[bytes] = []
    for cell in content.cells:
        template = special.get(cell.value.get("id", ""))
        cells += [b",\n" if cells else b"\n", *_cell_text(content, cell, template)]
    return [*_around(node, "cells", cells, 0), b"\n"]


def _cell_text(content: NotebookContent, cell: CellPart, template: Any) -> list[bytes]:
    key = "text" if content.has_ids else "text without id"
    found: list[bytes] = cell.known(key, partial(_format_cell, content, cell, template), template)
    return found


def _format_cell(content: NotebookContent, cell: CellPart, template: Any) -> list[bytes]:
    value = cell.in_file(content.has_ids)
    if template is not None:
        whole = with_template(template, cell.with_outputs(value))
        return [_text(_split(whole), CELL_INDENT)]
    if cell.outputs is None:
        return [_text(_split(value), CELL_INDENT)]
    outputs: list[bytes] = []
    for output in cell.outputs:
        outputs += [
            b",\n" if outputs else b"\n",
            output.known("text", partial(_output_text, output)),
        ]
    node = _split({**value, "outputs": []})
    return _around(node, "outputs", outputs, CELL_INDENT)


def _output_text(output: Part) -> bytes:
    cell = {"cell_type": "code", "metadata": {}, "outputs": [output.value]}
    return _text(_split(cell)["outputs"][0], OUTPUT_INDENT)


def _around(node: Any, key: str, items: list[bytes], indent: int) -> list[bytes]:
    """Return the text of a node with the texts of the items of one of its lists."""
    if not items:
        return [_text({**node, key: []}, indent)]
    text = _text({**node, key: json.loads(PLACE)}, indent)
    before, _, after = text.partition(PLACE.encode())
    return [before, b"[", *items, b"\n" + b" " * (indent + 1) + b"]", after]


def _split(cell: dict[str, Any]) -> Any:
    """Return a cell as nbformat writes it, with texts as lists of lines."""
    return _node({"metadata": {}, "cells": [cell]})["cells"][0]


def _node(notebook: dict[str, Any]) -> Any:
    node = nbformat.from_dict(notebook)  # type: ignore[no-untyped-call]
    return strip_transient(split_lines(node))  # type: ignore[no-untyped-call]


def _text(value: Any, indent: int) -> bytes:
    text = json.dumps(value, indent=1, sort_keys=True, separators=(",", ": "), ensure_ascii=False)
    # Line ends are only between values, since those in strings are escaped.
    space = " " * indent
    return (space + text.replace("\n", f"\n{space}")).encode()


def signature_of(notary: Any, content: NotebookContent) -> str | None:
    """Return the signature of a notebook; None if it is not trusted.

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
        cells.append(cell.with_outputs(value))
    meta = {**content.file_meta, "metadata": dict(content.file_meta["metadata"])}
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
