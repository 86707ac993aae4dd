"""Members that return with edits made offline, while others edited the document as well. [S4]

Responsible for determining what such a member had seen, and for computing the correction of what
Yjs makes of its edits. Applying both belongs to the room.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from logging import Logger
from typing import Any

from anyio import Lock
from pycrdt import Doc

from ..errors import HistoryUnavailable, ProtocolError
from ..history.store import History
from ..merge.apart import NotKnown, Past, set_apart
from ..merge.document import Merge
from ..protocol.messages import read_state_vector
from ..protocol.update_reader import LARGE, Update, read_update
from ..worker import run_large
from .member import Member

MAX_BYTES = 64 * 2**20
"""Most bytes of a document and its edits for which a correction is computed."""

RECENT_UPDATES = 500
RECENT_BYTES = 128 * 2**10
"""How many of the latest edits are kept as they came: the history joins them. Twice as many at most
are kept for each document."""


class Returns:
    """The returning members of one document.

    Attributes:
        lock: held while the edits of one of them are applied, since the next one needs to know
            what became of them.
    """

    def __init__(self, content_type: str, doc: Doc[Any], history: History, log: Logger) -> None:
        self._type = content_type
        self._doc = doc
        self._history = history
        self._log = log
        self._behind: dict[Member, dict[int, int] | None] = {}
        self._held: dict[Member, bytes] = {}
        self._recent = [_Recent(), _Recent()]
        self.lock = Lock()

    def changed(self, update: bytes) -> None:
        """Record a change of the document, before it is appended to the history."""
        recent = self._recent[-1]
        if not recent.updates or recent.is_full:
            if recent.updates:
                self._recent = [recent, recent := _Recent()]
            recent.start = self._history.mark_cut()
        recent.append(update)

    def left(self, member: Member) -> None:
        """Record that a client left, which may come back."""
        self._behind.pop(member, None)
        recent = self._recent[-1]
        if recent.updates and recent.updates[-1] is not None:
            self._history.mark_cut()
            recent.append(None)

    def compare(self, member: Member, seen: dict[int, int]) -> None:
        """Remember the state vector of a member, if the member lacks something."""
        is_behind = any(clock > seen.get(client, 0) for client, clock in self._clocks().items())
        self._behind[member] = seen if is_behind else None

    def take_seen(self, member: Member) -> dict[int, int] | None:
        """Return the state vector that is remembered of a member, and forget it."""
        seen = self._behind.get(member)
        if seen is not None:
            self._behind[member] = None
        return seen

    def hold(self, member: Member, answer: bytes) -> bool:
        """Keep an answer that came before the member's own state vector, if that may matter.

        Returns:
            Whether the answer is kept.
        """
        is_late = member in self._behind or len(answer) > LARGE
        if is_late or not self.brings(read_update(answer)):
            return False
        self._held[member] = answer
        return True

    def release(self, member: Member) -> bytes | None:
        """Return the answer that is kept of a member, and forget it."""
        return self._held.pop(member, None)

    def brings(self, edits: Update) -> bool:
        """Return whether edits that the document lacks may replace text that others replaced."""
        return bool(edits.deleted) and not self.has(edits)

    def has(self, edits: Update) -> bool:
        """Return whether the document has everything that these edits insert."""
        clocks = self._clocks()
        return all(clocks.get(client, 0) >= end for client, end in edits.ends.items())

    async def correction(
        self, edits: bytes, seen: dict[int, int], skipped: Iterable[str]
    ) -> Merge | None:
        """Compute what is to be corrected after a member's edits are applied.

        Args:
            edits: the answer of the member to the document's state vector.
            seen: its own state vector.
            skipped: ids of cells to leave alone.

        Returns:
            None if nothing is to be corrected, or if it is not known what the member had seen:
            then everything stays where Yjs puts it. [L1]
        """
        try:
            async for past in self._pasts():
                with suppress(NotKnown):
                    return await self._compute(past, edits, seen, skipped)
        except (HistoryUnavailable, ProtocolError, ValueError) as error:
            self._log.warning("%s: could not compare offline edits: %s", self._history.path, error)
        return None

    async def _pasts(self) -> AsyncIterator[Past]:
        """Yield what became of the document: since some time ago, and each time since earlier.

        Raises:
            HistoryUnavailable: the store cannot be read.
        """
        seq = self._history.mark_cut()
        later: list[bytes | None] = []
        for recent in [each for each in reversed(self._recent) if each.updates]:
            later = [*recent.updates, *later]
            start = await self._history.updates_at(recent.start) if recent.start else []
            if start is not None:
                yield Past(start, later)
        updates = [each.update for each in await self._history.entries() if each.seq <= seq]
        yield Past(updates[:1], [*updates[1:]])

    async def _compute(
        self, past: Past, edits: bytes, seen: dict[int, int], skipped: Iterable[str]
    ) -> Merge | None:
        size = past.size + len(edits)
        if size > MAX_BYTES:
            raise NotKnown
        return await run_large(size, set_apart, self._type, past, seen, edits, list(skipped))

    def _clocks(self) -> dict[int, int]:
        return read_state_vector(self._doc.get_state())


@dataclass
class _Recent:
    """Some of the latest updates, and the history's entry before the first of them."""

    start: int = 0
    updates: list[bytes | None] = field(default_factory=list)
    size: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.updates) >= RECENT_UPDATES or self.size >= RECENT_BYTES

    def append(self, update: bytes | None) -> None:
        self.updates.append(update)
        self.size += len(update or b"")
