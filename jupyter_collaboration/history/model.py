"""What histories are made of: entries, marks, versions, forks. Dataclasses only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from ..documents.codec import replay


class Kind(str, Enum):
    """What an entry of the history was."""

    EDIT = "edit"
    LOAD = "load"
    DISK = "disk"
    RESTORE = "restore"
    SERVER = "server"
    IMPORT = "import"
    SQUASHED = "squashed"

    @classmethod
    def _missing_(cls, value: object) -> Kind:
        """What a newer version of this extension wrote is shown as somebody's edit."""
        return cls.EDIT


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
        path: where the file was then.
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

    @property
    def state(self) -> bytes | None:
        """The whole document as one update; None where there is no history."""
        return replay(self.updates) if self.updates else None


class MarkKind(str, Enum):
    """Something that happened between two entries."""

    SAVED = "saved"
    RESTORED = "restored"
    NAMED = "named"
    OTHER = "other"

    @classmethod
    def _missing_(cls, value: object) -> MarkKind:
        """What a newer version of this extension marked is only known to end a version."""
        return cls.OTHER


@dataclass(frozen=True)
class Mark:
    """What happened behind an entry: it cuts the history there.

    ``text`` is a version's name for a mark of the kind `NAMED`, else empty.
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
        first, seq: its first and its last entry; the last one is its id.
        authors: names of users, who did more first; empty for other programs and the server.
        kind: of its entries; ``run`` if cells were run in it, ``restore`` for a restore.
        start, end: seconds since the epoch.
        changes: what differs from the version before, as JSON; empty where that is not known.
        name: what somebody called it; empty for most.
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
class Summarised:
    """How far a history is grouped into versions that change no more.

    Attributes:
        seq: the last entry of the last of them; 0 if there is none.
        state: the document as of that entry, as one update; empty for 0.
    """

    seq: int = 0
    state: bytes = b""


@dataclass(frozen=True)
class Fork:
    """A document that began as a copy of another.

    Attributes:
        room_id: its own room.
        root: the room of the document that it is a copy of.
        root_session: that document's session id; with another one the two share no history.
        synchronize: whether later edits of the root flow into it.
        title, description: what people call it.
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
        root: the root folder of the server that saw its file last; empty if the store is that
            server's alone.
        missing_since: seconds since the epoch; None while its file is there.
        path: where its file was when it was last written or read; empty if that is not known.
        saved_hash: the file's hash at that time.
    """

    room_id: str
    root: str = ""
    missing_since: float | None = None
    path: str = ""
    saved_hash: str = ""


@dataclass(frozen=True)
class UnsavedWork:
    """Edits that another server's private store has and no file.

    Attributes:
        store: where they are.
        room_id: the document's room there.
        seq: the last entry there.
        base: the document as its file held it, as one update; None if that is not known.
        state: the document with the edits, as one update.
        authors: who made them.
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
        detail_days: days for which each entry is kept; older ones are merged, one for a day.
        document_bytes: size from which on the oldest part of a history is dropped.
        squash_after: seconds without an edit after which a closed document's history becomes
            one entry; None keeps it.
    """

    detail_days: float = 90.0
    document_bytes: int = 100 * 2**20
    squash_after: float | None = None


@dataclass(frozen=True)
class OpenConflict:
    """A conflict that nobody has decided yet. [S4]

    Attributes:
        id: its name within the document.
        origin: where the other side came from: ``disk``, ``rebase`` or ``restore``.
        time: when it came up, in seconds since the epoch.
        kind, key, cell: what it is about, as in a merge's `Conflict`.
        ours, theirs: what each side has; empty for what a side deleted.
        merged: what the document holds.
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
