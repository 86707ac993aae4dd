"""Versions of a document as a store keeps them: what they are, and the interface to them.

Knows entries and numbers; knows nothing of what a document holds. A version is a run of entries
that people would call one piece of work; which entries that are is decided above.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from anyio.from_thread import run

from .base import Entry


class MarkKind(str, Enum):
    """Something that happened between two entries."""

    SAVED = "saved"
    RESTORED = "restored"
    NAMED = "named"


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
