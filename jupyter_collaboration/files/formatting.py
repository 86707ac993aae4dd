"""The formatting of a file: line endings, indentation, the order of keys, numbers.

These are not part of the document. They are kept from reading to writing, so that an edit of one
line changes one line of the file. [F7] Pure; slow for large files: called in a thread.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import nbformat

from ..documents.codec import is_stream, joined_streams
from ..documents.representable import restored
from ..merge.cells import match_cells
from ..merge.diff import differences

LINE = re.compile(r"\r\n|\r|\n")


class LineEndings:
    """The line endings of a file. In the document every line ends with ``\\n``."""

    def __init__(self, text: str, usual: str = "\n") -> None:
        self.text = LINE.sub("\n", text)
        ends = LINE.findall(text)
        self._ends = ends
        self._main = max(dict.fromkeys(ends, 0), key=ends.count) if ends else usual
        self._is_mixed = len(set(ends)) > 1

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


class JsonStyle:
    """The formatting of a notebook's JSON.

    Raises:
        ValueError: the text is not JSON.
    """

    def __init__(self, text: str) -> None:
        self._template: Any = json.loads(text)
        indents = re.search(r"^[{\[]\s*?\n([ \t]+)", text)
        self._indent: str | None = indents[1] if indents else None
        self._is_ascii = text.isascii() and "\\u" in text
        self._end = "\n" if text.endswith("\n") else ""
        self._is_usual = text == _dump(self._template, " ", False, "\n", sort_keys=True)
        self._is_exact = text == self._written(self._template)
        self.special = self._special()
        if self.special == {}:
            self._template = None  # there is nothing to restore

    def _special(self) -> dict[str, Any] | None:
        """Return the cells with details that a document does not contain, by id.

        Returns:
            None if the details cannot be restored cell by cell.
        """
        template = self._template
        if not isinstance(template, dict) or not isinstance(template.get("cells"), list):
            return None
        if self._is_exact and not self._is_usual:
            return None
        if _has_details({key: value for key, value in template.items() if key != "cells"}):
            return None
        found: dict[str, Any] = {}
        for cell in template["cells"]:
            if _has_details(cell):
                if not isinstance(cell, dict) or not cell.get("id") or cell["id"] in found:
                    return None
                found[cell["id"]] = cell
        return found

    def _written(self, value: Any) -> str:
        return _dump(value, self._indent, self._is_ascii, self._end)

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
        if self._is_usual or not self._is_exact:
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


def with_template(template: Any, cell: dict[str, Any]) -> dict[str, Any]:
    """Return a cell with the details of the file's cell; see `JsonStyle.restored`."""
    result: dict[str, Any] = _along(template, cell, _number)
    return result


def _has_details(value: Any) -> bool:
    """Return whether a part of a file has details that a document does not contain."""
    if isinstance(value, dict):
        outputs = value.get("outputs")
        if isinstance(outputs, list) and len(joined_streams(outputs)) != len(outputs):
            return True
        source = value.get("source")
        texts = source if isinstance(source, list) else [source]
        if any(isinstance(text, str) and "\r" in text for text in texts):
            return True
        return any(map(_has_details, value.values()))
    if isinstance(value, list):
        return any(map(_has_details, value))
    return isinstance(value, float) and value.is_integer()


def _dump(value: Any, indent: str | None, ascii_: bool, end: str, **options: Any) -> str:
    separators = (",", ": ") if indent is not None else (", ", ": ")
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_, separators=separators, **options)
    return text + end


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
    return isinstance(value, list) and all(isinstance(line, str) for line in value)


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
