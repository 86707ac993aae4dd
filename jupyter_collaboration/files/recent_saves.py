"""What a file held lately, to find out what another program had read when it wrote its copy.

Remembers entries of the history, and states only of what was never in the document; leaves to the
synchronizer what to do with a base.
"""

from __future__ import annotations

import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from anyio.to_thread import run_sync

from ..documents.codec import content_of, fingerprint, is_stream, joined_streams
from ..errors import HistoryUnavailable
from ..history.store import History
from ..merge.cells import source_of

MAX_SAVES = 20
MAX_AGE = 600.0
"""How many of the last contents are known, and for how many seconds after they were replaced."""

MAX_BYTES = 8 * 2**20
"""Compressed bytes of states that are kept beside the history."""

MAX_COMPARED = 32 * 2**20
"""Bytes of documents that are compared with what another program wrote."""


@dataclass
class _Save:
    seq: int
    packed: bytes | None
    replaced: float | None = None


class RecentSaves:
    """The last contents of one file, oldest first."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._saves: list[_Save] = []

    async def note(self, seq: int, state: bytes | None = None) -> None:
        """The file holds something else now: the document as of an entry, or a state."""
        packed = None if state is None else await run_sync(zlib.compress, state, 1)
        now = time.monotonic()
        if self._saves:
            self._saves[-1].replaced = now
        self._saves.append(_Save(seq, packed))
        oldest = now - MAX_AGE
        kept = [each for each in self._saves if each.replaced is None or each.replaced > oldest]
        size = 0
        for index in range(len(kept) - 1, -1, -1):
            size += len(kept[index].packed or b"")
            if size > MAX_BYTES:
                kept = kept[index + 1 :]
                break
        self._saves = kept[-MAX_SAVES:]

    async def older_base(self, content_type: str, content: Any, last: bytes) -> bytes | None:
        """The content from which another program made its copy, if that is not the last one.

        Example: a tool reads the file, somebody types and it is saved, and the tool writes what it
        read with its own change. It knows nothing of the typing; against the last save it looks
        as if the tool had deleted it. What it wrote is nearer to what it read. A file that is
        exactly what it was before is another case: `git checkout` means what it does.

        Args:
            content: what the file holds now.
            last: the document as of the last save.

        Returns:
            The document then, as one update; None if the last save is the base.
        """
        parts = await run_sync(_parts, content)
        least = await run_sync(_distance, parts, content_type, last)
        nearest: bytes | None = None
        compared = len(last)
        for save in reversed(self._saves[:-1]):
            state = await self._state(save)
            if state is None:
                continue
            compared += len(state)
            if compared > MAX_COMPARED:
                break
            distance = await run_sync(_distance, parts, content_type, state)
            if not distance:
                return None
            # What shares less than half with anything is no copy: it was written anew.
            if distance < least and distance <= parts.total() / 2:
                least, nearest = distance, state
        return nearest

    async def _state(self, save: _Save) -> bytes | None:
        if save.packed is not None:
            return zlib.decompress(save.packed)
        try:
            return await self._history.at(save.seq)
        except HistoryUnavailable:
            return None


def _distance(parts: Counter[str], content_type: str, state: bytes) -> int:
    """By how many lines, and other parts of cells, two contents differ: a changed one is one."""
    others = _parts(content_of(content_type, state))
    return max((parts - others).total(), (others - parts).total())


def _parts(content: Any) -> Counter[str]:
    # Not blank ones: a program that appends to a last line without an end changes one line.
    return Counter(part for part in _each_part(content) if part.strip())


def _each_part(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield from content.split("\n")
    elif isinstance(content, dict) and isinstance(content.get("cells"), list):
        for cell in content["cells"]:
            yield str(cell.get("cell_type"))
            yield from source_of(cell).split("\n")
            for output in joined_streams(cell.get("outputs", [])):
                if is_stream(output):  # one that grows is the same one
                    yield from output["text"].split("\n")
                else:
                    yield fingerprint(output)
    else:
        yield fingerprint(content)
