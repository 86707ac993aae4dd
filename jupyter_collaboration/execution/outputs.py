"""The outputs of one run of a cell, as the kernel's messages make them.

Responsible for what the list of outputs is; `writer` puts it into the document.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from ..documents.representable import representable, valid_text
from ..errors import LoadFailed
from .streams import StreamText

OVERHEAD = 200
"""Bytes that an output counts in addition to its content."""

MAX_ERROR = 2**20
"""Largest error that is still shown, in bytes, after outputs were dropped; only one is."""

MAX_NAME = 100
"""Longest name of a stream, in characters."""


class Output:
    """One output.

    Attributes:
        content: the output as a notebook has it, but for the text of a stream.
        text: the text of a stream; None for other outputs.
        version: changes with `content`.
        is_gone: whether it was cleared.
    """

    def __init__(self, content: dict[str, Any], text: StreamText | None = None) -> None:
        self.content = content
        self.text = text
        self.version = 0
        self.is_gone = False
        self._size = OVERHEAD + (0 if text else size_of(content))

    @property
    def size(self) -> int:
        """The approximate size in bytes."""
        return self._size + (self.text.size if self.text else 0)

    @property
    def stream(self) -> str:
        """The name of the stream; empty for other outputs."""
        return str(self.content["name"]) if self.text else ""

    def print(self, text: str) -> None:
        """Add text to a stream."""
        assert self.text is not None
        self.text.feed(valid_text(text))

    def drop(self) -> None:
        """Free the content, after the output was cleared."""
        self.is_gone = True
        self.content = {}

    def replace(self, content: dict[str, Any], size: int) -> None:
        """Replace the content, as an update of a display does."""
        self.content = content
        self.version += 1
        self._size = OVERHEAD + size


class CellOutputs:
    """The outputs of one run.

    Args:
        limit: the size in bytes from which on outputs are dropped.
    """

    def __init__(self, limit: int) -> None:
        self._items: list[Output] = []
        self._limit = limit
        self._settled = 0
        self._clears_next = False
        self._is_full = False
        self._has_late_error = False

    def __iter__(self) -> Iterator[Output]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: int) -> Output:
        return self._items[index]

    @property
    def size(self) -> int:
        """The approximate size in bytes."""
        return sum(each.size for each in self._items)

    def to_py(self) -> list[dict[str, Any]]:
        """Return the outputs as a notebook has them."""
        return [
            {**each.content, "text": each.text.text} if each.text else dict(each.content)
            for each in self._items
        ]

    def clear(self, *, wait: bool = False) -> None:
        """Remove all outputs, now or when the next one arrives."""
        self._clears_next = wait
        if wait:
            return
        for each in self._items:
            each.drop()
        self._items = []
        self._settled = 0
        self._is_full = False
        self._has_late_error = False

    def forget(self, written: Collection[Output]) -> None:
        """Forget outputs that somebody has cleared in the document, but not what came since."""
        kept: list[Output] = []
        for each in self._items:
            if each not in written:
                kept.append(each)
                continue
            if each.text is not None and (late := each.text.take_change()[2]):
                kept.append(Output(each.content, StreamText()))
                kept[-1].print(late)
            each.drop()
        self._items = kept
        self._settled = sum(each.size for each in kept[:-1])

    def print(self, name: str, text: str) -> None:
        """Add text to a stream."""
        name = valid_text(name[:MAX_NAME])
        self._prepare()
        last = self._items[-1] if self._items else None
        if last is None or last.text is None or last.stream != name:
            if not self._has_room(len(text)):
                return
            last = self._append(Output({"output_type": "stream", "name": name}, StreamText()))
        elif not self._has_room(len(text)):
            return
        last.print(text)

    def add(self, kind: str, message: dict[str, Any]) -> Output | None:
        """Add a result, a display or an error; return the output, or None if it was dropped."""
        self._prepare()
        content = output_of(kind, message)
        size = size_of(content)
        if not self._has_room(size):
            if kind != "error" or size > MAX_ERROR or self._has_late_error:
                return None
            self._has_late_error = True
        return self._append(Output(content))

    def update(self, output: Output, content: dict[str, Any], size: int) -> None:
        """Replace the content of an output, unless that would exceed the limit."""
        more = OVERHEAD + size - output.size
        if more > 0 and self._current + more > self._limit:
            self._drop_rest()
            return
        if output is not self._items[-1]:
            self._settled += more
        output.replace(content, size)

    @property
    def _current(self) -> int:
        return self._settled + (self._items[-1].size if self._items else 0)

    def _prepare(self) -> None:
        if self._clears_next:
            self.clear()

    def _append(self, output: Output) -> Output:
        if self._items:
            self._settled += self._items[-1].size
        self._items.append(output)
        return output

    def _has_room(self, size: int) -> bool:
        """Return whether an output of a size may be added; the first one that may not is named."""
        if not self._is_full and self._current + size <= self._limit:
            return True
        self._drop_rest()
        return False

    def _drop_rest(self) -> None:
        """Say once that outputs are dropped from now on."""
        if self._is_full:
            return
        self._is_full = True
        self._append(Output({"output_type": "stream", "name": "stderr"}, StreamText()))
        megabytes = self._limit / 2**20
        self._items[-1].print(
            f"The rest of the outputs was dropped: they are larger than {megabytes:g} MB."
            " Write large results to a file.\n"
        )


def output_of(kind: str, message: dict[str, Any]) -> dict[str, Any]:
    """Return the output in the content of a kernel's message, as a valid notebook has it."""
    if kind == "error":
        traceback = message.get("traceback")
        content: dict[str, Any] = {
            "output_type": "error",
            "ename": str(message.get("ename", "")),
            "evalue": str(message.get("evalue", "")),
            "traceback": [str(line) for line in traceback] if isinstance(traceback, list) else [],
        }
    else:
        data, metadata = message.get("data"), message.get("metadata")
        content = {
            "output_type": kind,
            "data": data if isinstance(data, dict) else {},
            "metadata": metadata if isinstance(metadata, dict) else {},
        }
        if kind == "execute_result":
            count = message.get("execution_count")
            content["execution_count"] = count if isinstance(count, int) else None
    try:
        return representable(content)[0]  # type: ignore[no-any-return]
    except LoadFailed as error:
        # For example, a deeply nested JSON value usually has a text representation as well.
        data = content.get("data", {})
        held = {key: value for key, value in data.items() if _can_hold(value)}
        if held and len(held) < len(data):
            return output_of(kind, {**message, "data": held})
        text = f"The kernel sent an output that no notebook can hold: {error}"
        return output_of("error", {"ename": "InvalidOutput", "evalue": text, "traceback": [text]})


def _can_hold(value: Any) -> bool:
    try:
        representable(value)
    except LoadFailed:
        return False
    return True


def size_of(content: dict[str, Any]) -> int:
    """Return the approximate size of an output that is not a stream."""
    size = 0
    for key in ("data", "metadata"):
        for name, value in content.get(key, {}).items():
            size += len(name)
            size += len(value) if isinstance(value, str) else len(json.dumps(value, default=str))
    size += len(content.get("ename", "")) + len(content.get("evalue", ""))
    return size + sum(map(len, content.get("traceback", ())))
