"""Histories in memory, for tests and for servers whose store cannot be used."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, MutableMapping
from logging import Logger
from typing import Any
from uuid import uuid4

from ..errors import VersionNotFound
from .attribution import Attribution
from .model import (
    Entry,
    Fork,
    Item,
    Kind,
    Mark,
    MarkKind,
    OpenConflict,
    Remembered,
    Stored,
    Summarized,
    Version,
)
from .store import (
    AttributionStore,
    CellStore,
    ConflictStore,
    ForkStore,
    History,
    HistoryBackend,
    Inventory,
    PeopleStore,
    VersionStore,
    _drop_forks,
    nothing,
)

MAX_ENTRIES = 10_000
"""Most entries that are kept for one document."""


class _Document:
    def __init__(self) -> None:
        self.session_id = str(uuid4())
        self.opened = False
        self.entries: list[Entry] = []
        self.saved_seq: int | None = None
        self.saved_hash: str | None = None
        self.saved_fingerprint: str | None = None
        self.saving_fingerprint: str | None = None
        self.saving_seq: int | None = None
        self.newline: str | None = None
        self.saved_state: bytes | None = None
        self.path: str | None = None
        self.is_held = False
        self.marks: dict[tuple[int, MarkKind], Mark] = {}
        self.versions: list[Version] = []
        self.summarized = Summarized()
        self.conflicts: dict[str, OpenConflict] = {}
        self.deleted_cells: dict[str, str] = {}
        self.provenance: dict[str, str] = {}
        self.attributed_seq = 0
        self.attributed = Attribution().pack()


class MemoryVersions(VersionStore):
    """One document's versions in a list."""

    def __init__(self, document: _Document) -> None:
        self._document = document

    async def entries_after(self, seq: int, limit: int) -> list[Entry]:
        return [entry for entry in self._document.entries if entry.seq > seq][:limit]

    async def moments(self) -> list[tuple[int, float]]:
        entries = self._document.entries
        return [(each.seq, each.time) for each in entries if each.kind is not Kind.SERVER]

    async def marks(self) -> list[Mark]:
        return sorted(self._document.marks.values(), key=lambda mark: mark.seq)

    def mark(self, mark: Mark) -> None:
        self._document.marks[mark.seq, mark.kind] = mark

    def unmark(self, seq: int, kind: MarkKind) -> None:
        self._document.marks.pop((seq, kind), None)

    async def summarized(self) -> Summarized:
        return self._document.summarized

    async def pending_bytes(self) -> int:
        done = self._document.summarized
        entries = self._document.entries
        return len(done.state) + sum(len(each.update) for each in entries if each.seq > done.seq)

    async def boundary(self, seq: int) -> int | None:
        found = next((each for each in self._document.entries if each.seq >= seq), None)
        if found is None or (found.kind is Kind.SQUASHED and found.seq != seq):
            return None
        return found.seq

    async def last_before(self, seq: int) -> int | None:
        return max((each.seq for each in self._document.entries if each.seq < seq), default=None)

    async def replace(self, after: int, versions: list[Version], summarized: Summarized) -> None:
        if self._document.summarized.seq != after:
            return
        kept = [each for each in self._document.versions if each.seq <= after]
        self._document.versions = kept + versions
        self._document.summarized = summarized

    async def page(
        self, before: int | None, limit: int, *, author: str = "", named: bool = False
    ) -> list[Version]:
        names = {
            seq: mark.text
            for (seq, kind), mark in self._document.marks.items()
            if kind is MarkKind.NAMED
        }
        found = [
            dataclasses.replace(version, name=names.get(version.seq, ""))
            for version in reversed(self._document.versions)
            if (before is None or version.seq < before)
            and (not author or author in version.authors)
            and (not named or names.get(version.seq))
        ]
        return found[:limit]


class MemoryAttribution(AttributionStore):
    """The attribution of one document."""

    def __init__(self, document: _Document) -> None:
        self._document = document

    async def read(self) -> Attribution:
        return self.read_now()

    def read_now(self) -> Attribution:
        """See `read`."""
        return Attribution.unpack(self._document.attributed_seq, self._document.attributed)

    async def keep(self, attribution: Attribution) -> None:
        self.keep_now(attribution)

    def keep_now(self, attribution: Attribution) -> None:
        """See `keep`."""
        if attribution.seq > self._document.attributed_seq:
            self._document.attributed_seq = attribution.seq
            self._document.attributed = attribution.pack()


class MemoryConflicts(ConflictStore):
    """One document's conflicts in a dictionary."""

    def __init__(self, document: _Document) -> None:
        self._document = document

    async def all(self) -> list[OpenConflict]:
        return list(self._document.conflicts.values())

    def add(self, conflict: OpenConflict) -> None:
        self._document.conflicts[conflict.id] = conflict

    def remove(self, conflict_id: str) -> None:
        self._document.conflicts.pop(conflict_id, None)


class MemoryCells(CellStore):
    """What is remembered of one document's cells, in a dictionary."""

    def __init__(self, cells: dict[str, str]) -> None:
        self._cells = cells

    async def all(self) -> dict[str, str]:
        return dict(self._cells)

    def put(self, cell_id: str, data: str) -> None:
        self._cells[cell_id] = data

    def remove(self, cell_id: str) -> None:
        self._cells.pop(cell_id, None)


class MemoryHistory(History):
    """One document's history in a list."""

    def __init__(self, room_id: str, document: _Document, log: Logger | None = None) -> None:
        super().__init__(room_id, log=log)
        self._document = document
        self._versions = MemoryVersions(document)
        self._attribution = MemoryAttribution(document)
        self._conflicts = MemoryConflicts(document)
        self._deleted_cells = MemoryCells(document.deleted_cells)
        self._provenance = MemoryCells(document.provenance)

    @property
    def versions(self) -> VersionStore:
        return self._versions

    @property
    def attribution(self) -> AttributionStore:
        return self._attribution

    @property
    def conflicts(self) -> ConflictStore:
        return self._conflicts

    @property
    def deleted_cells(self) -> CellStore:
        return self._deleted_cells

    @property
    def provenance(self) -> CellStore:
        return self._provenance

    async def _load(self) -> tuple[Stored, Remembered]:
        document = self._document
        remembered = Remembered(
            await self.conflicts.all(), await self.deleted_cells.all(), await self.provenance.all()
        )
        stored = Stored(
            session_id=document.session_id,
            updates=[entry.update for entry in document.entries],
            seq=document.entries[-1].seq if document.entries else 0,
            saved_seq=document.saved_seq,
            saved_hash=document.saved_hash,
            saved_fingerprint=document.saved_fingerprint,
            saving_fingerprint=document.saving_fingerprint,
            saving_seq=document.saving_seq,
            newline=document.newline,
            path=document.path,
            saved_differs=document.saved_state is not None,
            is_held=document.is_held,
        )
        return stored, remembered

    def _append(self, entry: Entry) -> None:
        self._document.entries.append(entry)

    def note_path(self, path: str) -> None:
        self._document.path = path

    def note_held(self, is_held: bool) -> None:
        self._document.is_held = is_held

    async def base(self) -> bytes | None:
        document = self._document
        if document.saved_state is not None or document.saved_seq is None:
            return document.saved_state
        return await self.at(document.saved_seq)

    async def updates_at(self, seq: int) -> list[bytes] | None:
        entries = self._document.entries
        if not any(entry.seq == seq for entry in entries):
            return None
        return [entry.update for entry in entries if entry.seq <= seq]

    def mark_cut(self) -> int:
        return self.seq

    async def commit(self) -> None:
        """Do nothing: entries are in memory already."""

    async def mark_saving(self, seq: int, fingerprint: str, newline: str = "\n") -> None:
        self._document.saving_fingerprint = fingerprint
        self._document.saving_seq = seq
        self._document.newline = newline

    def mark_saved(
        self, seq: int, file_hash: str, fingerprint: str = "", state: bytes | None = None
    ) -> None:
        document = self._document
        document.saved_seq = seq
        document.saved_hash = file_hash
        document.saved_fingerprint = fingerprint
        document.saving_fingerprint = None
        document.saved_state = state

    @property
    def needs_checkpoint(self) -> bool:
        return len(self._document.entries) > MAX_ENTRIES

    def checkpoint(self, seq: int, state: bytes) -> None:
        """Merge all saved entries into one, to limit the use of memory."""
        document = self._document
        if document.saved_seq not in (None, seq):
            return  # the saved entry is still needed
        if document.entries and self.needs_checkpoint:
            self._attribute(seq)
            whole = Entry(seq, state, "", Kind.SQUASHED, document.entries[-1].time)
            document.entries = [whole, *(each for each in document.entries if each.seq > seq)]

    async def forget_before(self, seq: int) -> int:
        document = self._document
        last = next((each for each in document.entries if each.seq >= seq), None)
        if last is None:
            raise VersionNotFound("There is no such version of this document.")
        if document.saved_seq is not None and document.saved_seq < last.seq:
            document.saved_state = await self.base()
        self._attribute(last.seq)
        state = await self.at(last.seq) or b""
        whole = Entry(last.seq, state, "", Kind.SQUASHED, last.time)
        document.entries = [whole, *(each for each in document.entries if each.seq > last.seq)]
        document.marks = {key: mark for key, mark in document.marks.items() if key[0] >= last.seq}
        document.versions, document.summarized = [], Summarized()
        return last.seq

    def _attribute(self, seq: int) -> None:
        """Update the attribution up to an entry."""
        known = self._attribution.read_now()
        known.extend(each for each in self._document.entries if known.seq < each.seq <= seq)
        self._attribution.keep_now(known)

    def when_committed(
        self, callback: Callable[[bool], None], late: Callable[[], None] = nothing
    ) -> None:
        callback(False)  # nothing is on disk

    async def entries(self) -> list[Entry]:
        return list(self._document.entries)


class MemoryBackend(HistoryBackend):
    """Histories that last as long as the server.

    Args:
        keep: whether a document's history is kept after its room closes; if not, each opening
            starts a new history.
    """

    def __init__(self, log: Logger | None = None, *, keep: bool = True) -> None:
        self._log = log
        self._keep = keep
        self._documents: dict[str, _Document] = {}
        self.forks = MemoryForks(self._documents, lasts=keep)
        self.people = MemoryPeople()
        self.inventory = MemoryInventory(self._documents, self.forks)

    async def open(self) -> None:
        """Do nothing: memory is always ready."""

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

    def when_lost(self, callback: Callable[[], None]) -> None:
        """Do nothing: no other server uses this store."""

    async def go_private(self) -> None:
        """Do nothing: the store is private already."""

    async def set_aside(self, room_id: str) -> None:
        self._documents.pop(room_id, None)

    async def compact(self, room_id: str) -> None:
        """Do nothing: checkpoints limit the size."""

    async def flush(self) -> None:
        """Do nothing: nothing is buffered."""

    async def close(self) -> None:
        self._documents.clear()


class MemoryForks(ForkStore):
    """Forks that last as long as the server.

    Args:
        histories: of all documents, by their rooms.
        lasts: whether a history is kept after its room closes.
    """

    def __init__(self, histories: MutableMapping[str, Any], *, lasts: bool) -> None:
        self.lasts = lasts
        self._histories = histories
        self._forks: dict[str, Fork] = {}

    async def add(self, fork: Fork) -> None:
        self._forks[fork.room_id] = fork

    async def find(self, room_id: str) -> Fork | None:
        return self._forks.get(room_id)

    async def of_root(self, root: str) -> list[Fork]:
        return [fork for fork in self._forks.values() if fork.root == root]

    async def remove(self, room_id: str) -> None:
        self._forks.pop(room_id, None)
        self._histories.pop(room_id, None)


class MemoryPeople(PeopleStore):
    """Display names that last as long as the server."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}

    def note(self, username: str, name: str) -> None:
        self._names[username] = name

    async def names(self, usernames: Collection[str]) -> dict[str, str]:
        return {name: self._names[name] for name in usernames if name in self._names}


class MemoryInventory(Inventory):
    """Documents that last as long as the server.

    Args:
        histories: of all documents, by their rooms.
    """

    def __init__(self, histories: MutableMapping[str, Any], forks: ForkStore) -> None:
        self._histories = histories
        self._forks = forks
        self._notes: dict[str, Item] = {}

    async def items(self) -> list[Item]:
        return [
            dataclasses.replace(
                self._notes.get(room_id, Item(room_id)),
                path=document.path or "",
                saved_hash=document.saved_hash or "",
            )
            for room_id, document in self._histories.items()
        ]

    async def note(self, item: Item) -> None:
        self._notes[item.room_id] = item

    async def drop(self, room_id: str) -> None:
        await _drop_forks(self._forks, room_id)
        self._histories.pop(room_id, None)
        self._notes.pop(room_id, None)
