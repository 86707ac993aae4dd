"""What was wrong once, and is too particular for another file."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from fuzz import checks
from fuzz.contents import cells_of_doc, insert, source_at
from fuzz.marks import count
from fuzz.plan import Plan
from fuzz.world import World, run_plan
from pycrdt import Doc, Text

from jupyter_collaboration import failpoints
from jupyter_collaboration.errors import RoomClosed
from jupyter_collaboration.history.model import Kind
from jupyter_collaboration.history.sqlite.backend import SQLiteBackend
from jupyter_collaboration.history.store import History
from jupyter_collaboration.rooms import broadcast

Run = Callable[[Awaitable[Any]], Any]


def plan(kind: str, *steps: dict[str, Any]) -> Plan:
    """A plan for two clients, whose steps are taken in the middle of what is there."""
    places = {"client": 0, "then": "none", "cell": 0.5, "at": 0.5, "to": 0.9}
    numbered = [{**places, "mark": mark, **step} for mark, step in enumerate(steps, 1)]
    return {"seed": 0, "kind": kind, "clients": 2, "steps": numbered}


def test_a_stop_during_a_save_keeps_what_another_program_wrote() -> None:  # [F1] [F4]
    steps = plan(
        "notebook",
        {"op": "disk", "how": "rewrite", "what": "insert", "then": "short"},
        {"op": "type", "then": "short", "at": 0.04},
        {"op": "down", "how": "stop"},
    )
    assert [problem for _ in range(5) for problem in run_plan(steps)] == []


def test_a_document_is_not_saved_while_it_is_being_written(run: Run, tmp_path: Path) -> None:
    # [F2]
    async def test() -> None:
        world = World(plan("text"), tmp_path)
        await world._up()
        assert world.life is not None
        synchronizer = (await world.life.open()).synchronizer
        synchronizer.changed()
        async with synchronizer._lock:
            saving = asyncio.create_task(synchronizer.save())
            for _ in range(3):
                await asyncio.sleep(0)
            is_saved = synchronizer.is_saved
        await saving
        await world.life.kill()
        assert not is_saved

    run(test())


def test_nothing_is_acknowledged_that_a_store_refused(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # [H1]
    async def test() -> None:
        backend = SQLiteBackend(str(tmp_path / "store.db"), commit_delay=0)
        await backend.open()
        history = backend.history("text:file:1")
        await history.load()

        def refuse(*args: Any) -> None:
            raise sqlite3.OperationalError("database is locked")

        doc: Doc[Any] = Doc()
        doc.get("source", type=Text).insert(0, "typed")
        acknowledged: list[bool] = []
        with monkeypatch.context() as patch:
            patch.setattr(backend, "_write", refuse)
            history.append(doc.get_update(), "ada", Kind.EDIT)
            history.when_committed(acknowledged.append)
            await backend.flush()
            history.when_committed(acknowledged.append)
            told = list(acknowledged)
        await backend.close()
        assert told == [False, False]

    run(test())


def test_a_change_on_disk_is_told_once_it_is_stored(tmp_path: Path) -> None:  # [S3] [F4]
    # Else a server that is killed takes it from the file again, beside what a page has of it.
    steps = plan(
        "text",
        {"op": "off", "client": 1},
        {"op": "down", "how": "point", "point": "relay.sent", "count": 2},
        {"op": "type", "at": 0.9},
        {"op": "disk", "how": "rewrite", "what": "insert", "then": "quiet"},
        {"op": "up", "client": 1, "at": 0.9, "then": "quiet"},
    )
    assert [problem for _ in range(5) for problem in run_plan(steps)] == []


async def busy_store(
    folder: Path,
) -> tuple[SQLiteBackend, History, Callable[[], Awaitable[None]]]:
    """A store whose thread is busy until it is released, with an entry that is not written yet."""
    backend = SQLiteBackend(str(folder / "store.db"), commit_delay=60)
    await backend.open()
    history = backend.history("text:file:1")
    await history.load()
    doc: Doc[Any] = Doc()
    doc.get("source", type=Text).insert(0, "typed")
    busy = threading.Event()
    blocked = asyncio.create_task(backend.run(busy.wait))
    history.append(doc.get_update(), "ada", Kind.EDIT)

    async def release() -> None:
        busy.set()
        await blocked

    return backend, history, release


def test_a_write_whose_waiter_is_gone_is_done_all_the_same(run: Run, tmp_path: Path) -> None:
    # [H1]
    async def test() -> None:
        backend, history, release = await busy_store(tmp_path)
        waiter = asyncio.create_task(history.commit())
        for _ in range(5):
            await asyncio.sleep(0)
        waiter.cancel()
        await asyncio.wait({waiter})
        await release()
        entries = await history.entries()
        await backend.close()
        assert [entry.author for entry in entries] == ["ada"]

    run(test())


def test_a_room_that_closes_takes_nothing_more_from_its_file(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # [F4] [H9]
    # What it took would be in no history, and yet count as known.
    async def test() -> None:
        world = World(plan("text"), tmp_path)
        await world._up()
        assert world.life is not None
        room = await world.life.open()
        before = await room.ystore.load()
        world.file.write_text("another\n" + world.file.read_text())

        def close(point: str) -> None:
            if point == "merge.computed":
                room.finish()

        with monkeypatch.context() as patch:
            patch.setattr(failpoints, "hook", close)
            with pytest.raises(RoomClosed):
                await room.synchronizer.look()
            assert await room.synchronizer.save() is False
        after = await room.ystore.load()
        await world.life.kill()
        assert after.saved_hash == before.saved_hash

    run(test())


def test_who_asks_during_a_write_is_answered_at_its_end(run: Run, tmp_path: Path) -> None:
    # [H1]
    async def test() -> None:
        backend, history, release = await busy_store(tmp_path)
        writing = asyncio.create_task(history.commit())
        while backend._backlog:
            await asyncio.sleep(0)
        acknowledged: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        history.when_committed(acknowledged.set_result)
        await release()
        await writing
        assert await asyncio.wait_for(acknowledged, 10)
        await backend.close()

    run(test())


@pytest.mark.parametrize("typist", [0, 1])
def test_who_gets_an_edit_knows_that_the_file_lacks_it(
    typist: int, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # [S4]
    # Else a replica takes it for saved, and if the store is lost then, for deleted in the file.
    async def test() -> None:
        monkeypatch.setattr(broadcast, "UPDATE_INTERVAL", 0.05)  # as among many
        world = World(plan("text"), tmp_path)
        await world._up()
        assert world.life is not None
        for client in world.clients:
            await world.join(client)
        assert await checks.in_step(world)
        room, reader = await world.life.open(), world.clients[0]
        async with room.synchronizer._lock:  # nothing is saved meanwhile
            with world.clients[typist].effect(""):
                insert(source_at(world.clients[typist].doc, "text", 0), 0, world.ledger.new(1, ""))
            room._update_batch._last = 0.0
            room._update_batch.schedule()  # what came before is sent right after it comes
            assert await checks.wait_for(lambda: reader.stored and 1 in count(reader.cells), 1)
            base: Doc[Any] = Doc()
            base.apply_update(reader.base)
            assert 1 not in count(cells_of_doc(base, "text"))
        await world.life.kill()

    run(test())
