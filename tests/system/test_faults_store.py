"""The store is lost, broken, locked or full: documents open, and nothing is doubled."""

from __future__ import annotations

import asyncio
import base64
import json
import resource
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from faulty import documents, editing
from support import STORE, Server, closing, until

from rtcbench import wire
from rtcbench.client import Endpoint

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]

NEVER_BY_ITSELF = {"document_save_delay": 60}
SOON = {"document_save_delay": 0.05}


def store_files(server: Server) -> list[Path]:
    return list(server.root.glob(f"{STORE}*"))


def wipe(server: Server) -> None:
    for path in store_files(server):
        path.unlink()


def corrupt(server: Server) -> None:
    wipe(server)
    (server.root / STORE).write_bytes(b"this was a database " * 500)


@pytest.mark.parametrize("lose", [wipe, corrupt])
def test_who_comes_from_a_lost_history_is_refused_and_no_byte_applied(
    run: Run, serving: Serving, lose: Callable[[Server], None]
) -> None:  # [S3] [H6]
    async def test() -> None:
        async with serving(YDocExtension=SOON) as server:
            all_kinds = documents(server, "lost")
            old = []
            for document in all_kinds:
                editor = await server.member(document.fixture)
                document.type(editor)
                await document.agrees(editor)
                old.append((document, editor, await server.endpoint(document.fixture)))
            server.crash()
            lose(server)
            await server.start()
            for document, editor, endpoint in old:
                update = wire.sync_message(wire.STEP2, editor.doc.get_update())
                code, reason = await closing(endpoint.url, update)
                assert code == 1003
                assert json.loads(reason)["reason"] == "unknown_session"
                async with editing(document) as (ada,):
                    document.type(ada)
                    await document.agrees(ada)
            if lose is corrupt:
                assert any("set-aside" in path.name for path in store_files(server))

    run(test())


@pytest.mark.parametrize("knows_base", [True, False])
def test_who_comes_from_a_lost_history_hands_over_what_they_typed(
    run: Run, serving: Serving, knows_base: bool
) -> None:  # [S4]
    async def test() -> None:
        async with serving(YDocExtension=NEVER_BY_ITSELF) as server:
            all_kinds = documents(server, "lost")
            old = []
            for document in all_kinds:
                editor = await server.member(document.fixture)
                base = encoded(editor.doc.get_update()) if knows_base else None
                document.type(editor)
                await editor.ask("ack")
                old.append((document, editor, base, await server.endpoint(document.fixture)))
            server.crash()
            wipe(server)
            await server.start()
            for document, editor, base, endpoint in old:
                document.type(editor)
                body = {"sessionId": server.session_id_of(endpoint), "base": base}
                body["state"] = encoded(editor.doc.get_update())
                for _ in range(2):  # a client that got no answer asks again
                    status, answer = await server.request("PUT", rebase_route(endpoint), json=body)
                    assert (status, json.loads(answer)["conflicts"]) == (200, [])
                async with editing(document) as (ada,):
                    assert document.holds(document.seen_by(ada))
                    await ada.ask("save")
                    await document.agrees(ada)

    run(test())


def encoded(update: bytes) -> str:
    return base64.b64encode(update).decode()


def rebase_route(endpoint: Endpoint) -> str:
    room = endpoint.url.split("/room/")[1].split("?")[0]
    return f"api/collaboration/rebase/{room}"


def test_a_store_that_is_locked_while_the_server_runs_hurts_nobody(
    run: Run, serving: Serving
) -> None:  # [H6] [H1]
    async def test() -> None:
        async with serving(YDocExtension=SOON) as server:
            all_kinds = documents(server, "locked")
            editors = [await server.member(document.fixture) for document in all_kinds]
            for editor in editors:
                await editor.ask("ack")
            other = sqlite3.connect(server.root / STORE, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            for document, editor in zip(all_kinds, editors, strict=True):
                document.type(editor)
            await asyncio.gather(
                *(d.agrees(editor) for d, editor in zip(all_kinds, editors, strict=True))
            )
            other.execute("ROLLBACK")
            other.close()
            for document, editor in zip(all_kinds, editors, strict=True):
                document.type(editor)
            await asyncio.gather(
                *(d.agrees(editor) for d, editor in zip(all_kinds, editors, strict=True))
            )
            await server.stop()
            await server.start()
            for document in all_kinds:
                async with editing(document) as (ada,):
                    await document.agrees(ada)

    run(test())


def test_a_store_that_is_locked_when_the_server_starts_hurts_nobody(
    run: Run, serving: Serving
) -> None:  # [H6]
    async def test() -> None:
        async with serving(YDocExtension=SOON) as server:
            all_kinds = documents(server, "locked")
            for document in all_kinds:
                async with editing(document) as (ada,):
                    document.type(ada)
                    await document.agrees(ada)
            await server.stop()
            other = sqlite3.connect(server.root / STORE, isolation_level=None)
            other.execute("BEGIN EXCLUSIVE")
            await server.start()
            for document in all_kinds:
                async with editing(document, 2) as (ada, bob):
                    document.type(ada)
                    await document.agrees(ada, bob)
            other.execute("ROLLBACK")
            other.close()
            await server.stop()
            await server.start()
            for document in all_kinds:
                async with editing(document) as (ada,):
                    document.type(ada)
                    await document.agrees(ada)

    run(test())


def test_a_store_without_space_hurts_nobody_and_is_written_when_there_is_some(
    run: Run, serving: Serving
) -> None:  # [H6] [H1]
    async def test() -> None:
        async with serving(YDocExtension=NEVER_BY_ITSELF) as server:
            all_kinds = documents(server, "full")
            editors = [await server.member(document.fixture) for document in all_kinds]
            for editor in editors:
                await editor.ask("ack")
            assert server.process is not None
            before = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (16, before[1]))
            for document, editor in zip(all_kinds, editors, strict=True):
                document.type(editor)
                late = await server.member(document.fixture)
                await until(lambda d=document, e=late: d.holds(d.seen_by(e)))
                late.socket.abort()
            resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, before)
            for document, editor in zip(all_kinds, editors, strict=True):
                document.type(editor)
                assert (await editor.ask("save"))["status"] == "success"
            await server.stop()
            await server.start()
            for document in all_kinds:
                async with editing(document) as (ada,):
                    await document.agrees(ada)

    run(test())


def test_a_store_that_can_be_no_file_leaves_documents_open(run: Run, serving: Serving) -> None:
    # [H6]
    async def test() -> None:
        async with serving(SQLiteYStore={"db_path": "/dev/full"}, YDocExtension=SOON) as server:
            for document in documents(server, "none"):
                async with editing(document, 2) as (ada, bob):
                    document.type(ada)
                    await document.agrees(ada, bob)

    run(test())
