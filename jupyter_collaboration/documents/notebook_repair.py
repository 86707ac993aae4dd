"""Repairs notebooks with content from before edits were validated, and shares plain values. [M8]"""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from pycrdt import Array, Doc, Map, Text

from .notebook_rules import (
    STORED,
    USUAL,
    is_partly_plain,
    problem_of_cell,
    problem_of_meta,
    problem_of_output,
)
from .slices import Slices


def share_parts(cell: Map[Any]) -> None:
    """Make metadata and outputs of a cell shared, which some programs insert as plain values.

    Pages of JupyterLab cannot show such cells. No content changes.
    """
    if isinstance(metadata := cell.get("metadata"), dict):
        cell["metadata"] = Map(metadata)
    if isinstance(outputs := cell.get("outputs"), list):
        cell["outputs"] = Array(outputs)


def share_metadata(meta: Map[Any]) -> None:
    """Make the metadata of a notebook shared; see `share_parts`."""
    if isinstance(metadata := meta.get("metadata"), dict):
        meta["metadata"] = Map(metadata)


async def needs_repair(doc: Doc[Any]) -> bool:
    """Return whether a notebook has invalid parts; read in slices for the event loop."""
    cells, meta = doc.get("cells", type=Array), doc.get("meta", type=Map)
    slices = Slices()
    for index in range(len(cells)):
        if problem_of_cell(cells[index], STORED) or is_partly_plain(cells[index]):
            return True
        await slices.pause()
    is_plain = isinstance(meta.get("metadata"), dict)
    return is_plain or any(problem_of_meta(key, meta.get(key)) for key, _ in USUAL)


def repair_notebook(doc: Doc[Any]) -> list[str]:
    """Replace invalid parts by their readable content: cells by raw cells, outputs by texts.

    Values that should be shared are shared, which changes no content.

    Returns:
        The problem with each part that was replaced.
    """
    cells, meta = doc.get("cells", type=Array), doc.get("meta", type=Map)
    problems: list[str] = []
    with doc.transaction():
        share_metadata(meta)
        for index in reversed(range(len(cells))):
            if isinstance(cells[index], Map):
                share_parts(cells[index])
            if not problem_of_cell(cells[index], STORED):
                continue
            if isinstance(cells[index], Map):
                problems += _repair_outputs(cells[index])
            problem = problem_of_cell(cells[index], STORED)
            if problem:
                problems.append(problem)
                text = f"This cell could not be read: {problem}.\n{_readable(cells[index])}"
                del cells[index]
                cells.insert(index, _raw_cell(text))
        for key, usual in USUAL:
            value = meta.get(key)
            problem = problem_of_meta(key, value)
            if problem:
                problems.append(problem)
                text = f"The notebook's {key} could not be read: {problem}.\n{_readable(value)}"
                cells.append(_raw_cell(text))
                meta[key] = Map({}) if usual is None else usual
    return problems


def _repair_outputs(cell: Map[Any]) -> list[str]:
    """Replace the invalid outputs of a cell by texts; return the problem with each."""
    problems = []
    outputs = cell.get("outputs")
    if isinstance(outputs, Array):
        for at in range(len(outputs)):
            if problem := problem_of_output(outputs[at], STORED):
                problems.append(problem)
                text = f"This output could not be read: {problem}.\n{_readable(outputs[at])}\n"
                outputs[at] = Map({"output_type": "stream", "name": "stderr", "text": Text(text)})
    return problems


def _raw_cell(text: str) -> Map[Any]:
    return Map({"cell_type": "raw", "id": str(uuid4()), "metadata": Map({}), "source": Text(text)})


def _readable(value: Any) -> str:
    if isinstance(value, Map | Array | Text):
        value = value.to_py()
    return json.dumps(value, indent=1, default=repr, ensure_ascii=False)
