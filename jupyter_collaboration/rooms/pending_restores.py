"""Restores that the server computed and a page applies, so that its user can undo them. [V5]

What others type until the page's edit arrives has to be kept as in any merge, so that the edit must
be recognized as a restore.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..merge.document import Merge
from ..protocol.deletions import overlap
from ..protocol.messages import EMPTY_UPDATE
from ..protocol.ranges import Ranges
from ..protocol.update_reader import Update

MAX_PENDING = 10
"""Most restores of one document that are waited for."""


@dataclass(frozen=True)
class _Pending:
    author: str
    merge: Merge
    edits: Update

    def is_in(self, found: Update) -> bool:
        """Return whether an edit is this restore.

        What a restore inserts has ids of its own. Of what it deletes, the page may not have
        received everything, and then deletes the rest.
        """
        if self.edits.brought:
            ranges = Ranges(found.brought)
            return all(ranges.covers(part) for part in self.edits.brought)
        return not found.brought and overlap(found.deleted, self.edits.deleted)


class PendingRestores:
    """The restores of one document that have not arrived yet."""

    def __init__(self) -> None:
        self._pending: list[_Pending] = []

    def add(self, author: str, merge: Merge, edits: Update) -> None:
        """Wait for a restore that makes these edits."""
        pending = _Pending(author, replace(merge, update=EMPTY_UPDATE), edits)
        self._pending = [*self._pending, pending][-MAX_PENDING:]

    def take(self, author: str, found: Update) -> Merge | None:
        """Return the restore that an edit is, and do not wait for it any more; None if it is none.

        Args:
            found: what the edit inserts and deletes.
        """
        for pending in self._pending:
            if pending.author == author and pending.is_in(found):
                self._pending.remove(pending)
                return pending.merge
        return None
