"""The interfaces that all stores of histories implement.

Responsible for storing updates as bytes; their meaning belongs to others.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from logging import Logger, getLogger
from pathlib import Path
from typing import TYPE_CHECKING

from pycrdt.store import BaseYStore

from ..documents.codec import replay
from ..threads import wait_for
from ..worker import run_large
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
    UnsavedWork,
    Version,
)

if TYPE_CHECKING:
    from .model import Retention


def nothing() -> None:
    """Do nothing."""


async def replayed(updates: list[bytes]) -> bytes:
    """Merge updates into one, outside of the event loop.

    Not in the store's thread, which would delay the writes of all documents.
    """
    return await run_large(sum(map(len, updates)), replay, updates)


class History(BaseYStore):
    """The history of one document.

    `append` and `mark_saved` return immediately; the backend writes later, in order.
    """

    def __init__(
        self,
        path: str,
        metadata_callback: Callable[[], Awaitable[bytes] | bytes] | None = None,
        log: Logger | None = None,
    ) -> None:
        self.path = path
        self.metadata_callback = metadata_callback
        self.log = log or getLogger(__name__)
        self._seq = 0
        self._remembered = Remembered()

    @property
    def seq(self) -> int:
        """The number of the last entry."""
        return self._seq

    async def load(self) -> Stored:
        """Load the stored data of the document, and create its record if there is none.

        Raises:
            HistoryUnavailable: the store cannot be read.
        """
        stored, self._remembered = await self._load()
        self._seq = stored.seq
        return stored

    @property
    def remembered(self) -> Remembered:
        """What was stored beside the updates when they were loaded."""
        return self._remembered

    def append(self, update: bytes, author: str, kind: Kind) -> None:
        """Append an entry."""
        self._seq += 1
        self._append(Entry(self._seq, update, author, kind, time.time()))

    async def unsaved_elsewhere(self, path: str) -> list[UnsavedWork]:
        """Return unsaved edits of this document in private stores of stopped servers. [H9]

        Args:
            path: of the document's file.
        """
        return []

    async def taken_over(self, work: UnsavedWork) -> None:
        """Record that edits from a private store are in this history now."""

    @abstractmethod
    async def _load(self) -> tuple[Stored, Remembered]: ...

    @abstractmethod
    def _append(self, entry: Entry) -> None: ...

    @abstractmethod
    def note_path(self, path: str) -> None:
        """Record the path of the file, by which a document with a lost file id is found."""

    @abstractmethod
    def note_held(self, is_held: bool) -> None:
        """Record whether there are edits that must not be saved automatically."""

    @abstractmethod
    async def base(self) -> bytes | None:
        """Return the document as it was last saved, as one update; None if not known."""

    async def at(self, seq: int) -> bytes | None:
        """Return the document as of an entry, as one update; None if not known."""
        updates = await self.updates_at(seq)
        return None if updates is None else await replayed(updates)

    @abstractmethod
    async def updates_at(self, seq: int) -> list[bytes] | None:
        """Return the updates that produce the document as of an entry; None if not known."""

    @abstractmethod
    def mark_cut(self) -> int:
        """Return the number of the last entry, and never merge it with later ones."""

    @abstractmethod
    async def commit(self) -> None:
        """Wait until everything appended so far is stored.

        Raises:
            HistoryUnavailable: the store cannot be written.
        """

    @abstractmethod
    async def mark_saving(self, seq: int, fingerprint: str, newline: str = "\n") -> None:
        """Record that a content is about to be written to the file.

        If the server is killed between the write and `mark_saved`, it recognizes its own write
        after the restart. Returns when this and everything appended before is stored (or cannot
        be).
        """

    @abstractmethod
    def mark_saved(
        self, seq: int, file_hash: str, fingerprint: str = "", state: bytes | None = None
    ) -> None:
        """Record that the document as of an entry is in the file with this hash.

        If no entry corresponds to the content of the file, since there were unsaved edits before a
        change on disk, ``state`` is the document with that content, as one update.
        """

    @abstractmethod
    async def forget_before(self, seq: int) -> int:
        """Permanently delete the history before an entry, which then contains the whole document.

        Earlier entries, with their versions, names and marks, are deleted. Entries appended in the
        meantime come after it. The file must not be written in the meantime. [V7]

        Returns:
            The new first entry: the first one that ends at `seq` or after it.

        Raises:
            VersionNotFound: there is no such entry.
            HistoryUnavailable: the store cannot be written.
        """

    @property
    def needs_checkpoint(self) -> bool:
        """Whether there are so many entries since the last checkpoint that opening is slow."""
        return False

    @property
    def has_long_tail(self) -> bool:
        """Whether opening the document would replay many entries after the last checkpoint."""
        return True

    @property
    def is_available(self) -> bool:
        """Whether entries are being stored, so that `at` can provide the document later."""
        return True

    @abstractmethod
    def checkpoint(self, seq: int, state: bytes) -> None:
        """Store the whole document as of a saved entry, so that opening it needs no replay."""

    @abstractmethod
    def when_committed(
        self, callback: Callable[[bool], None], late: Callable[[], None] = nothing
    ) -> None:
        """Call back once everything appended so far is on disk (True), or cannot be now (False).

        Args:
            late: called after False, once it is on disk after all.
        """

    @property
    def retention(self) -> Retention | None:
        """The retention settings; None if the history is not stored on disk."""
        return None

    @property
    @abstractmethod
    def versions(self) -> VersionStore:
        """The document's versions, names and marks."""

    @property
    @abstractmethod
    def conflicts(self) -> ConflictStore:
        """The open merge conflicts of the document."""

    @property
    @abstractmethod
    def deleted_cells(self) -> CellStore:
        """What is remembered of the document's deleted cells. [P9]"""

    @property
    @abstractmethod
    def provenance(self) -> CellStore:
        """Where the outputs of the document's cells come from. [R15]"""

    @property
    @abstractmethod
    def attribution(self) -> AttributionStore:
        """The stored attribution, for entries that no longer exist separately."""

    @abstractmethod
    async def entries(self) -> list[Entry]:
        """Return all entries, in order."""

    async def write(self, data: bytes) -> None:
        """Append an edit without a known author; part of pycrdt-store's interface."""
        self.append(data, "", Kind.EDIT)

    async def read(self) -> AsyncIterator[tuple[bytes, bytes, float]]:
        """Yield (update, empty metadata, time); part of pycrdt-store's interface."""
        for entry in await self.entries():
            yield entry.update, b"", entry.time


class HistoryBackend(ABC):
    """The store of all histories of a server.

    Attributes:
        forks: the forks.
        people: the display names of users.
        inventory: the documents that have a history.
    """

    forks: ForkStore
    people: PeopleStore
    inventory: Inventory

    @property
    def retention(self) -> Retention | None:
        """The retention settings; None if histories are not stored on disk."""
        return None

    @property
    def is_private(self) -> bool:
        """Whether this server writes a private store instead of the one of its folder."""
        return False

    @property
    def shared_folder(self) -> Path | None:
        """The folder for locks of servers that share the store; None if there is none."""
        return None

    @abstractmethod
    def when_lost(self, callback: Callable[[], None]) -> None:
        """Set a callback for when another server takes over the store, to call `go_private`."""

    @abstractmethod
    async def go_private(self) -> None:
        """Switch to a private store; work that was not stored has to be appended again.

        Raises:
            HistoryUnavailable: a private store cannot be created.
        """

    @abstractmethod
    async def set_aside(self, room_id: str) -> None:
        """Rename a history that cannot be read, and start a new one.

        Raises:
            HistoryUnavailable: the store cannot be written.
        """

    def is_within(self, folder: Path) -> bool:
        """Return whether the store is inside a folder, so that other roots use other stores."""
        return True

    @abstractmethod
    async def open(self) -> None:
        """Open the store for reading and writing.

        Raises:
            HistoryUnavailable: the store cannot be used; its text says why.
        """

    @abstractmethod
    def history(self, room_id: str) -> History:
        """Return the history of the document with a room id."""

    @abstractmethod
    async def session_id(self, room_id: str) -> str:
        """Return the session id of a document, and create it if necessary.

        Raises:
            HistoryUnavailable: the store cannot be read.
        """

    @abstractmethod
    async def compact(self, room_id: str) -> None:
        """Shorten a document's history by the retention settings. [H4] [H5]"""

    @abstractmethod
    async def flush(self) -> None:
        """Write everything that was appended so far."""

    @abstractmethod
    async def close(self) -> None:
        """Write all remaining work, and release the store."""


class VersionStore(ABC):
    """The versions, names and marks of one document."""

    @abstractmethod
    async def entries_after(self, seq: int, limit: int) -> list[Entry]:
        """Return the entries after one, up to a limit."""

    def all_after(self, seq: int, pieces: int = 200) -> Iterator[Entry]:
        """Yield all entries after one, read in pieces; for a worker thread of the event loop."""
        while entries := wait_for(self.entries_after, seq, pieces):
            yield from entries
            seq = entries[-1].seq

    @abstractmethod
    async def moments(self) -> list[tuple[int, float]]:
        """Return number and time of each entry that is not by the server, oldest first."""

    @abstractmethod
    async def marks(self) -> list[Mark]:
        """Return all marks, in the order of their entries."""

    @abstractmethod
    def mark(self, mark: Mark) -> None:
        """Add a mark, and replace one of the same kind at the same entry.

        Returns immediately, like `History.append`.
        """

    @abstractmethod
    def unmark(self, seq: int, kind: MarkKind) -> None:
        """Remove a mark, if there is one."""

    @abstractmethod
    async def summarized(self) -> Summarized:
        """Return up to which entry versions have been computed."""

    @abstractmethod
    async def pending_bytes(self) -> int:
        """Return how many bytes the computation of the newest versions would read."""

    @abstractmethod
    async def replace(self, after: int, versions: list[Version], summarized: Summarized) -> None:
        """Replace all versions after an entry, up to which they had been computed.

        Does nothing if the history has been shortened since: all must be computed again.
        """

    @abstractmethod
    async def boundary(self, seq: int) -> int | None:
        """Find the first entry that ends at a number or after it.

        Returns:
            Its number; None if there is none, or the number is in a merged part of the history.
        """

    @abstractmethod
    async def last_before(self, seq: int) -> int | None:
        """Return the last entry that ends before a number; None if there is none."""

    @abstractmethod
    async def page(
        self, before: int | None, limit: int, *, author: str = "", named: bool = False
    ) -> list[Version]:
        """Return the versions whose ids are below a number, newest first.

        Args:
            author: only versions with this user among the authors.
            named: only named versions.
        """


class AttributionStore(ABC):
    """The stored attribution of one document."""

    @abstractmethod
    async def read(self) -> Attribution:
        """Return the stored attribution, which extends up to its entry `seq`.

        Raises:
            HistoryUnavailable: the store cannot be read.
        """

    @abstractmethod
    async def keep(self, attribution: Attribution) -> None:
        """Store an attribution, unless the stored one extends further.

        Raises:
            HistoryUnavailable: the store cannot be written.
        """


class ConflictStore(ABC):
    """The open merge conflicts of one document. [S4]"""

    @abstractmethod
    async def all(self) -> list[OpenConflict]:
        """Return all open conflicts, oldest first."""

    @abstractmethod
    def add(self, conflict: OpenConflict) -> None:
        """Store a conflict. Returns immediately, like `History.append`."""

    @abstractmethod
    def remove(self, conflict_id: str) -> None:
        """Remove the conflict with this id, if there is one."""


class CellStore(ABC):
    """What is remembered of a notebook's cells, as JSON by cell id."""

    @abstractmethod
    async def all(self) -> dict[str, str]:
        """Return everything that is remembered."""

    @abstractmethod
    def put(self, cell_id: str, data: str) -> None:
        """Remember a cell, or replace what is remembered. Returns immediately."""

    @abstractmethod
    def remove(self, cell_id: str) -> None:
        """Forget a cell, if it is remembered."""


class ForkStore(ABC):
    """All forks of a server."""

    lasts = True
    """Whether a fork is kept after its room closes; if not, forks should not be created."""

    @abstractmethod
    async def add(self, fork: Fork) -> None:
        """Store a fork, after its history.

        Raises:
            HistoryUnavailable: the store cannot be written.
        """

    @abstractmethod
    async def find(self, room_id: str) -> Fork | None:
        """Return the fork with this room id; None if there is none.

        Raises:
            HistoryUnavailable: the store cannot be read.
        """

    @abstractmethod
    async def of_root(self, root: str) -> list[Fork]:
        """Return the forks of a document, the oldest first.

        Raises:
            HistoryUnavailable: the store cannot be read.
        """

    @abstractmethod
    async def remove(self, room_id: str) -> None:
        """Delete a fork and its history.

        Raises:
            HistoryUnavailable: the store cannot be written.
        """


class PeopleStore(ABC):
    """The last display name of each user who joined a document."""

    @abstractmethod
    def note(self, username: str, name: str) -> None:
        """Record a user's display name. Returns immediately, like `History.append`."""

    @abstractmethod
    async def names(self, usernames: Collection[str]) -> dict[str, str]:
        """Return display names by username, as far as they are known.

        Raises:
            HistoryUnavailable: the store cannot be read.
        """


MAX_EQUAL = 50
"""Items with the same content that are compared with a file."""


class Inventory(ABC):
    """All rooms that have a history in a store."""

    @abstractmethod
    async def items(self) -> list[Item]:
        """Return all items.

        Raises:
            HistoryUnavailable: the store cannot be read.
        """

    async def related(self, file_id: str, path: str = "", saved_hash: str = "") -> list[Item]:
        """Return all items of a file, and of the files that had a path, or a hash when saved.

        A hash that more than `MAX_EQUAL` items have says nothing, and is ignored: it is that of a
        new notebook, or of a template for a class.

        Raises:
            HistoryUnavailable: the store cannot be read.
        """
        return related_items(await self.items(), file_id, path, saved_hash)

    @abstractmethod
    async def note(self, item: Item) -> None:
        """Record in which root folder a file was looked for, and since when it is missing.

        Raises:
            HistoryUnavailable: the store cannot be written.
        """

    @abstractmethod
    async def drop(self, room_id: str) -> None:
        """Delete the history of a document, and its forks with theirs; its room must be closed.

        Raises:
            HistoryUnavailable: the store cannot be written.
        """


def related_items(items: list[Item], file_id: str, path: str, saved_hash: str) -> list[Item]:
    """See `Inventory.related`."""
    equal = [item for item in items if saved_hash and item.saved_hash == saved_hash]
    there = [item for item in items if path and item.path == path]
    found = [*there, *(equal if len(equal) <= MAX_EQUAL else [])]
    ids = {file_id, *(file_id_of(item.room_id) for item in found)}
    return [item for item in items if file_id_of(item.room_id) in ids]


def file_id_of(room_id: str) -> str:
    """Return the file id in the room id of a document."""
    return room_id.rpartition(":")[2]


async def _drop_forks(forks: ForkStore, root: str) -> None:
    """Delete the forks of a document, before the document: an interrupted call can be repeated."""
    for fork in await forks.of_root(root):
        await forks.remove(fork.room_id)
