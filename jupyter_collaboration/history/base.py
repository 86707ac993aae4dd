"""What every store of histories offers to a room.

Knows updates as bytes; knows nothing of files, sockets or what a document means.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from logging import Logger, getLogger
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anyio.to_thread import run_sync
from pycrdt import Doc
from pycrdt.store import BaseYStore

from .forks import ForkStore
from .inventory import Inventory
from .people import PeopleStore

if TYPE_CHECKING:
    from .attribution import AttributionStore
    from .compaction import Retention
    from .versions import VersionStore


class Kind(str, Enum):
    """What an entry of the history was."""

    EDIT = "edit"
    LOAD = "load"
    DISK = "disk"
    RESTORE = "restore"
    SERVER = "server"
    IMPORT = "import"
    SQUASHED = "squashed"


@dataclass(frozen=True)
class Entry:
    """One update of a document.

    ``seq`` counts from 1 in each document and alone gives the order; ``time`` (seconds since
    the epoch) only informs. ``author`` is a user name as the server authenticated it, or empty
    for the server itself; an entry that several people share names them a line each.
    """

    seq: int
    update: bytes
    author: str
    kind: Kind
    time: float


@dataclass(frozen=True)
class Stored:
    """What the store knows of a document when a room opens.

    Attributes:
        session_id: the name of this history.
        updates: what makes the document when it is applied in this order; empty where there is
            no history yet.
        seq: the last entry's number, 0 without entries.
        saved_seq: the last entry that is in the file; None if none was ever saved.
        saved_hash: the file's hash at that time.
        saved_print: the fingerprint of the content that was written or read then.
        saving_print: the fingerprint of a content that was about to be written later, and of
            which it is not known whether it was.
        saving_seq: the entry as of which it was to be written.
        newline: what ended the lines of the file when it was last written.
    """

    session_id: str
    updates: list[bytes]
    seq: int
    saved_seq: int | None
    saved_hash: str | None
    saved_print: str | None = None
    saving_print: str | None = None
    saving_seq: int | None = None
    newline: str | None = None

    @property
    def state(self) -> bytes | None:
        """The whole document as one update; None where there is no history."""
        return replay(self.updates) if self.updates else None


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

    @abstractmethod
    async def _load(self) -> Stored: ...

    @abstractmethod
    def _append(self, entry: Entry) -> None: ...

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
    async def mark_saving(self, seq: int, printed: str, newline: str = "\n") -> None:
        """Note, before it is done, that a content is about to be written into the file.

        A server that is killed between the write and `mark_saved` knows its own write by it.
        Returns when this and everything appended before is stored (or cannot be).
        """

    @abstractmethod
    def mark_saved(
        self, seq: int, file_hash: str, printed: str = "", state: bytes | None = None
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
    def when_committed(self, callback: Callable[[bool], None]) -> None:
        """Call back once everything appended so far is on disk (True), or cannot be now (False)."""

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


def replay(updates: list[bytes]) -> bytes:
    """The document that updates make, as one update."""
    doc: Doc[Any] = Doc()
    with doc.transaction():
        for update in updates:
            doc.apply_update(update)
    return doc.get_update()
