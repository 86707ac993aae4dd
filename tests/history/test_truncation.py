"""What every store does when what was before a version is forgotten."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Text

from jupyter_collaboration.documents.codec import make_document
from jupyter_collaboration.errors import HistoryUnavailable, VersionNotFound
from jupyter_collaboration.history.memory import MemoryBackend
from jupyter_collaboration.history.model import Kind, Mark, MarkKind, Summarized, Version
from jupyter_collaboration.history.sqlite.backend import SQLiteBackend
from jupyter_collaboration.history.store import HistoryBackend

Run = Callable[[Awaitable[Any]], Any]

ROOM = "text:file:1"
SECRET = "correct horse battery staple"


@pytest.fixture(params=["memory", "sqlite"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> HistoryBackend:
    return MemoryBackend() if request.param == "memory" else store(tmp_path)


def store(folder: Path) -> SQLiteBackend:
    return SQLiteBackend(str(folder / "store.db"), commit_delay=0)


def text_of(state: bytes | None) -> str | None:
    if state is None:
        return None
    doc: Doc[Any] = Doc()
    doc.apply_update(state)
    return str(doc.get("source", type=Text))


class Writer:
    """Writes one document in pieces, each an entry of its own."""

    def __init__(self, backend: HistoryBackend) -> None:
        self.history = backend.history(ROOM)
        self.doc: Doc[Any] = Doc()
        self.view = make_document("file", self.doc)  # keeps what is deleted, to undo it
        self.source = self.doc.get("source", type=Text)
        self.then: dict[int, str] = {}

    async def write(self, at: int, text: str = "", remove: int = 0) -> int:
        before = self.doc.get_state()
        with self.doc.transaction():
            del self.source[at : at + remove]
            self.source.insert(at, text)
        self.history.append(self.doc.get_update(before), "ada", Kind.EDIT)
        seq = self.history.mark_cut()
        await self.history.commit()
        self.then[seq] = str(self.source)
        return seq

    async def check(self, first: int) -> None:
        """Whatever is not before an entry is as it was, and nothing else is there."""
        for seq, text in self.then.items():
            assert text_of(await self.history.at(seq)) == (text if seq >= first else None)
            found = await self.history.versions.boundary(seq)
            assert found == (seq if seq >= first else None)
        stored = await self.history.load()
        assert text_of(stored.state) == str(self.source)
        assert stored.state is not None
        replica: Doc[Any] = Doc()
        replica.apply_update(stored.state)
        assert replica.get_state() == self.doc.get_state()


def test_an_entry_becomes_the_first_one(backend: HistoryBackend, run: Run) -> None:
    # [V7] [H4]
    async def test() -> None:
        await backend.open()
        writer = Writer(backend)
        history = writer.history
        session = (await history.load()).session_id
        one = await writer.write(0, "one ")
        history.mark_saved(one, "hash")
        two = await writer.write(4, "two ")
        three = await writer.write(8, "three ", remove=0)
        for seq in (one, two, three):
            history.versions.mark(Mark(seq, MarkKind.NAMED, "ada", 1.0, f"name {seq}"))
        assert await history.forget_before(two) == two
        await writer.check(two)
        assert [mark.text for mark in await history.versions.marks()] == ["name 2", "name 3"]
        first, second = await history.entries()
        assert (first.kind, first.author, second.kind) == (Kind.SQUASHED, "", Kind.EDIT)
        assert text_of(await history.base()) == "one "
        known = await history.attribution.read()
        assert known.authors == ["ada"] and known.seq == two
        history.mark_saved(three, "other")
        assert text_of(await history.base()) == "one two three "
        assert (await history.load()).session_id == session
        await writer.write(0, "zero ")
        assert await history.forget_before(two) == two  # it changes nothing more
        await writer.check(two)
        with pytest.raises(VersionNotFound):
            await history.forget_before(99)
        await backend.close()

    run(test())


@pytest.mark.parametrize("seed", range(10))
def test_what_is_left_replays_to_the_same_document(
    seed: int, tmp_path: Path, run: Run
) -> None:  # [V7] [H4]
    async def test() -> None:
        rng = random.Random(seed)
        for backend in (MemoryBackend(), store(tmp_path)):
            await backend.open()
            writer = Writer(backend)
            await writer.history.load()
            first, base = 0, None
            for _ in range(60):
                size = len(str(writer.source))
                at = rng.randint(0, size)
                remove = rng.randint(0, min(8, size - at)) if rng.random() < 0.4 else 0
                seq = await writer.write(at, rng.choice(["word ", "x", ""]) or "y", remove)
                if rng.random() < 0.2:
                    writer.history.mark_saved(seq, "hash")
                    base = str(writer.source)
                if rng.random() < 0.1:
                    writer.history.checkpoint(seq, writer.doc.get_update())
                if rng.random() < 0.1:
                    first = await writer.history.forget_before(rng.randint(max(first, 1), seq))
                    await writer.check(first)
                    assert text_of(await writer.history.base()) == base
            await backend.close()

    run(test())


def test_versions_of_what_was_forgotten_do_not_come_back(
    backend: HistoryBackend, run: Run
) -> None:  # [V7] [H4]
    async def test() -> None:
        await backend.open()
        writer = Writer(backend)
        versions = writer.history.versions
        seqs = [await writer.write(0, f"{number} ") for number in range(3)]
        old = [Version(seq, seq, ("ada",), "edit", 1.0, 2.0) for seq in seqs]
        await versions.replace(0, old[:2], Summarized(seqs[1], b"state"))
        await writer.history.forget_before(seqs[1])
        assert await versions.page(None, 10) == []
        await versions.replace(seqs[1], old[2:], Summarized(seqs[2], b"state"))  # begun before
        assert (await versions.page(None, 10), await versions.summarized()) == ([], Summarized())
        await versions.replace(0, old[1:], Summarized(seqs[1], b"state"))
        assert [each.seq for each in await versions.page(None, 10)] == [seqs[2], seqs[1]]
        await backend.close()

    run(test())


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("store.db*"))


async def with_a_secret(writer: Writer) -> int:
    """A history in which something was typed, named, kept as a whole, and deleted."""
    history = writer.history
    await history.load()
    await writer.write(0, "before ")
    for letter in reversed(SECRET):  # in rows that grow, as typed texts are stored
        before = writer.doc.get_state()
        writer.source.insert(7, letter)
        history.append(writer.doc.get_update(before), "ada", Kind.EDIT)
        await history.commit()
    seq = await writer.write(7, f"again: {SECRET}")
    history.checkpoint(seq, writer.doc.get_update())
    history.mark_saved(seq, "hash", state=writer.doc.get_update())
    history.versions.mark(Mark(seq, MarkKind.NAMED, "ada", 1.0, SECRET))
    await history.commit()
    gone = await writer.write(7, remove=2 * len(SECRET) + len("again: "))
    history.mark_saved(gone, "hash")
    after = await writer.write(0, "after ")
    assert SECRET.encode() in writer.doc.get_update()
    history.checkpoint(after, writer.doc.get_update())
    await history.commit()
    assert str(writer.source) == "after before "
    return gone


def test_what_was_deleted_before_is_in_no_byte_of_the_database(tmp_path: Path, run: Run) -> None:
    # [V7]
    async def test() -> None:
        backend = store(tmp_path)
        await backend.open()
        writer = Writer(backend)
        gone = await with_a_secret(writer)
        with sqlite3.connect(tmp_path / "store.db") as db:
            db.execute("CREATE TABLE yupdates (path TEXT, yupdate BLOB, timestamp REAL)")
            for name in (".file:1.y", ".file:2.y"):
                db.execute("INSERT INTO yupdates VALUES (?, ?, 1)", (name, SECRET + name))
        db.close()
        assert SECRET.encode() in everything_in(tmp_path)
        await writer.history.forget_before(gone)
        left = everything_in(tmp_path)
        assert left.count(SECRET.encode()) == 1  # another document's, of an older store
        assert (SECRET + ".file:2.y").encode() in left
        await writer.check(gone)
        await writer.write(0, "more ")
        await backend.close()
        assert everything_in(tmp_path).count(SECRET.encode()) == 1

    run(test())


def test_who_is_killed_before_the_bytes_are_gone_does_it_at_the_next_start(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:  # [V7]
    async def test() -> None:
        backend = store(tmp_path)
        await backend.open()
        writer = Writer(backend)
        gone = await with_a_secret(writer)
        with monkeypatch.context() as patch:
            patch.setattr("jupyter_collaboration.history.sqlite.truncation.wipe", lambda db: None)
            await writer.history.forget_before(gone)
        assert SECRET.encode() in everything_in(tmp_path)
        await backend.close()
        backend = store(tmp_path)
        await backend.open()
        assert SECRET.encode() not in everything_in(tmp_path)
        writer.history = backend.history(ROOM)
        await writer.check(gone)
        await backend.close()

    run(test())


def test_a_reader_in_whose_way_it_is_is_told(tmp_path: Path, run: Run) -> None:  # [V7]
    async def test() -> None:
        backend = store(tmp_path)
        await backend.open()
        writer = Writer(backend)
        gone = await with_a_secret(writer)
        other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM collaboration_updates").fetchone()
        with pytest.raises(HistoryUnavailable):
            await writer.history.forget_before(gone)
        other.execute("ROLLBACK")
        other.close()
        assert await writer.history.forget_before(gone) == gone
        assert SECRET.encode() not in everything_in(tmp_path)
        await writer.check(gone)
        await backend.close()

    run(test())


def test_what_a_write_that_is_under_way_needs_is_not_forgotten(tmp_path: Path, run: Run) -> None:
    # [V7] [H9]
    async def test() -> None:
        backend = store(tmp_path)
        await backend.open()
        writer = Writer(backend)
        await writer.history.load()
        one = await writer.write(0, "one ")
        await writer.history.mark_saving(one, "print")
        two = await writer.write(4, "two ")
        with pytest.raises(HistoryUnavailable, match="saved"):
            await writer.history.forget_before(two)
        await writer.check(one)
        assert await writer.history.forget_before(one) == one
        writer.history.mark_saved(one, "hash")
        assert await writer.history.forget_before(two) == two
        await writer.check(two)
        await backend.close()

    run(test())
