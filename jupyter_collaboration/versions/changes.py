"""Summarizes the changes in a part of a history: cells and lines.

Replays updates in a separate document and observes which cells they change, so that the cost
depends on the changes, not on the size of the document. Slow for long histories: called in a
thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pycrdt import Array, ArrayEvent, Doc, Map, MapEvent, Text

from ..documents.codec import fingerprint
from ..documents.identity import is_notebook
from ..merge.cells import source_of
from ..merge.diff import differences, longest_rising
from .grouping import EntryEffect

OF_KERNELS = ("kernelspec", "language_info")
"""Metadata of a notebook that clients set automatically when its kernel starts."""

MAX_NUMBERS = 100
"""Most cells of one kind of change that a summary lists."""


class ChangeTracker:
    """Replays a document's history.

    Args:
        content_type: the document's type.
        state: the initial document, as one update; empty for an empty document.
    """

    def __init__(self, content_type: str, state: bytes = b"") -> None:
        self._doc: Doc[Any] = Doc()
        if state:
            self._doc.apply_update(state)
        self._reader = _Cells(self._doc) if is_notebook(content_type) else _Source(self._doc)

    def take(self, update: bytes) -> EntryEffect:
        """Apply the next update; `changes` includes it only after `settled` was called."""
        self._reader.edited = self._reader.ran = False
        self._doc.apply_update(update)
        self._reader.looked()
        return EntryEffect(self._reader.edited, self._reader.ran)

    def settled(self) -> None:
        """Include the last update in the next result of `changes`."""
        self._reader.settle()

    def changes(self, end: Doc[Any] | None = None) -> dict[str, Any]:
        """Return the changes since the last call, or since the beginning, as JSON.

        Args:
            end: the document as of the last settled update; None if all updates are settled.
        """
        return self._reader.changes(self._doc if end is None else end)

    def close(self) -> None:
        """Release the document."""
        self._reader.close()


class _Source:
    """A text file."""

    def __init__(self, doc: Doc[Any]) -> None:
        self._source = doc.get("source", type=Text)
        self._before = str(self._source)
        self._watched = self._source.observe(self._look)
        self.edited = self.ran = False

    def _look(self, event: Any) -> None:
        self.edited = True

    def looked(self) -> None:
        """Do nothing: the observer has seen all changes."""

    def settle(self) -> None:
        """Do nothing: a text is read only when a version ends."""

    def changes(self, end: Doc[Any]) -> dict[str, Any]:
        before, self._before = self._before, str(end.get("source", type=Text))
        return {"lines": _lines(before, self._before)}

    def close(self) -> None:
        self._source.unobserve(self._watched)


@dataclass(frozen=True)
class _Cell:
    source: str
    outputs: str
    rest: str


class _Cells:
    """A notebook, of which only the changed cells are read."""

    def __init__(self, doc: Doc[Any]) -> None:
        self._cells = doc.get("cells", type=Array)
        self._meta = doc.get("meta", type=Map)
        self._ids: list[str] = []
        self._now: dict[str, _Cell] = {}
        self._fresh: set[int] = set(range(len(self._cells)))
        self._has_metadata = self._is_metadata_changed = self._is_metadata_touched = False
        self._notable = self._metadata()
        self.settle()
        self._before_ids, self._before = list(self._ids), dict(self._now)
        self._watched = self._cells.observe_deep(self._look)
        self._watched_meta = self._meta.observe_deep(self._look_at_metadata)
        self.edited = self.ran = False

    def _look(self, events: list[Any]) -> None:
        """Record the indices of changed cells, as of after the update."""
        for event in events:
            path: list[Any] = event.path
            if not path:
                self.edited = True
                self._fresh |= _inserted(event)
            elif isinstance(path[0], int):
                self._fresh.add(path[0])
                is_run = "outputs" in path[1:2] or (
                    isinstance(event, MapEvent)
                    and len(path) == 1
                    and set(event.keys) <= {"execution_count", "execution_state", "outputs"}  # type: ignore[attr-defined]
                )
                self.ran = self.ran or is_run
                self.edited = self.edited or not is_run

    def _look_at_metadata(self, events: list[Any]) -> None:
        self._is_metadata_touched = True

    def _metadata(self) -> str:
        """Return the notebook's metadata without what clients set automatically."""
        meta = self._meta.to_py() or {}
        written = {k: v for k, v in (meta.get("metadata") or {}).items() if k not in OF_KERNELS}
        return fingerprint(written)

    def looked(self) -> None:
        """Read what cannot be read during a change."""
        if self._is_metadata_touched:
            self._is_metadata_touched = False
            before, self._notable = self._notable, self._metadata()
            if before != self._notable:
                self.edited = self._is_metadata_changed = True

    def settle(self) -> None:
        """Read the changed cells."""
        self._has_metadata = self._has_metadata or self._is_metadata_changed
        self._is_metadata_changed = False
        if not self._fresh and len(self._cells) == len(self._ids):
            return
        size = len(self._cells)
        self._ids = [str(self._cells[at].get("id", "")) for at in range(size)]
        for at in self._fresh:
            if at < size:
                self._now[self._ids[at]] = _cell(self._cells[at].to_py() or {})
        self._fresh = set()

    def changes(self, end: Doc[Any]) -> dict[str, Any]:
        ids, before = list(self._ids), self._before_ids
        now = {name: self._now.get(name, _NO_CELL) for name in ids}
        places = {name: at for at, name in enumerate(ids, 1)}
        old_places = {name: at for at, name in enumerate(before, 1)}
        both = [name for name in ids if name in old_places]
        in_order = longest_rising([old_places[name] for name in both])
        moved = set(both) - {both[at] for at in in_order}
        changed = [name for name in both if now[name] != self._before[name]]
        found = {
            "added": [places[name] for name in ids if name not in old_places],
            "removed": [old_places[name] for name in before if name not in places],
            "moved": sorted(places[name] for name in moved),
            "changed": [places[n] for n in changed if now[n].source != self._before[n].source],
            "run": [places[n] for n in changed if now[n].outputs != self._before[n].outputs],
            "other": [places[n] for n in changed if now[n].rest != self._before[n].rest],
        }
        lines = {"added": 0, "removed": 0}
        for name in {*changed, *(set(ids) ^ set(before))}:
            old = self._before[name].source if name in old_places else ""
            for key, count in _lines(old, now[name].source if name in places else "").items():
                lines[key] += count
        metadata, self._has_metadata = self._has_metadata, False
        self._before_ids, self._before, self._now = ids, now, dict(now)
        cells = {key: numbers[:MAX_NUMBERS] for key, numbers in found.items() if numbers}
        return {"cells": cells, "lines": lines, "metadata": metadata}

    def close(self) -> None:
        self._cells.unobserve(self._watched)
        self._meta.unobserve(self._watched_meta)


_NO_CELL = _Cell("", "", "")


def _inserted(event: ArrayEvent) -> set[int]:
    """Return the indices at which an event inserted items into a list."""
    at = 0
    places: set[int] = set()
    for change in event.delta:  # type: ignore[attr-defined]
        size = change.get("retain", 0)
        if new := len(change.get("insert", ())):
            places.update(range(at, at + new))
        at += size + new
    return places


def _cell(cell: dict[str, Any]) -> _Cell:
    outputs = fingerprint([cell.get("execution_count"), cell.get("outputs")])
    rest = fingerprint([cell.get("cell_type"), cell.get("metadata"), cell.get("attachments")])
    return _Cell(source_of(cell), outputs, rest)


def _lines(old: str, new: str) -> dict[str, int]:
    """Return the numbers of added and removed lines."""
    if old == new:
        return {"added": 0, "removed": 0}
    changes = list(differences(old.splitlines(), new.splitlines()))
    return {
        "added": sum(j2 - j1 for _, _, j1, j2 in changes),
        "removed": sum(i2 - i1 for i1, i2, _, _ in changes),
    }
