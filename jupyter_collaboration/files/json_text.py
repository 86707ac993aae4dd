"""Writes JSON with indentation, exactly as Python's `json` does, but faster.

The standard library has a fast encoder, in C, for JSON without indentation only. Here it also
writes the items of flat lists, such as the lines of an output: with a line break and the
indentation as the separator, each item is on a line of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import Any

RUN = 64
"""Most items of a list that are encoded in one step, during which other threads have to wait."""

_NESTED = (dict, list, tuple)
_FLAT = {str, int, float, bool, type(None)}


class JsonWriter:
    """Writes JSON.

    Args:
        indent: of each level; None for a text of one line.
        is_ascii: whether all other characters are escaped.
        sort_keys: whether the keys of dictionaries are sorted.
    """

    def __init__(self, indent: str | None, *, is_ascii: bool, sort_keys: bool = False) -> None:
        self._indent = indent
        self._sort_keys = sort_keys
        separators = (",", ": ") if indent is not None else (", ", ": ")
        self._slow = json.JSONEncoder(
            indent=indent, ensure_ascii=is_ascii, separators=separators, sort_keys=sort_keys
        )
        self._is_ascii = is_ascii
        self._levels: list[json.JSONEncoder] = []

    def text(self, value: Any) -> str:
        """Return the text of a value.

        Raises:
            TypeError, ValueError: the value cannot be written as JSON.
        """
        return "".join(self.pieces(value))

    def is_text_of(self, value: Any, text: str) -> bool:
        """Return whether a value is written as exactly this text."""
        at = 0
        for piece in self.pieces(value):
            if not text.startswith(piece, at):
                return False
            at += len(piece)
        return at == len(text)

    def pieces(self, value: Any) -> Iterable[str]:
        """Return the text of a value in pieces.

        Raises:
            TypeError, ValueError: the value cannot be written as JSON.
        """
        if self._indent is None:
            return self._slow.iterencode(value)
        return self._pieces(value, 0)

    def _pieces(self, value: Any, depth: int) -> Iterator[str]:
        if not value or not isinstance(value, _NESTED):
            yield self._slow.encode(value)
        elif isinstance(value, dict):
            yield from self._members(value, depth)
        else:
            yield from self._items(value, depth)

    def _members(self, value: dict[Any, Any], depth: int) -> Iterator[str]:
        if not all(type(key) is str for key in value):
            # The standard library converts other keys, and checks that they can be sorted.
            value = json.loads(self._slow.encode(value))
        line = self._line(depth + 1)
        start = "{" + line
        items = value.items()
        for key, each in sorted(items, key=itemgetter(0)) if self._sort_keys else items:
            yield f"{start}{self._slow.encode(key)}: "
            yield from self._pieces(each, depth + 1)
            start = "," + line
        yield self._line(depth) + "}"

    def _items(self, value: Any, depth: int) -> Iterator[str]:
        line = self._line(depth + 1)
        encoder = self._level(depth + 1)
        start = "[" + line
        if set(map(type, value)) <= _FLAT:
            for at in range(0, len(value), RUN):
                yield start
                yield encoder.encode(value[at : at + RUN])[1:-1]
                start = "," + line
        else:
            for each in value:
                yield start
                yield from self._pieces(each, depth + 1)
                start = "," + line
        yield self._line(depth) + "]"

    def _line(self, depth: int) -> str:
        return "\n" + (self._indent or "") * depth

    def _level(self, depth: int) -> json.JSONEncoder:
        """Return an encoder that writes each item of a flat list on a line of its own."""
        while len(self._levels) <= depth:
            separators = ("," + self._line(len(self._levels)), ": ")
            self._levels.append(
                json.JSONEncoder(ensure_ascii=self._is_ascii, separators=separators)
            )
        return self._levels[depth]
