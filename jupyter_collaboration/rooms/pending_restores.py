"""Restores that the server computed and a page applies, so that its user can undo them. [V5]

What others type until the page's edit arrives has to be kept as in any merge, so that the edit must
be recognized as a restore.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..merge.document import Merge
from ..protocol.messages import EMPTY_UPDATE
from ..protocol.ranges import Ranges
from ..protocol.update_reader import Part, Update

MAX_PENDING = 10
"""Most restores of one document that are waited for."""


@dataclass(frozen=True)
class _Pending:
    author: str
    merge: Merge
    parts: list[Part]


class PendingRestores:
    """The restores of one document that have not arrived yet."""

    def __init__(self) -> None:
        self._pending: list[_Pending] = []

    def add(self, author: str, merge: Merge, found: Update) -> None:
        """Wait for a restore.

        Args:
            found: what its edits insert and delete.
        """
        # What it inserts has ids of its own. If it only deletes, only this tells it from others.
        parts = found.brought or found.deleted
        merge = replace(merge, update=EMPTY_UPDATE)
        self._pending = [*self._pending, _Pending(author, merge, parts)][-MAX_PENDING:]

    def take(self, author: str, found: Update) -> Merge | None:
        """Return the restore that an edit is, and do not wait for it any more; None if it is none.

        Args:
            found: what the edit inserts and deletes.
        """
        for pending in self._pending if found.brought or found.deleted else ():
            if pending.author == author and _has_all(found, pending.parts):
                self._pending.remove(pending)
                return pending.merge
        return None


def _has_all(found: Update, parts: list[Part]) -> bool:
    ranges = Ranges(sorted([*found.brought, *found.deleted]))
    return all(ranges.covers(part) for part in parts)
