"""Parses and compares JSON in steps, between which other threads may run.

The functions of the standard library keep Python's interpreter lock until a large text is done, so
that the event loop would wait even if they are called in a thread.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

LARGE = 2**20
"""Size in characters above which outputs are parsed one by one, and not only cells."""

SPACE = re.compile(r"[ \t\n\r]*")

_decoder: Any = json.JSONDecoder()
_scan: Callable[[str, int], tuple[Any, int]] = _decoder.scan_once


def is_text_of(value: Any, text: str, encoder: json.JSONEncoder) -> bool:
    """Return whether an encoder makes exactly this text of a value."""
    at = 0
    for piece in encoder.iterencode(value):
        if not text.startswith(piece, at):
            return False
        at += len(piece)
    return at == len(text)


def loads(text: str) -> Any:
    """Parse JSON, as `json.loads` does, in steps that other threads may interrupt.

    Raises:
        ValueError: this is not JSON.
    """
    # Object, cells, and for large files also: cell, outputs, output.
    depth = 5 if len(text) > LARGE else 2
    try:
        value, end = _value(text, SPACE.match(text, 0).end(), depth)  # type: ignore[union-attr]
        if _skip(text, end) == len(text):
            return value
    except (StopIteration, IndexError, ValueError):
        pass
    return json.loads(text)  # with the standard error messages


def _skip(text: str, at: int) -> int:
    return SPACE.match(text, at).end()  # type: ignore[union-attr]


def _value(text: str, at: int, depth: int) -> tuple[Any, int]:
    if depth and text[at] == "{":
        return _object(text, at, depth)
    if depth and text[at] == "[":
        return _array(text, at, depth)
    return _scan(text, at)


def _object(text: str, at: int, depth: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    at = _skip(text, at + 1)
    if text[at] == "}":
        return found, at + 1
    while True:
        if text[at] != '"':
            raise ValueError("a name was expected")
        key, at = _scan(text, at)
        at = _skip(text, at)
        if text[at] != ":":
            raise ValueError("a colon was expected")
        found[key], at = _value(text, _skip(text, at + 1), depth - 1)
        at = _skip(text, at)
        if text[at] == "}":
            return found, at + 1
        if text[at] != ",":
            raise ValueError("a comma was expected")
        at = _skip(text, at + 1)


def _array(text: str, at: int, depth: int) -> tuple[list[Any], int]:
    found: list[Any] = []
    at = _skip(text, at + 1)
    if text[at] == "]":
        return found, at + 1
    while True:
        value, at = _value(text, at, depth - 1)
        found.append(value)
        at = _skip(text, at)
        if text[at] == "]":
            return found, at + 1
        if text[at] != ",":
            raise ValueError("a comma was expected")
        at = _skip(text, at + 1)
