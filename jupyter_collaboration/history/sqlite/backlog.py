"""What waits to be written: each document's own work, bounded in bytes.

Knows entries and statements; leaves SQL and the thread in which it runs to the writer.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from typing import Any

from pycrdt import merge_updates

from ...errors import must_propagate
from ..model import Entry

Statement = tuple[str, tuple[Any, ...]]


def storable(text: str) -> str:
    """A text that can be stored: what is no character becomes a question mark."""
    return text.encode(errors="replace").decode()


EVERYBODY = ""
"""The key of work that belongs to no document."""


MAX_LATE = 1000
"""Callbacks of one document that wait for a store that does not take it."""

Waiting = tuple[Callable[[bool], None], Callable[[], None]]
"""What is called with whether something is stored, and if it is not, later when it is."""


@dataclass
class Work:
    """What waits for one document.

    Attributes:
        entries: updates, in their order.
        cuts: numbers of entries that are never merged with later ones.
        statements: run after the entries.
        checkpoint: replaces statements of older checkpoints; only makes opening faster.
        waiting: called with whether all of this is stored.
        late: called once it is stored, for those who were told that it is not.
    """

    entries: list[Entry] = field(default_factory=list)
    cuts: set[int] = field(default_factory=set)
    statements: list[Statement] = field(default_factory=list)
    checkpoint: Statement | None = None
    waiting: list[Waiting] = field(default_factory=list)
    late: list[Callable[[], None]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.entries or self.statements or self.checkpoint)

    @property
    def size(self) -> int:
        """Bytes that are held in memory."""
        size = sum(len(entry.update) for entry in self.entries)
        statements = [*self.statements, *([self.checkpoint] if self.checkpoint else [])]
        values = (value for _, args in statements for value in args)
        return size + sum(len(value) for value in values if isinstance(value, str | bytes))

    def before(self, later: Work) -> Work:
        """This work, which was not written, with what came after it."""
        return Work(
            self.entries + later.entries,
            self.cuts | later.cuts,
            self.statements + later.statements,
            later.checkpoint or self.checkpoint,
            later.waiting,
            (self.late + later.late)[-MAX_LATE:],
        )

    def clear(self) -> None:
        """Forget what is to be written; whoever waits goes on waiting."""
        self.entries, self.cuts, self.statements, self.checkpoint = [], set(), [], None

    def merge(self) -> None:
        """Make all entries one; their details are lost.

        Raises:
            Exception: they cannot be merged; pycrdt raises no type of its own.
        """
        if len(self.entries) > 1:
            last = self.entries[-1]
            names = {name for entry in self.entries for name in entry.author.split("\n") if name}
            update = merge_updates(*(entry.update for entry in self.entries))
            author = "\n".join(sorted(names))
            self.entries = [Entry(last.seq, update, author, last.kind, last.time)]


class Backlog:
    """The work of all documents."""

    def __init__(self) -> None:
        self._works: dict[str, Work] = {}

    def of(self, room_id: str) -> Work:
        """What waits for a document; may be added to."""
        return self._works.setdefault(room_id, Work())

    def has(self, room_id: str) -> bool:
        """Whether something waits to be written for a document."""
        return room_id in self._works and not self._works[room_id].is_empty

    def __bool__(self) -> bool:
        return bool(self._works)

    def __iter__(self) -> Iterator[tuple[str, Work]]:
        return iter(self._works.items())

    def take(self, resting: Container[str] = ()) -> dict[str, Work]:
        """Everything but the work of some documents, which is then being written."""
        works = {room: work for room, work in self._works.items() if room not in resting}
        self._works = {room: work for room, work in self._works.items() if room in resting}
        return works

    def put_back(self, room_id: str, work: Work) -> None:
        """Work was not written; it comes before what was added meanwhile."""
        self._works[room_id] = work.before(self._works.get(room_id, Work()))

    def drop(self, room_id: str) -> None:
        """Forget what waits for a document."""
        self._works.pop(room_id, None)

    @property
    def size(self) -> int:
        """Bytes that wait."""
        return sum(work.size for work in self._works.values())

    def shrink(self, limit: int, most: int) -> list[str]:
        """Hold less, if there is much: first without checkpoints, then without details.

        Args:
            limit: bytes from which on details are dropped.
            most: bytes that are never exceeded.

        Returns:
            The documents whose work was too large even then, and is lost: the largest ones.
        """
        if self.size <= limit:
            return []
        for work in self._works.values():
            work.checkpoint = None
        if self.size <= limit:
            return []
        lost: list[str] = []
        for room_id, work in self._works.items():
            try:
                work.merge()
            except BaseException as error:
                if must_propagate(error):
                    raise
                lost.append(room_id)
        for room_id in lost:
            self._works[room_id].clear()
        for room_id in sorted(self._works, key=lambda room: -self._works[room].size):
            if self.size <= most:
                break
            self._works[room_id].clear()
            lost.append(room_id)
        return lost
