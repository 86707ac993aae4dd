"""What every store of histories does."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Text

from jupyter_collaboration.errors import HistoryUnavailable
from jupyter_collaboration.history import (
    Entry,
    History,
    HistoryBackend,
    Kind,
    MemoryBackend,
    SQLiteBackend,
)
from jupyter_collaboration.history.rows import merged

Run = Callable[[Awaitable[Any]], Any]


@pytest.fixture(params=["memory", "sqlite"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> HistoryBackend:
    if request.param == "memory":
        return MemoryBackend()
    return SQLiteBackend(str(tmp_path / "store.db"))


class Typist:
    """Types into a document, and tells a history of each update."""

    def __init__(self, history: History, author: str = "ada") -> None:
        self.doc: Doc[Any] = Doc()
        self.text = self.doc.get("source", type=Text)
        self._subscription = self.doc.observe(
            lambda event: history.append(event.update, author, Kind.EDIT)
        )

    def type(self, text: str) -> None:
        for char in text:
            self.text.insert(len(str(self.text).encode()), char)


def text_of(state: bytes | None) -> str:
    doc: Doc[Any] = Doc()
    text = doc.get("source", type=Text)
    assert state is not None
    doc.apply_update(state)
    return str(text)


def test_what_was_appended_is_read_in_its_order(backend: HistoryBackend, run: Run) -> None:  # [H8]
    async def test() -> None:
        await backend.open()
        history = backend.history("text:file:1")
        stored = await history.load()
        assert (stored.state, stored.seq) == (None, 0)
        Typist(history).type("héllo 😀")
        again = backend.history("text:file:1")
        assert text_of((await again.load()).state) == "héllo 😀"
        assert again.seq == history.seq
        await backend.close()

    run(test())


def test_a_session_id_stays_and_differs_between_documents(
    backend: HistoryBackend, run: Run
) -> None:  # [S1]
    async def test() -> None:
        await backend.open()
        session = await backend.session_id("text:file:1")
        assert session == await backend.session_id("text:file:1")
        assert session == (await backend.history("text:file:1").load()).session_id
        assert session != await backend.session_id("text:file:2")
        await backend.close()

    run(test())


def test_the_base_is_the_document_as_it_was_saved(backend: HistoryBackend, run: Run) -> None:
    # [F4] [H9]
    async def test() -> None:
        await backend.open()
        history = backend.history("text:file:1")
        await history.load()
        assert await history.base() is None
        typist = Typist(history)
        typist.type("saved")
        history.mark_saved(history.mark_cut(), "hash")
        typist.type(" and not")
        assert text_of(await history.base()) == "saved"
        stored = await backend.history("text:file:1").load()
        assert stored.saved_hash == "hash"
        assert stored.saved_seq is not None and stored.saved_seq < stored.seq
        history.mark_saved(history.mark_cut(), "other", state=typist.doc.get_update())
        assert text_of(await history.base()) == "saved and not"
        await backend.close()

    run(test())


def test_a_checkpoint_changes_nothing_that_is_read(backend: HistoryBackend, run: Run) -> None:
    # [H4]
    async def test() -> None:
        await backend.open()
        history = backend.history("text:file:1")
        await history.load()
        typist = Typist(history)
        typist.type("one ")
        history.mark_saved(history.mark_cut(), "hash")
        history.checkpoint(history.mark_cut(), typist.doc.get_update())
        typist.type("two three")
        stored = await backend.history("text:file:1").load()
        assert text_of(stored.state) == "one two three"
        assert text_of(await history.base()) == "one "
        await backend.close()

    run(test())


def test_a_commit_is_told_after_what_came_before_it(backend: HistoryBackend, run: Run) -> None:
    # [H1]
    async def test() -> None:
        await backend.open()
        history = backend.history("text:file:1")
        await history.load()
        Typist(history).type("x")
        committed = asyncio.Event()
        history.when_committed(committed.set)
        await committed.wait()
        assert [entry.author for entry in await history.entries()] == ["ada"]
        await backend.close()

    run(test())


def test_pycrdt_stores_interface_writes_and_reads(backend: HistoryBackend, run: Run) -> None:
    async def test() -> None:
        await backend.open()
        history = backend.history("text:file:1")
        await history.load()
        doc: Doc[Any] = Doc()
        doc.get("source", type=Text).insert(0, "x")
        await history.write(doc.get_update())
        assert [update async for update, _, _ in history.read()] == [doc.get_update()]
        await backend.close()

    run(test())


def entry(seq: int, author: str, text: Text, kind: Kind = Kind.EDIT) -> Entry:
    before = text.doc.get_state()
    text.insert(0, "x")
    return Entry(seq, text.doc.get_update(before), author, kind, float(seq))


def test_entries_merge_within_one_author_and_kind_but_not_across_a_cut() -> None:  # [H2] [H3]
    doc: Doc[Any] = Doc()
    text = doc.get("source", type=Text)
    entries = [
        entry(1, "ada", text),
        entry(2, "ada", text),
        entry(3, "ada", text),
        entry(4, "bob", text),
        entry(5, "bob", text, Kind.DISK),
    ]
    rows = list(merged(entries, cuts={2}))
    assert [(row.seq, row.author, row.kind) for row in rows] == [
        (2, "ada", Kind.EDIT),
        (3, "ada", Kind.EDIT),
        (4, "bob", Kind.EDIT),
        (5, "bob", Kind.DISK),
    ]
    replica: Doc[Any] = Doc()
    for row in rows:
        replica.apply_update(row.update)
    assert str(replica.get("source", type=Text)) == "xxxxx"


def test_the_files_are_readable_by_their_owner_only(tmp_path: Path, run: Run) -> None:  # [H7]
    async def test() -> None:
        backend = SQLiteBackend(str(tmp_path / "store.db"))
        await backend.open()
        await backend.session_id("text:file:1")
        names = sorted(path.name for path in tmp_path.iterdir())
        assert names == ["store.db", "store.db-shm", "store.db-wal"]
        for path in tmp_path.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        await backend.close()

    run(test())


def test_a_store_that_is_no_database_is_set_aside(tmp_path: Path, run: Run) -> None:  # [H6]
    async def test() -> None:
        path = tmp_path / "store.db"
        path.write_bytes(b"not a database" * 1000)
        backend = SQLiteBackend(str(path))
        await backend.open()
        await backend.session_id("text:file:1")
        await backend.close()
        (aside,) = tmp_path.glob("store.db.set-aside-*")
        assert aside.read_bytes().startswith(b"not a database")

    run(test())


def test_tables_of_other_versions_stay(tmp_path: Path, run: Run) -> None:  # [H6]
    path = tmp_path / "store.db"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE yupdates (path TEXT, yupdate BLOB, metadata BLOB, timestamp REAL)")
        db.execute("INSERT INTO yupdates VALUES ('a', 'b', 'c', 1)")
    db.close()

    async def test() -> None:
        backend = SQLiteBackend(str(path))
        await backend.open()
        await backend.close()

    run(test())
    db = sqlite3.connect(path)
    assert db.execute("SELECT * FROM yupdates").fetchall() == [("a", "b", "c", 1.0)]
    db.close()


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, run: Run) -> None:
    async def test() -> None:
        backend = SQLiteBackend(str(tmp_path / "missing" / "store.db"))
        with pytest.raises(HistoryUnavailable, match=os.sep + "missing"):
            await backend.open()

    run(test())
