"""The names under which stores are configured: `c.SQLiteYStore.db_path` and its like."""

from __future__ import annotations

import tempfile
from pathlib import Path

from traitlets import Float, Int, Unicode
from traitlets.config import LoggingConfigurable

from .history.memory import MemoryBackend
from .history.model import Retention
from .history.sqlite.backend import SQLiteBackend
from .history.store import HistoryBackend


class YStore(LoggingConfigurable):
    """A place for the histories of documents; subclasses say which."""

    def backend(self, root: Path) -> HistoryBackend:
        """The store itself.

        Args:
            root: the folder to which relative paths refer.
        """
        raise NotImplementedError


class SQLiteYStore(YStore):
    """Histories in an SQLite database."""

    db_path = Unicode(
        ".jupyter_ystore.db",
        help="""The path of the database, relative to the server's root folder, or ':memory:'.
        The file is readable by its owner only.""",
    ).tag(config=True)

    detail_days = Float(
        90.0,
        min=0,
        help="""Days for which each piece of work in a document's history is kept; what is older
        is merged, one entry for a day. The history of a file that is missing for longer is
        dropped.""",
    ).tag(config=True)

    max_document_mb = Float(
        100.0,
        min=0,
        help="""Megabytes of one document's history from which on its oldest part is dropped; the
        document itself is always kept.""",
    ).tag(config=True)

    squash_after_inactivity_of = Int(
        None,
        allow_none=True,
        help="""Seconds without an edit after which the history of a document that is closed is
        dropped but for the document itself. None keeps it.""",
    ).tag(config=True)

    document_ttl = Int(
        None,
        allow_none=True,
        help="""The same as squash_after_inactivity_of, under another name; the shorter one of
        both counts.""",
    ).tag(config=True)

    def backend(self, root: Path) -> HistoryBackend:
        path = self.db_path if self.db_path == ":memory:" else str(root / self.db_path)
        return self._backend(path)

    def _backend(self, path: str) -> HistoryBackend:
        given = (self.squash_after_inactivity_of, self.document_ttl)
        limits = [seconds for seconds in given if seconds is not None]
        retention = Retention(
            detail_days=self.detail_days,
            document_bytes=int(self.max_document_mb * 2**20),
            squash_after=min(limits, default=None),
        )
        return SQLiteBackend(path, self.log, retention=retention)


class TempFileYStore(SQLiteYStore):
    """Histories in a database in a temporary folder, gone with the machine's temporary files."""

    prefix_dir = Unicode(
        "jupyter_ystore_", help="How the name of the temporary folder begins."
    ).tag(config=True)

    def backend(self, root: Path) -> HistoryBackend:
        folder = tempfile.mkdtemp(prefix=self.prefix_dir)
        return self._backend(str(Path(folder) / "ystore.db"))


class MemoryYStore(YStore):
    """Histories that last as long as the server."""

    def backend(self, root: Path) -> HistoryBackend:
        return MemoryBackend(self.log)
