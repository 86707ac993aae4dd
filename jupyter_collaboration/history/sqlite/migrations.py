"""Migrates the tables of older versions of this extension to the current schema.

The version of the schema is stored in SQLite's ``user_version``. If the published store
(pycrdt-store) has tables in the same database, it uses that number itself, so that ours is stored
in the ``application_id`` as well. A database with a newer version is never changed.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable

from .schema import INDEXES, SCHEMA, TABLES

VERSION = 2
"""The version of the current schema. Version 1 is that of the first releases, without a number."""


APPLICATION = 0x4A43_0000
"""Added to the version in the ``application_id``, to identify our databases."""


class NewerSchema(Exception):
    """The database was written by a newer version of this extension."""


def version_of(db: sqlite3.Connection) -> int:
    """Return the version of a database's schema; 0 if it has none of our tables.

    Raises:
        NewerSchema: the version is newer than ours.
        sqlite3.DatabaseError: this is not a database.
    """
    tables = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    found = int("collaboration_documents" in tables)
    (application,) = db.execute("PRAGMA application_id").fetchone()
    if 0 < application - APPLICATION < 2**16:
        found = application - APPLICATION
    if "yupdates" not in tables:
        found = max(found, int(db.execute("PRAGMA user_version").fetchone()[0]))
    if found > VERSION:
        raise NewerSchema(f"schema {found}, newer than {VERSION}")
    return found


def migrate(db: sqlite3.Connection) -> None:
    """Migrate all tables to the current schema, in one transaction.

    Raises:
        NewerSchema: the database has a newer version.
        sqlite3.Error: the database cannot be written.
    """
    version = version_of(db)
    if version == VERSION:
        for statement in (*SCHEMA, *INDEXES):  # creates tables that are missing
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
    """Add missing tables and columns, without changing or removing any."""
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
    """Return a column's declaration in the form that `ALTER TABLE` allows."""
    if "NOT NULL" not in declaration or "DEFAULT" in declaration:
        return re.sub(r" (UNIQUE|PRIMARY KEY)", "", declaration)
    empty = {"TEXT": "''", "BLOB": "x''"}.get(declaration.split()[0], "0")
    return re.sub(r" (UNIQUE|PRIMARY KEY)", "", f"{declaration} DEFAULT {empty}")


MIGRATIONS: dict[int, Callable[[sqlite3.Connection], None]] = {
    1: _complete,
    2: _complete,  # collaboration_lease, collaboration_paths, collaboration_conflicts
}
"""The migration to each version from the previous one."""
