"""Resolves conflicts by editing the document, according to a user's choice.

Works on live documents, with as few edits as possible.
"""

from __future__ import annotations

import json
from enum import Enum
from typing import Any

from jupyter_ydoc.ynotebook import YNotebook
from jupyter_ydoc.yunicode import YUnicode
from pycrdt import Map, Text

from ..documents.cell_index import CellIndex
from .conflict import Conflict
from .document import edit_cell, edit_metadata, edit_text


class Choice(str, Enum):
    """Which side to keep."""

    OURS = "ours"
    THEIRS = "theirs"
    BOTH = "both"


class Decider:
    """Checks and resolves the conflicts of one document."""

    def __init__(self, document: Any, index: CellIndex | None) -> None:
        self._document = document
        self._index = index

    def is_open(self, conflict: Conflict) -> bool:
        """Return whether both sides are still in the document; else it was resolved by editing."""
        if conflict.kind == "text":
            text = self._text(conflict)
            return text is not None and _holds(str(text), conflict)
        if conflict.cell is not None and self._cell(conflict) is None:
            return False
        if conflict.kind == "value":
            return self._value(conflict) == conflict.merged
        return True

    def decide(self, conflict: Conflict, choice: Choice) -> bool:
        """Edit the document to contain the chosen side.

        Returns:
            Whether that was possible: not if the text has been edited in the meantime.
        """
        if choice is Choice.BOTH:
            return True
        kept = conflict.ours if choice is Choice.OURS else conflict.theirs
        if conflict.kind == "text":
            return self._replace(conflict, kept)
        if conflict.kind == "deleted":
            return bool(kept) or self._delete(conflict)
        return kept == conflict.merged or self._set(conflict, kept)

    def _replace(self, conflict: Conflict, kept: str) -> bool:
        text = self._text(conflict)
        source = "" if text is None else str(text)
        start = source.find(conflict.merged)
        if text is None or start < 0:
            return False
        edit_text(text, source[:start] + kept + source[start + len(conflict.merged) :])
        return True

    def _delete(self, conflict: Conflict) -> bool:
        cell = self._cell(conflict)
        if cell is None or str(cell["source"]) != conflict.merged:
            return False
        assert self._index is not None and conflict.cell is not None
        place = self._index.place(conflict.cell)
        del self._document.ycells[place]
        return True

    def _set(self, conflict: Conflict, kept: str) -> bool:
        """Put the other side's value, or none, in its place."""
        content = self._content(conflict)
        found = _place_of(content, conflict.key)
        if found is None or self._value(conflict) != conflict.merged:
            return False
        parent, key = found
        if kept:
            parent[key] = json.loads(kept)
        else:
            parent.pop(key, None)
        if conflict.cell is not None:
            assert self._index is not None
            place = self._index.place(conflict.cell)
            if place is None:
                return False
            edit_cell(self._document, place, content)
        else:
            edit_metadata(self._document.ydoc.get("meta", type=Map), content["metadata"])
        return True

    def _value(self, conflict: Conflict) -> str | None:
        """A value as conflicts show it; None where it cannot be found."""
        found = _place_of(self._content(conflict), conflict.key)
        if found is None:
            return None
        parent, key = found
        return json.dumps(parent[key], ensure_ascii=False, default=repr) if key in parent else ""

    def _content(self, conflict: Conflict) -> dict[str, Any]:
        if conflict.cell is not None:
            cell = self._cell(conflict)
            return {} if cell is None else dict(cell.to_py() or {})
        if isinstance(self._document, YNotebook):
            meta = self._document.ydoc.get("meta", type=Map).to_py() or {}
            return {"metadata": dict(meta.get("metadata", {}))}
        return {}

    def _text(self, conflict: Conflict) -> Text | None:
        if conflict.cell is not None:
            cell = self._cell(conflict)
            source = None if cell is None else cell.get("source")
            return source if isinstance(source, Text) else None
        if isinstance(self._document, YUnicode):
            text: Text = self._document.ydoc.get("source", type=Text)
            return text
        return None

    def _cell(self, conflict: Conflict) -> Map[Any] | None:
        if self._index is None or conflict.cell is None:
            return None
        return self._index.cell(conflict.cell)


def _holds(source: str, conflict: Conflict) -> bool:
    """Return whether a text still contains a conflict, possibly with edits inside."""
    if conflict.merged in source:
        return True
    lines = set(source.split("\n"))
    sides = [
        [line for line in side.split("\n") if line.strip()]
        for side in (conflict.ours, conflict.theirs)
        if side
    ]
    return all(any(line in lines for line in side) for side in sides)


def _place_of(content: dict[str, Any], key: str) -> tuple[dict[str, Any], str] | None:
    """The dictionary in which a dotted key is, and its last part; parts may hold dots."""
    parts = key.split(".")
    for size in range(1, len(parts)):
        name, rest = ".".join(parts[:size]), ".".join(parts[size:])
        if isinstance(content.get(name), dict):
            return _place_of(content[name], rest)
    return content, key
