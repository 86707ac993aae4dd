"""The list of a document's open merge conflicts, shown to all members until resolved. [S4]

Responsible for the list, which is stored with the document's history. Broadcasting it belongs to
the room, applying a choice to the document to `merge.decision`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any
from uuid import uuid4

from ..history.model import OpenConflict
from ..history.store import ConflictStore
from ..merge.conflict import Conflict
from ..merge.decision import Choice, Decider

MAX_OPEN = 200
"""Most conflicts that are kept. The oldest are dropped: both sides are in the document anyway."""

MAX_SHOWN = 20_000
"""Longest conflict that is listed, in characters of both sides."""


class ConflictList:
    """The open conflicts of one document, oldest first."""

    def __init__(self, store: ConflictStore, decider: Decider) -> None:
        self._store = store
        self._decider = decider
        self._open: dict[str, OpenConflict] = {}

    def __len__(self) -> int:
        return len(self._open)

    def load(self, stored: list[OpenConflict]) -> None:
        """Add the conflicts that were open when the document was closed, from the store."""
        self._open = {each.id: each for each in stored}

    def add(self, conflicts: Iterable[Conflict], origin: str) -> bool:
        """Add the conflicts of a merge, without duplicates; return whether any was new."""
        known = {_conflict(each) for each in self._open.values()}
        fresh = [each for each in dict.fromkeys(conflicts) if each not in known]
        for conflict in fresh:
            if len(conflict.ours) + len(conflict.theirs) > MAX_SHOWN:
                continue
            added = OpenConflict(str(uuid4()), origin, time.time(), **asdict(conflict))
            self._open[added.id] = added
            self._store.add(added)
        for each in list(self._open)[:-MAX_OPEN]:
            self._remove(each)
        return bool(fresh)

    def drop_decided(self) -> bool:
        """Remove conflicts that were resolved by editing; return whether there were any."""
        decided = [
            name
            for name, conflict in self._open.items()
            if not self._decider.is_open(_conflict(conflict))
        ]
        for name in decided:
            self._remove(name)
        return bool(decided)

    def resolve(self, conflict_id: str, choice: str) -> str:
        """Resolve a conflict by editing the document.

        Returns:
            Why it could not be resolved; empty on success.
        """
        if choice not in list(Choice):
            return f"The choice must be one of {', '.join(Choice)}."
        conflict = self._open.get(conflict_id)
        if conflict is None:
            return "This conflict has already been resolved."
        if not self._decider.decide(_conflict(conflict), Choice(choice)):
            return "The text has changed since. Edit it by hand, or keep both versions."
        self._remove(conflict_id)
        return ""

    def message(self) -> dict[str, Any]:
        """Return the message with all open conflicts."""
        return {
            "type": "merge_conflicts",
            "conflicts": [asdict(each) for each in self._open.values()],
        }

    def _remove(self, conflict_id: str) -> None:
        del self._open[conflict_id]
        self._store.remove(conflict_id)


def _conflict(each: OpenConflict) -> Conflict:
    return Conflict(each.kind, each.ours, each.theirs, each.merged, each.key, each.cell)
