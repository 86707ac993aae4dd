"""The data model of histories: entries, marks, versions, forks. Dataclasses only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ..documents.codec import replay


class Kind(str, Enum):
    """The kind of an entry."""

    EDIT = "edit"
    LOAD = "load"
    DISK = "disk"
    RESTORE = "restore"
    SERVER = "server"
    IMPORT = "import"
    SQUASHED = "squashed"

    @classmethod
    def _missing_(cls, value: object) -> Kind:
        """Treat kinds of newer versions of this extension as edits."""
        return cls.EDIT


@dataclass(frozen=True)
class Entry:
    """One update of a document.

    ``seq`` counts from 1 in each document, and alone defines the order; ``time`` (seconds since
    the epoch) is for information only. ``author`` is the authenticated username, or empty for the
    server itself; if several users share an entry, there is one username per line.
    """

    seq: int
    update: bytes
    author: str
    kind: Kind
    time: float


@dataclass(frozen=True)
class Stored:
    """The stored data of a document when its room opens.

    Attributes:
        session_id: the name of this history.
        updates: the Yjs updates that produce the document, in this order; empty if there is no
            history yet.
        seq: the number of the last entry; 0 without entries.
        saved_seq: the last entry that is in the file, or was when another program changed the file;
            None if the document was never saved.
        saved_differs: whether the file did not hold all entries until then.
        saved_hash: the hash of the file at that time.
        saved_print: the fingerprint of the content at that time.
        saving_print: the fingerprint of a content that was about to be written after that; it is
            not known whether the write finished.
        saving_seq: the entry whose content was about to be written.
        newline: the line ending of the file when it was last written.
        path: the path of the file at that time.
        is_held: whether there are edits that must not be saved automatically.
    """

    session_id: str
    updates: list[bytes]
    seq: int
    saved_seq: int | None
    saved_hash: str | None
    saved_fingerprint: str | None = None
    saving_fingerprint: str | None = None
    saving_seq: int | None = None
    newline: str | None = None
    path: str | None = None
    saved_differs: bool = False
    is_held: bool = False

    @property
    def is_saved(self) -> bool:
        """Whether the file held the document when it was last written or read."""
        return self.seq == self.saved_seq and not self.saved_differs

    @property
    def state(self) -> bytes | None:
        """The whole document as one update; None if there is no history."""
        return replay(self.updates) if self.updates else None


@dataclass(frozen=True)
class Remembered:
    """What is stored beside a document's updates.

    Attributes:
        conflicts: the open conflicts, oldest first.
        deleted_cells, provenance: as JSON by cell id.
    """

    conflicts: list[OpenConflict] = field(default_factory=list)
    deleted_cells: dict[str, str] = field(default_factory=dict)
    provenance: dict[str, str] = field(default_factory=dict)


class MarkKind(str, Enum):
    """The kind of an event between two entries."""

    SAVED = "saved"
    RESTORED = "restored"
    NAMED = "named"
    OTHER = "other"

    @classmethod
    def _missing_(cls, value: object) -> MarkKind:
        """Treat kinds of newer versions of this extension as the end of a version."""
        return cls.OTHER


@dataclass(frozen=True)
class Mark:
    """An event after an entry, which ends a version there.

    ``text`` is the version's name for a mark of the kind `NAMED`, else empty.
    """

    seq: int
    kind: MarkKind
    author: str
    time: float
    text: str = ""


@dataclass(frozen=True)
class Version:
    """A piece of a document's history.

    Attributes:
        first, seq: its first and its last entry; the last one is the version's id.
        authors: usernames, the most active first; empty for other programs and the server.
        kind: of its entries; ``run`` if cells were run in it, ``restore`` for a restore.
        start, end: in seconds since the epoch.
        changes: the changes from the previous version, as JSON; empty if not known.
        name: the name that a user gave it; else empty.
    """

    first: int
    seq: int
    authors: tuple[str, ...]
    kind: str
    start: float
    end: float
    changes: dict[str, Any] = field(default_factory=dict)
    name: str = ""


@dataclass(frozen=True)
class Summarized:
    """The end of the versions that no longer change.

    Attributes:
        seq: the last entry of the last of these versions; 0 if there is none.
        state: the document as of that entry, as one update; empty for 0.
    """

    seq: int = 0
    state: bytes = b""


@dataclass(frozen=True)
class Fork:
    """A document that was created as a copy of another one.

    Attributes:
        room_id: the id of its own room.
        root: the room id of the original document.
        root_session: the session id of the original document; if that has changed, the two no
            longer share a history.
        synchronize: whether later edits of the root are applied to the fork.
        title, description: for display.
    """

    room_id: str
    root: str
    root_session: str
    synchronize: bool = False
    title: str = ""
    description: str = ""

    def __str__(self) -> str:
        return self.room_id


@dataclass(frozen=True)
class Item:
    """A room that has a history.

    Attributes:
        room_id: a document's, or a fork's.
        root: the root folder of the server that last found its file; empty if servers with other
            root folders do not use the store.
        missing_since: seconds since the epoch; None while its file exists.
        path: the path of its file when it was last written or read; empty if not known.
        saved_hash: the hash of the file at that time.
    """

    room_id: str
    root: str = ""
    missing_since: float | None = None
    path: str = ""
    saved_hash: str = ""


@dataclass(frozen=True)
class UnsavedWork:
    """Unsaved edits in another server's private store.

    Attributes:
        store: the path of that store.
        room_id: the document's room id in it.
        seq: the last entry in it.
        base: the document as it was last saved, as one update; None if not known.
        state: the document with the edits, as one update.
        authors: usernames.
    """

    store: str
    room_id: str
    seq: int
    base: bytes | None
    state: bytes
    authors: tuple[str, ...]


@dataclass(frozen=True)
class Retention:
    """How much of a document's history is kept.

    Attributes:
        detail_days: days for which each entry is kept; older ones are merged into one per day.
        document_bytes: size in bytes above which the oldest part of a history is dropped.
        squash_after: seconds after the last edit until a closed document's history is merged into
            one entry; None keeps it.
    """

    detail_days: float = 90.0
    document_bytes: int = 100 * 2**20
    squash_after: float | None = None


@dataclass(frozen=True)
class OpenConflict:
    """A merge conflict that is not resolved yet. [S4]

    Attributes:
        id: unique within the document.
        origin: of the other side: ``disk``, ``rebase`` or ``restore``.
        time: of the merge, in seconds since the epoch.
        kind, key, cell: as in `merge.conflict.Conflict`.
        ours, theirs: the content of each side; empty if the side deleted it.
        merged: the content of the document.
    """

    id: str
    origin: str
    time: float
    kind: str
    key: str
    cell: str | None
    ours: str
    theirs: str
    merged: str
