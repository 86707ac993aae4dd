"""The state of the widgets of one kernel, for pages that open while the kernel is busy. Pure.

A page asks the kernel for its widgets, and a kernel that runs a cell answers when that has ended.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ..documents.representable import representable
from ..errors import LoadFailed

MAX_BYTES = 64 * 2**20
"""Most bytes of states that are kept of one kernel."""

TARGET = "jupyter.widget"
"""The name of the comms of widgets."""

REFERENCE = "IPY_MODEL_"
"""What the state of a widget has in front of the id of another one."""


@dataclass
class WidgetState:
    """The state of one widget, as far as it was published.

    Attributes:
        state: its values by name, without binary ones.
        buffers: the binary values, with their paths in the state.
        metadata: of the message that opened it.
        date: when its last message was sent.
        sizes: the bytes of each of the values.
    """

    metadata: dict[str, Any]
    date: str
    state: dict[str, Any] = field(default_factory=dict)
    buffers: list[tuple[list[Any], bytes]] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)

    def update(self, data: dict[str, Any], buffers: list[Any]) -> None:
        """Replace the values that a message has."""
        changed: dict[str, Any] = data["state"]
        sizes = {key: len(json.dumps(value, default=str)) for key, value in changed.items()}
        self.buffers = [each for each in self.buffers if each[0][0] not in changed]
        self.state.update(changed)
        self.sizes.update(sizes)
        paths = data.get("buffer_paths")
        for path, content in zip(paths if isinstance(paths, list) else (), buffers, strict=False):
            if isinstance(path, list) and path and isinstance(path[0], str):
                self.buffers.append((path, bytes(content)))
                self.sizes[path[0]] = self.sizes.get(path[0], 0) + len(content)

    @property
    def size(self) -> int:
        """The approximate size in bytes."""
        return sum(self.sizes.values())

    def to_py(self, name: str) -> dict[str, Any]:
        """Return what a page needs to make the widget."""
        return {
            "comm_id": name,
            "metadata": self.metadata,
            "date": self.date,
            "state": self.state,
            "buffer_paths": [path for path, _ in self.buffers],
            "buffers": [b64encode(content).decode() for _, content in self.buffers],
        }


class WidgetStates:
    """The widgets of one kernel, in the order in which they were opened."""

    def __init__(self) -> None:
        self._widgets: dict[str, WidgetState] = {}
        self._size = 0
        self._is_full = False

    def receive(self, kind: str, message: dict[str, Any]) -> None:
        """Follow a message of the kernel about a comm."""
        content = message["content"]
        name = str(content["comm_id"])
        if kind == "comm_close":
            self._close(name)
            return
        data = content.get("data")
        if not isinstance(data, dict) or not isinstance(data.get("state"), dict):
            return
        date = _text(message["header"].get("date"))
        if kind == "comm_open":
            if content.get("target_name") != TARGET or self._is_full:
                return
            self._close(name)
            self._widgets[name] = WidgetState(message.get("metadata") or {}, date)
        widget = self._widgets.get(name)
        if widget is None or data.get("method") not in (None, "update", "echo_update"):
            return
        widget.date = date
        self._update(widget, data, message.get("buffers") or [])

    def set(self, name: str, state: dict[str, Any]) -> None:
        """Replace values of a widget, which the kernel has not published yet."""
        if name in self._widgets:
            self._update(self._widgets[name], {"state": state}, [])

    def _update(self, widget: WidgetState, data: dict[str, Any], buffers: list[Any]) -> None:
        self._size -= widget.size
        widget.update(data, buffers)
        self._size += widget.size
        if self._size > MAX_BYTES:
            # A part would be worse than nothing: widgets refer to each other.
            self.clear()
            self._is_full = True

    def _close(self, name: str) -> None:
        closed = self._widgets.pop(name, None)
        self._size -= closed.size if closed else 0

    def clear(self) -> None:
        """Forget all widgets, since the kernel has."""
        self._widgets.clear()
        self._size = 0
        self._is_full = False

    def copy(self) -> dict[str, WidgetState]:
        """Return what is known now; later messages do not change it."""
        return {
            name: replace(each, state=dict(each.state), buffers=list(each.buffers))
            for name, each in self._widgets.items()
        }


def encoded(widgets: dict[str, WidgetState]) -> str:
    """Return the widgets for a page in JSON: those of which everything is known they refer to."""
    known = {name: shown for name, each in widgets.items() if (shown := _shown(each, name))}
    needed = {name: set(references(shown["state"])) for name, shown in known.items()}
    while unknown := [name for name in known if not needed[name] <= known.keys()]:
        for name in unknown:
            del known[name]
    return json.dumps(list(known.values()), default=str)


def _shown(widget: WidgetState, name: str) -> dict[str, Any] | None:
    """Return what a page needs to make a widget; None if no page could."""
    try:
        shown: dict[str, Any] = representable(widget.to_py(name))[0]
    except LoadFailed:
        return None  # it is nested too deeply, or has names that are not text
    return shown


def _text(date: Any) -> str:
    """Return a date of a message as pages have it."""
    return date.isoformat().replace("+00:00", "Z") if isinstance(date, datetime) else str(date)


def references(value: Any) -> Iterator[str]:
    """Return the ids of the widgets that a value refers to."""
    stack = [value]
    while stack:
        value = stack.pop()
        if isinstance(value, str):
            if value.startswith(REFERENCE):
                yield value[len(REFERENCE) :]
        elif isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, (list, tuple)):
            stack.extend(value)
