"""Several servers on one folder: each document holds everything once, and each history is whole."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import stat
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from faulty import Document, documents, editing
from support import STORE, Server, until

Run = Callable[[Awaitable[Any]], Any]
NewServer = Callable[..., Server]

SOON = {"document_save_delay": 0.1, "file_poll_interval": 0.2}
UNSAVED = {"document_save_delay": None, "document_cleanup_delay": 0.1}


def beside(first: Server, new_server: NewServer, **options: Any) -> Server:
    """Another server of the same person on the same folder."""
    second = new_server(**options)
    second.root = first.root
    return second


def same_ids(folder: Path) -> dict[str, Any]:
    """Options of servers that share their file ids, as those of one person do."""
    return {"BaseFileIdManager": {"db_path": str(folder / "file_ids.db")}}


def _shown(server: Server, document: Document) -> Document:
    shown = object.__new__(Document)
    shown.__dict__.update(document.__dict__)
    shown.server = server
    shown.marks = document.marks  # the same set
    return shown


def private_stores(server: Server) -> list[Path]:
    found = server.root.glob(f"{STORE}.private-*")
    return sorted(path for path in found if path.suffix.removeprefix(".private-").isalnum())


@pytest.mark.parametrize("kind", ["text", "notebook", "crlf"])
def test_an_idle_server_takes_over_what_another_one_saves(
    run: Run, new_server: NewServer, tmp_path: Path, kind: str
) -> None:  # S1 [F4]
    async def test() -> None:
        options = {**same_ids(tmp_path), "YDocExtension": SOON}
        first = new_server("first", **options)
        second = beside(first, new_server, **options)
        document = Document(first, "shared", kind)
        for server in (first, second):
            await server.start()
        ada = await first.member(document.fixture)
        bob = await second.member(document.fixture)
        await document.agrees(ada, bob)
        for _ in range(3):
            document.type(ada)
            await document.agrees(ada, bob)
        await asyncio.sleep(1)  # nothing may come back later
        await document.agrees(ada, bob)

    run(test())


@pytest.mark.parametrize("ids", ["the same file ids", "other file ids"])
@pytest.mark.parametrize("kind", ["text", "notebook"])
def test_two_servers_typed_in_in_turn_hold_everything_once_and_each_history_is_whole(
    run: Run, new_server: NewServer, tmp_path: Path, kind: str, ids: str
) -> None:  # S2 [F4] [H7]
    async def test() -> None:
        options: dict[str, Any] = {"YDocExtension": SOON}
        if ids == "the same file ids":
            options |= same_ids(tmp_path)
        first = new_server("first", **options)
        second = beside(first, new_server, **options)
        document = Document(first, "shared", kind)
        for server in (first, second):
            await server.start()
        ada = await first.member(document.fixture)
        bob = await second.member(document.fixture)
        room = ada.endpoint.url.split("/room/")[1].split("?")[0]
        named = None
        for turn in range(20):
            document.type(ada if turn % 2 else bob)
            if turn == 10:
                await document.agrees(ada, bob)
                named = await name_newest(first, room)
            await asyncio.sleep(0.05)
        await document.agrees(ada, bob)
        assert named is not None
        before = await content_of(first, room, named)
        for server in (first, second):
            server.crash()
        await first.start()
        await second.start()
        assert await content_of(first, room, named) == before
        async with (
            editing(document) as (ada,),
            editing(_shown(second, document)) as (bob,),
        ):
            document.type(ada)
            document.type(bob)
            await document.agrees(ada, bob)

    run(test())


async def name_newest(server: Server, room: str) -> int:
    while True:
        status, data = await server.request("GET", f"api/collaboration/versions/{room}")
        assert status == 200
        if (page := json.loads(data))["complete"] and page["versions"]:
            break
    number = page["versions"][0]["id"]
    status, data = await server.request(
        "PUT", f"api/collaboration/versions/{room}/{number}", json={"name": "kept"}
    )
    assert status == 200
    return int(json.loads(data)["id"])


async def content_of(server: Server, room: str, version: int) -> Any:
    status, data = await server.request("GET", f"api/collaboration/versions/{room}/{version}")
    assert status == 200
    return json.loads(data)["content"]


def test_a_server_without_the_store_says_so_and_keeps_a_private_one(
    run: Run, new_server: NewServer, tmp_path: Path
) -> None:  # S2 [H7]
    async def test() -> None:
        options = {**same_ids(tmp_path), "YDocExtension": SOON}
        first = new_server("first", **options)
        second = beside(first, new_server, **options)
        document = Document(first, "shared", "text")
        for server in (first, second):
            await server.start()
        await until(lambda: bool(private_stores(first)))
        (private,) = private_stores(first)
        other = second.session_id_of(await second.endpoint(document.fixture))
        assert stat.S_IMODE(private.stat().st_mode) == 0o600
        assert "another server" in second.log()
        assert private.name in second.log()
        mine = first.session_id_of(await first.endpoint(document.fixture))
        assert mine != other
        for server, is_private in ((first, False), (second, True)):
            _, session = await server.session(document.path, format="text", type="file")
            assert session.get("privateHistory", False) is is_private
        member = await second.member(document.fixture)
        await member.ask("ack")
        await second.stop()
        await second.start()  # finds its private store again, and makes no other one
        assert private_stores(first) == [private]
        assert other == second.session_id_of(await second.endpoint(document.fixture))

    run(test())


def test_unsaved_work_of_a_private_store_comes_back_when_its_document_is_opened(
    run: Run, new_server: NewServer, tmp_path: Path
) -> None:  # S2 [H9]
    async def test() -> None:
        options = {**same_ids(tmp_path), "YDocExtension": UNSAVED}
        first = new_server("first", **options)
        second = beside(first, new_server, **options)
        for server in (first, second):
            await server.start()
        all_kinds = documents(first, "left")
        for document in all_kinds:
            bob = await second.member(document.fixture)
            document.type(bob)
            await bob.ask("ack")
        second.crash()
        await first.stop()
        before = [document.data for document in all_kinds]
        await first.start()
        for document in all_kinds:
            async with editing(document) as (ada,):
                await until(lambda d=document, e=ada: d.holds(d.seen_by(e)))
                await until(lambda e=ada: e.state.get("dirty") is True)
        assert [document.data for document in all_kinds] == before  # never written unseen
        for _ in range(2):  # once, also after another start
            first.crash()
            await first.start()
            for document in all_kinds:
                async with editing(document) as (ada,):
                    await until(lambda d=document, e=ada: d.holds(d.seen_by(e)))
                    document.type(ada)
                    await ada.ask("save")
                    await document.agrees(ada)

    run(test())


def test_a_server_that_owned_the_store_while_it_was_paused_goes_on_privately(
    run: Run, new_server: NewServer, tmp_path: Path
) -> None:  # S2 [H7]
    async def test() -> None:
        options: dict[str, Any] = {**same_ids(tmp_path), "YDocExtension": SOON}
        options["ServerApp"] = {"jpserver_extensions": {**EXTENSIONS, "locking": True}}
        first = new_server("first", **options)
        second = beside(first, new_server, **options)
        document = Document(first, "shared", "notebook")
        await first.start()
        ada = await first.member(document.fixture)
        document.type(ada)
        await document.agrees(ada)
        resume = await pause_between_writes(first)
        await asyncio.sleep(1.5)  # longer than the lease
        await second.start()
        assert private_stores(first) == []
        bob = await second.member(document.fixture)
        document.type(bob)
        await document.agrees(bob)
        document.type(ada)
        resume()
        await ada.socket.closed.wait()
        await until(lambda: len(private_stores(first)) == 1)
        await document.agrees(bob)
        async with editing(document) as (eve,):
            await document.agrees(eve, bob)
            for editor in (bob, eve):  # in turn: without locks two writes at once may collide
                document.type(editor)
                await document.agrees(eve, bob)

    run(test())


async def pause_between_writes(server: Server) -> Callable[[], None]:
    """Pause a server while it does not write to its store; return what lets it go on."""
    assert server.process is not None
    pid = server.process.pid
    while True:
        os.kill(pid, signal.SIGSTOP)
        store = sqlite3.connect(server.root / STORE, timeout=0, isolation_level=None)
        try:
            store.execute("BEGIN IMMEDIATE")
            return partial(os.kill, pid, signal.SIGCONT)
        except sqlite3.OperationalError:  # locked: it is writing
            os.kill(pid, signal.SIGCONT)
            await asyncio.sleep(0.05)
        finally:
            store.close()


EXTENSIONS = {
    "jupyter_collaboration": True,
    "jupyter_server_fileid": True,
    "jupyter_server_ydoc": True,
    "jupyter_lsp": False,
    "jupyter_server_terminals": False,
    "jupyterlab": False,
    "notebook": False,
}


def test_a_store_of_a_newer_version_is_left_alone(
    run: Run, new_server: NewServer, tmp_path: Path
) -> None:  # S2 [H6]
    async def test() -> None:
        server = new_server("first", YDocExtension=SOON)
        document = Document(server, "newer", "text")
        await server.start()
        async with editing(document) as (ada,):
            document.type(ada)
            await document.agrees(ada)
        await server.stop()
        store = sqlite3.connect(server.root / STORE, isolation_level=None)
        (version,) = store.execute("PRAGMA user_version").fetchone()
        store.execute(f"PRAGMA user_version = {version + 1}")
        store.close()
        before = (server.root / STORE).read_bytes()
        await server.start()
        async with editing(document) as (ada,):
            document.type(ada)
            await document.agrees(ada)
        await server.stop()
        assert (server.root / STORE).read_bytes() == before
        assert len(private_stores(server)) == 1
        assert not list(server.root.glob("*set-aside*"))

    run(test())


def test_a_store_that_was_copied_while_in_use_works_at_its_new_place(
    run: Run, new_server: NewServer
) -> None:  # S2
    async def test() -> None:
        first = new_server("first", YDocExtension=SOON)
        document = Document(first, "copied", "notebook")
        await first.start()
        ada = await first.member(document.fixture)
        document.type(ada)
        await document.agrees(ada)
        second = new_server("second", YDocExtension=SOON)
        shutil.copytree(first.root, second.root, dirs_exist_ok=True)
        await second.start()
        assert private_stores(second) == []
        copy = _shown(second, document)
        copy.marks = set(document.marks)
        async with editing(copy) as (bob,):
            copy.type(bob)
            await copy.agrees(bob)
        document.type(ada)
        await document.agrees(ada)

    run(test())


@pytest.mark.parametrize("how", ["failing", "useless"])
def test_where_locks_do_not_work_the_lease_row_decides(
    run: Run, new_server: NewServer, tmp_path: Path, how: str
) -> None:  # S2 [H7]
    async def test() -> None:
        options: dict[str, Any] = {**same_ids(tmp_path), "YDocExtension": SOON}
        options["ServerApp"] = {"jpserver_extensions": {**EXTENSIONS, "locking": True}}
        first = new_server("first", **options)
        (first.root / ".locking").write_text(how)
        second = beside(first, new_server, **options)
        document = Document(first, "shared", "text")
        for server in (first, second):
            await server.start()
        ada = await first.member(document.fixture)
        bob = await second.member(document.fixture)
        assert len(private_stores(first)) == 1
        for turn in range(10):
            document.type(ada if turn % 2 else bob)
            await document.agrees(ada, bob)
        first.crash()
        await first.start()  # of a dead owner the lease is taken at once
        assert len(private_stores(first)) == 1
        ada = await first.member(document.fixture)
        await document.agrees(ada, bob)

    run(test())
