"""What every store of histories does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import sqlite3
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Text

from jupyter_collaboration.documents.codec import replay
from jupyter_collaboration.errors import HistoryUnavailable
from jupyter_collaboration.history.coalescing import merged
from jupyter_collaboration.history.memory import MemoryBackend
from jupyter_collaboration.history.model import (
    Entry,
    Fork,
    Kind,
    OpenConflict,
    Retention,
    Summarized,
)
from jupyter_collaboration.history.retention import Row, compacted
from jupyter_collaboration.history.sqlite.backend import SQLiteBackend
from jupyter_collaboration.history.store import History, HistoryBackend

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
        committed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        history.when_committed(committed.set_result)
        assert await committed is isinstance(backend, SQLiteBackend)
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
        assert names == ["store.db", "store.db-shm", "store.db-wal", "store.db.lock"]
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


def test_one_piece_of_work_takes_one_entry_and_a_save_begins_another(
    tmp_path: Path, run: Run
) -> None:  # [H3]
    async def test() -> None:
        backend = SQLiteBackend(str(tmp_path / "store.db"), commit_delay=0)
        await backend.open()
        history = backend.history("text:file:1")
        await history.load()
        typist = Typist(history)
        for word in ("one ", "two ", "three "):
            typist.type(word)
            await history.commit()
        assert len(await history.entries()) == 1
        history.mark_saved(history.mark_cut(), "hash")
        typist.type("four")
        await history.commit()
        first, second = await history.entries()
        assert text_of(first.update) == "one two three "
        assert text_of(replay([first.update, second.update])) == "one two three four"
        assert text_of(await history.base()) == "one two three "
        await backend.close()

    run(test())


def test_a_clock_that_steps_back_changes_no_order(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:  # [H8]
    async def test() -> None:
        backend = SQLiteBackend(str(tmp_path / "store.db"), commit_delay=0)
        await backend.open()
        history = backend.history("text:file:1")
        await history.load()
        typist = Typist(history)
        for now, word in ((1000.0, "one "), (10.0, "two "), (2000.0, "three")):
            monkeypatch.setattr(
                "jupyter_collaboration.history.store.time.time", lambda now=now: now
            )
            typist.type(word)
            await history.commit()
        assert [entry.time for entry in await history.entries()] == [1000.0, 10.0, 2000.0]
        stored = await backend.history("text:file:1").load()
        assert text_of(stored.state) == "one two three"
        await backend.close()

    run(test())


def test_short_histories_take_little_room(tmp_path: Path, run: Run) -> None:  # [H3]
    async def test() -> None:
        backend = SQLiteBackend(str(tmp_path / "store.db"), commit_delay=0)
        await backend.open()
        history = backend.history("text:file:1")
        await history.load()
        typist = Typist(history)
        for _ in range(300):
            typist.type("0123456789")
            await history.commit()
        await backend.close()

    run(test())
    # With a page or two for each index, once in a store.
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 115_000


@pytest.mark.parametrize("seed", range(20))
def test_compaction_makes_shorter_and_changes_nothing(seed: int) -> None:  # [H4] [H5] [V4]
    rng = random.Random(seed)
    doc: Doc[Any] = Doc()
    text = doc.get("source", type=Text)
    rows: list[Row] = []
    for seq in range(1, 120):
        before = doc.get_state()
        size = len(str(text))
        if size > 20 and rng.random() < 0.3:
            at = rng.randrange(size - 5)
            del text[at : at + 5]
        else:
            text.insert(rng.randint(0, size), rng.choice(["word ", "x", "line\n"]))
        author = rng.choice(["ada", "bob"])
        rows.append(Row(seq, author, "edit", 3600.0 * seq, doc.get_update(before)))
    saved = rng.randint(1, 119)
    named = frozenset(rng.sample(range(1, 120), rng.choice([0, 0, 3])))
    size = rng.choice([10**6, 1000, 0])
    shorter = compacted(rows, saved, oldest=3600.0 * 60, max_bytes=size, named=named)
    assert shorter is not None
    assert len(shorter) < len(rows)
    assert text_of(replay([row.data for row in shorter])) == str(text)
    for seq in {saved, *named}:
        assert seq in [row.seq for row in shorter]
        wanted = replay([row.data for row in rows if row.seq <= seq])
        assert text_of(replay([row.data for row in shorter if row.seq <= seq])) == text_of(wanted)
    assert [row.seq for row in shorter] == sorted(row.seq for row in shorter)


def test_a_closed_document_s_history_is_shortened_by_its_settings(
    tmp_path: Path, run: Run
) -> None:  # [H5]
    async def test() -> None:
        retention = Retention(squash_after=-1)
        backend = SQLiteBackend(str(tmp_path / "store.db"), commit_delay=0, retention=retention)
        await backend.open()
        history = backend.history("text:file:1")
        await history.load()
        typist = Typist(history)
        for word in ("one ", "two ", "three"):
            typist.type(word)
            history.mark_saved(history.mark_cut(), "hash")
            await history.commit()
        await backend.compact("text:file:1")
        (entry,) = await history.entries()
        assert entry.kind is Kind.SQUASHED
        again = backend.history("text:file:1")
        stored = await again.load()
        assert text_of(stored.state) == "one two three"
        assert stored.seq == history.seq
        assert text_of(await again.base()) == "one two three"
        await backend.close()

    run(test())


def test_a_published_store_s_history_is_taken_over(tmp_path: Path, run: Run) -> None:  # [H6]
    path = tmp_path / "store.db"
    doc: Doc[Any] = Doc()
    text = doc.get("source", type=Text)
    updates: list[bytes] = []
    subscription = doc.observe(lambda event: updates.append(event.update))
    for word in ("one ", "two ", "three"):
        text += word
    doc.unobserve(subscription)
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE yupdates (path TEXT, yupdate BLOB, metadata BLOB, timestamp REAL)")
        db.execute("CREATE TABLE ycheckpoints (path TEXT, checkpoint BLOB, timestamp REAL)")
        db.execute("INSERT INTO ycheckpoints VALUES ('.file:1.y', ?, 1)", (updates[0],))
        for seq, update in enumerate(updates):
            db.execute("INSERT INTO yupdates VALUES ('.file:1.y', ?, '', ?)", (update, 10 - seq))
    db.close()

    async def test() -> None:
        backend = SQLiteBackend(str(path))
        await backend.open()
        history = backend.history("text:file:1")
        stored = await history.load()
        assert text_of(stored.state) == "one two three"
        assert {entry.kind for entry in await history.entries()} == {Kind.IMPORT}
        assert stored.seq == history.seq == len(await history.entries())
        assert (await backend.history("text:file:2").load()).state is None
        await backend.close()

    run(test())


def test_without_a_write_ahead_log_the_store_works_as_well(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:  # [H7]
    class Network(sqlite3.Connection):
        def execute(self, sql: str, *args: Any) -> sqlite3.Cursor:
            if sql == "PRAGMA journal_mode = WAL":
                raise sqlite3.OperationalError("locking protocol")
            return super().execute(sql, *args)

    connect = sqlite3.connect
    monkeypatch.setattr(
        "sqlite3.connect", lambda path, **options: connect(path, factory=Network, **options)
    )

    async def test() -> None:
        backend = SQLiteBackend(str(tmp_path / "store.db"))
        await backend.open()
        history = backend.history("text:file:1")
        await history.load()
        Typist(history).type("x")
        await history.commit()
        assert text_of((await backend.history("text:file:1").load()).state) == "x"
        assert {path.name for path in tmp_path.iterdir()} <= {
            "store.db",
            "store.db-journal",
            "store.db.lock",
        }
        await backend.close()

    run(test())


def test_a_damaged_store_is_set_aside(tmp_path: Path, run: Run) -> None:  # [H6]
    path = tmp_path / "store.db"

    async def fill() -> None:
        backend = SQLiteBackend(str(path))
        await backend.open()
        history = backend.history("text:file:1")
        await history.load()
        Typist(history).type("x" * 2000)
        await backend.close()

    async def again() -> None:
        backend = SQLiteBackend(str(path))
        await backend.open()
        assert (await backend.history("text:file:1").load()).state is None
        await backend.close()

    run(fill())
    data = bytearray(path.read_bytes())
    data[3000:] = bytes(len(data) - 3000)
    path.write_bytes(data)
    run(again())
    assert len(list(tmp_path.glob("store.db.set-aside-*"))) == 1


def test_a_store_that_refuses_keeps_what_waits_and_writes_it_later(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:  # [H1]
    monkeypatch.setattr("jupyter_collaboration.history.sqlite.writer.MAX_BACKLOG", 50)

    async def test() -> None:
        backend = SQLiteBackend(str(tmp_path / "store.db"), commit_delay=0)
        await backend.open()
        history = backend.history("text:file:1")
        await history.load()
        write = backend._write

        def refuse(*args: Any) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        monkeypatch.setattr(backend, "_write", refuse)
        typist = Typist(history)
        typist.type("kept for later")
        with pytest.raises(HistoryUnavailable, match="full"):
            await history.commit()
        typist.type(" and more")
        with pytest.raises(HistoryUnavailable, match="full"):
            await history.commit()
        monkeypatch.setattr(backend, "_write", write)
        await history.commit()
        assert text_of((await backend.history("text:file:1").load()).state) == (
            "kept for later and more"
        )
        await backend.close()

    run(test())


@pytest.mark.parametrize("times", [1, 2, 3])
def test_what_is_appended_during_the_last_write_is_stored_as_well(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:  # [H1]
    async def test() -> None:
        backend = SQLiteBackend(str(tmp_path / "store.db"), commit_delay=60)
        await backend.open()
        history = backend.history("text:file:1")
        await history.load()
        typist = Typist(history)
        typist.type("first")
        write, left = backend.run, times

        async def more(*args: Any) -> Any:
            nonlocal left
            found = await write(*args)
            if args[0] == backend._write and left:
                left -= 1
                typist.type("+")
            return found

        monkeypatch.setattr(backend, "run", more)
        await backend.close()
        again = SQLiteBackend(str(tmp_path / "store.db"))
        await again.open()
        stored = await again.history("text:file:1").load()
        assert text_of(stored.state) == "first" + times * "+"
        await again.close()

    run(test())


def test_forks_are_kept_with_their_histories_and_go_with_them(
    backend: HistoryBackend, run: Run
) -> None:  # [K7]
    async def test() -> None:
        await backend.open()
        first = Fork("one", "root", "session", True, "A title", "of it")
        others = [Fork("two", "root", "session"), Fork("three", "another", "session")]
        for fork in (first, *others):
            history = backend.history(fork.room_id)
            await history.load()
            Typist(history).type(fork.room_id)
            await history.commit()
            await backend.forks.add(fork)
        assert await backend.forks.of_root("root") == [first, others[0]]
        assert await backend.forks.of_root("nothing") == []
        assert await backend.forks.find("one") == first
        session_id = await backend.session_id("one")
        await backend.forks.remove("one")
        assert await backend.forks.find("one") is None
        assert await backend.forks.of_root("root") == [others[0]]
        assert (await backend.history("one").load()).updates == []
        assert await backend.session_id("one") != session_id
        assert text_of((await backend.history("two").load()).state) == "two"
        await backend.close()

    run(test())


def test_a_database_without_forks_gets_their_table(tmp_path: Path, run: Run) -> None:  # [K7]
    path = tmp_path / "store.db"

    async def test() -> None:
        for _ in range(2):
            backend = SQLiteBackend(str(path))
            await backend.open()
            await backend.session_id("root")
            assert await backend.forks.of_root("root") == []
            await backend.forks.add(Fork("one", "root", "session"))
            await backend.close()
            with sqlite3.connect(path) as db:
                db.execute("DROP TABLE collaboration_forks")
            db.close()

    run(test())


def test_people_are_known_by_their_last_name(backend: HistoryBackend, run: Run) -> None:  # [V3]
    async def test() -> None:
        await backend.open()
        people = [f"user{number}" for number in range(1200)]
        for username in people:
            backend.people.note(username, "Somebody")
        backend.people.note("user1", "Ada Lovelace")
        found = await backend.people.names(["user0", "user1", "unknown"])
        assert found == {"user0": "Somebody", "user1": "Ada Lovelace"}
        assert len(await backend.people.names(people)) == 1200
        await backend.close()

    run(test())


def test_names_outlive_the_store_s_process_and_a_database_without_them(
    tmp_path: Path, run: Run
) -> None:  # [V3]
    path = tmp_path / "store.db"

    async def noted(name: str) -> dict[str, str]:
        backend = SQLiteBackend(str(path))
        await backend.open()
        before = await backend.people.names(["ada"])
        backend.people.note("ada", name)
        await backend.close()
        return before

    async def test() -> None:
        assert await noted("Ada") == {}
        assert await noted("Ada L.") == {"ada": "Ada"}
        with sqlite3.connect(path) as db:
            db.execute("DROP TABLE collaboration_people")
        db.close()
        assert await noted("Ada") == {}

    run(test())


def test_histories_that_end_with_their_rooms_have_no_forks() -> None:  # [K7]
    assert MemoryBackend().forks.lasts
    assert not MemoryBackend(keep=False).forks.lasts


def test_conflicts_are_kept_until_they_are_removed(backend: HistoryBackend, run: Run) -> None:
    # [S4]
    def conflict(number: int) -> OpenConflict:
        texts = ("text", "source", None, "x = 2\n", "x = 3\n", "x = 2\nx = 3\n")
        return OpenConflict(f"{9 - number}", "disk", float(number), *texts)

    async def test() -> None:
        await backend.open()
        store = backend.history("text:file:1").conflicts
        await backend.session_id("text:file:1")
        await backend.session_id("text:file:2")
        for number in range(3):
            store.add(conflict(number))
        store.remove("8")
        store.remove("no such")
        assert await store.all() == [conflict(0), conflict(2)]
        assert await backend.history("text:file:1").conflicts.all() == [conflict(0), conflict(2)]
        assert await backend.history("text:file:2").conflicts.all() == []
        await backend.close()

    run(test())


@pytest.mark.parametrize("name", ["deleted_cells", "provenance"])
def test_what_is_remembered_of_cells_is_kept(name: str, backend: HistoryBackend, run: Run) -> None:
    # [P9] [R15]
    async def test() -> None:
        await backend.open()
        store = getattr(backend.history("text:file:1"), name)
        await backend.session_id("text:file:1")
        await backend.session_id("text:file:2")
        for cell in ("a", "b", "c"):
            store.put(cell, f"1 {cell}")
        store.put("a", "2 a")
        store.remove("b")
        store.remove("no such")
        found = {"a": "2 a", "c": "1 c"}
        assert await store.all() == found
        assert await getattr(backend.history("text:file:1"), name).all() == found
        assert await getattr(backend.history("text:file:2"), name).all() == {}
        other = {"deleted_cells", "provenance"} - {name}
        assert await getattr(backend.history("text:file:1"), other.pop()).all() == {}
        await backend.close()

    run(test())


def test_that_edits_are_held_is_kept(backend: HistoryBackend, run: Run) -> None:  # [F13]
    async def test() -> None:
        await backend.open()
        history = backend.history("text:file:1")
        assert not (await history.load()).is_held
        Typist(history).type("a")
        for is_held in (True, False):
            history.note_held(is_held)
            history.note_held(is_held)
            await history.commit()
            assert (await backend.history("text:file:1").load()).is_held is is_held
        await backend.close()

    run(test())


def test_the_bytes_of_pending_versions_are_counted(backend: HistoryBackend, run: Run) -> None:
    # [V3]
    async def test() -> None:
        await backend.open()
        history = backend.history("text:file:1")
        assert await history.versions.pending_bytes() == 0
        history.append(b"x" * 100, "ada", Kind.EDIT)
        history.append(b"x" * 20, "bob", Kind.DISK)
        assert await history.versions.pending_bytes() == 120
        (first, _) = await history.versions.entries_after(0, 9)
        await history.versions.replace(0, [], Summarized(first.seq, b"state"))
        assert await history.versions.pending_bytes() == 25
        await backend.close()

    run(test())


def test_a_damaged_conflict_does_not_keep_a_document_closed(tmp_path: Path, run: Run) -> None:
    # [S4]
    async def test() -> None:
        backend = SQLiteBackend(str(tmp_path / "store.db"), commit_delay=0)
        await backend.open()
        history = backend.history("text:file:1")
        await history.load()
        history.conflicts.add(OpenConflict("1", "disk", 1.0, "text", "source", None, "", "", ""))
        history.deleted_cells.put("a", "deleted")
        history.provenance.put("b", "origin")
        await history.load()
        known = history.remembered
        assert [conflict.id for conflict in known.conflicts] == ["1"]
        assert (known.deleted_cells, known.provenance) == ({"a": "deleted"}, {"b": "origin"})
        await backend.close()
        with contextlib.closing(sqlite3.connect(tmp_path / "store.db")) as db, db:
            for number, data in enumerate(("", "[]", '{"id": "new"}')):
                db.execute(
                    "INSERT INTO collaboration_conflicts SELECT id, ?, ?"
                    " FROM collaboration_documents",
                    (f"bad {number}", data),
                )
        again = SQLiteBackend(str(tmp_path / "store.db"))
        await again.open()
        history = again.history("text:file:1")
        await history.load()
        assert history.remembered.conflicts == known.conflicts
        await again.close()

    run(test())
