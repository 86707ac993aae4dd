"""What storing small updates costs at least: python -m rtcbench.floor_store

Milliseconds of wall time an update (64 bytes, 300 of them) for: a commit each
with a rollback journal, a commit each in WAL mode with synchronous=NORMAL, one
commit for all, an append each to a flat file, and an append with fsync each.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

COUNT = 300
DATA = b"x" * 64


def sqlite(path: Path, wal: bool, commit_each: bool) -> None:
    db = sqlite3.connect(path)
    if wal:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
    db.execute("CREATE TABLE log (doc TEXT, data BLOB, at REAL)")
    db.commit()
    for _ in range(COUNT):
        db.execute("INSERT INTO log VALUES ('room', ?, ?)", (DATA, time.time()))
        if commit_each:
            db.commit()
    db.commit()
    db.close()


def flat(path: Path, sync: bool) -> None:
    with path.open("ab", buffering=0) as file:
        for _ in range(COUNT):
            file.write(DATA)
            if sync:
                os.fdatasync(file.fileno())


def main() -> None:
    ways = {
        "sqlite_commit_each": lambda path: sqlite(path, False, True),
        "sqlite_wal_commit_each": lambda path: sqlite(path, True, True),
        "sqlite_one_commit": lambda path: sqlite(path, False, False),
        "append": lambda path: flat(path, False),
        "append_fdatasync": lambda path: flat(path, True),
    }
    found = {}
    with tempfile.TemporaryDirectory(
        prefix="rtcbench-", dir=sys.argv[1] if sys.argv[1:] else None
    ) as folder:
        for name, way in ways.items():
            start = time.monotonic()
            way(Path(folder) / name)
            found[f"{name}_ms"] = 1000 * (time.monotonic() - start) / COUNT
    json.dump(found, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
