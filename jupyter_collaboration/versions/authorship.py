"""Who wrote what is in a document, told so that clients can colour its text. [V6]

Knows histories and rooms; knows nothing of what a document holds.
"""

from __future__ import annotations

from anyio import Lock
from anyio.to_thread import run_sync

from ..documents.identity import DocumentId
from ..history.attribution import Attribution
from ..history.store import VersionStore
from ..rooms.manager import RoomManager

PIECES = 1_000
"""Entries that are read at a time."""

WORTH_KEEPING = 16 * 2**10
"""Bytes of entries that are read anew each time; what more of them tell is kept."""


class Authorship:
    """The authors of all documents."""

    def __init__(self, rooms: RoomManager) -> None:
        self._rooms = rooms
        self._reading = Lock()

    async def of(self, document: DocumentId) -> tuple[Attribution, dict[str, str]]:
        """Who wrote what of a document, and their display names by username.

        Raises:
            HistoryUnavailable: the store cannot be read.
        """
        history = self._rooms.history(str(document))
        async with self._reading:  # one history at a time is in memory
            known = await history.attribution.read()
            size = await run_sync(_extend, known, history.versions)
            if size > WORTH_KEEPING:
                await history.attribution.keep(known)
        return known, await self._rooms.names(known.authors)


def _extend(known: Attribution, store: VersionStore) -> int:
    return known.extend(store.behind(known.seq, PIECES))
