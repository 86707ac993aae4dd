"""The queue of unwritten work, per document and limited in bytes.

Responsible for entries and statements; SQL and the thread in which it runs belong to the writer.
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
    """Return a text that can be stored: invalid characters become question marks."""
    return text.encode(errors="replace").decode()


EVERYBODY = ""
"""The key of work that does not belong to a document."""


MAX_LATE = 1000
"""Most callbacks of one document that wait while the store cannot be written."""

Waiting = tuple[Callable[[bool], None], Callable[[], None]]
"""A callback that gets whether something is stored, and one for when it is stored later."""


@dataclass
class Work:
    """The unwritten work of one document.

    Attributes:
        entries: updates, in order.
        cuts: numbers of entries that are never merged with later ones.
        statements: SQL statements that are run after the entries.
        checkpoint: the statements of the latest checkpoint, which only speeds up opening.
        waiting: callbacks that get whether all of this is stored.
        late: callbacks for when it is stored, after `waiting` reported that it was not.
    """

    entries: list[Entry] = field(default_factory=list)
    cuts: set[int] = field(default_factory=set)
    statements: list[Statement] = field(default_factory=list)
    checkpoint: Statement | None = None
    waiting: list[Waiting] = field(default_factory=list)
    late: list[Callable[[], None]] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Return whether there is nothing to write."""
        return not (self.entries or self.statements or self.checkpoint)

    @property
    def size(self) -> int:
        """The size in memory, in bytes."""
        size = sum(len(entry.update) for entry in self.entries)
        statements = [*self.statements, *([self.checkpoint] if self.checkpoint else [])]
        values = (value for _, args in statements for value in args)
        return size + sum(len(value) for value in values if isinstance(value, str | bytes))

    def before(self, later: Work) -> Work:
        """Return this work, which was not written, followed by later work."""
        return Work(
            self.entries + later.entries,
            self.cuts | later.cuts,
            self.statements + later.statements,
            later.checkpoint or self.checkpoint,
            later.waiting,
            (self.late + later.late)[-MAX_LATE:],
        )

    def clear(self) -> None:
        """Drop everything that is to be written, but keep the callbacks."""
        self.entries, self.cuts, self.statements, self.checkpoint = [], set(), [], None

    def merge(self) -> None:
        """Merge all entries into one; their details are lost.

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
    """The unwritten work of all documents."""

    def __init__(self) -> None:
        self._works: dict[str, Work] = {}

    def of(self, room_id: str) -> Work:
        """Return the work of a document, which may be added to."""
        return self._works.setdefault(room_id, Work())

    def has(self, room_id: str) -> bool:
        """Return whether there is unwritten work for a document."""
        return room_id in self._works and not self._works[room_id].is_empty

    def __bool__(self) -> bool:
        return bool(self._works)

    def __iter__(self) -> Iterator[tuple[str, Work]]:
        return iter(self._works.items())

    def take(self, resting: Container[str] = ()) -> dict[str, Work]:
        """Remove and return the work, except that of some documents."""
        works = {room: work for room, work in self._works.items() if room not in resting}
        self._works = {room: work for room, work in self._works.items() if room in resting}
        return works

    def put_back(self, room_id: str, work: Work) -> None:
        """Put back work that was not written, before what was added since."""
        self._works[room_id] = work.before(self._works.get(room_id, Work()))

    def drop(self, room_id: str) -> None:
        """Drop the work of a document."""
        self._works.pop(room_id, None)

    @property
    def size(self) -> int:
        """The size in bytes."""
        return sum(work.size for work in self._works.values())

    def shrink(self, limit: int, most: int) -> list[str]:
        """Reduce the size if necessary: drop checkpoints, then merge entries, then drop documents.

        Args:
            limit: size in bytes above which entries are merged.
            most: size in bytes that is never exceeded.

        Returns:
            The documents whose work was dropped, since it was still too large: the largest ones.
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
