"""What becomes of the histories of files that are deleted."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from logging import getLogger
from pathlib import Path
from typing import Any

import anyio
import pytest
from pycrdt import Doc, Text
from support import Server, room_of, until, versions
from tornado.web import HTTPError

from jupyter_collaboration.access.paths import Paths
from jupyter_collaboration.history.memory import MemoryBackend
from jupyter_collaboration.history.model import Fork, Item, Kind, Retention
from jupyter_collaboration.history.sqlite.backend import SQLiteBackend
from jupyter_collaboration.history.store import MAX_EQUAL, HistoryBackend
from jupyter_collaboration.rooms.broadcast import BroadcastRoom
from jupyter_collaboration.rooms.manager import RoomManager
from jupyter_collaboration.versions.orphan_cleanup import DAY, OrphanCleanup

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]

KEPT = 90 * DAY


class Disk:
    """Files by their ids, as a file id manager and a contents manager know them."""

    def __init__(self, *names: str) -> None:
        self.names = set(names)
        self.is_mounted = True
        self.strange: set[str] = set()

    def get_path(self, file_id: str) -> str | None:
        return file_id if file_id in self.names and self.is_mounted else None

    def file_exists(self, path: str) -> bool:
        if path in self.strange:
            raise HTTPError(500)
        return path in self.names

    def get(self, path: str, **options: Any) -> dict[str, Any]:
        return {"content": sorted(self.names) if self.is_mounted else []}


class House:
    """A store, the rooms on it, and a sweep whose clock a test turns."""

    def __init__(self, backend: HistoryBackend, disk: Disk, root: str = "") -> None:
        self.backend = backend
        self.disk = disk
        self.now = 1000.0 * DAY
        self.slept: list[float] = []
        log = getLogger("test")
        self.rooms = RoomManager(_no_room, backend, cleanup_delay=None, log=log)
        places = Paths(disk, disk)  # type: ignore[arg-type]
        self.sweep = OrphanCleanup(
            self.rooms, places, root, log, now=lambda: self.now, sleep=self._sleep
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await anyio.lowlevel.checkpoint()

    async def start(self) -> None:
        self._task = asyncio.create_task(self.rooms.run())
        await self.rooms.started.wait()

    async def stop(self) -> None:
        await self.rooms.stop()
        await self._task

    async def write(self, room_id: str) -> None:
        history = self.backend.history(room_id)
        await history.load()
        doc: Doc[Any] = Doc()
        doc.get("source", type=Text).insert(0, room_id)
        history.append(doc.get_update(), "ada", Kind.EDIT)
        await history.commit()

    async def days(self, count: int) -> None:
        for _ in range(count):
            await self.sweep.sweep()
            self.now += DAY

    async def kept(self) -> set[str]:
        return {item.room_id for item in await self.backend.inventory.items()}


def _no_room(*args: Any) -> Any:
    raise AssertionError("nothing is opened here")


def on_disk(folder: Path) -> SQLiteBackend:
    return SQLiteBackend(str(folder / "store.db"), commit_delay=0, retention=Retention())


ROOMS = ("text:file:here", "text:file:gone", "json:notebook:gone")
FORK = "00000000-0000-0000-0000-000000000001"


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_a_store_says_what_it_has_and_drops_a_document_with_its_forks(
    run: Run, tmp_path: Path, kind: str
) -> None:  # [V8]
    async def test() -> None:
        backend = MemoryBackend() if kind == "memory" else on_disk(tmp_path)
        await backend.open()
        house = House(backend, Disk())
        for room_id in (*ROOMS, FORK):
            await house.write(room_id)
        await backend.forks.add(Fork(FORK, ROOMS[1], "session"))
        inventory = backend.inventory
        assert await inventory.items() == [Item(room_id) for room_id in (*ROOMS, FORK)]
        await inventory.note(Item(ROOMS[0], "/root", 5.0))
        assert (await inventory.items())[0] == Item(ROOMS[0], "/root", 5.0)
        await inventory.note(Item(ROOMS[0], "/root"))
        assert (await inventory.items())[0] == Item(ROOMS[0], "/root")
        first, third = backend.history(ROOMS[0]), backend.history(ROOMS[2])
        first.note_path("a.txt")
        third.note_path("c.txt")
        third.mark_saved(third.mark_cut(), "some hash")
        await third.commit()
        one, twin, other, _ = await inventory.items()  # the second and third are one file
        assert (one.path, other.path) == ("a.txt", "c.txt")
        assert await inventory.related("no file") == []
        assert await inventory.related("", "", "") == []
        assert await inventory.related(ROOMS[0].rpartition(":")[2]) == [one]
        assert await inventory.related("", "c.txt") == [twin, other]
        assert await inventory.related("", "a.txt", "some hash") == [one, twin, other]
        for number in range(MAX_EQUAL):
            await house.write(f"text:file:copy-{number}")
            copy = backend.history(f"text:file:copy-{number}")
            copy.mark_saved(copy.mark_cut(), "some hash")
            await copy.commit()
        assert await inventory.related("", "a.txt", "some hash") == [one]
        for number in range(MAX_EQUAL):
            await inventory.drop(f"text:file:copy-{number}")
        session = await backend.session_id(ROOMS[1])
        await inventory.drop(ROOMS[1])
        assert await house.kept() == {ROOMS[0], ROOMS[2]}
        assert await backend.forks.of_root(ROOMS[1]) == []
        assert (await backend.history(ROOMS[1]).load()).updates == []
        assert await backend.session_id(ROOMS[1]) != session
        await backend.close()

    run(test())


def test_a_deleted_file_s_history_is_dropped_after_the_time_that_is_kept(
    run: Run, tmp_path: Path
) -> None:  # [V8]
    async def test() -> None:
        house = House(on_disk(tmp_path), Disk("here"))
        await house.start()
        for room_id in (*ROOMS, FORK, "strange:::id", "JupyterLab:globalAwareness"):
            await house.write(room_id)
        await house.backend.forks.add(Fork(FORK, ROOMS[1], "session"))
        everything = await house.kept()
        await house.days(91)
        assert await house.kept() == everything
        await house.days(1)
        assert await house.kept() == everything - {*ROOMS[1:], FORK}
        await house.stop()

    run(test())


def test_a_file_that_is_back_begins_anew(run: Run, tmp_path: Path) -> None:  # [V8]
    async def test() -> None:
        house = House(on_disk(tmp_path), Disk("here"))
        await house.start()
        await house.write(ROOMS[1])
        await house.days(60)
        house.disk.names.add("gone")
        await house.days(1)
        assert await house.backend.inventory.items() == [Item(ROOMS[1])]
        house.disk.names.remove("gone")
        await house.days(91)
        assert await house.kept() == {ROOMS[1]}
        await house.days(1)
        assert await house.kept() == set()
        await house.stop()

    run(test())


def test_a_disk_that_is_away_neither_begins_nor_ends_it(run: Run, tmp_path: Path) -> None:
    # [V8]
    async def test() -> None:
        house = House(on_disk(tmp_path), Disk("here"))
        await house.start()
        for room_id in ROOMS:
            await house.write(room_id)
        house.disk.is_mounted = False
        await house.days(1)
        assert [item.missing_since for item in await house.backend.inventory.items()] == [None] * 3
        house.disk.is_mounted = True
        await house.days(1)
        house.disk.is_mounted = False
        await house.days(100)
        assert await house.kept() == set(ROOMS)
        house.disk.is_mounted = True
        house.disk.names.add("gone")
        await house.days(1)
        assert [item.missing_since for item in await house.backend.inventory.items()] == [None] * 3
        await house.stop()

    run(test())


def test_what_is_open_is_never_dropped_nor_what_cannot_be_told(run: Run, tmp_path: Path) -> None:
    # [V8]
    async def test() -> None:
        house = House(on_disk(tmp_path), Disk("here", "strange"))
        house.disk.strange.add("strange")
        await house.start()
        for room_id in ("text:file:strange", *ROOMS):
            await house.write(room_id)
        room = BroadcastRoom(ROOMS[1], getLogger("test"))
        house.rooms.add(room)
        await house.days(200)
        assert await house.kept() == {"text:file:strange", *ROOMS[:2]}
        house.rooms.dissolve(room, 4404, "")
        await house.days(1)
        assert await house.kept() == {"text:file:strange", ROOMS[0]}
        await house.stop()

    run(test())


def test_a_shared_store_s_other_documents_are_left_to_their_servers(
    run: Run, tmp_path: Path
) -> None:  # [V8]
    async def test() -> None:
        house = House(on_disk(tmp_path), Disk("here", "gone"), root="/ours")
        await house.start()
        for room_id in ROOMS[:2]:
            await house.write(room_id)
        await house.days(1)
        assert {item.root for item in await house.backend.inventory.items()} == {"/ours"}
        await house.write("text:file:elsewhere")
        house.disk.names.remove("gone")
        await house.days(200)
        assert await house.kept() == {ROOMS[0], "text:file:elsewhere"}
        await house.stop()

    run(test())


def test_it_is_done_at_the_start_and_once_a_day_whatever_happens(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # [V8]
    async def test() -> None:
        house = House(on_disk(tmp_path), Disk("here"))
        await house.start()
        await house.write(ROOMS[1])
        listed = house.disk.get

        def get(path: str, **options: Any) -> dict[str, Any]:
            if len(house.slept) == 3:
                raise RuntimeError("a manager of another package")
            return listed(path, **options)

        monkeypatch.setattr(house.disk, "get", get)
        house.rooms.start_soon(house.sweep.run)
        while await house.kept():
            await anyio.lowlevel.checkpoint()
        assert set(house.slept) == {DAY} and len(house.slept) >= 91
        await house.stop()

    run(test())


def stored(server: Server, table: str) -> list[Any]:
    db = sqlite3.connect(server.root / ".jupyter_ystore.db")
    try:
        return db.execute(f"SELECT * FROM collaboration_{table}").fetchall()
    finally:
        db.close()


async def again(server: Server) -> None:
    await server.stop()
    await server.start()


@pytest.mark.parametrize("manager", ["ArbitraryFileIdManager", "LocalFileIdManager"])
def test_a_server_drops_what_was_deleted_and_keeps_what_was_renamed(
    run: Run, serving: Serving, manager: str
) -> None:  # [V8] [F8]
    async def test() -> None:
        options = {
            "SQLiteYStore": {"detail_days": 0},
            "FileIdExtension": {
                "file_id_manager_class": f"jupyter_server_fileid.manager.{manager}"
            },
        }
        names = ("deleted", "unlinked", "renamed", "kept")
        async with serving(**options) as server:
            server.text_file("other.txt", "there")
            rooms = {}
            for name in names:
                file = server.text_file(f"{name}.txt", "one\n")
                rooms[name] = room_of(await server.endpoint(file))
                editor = await server.member(file)
                editor.source.insert(0, "two\n")
                assert (await editor.ask("save"))["status"] == "success"
                await editor.close()
            before = await versions(server, rooms["renamed"])
            assert (await server.request("DELETE", "api/contents/deleted.txt"))[0] == 204
            body = {"path": "new.txt"}
            assert (await server.request("PATCH", "api/contents/renamed.txt", json=body))[0] == 200
            await server.stop()
            (server.root / "unlinked.txt").unlink()
            await server.start()
            await until(lambda: len(stored(server, "files")) >= 2)
            assert len(stored(server, "documents")) == len(names)
            await again(server)
            await until(lambda: len(stored(server, "documents")) == len(names) - 2)
            ids = {row[1] for row in stored(server, "documents")}
            assert ids == {rooms[name] for name in names[2:]}
            assert stored(server, "files") == []
            for name in names[2:]:
                assert len(await versions(server, rooms[name])) == 2
            assert await versions(server, rooms["renamed"]) == before

    run(test())
