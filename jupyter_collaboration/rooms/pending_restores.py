"""Restores that the server computed and a page applies, so that its user can undo them. [V5]

What others type until the page's edit arrives has to be kept as in any merge, so that the edit must
be recognized as a restore.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from ..merge.document import Merge
from ..protocol.deletions import overlap
from ..protocol.messages import EMPTY_UPDATE
from ..protocol.ranges import Ranges
from ..protocol.update_reader import Id, Update

MAX_PENDING = 10
"""Most restores of one document that are waited for."""

MAX_WAIT = 60.0
"""Seconds after which a restore is not waited for any more: most likely, the page was closed."""


@dataclass(frozen=True)
class _Pending:
    author: str
    merge: Merge
    edits: Update
    cells: list[Id]
    end: float

    def is_in(self, found: Update, author: str) -> bool:
        """Return whether an edit is this restore.

        What a restore inserts has ids of its own. Otherwise it is recognized by the cells that it
        deletes, which the page has; it may not have received all of their texts. The author tells
        only if there are none: a program may have one name here, and another one there.
        """
        if self.edits.brought:
            brought = Ranges(found.brought)
            return all(brought.covers(part) for part in self.edits.brought)
        if self.cells:
            deleted = Ranges(found.deleted)
            return all(cell in deleted for cell in self.cells)
        is_deletion = author == self.author and not found.brought
        return is_deletion and overlap(found.deleted, self.edits.deleted)


class PendingRestores:
    """The restores of one document that have not arrived yet."""

    def __init__(self) -> None:
        self._pending: list[_Pending] = []

    def add(self, author: str, merge: Merge, edits: Update, cells: list[Id]) -> None:
        """Wait for a restore.

        Args:
            author: the user who requested it.
            edits: what it inserts and deletes.
            cells: the Yjs ids of the cells that it deletes.
        """
        end = time.monotonic() + MAX_WAIT
        pending = _Pending(author, replace(merge, update=EMPTY_UPDATE), edits, cells, end)
        self._pending = [*self._pending, pending][-MAX_PENDING:]

    def take(self, author: str, found: Update) -> Merge | None:
        """Return the restore that an edit is, and do not wait for it any more; None if it is none.

        Args:
            author: the user who made the edit.
            found: what the edit inserts and deletes.
        """
        if self._pending:
            now = time.monotonic()
            self._pending = [pending for pending in self._pending if pending.end > now]
        for pending in self._pending:
            if pending.is_in(found, author):
                self._pending.remove(pending)
                return pending.merge
        return None
