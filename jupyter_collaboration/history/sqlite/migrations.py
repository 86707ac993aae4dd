"""Brings the tables of older versions of this extension to the present schema.

The number of the schema is SQLite's ``user_version``. Where the published store (pycrdt-store) has
tables in the same database that number is its own, so ours is in the ``application_id`` as well. A
database with a newer number is never changed.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable

from .schema import INDEXES, SCHEMA, TABLES

VERSION = 2
"""The number of the present schema: 1 is that of the first releases, which had no number."""


APPLICATION = 0x4A43_0000
"""Added to the number in the ``application_id``: it then tells whose database it is."""


class NewerSchema(Exception):
    """The database was written by a version of this extension that is newer than this one."""


def version_of(db: sqlite3.Connection) -> int:
    """The number of a database's schema; 0 for one without our tables.

    Raises:
        NewerSchema: it is newer than ours.
        sqlite3.DatabaseError: it is no database.
    """
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    found = int("collaboration_documents" in tables)
    (application,) = db.execute("PRAGMA application_id").fetchone()
    if 0 < application - APPLICATION < 2**16:
        found = application - APPLICATION
    if "yupdates" not in tables:
        found = max(found, int(db.execute("PRAGMA user_version").fetchone()[0]))
    if found > VERSION:
        raise NewerSchema(f"schema {found}, and this one knows {VERSION}")
    return found


def migrate(db: sqlite3.Connection) -> None:
    """Make all tables as they are to be; all of it, or nothing.

    Raises:
        NewerSchema: the database is newer.
        sqlite3.Error: it cannot be written.
    """
    version = version_of(db)
    if version == VERSION:
        for statement in (*SCHEMA, *INDEXES):  # tables that somebody dropped
            db.execute(statement)
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        for number in range(version + 1, VERSION + 1):
            MIGRATIONS[number](db)
        db.execute(f"PRAGMA application_id = {APPLICATION + VERSION}")
        published = "SELECT 1 FROM sqlite_master WHERE name = 'yupdates'"
        if db.execute(published).fetchone() is None:
            db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def _complete(db: sqlite3.Connection) -> None:
    """Add the tables and columns that are missing; nothing is changed or removed."""
    for statement in SCHEMA:
        db.execute(statement)
    for table, columns in TABLES.items():
        known = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
        for name, declaration in columns.items():
            if name not in known:
                db.execute(f"ALTER TABLE {table} ADD COLUMN {name} {_addable(declaration)}")
    for statement in INDEXES:
        db.execute(statement)


def _addable(declaration: str) -> str:
    """A column's declaration as SQLite allows it for a table that has rows already."""
    if "NOT NULL" not in declaration or "DEFAULT" in declaration:
        return re.sub(r" (UNIQUE|PRIMARY KEY)", "", declaration)
    empty = {"TEXT": "''", "BLOB": "x''"}.get(declaration.split()[0], "0")
    return re.sub(r" (UNIQUE|PRIMARY KEY)", "", f"{declaration} DEFAULT {empty}")


MIGRATIONS: dict[int, Callable[[sqlite3.Connection], None]] = {
    1: _complete,
    2: _complete,  # collaboration_lease, collaboration_paths, collaboration_conflicts
}
"""What leads to each number from the one before it."""
