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
from jupyter_collaboration.history.sqlite.backend import SQLiteBackend
from jupyter_collaboration.history.store import History

Run = Callable[[Awaitable[Any]], Any]

ROOM = "text:file:1"


class Typist:
    def __init__(self, history: History) -> None:
        self.doc: Doc[Any] = Doc()
        self.text = self.doc.get("source", type=Text)
        self._subscription = self.doc.observe(
            lambda event: history.append(event.update, "ada", Kind.EDIT)
        )

    def type(self, text: str) -> None:
        self.text += text


async def text_in(folder: Path, aside: Path) -> str:
    """What a server finds in a copy of a folder, as after a kill of the one that uses it."""
    shutil.rmtree(aside, ignore_errors=True)
    shutil.copytree(folder, aside)
    backend = SQLiteBackend(str(aside / "store.db"))
    await backend.open()
    doc: Doc[Any] = Doc()
    text = doc.get("source", type=Text)
    history = backend.history(ROOM)
    state = (await history.load()).state
    if state is not None:
        doc.apply_update(state)
    assert [mark.text for mark in await history.versions.marks()] == (["first"] if state else [])
    await backend.close()
    return str(text)


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


WAYS = [
    delete_all,
    delete_the_database,
    delete_the_log,
    delete_the_log_and_the_index,
    move,
    replace_by_a_copy,
    replace_by_something_else,
    replace_with_the_log,
]


@pytest.mark.parametrize("displace", WAYS)
def test_a_displaced_store_is_written_again_with_all_that_was_in_it(
    displace: Callable[[Path], None], tmp_path: Path, run: Run, caplog: pytest.LogCaptureFixture
) -> None:  # [H1] [H6]
    async def test() -> None:
        folder = tmp_path / "folder"
        folder.mkdir()
        backend = SQLiteBackend(str(folder / "store.db"))
        await backend.open()
        history = backend.history(ROOM)
        session = (await history.load()).session_id
        typist = Typist(history)
        typist.type("one ")
        history.versions.mark(Mark(history.seq, MarkKind.NAMED, "ada", 1.0, "first"))
        await history.commit()
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
        assert not list(folder.glob("*.rescued*"))

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
        folder.mkdir()
        backend = SQLiteBackend(str(folder / "store.db"))
        await backend.open()
        history = backend.history(ROOM)
        await history.load()
        typist = Typist(history)
        typist.type("typed")
        history.versions.mark(Mark(history.seq, MarkKind.NAMED, "ada", 1.0, "first"))
        await history.commit()
        delete_all(folder)
        await backend.close()
        assert await text_in(folder, tmp_path / "aside") == "typed"

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
        folder.mkdir()
        backend = SQLiteBackend(str(folder / "store.db"))
        await backend.open()
        history = backend.history(ROOM)
        await history.load()
        typist = Typist(history)
        typist.type("one ")
        history.versions.mark(Mark(history.seq, MarkKind.NAMED, "ada", 1.0, "first"))
        await history.commit()
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
