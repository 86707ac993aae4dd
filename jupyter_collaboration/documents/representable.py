"""Replaces JSON values that cannot be represented in a Yjs document or in JavaScript.

They are replaced while a document is open, and written back when the file is saved, unless they
were changed in the meantime. Values that cannot be replaced are reported with their location. Pure.

| in the file | in the document |
|---|---|
| ``NaN``, ``Infinity``, ``-Infinity``, ``1e400`` | ``null``: they are not valid JSON |
| an integer beyond 2**53 | the nearest float, as JavaScript reads it |
| an integer beyond the largest float | ``null`` |
| a lone surrogate | U+FFFD: Yjs encodes text as UTF-8 |
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import LoadFailed
from ..protocol.update_reader import MAX_DEPTH

MAX_INTEGER = 2**53 - 1
"""The largest integer that JavaScript represents exactly."""


def representable(content: Any) -> tuple[Any, bool]:
    """Return a content that a document can represent, and whether it differs from the original.

    If nothing has to be replaced, the original itself is returned. Slow for large contents: call it
    outside of the event loop.

    Raises:
        LoadFailed: a value cannot be replaced; the text contains its location.
    """
    if _is_exact(content, MAX_DEPTH):
        return content, False
    result = _converted(content, ())
    return result, result is not content


def with_minor_version(notebook: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a notebook with a minor version, which every document has.

    nbformat reads notebooks without one as version 4.0, in which cells have no ids.
    """
    if "nbformat_minor" in notebook:
        return notebook
    has_ids = any("id" in cell for cell in notebook["cells"])
    return {**notebook, "nbformat_minor": 5 if has_ids else 0}


def restored(exact: Any, value: Any) -> Any:
    """Return the original value of the file if the document's replacement is unchanged."""
    if isinstance(exact, dict | list):
        return value
    shown = _leaf(exact)
    if shown is exact or shown != value or isinstance(shown, str) != isinstance(value, str):
        return value
    return exact


def valid_text(text: str) -> str:
    """Return a text whose lone surrogates are replaced."""
    valid: str = _leaf(text)
    return valid


def invalid_text(value: Any, place: tuple[str | int, ...] = ()) -> str:
    """Return the location of the first text that is not valid Unicode; empty if there is none."""
    if isinstance(value, str):
        return "" if _leaf(value) is value else _name(place)
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
        for key in value:
            if _leaf(key) is not key:
                return _name(place)
    elif isinstance(value, list):
        items = enumerate(value)
    found = (invalid_text(each, (*place, key)) for key, each in items)
    return next(filter(None, found), "")


def _is_exact(value: Any, depth: int) -> bool:
    """Return whether nothing has to be replaced, several times as fast as to replace it."""
    kind = type(value)
    if kind is str:
        return bool(value.isascii() or _leaf(value) is value)
    if kind is int:
        return bool(-MAX_INTEGER <= value <= MAX_INTEGER)
    if kind is list or kind is dict:
        if not depth:
            return False
        if kind is dict:
            for key in value:
                if type(key) is not str or not (key.isascii() or _leaf(key) is key):
                    return False
            value = value.values()
        return all(_is_exact(each, depth - 1) for each in value)
    # nbformat's nodes are subclasses of dictionaries.
    return not isinstance(value, dict | list) and _leaf(value) is value


def _converted(value: Any, place: tuple[str | int, ...]) -> Any:
    if len(place) > MAX_DEPTH:
        raise LoadFailed(f"{_name(place[:4])} is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, dict):
        return _each(value, value.items(), place, dict)
    if isinstance(value, list):
        return _each(value, enumerate(value), place, lambda items: [each for _, each in items])
    return _leaf(value)


def _each(value: Any, items: Any, place: tuple[str | int, ...], make: Callable[..., Any]) -> Any:
    """Convert the items of a container; return the container itself if none of them differs."""
    changed = False
    found = []
    for key, old in items:
        if isinstance(key, str) and _leaf(key) is not key:
            raise LoadFailed(f"{_name(place)} has the name {key!r}, which is not valid Unicode")
        new = _converted(old, (*place, key))
        changed = changed or new is not old
        found.append((key, new))
    return make(found) if changed else value


def _leaf(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) <= MAX_INTEGER:
            return value
        try:
            return float(value)
        except OverflowError:
            return None
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            # A pair of surrogates is one character; a lone surrogate is not valid.
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value


def _name(place: tuple[str | int, ...]) -> str:
    """Format a location in a JSON value, as in ``cells[3].metadata.tags``."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return text.removeprefix(".") or "the top level"
