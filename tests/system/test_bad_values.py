"""Values that a store cannot hold are refused, and never stop the history of other documents."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from faulty import Document, editing
from support import STORE, Editor, Server, until

from rtcbench.client import Endpoint
from rtcbench.fixtures import Fixture

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]

UNSAVED = {"document_save_delay": 60, "document_save_max_delay": 60}
SURROGATES = ["\ud800", "a\udfffb", "\ud83d", "ok\udc80"]


def room_of(endpoint: Endpoint) -> str:
    return endpoint.url.split("/room/")[1].split("?")[0]


async def put(server: Server, path: str, body: Any) -> int:
    data = json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    status, _ = await server.request("PUT", f"api/collaboration/{path}", data=data, headers=headers)
    return int(status)


async def stored(editor: Editor) -> None:
    """Wait until the server has acknowledged everything sent so far."""
    assert "status" not in await editor.ask("ack")


def refuse(store: sqlite3.Connection, room: str, change: str) -> int:
    """Make a store refuse a change of a document's updates; return the document's number."""
    query = "SELECT id FROM collaboration_documents WHERE room = ?"
    (number,) = store.execute(query, (room,)).fetchone()
    store.execute(
        f"CREATE TRIGGER refuse_{change} BEFORE {change} ON collaboration_updates"
        f" WHEN NEW.document = {number} BEGIN SELECT RAISE(ABORT, 'damaged'); END"
    )
    return int(number)


def test_a_version_name_that_is_no_text_is_refused_and_others_lose_nothing(
    run: Run, serving: Serving
) -> None:  # S5 [H1]
    async def test() -> None:
        async with serving(YDocExtension=UNSAVED) as server:
            named = Document(server, "named", "text")
            other = Document(server, "other", "notebook")
            ada = await server.member(named.fixture)
            bob = await server.member(other.fixture)
            named.type(ada)
            await stored(ada)
            room = room_of(await server.endpoint(named.fixture))
            for name in SURROGATES * 4:
                other.type(bob)
                assert await put(server, f"versions/{room}/1", {"name": name}) == 400
            other.type(bob)
            await stored(bob)
            server.crash()
            await server.start()
            for document in (named, other):
                async with editing(document) as (editor,):
                    await editor.ask("save")
                    await document.agrees(editor)

    run(test())


@pytest.mark.parametrize("text", SURROGATES)
def test_other_texts_that_are_no_texts_are_refused(
    run: Run, serving: Serving, text: str
) -> None:  # S5
    async def test() -> None:
        async with serving(YDocExtension=UNSAVED) as server:
            document = Document(server, "some", "notebook")
            ada = await server.member(document.fixture)
            room = room_of(await server.endpoint(document.fixture))
            document.type(ada)
            assert await put(server, f"fork/{room}", {"title": text}) == 400
            assert await put(server, f"fork/{room}", {"description": text}) == 400
            body = {"sessionId": text, "state": "AAA="}
            assert await put(server, f"rebase/{room}", body) == 400
            assert await put(server, f"restore/{room}", {"version": 1, "cell": text}) in (400, 404)
            for body in ({"format": text, "type": "file"}, {"format": "text", "type": text}):
                assert await put(server, "session/some.ipynb", body) == 400
            await stored(ada)

    run(test())


@pytest.mark.parametrize("version", [2**63, 2**64, 10**400, -1, 1.5, True, None, "1"])
def test_version_numbers_that_no_store_holds_are_refused(
    run: Run, serving: Serving, version: Any
) -> None:  # S5
    async def test() -> None:
        async with serving(YDocExtension=UNSAVED) as server:
            document = Document(server, "some", "text")
            ada = await server.member(document.fixture)
            room = room_of(await server.endpoint(document.fixture))
            document.type(ada)
            assert await put(server, f"restore/{room}", {"version": version}) == 400
            await stored(ada)

    run(test())


def test_a_person_whose_name_is_no_text_stops_nobody(run: Run, serving: Serving) -> None:
    # S5 [V3]
    async def test() -> None:
        options = {
            "ServerApp": {"identity_provider_class": "authorizers.Surrogates"},
            "YDocExtension": UNSAVED,
        }
        async with serving(**options) as server:
            document = Document(server, "some", "text")
            ada = await server.member(document.fixture)
            document.type(ada)
            await stored(ada)
            server.crash()
            await server.start()
            async with editing(document) as (bob,):
                await bob.ask("save")
                await document.agrees(bob)

    run(test())


def test_a_document_that_the_store_refuses_says_so_and_recovers_while_others_are_stored(
    run: Run, serving: Serving
) -> None:  # S5 [H1]
    async def test() -> None:
        async with serving(YDocExtension=UNSAVED) as server:
            broken = Document(server, "broken", "text")
            other = Document(server, "other", "text")
            ada = await server.member(broken.fixture)
            bob = await server.member(other.fixture)
            broken.type(ada)
            await stored(ada)
            room = room_of(await server.endpoint(broken.fixture))
            store = sqlite3.connect(server.root / STORE, isolation_level=None)
            number = refuse(store, room, "INSERT")
            refuse(store, room, "UPDATE")
            broken.type(ada)
            asked = asyncio.create_task(ada.ask("ack"))
            for _ in range(3):
                other.type(bob)
                await stored(bob)
            assert not asked.done()
            assert (await ada.ask("save"))["status"] == "success"
            await asked  # it is in the file instead
            store.execute("DROP TRIGGER refuse_INSERT")
            store.execute("DROP TRIGGER refuse_UPDATE")
            broken.type(ada)
            await stored(ada)
            rows = "SELECT count(*) FROM collaboration_updates WHERE document = ?"
            await until(lambda: store.execute(rows, (number,)).fetchone()[0] >= 2)
            store.close()
            server.crash()
            await server.start()
            for document in (broken, other):
                async with editing(document) as (editor,):
                    await editor.ask("save")
                    await document.agrees(editor)

    run(test())


def test_a_new_document_that_the_store_refuses_is_stored_once_when_it_recovers(
    run: Run, serving: Serving
) -> None:  # [S2] [S5] [H1]
    async def test() -> None:
        options = {"ServerApp": {"jpserver_extensions": {"counting": True}}}
        settings = {"document_save_delay": 0.05, "document_cleanup_delay": 0}
        async with serving(**options, YDocExtension=settings) as server:
            document = Document(server, "refused", "text")
            room = room_of(await server.endpoint(document.fixture))
            store = sqlite3.connect(server.root / STORE, isolation_level=None)
            refuse(store, room, "INSERT")

            async def open_and_close() -> None:
                editor = None
                with suppress(ConnectionError):  # the server may say that it cannot store it
                    editor = await server.member(document.fixture)
                    await editor.ask("save")
                    assert document.holds(document.seen_by(editor))
                if editor is not None:
                    editor.socket.abort()
                while json.loads((await server.request("GET", "test/counts"))[1])["rooms"]:
                    await asyncio.sleep(0.02)

            await open_and_close()
            text = document.data.decode()
            path = server.root / document.path
            path.write_text(text.replace("x = 1", f"x = 1 {document.mark()}"))
            await open_and_close()
            store.execute("DROP TRIGGER refuse_INSERT")
            store.close()
            for _ in range(2):
                async with editing(document) as (editor,):
                    document.type(editor)
                    await stored(editor)
                    await document.agrees(editor)
                server.crash()
                await server.start()

    run(test())


@pytest.mark.parametrize("damage", ["X'00ff17aa'", "'text'", "X''", "zeroblob(100000)"])
def test_a_document_whose_history_is_damaged_opens_from_its_file_and_others_are_untouched(
    run: Run, serving: Serving, damage: str
) -> None:  # S5 [H6] [S2]
    async def test() -> None:
        async with serving(YDocExtension={"document_save_delay": 0.05}) as server:
            damaged = Document(server, "damaged", "notebook")
            other = Document(server, "other", "text")
            for document in (damaged, other):
                async with editing(document) as (ada,):
                    document.type(ada)
                    await document.agrees(ada)
            room = room_of(await server.endpoint(damaged.fixture))
            await server.stop()
            store = sqlite3.connect(server.root / STORE, isolation_level=None)
            query = "SELECT id, session FROM collaboration_documents WHERE room = ?"
            number, session = store.execute(query, (room,)).fetchone()
            for table in ("updates", "checkpoints"):
                store.execute(
                    f"UPDATE collaboration_{table} SET data = {damage} WHERE document = ?",
                    (number,),
                )
            store.close()
            await server.start()
            with suppress(ConnectionError):  # the page asks again for the new session
                await server.member(damaged.fixture)
            for document in (damaged, other):
                async with editing(document, 2) as (ada, bob):
                    document.type(ada)
                    await document.agrees(ada, bob)
            assert server.session_id_of(await server.endpoint(damaged.fixture)) != session

    run(test())


def test_entries_and_marks_of_unknown_kinds_are_shown(run: Run, serving: Serving) -> None:  # S5
    async def test() -> None:
        async with serving(YDocExtension={"document_save_delay": 0.05}) as server:
            document = Document(server, "newer", "text")
            async with editing(document) as (ada,):
                document.type(ada)
                await document.agrees(ada)
            room = room_of(await server.endpoint(document.fixture))
            await server.stop()
            store = sqlite3.connect(server.root / STORE, isolation_level=None)
            store.execute("UPDATE collaboration_updates SET kind = 'dreamed' WHERE kind = 'edit'")
            store.execute(
                "INSERT INTO collaboration_marks (document, seq, kind, author, time, text)"
                " SELECT document, seq, 'foreseen', 'ada', time, '' FROM collaboration_updates"
            )
            store.close()
            await server.start()
            async with editing(document) as (ada,):
                document.type(ada)
                await document.agrees(ada)
                status, data = 0, b""
                while not (status == 200 and json.loads(data)["complete"]):
                    status, data = await server.request("GET", f"api/collaboration/versions/{room}")
                found = json.loads(data)["versions"]
                assert len(found) >= 2
                for version in found:
                    status, _ = await server.request(
                        "GET", f"api/collaboration/versions/{room}/{version['id']}"
                    )
                    assert status == 200

    run(test())


@pytest.mark.parametrize("ids", [{"id": "x"}, {}])
def test_a_notebook_without_a_minor_version_is_edited_and_saved(
    run: Run, serving: Serving, ids: dict[str, str]
) -> None:  # S9 [M8] [F7]
    async def test() -> None:
        async with serving(YDocExtension={"document_save_delay": 0.05}) as server:
            cell = {"cell_type": "markdown", **ids, "metadata": {}, "source": "one"}
            notebook = {"cells": [cell], "metadata": {}, "nbformat": 4}
            (server.root / "n.ipynb").write_text(json.dumps(notebook))
            ada = await server.member(Fixture("n.ipynb", "notebook"))
            ada.cells[0]["source"].insert(0, "typed ")
            await until(lambda: "typed one" in server.read("n.ipynb"))
            saved = json.loads(server.read("n.ipynb"))
            assert saved["nbformat_minor"] == (5 if ids else 0)
            assert [each.get("id") for each in saved["cells"]] == [ids.get("id")]

    run(test())
