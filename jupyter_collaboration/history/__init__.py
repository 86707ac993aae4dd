"""The update log of documents: what was done, by whom, in which order."""

from .base import Entry, History, HistoryBackend, Kind, Stored
from .memory import MemoryBackend
from .sqlite import Retention, SQLiteBackend

__all__ = [
    "Entry",
    "History",
    "HistoryBackend",
    "Kind",
    "MemoryBackend",
    "Retention",
    "SQLiteBackend",
    "Stored",
]
