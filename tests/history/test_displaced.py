"""A store whose files are taken away while a server uses it is written again."""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Text

from jupyter_collaboration.errors import HistoryUnavailable
from jupyter_collaboration.history.model import Kind, Mark, MarkKind
from jupyter_collaboration.history.sqlite import store_file
from jupyter_collaboration.history.sqlite.backend import SQLiteBackend
from jupyter_collaboration.history.store import History

Run = Callable[[Awaitable[Any]], Any]

ROOM = "text:file:1"


def replayed(state: bytes | None) -> Doc[Any]:
    doc: Doc[Any] = Doc()
    doc.get("source", type=Text)
    if state is not None:
        doc.apply_update(state)
    return doc


class Typist:
    def __init__(self, history: History, doc: Doc[Any] | None = None) -> None:
        self.doc: Doc[Any] = Doc() if doc is None else doc
        self.text = self.doc.get("source", type=Text)
        self._subscription = self.doc.observe(
            lambda event: history.append(event.update, "ada", Kind.EDIT)
        )

    def type(self, text: str) -> None:
        self.text += text


async def opened(folder: Path) -> tuple[SQLiteBackend, History, Typist]:
    """A store in a new folder, in use, with a document that has a text and a named version."""
    folder.mkdir()
    backend = SQLiteBackend(str(folder / "store.db"))
    await backend.open()
    history = backend.history(ROOM)
    await history.load()
    typist = Typist(history)
    typist.type("one ")
    history.versions.mark(Mark(history.seq, MarkKind.NAMED, "ada", 1.0, "first"))
    await history.commit()
    return backend, history, typist


async def text_in(folder: Path, aside: Path) -> str:
    """What a server finds in a copy of a folder, as after a kill of the one that uses it."""
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(folder, aside)
    backend = SQLiteBackend(str(aside / "store.db"))
    await backend.open()
    history = backend.history(ROOM)
    state = (await history.load()).state
    assert [mark.text for mark in await history.versions.marks()] == (["first"] if state else [])
    await backend.close()
    return str(replayed(state).get("source", type=Text))


def delete_all(folder: Path) -> None:
    for path in folder.glob("store.db*"):
        path.unlink()


def delete_the_database(folder: Path) -> None:
    (folder / "store.db").unlink()


def delete_the_log(folder: Path) -> None:
    (folder / "store.db-wal").unlink()


def delete_the_log_and_the_index(folder: Path) -> None:
    (folder / "store.db-wal").unlink()
    (folder / "store.db-shm").unlink()


def move(folder: Path) -> None:
    (folder / "store.db").rename(folder / "moved.db")


def replace_by_a_copy(folder: Path) -> None:
    shutil.copy(folder / "store.db", folder / "copy.db")
    os.replace(folder / "copy.db", folder / "store.db")


def replace_by_something_else(folder: Path) -> None:
    (folder / "other").write_bytes(b"no database " * 1000)
    os.replace(folder / "other", folder / "store.db")


def replace_with_the_log(folder: Path) -> None:
    for suffix in ("", "-wal"):
        data = (folder / f"store.db{suffix}").read_bytes()
        (folder / f"store.db{suffix}").unlink()
        (folder / f"store.db{suffix}").write_bytes(data)


def replace_the_log_by_an_older_one(folder: Path) -> None:
    """As a program does that copies one file after the other back."""
    log = folder / "store.db-wal"
    older = log.read_bytes()[: 32 + 2 * (24 + 2048)]
    log.unlink()
    log.write_bytes(older)


def delete_the_lock(folder: Path) -> None:
    (folder / "store.db").unlink()
    (folder / "store.db.lock").unlink()


WAYS = [
    delete_the_lock,
    replace_the_log_by_an_older_one,
    delete_all,
    delete_the_database,
    delete_the_log,
    delete_the_log_and_the_index,
    move,
    replace_by_a_copy,
    replace_by_something_else,
    replace_with_the_log,
]


DELETIONS = [
    delete_all,
    delete_the_database,
    delete_the_log,
    delete_the_log_and_the_index,
    delete_the_lock,
    move,
]


@pytest.mark.parametrize("displace", WAYS)
def test_a_displaced_store_is_written_again_with_all_that_was_in_it(
    displace: Callable[[Path], None], tmp_path: Path, run: Run, caplog: pytest.LogCaptureFixture
) -> None:  # [H1] [H6]
    async def test() -> None:
        folder = tmp_path / "folder"
        backend, history, typist = await opened(folder)
        session = await backend.session_id(ROOM)
        assert await history.at(history.seq) is not None  # the reader is connected as well
        for number in range(3):
            displace(folder)
            typist.type(f"{number} ")
            await history.commit()
            assert await text_in(folder, tmp_path / "aside") == str(typist.text)
            assert await history.at(history.seq) is not None
            caplog.set_level(logging.ERROR)
            typist.type("more ")  # and is left alone afterwards
            await history.commit()
            assert await text_in(folder, tmp_path / "aside") == str(typist.text)
        assert await backend.session_id(ROOM) == session
        written = [each for each in caplog.messages if "written again" in each]
        assert len(written) == 3
        await backend.close()
        assert await text_in(folder, tmp_path / "aside") == str(typist.text)
        assert not list(folder.glob("*.copy-*"))
        if displace in DELETIONS:
            assert not list(folder.glob("*.set-aside-*"))

    run(test())


def test_what_replaced_a_store_is_kept(tmp_path: Path, run: Run) -> None:  # [H6]
    async def test() -> None:
        backend = SQLiteBackend(str(tmp_path / "store.db"))
        await backend.open()
        replace_by_something_else(tmp_path)
        backend.history(ROOM).append(b"\0\0", "ada", Kind.EDIT)
        await backend.flush()
        (kept,) = tmp_path.glob("*.set-aside-*")
        assert kept.read_bytes().startswith(b"no database")
        await backend.close()

    run(test())


def test_a_displaced_store_is_written_again_when_it_is_closed(
    tmp_path: Path, run: Run
) -> None:  # [H6]
    async def test() -> None:
        folder = tmp_path / "folder"
        backend, _, typist = await opened(folder)
        delete_all(folder)
        await backend.close()
        assert await text_in(folder, tmp_path / "aside") == str(typist.text)

    run(test())


def test_a_store_that_another_server_began_at_its_place_is_left_to_it(
    tmp_path: Path, run: Run
) -> None:  # [H7]
    async def test() -> None:
        backend, other = (SQLiteBackend(str(tmp_path / "store.db")) for _ in range(2))
        await backend.open()
        lost: list[bool] = []
        backend.when_lost(lambda: lost.append(True))
        backend.history(ROOM).append(b"\0\0", "ada", Kind.EDIT)
        await backend.flush()
        delete_all(tmp_path)
        await other.open()
        assert not other.is_private
        session = await other.session_id(ROOM)
        backend.history(ROOM).append(b"\0\0", "ada", Kind.EDIT)
        await backend.flush()
        assert lost == [True]
        await backend.go_private()
        assert backend.is_private
        assert await other.session_id(ROOM) == session
        await other.flush()
        await other.close()
        await backend.close()
        db = sqlite3.connect(tmp_path / "store.db")
        assert db.execute("SELECT session FROM collaboration_documents").fetchall() == [(session,)]
        db.close()

    run(test())


def test_a_store_without_a_place_is_reported_and_written_once_there_is_one(
    tmp_path: Path, run: Run
) -> None:  # [H1] [H6]
    async def test() -> None:
        folder = tmp_path / "folder"
        backend, history, typist = await opened(folder)
        shutil.rmtree(folder)
        typist.type("two ")
        with pytest.raises(HistoryUnavailable):
            await history.commit()
        folder.mkdir()
        await backend.flush()
        await history.commit()
        assert await text_in(folder, tmp_path / "aside") == "one two "
        await backend.close()

    run(test())


@pytest.mark.parametrize("fails", ["migrate", "connected"])
def test_a_store_that_cannot_be_opened_again_is_whole_with_the_next_try(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:  # [H1] [H6]
    async def test() -> None:
        folder = tmp_path / "folder"
        backend, history, typist = await opened(folder)
        lost: list[bool] = []
        backend.when_lost(lambda: lost.append(True))
        original, tries = getattr(store_file, fails), 2

        def failing(*args: Any) -> Any:
            nonlocal tries
            tries -= 1
            if tries >= 0:
                raise sqlite3.OperationalError("database or disk is full")
            return original(*args)

        delete_all(folder)
        monkeypatch.setattr(store_file, fails, failing)
        typist.type("two ")
        for _ in range(2):
            with pytest.raises(HistoryUnavailable):
                await history.commit()
        await backend.flush()
        await history.commit()
        assert lost == []
        assert await text_in(folder, tmp_path / "aside") == "one two "
        assert not list(folder.glob("*.set-aside-*"))
        await backend.close()

    run(test())


def test_a_document_that_is_first_opened_after_that_is_what_was_stored(
    tmp_path: Path, run: Run
) -> None:  # [H6]
    async def test() -> None:
        folder = tmp_path / "folder"
        first, history, typist = await opened(folder)
        first._truncate_log()
        shutil.copy(folder / "store.db", folder / "older.db")
        typist.type("two ")
        await history.commit()
        await first.close()
        backend = SQLiteBackend(str(folder / "store.db"))
        await backend.open()
        (folder / "older.db").replace(folder / "store.db")
        history = backend.history(ROOM)
        typist = Typist(history, replayed((await history.load()).state))
        assert str(typist.text) == "one two "
        typist.type("three ")
        await history.commit()
        await backend.close()
        assert await text_in(folder, tmp_path / "aside") == "one two three "

    run(test())


def test_what_a_killed_server_left_is_removed(tmp_path: Path, run: Run) -> None:  # [V7]
    async def test() -> None:
        (tmp_path / "store.db.copy-1234abcd").write_bytes(b"everybody's text")
        backend = SQLiteBackend(str(tmp_path / "store.db"))
        await backend.open()
        await backend.close()
        assert not list(tmp_path.glob("*.copy-*"))

    run(test())
