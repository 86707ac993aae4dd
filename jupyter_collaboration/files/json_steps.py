"""Parses JSON in steps, between which other threads may run.

The functions of the standard library keep Python's interpreter lock until a large text is done, so
that the event loop would wait even if they are called in a thread.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

LARGE = 2**21
"""Size in characters above which a text is parsed in steps. Parsing less takes at most 10 ms."""

STEP = 2**18
"""Size in characters above which a cell is parsed in steps."""

CELL = '"cell_type"'
"""Occurs in each cell: the second occurrence after the start of a cell is in the next cell."""

DEPTH = 5
"""Levels that are parsed in steps: the notebook, its cells, a cell, its outputs, an output."""

SPACE = re.compile(r"[ \t\n\r]*")

_decoder: Any = json.JSONDecoder()
_scan: Callable[[str, int], tuple[Any, int]] = _decoder.scan_once


def loads(text: str) -> Any:
    """Parse JSON, as `json.loads` does, in steps that other threads may interrupt.

    Raises:
        ValueError: this is not JSON.
    """
    if len(text) > LARGE:
        try:
            return _Steps(text).parse()
        except (StopIteration, IndexError, ValueError):
            pass
    return json.loads(text)  # with the standard error messages


class _Steps:
    """Parses one text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._next_cells = (-1, -1)

    def parse(self) -> Any:
        """Return the value.

        Raises:
            StopIteration, IndexError, ValueError: this is not JSON.
        """
        value, end = self._value(self._skip(0), DEPTH)
        if self._skip(end) != len(self._text):
            raise ValueError("more text follows")
        return value

    def _skip(self, at: int) -> int:
        return SPACE.match(self._text, at).end()  # type: ignore[union-attr]

    def _value(self, at: int, depth: int) -> tuple[Any, int]:
        first = self._text[at]
        if first == "{" and depth and not (depth == DEPTH - 2 and self._is_small(at)):
            return self._object(at, depth)
        if first == "[" and depth:
            return self._array(at, depth)
        return _scan(self._text, at)

    def _is_small(self, at: int) -> bool:
        """Return whether a cell is small enough for one step, since the next cell is close."""
        own, following = self._next_cells
        if at > own:
            own = self._find(at) if at > following else following
            following = self._find(own + 1)
            self._next_cells = (own, following)
        return following - at < STEP

    def _find(self, at: int) -> int:
        found = self._text.find(CELL, at)
        return len(self._text) if found < 0 else found

    def _object(self, at: int, depth: int) -> tuple[dict[str, Any], int]:
        text = self._text
        found: dict[str, Any] = {}
        at = self._skip(at + 1)
        if text[at] == "}":
            return found, at + 1
        while True:
            if text[at] != '"':
                raise ValueError("a name was expected")
            key, at = _scan(text, at)
            at = self._skip(at)
            if text[at] != ":":
                raise ValueError("a colon was expected")
            found[key], at = self._value(self._skip(at + 1), depth - 1)
            at = self._skip(at)
            if text[at] == "}":
                return found, at + 1
            if text[at] != ",":
                raise ValueError("a comma was expected")
            at = self._skip(at + 1)

    def _array(self, at: int, depth: int) -> tuple[list[Any], int]:
        text = self._text
        found: list[Any] = []
        at = self._skip(at + 1)
        if text[at] == "]":
            return found, at + 1
        while True:
            value, at = self._value(at, depth - 1)
            found.append(value)
            at = self._skip(at)
            if text[at] == "]":
                return found, at + 1
            if text[at] != ",":
                raise ValueError("a comma was expected")
            at = self._skip(at + 1)
