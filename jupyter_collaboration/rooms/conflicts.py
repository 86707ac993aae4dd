"""The conflicts of one document that everybody sees until somebody decides them. [S4]

Keeps them with the document's history; leaves to the room to broadcast them, and to
`merge.decision` what a choice does to the document.
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
"""Conflicts that are kept; the oldest are dropped. Both versions stand in the document anyway."""

MAX_SHOWN = 20_000
"""Characters of both sides of a conflict up to which it is kept in the list."""


class ConflictList:
    """The open conflicts of one document, oldest first."""

    def __init__(self, store: ConflictStore, decider: Decider) -> None:
        self._store = store
        self._decider = decider
        self._open: dict[str, OpenConflict] = {}

    def __len__(self) -> int:
        return len(self._open)

    async def load(self) -> None:
        """Read what was open when the document was closed.

        Raises:
            HistoryUnavailable: the store cannot be read.
        """
        self._open = {each.id: each for each in await self._store.all()}

    def add(self, conflicts: Iterable[Conflict], origin: str) -> bool:
        """Add what a merge could not decide, each once; whether anything was new."""
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
        """Drop what somebody decided by editing the document; whether there was any."""
        decided = [
            name
            for name, conflict in self._open.items()
            if not self._decider.is_open(_conflict(conflict))
        ]
        for name in decided:
            self._remove(name)
        return bool(decided)

    def resolve(self, conflict_id: str, choice: str) -> str:
        """Decide a conflict, by edits of the document.

        Returns:
            Why it could not be decided; empty if it was.
        """
        if choice not in list(Choice):
            return f"A choice is one of {', '.join(Choice)}."
        conflict = self._open.get(conflict_id)
        if conflict is None:
            return "This conflict was already resolved."
        if not self._decider.decide(_conflict(conflict), Choice(choice)):
            return "The text was changed meanwhile. Edit it as it should be, or keep both versions."
        self._remove(conflict_id)
        return ""

    def message(self) -> dict[str, Any]:
        """What members are told."""
        return {
            "type": "merge_conflicts",
            "conflicts": [asdict(each) for each in self._open.values()],
        }

    def _remove(self, conflict_id: str) -> None:
        del self._open[conflict_id]
        self._store.remove(conflict_id)


def _conflict(each: OpenConflict) -> Conflict:
    return Conflict(each.kind, each.ours, each.theirs, each.merged, each.key, each.cell)
