"""Groups the entries of a history into versions.

Pure: metadata of entries in, versions out. A version ends with a pause; when a user saves, runs
cells or names a version; before and after an external change; and when another user continues
alone. Users who edit at the same time share a version.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from ..history.model import Entry, Kind, Mark, MarkKind

PAUSE = 300.0
"""Seconds without an edit that end a version."""

TOGETHER = 60.0
"""Seconds within which edits of several users count as simultaneous."""

MAX_SPAN = 1800.0
"""Longest time span of a version, in seconds."""

ALONE = frozenset({Kind.LOAD, Kind.DISK, Kind.IMPORT, Kind.RESTORE, Kind.SQUASHED})
"""Kinds of entries that are always a version of their own."""


@dataclass(frozen=True)
class EntryEffect:
    """How an entry changed the content; both are False if it changed something else."""

    edited: bool
    ran: bool


@dataclass
class Group:
    """The entries of a version that is being computed."""

    first: int
    seq: int
    kind: Kind
    start: float
    end: float
    ran: bool = False
    is_empty: bool = True
    is_restore: bool = False
    authors: Counter[str] = field(default_factory=Counter)

    def add(self, entry: Entry, effect: EntryEffect) -> None:
        """Add the next entry."""
        self.seq = entry.seq
        if not counts(entry, effect):
            return
        if self.is_empty:
            self.is_empty, self.kind, self.start = False, entry.kind, entry.time
        self.end = max(self.start, entry.time)
        self.ran = self.ran or effect.ran
        for author in filter(None, entry.author.split("\n")):
            self.authors[author] += len(entry.update)

    @property
    def kind_of_version(self) -> str:
        """The kind of the version, as in `Version`."""
        if self.is_restore:
            return Kind.RESTORE.value
        return "run" if self.ran and self.kind is Kind.EDIT else self.kind.value

    @property
    def names(self) -> tuple[str, ...]:
        """Return the authors, the most active first."""
        return tuple(name for name, _ in self.authors.most_common())


class Grouping:
    """Assigns entries to groups, in order.

    Args:
        marks: of the history, in the order of their entries.
    """

    def __init__(self, marks: list[Mark]) -> None:
        self._marks = {mark.seq: set[MarkKind]() for mark in marks}
        for mark in marks:
            self._marks[mark.seq].add(mark.kind)
        self.group: Group | None = None

    def add(self, entry: Entry, effect: EntryEffect) -> Group | None:
        """Add an entry; return the group that ended before it, if one did."""
        ended = None
        if self.group is not None and self._begins(self.group, entry, effect):
            ended, self.group = self.group, None
        if self.group is None:
            last = ended.seq if ended is not None else entry.seq - 1
            self.group = Group(entry.seq, entry.seq, entry.kind, entry.time, entry.time)
            self.group.is_restore = MarkKind.RESTORED in self._marks.get(last, ())
        self.group.add(entry, effect)
        return ended

    def _begins(self, group: Group, entry: Entry, effect: EntryEffect) -> bool:
        """Return whether an entry begins a new version."""
        if group.seq in self._marks:
            return True
        if group.is_empty or not counts(entry, effect):
            return False
        if entry.kind in ALONE or entry.kind is not group.kind:
            return True
        if group.ran and effect.edited and not effect.ran:
            return True
        pause = entry.time - group.end
        if pause > PAUSE or entry.time - group.start > MAX_SPAN:
            return True
        is_other = bool(group.authors) and not set(entry.author.split("\n")) <= set(group.authors)
        return is_other and pause > TOGETHER


def counts(entry: Entry, effect: EntryEffect) -> bool:
    """Return whether an entry is an edit, not bookkeeping."""
    return effect.edited or effect.ran or entry.kind in ALONE
