"""The tables of the SQLite store, and those of the published store from which it imports.

Knows SQL; called in the store's own thread only.
"""

from __future__ import annotations

import sqlite3

from ...errors import HistoryUnavailable
from ...failpoints import failpoint

WIPE = "wipe"
"""The chore of a store in whose file bytes of what was deleted may still be."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS collaboration_documents (
    id INTEGER PRIMARY KEY,
    room TEXT NOT NULL UNIQUE,
    session TEXT NOT NULL,
    saved_seq INTEGER,
    saved_hash TEXT,
    saved_print TEXT,
    saving_print TEXT,
    saving_seq INTEGER,
    newline TEXT,
    saved_state BLOB
);
CREATE TABLE IF NOT EXISTS collaboration_updates (
    document INTEGER NOT NULL REFERENCES collaboration_documents (id),
    seq INTEGER NOT NULL,
    author TEXT NOT NULL,
    kind TEXT NOT NULL,
    time REAL NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (document, seq)
);
CREATE TABLE IF NOT EXISTS collaboration_checkpoints (
    document INTEGER PRIMARY KEY REFERENCES collaboration_documents (id),
    seq INTEGER NOT NULL,
    data BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS collaboration_marks (
    document INTEGER NOT NULL REFERENCES collaboration_documents (id),
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    author TEXT NOT NULL,
    time REAL NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (document, seq, kind)
);
CREATE TABLE IF NOT EXISTS collaboration_versions (
    document INTEGER NOT NULL REFERENCES collaboration_documents (id),
    seq INTEGER NOT NULL,
    first INTEGER NOT NULL,
    authors TEXT NOT NULL,
    kind TEXT NOT NULL,
    start REAL NOT NULL,
    end REAL NOT NULL,
    changes TEXT NOT NULL,
    PRIMARY KEY (document, seq)
);
CREATE TABLE IF NOT EXISTS collaboration_summaries (
    document INTEGER PRIMARY KEY REFERENCES collaboration_documents (id),
    seq INTEGER NOT NULL,
    state BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS collaboration_forks (
    room TEXT PRIMARY KEY,
    root TEXT NOT NULL,
    root_session TEXT NOT NULL,
    synchronize INTEGER NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS collaboration_attributions (
    document INTEGER PRIMARY KEY REFERENCES collaboration_documents (id),
    seq INTEGER NOT NULL,
    packed TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS collaboration_files (
    document INTEGER PRIMARY KEY REFERENCES collaboration_documents (id),
    root TEXT NOT NULL,
    missing_since REAL
);
CREATE TABLE IF NOT EXISTS collaboration_chores (
    name TEXT PRIMARY KEY
);
CREATE TABLE IF NOT EXISTS collaboration_people (
    username TEXT PRIMARY KEY,
    name TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS collaboration_forks_root ON collaboration_forks (root);
"""

TABLES_OF_DOCUMENT = (
    "updates",
    "checkpoints",
    "marks",
    "versions",
    "summaries",
    "attributions",
    "files",
)
"""Tables, beside its own, in which a document has rows; their names without what is before them."""


def connected(path: str) -> tuple[sqlite3.Connection, bool]:
    """A connection to a database with all tables, and whether it writes ahead.

    On file systems without shared memory (network file systems) there is no write-ahead log;
    the rollback journal does there, more slowly. [H7]

    Raises:
        sqlite3.Error: it cannot be used.
    """
    db = sqlite3.connect(path, timeout=1, check_same_thread=False, isolation_level=None)
    try:
        db.execute("PRAGMA page_size = 2048")  # for a new file: many histories are short
        ahead = _write_ahead(db)
        db.execute("PRAGMA synchronous = NORMAL" if ahead else "PRAGMA synchronous = FULL")
        db.executescript(SCHEMA)
        columns = {row[1] for row in db.execute("PRAGMA table_info(collaboration_documents)")}
        if "newline" not in columns:
            raise sqlite3.DatabaseError("its tables are of another version")
        # A damaged file may open and fail later: better now.
        db.execute("SELECT count(*) FROM collaboration_documents").fetchone()
    except BaseException:
        db.close()
        raise
    return db, ahead


def _write_ahead(db: sqlite3.Connection) -> bool:
    try:
        (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode in ("wal", "memory"):
            db.execute("BEGIN IMMEDIATE")  # finds out whether shared memory works
            db.execute("ROLLBACK")
            return True
    except sqlite3.OperationalError as error:
        if "readonly" in str(error) or ("locked" in str(error) and "protocol" not in str(error)):
            raise
    db.execute("PRAGMA journal_mode = TRUNCATE").fetchone()
    return False


def published_history(db: sqlite3.Connection, room_id: str) -> list[tuple[bytes, float]]:
    """What a store of the published package (pycrdt-store) holds of a document, oldest first.

    Its tables are ``yupdates (path, yupdate, metadata, timestamp)`` and ``ycheckpoints (path,
    checkpoint, timestamp)``; a document's path there is ``.<type>:<file id>.y``.
    """
    tables, paths = _published(db, room_id)
    found: list[tuple[bytes, float]] = []
    if "yupdates" not in tables:
        return []
    if "ycheckpoints" in tables:
        found += db.execute(
            "SELECT checkpoint, timestamp FROM ycheckpoints WHERE path IN (?, ?)", paths
        ).fetchall()
    found += db.execute(
        "SELECT yupdate, timestamp FROM yupdates WHERE path IN (?, ?) ORDER BY rowid", paths
    ).fetchall()
    return [(bytes(update), float(time)) for update, time in found if update]


def drop_published(db: sqlite3.Connection, room_id: str) -> None:
    """Delete what `published_history` finds."""
    tables, paths = _published(db, room_id)
    for table in tables:
        db.execute(f"DELETE FROM {table} WHERE path IN (?, ?)", paths)


def _published(db: sqlite3.Connection, room_id: str) -> tuple[set[str], tuple[str, str]]:
    """The published store's tables that are there, and under which paths a document is in them."""
    if room_id.count(":") < 2:
        return set(), ("", "")
    names = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    kind, file_id = room_id.split(":", 2)[1:]
    return names & {"yupdates", "ycheckpoints"}, (f".{kind}:{file_id}.y", room_id)


def wipe(db: sqlite3.Connection) -> None:
    """Leave no byte of what was deleted in the database and its log, if something was cleared.

    Takes as long as copying the database; only for the store's own thread.

    Raises:
        HistoryUnavailable: another program reads the database.
        sqlite3.Error: there is no space for it.
    """
    chore = "FROM collaboration_chores WHERE name = ?"
    if db.execute(f"SELECT 1 {chore}", (WIPE,)).fetchone() is None:
        return
    db.execute("VACUUM")
    row = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if row[0]:
        raise HistoryUnavailable(
            "The history is cleared, but another program reads the database, in whose file bytes of"
            " it are left: clear it again when that program is done."
        )
    db.execute(f"DELETE {chore}", (WIPE,))
    failpoint("clear.wiped")
