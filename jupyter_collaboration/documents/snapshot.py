"""The content of a live document, read again only where it has changed.

A save writes the whole file, but a user changes one cell of it. `NotebookSnapshot` keeps what was
read of each cell and of each output, follows the document's Yjs events, and reads the changed
parts only. What is computed from a part, such as its fingerprint or its JSON text, is kept with it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from math import inf
from time import perf_counter
from typing import Any

from anyio.lowlevel import checkpoint
from jupyter_ydoc.utils import cast_all
from jupyter_ydoc.yfile import YFile
from jupyter_ydoc.ynotebook import YNotebook
from jupyter_ydoc.yunicode import YUnicode
from pycrdt import Array, ArrayEvent, Doc, Map, MapEvent, Subscription, Text

from .codec import (
    cell_fingerprint,
    content_of,
    drop_placeholders,
    fingerprint,
    is_stream,
    joined_streams,
    notebook_fingerprint,
    rest_fingerprint,
)
from .identity import document_types
from .slices import SLICE_TIME


class Part:
    """A JSON value, which must not be changed, with what was computed from it."""

    __slots__ = ("_known", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self._known: dict[str, tuple[Any, Any]] = {}

    def __reduce__(self) -> Any:
        return type(self), (self.value,)  # without what was computed

    def known(self, key: str, compute: Callable[[], Any], given: Any = None) -> Any:
        """Return a value computed from this part, which is computed once.

        Args:
            given: what else it is computed from; it is computed again for another object.
        """
        found = self._known.get(key)
        if found is None or found[0] is not given:
            found = self._known[key] = (given, compute())
        return found[1]


class CellPart(Part):
    """A cell without its outputs, and its outputs; None for a cell that has none."""

    __slots__ = ("outputs",)

    def __init__(self, value: dict[str, Any], outputs: tuple[Part, ...] | None) -> None:
        super().__init__(value)
        self.outputs = outputs

    def __reduce__(self) -> Any:
        return type(self), (self.value, self.outputs)

    def with_outputs(self, value: dict[str, Any]) -> dict[str, Any]:
        """Return a dictionary with the outputs in addition; they must not be changed."""
        if self.outputs is None:
            return dict(value)
        return {**value, "outputs": [output.value for output in self.outputs]}

    def in_file(self, has_ids: bool) -> dict[str, Any]:
        """Return the cell as in a file, without its outputs; it must not be changed."""
        key = "file" if has_ids else "file without id"
        found: dict[str, Any] = self.known(key, partial(self._in_file, has_ids))
        return found

    def _in_file(self, has_ids: bool) -> dict[str, Any]:
        value: dict[str, Any] = dict(self.value)
        if not has_ids:
            value.pop("id", None)
        if value["cell_type"] in ("raw", "markdown") and not value.get("attachments", True):
            del value["attachments"]
        return value

    def fingerprint(self, has_ids: bool) -> str:
        """Return the fingerprint of the cell, as computed by `codec.cell_fingerprint`."""
        key = "fingerprint" if has_ids else "fingerprint without id"
        found: str = self.known(key, partial(self._fingerprint, has_ids))
        return found

    def _fingerprint(self, has_ids: bool) -> str:
        value, outputs = self.in_file(has_ids), self.outputs
        if outputs is None:
            return cell_fingerprint(value)
        streams = [each.value["name"] if is_stream(each.value) else None for each in outputs]
        if any(one is not None and one == other for one, other in pairwise(streams)):
            # Consecutive outputs of one stream count as one output.
            return cell_fingerprint(self.with_outputs(value))
        return rest_fingerprint(value, [_output_fingerprint(each) for each in outputs])


def _output_fingerprint(output: Part) -> str:
    found: str = output.known("fingerprint", lambda: fingerprint(joined_streams([output.value])[0]))
    return found


class NotebookContent:
    """The content of a notebook at one moment.

    Attributes:
        cells: the cells.
        meta: all other keys of the notebook, as in the document.
        has_ids: whether the notebook's format has cell ids (4.5 and later).
    """

    def __init__(self, cells: list[CellPart], meta: Part) -> None:
        self.cells = cells
        self.meta = meta
        self.has_ids = (meta.value["nbformat"], meta.value["nbformat_minor"]) >= (4, 5)

    @property
    def file_meta(self) -> dict[str, Any]:
        """All other keys of the notebook, as in the file."""
        found: dict[str, Any] = self.meta.known("file", self._file_meta)
        return found

    def _file_meta(self) -> dict[str, Any]:
        metadata = dict(self.meta.value["metadata"])
        drop_placeholders(metadata)
        return {**self.meta.value, "metadata": metadata}

    def fingerprint(self) -> str:
        """Return the fingerprint of the content, as computed by `codec.file_fingerprint`."""
        meta = self.meta.known("fingerprint", lambda: fingerprint(self.file_meta))
        return notebook_fingerprint(meta, [each.fingerprint(self.has_ids) for each in self.cells])

    def plain(self) -> dict[str, Any]:
        """Return a copy of the content, as in a file.

        Slow for large notebooks: call it outside of the event loop.
        """
        cells = [cell.with_outputs(cell.in_file(self.has_ids)) for cell in self.cells]
        return copy.deepcopy({"cells": cells, **self.file_meta})

    def in_document(self) -> dict[str, Any]:
        """Return a copy of the content, as in the document."""
        cells = [cell.with_outputs(cell.value) for cell in self.cells]
        return copy.deepcopy({"cells": cells, **self.meta.value})


class _Cell:
    """What was read of one cell; None for what has changed since.

    Attributes:
        ycell: the shared cell; None if it must be looked up.
        value: the cell without its outputs.
        outputs: the outputs, each of them None if it has changed; or None for all.
        part: the cell as a part; None if anything has changed.
    """

    __slots__ = ("outputs", "part", "value", "ycell")

    def __init__(self) -> None:
        self.ycell: Any = None
        self.value: dict[str, Any] | None = None
        self.outputs: list[Part | None] | None = None
        self.part: CellPart | None = None

    def changed(self, event: Any, path: list[Any]) -> None:
        """Note an event of the cell (with an empty path) or of something inside it."""
        self.part = None
        if not path or path[0] != "outputs":
            self.value = None
            if not path and isinstance(event, MapEvent) and "outputs" in _keys(event):
                self.outputs = None
        elif self.outputs is not None:
            if len(path) == 1 and isinstance(event, ArrayEvent):
                follow(self.outputs, event, lambda _: None)
            elif len(path) > 1 and isinstance(path[1], int) and path[1] < len(self.outputs):
                self.outputs[path[1]] = None
            else:
                self.outputs = None

    def read(self, end: float) -> bool:
        """Read what has changed, until a time; return whether all is read.

        Raises:
            TypeError, KeyError: it is not a cell.
        """
        ycell = self.ycell
        if not isinstance(ycell, Map):
            raise TypeError("a cell is not a map")
        if self.value is None:
            keys = [key for key in ycell.keys() if key != "outputs"]  # noqa: SIM118
            self._note({key: _plain(ycell[key]) for key in keys})
        if not self._read_outputs(ycell, end):
            return False
        outputs = self.outputs
        known = None if outputs is None else tuple(each for each in outputs if each is not None)
        assert self.value is not None
        self.part = CellPart(self.value, known)
        return True

    def _read_outputs(self, ycell: Map[Any], end: float) -> bool:
        shared = ycell.get("outputs")
        if shared is None:
            self.outputs = None
        elif not isinstance(shared, Array):
            self.outputs = [_part(each) for each in _plain(shared)]
        else:
            if self.outputs is None or len(self.outputs) != len(shared):
                self.outputs = [None] * len(shared)
            for at, each in enumerate(self.outputs):
                if each is None:
                    self.outputs[at] = _part(_plain(shared[at]))
                    if perf_counter() > end:
                        return None not in self.outputs
        return True

    def _note(self, value: dict[str, Any]) -> None:
        value.pop("execution_state", None)
        cast_all(value, float, int)  # Yjs does not distinguish 1.0 from 1
        self.value = value


class NotebookSnapshot:
    """Reads the content of a live notebook.

    Must be used in the event loop's thread.
    """

    def __init__(self, doc: Doc[Any]) -> None:
        self._ycells = doc.get("cells", type=Array)
        self._ymeta = doc.get("meta", type=Map)
        self._cells: list[_Cell] | None = None
        self._meta: Part | None = None
        self._subscriptions: list[tuple[Any, Subscription]] = []
        self._is_closed = False

    def close(self) -> None:
        """Stop following the document, which references its observers until then."""
        self._is_closed = True
        for shared, subscription in self._subscriptions:
            shared.unobserve(subscription)
        self._subscriptions = []
        self._cells = self._meta = None

    async def catch_up(self) -> None:
        """Read what has changed, in slices that do not block the event loop."""
        while not self._is_closed and not self._read(SLICE_TIME):
            await checkpoint()

    def take(self) -> NotebookContent | None:
        """Return the content as of now; None if it is closed or cannot be read part by part.

        Raises:
            TypeError, KeyError: this is not a notebook.
        """
        if self._is_closed:
            return None
        self._read(None)
        parts = [cell.part for cell in self._cells or ()]
        cells = [part for part in parts if part is not None]
        ids = [cell.value["id"] for cell in cells if "id" in cell.value]
        if len(set(ids)) != len(ids):
            return None  # two cells with one id, which are told apart elsewhere
        if self._meta is None:
            self._meta = Part(self._read_meta())
        return NotebookContent(cells, self._meta)

    def _read(self, limit: float | None) -> bool:
        """Read changed cells for a limited time; return whether all are read."""
        if not self._subscriptions:
            self._observe(self._ycells, self._on_cells)
            self._observe(self._ymeta, self._on_meta)
        if self._cells is None or len(self._cells) != len(self._ycells):
            self._cells = [_Cell() for _ in range(len(self._ycells))]
        end = inf if limit is None else perf_counter() + limit
        for at, cell in enumerate(self._cells):
            if cell.part is None:
                if cell.ycell is None:
                    cell.ycell = self._ycells[at]
                if not cell.read(end) or perf_counter() > end:
                    return False
        return True

    def _read_meta(self) -> dict[str, Any]:
        meta: Any = self._ymeta.to_py()
        cast_all(meta, float, int)
        return {
            "metadata": meta.get("metadata", {}),
            "nbformat": int(meta.get("nbformat", 0)),
            "nbformat_minor": int(meta.get("nbformat_minor", 0)),
        }

    def _observe(self, shared: Any, look: Callable[[list[Any]], None]) -> None:
        self._subscriptions.append((shared, shared.observe_deep(look)))

    def _on_meta(self, events: list[Any]) -> None:
        self._meta = None

    def _on_cells(self, events: list[Any]) -> None:
        # The document must not be read here. Paths are those after all of these changes.
        cells = self._cells
        if cells is None:
            return
        for event in events:
            if not event.path:
                follow(cells, event, _inserted)
        for event in events:
            if event.path:
                if not isinstance(event.path[0], int) or event.path[0] >= len(cells):
                    self._cells = None
                    return
                cells[event.path[0]].changed(event, event.path[1:])


def _inserted(ycell: Any) -> _Cell:
    cell = _Cell()
    cell.ycell = ycell
    return cell


def follow(items: list[Any], event: ArrayEvent, make: Callable[[Any], Any]) -> None:
    """Update a list after a change of a shared array, with new items made from the inserted."""
    at = 0
    delta: list[dict[str, Any]] = event.delta  # type: ignore[attr-defined]
    for change in delta:
        if "retain" in change:
            at += change["retain"]
        elif "delete" in change:
            del items[at : at + change["delete"]]
        else:
            items[at:at] = [make(each) for each in change["insert"]]
            at += len(change["insert"])


def _keys(event: MapEvent) -> dict[str, Any]:
    keys: dict[str, Any] = event.keys  # type: ignore[attr-defined]
    return keys


def _plain(value: Any) -> Any:
    return value.to_py() if isinstance(value, Map | Array | Text) else value


def _part(value: Any) -> Part:
    if isinstance(value, dict | list):
        cast_all(value, float, int)
    return Part(value)


class TextSnapshot:
    """Reads the content of a live text file."""

    def __init__(self, doc: Doc[Any]) -> None:
        self._source = doc.get("source", type=Text)

    def close(self) -> None:
        """Do nothing: the document is not followed."""

    async def catch_up(self) -> None:
        """Do nothing: a text is read at once."""

    def take(self) -> str:
        """Return the content as of now."""
        return str(self._source)


Snapshot = NotebookSnapshot | TextSnapshot
Content = NotebookContent | str
"""What a snapshot returns."""


def snapshot_of(content_type: str, doc: Doc[Any]) -> Snapshot | None:
    """Return the snapshot of a live document; None for types of other packages."""
    types = document_types()
    kind = types.get(content_type, types["file"])
    # The types of other packages may be subclasses with a content of their own.
    if kind is YNotebook:
        return NotebookSnapshot(doc)
    return TextSnapshot(doc) if kind in (YFile, YUnicode) else None


def content_for_merge(content_type: str, known: Content | bytes) -> Any:
    """Return a content in the form used for merging.

    Slow for large documents: call it outside of the event loop.

    Args:
        known: the content, or the document with it as one update.
    """
    if isinstance(known, NotebookContent):
        return known.in_document()
    return content_of(content_type, known) if isinstance(known, bytes) else known
