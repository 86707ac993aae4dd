"""The SQLite store of all documents' histories, composed of its parts."""

from __future__ import annotations

from logging import Logger
from pathlib import Path

from ...access.file_ids import OWN_FOLDER
from ..model import Retention
from ..store import History, HistoryBackend
from .compaction import SQLiteCompaction
from .forks import SQLiteForks
from .history import SQLiteHistory
from .inventory import SQLiteInventory
from .people import SQLitePeople
from .private import PrivateStores
from .store_file import MEMORY
from .truncation import SQLiteTruncation
from .writer import COMMIT_DELAY, SQLiteWriter


class SQLiteBackend(SQLiteWriter, HistoryBackend):
    """The store of all documents.

    Args:
        path: the database's file, or ``:memory:``.
        commit_delay: seconds for which updates are batched before they are written.
        retention: how much of a history is kept, and for how long.
    """

    def __init__(
        self,
        path: str,
        log: Logger | None = None,
        *,
        commit_delay: float = COMMIT_DELAY,
        retention: Retention | None = None,
    ) -> None:
        super().__init__(path, log, commit_delay=commit_delay)
        self._retention = retention or Retention()
        self._compaction = SQLiteCompaction(self, self._retention)
        self._truncation = SQLiteTruncation(self, self._compaction)
        self._private = PrivateStores(self)
        self.forks = SQLiteForks(self)
        self.people = SQLitePeople(self)
        self.inventory = SQLiteInventory(self, self.forks)

    @property
    def retention(self) -> Retention | None:
        return None if self.path == MEMORY else self._retention

    @property
    def is_private(self) -> bool:
        return self.writes_private_store

    @property
    def shared_folder(self) -> Path | None:
        return None if self.path == MEMORY else Path(self.path).parent / OWN_FOLDER

    def is_within(self, folder: Path) -> bool:
        return self.path == MEMORY or Path(self.path).resolve().is_relative_to(folder.resolve())

    def history(self, room_id: str) -> History:
        return SQLiteHistory(room_id, self, self._truncation, self._private, self.retention)

    async def compact(self, room_id: str) -> None:
        await self._compaction.compact(room_id)
