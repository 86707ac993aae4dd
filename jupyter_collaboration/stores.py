"""The classes by which stores are configured, as in `c.SQLiteYStore.db_path`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from traitlets import Bunch, Float, Int, Unicode, observe
from traitlets.config import LoggingConfigurable

from .history.memory import MemoryBackend
from .history.model import Retention
from .history.sqlite.backend import SQLiteBackend
from .history.store import HistoryBackend


class YStore(LoggingConfigurable):
    """The base class of stores for the histories of documents."""

    def backend(self, root: Path) -> HistoryBackend:
        """Create the store.

        Args:
            root: the folder that relative paths are relative to.
        """
        raise NotImplementedError


class SQLiteYStore(YStore):
    """Histories in an SQLite database."""

    db_path = Unicode(
        ".jupyter_ystore.db",
        help="""The path of the database, relative to the server's root folder, or ':memory:'.
        The file can be read by its owner only.""",
    ).tag(config=True)

    detail_days = Float(
        90.0,
        min=0,
        help="""How long, in days, to keep a document's history in full detail; older entries are
        merged into one per day. If a file has been missing for longer than this, its history is
        deleted.""",
    ).tag(config=True)

    max_document_mb = Float(
        100.0,
        min=0,
        help="""The size, in megabytes, above which the oldest part of a document's history is
        deleted. The document itself is always kept.""",
    ).tag(config=True)

    squash_after_inactivity_of = Int(
        None,
        allow_none=True,
        help="""How long, in seconds, after the last edit to delete the history of a closed
        document, except for the document itself. None keeps it.""",
    ).tag(config=True)

    document_ttl = Int(
        None,
        allow_none=True,
        help="""An alias of squash_after_inactivity_of. If both are set, the shorter one is
        used.""",
    ).tag(config=True)

    @observe("document_ttl", "squash_after_inactivity_of")
    def _use_shorter(self, change: Bunch) -> None:
        given = (self.squash_after_inactivity_of, self.document_ttl)
        limits = [seconds for seconds in given if seconds is not None]
        self.squash_after_inactivity_of = min(limits, default=None)

    def backend(self, root: Path) -> HistoryBackend:
        path = self.db_path if self.db_path == ":memory:" else str(root / self.db_path)
        return self._backend(path)

    def _backend(self, path: str) -> HistoryBackend:
        retention = Retention(
            detail_days=self.detail_days,
            document_bytes=int(self.max_document_mb * 2**20),
            squash_after=self.squash_after_inactivity_of,
        )
        return SQLiteBackend(path, self.log, retention=retention)


class TempFileYStore(SQLiteYStore):
    """Histories in a database in the system's temporary folder."""

    prefix_dir = Unicode("jupyter_ystore_", help="The prefix of the temporary folder's name.").tag(
        config=True
    )

    def backend(self, root: Path) -> HistoryBackend:
        folder = tempfile.mkdtemp(prefix=self.prefix_dir)
        return self._backend(str(Path(folder) / "ystore.db"))


class MemoryYStore(YStore):
    """Histories in memory, which are lost when the server stops."""

    def backend(self, root: Path) -> HistoryBackend:
        return MemoryBackend(self.log)
