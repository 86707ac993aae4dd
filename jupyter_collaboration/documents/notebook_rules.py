"""What a notebook may contain, in shared or in plain values. [M8]

Pure: values in, problems in words out; an empty text means that there is none.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from pycrdt import Array, Map, Text

from ..protocol.update_reader import MAX_DEPTH

CELL_TYPES = ("code", "markdown", "raw")
NEEDED = ("cell_type", "source", "metadata")
PARTS = {"metadata", "outputs"}
"""Keys of cells whose values are shared, so that pages can follow their changes."""

BUNDLES = ("display_data", "execute_result")
"""Types of outputs with data in several formats."""

MAJOR = 4
MAX_MINOR = 100
"""Versions of the notebook format: all documents are notebooks of version 4."""

USUAL = (("nbformat", 4.0), ("nbformat_minor", 5.0), ("metadata", None))
"""Keys of a notebook's metadata, with values that replace invalid ones; None for a map."""


@dataclass(frozen=True)
class Rules:
    """What a notebook may contain.

    Files may contain more than the notebook format allows, which is kept and saved like the rest.
    Not valid is only what nbformat cannot write or read, or what a document cannot represent.

    Attributes:
        cell: the type of cells.
        text: the type of sources.
        is_shown: whether outputs that pages fail to show are not valid either.
    """

    cell: type[Any]
    text: type[Any]
    is_shown: bool = False


EDITED = Rules(Map, Text, is_shown=True)
STORED = Rules(Map, Text)
PLAIN = Rules(dict, str)


def problem_of_value(value: Any, depth: int = 0) -> str:
    """Return why a value is not valid JSON; empty if it is."""
    if depth > MAX_DEPTH:
        return f"values are nested more than {MAX_DEPTH} deep"
    if isinstance(value, float) and not math.isfinite(value):
        return f"JSON cannot represent the number {value}"
    if isinstance(value, Map | Array | Text):
        value = value.to_py()
    if isinstance(value, dict):
        return first_of(problem_of_value(each, depth + 1) for each in value.values())
    if isinstance(value, list | tuple):
        return first_of(problem_of_value(each, depth + 1) for each in value)
    if value is None or isinstance(value, bool | int | float | str):
        return ""
    return f"a value is {type(value).__name__}, not JSON"


def first_of(problems: Iterator[str]) -> str:
    """Return the first problem that is not empty."""
    return next((problem for problem in problems if problem), "")


def problem_of_notebook(content: Mapping[str, Any]) -> str:
    """Return why the content of a notebook, in plain values, is not valid; empty if it is."""
    cells = (problem_of_cell(cell, PLAIN) for cell in content["cells"])
    return first_of(chain((problem_of_meta(key, content.get(key)) for key, _ in USUAL), cells))


def problem_of_file(content: Mapping[str, Any]) -> str:
    """Return why a notebook that nbformat has read cannot become a document; empty if it can."""
    for at, cell in enumerate(content["cells"]):
        if not isinstance(cell.get("source"), str):
            return f"cells[{at}] has no source, or one that is not text"
        outputs = cell.get("outputs", [])
        if not isinstance(outputs, list):
            return f"cells[{at}].outputs is not a list"
        for index, output in enumerate(outputs):
            if isinstance(output, dict):
                output = {"text": "", **output}  # a stream may lack it
            if problem := problem_of_shape(output, PLAIN):
                return f"cells[{at}].outputs[{index}]: {problem}"
    return ""


def problem_of_cell(cell: Any, rules: Rules) -> str:
    """Return why a cell is not valid; empty if it is."""
    if not isinstance(cell, rules.cell):
        return "a cell is not a map"
    for key in NEEDED:
        if key not in cell:
            return f"a cell has no {key}"
    if lack := lack_of_outputs(cell):
        return lack
    return first_of(problem_of_entry(key, cell[key], rules) for key in list(cell.keys()))


def lack_of_outputs(cell: Any) -> str:
    """Return why a cell has to have outputs and has none; empty if it does not."""
    is_lacking = cell.get("cell_type") == "code" and "outputs" not in cell
    return "a code cell has no outputs" if is_lacking else ""


def problem_of_entry(key: str, value: Any, rules: Rules) -> str:
    """Return why a value is not valid for a key of a cell; empty if it is."""
    if key == "source":
        return "" if isinstance(value, rules.text) else "a cell's source is not text"
    if key == "cell_type" and value not in CELL_TYPES:
        return "a cell has an unknown type"
    if key == "id" and not isinstance(value, str):
        return "a cell's id is not text"
    if key == "metadata" and not isinstance(value, Map | dict):
        return "a cell's metadata is not a map"
    if key == "execution_count" and not (value is None or _is_number(value)):
        return "a cell's execution count is not a number"
    if key == "execution_state" and not isinstance(value, str | None):
        return "a cell's execution state is not text"
    if key == "attachments" and not _is_map_of_maps(value):
        return "a cell's attachments are not maps"
    if key == "outputs":
        if not isinstance(value, Array | list):
            return "a cell's outputs are not a list"
        return first_of(problem_of_output(output, rules) for output in value)
    return problem_of_value(value)


def problem_of_output(output: Any, rules: Rules) -> str:
    """Return why an output, shared or plain, is not valid; empty if it is."""
    return problem_of_shape(output, rules) or problem_of_value(output)


def problem_of_shape(output: Any, rules: Rules) -> str:
    """Return why something is not an output, whatever the values in it."""
    if not isinstance(output, Map | dict):
        return "an output is not a map"
    kind = output.get("output_type")
    if not isinstance(kind, str):
        return "an output has no type"
    if kind in BUNDLES:
        is_bundle = isinstance(output.get("data", {}), Map | dict)
        return "" if is_bundle else "the data of an output is not a map"
    if kind == "error" and rules.is_shown and not _is_lines(output.get("traceback")):
        return "the traceback of an error is not a list of texts"
    text = output.get("text", None if kind == "stream" else "")
    if kind == "stream" and isinstance(text, str | Text):
        return ""
    if (kind == "stream" or isinstance(text, Array | list)) and not _is_lines(text):
        return "the text of an output is not text"
    return ""


def _is_lines(value: Any) -> bool:
    return isinstance(value, Array | list) and all(isinstance(line, str) for line in value)


def _is_map_of_maps(value: Any) -> bool:
    if not isinstance(value, Map | dict):
        return False
    return all(isinstance(each, Map | dict) for each in value.values())


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def problem_of_meta(key: str, value: Any) -> str:
    """Return why a value is not valid for a key of a notebook's metadata; empty if it is."""
    if key == "nbformat" and not (_is_number(value) and value == MAJOR):
        return f"nbformat is not {MAJOR}"
    if key == "nbformat_minor" and not (_is_number(value) and value in range(MAX_MINOR + 1)):
        return f"nbformat_minor is not a whole number from 0 to {MAX_MINOR}"
    if key == "metadata" and not isinstance(value, Map | dict):
        return "the notebook's metadata is not a map"
    return problem_of_value(value)


def is_partly_plain(cell: Map[Any]) -> bool:
    """Return whether metadata or outputs of a cell are plain values."""
    return any(isinstance(cell.get(key), dict | list) for key in PARTS)
