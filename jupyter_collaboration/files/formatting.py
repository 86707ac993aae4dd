"""The formatting of a file: line endings, indentation, the order of keys, numbers.

These are not part of the document. They are kept from reading to writing, so that an edit of one
line changes one line of the file. [F7] Pure; slow for large files: called in a thread.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import nbformat

from ..documents.codec import is_stream, joined_streams
from ..documents.representable import restored
from ..merge.cells import match_cells
from ..merge.diff import differences
from .json_steps import loads
from .json_text import JsonWriter

LINE = re.compile(r"\r\n|\r|\n")


class LineEndings:
    """The line endings of a file. In the document every line ends with ``\\n``."""

    def __init__(self, text: str, usual: str = "\n") -> None:
        self.text = text
        self._ends: list[str] = []
        if "\r" not in text:  # nearly every file: much faster than counting
            self._main, self._is_mixed = "\n" if "\n" in text else usual, False
            return
        counts = {"\r\n": text.count("\r\n")}
        counts |= {end: text.count(end) - counts["\r\n"] for end in ("\r", "\n")}
        found = [end for end, count in counts.items() if count]
        self._main = found[0] if found else usual
        self._is_mixed = len(found) > 1
        if self._is_mixed:
            self._ends = LINE.findall(text)
            self._main = max(dict.fromkeys(self._ends, 0), key=lambda end: counts[end])
        if self._is_mixed or self._main != "\n":
            self.text = text.replace("\r\n", "\n").replace("\r", "\n")

    @property
    def usual(self) -> str:
        """The most frequent line ending; for a text of one line, the given default."""
        return self._main

    def restored(self, text: str) -> str:
        """Return the text for the file, in which unchanged lines keep their endings."""
        if not self._is_mixed:
            return text if self._main == "\n" else text.replace("\n", self._main)
        old, new = self.text.split("\n"), text.split("\n")
        ends = [self._main] * len(new)
        i = j = 0
        for i1, i2, _, j2 in [*differences(old, new), (len(old), 0, len(new), 0)]:
            for k in range(i1 - i):
                if i + k < len(self._ends):
                    ends[j + k] = self._ends[i + k]
            i, j = i2, j2
        return "".join(line + end for line, end in zip(new[:-1], ends, strict=False)) + new[-1]


PLACE = str(uuid4())
"""Marks the place of a list in a text; unknown outside, so that no document contains it."""


@dataclass(frozen=True, eq=False)
class NotebookFormat:
    """How a notebook is written, part by part.

    Attributes:
        indent: of each level; None for a text of one line.
        is_ascii: whether all other characters are escaped.
        end: the end of the text.
        is_usual: whether it is Jupyter's own formatting. Then keys are sorted, and a template is
            needed only for parts with details that a document does not contain.
        root: the template of everything but the cells, which are replaced by `PLACE`.
        cells: the templates of cells, by id.
        details: the ids of the cells with details that a document does not contain.
    """

    indent: str | None = " "
    is_ascii: bool = False
    end: str = "\n"
    is_usual: bool = True
    root: Any = None
    cells: dict[str, Any] = field(default_factory=dict)
    details: frozenset[str] = frozenset()

    def text(self, value: Any) -> str:
        """Return the text of a value, as if it were the whole file."""
        writer = JsonWriter(self.indent, is_ascii=self.is_ascii, sort_keys=self.is_usual)
        return writer.text(value)

    def with_numbers(self, template: Any, value: Any) -> Any:
        """Return a value as in the document, with the template's details."""
        return value if template is None else _along(template, value, _number)

    def with_strings(self, template: Any, value: Any) -> Any:
        """Return a value as nbformat writes it, with the template's order of keys and strings."""
        if self.is_usual:
            return value
        ordered = _ordered(value)
        return ordered if template is None else _along(template, ordered, _string)


class JsonStyle:
    """The formatting of a notebook's JSON.

    Raises:
        ValueError: the text is not JSON.
    """

    def __init__(self, text: str) -> None:
        self._template: Any = loads(text)
        indents = re.search(r"^[{\[]\s*?\n([ \t]+)", text)
        self._indent: str | None = indents[1] if indents else None
        self._is_ascii = text.isascii() and "\\u" in text
        self._end = "\n" if text.endswith("\n") else ""
        usual = JsonWriter(" ", is_ascii=False, sort_keys=True)
        body = text.removesuffix("\n")
        is_usual = bool(self._end) and usual.is_text_of(self._template, body)
        own = JsonWriter(self._indent, is_ascii=self._is_ascii)
        self._is_exact = not is_usual and own.is_text_of(self._template, body)
        self._format: NotebookFormat | None = None
        if not self._is_exact and not _has_details(self._template):
            self._template = None  # there is nothing to restore

    def _written(self, value: Any) -> str:
        return JsonWriter(self._indent, is_ascii=self._is_ascii).text(value) + self._end

    def format_of(self, cells: list[dict[str, Any]]) -> NotebookFormat | None:
        """Return how to write a notebook part by part.

        Args:
            cells: the cells of the document when it is saved for the first time; needed to match
                them with those of a file without cell ids.

        Returns:
            None if the text of the file is not a notebook.
        """
        if self._format is None:
            self._format = self._make_format(cells)
        return self._format

    def _make_format(self, cells: list[dict[str, Any]]) -> NotebookFormat | None:
        template = self._template
        if template is None:
            return NotebookFormat()
        if not isinstance(template, dict) or not isinstance(template.get("cells"), list):
            return None
        root = {**template, "cells": PLACE}
        found: dict[str, Any] = {}
        details: set[str] = set()
        try:
            for match, cell in zip(match_cells(template["cells"], cells), cells, strict=True):
                if match is not None:
                    found[str(cell["id"])] = template["cells"][match]
                    if _has_details(template["cells"][match]):
                        details.add(str(cell["id"]))
        except (KeyError, TypeError, AttributeError):  # not a notebook's cells
            return None
        kept = frozenset(details)
        if not self._is_exact:
            found = {name: cell for name, cell in found.items() if name in kept}
            return NotebookFormat(root=root, cells=found, details=kept)
        own = (self._indent, self._is_ascii, self._end)
        return NotebookFormat(*own, is_usual=False, root=root, cells=found, details=kept)

    def restored(self, notebook: dict[str, Any]) -> dict[str, Any]:
        """Return a notebook with the details of the file that a document does not contain.

        Whole numbers are written as before, since Yjs does not distinguish 1.0 from 1, and stream
        outputs are split as the program that ran the notebook wrote them.
        """
        if self._template is None:
            return notebook
        result: dict[str, Any] = _along(self._template, notebook, _number)
        return result

    def text_of(self, notebook: dict[str, Any]) -> str | None:
        """Return the text of the file; None if it has Jupyter's own formatting."""
        if not self._is_exact:
            return None
        node = nbformat.from_dict(notebook)  # type: ignore[no-untyped-call]
        usual = nbformat.writes(node, version=nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]
        content = json.loads(usual)
        return self._written(_along(self._template, content, _string))


def with_exact(exact: Any, content: Any) -> Any:
    """Return a content with the values of its file that a document cannot hold. [F7]

    Args:
        exact: the previous content of the file; its cells are matched by their content.
        content: the content of the document, in which these values are replaced by others.
    """
    return _along(exact, content, restored)


def has_pieces(outputs: Any) -> bool:
    """Return whether outputs of a file are joined in the document."""
    return isinstance(outputs, list) and len(joined_streams(outputs)) != len(outputs)


def _has_details(value: Any) -> bool:
    """Return whether a part of a file has details that a document does not contain."""
    if isinstance(value, dict):
        if has_pieces(value.get("outputs")):
            return True
        source = value.get("source")
        texts = source if isinstance(source, list) else [source]
        if any(isinstance(text, str) and "\r" in text for text in texts):
            return True
        return any(map(_has_details, value.values()))
    if isinstance(value, list):
        return not _is_lines(value) and any(map(_has_details, value))
    return isinstance(value, float) and value.is_integer()


def _ordered(value: Any) -> Any:
    """Return a value with sorted keys."""
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value)}
    if isinstance(value, list) and not _is_lines(value):
        return [_ordered(each) for each in value]
    return value


def _number(template: Any, value: Any) -> Any:
    """Return a number as the file wrote it, if its value is unchanged."""
    if type(template) is float and type(value) is int and template == value:
        return template
    return value


def _string(template: Any, value: Any) -> Any:
    """Return text as one string where the file had one string, and numbers as they were."""
    if isinstance(template, str) and isinstance(value, list):
        return "".join(value) if all(isinstance(line, str) for line in value) else value
    return _number(template, value)


def _along(template: Any, value: Any, leaf: Callable[[Any, Any], Any], key: str = "") -> Any:
    """Return a copy with the template's order of keys, and with adapted leaves."""
    if isinstance(template, dict) and isinstance(value, dict):
        order = [name for name in template if name in value]
        order += [name for name in value if name not in template]
        return {name: _along(template.get(name), value[name], leaf, name) for name in order}
    if key == "source" and isinstance(value, str) and "\r" not in value:
        ends = "".join(template) if _is_lines(template) else template
        if isinstance(ends, str) and "\r" in ends:
            return LineEndings(ends).restored(value)
    if isinstance(template, list) and isinstance(value, list):
        if leaf is not restored and _is_lines(value):
            return value  # the other leaves do not change strings
        if key == "outputs" and len(template) != len(value):
            value = _in_pieces(template, value)
        if key == "cells":
            try:
                matches = match_cells(template, value)
            except (KeyError, TypeError):  # not a list of cells, despite its key
                matches = [None] * len(value)
        else:
            matches = [index if index < len(template) else None for index in range(len(value))]
        return [
            _along(None if match is None else template[match], each, leaf)
            for match, each in zip(matches, value, strict=True)
        ]
    return leaf(template, value)


def _is_lines(value: Any) -> bool:
    return isinstance(value, list) and set(map(type, value)) <= {str}


def _in_pieces(template: list[Any], outputs: list[Any]) -> list[Any]:
    """Split stream outputs as in the file, up to the first one that differs."""
    found: list[Any] = []
    at = 0
    for index, output in enumerate(outputs):
        text = output.get("text") if is_stream(output) else None
        pieces: list[Any] = []
        while isinstance(text, str) and at < len(template) and text:
            (piece,) = joined_streams([template[at]])
            if not is_stream(piece) or piece["name"] != output["name"]:
                break
            if not text.startswith(piece["text"]):
                break
            text = text[len(piece["text"]) :]
            pieces.append(piece)
            at += 1
        if text:  # the output has changed
            return found + outputs[index:]
        found += pieces or [output]
        at += not pieces
    return found
