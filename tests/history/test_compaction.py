"""Histories stay within their bounds, and shortening one delays nobody."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Text

from jupyter_collaboration.history.model import Entry, Kind, Mark, MarkKind, Retention
from jupyter_collaboration.history.retention import Outline, Row, compacted, is_due
from jupyter_collaboration.history.sqlite import compaction
from jupyter_collaboration.history.sqlite.backend import SQLiteBackend

Run = Callable[[Awaitable[Any]], Any]

ROOM = "text:file:1"


class Typist:
    """Replaces a document's whole text, entry by entry."""

    def __init__(self) -> None:
        self.doc: Doc[Any] = Doc()
        self.text = self.doc.get("source", type=Text)
        self.updates: list[bytes] = []
        self._subscription = self.doc.observe(lambda event: self.updates.append(event.update))

    def write(self, text: str) -> bytes:
        with self.doc.transaction():
            self.text.clear()
            self.text.insert(0, text)
        return self.updates[-1]


def held(*updates: bytes) -> str:
    doc: Doc[Any] = Doc()
    text = doc.get("source", type=Text)
    for update in updates:
        doc.apply_update(update)
    return str(text)


def rows_of(count: int, size: int) -> list[Row]:
    typist = Typist()
    return [
        Row(seq, "ada", "edit", time.time(), typist.write(f"{seq:04}" * (size // 4)))
        for seq in range(1, count + 1)
    ]


@pytest.mark.parametrize("named", [{3}, {3, 10}, {1, 2, 3, 19}, {20}])
def test_named_versions_stay_readable_and_lift_no_bound(named: set[int]) -> None:  # [H5] [V4]
    rows = rows_of(20, 1000)
    rules = (20, 0.0, 4000, frozenset(named))
    shorter = compacted(rows, *rules)
    assert shorter is not None
    kept = {row.seq for row in shorter}
    assert named <= kept
    for seq in {*named, 20}:
        data = [row.data for row in shorter if row.seq <= seq]
        assert held(*data) == f"{seq:04}" * 250
    dropped = [row for row in rows if row.seq not in kept]
    assert len(dropped) >= 14 - len(named)
    assert sum(row.size for row in shorter) < 1200 * (len(named) + 3)


def test_the_outline_tells_whether_there_is_something_to_shorten() -> None:  # [H5]
    rows = rows_of(20, 1000)
    outline = [Outline(row.seq, row.time, row.size) for row in rows]
    for rules in [(20, 0.0, 4000), (20, 0.0, 10**9), (0, 0.0, 4000), (20, time.time() + 1, 10**9)]:
        assert is_due(outline, *rules) == (compacted(rows, *rules) is not None)


def store(folder: Path, **retention: Any) -> SQLiteBackend:
    kept = Retention(**retention)
    return SQLiteBackend(str(folder / "store.db"), commit_delay=0, retention=kept)


async def fill(backend: SQLiteBackend, count: int, size: int) -> None:
    history = backend.history(ROOM)
    await history.load()
    typist = Typist()
    for number in range(count):
        history.append(typist.write(f"{number:04}" * (size // 4)), "ada", Kind.EDIT)
        history.mark_cut()
    history.mark_saved(history.mark_cut(), "hash")
    await history.commit()


def test_space_that_becomes_free_is_returned(tmp_path: Path, run: Run) -> None:  # [H5]
    async def test() -> None:
        backend = store(tmp_path, document_bytes=100_000)
        await backend.open()
        await fill(backend, 50, 20_000)
        await backend.close()
        before = (tmp_path / "store.db").stat().st_size
        backend = store(tmp_path, document_bytes=100_000)
        await backend.open()
        await backend.compact(ROOM)
        assert held(*(await backend.history(ROOM).load()).updates) == "0049" * 5000
        await backend.close()
        assert (tmp_path / "store.db").stat().st_size < before / 4

    run(test())


def test_named_versions_beyond_the_bound_are_reported(
    tmp_path: Path, run: Run, caplog: pytest.LogCaptureFixture
) -> None:  # [H5] [V4]
    async def test() -> None:
        backend = store(tmp_path, document_bytes=50_000)
        await backend.open()
        await fill(backend, 10, 20_000)
        versions = backend.history(ROOM).versions
        for seq in range(1, 9):
            versions.mark(Mark(seq, MarkKind.NAMED, "ada", 1.0, f"version {seq}"))
        await backend.compact(ROOM)
        assert "named versions" in caplog.text
        for seq in range(1, 9):
            updates = await backend.history(ROOM).updates_at(seq)
            assert updates is not None
            assert held(*updates) == f"{seq - 1:04}" * 5000
        await backend.close()

    run(test())


def test_a_history_is_looked_at_again_only_after_something_was_added(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:  # S31 [H5]
    looked: list[int] = []

    def counted(rows: list[Outline], *rules: Any) -> bool:
        looked.append(len(rows))
        return is_due(rows, *rules)

    monkeypatch.setattr(compaction, "is_due", counted)

    async def test() -> None:
        backend = store(tmp_path)
        await backend.open()
        await fill(backend, 3, 100)
        for _ in range(3):
            await backend.compact(ROOM)
        assert looked == [3]
        history = backend.history(ROOM)
        await history.load()
        history.append(Typist().write("more"), "ada", Kind.EDIT)
        for _ in range(3):
            await backend.compact(ROOM)
        assert looked == [3, 4]
        await backend.close()

    run(test())


def test_no_update_is_read_in_the_writer_s_thread(tmp_path: Path, run: Run) -> None:  # S31
    async def test() -> None:
        backend = store(tmp_path, document_bytes=100_000)
        await backend.open()
        await fill(backend, 50, 20_000)
        statements: list[str] = []
        backend.db.set_trace_callback(statements.append)
        await backend.compact(ROOM)
        await backend.history(ROOM).load()
        await backend.history(ROOM).entries()
        await backend.history(ROOM).updates_at(50)
        assert not [s for s in statements if "SELECT" in s and "data" in s]
        await backend.close()

    run(test())


def test_a_damaged_row_stops_neither_shortening_nor_the_server(
    tmp_path: Path, run: Run, caplog: pytest.LogCaptureFixture
) -> None:  # S5 [H5]
    async def test() -> None:
        backend = store(tmp_path, document_bytes=1000)
        await backend.open()
        await fill(backend, 10, 1000)
        other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
        other.execute("UPDATE collaboration_updates SET data = X'00ff17aa' WHERE seq = 4")
        other.close()
        await backend.compact(ROOM)
        assert "was not shortened" in caplog.text
        entries = await backend.history(ROOM).entries()
        assert [entry.seq for entry in entries] == list(range(1, 11))
        assert isinstance(entries[0], Entry)
        await backend.close()

    run(test())
