"""Computes versions from the entries of a history.

Responsible for combining groups of entries with their changes; storing versions belongs to the
store. Slow for long histories: called in a thread.
"""

from __future__ import annotations

from typing import Any

from pycrdt import Doc

from ..history.model import Entry, Mark, Summarized, Version
from .changes import ChangeTracker
from .grouping import Group, Grouping


def made_of(
    content_type: str, entries: list[Entry], done: Summarized, marks: list[Mark]
) -> tuple[list[Version], Summarized, int]:
    """Return the versions after those that are final; the last one may still grow.

    Args:
        content_type: the document's type.
        entries: the entries after those versions.
        done: the end of the final versions.
        marks: all marks of the history.

    Returns:
        The versions, the new end of the final versions, and the last entry.
    """
    grouping = Grouping(marks)
    tracker = ChangeTracker(content_type, done.state)
    final: Doc[Any] = Doc()  # the document as of the last final version
    if done.state:
        final.apply_update(done.state)
    versions: list[Version] = []
    waiting: list[bytes] = []
    seq = last = done.seq
    try:
        for entry in entries:
            ended = grouping.add(entry, tracker.take(entry.update))
            if ended is not None:
                with final.transaction():
                    for update in waiting:
                        final.apply_update(update)
                if not ended.is_empty:
                    versions.append(_version(ended, tracker.changes(final)))
                waiting, seq = [], ended.seq
            tracker.settled()
            waiting.append(entry.update)
            last = entry.seq
        if grouping.group is not None and not grouping.group.is_empty:
            versions.append(_version(grouping.group, tracker.changes()))
    finally:
        tracker.close()
    return versions, Summarized(seq, final.get_update() if seq else b""), last


def _version(group: Group, changes: dict[str, Any]) -> Version:
    return Version(
        group.first,
        group.seq,
        group.names,
        group.kind_of_version,
        group.start,
        group.end,
        changes,
    )
