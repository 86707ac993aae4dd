"""The update log of documents: what was done, by whom, in which order."""

from .attribution import Attribution, AttributionStore
from .base import Entry, History, HistoryBackend, Kind, Stored
from .compaction import Retention
from .forks import Fork, ForkStore
from .inventory import Inventory, Item
from .memory import MemoryBackend
from .people import PeopleStore
from .sqlite import SQLiteBackend
from .versions import Mark, MarkKind, Summarised, Version, VersionStore

__all__ = [
    "Attribution",
    "AttributionStore",
    "Entry",
    "Fork",
    "ForkStore",
    "History",
    "HistoryBackend",
    "Inventory",
    "Item",
    "Kind",
    "Mark",
    "MarkKind",
    "MemoryBackend",
    "PeopleStore",
    "Retention",
    "SQLiteBackend",
    "Stored",
    "Summarised",
    "Version",
    "VersionStore",
]
