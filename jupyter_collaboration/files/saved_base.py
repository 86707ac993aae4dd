"""The document as it was last saved: the merge base of external changes.

Responsible for finding it again when it is needed; merging belongs to the synchronizer. No copy of
the document is kept for it: its content shares the parts that are unchanged with the next save,
and its Yjs state is in the history.
"""

from __future__ import annotations

from contextlib import suppress

from ..documents.snapshot import Content
from ..errors import HistoryUnavailable
from ..history.store import History


class SavedBase:
    """The last saved content of one document."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._content: Content | None = None
        self._state: bytes | None = None
        self._seq: int | None = None
        self._is_noted = False

    def note(
        self, seq: int | None, content: Content | None = None, state: bytes | None = None
    ) -> None:
        """Record what is in the file now.

        Args:
            seq: the entry of the history after which the document had this content; None if it
                never had it.
            content: the content, if it is at hand.
            state: the document with this content, as one update; needed without ``seq``.
        """
        self._seq, self._content, self._state = seq, content, state
        self._is_noted = True

    def follow(self, seq: int) -> None:
        """Record that the document still has this content after a later entry."""
        if self._seq is not None:
            self._seq = seq

    async def state(self) -> bytes | None:
        """Return the document as it was last saved, as one update; None if it is not known."""
        if self._state is not None:
            return self._state
        with suppress(HistoryUnavailable):
            if not self._is_noted:
                return await self._history.base()
            if self._seq is not None:
                return await self._history.at(self._seq)
        return None

    async def content(self) -> Content | bytes | None:
        """Return the content, or the document as one update; None if neither is known."""
        return await self.state() if self._content is None else self._content
