"""Histories in memory: for tests, and for a server whose store cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from logging import Logger
from uuid import uuid4

from .base import Entry, History, HistoryBackend, Stored, replay


class _Document:
    def __init__(self) -> None:
        self.session_id = str(uuid4())
        self.opened = False
        self.entries: list[Entry] = []
        self.saved_seq: int | None = None
        self.saved_hash: str | None = None
        self.saved_state: bytes | None = None


class MemoryHistory(History):
    """One document's history in a list."""

    def __init__(self, room_id: str, document: _Document, log: Logger | None = None) -> None:
        super().__init__(room_id, log=log)
        self._document = document

    async def _load(self) -> Stored:
        document = self._document
        updates = [entry.update for entry in document.entries]
        return Stored(
            session_id=document.session_id,
            state=replay(updates) if updates else None,
            seq=document.entries[-1].seq if updates else 0,
            saved_seq=document.saved_seq,
            saved_hash=document.saved_hash,
        )

    def _append(self, entry: Entry) -> None:
        self._document.entries.append(entry)

    async def base(self) -> bytes | None:
        document = self._document
        if document.saved_state is not None or document.saved_seq is None:
            return document.saved_state
        return replay([e.update for e in document.entries if e.seq <= document.saved_seq])

    def mark_cut(self) -> int:
        return self.seq

    def mark_saved(self, seq: int, file_hash: str, state: bytes | None = None) -> None:
        self._document.saved_seq = seq
        self._document.saved_hash = file_hash
        self._document.saved_state = state

    def checkpoint(self, state: bytes) -> None:
        """Nothing to do: a replay from memory is cheap."""

    def when_committed(self, callback: Callable[[], None]) -> None:
        callback()

    async def entries(self) -> list[Entry]:
        return list(self._document.entries)


class MemoryBackend(HistoryBackend):
    """Histories that last as long as the server.

    Args:
        keep: whether a document's history outlives its room; without, every opening
            starts a new history, and nothing grows.
    """

    def __init__(self, log: Logger | None = None, *, keep: bool = True) -> None:
        self._log = log
        self._keep = keep
        self._documents: dict[str, _Document] = {}

    async def open(self) -> None:
        """Always ready."""

    def history(self, room_id: str) -> History:
        document = self._document(room_id)
        document.opened = True
        return MemoryHistory(room_id, document, self._log)

    async def session_id(self, room_id: str) -> str:
        return self._document(room_id).session_id

    def _document(self, room_id: str) -> _Document:
        document = self._documents.get(room_id)
        if document is None or (document.opened and not self._keep):
            document = self._documents[room_id] = _Document()
        return document

    async def close(self) -> None:
        self._documents.clear()
