"""The interfaces that every store of histories implements.

Updates are bytes here; files, sockets, and what a document means belong to others.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from logging import Logger, getLogger
from pathlib import Path
from typing import TYPE_CHECKING

from anyio.from_thread import run
from anyio.to_thread import run_sync
from pycrdt.store import BaseYStore

from ..documents.codec import replay
from .attribution import Attribution
from .model import (
    Entry,
    Fork,
    Item,
    Kind,
    Mark,
    MarkKind,
    OpenConflict,
    Stored,
    Summarised,
    UnsavedWork,
    Version,
)

if TYPE_CHECKING:
    from .model import Retention


def nothing() -> None:
    """Do nothing."""


class History(BaseYStore):
    """The history of one document, as one room writes it.

    `append` and `mark_saved` return at once; the backend writes behind, in order.
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

    @property
    def seq(self) -> int:
        """The number of the last entry."""
        return self._seq

    async def load(self) -> Stored:
        """Read what is stored, making the document known if it is not.

        Raises:
            HistoryUnavailable: the store could not be read.
        """
        stored = await self._load()
        self._seq = stored.seq
        return stored

    def append(self, update: bytes, author: str, kind: Kind) -> None:
        """Add an entry after all others."""
        self._seq += 1
        self._append(Entry(self._seq, update, author, kind, time.time()))

    async def unsaved_elsewhere(self, path: str) -> list[UnsavedWork]:
        """Edits of this document that only the private store of an ended server has. [H9]

        Args:
            path: where its file is.
        """
        return []

    async def taken_over(self, work: UnsavedWork) -> None:
        """Note that the edits are in this history now."""

    @abstractmethod
    async def _load(self) -> Stored: ...

    @abstractmethod
    def _append(self, entry: Entry) -> None: ...

    @abstractmethod
    def note_path(self, path: str) -> None:
        """Remember where the file is: a document whose file id is lost is found by it."""

    @abstractmethod
    async def base(self) -> bytes | None:
        """The document as the file last held it, as one update; None where that is not known."""

    async def at(self, seq: int) -> bytes | None:
        """The document as of an entry, as one update; None where that is not known."""
        updates = await self.updates_at(seq)
        # Not in the store's thread, in which everybody's work waits to be stored.
        return None if updates is None else await run_sync(replay, updates)

    @abstractmethod
    async def updates_at(self, seq: int) -> list[bytes] | None:
        """What makes the document as of an entry, in this order; None where that is not known."""

    @abstractmethod
    def mark_cut(self) -> int:
        """Number of the last entry; entries from now on are never merged with those before."""

    @abstractmethod
    async def commit(self) -> None:
        """Return once everything appended so far is stored.

        Raises:
            HistoryUnavailable: the store does not take it.
        """

    @abstractmethod
    async def mark_saving(self, seq: int, fingerprint: str, newline: str = "\n") -> None:
        """Note, before it is done, that a content is about to be written into the file.

        A server that is killed between the write and `mark_saved` knows its own write by it.
        Returns when this and everything appended before is stored (or cannot be).
        """

    @abstractmethod
    def mark_saved(
        self, seq: int, file_hash: str, fingerprint: str = "", state: bytes | None = None
    ) -> None:
        """Note that the file with this hash holds the document as of an entry.

        Where no entry stands for the file's content, since edits that are not in the file came
        before a change on disk, ``state`` gives that content as one update.
        """

    @abstractmethod
    async def forget_before(self, seq: int) -> int:
        """Begin the history with an entry, which then holds the document as it was.

        Entries before it, their versions, names and marks are gone for good; what is written
        meanwhile is behind it. Nobody may write the file meanwhile. [V7]

        Returns:
            The entry: the first one that ends there or behind it.

        Raises:
            VersionNotFound: there is none.
            HistoryUnavailable: the store does not take it.
        """

    @property
    def needs_checkpoint(self) -> bool:
        """Whether so much came since the last checkpoint that opening would be slow."""
        return False

    @abstractmethod
    def checkpoint(self, seq: int, state: bytes) -> None:
        """Keep the whole document, as of an entry that was saved: opening needs no replay."""

    @abstractmethod
    def when_committed(
        self, callback: Callable[[bool], None], late: Callable[[], None] = nothing
    ) -> None:
        """Call back once everything appended so far is on disk (True), or cannot be now (False).

        Args:
            late: called after False, if it is on disk after all.
        """

    @property
    def retention(self) -> Retention | None:
        """How much of it is kept; None where it does not outlive the server."""
        return None

    @property
    @abstractmethod
    def versions(self) -> VersionStore:
        """The document's versions, names and marks."""

    @property
    @abstractmethod
    def conflicts(self) -> ConflictStore:
        """What merges of the document could not decide."""

    @property
    @abstractmethod
    def attribution(self) -> AttributionStore:
        """Who wrote what, where the entries do not tell it any more."""

    @abstractmethod
    async def entries(self) -> list[Entry]:
        """All entries, in their order."""

    async def write(self, data: bytes) -> None:
        """Add an edit without a known author, as pycrdt-store's interface has it."""
        self.append(data, "", Kind.EDIT)

    async def read(self) -> AsyncIterator[tuple[bytes, bytes, float]]:
        """All updates with empty metadata and their times, as pycrdt-store's interface has it."""
        for entry in await self.entries():
            yield entry.update, b"", entry.time


class HistoryBackend(ABC):
    """Where the histories of all documents of a server are kept.

    Attributes:
        forks: which of them are forks.
        people: what the people in them are called.
        inventory: which documents have one.
    """

    forks: ForkStore
    people: PeopleStore
    inventory: Inventory

    @property
    def retention(self) -> Retention | None:
        """How much of a history is kept; None where it does not outlive the server."""
        return None

    @property
    def is_private(self) -> bool:
        """Whether this server does not write the store of its folder, but one of its own."""
        return False

    @property
    def shared_folder(self) -> Path | None:
        """Where servers that share the store agree about files; None if there is no such place."""
        return None

    @abstractmethod
    def when_lost(self, callback: Callable[[], None]) -> None:
        """Call back when another server took the store over: then `go_private` is due."""

    @abstractmethod
    async def go_private(self) -> None:
        """Use a private store from now on; what was not stored is to be appended again.

        Raises:
            HistoryUnavailable: there can be none.
        """

    @abstractmethod
    async def set_aside(self, room_id: str) -> None:
        """Keep a history that cannot be read under another name, and begin a new one.

        Raises:
            HistoryUnavailable: the store does not take it.
        """

    def is_within(self, folder: Path) -> bool:
        """Whether it is a folder's own: servers with another root would have another one."""
        return True

    @abstractmethod
    async def open(self) -> None:
        """Make ready to read and write.

        Raises:
            HistoryUnavailable: the store cannot be used; its text says why.
        """

    @abstractmethod
    def history(self, room_id: str) -> History:
        """The history of the document behind a room id."""

    @abstractmethod
    async def session_id(self, room_id: str) -> str:
        """The session id of a document, made and stored if it has none.

        Raises:
            HistoryUnavailable: the store could not be read.
        """

    @abstractmethod
    async def compact(self, room_id: str) -> None:
        """Shorten a document's history to what is to be kept of it. [H4] [H5]"""

    @abstractmethod
    async def flush(self) -> None:
        """Write what was appended so far."""

    @abstractmethod
    async def close(self) -> None:
        """Write what is still to be written, and let go of the store."""


class VersionStore(ABC):
    """The versions, names and marks of one document."""

    @abstractmethod
    async def entries_after(self, seq: int, limit: int) -> list[Entry]:
        """The entries behind one, at most so many."""

    def behind(self, seq: int, pieces: int = 200) -> Iterator[Entry]:
        """All entries behind one, read in pieces; for a worker thread of the event loop."""
        while entries := run(self.entries_after, seq, pieces):
            yield from entries
            seq = entries[-1].seq

    @abstractmethod
    async def moments(self) -> list[tuple[int, float]]:
        """The number and the time of each entry that is not the server's own, oldest first."""

    @abstractmethod
    async def marks(self) -> list[Mark]:
        """All marks, in the order of their entries."""

    @abstractmethod
    def mark(self, mark: Mark) -> None:
        """Add a mark; one of the same kind behind the same entry is replaced.

        Returns at once, as `History.append` does.
        """

    @abstractmethod
    def unmark(self, seq: int, kind: MarkKind) -> None:
        """Take a mark away, if there is one."""

    @abstractmethod
    async def summarised(self) -> Summarised:
        """How far versions were made."""

    @abstractmethod
    async def replace(self, after: int, versions: list[Version], summarised: Summarised) -> None:
        """Put versions in the place of all behind an entry, up to which they were made.

        Does nothing if the history was shortened since: then all are to be made again.
        """

    @abstractmethod
    async def boundary(self, seq: int) -> int | None:
        """The first entry that ends at a number or behind it.

        Returns:
            Its number; None if there is none, or the number is in a part that is kept as one.
        """

    @abstractmethod
    async def last_before(self, seq: int) -> int | None:
        """The last entry that ends before a number; None if there is none."""

    @abstractmethod
    async def page(
        self, before: int | None, limit: int, *, author: str = "", named: bool = False
    ) -> list[Version]:
        """The newest versions whose id is below a number, newest first.

        Args:
            author: only those that this user had a part in.
            named: only those with a name.
        """


class AttributionStore(ABC):
    """What is kept of who wrote one document, beside its entries."""

    @abstractmethod
    async def read(self) -> Attribution:
        """What is kept, up to the entry that it says; the entries behind it are not in it.

        Raises:
            HistoryUnavailable: the store could not be read.
        """

    @abstractmethod
    async def keep(self, attribution: Attribution) -> None:
        """Keep more, unless what is kept goes further.

        Raises:
            HistoryUnavailable: the store does not take it.
        """


class ConflictStore(ABC):
    """The conflicts of one document that nobody has decided yet. [S4]"""

    @abstractmethod
    async def all(self) -> list[OpenConflict]:
        """All of them, oldest first."""

    @abstractmethod
    def add(self, conflict: OpenConflict) -> None:
        """Keep a conflict. Returns at once, as `History.append` does."""

    @abstractmethod
    def remove(self, conflict_id: str) -> None:
        """Forget a conflict, if there is one of this id."""


class ForkStore(ABC):
    """All forks of a server."""

    lasts = True
    """Whether what a fork holds outlives its room; if not, there should be none."""

    @abstractmethod
    async def add(self, fork: Fork) -> None:
        """Keep a fork; its history is kept before.

        Raises:
            HistoryUnavailable: the store does not take it.
        """

    @abstractmethod
    async def find(self, room_id: str) -> Fork | None:
        """The fork with this room; None if there is none.

        Raises:
            HistoryUnavailable: the store could not be read.
        """

    @abstractmethod
    async def of_root(self, root: str) -> list[Fork]:
        """The forks of a document, the oldest first.

        Raises:
            HistoryUnavailable: the store could not be read.
        """

    @abstractmethod
    async def remove(self, room_id: str) -> None:
        """Drop a fork and its history.

        Raises:
            HistoryUnavailable: the store does not take it.
        """


class PeopleStore(ABC):
    """The last display name of everybody who joined a document."""

    @abstractmethod
    def note(self, username: str, name: str) -> None:
        """Somebody is here, and called so; returns at once, as `History.append` does."""

    @abstractmethod
    async def names(self, usernames: Collection[str]) -> dict[str, str]:
        """Display names by username, of those of these people who are known.

        Raises:
            HistoryUnavailable: the store could not be read.
        """


class Inventory(ABC):
    """Everything that a store has histories of."""

    @abstractmethod
    async def items(self) -> list[Item]:
        """All of it.

        Raises:
            HistoryUnavailable: the store could not be read.
        """

    @abstractmethod
    async def note(self, item: Item) -> None:
        """Remember where a file was looked for, and since when it is missing.

        Raises:
            HistoryUnavailable: the store does not take it.
        """

    @abstractmethod
    async def drop(self, room_id: str) -> None:
        """Drop a document's history, and its forks with theirs; its room must be closed.

        Raises:
            HistoryUnavailable: the store does not take it.
        """


async def _drop_forks(forks: ForkStore, root: str) -> None:
    """The document goes last: what is left of it is found again by whoever was interrupted."""
    for fork in await forks.of_root(root):
        await forks.remove(fork.room_id)
