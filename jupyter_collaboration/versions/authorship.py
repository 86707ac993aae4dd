"""The authors of each part of a document, with which clients color its text. [V6]

Responsible for histories and rooms; the content of documents belongs to others.
"""

from __future__ import annotations

from anyio import Lock

from ..documents.identity import DocumentId
from ..history.attribution import Attribution
from ..history.store import VersionStore
from ..rooms.manager import RoomManager
from ..threads import run_sync

PIECES = 1_000
"""Number of entries that are read at a time."""

WORTH_KEEPING = 16 * 2**10
"""Size in bytes of new entries above which the attribution is stored again."""


class Authorship:
    """The authors of all documents."""

    def __init__(self, rooms: RoomManager) -> None:
        self._rooms = rooms
        self._reading = Lock()

    async def of(self, document: DocumentId) -> tuple[Attribution, dict[str, str]]:
        """Return the attribution of a document, and display names by username.

        Raises:
            HistoryUnavailable: the store cannot be read.
        """
        history = self._rooms.history(str(document))
        async with self._reading:  # only one history in memory at a time
            known = await history.attribution.read()
            size = await run_sync(_extend, known, history.versions)
            if size > WORTH_KEEPING:
                await history.attribution.keep(known)
        return known, await self._rooms.names(known.authors)


def _extend(known: Attribution, store: VersionStore) -> int:
    return known.extend(store.all_after(known.seq, PIECES))
