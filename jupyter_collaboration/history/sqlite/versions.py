"""The versions, names and marks of one document in the SQLite store.

Responsible for their tables; the thread in which SQL runs belongs to the backend.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from ..model import Entry, Kind, Mark, MarkKind, Summarized, Version
from ..store import VersionStore
from .writer import SQLiteWriter

T = TypeVar("T")


class SQLiteVersions(VersionStore):
    """The versions of one document in the database."""

    def __init__(self, room_id: str, backend: SQLiteWriter) -> None:
        self._room_id = room_id
        self._backend = backend

    async def _ask(self, call: Callable[[sqlite3.Connection, int], T]) -> T:
        """Call a function with a connection and the id of the document's row."""
        await self._backend.flush_document(self._room_id)
        document = await self._backend.ask_document_id(self._room_id)
        return await self._backend.reader.ask(call, document)

    async def entries_after(self, seq: int, limit: int) -> list[Entry]:
        rows = await self._ask(
            lambda db, document: db.execute(
                "SELECT seq, data, author, kind, time FROM collaboration_updates"
                " WHERE document = ? AND seq > ? ORDER BY seq LIMIT ?",
                (document, seq, limit),
            ).fetchall()
        )
        return [Entry(row[0], row[1], row[2], Kind(row[3]), row[4]) for row in rows]

    async def moments(self) -> list[tuple[int, float]]:
        return await self._ask(
            lambda db, document: db.execute(
                "SELECT seq, time FROM collaboration_updates"
                " WHERE document = ? AND kind != ? ORDER BY seq",
                (document, Kind.SERVER.value),
            ).fetchall()
        )

    async def marks(self) -> list[Mark]:
        rows = await self._ask(
            lambda db, document: db.execute(
                "SELECT seq, kind, author, time, text FROM collaboration_marks"
                " WHERE document = ? ORDER BY seq",
                (document,),
            ).fetchall()
        )
        return [Mark(row[0], MarkKind(row[1]), *row[2:]) for row in rows]

    def mark(self, mark: Mark) -> None:
        self._backend.then(
            self._room_id,
            "INSERT OR REPLACE INTO collaboration_marks (document, seq, kind, author, time, text)"
            " SELECT id, ?, ?, ?, ?, ? FROM collaboration_documents WHERE room = ?",
            mark.seq,
            mark.kind.value,
            mark.author,
            mark.time,
            mark.text,
            self._room_id,
        )

    def unmark(self, seq: int, kind: MarkKind) -> None:
        self._backend.then(
            self._room_id,
            "DELETE FROM collaboration_marks WHERE seq = ? AND kind = ?"
            " AND document = (SELECT id FROM collaboration_documents WHERE room = ?)",
            seq,
            kind.value,
            self._room_id,
        )

    async def summarized(self) -> Summarized:
        row = await self._ask(
            lambda db, document: db.execute(
                "SELECT seq, state FROM collaboration_summaries WHERE document = ?", (document,)
            ).fetchone()
        )
        return Summarized(*row) if row else Summarized()

    async def pending_bytes(self) -> int:
        def select(db: sqlite3.Connection, document: int) -> int:
            done = db.execute(
                "SELECT seq, length(state) FROM collaboration_summaries WHERE document = ?",
                (document,),
            ).fetchone()
            seq, size = done or (0, 0)
            (pending,) = db.execute(
                "SELECT coalesce(sum(length(data)), 0) FROM collaboration_updates"
                " WHERE document = ? AND seq > ?",
                (document, seq),
            ).fetchone()
            return int(size + pending)

        return await self._ask(select)

    async def boundary(self, seq: int) -> int | None:
        found = await self._ask(
            lambda db, document: db.execute(
                "SELECT seq, kind FROM collaboration_updates WHERE document = ? AND seq >= ?"
                " ORDER BY seq LIMIT 1",
                (document, seq),
            ).fetchone()
        )
        if found is None or (found[1] == Kind.SQUASHED.value and found[0] != seq):
            return None
        return int(found[0])

    async def last_before(self, seq: int) -> int | None:
        (found,) = await self._ask(
            lambda db, document: db.execute(
                "SELECT max(seq) FROM collaboration_updates WHERE document = ? AND seq < ?",
                (document, seq),
            ).fetchone()
        )
        return None if found is None else int(found)

    async def replace(self, after: int, versions: list[Version], summarized: Summarized) -> None:
        def write() -> None:
            document = self._backend.document_id(self._room_id)
            with self._backend.transaction() as db:
                row = db.execute(
                    "SELECT seq FROM collaboration_summaries WHERE document = ?", (document,)
                ).fetchone()
                if after != (row[0] if row else 0):
                    return
                db.execute(
                    "DELETE FROM collaboration_versions WHERE document = ? AND seq > ?",
                    (document, after),
                )
                db.executemany(
                    "INSERT INTO collaboration_versions"
                    " (document, seq, first, authors, kind, start, end, changes)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    [_row(document, version) for version in versions],
                )
                db.execute(
                    "INSERT OR REPLACE INTO collaboration_summaries (document, seq, state)"
                    " VALUES (?, ?, ?)",
                    (document, summarized.seq, summarized.state),
                )

        await self._backend.flush_document(self._room_id)
        await self._backend.ask(write)

    async def page(
        self, before: int | None, limit: int, *, author: str = "", named: bool = False
    ) -> list[Version]:
        rows = await self._ask(
            lambda db, document: db.execute(
                "SELECT first, v.seq, authors, v.kind, start, end, changes, coalesce(text, '')"
                " FROM collaboration_versions v LEFT JOIN collaboration_marks m"
                " ON m.document = v.document AND m.seq = v.seq AND m.kind = ?"
                " WHERE v.document = ? AND v.seq < ? AND (? OR coalesce(text, '') != '')"
                " AND (? = '' OR instr(char(10) || authors || char(10), char(10) || ? || char(10)))"
                " ORDER BY v.seq DESC LIMIT ?",
                (
                    MarkKind.NAMED.value,
                    document,
                    2**62 if before is None else before,
                    not named,
                    author,
                    author,
                    limit,
                ),
            ).fetchall()
        )
        return [_version(*row) for row in rows]


def _row(document: int, version: Version) -> tuple[object, ...]:
    return (
        document,
        version.seq,
        version.first,
        "\n".join(version.authors),
        version.kind,
        version.start,
        version.end,
        json.dumps(version.changes),
    )


def _version(
    first: int, seq: int, authors: str, kind: str, start: float, end: float, changes: str, name: str
) -> Version:
    names = tuple(filter(None, authors.split("\n")))
    return Version(first, seq, names, kind, start, end, json.loads(changes), name)
