"""The tables of the SQLite store, and those of the published store from which it imports.

Called in the store's thread only.
"""

from __future__ import annotations

import sqlite3

TABLES = {
    "collaboration_documents": {
        "id": "INTEGER PRIMARY KEY",
        "room": "TEXT NOT NULL UNIQUE",
        "session": "TEXT NOT NULL",
        "saved_seq": "INTEGER",
        "saved_hash": "TEXT",
        "saved_print": "TEXT",
        "saving_print": "TEXT",
        "saving_seq": "INTEGER",
        "newline": "TEXT",
        "saved_state": "BLOB",
    },
    "collaboration_updates": {
        "document": "INTEGER NOT NULL REFERENCES collaboration_documents (id)",
        "seq": "INTEGER NOT NULL",
        "author": "TEXT NOT NULL",
        "kind": "TEXT NOT NULL",
        "time": "REAL NOT NULL",
        "data": "BLOB NOT NULL",
    },
    "collaboration_checkpoints": {
        "document": "INTEGER PRIMARY KEY REFERENCES collaboration_documents (id)",
        "seq": "INTEGER NOT NULL",
        "data": "BLOB NOT NULL",
    },
    "collaboration_marks": {
        "document": "INTEGER NOT NULL REFERENCES collaboration_documents (id)",
        "seq": "INTEGER NOT NULL",
        "kind": "TEXT NOT NULL",
        "author": "TEXT NOT NULL",
        "time": "REAL NOT NULL",
        "text": "TEXT NOT NULL",
    },
    "collaboration_versions": {
        "document": "INTEGER NOT NULL REFERENCES collaboration_documents (id)",
        "seq": "INTEGER NOT NULL",
        "first": "INTEGER NOT NULL",
        "authors": "TEXT NOT NULL",
        "kind": "TEXT NOT NULL",
        "start": "REAL NOT NULL",
        "end": "REAL NOT NULL",
        "changes": "TEXT NOT NULL",
    },
    "collaboration_summaries": {
        "document": "INTEGER PRIMARY KEY REFERENCES collaboration_documents (id)",
        "seq": "INTEGER NOT NULL",
        "state": "BLOB NOT NULL",
    },
    "collaboration_forks": {
        "room": "TEXT PRIMARY KEY",
        "root": "TEXT NOT NULL",
        "root_session": "TEXT NOT NULL",
        "synchronize": "INTEGER NOT NULL",
        "title": "TEXT NOT NULL",
        "description": "TEXT NOT NULL",
    },
    "collaboration_attributions": {
        "document": "INTEGER PRIMARY KEY REFERENCES collaboration_documents (id)",
        "seq": "INTEGER NOT NULL",
        "packed": "TEXT NOT NULL",
    },
    "collaboration_files": {
        "document": "INTEGER PRIMARY KEY REFERENCES collaboration_documents (id)",
        "root": "TEXT NOT NULL",
        "missing_since": "REAL",
    },
    "collaboration_paths": {
        "document": "INTEGER PRIMARY KEY REFERENCES collaboration_documents (id)",
        "path": "TEXT NOT NULL",
    },
    "collaboration_held": {
        "document": "INTEGER PRIMARY KEY REFERENCES collaboration_documents (id)",
    },
    "collaboration_chores": {
        "name": "TEXT PRIMARY KEY",
    },
    "collaboration_people": {
        "username": "TEXT PRIMARY KEY",
        "name": "TEXT NOT NULL",
    },
    "collaboration_conflicts": {
        "document": "INTEGER NOT NULL REFERENCES collaboration_documents (id)",
        "id": "TEXT NOT NULL",
        "data": "TEXT NOT NULL",
    },
    "collaboration_deleted_cells": {
        "document": "INTEGER NOT NULL REFERENCES collaboration_documents (id)",
        "cell": "TEXT NOT NULL",
        "data": "TEXT NOT NULL",
    },
    "collaboration_provenance": {
        "document": "INTEGER NOT NULL REFERENCES collaboration_documents (id)",
        "cell": "TEXT NOT NULL",
        "data": "TEXT NOT NULL",
    },
    "collaboration_lease": {
        "id": "INTEGER PRIMARY KEY",
        "number": "INTEGER NOT NULL",
        "owner": "TEXT NOT NULL",
        "beat": "REAL NOT NULL",
        "inode": "INTEGER NOT NULL",
    },
}
"""The columns of each table, with their declarations."""

KEYS = {
    "collaboration_updates": "document, seq",
    "collaboration_marks": "document, seq, kind",
    "collaboration_conflicts": "document, id",
    "collaboration_deleted_cells": "document, cell",
    "collaboration_provenance": "document, cell",
    "collaboration_versions": "document, seq",
}
"""Primary keys that consist of several columns."""

WITHOUT_ROWID = frozenset(
    {
        "collaboration_marks",
        "collaboration_people",
        "collaboration_chores",
        "collaboration_conflicts",
        "collaboration_deleted_cells",
        "collaboration_provenance",
        "collaboration_lease",
    }
)
"""Tables of short rows that are created without a separate index; existing ones are unchanged."""

LAST_PART = "replace(room, rtrim(room, replace(room, ':', '')), '')"
"""The part of a room id after its last colon, as in `file_id_of`. SQLite has no function for this,
but can trim all characters that are no colons."""

INDEXES = (
    "CREATE INDEX IF NOT EXISTS collaboration_forks_root ON collaboration_forks (root)",
    f"CREATE INDEX IF NOT EXISTS collaboration_documents_file ON collaboration_documents"
    f" ({LAST_PART})",
    "CREATE INDEX IF NOT EXISTS collaboration_documents_hash ON collaboration_documents"
    " (saved_hash)",
    "CREATE INDEX IF NOT EXISTS collaboration_paths_path ON collaboration_paths (path)",
)


def created(table: str) -> str:
    columns = [f"{name} {declaration}" for name, declaration in TABLES[table].items()]
    if table in KEYS:
        columns.append(f"PRIMARY KEY ({KEYS[table]})")
    options = " WITHOUT ROWID" if table in WITHOUT_ROWID else ""
    return f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(columns)}){options}"


SCHEMA = tuple(map(created, TABLES))
"""Statements that create all missing tables; `INDEXES` are created afterwards."""

TABLES_OF_DOCUMENT = (
    "updates",
    "checkpoints",
    "marks",
    "versions",
    "summaries",
    "attributions",
    "conflicts",
    "deleted_cells",
    "provenance",
    "files",
    "paths",
    "held",
)
"""Other tables in which a document has rows, without the prefix of their names."""


INCREMENTAL = 2
"""The value of ``auto_vacuum`` with which free pages are returned on request."""


def connected(path: str) -> tuple[sqlite3.Connection, bool]:
    """Connect to a database; return the connection and whether it has a write-ahead log.

    File systems without shared memory (network file systems) do not support a write-ahead log. The
    slower rollback journal is used there. [H7]

    Raises:
        sqlite3.Error: the database cannot be used.
    """
    db = sqlite3.connect(path, timeout=1, check_same_thread=False, isolation_level=None)
    try:
        db.execute("PRAGMA page_size = 2048")  # of a new file: many histories are short
        db.execute(f"PRAGMA auto_vacuum = {INCREMENTAL}")  # also of a new file
        ahead = _write_ahead(db)
        db.execute("PRAGMA synchronous = NORMAL" if ahead else "PRAGMA synchronous = FULL")
        # A damaged file may fail only after it was opened: make it fail now.
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        db.close()
        raise
    return db, ahead


def _write_ahead(db: sqlite3.Connection) -> bool:
    try:
        (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode in ("wal", "memory"):
            db.execute("BEGIN IMMEDIATE")  # checks whether shared memory works
            db.execute("ROLLBACK")
            return True
    except sqlite3.OperationalError as error:
        if "readonly" in str(error) or ("locked" in str(error) and "protocol" not in str(error)):
            raise
    db.execute("PRAGMA journal_mode = TRUNCATE").fetchone()
    return False


def published_history(db: sqlite3.Connection, room_id: str) -> list[tuple[bytes, float]]:
    """Return the updates of a document in a store of pycrdt-store, the oldest first.

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


def has_published_history(db: sqlite3.Connection, room_id: str) -> bool:
    """Return whether `published_history` would return anything."""
    tables, paths = _published(db, room_id)
    return any(
        db.execute(f"SELECT 1 FROM {table} WHERE path IN (?, ?)", paths).fetchone()
        for table in tables
    )


def drop_published(db: sqlite3.Connection, room_id: str) -> None:
    """Delete the rows that `published_history` returns."""
    tables, paths = _published(db, room_id)
    for table in tables:
        db.execute(f"DELETE FROM {table} WHERE path IN (?, ?)", paths)


def _published(db: sqlite3.Connection, room_id: str) -> tuple[set[str], tuple[str, str]]:
    """Return the existing tables of the published store, and a document's paths in them."""
    if room_id.count(":") < 2:
        return set(), ("", "")
    names = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    kind, file_id = room_id.split(":", 2)[1:]
    return names & {"yupdates", "ycheckpoints"}, (f".{kind}:{file_id}.y", room_id)


WIPE = "wipe"
"""The pending task of wiping deleted content, which may still be in the file."""
