"""One server writes a store at a time; others keep private ones; older schemas are migrated."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Text

from jupyter_collaboration import file_lock
from jupyter_collaboration.errors import HistoryUnavailable
from jupyter_collaboration.history.model import Fork, Item, Kind
from jupyter_collaboration.history.sqlite import lease as leases
from jupyter_collaboration.history.sqlite.backend import SQLiteBackend
from jupyter_collaboration.history.sqlite.lease import Lease, LeaseLost, LeaseTaken, Owner
from jupyter_collaboration.history.sqlite.migrations import VERSION
from jupyter_collaboration.history.store import History

Run = Callable[[Awaitable[Any]], Any]

ROOM = "text:file:1"


def private_stores(folder: Path) -> list[Path]:
    return [path for path in folder.glob("store.db.private-*") if path.suffix.count("-") == 1]


class Typist:
    def __init__(self, history: History) -> None:
        self.doc: Doc[Any] = Doc()
        self.text = self.doc.get("source", type=Text)
        self._subscription = self.doc.observe(
            lambda event: history.append(event.update, "ada", Kind.EDIT)
        )

    def type(self, text: str) -> None:
        self.text.insert(len(str(self.text)), text)


def text_of(state: bytes | None) -> str:
    doc: Doc[Any] = Doc()
    text = doc.get("source", type=Text)
    if state is not None:
        doc.apply_update(state)
    return str(text)


def test_a_history_that_was_never_stored_gets_another_name(tmp_path: Path, run: Run) -> None:
    """[S2]: what members have of it may be another content than that of the next load."""

    async def session_of_a_server(*typed: str) -> str:
        backend = SQLiteBackend(str(tmp_path / "store.db"))
        await backend.open()
        session = await backend.session_id(ROOM)
        assert (await backend.history(ROOM).load()).session_id == session
        typist = Typist(backend.history(ROOM))
        for text in typed:
            typist.type(text)
        assert await backend.session_id(ROOM) == session
        await backend.close()
        return session

    async def test() -> None:
        never_stored = await session_of_a_server()
        stored = await session_of_a_server("a")
        assert stored != never_stored
        assert await session_of_a_server() == stored

    run(test())


def test_a_second_server_gets_a_private_store_and_keeps_it(tmp_path: Path, run: Run) -> None:
    # S2 [H7]
    async def test() -> None:
        first, second = (SQLiteBackend(str(tmp_path / "store.db")) for _ in range(2))
        await first.open()
        await second.open()
        assert (first.is_private, second.is_private) == (False, True)
        session = await second.session_id(ROOM)
        assert session != await first.session_id(ROOM)
        Typist(second.history(ROOM)).type("a")
        await second.close()
        (private,) = private_stores(tmp_path)
        second = SQLiteBackend(str(tmp_path / "store.db"))
        await second.open()
        assert private_stores(tmp_path) == [private]
        assert await second.session_id(ROOM) == session
        await first.close()
        third = SQLiteBackend(str(tmp_path / "store.db"))
        await third.open()
        assert not third.is_private
        await second.close()
        await third.close()

    run(test())


def test_a_store_whose_lease_was_taken_is_written_no_more_until_it_is_private(
    tmp_path: Path, run: Run
) -> None:  # S2 [H7]
    async def test() -> None:
        path = tmp_path / "store.db"
        backend = SQLiteBackend(str(path), commit_delay=0)
        await backend.open()
        lost: list[bool] = []
        backend.when_lost(lambda: lost.append(True))
        history = backend.history(ROOM)
        session = (await history.load()).session_id
        typist = Typist(history)
        typist.type("before")
        await history.commit()
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("UPDATE collaboration_lease SET number = number + 1")
        before = other.execute("SELECT * FROM collaboration_updates").fetchall()
        typist.type(" after")
        with pytest.raises(HistoryUnavailable):
            await history.commit()
        writes: list[Callable[[], Awaitable[object]]] = [
            lambda: backend.session_id("text:file:new"),
            lambda: backend.forks.add(Fork("fork", ROOM, session)),
            lambda: backend.inventory.note(Item(ROOM, "root", 1.0)),
            lambda: backend.inventory.drop(ROOM),
            lambda: backend.set_aside(ROOM),
        ]
        for write in writes:
            with pytest.raises(LeaseLost):
                await write()
        assert lost == [True]
        assert other.execute("SELECT * FROM collaboration_updates").fetchall() == before
        other.close()
        await backend.go_private()
        assert backend.is_private
        again = backend.history(ROOM)
        stored = await again.load()
        assert (stored.seq, stored.session_id != session) == (0, True)
        Typist(again).type("private")
        await again.commit()
        await backend.close()

    run(test())


def test_nothing_of_the_lost_store_is_written_to_the_private_one(tmp_path: Path, run: Run) -> None:
    # S2 [H7]
    async def test() -> None:
        path = tmp_path / "store.db"
        backend = SQLiteBackend(str(path), commit_delay=0)
        await backend.open()
        backend.when_lost(lambda: None)
        history = backend.history(ROOM)
        await history.load()
        typist = Typist(history)
        typist.type("before")
        await history.commit()
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("UPDATE collaboration_lease SET number = number + 1")
        other.close()
        with pytest.raises(LeaseLost):
            await backend.session_id("text:file:new")
        go_on = threading.Event()
        busy = asyncio.create_task(backend.run(go_on.wait))
        switching = asyncio.create_task(backend.go_private())
        await asyncio.sleep(0)
        typist.type(" meanwhile")
        history.mark_saved(history.mark_cut(), "hash")
        committing = asyncio.create_task(history.commit())
        await asyncio.sleep(0.05)  # the write, if there is one, waits for the busy thread
        go_on.set()
        await asyncio.gather(busy, switching)
        with suppress(HistoryUnavailable):
            await committing
        stored = await backend.history(ROOM).load()
        assert (stored.seq, stored.updates, stored.saved_hash) == (0, [], None)
        await backend.close()

    run(test())


def test_a_store_that_a_paused_server_has_locked_is_replaced_by_a_private_one(
    tmp_path: Path, run: Run
) -> None:  # S2 [H7]
    async def test() -> None:
        path = tmp_path / "store.db"
        first = SQLiteBackend(str(path))
        await first.open()
        await first.close()
        paused = sqlite3.connect(path, isolation_level=None)
        paused.execute("BEGIN IMMEDIATE")
        second = SQLiteBackend(str(path))
        await second.open()
        assert second.is_private
        history = second.history(ROOM)
        await history.load()
        Typist(history).type("private")
        await history.commit()
        await second.close()
        paused.close()

    run(test())


@pytest.mark.parametrize(
    ("by_path", "changed_on_disk"), [(True, False), (False, False), (False, True)]
)
def test_unsaved_work_of_a_private_store_is_found_once(
    tmp_path: Path, run: Run, by_path: bool, changed_on_disk: bool
) -> None:  # S2 [H9]
    async def test() -> None:
        path = str(tmp_path / "store.db")
        first, second = SQLiteBackend(path), SQLiteBackend(path)
        await first.open()
        await second.open()
        history = second.history("text:file:other" if by_path else ROOM)
        await history.load()
        typist = Typist(history)
        typist.type("saved")
        history.note_path("a.txt")
        history.mark_saved(history.mark_cut(), "hash")
        await history.commit()
        mine = first.history(ROOM)
        await mine.load()
        typist.type(" and not")
        if changed_on_disk:  # the file is known to be without it
            history.mark_saved(history.mark_cut(), "other", state=await history.base())
        await history.commit()
        assert await mine.unsaved_elsewhere("a.txt") == []  # its server is there
        await second.close()
        assert await mine.unsaved_elsewhere("b.txt" if by_path else "a.txt") == (
            [] if by_path else await mine.unsaved_elsewhere("a.txt")
        )
        (work,) = await mine.unsaved_elsewhere("a.txt")
        assert (text_of(work.base), text_of(work.state)) == ("saved", "saved and not")
        assert work.authors == ("ada",)
        await mine.taken_over(work)
        assert await mine.unsaved_elsewhere("a.txt") == []
        await first.close()

    run(test())


def lease_of(path: Path, now: Callable[[], float]) -> tuple[Lease, sqlite3.Connection]:
    return Lease(path, now), sqlite3.connect(path, isolation_level=None)


def another(host: str = "", pid: int = 1) -> Owner:
    this = Owner.this()
    return Owner(host or this.host, pid, "0")


@pytest.mark.parametrize(
    ("owner", "age", "is_taken"),
    [
        (another("elsewhere"), 1, True),
        (another("elsewhere"), 1000, False),
        (another(pid=2**22 + 1), 1, False),  # it is dead
        (None, 1, False),  # it left in order
    ],
)
def test_the_row_decides_where_locks_are_granted_to_everybody(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    owner: Owner | None,
    age: float,
    is_taken: bool,
) -> None:  # S2 [H7]
    monkeypatch.setattr(file_lock, "try_lock", lambda fd: True)
    path = tmp_path / "store.db"
    path.touch()
    lease, db = lease_of(path, lambda: 5000.0)
    lease.lock()
    lease.take(db)
    db.execute(
        "UPDATE collaboration_lease SET owner = ?, beat = ?",
        ("" if owner is None else str(owner), 5000.0 - age),
    )
    other, connection = lease_of(path, lambda: 5000.0)
    other.lock()
    if is_taken:
        with pytest.raises(LeaseTaken):
            other.take(connection)
        lease.beat(db)
    else:
        other.take(connection)
        other.beat(connection)
        with pytest.raises(LeaseLost):
            lease.beat(db)
    db.close()
    connection.close()


def test_a_copy_of_a_store_in_use_is_nobody_s(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # S2
    path, copy = tmp_path / "store.db", tmp_path / "copy.db"
    path.touch()
    lease, db = lease_of(path, lambda: 0.0)
    lease.take(db)
    db.execute("UPDATE collaboration_lease SET owner = ?", (str(another("elsewhere")),))
    db.close()
    copy.write_bytes(path.read_bytes())
    other, connection = lease_of(copy, lambda: 0.0)
    other.take(connection)
    connection.close()


def test_a_heartbeat_keeps_the_lease_and_comes_often_enough() -> None:  # S2
    assert leases.LEASE_SECONDS / leases.HEARTBEATS < leases.LEASE_SECONDS / 2


# Migrations


OLDEST = """
CREATE TABLE collaboration_documents (
    id INTEGER PRIMARY KEY,
    room TEXT NOT NULL UNIQUE,
    session TEXT NOT NULL,
    saved_seq INTEGER,
    saved_hash TEXT
);
CREATE TABLE collaboration_updates (
    document INTEGER NOT NULL REFERENCES collaboration_documents (id),
    seq INTEGER NOT NULL,
    author TEXT NOT NULL,
    kind TEXT NOT NULL,
    time REAL NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (document, seq)
);
CREATE TABLE collaboration_forks (
    room TEXT PRIMARY KEY,
    root TEXT NOT NULL,
    root_session TEXT NOT NULL
);
"""


@pytest.mark.parametrize("published", [True, False])
def test_an_older_schema_is_migrated_with_all_that_is_in_it(
    tmp_path: Path, run: Run, published: bool
) -> None:  # [H6] [K7]
    path = tmp_path / "store.db"
    doc: Doc[Any] = Doc()
    doc.get("source", type=Text).insert(0, "old")
    db = sqlite3.connect(path, isolation_level=None)
    db.executescript(OLDEST)
    db.execute("INSERT INTO collaboration_documents VALUES (1, ?, 'session', 1, 'hash')", (ROOM,))
    db.execute(
        "INSERT INTO collaboration_updates VALUES (1, 1, 'ada', 'edit', 1.0, ?)",
        (doc.get_update(),),
    )
    db.execute("INSERT INTO collaboration_forks VALUES ('fork', ?, 'session')", (ROOM,))
    if published:
        db.execute("CREATE TABLE yupdates (path TEXT, yupdate BLOB, metadata BLOB, timestamp REAL)")
        db.execute("PRAGMA user_version = 1000")
    db.close()

    async def test() -> None:
        for _ in range(2):
            backend = SQLiteBackend(str(path))
            await backend.open()
            assert not backend.is_private
            stored = await backend.history(ROOM).load()
            assert text_of(stored.state) == "old"
            assert (stored.session_id, stored.saved_hash) == ("session", "hash")
            assert await backend.forks.of_root(ROOM) == [Fork("fork", ROOM, "session")]
            await backend.close()

    run(test())
    assert not list(tmp_path.glob("*set-aside*"))
    db = sqlite3.connect(path)
    (version,) = db.execute("PRAGMA user_version").fetchone()
    assert version == (1000 if published else VERSION)  # that of the published store is its own
    db.close()


@pytest.mark.parametrize("published", [True, False])
def test_a_newer_schema_is_left_as_it_is(tmp_path: Path, run: Run, published: bool) -> None:
    # S2 [H6]
    path = tmp_path / "store.db"

    async def test() -> None:
        backend = SQLiteBackend(str(path))
        await backend.open()
        await backend.session_id(ROOM)
        await backend.close()
        db = sqlite3.connect(path, isolation_level=None)
        if published:
            db.execute("CREATE TABLE yupdates (path TEXT)")
            (number,) = db.execute("PRAGMA application_id").fetchone()
            db.execute(f"PRAGMA application_id = {number + 1}")
        else:
            db.execute(f"PRAGMA user_version = {VERSION + 1}")
        db.close()
        before = path.read_bytes()
        for _ in range(2):
            backend = SQLiteBackend(str(path))
            await backend.open()
            assert backend.is_private
            await backend.session_id(ROOM)
            await backend.close()
        assert path.read_bytes() == before
        assert len(private_stores(tmp_path)) == 1

    run(test())
