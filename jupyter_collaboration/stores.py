"""The names under which stores are configured: `c.SQLiteYStore.db_path` and its like."""

from __future__ import annotations

import tempfile
from pathlib import Path

from traitlets import Int, Unicode
from traitlets.config import LoggingConfigurable

from .history import HistoryBackend, MemoryBackend, SQLiteBackend


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

    squash_after_inactivity_of = Int(
        None,
        allow_none=True,
        help="""Kept for existing configurations and without effect: the history of a document is
        not shortened.""",
    ).tag(config=True)

    document_ttl = Int(
        None,
        allow_none=True,
        help="""Kept for existing configurations and without effect, as
        squash_after_inactivity_of.""",
    ).tag(config=True)

    def backend(self, root: Path) -> HistoryBackend:
        path = self.db_path if self.db_path == ":memory:" else str(root / self.db_path)
        return SQLiteBackend(path, self.log)


class TempFileYStore(SQLiteYStore):
    """Histories in a database in a temporary folder, gone with the machine's temporary files."""

    prefix_dir = Unicode(
        "jupyter_ystore_", help="How the name of the temporary folder begins."
    ).tag(config=True)

    def backend(self, root: Path) -> HistoryBackend:
        folder = tempfile.mkdtemp(prefix=self.prefix_dir)
        return SQLiteBackend(str(Path(folder) / "ystore.db"), self.log)


class MemoryYStore(YStore):
    """Histories that last as long as the server."""

    def backend(self, root: Path) -> HistoryBackend:
        return MemoryBackend(self.log)
