"""What one document cannot have stored stops nobody else's history, and memory stays bounded."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Text

from jupyter_collaboration.errors import HistoryUnavailable
from jupyter_collaboration.history.model import Entry, Kind, Mark, MarkKind
from jupyter_collaboration.history.sqlite import writer
from jupyter_collaboration.history.sqlite.backend import SQLiteBackend
from jupyter_collaboration.history.sqlite.backlog import Backlog
from jupyter_collaboration.history.store import History

Run = Callable[[Awaitable[Any]], Any]

ONE, OTHER = "text:file:1", "text:file:2"


def typed(history: History, text: str, author: str = "ada") -> None:
    doc: Doc[Any] = Doc()
    doc.get("source", type=Text).insert(0, text)
    history.append(doc.get_update(), author, Kind.EDIT)


async def opened(folder: Path) -> tuple[SQLiteBackend, History, History]:
    backend = SQLiteBackend(str(folder / "store.db"), commit_delay=0)
    await backend.open()
    one, other = backend.history(ONE), backend.history(OTHER)
    await one.load()
    await other.load()
    return backend, one, other


@pytest.mark.parametrize("author", ["\ud800", "a\udfffb\nbob", ""])
def test_an_author_whose_name_is_no_text_is_stored_with_a_question_mark(
    tmp_path: Path, run: Run, author: str
) -> None:  # S5 [H2]
    async def test() -> None:
        backend, one, other = await opened(tmp_path)
        typed(one, "x", author)
        typed(other, "y")
        await one.commit()
        await other.commit()
        (entry,) = await one.entries()
        assert entry.author == author.encode(errors="replace").decode()
        await backend.close()

    run(test())


@pytest.mark.parametrize(
    "mark",
    [
        Mark(1, MarkKind.NAMED, "ada", 1.0, "\ud800"),
        Mark(1, MarkKind.NAMED, "\udfff", 1.0, "name"),
        Mark(2**63, MarkKind.NAMED, "ada", 1.0, "name"),
        Mark(1, MarkKind.NAMED, "ada", object(), "name"),  # type: ignore[arg-type]
    ],
)
def test_a_mark_that_no_store_holds_is_dropped_and_everything_else_is_stored(
    tmp_path: Path, run: Run, mark: Mark
) -> None:  # S5 [H1]
    async def test() -> None:
        backend, one, other = await opened(tmp_path)
        for _ in range(3):
            one.versions.mark(mark)
            typed(one, "x")
            one.mark_saved(one.mark_cut(), "hash")
            typed(other, "y")
            await one.commit()
            await other.commit()
        backend.people.note("\ud800", "\ud800")
        backend.people.note("bob", "Bob")
        assert await backend.people.names(["bob", "\ud800"]) == {"bob": "Bob", "?": "?"}
        assert await one.versions.marks() == []
        await backend.close()
        backend, one, other = await opened(tmp_path)
        stored = await one.load()
        assert (stored.seq, stored.saved_hash) == (3, "hash")
        assert (await other.load()).seq == 3
        await backend.close()

    run(test())


@pytest.mark.skipif(sys.version_info < (3, 11), reason="SQLite's limits cannot be set")
def test_an_edit_larger_than_the_database_allows_costs_its_document_the_history_only(
    tmp_path: Path, run: Run
) -> None:  # S5 [S3]
    async def test() -> None:
        backend, one, other = await opened(tmp_path)
        session = await backend.session_id(ONE)
        backend.db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 10_000)  # type: ignore[attr-defined]
        answers: list[bool] = []
        typed(one, "x" * 20_000)
        typed(other, "y")
        one.when_committed(answers.append)
        await other.commit()
        with pytest.raises(HistoryUnavailable):
            await one.commit()
        assert answers == [False]
        typed(one, "z")  # behind a hole
        typed(other, "z")
        await other.commit()
        with pytest.raises(HistoryUnavailable):
            await one.commit()
        await backend.flush()
        # Whoever has what is missing must not sync into what is left.
        assert await backend.session_id(ONE) != session
        again = backend.history(ONE)
        assert (await again.load()).seq == 0
        typed(again, "again")
        await again.commit()
        await backend.close()

    run(test())


@pytest.mark.parametrize(
    "error", [RuntimeError("a bug"), KeyError("a bug"), MemoryError(), AssertionError()]
)
def test_any_error_in_the_writing_of_a_document_is_its_own_and_it_recovers(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:  # S5 [H1]
    monkeypatch.setattr(writer, "RETRY_DELAY", 0.02)

    async def test() -> None:
        backend, one, other = await opened(tmp_path)
        write = backend._write_entry
        number = backend._ids[ONE]

        def failing(document: int, *args: Any) -> Any:
            if document == number:
                raise error
            return write(document, *args)

        monkeypatch.setattr(backend, "_write_entry", failing)
        answers: list[bool] = []
        late = asyncio.Event()
        typed(one, "x")
        typed(other, "y")
        one.when_committed(answers.append, late.set)
        await other.commit()
        with pytest.raises(HistoryUnavailable, match=type(error).__name__):
            await one.commit()
        assert answers == [False]
        monkeypatch.setattr(backend, "_write_entry", write)
        await asyncio.wait_for(late.wait(), 10)
        await one.commit()
        assert answers == [False]
        assert len(await one.entries()) == len(await other.entries()) == 1
        await backend.close()

    run(test())


def test_a_runtime_error_is_not_taken_for_a_closed_store(tmp_path: Path, run: Run) -> None:
    async def test() -> None:
        backend, _, _ = await opened(tmp_path)

        def broken() -> None:
            raise RuntimeError("a bug")

        with pytest.raises(RuntimeError, match="a bug"):
            await backend.run(broken)
        await backend.close()
        with pytest.raises(HistoryUnavailable, match="closed"):
            await backend.run(broken)

    run(test())


def entry(seq: int, text: str) -> Entry:
    doc: Doc[Any] = Doc()
    doc.get("source", type=Text).insert(0, text)
    return Entry(seq, doc.get_update(), "ada", Kind.EDIT, float(seq))


def test_what_waits_is_bounded_and_checkpoints_go_first() -> None:  # S5 [H1]
    backlog = Backlog()
    for seq in (1, 2):
        backlog.of(ONE).entries.append(entry(seq, "x" * 100))
    backlog.of(ONE).checkpoint = ("", (b"c" * 1000,))
    backlog.of(OTHER).entries.append(entry(1, "y" * 2000))
    size = backlog.size
    assert size > 3200
    assert backlog.shrink(size, size) == []
    assert backlog.of(ONE).checkpoint is not None
    assert backlog.shrink(size - 1, size) == []
    assert backlog.of(ONE).checkpoint is None
    assert len(backlog.of(ONE).entries) == 2
    assert backlog.shrink(2200, size) == []
    assert [each.seq for each in backlog.of(ONE).entries] == [2]  # both, merged
    assert backlog.shrink(300, 300) == [OTHER]
    assert backlog.size <= 300
    assert backlog.of(ONE).entries


def test_kinds_that_a_newer_version_wrote_are_read(tmp_path: Path, run: Run) -> None:  # S5
    assert Kind("dreamed") is Kind.EDIT
    assert MarkKind("foreseen") is MarkKind.OTHER
