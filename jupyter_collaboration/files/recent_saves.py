"""The recent contents of a file, to find the version that another program read before it wrote.

Responsible for choosing a merge base among recent saves; merging belongs to the synchronizer.
Saves are remembered as entries of the history, and as states only if they were never in the
document.
"""

from __future__ import annotations

import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..documents.codec import fingerprint, is_stream, joined_streams
from ..documents.snapshot import Content, content_for_merge
from ..errors import HistoryUnavailable
from ..history.store import History
from ..merge.cells import source_of
from ..threads import compute
from ..worker import run_large

MAX_SAVES = 20
MAX_AGE = 600.0
"""How many contents are remembered, and for how many seconds after they were replaced."""

MAX_BYTES = 8 * 2**20
"""Most compressed bytes of states that are kept in addition to the history."""

MAX_COMPARED = 32 * 2**20
"""Most bytes of documents that are compared with what another program wrote."""


@dataclass
class _Save:
    seq: int
    packed: bytes | None
    replaced: float | None = None


class RecentSaves:
    """The recent contents of one file, oldest first."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._saves: list[_Save] = []

    async def note(self, seq: int, state: bytes | None = None) -> None:
        """Record a new content of the file: the document as of an entry, or a state."""
        packed = None if state is None else await compute(zlib.compress, state, 1)
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

    async def older_base(
        self, content_type: str, content: Any, last: Content | bytes
    ) -> bytes | None:
        """Return the older save that another program read before it wrote, if it was not the last.

        Example: a tool reads the file; then a user types and the document is saved; then the tool
        writes what it had read, with a change of its own. Compared with the last save, the tool
        seems to have deleted the typed text. But what it wrote is closer to the older save that
        it read, which is therefore the right merge base. A file that is exactly equal to an older
        save is different: `git checkout` intends to revert the changes.

        Args:
            content: the current content of the file.
            last: the content of the last save, or the document as of it as one update.

        Returns:
            The document as of the older save, as one update; None if the last save is the base.
        """
        parts = await compute(_parts, content)
        size = len(last) if isinstance(last, bytes) else 0
        least = await run_large(size, _distance, parts, content_type, last)
        nearest: bytes | None = None
        compared = 0
        for save in reversed(self._saves[:-1]):
            state = await self._state(save)
            if state is None:
                continue
            compared += len(state)
            if compared > MAX_COMPARED:
                break
            distance = await run_large(len(state), _distance, parts, content_type, state)
            if not distance:
                return None
            # A content that shares less than half with any save is not a modified copy of it.
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


def _distance(parts: Counter[str], content_type: str, known: Content | bytes) -> int:
    """Return by how many lines and other parts of cells two contents differ."""
    others = _parts(content_for_merge(content_type, known))
    return max((parts - others).total(), (others - parts).total())


def _parts(content: Any) -> Counter[str]:
    # Without blank lines: appending to a last line without a line end changes only one line.
    return Counter(part for part in _each_part(content) if part.strip())


def _each_part(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield from content.split("\n")
    elif isinstance(content, dict) and isinstance(content.get("cells"), list):
        for cell in content["cells"]:
            yield str(cell.get("cell_type"))
            yield from source_of(cell).split("\n")
            for output in joined_streams(cell.get("outputs", [])):
                if is_stream(output):  # a stream that grows is still the same output
                    yield from output["text"].split("\n")
                else:
                    yield fingerprint(output)
    else:
        yield fingerprint(content)
