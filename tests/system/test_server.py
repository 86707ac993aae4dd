"""The routes and rooms of a real server, over real sockets."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from pycrdt import Map, Text
from support import Editor, closing, until

from rtcbench import wire
from rtcbench.client import Endpoint
from rtcbench.fixtures import Fixture

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]

CELL = {
    "cell_type": "code",
    "execution_count": None,
    "id": "first",
    "metadata": {},
    "outputs": [],
    "source": "1 + 1",
}


def room_url(endpoint: Endpoint, **changes: str) -> str:
    """An endpoint's URL with parts of it replaced."""
    url = endpoint.url
    for old, new in changes.items():
        url = url.replace(old, new)
    return url


# The session route


def test_a_session_answers_what_a_client_needs(run: Run, serving: Serving) -> None:  # [C1] [S1]
    async def test() -> None:
        async with serving() as server:
            server.text_file("a.txt", "one")
            first, answer = await server.session("a.txt", format="text", type="file")
            assert first == 201
            assert answer.keys() == {"format", "type", "fileId", "sessionId", "maxMessageBytes"}
            assert (answer["format"], answer["type"]) == ("text", "file")
            assert await server.session("a.txt", format="text", type="file") == (200, answer)

    run(test())


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("missing.txt", {"format": "text", "type": "file"}, 404),
        ("../outside.txt", {"format": "text", "type": "file"}, 404),
        ("a.txt", {"format": "text"}, 400),
        ("a.txt", {"format": "xml", "type": "file"}, 400),
        ("a.txt", {"format": "text", "type": "notebook"}, 400),
        ("a.txt", {"format": "text", "type": 7}, 400),
        ("a.txt", {"format": "text", "type": "a:b"}, 400),
    ],
)
def test_a_session_that_cannot_be_is_refused_in_words(
    run: Run, serving: Serving, path: str, body: dict[str, Any], status: int
) -> None:
    async def test() -> None:
        async with serving() as server:
            server.text_file("a.txt", "one")
            answered, answer = await server.session(quote(path, safe=""), **body)
            assert answered == status
            assert answer["message"]

    run(test())


def test_a_session_without_a_json_body_is_refused(run: Run, serving: Serving) -> None:
    async def test() -> None:
        async with serving() as server:
            server.text_file("a.txt", "one")
            for body in (b"", b"not json", b"[]"):
                route = "api/collaboration/session/a.txt"
                assert (await server.request("PUT", route, data=body))[0] == 400

    run(test())


# Who comes in


def test_nobody_comes_in_without_a_token(run: Run, serving: Serving) -> None:  # [M1]
    async def test() -> None:
        async with serving() as server:
            endpoint = await server.endpoint(server.text_file("a.txt", "one"))
            token = server.token
            with pytest.raises(ConnectionError, match="403"):
                await closing(room_url(endpoint, **{token: "wrong"}))
            server.token = "wrong"
            status, _ = await server.session("a.txt", format="text", type="file")
            server.token = token
            assert status == 403

    run(test())


def test_another_session_id_never_syncs(run: Run, serving: Serving) -> None:  # [S3]
    async def test() -> None:
        async with serving() as server:
            endpoint = await server.endpoint(server.text_file("a.txt", "one"))
            for session_id in ("", "another"):
                url = room_url(endpoint, **{server.session_id_of(endpoint): session_id})
                update = wire.sync_message(wire.UPDATE, b"\x00\x00")
                code, reason = await closing(url, update)
                assert code == 1003
                told = json.loads(reason)
                assert told["reason"] == "unknown_session"
                assert told["sessionId"] == server.session_id_of(endpoint)

    run(test())


@pytest.mark.parametrize(
    ("room", "code"),
    [("text:file:unknown", 4404), ("xml:file:1", 4400), ("text::1", 4400)],
)
def test_a_room_that_cannot_be_is_refused(
    run: Run, serving: Serving, room: str, code: int
) -> None:  # [M1]
    async def test() -> None:
        async with serving() as server:
            _, answer = await server.session(server.text_file("a.txt", "").path, **TEXT)
            url = f"ws://127.0.0.1:{server.port}/api/collaboration/room/{quote(room)}"
            query = f"?token={server.token}&sessionId={answer['sessionId']}"
            closed, reason = await closing(url + query)
            assert closed in (code, 1003)
            assert len(reason.encode()) <= 123

    run(test())


TEXT = {"format": "text", "type": "file"}


def test_a_malformed_message_closes_only_its_sender(run: Run, serving: Serving) -> None:  # [M4]
    async def test() -> None:
        async with serving() as server:
            file = server.text_file("a.txt", "one")
            ada, bob = await server.member(file), await server.member(file)
            url = (await server.endpoint(file)).url
            for message in (b"", b"\x09", b"\x00\x07\x00", b"\x00\x02\xff", b"\x01" + b"\xff" * 20):
                code, _ = await closing(url, message)
                assert code == 4400
            broken = wire.sync_message(wire.UPDATE, b"\x05\x05\x05")
            assert (await closing(url, broken))[0] == 4400
            ada.source.insert(0, "x")
            await bob.sees("xone")

    run(test())


def test_who_may_only_read_is_answered_and_changes_nothing(run: Run, serving: Serving) -> None:
    # [M2]
    async def test() -> None:
        async with serving(ServerApp={"authorizer_class": "authorizers.ReadOnly"}) as server:
            file = server.text_file("a.txt", "one")
            endpoint = await server.endpoint(file)
            viewer = await Editor.open_at(endpoint)
            await viewer.sees("one")
            viewer.source.insert(0, "x")
            refusal = await viewer.reply(lambda reply: reply["type"] == "error")
            assert (refusal["reason"], refusal["role"]) == ("not_allowed", "viewer")
            assert (await viewer.ask("save"))["status"] == "failed"
            other = await Editor.open_at(endpoint)
            await other.sees("one")
            assert server.read("a.txt") == "one"

    run(test())


# Editing together


def test_what_one_types_the_other_sees_and_the_file_holds(run: Run, serving: Serving) -> None:
    async def test() -> None:
        async with serving() as server:
            file = server.text_file("a.txt", "one\n")
            ada, bob = await server.member(file), await server.member(file)
            ada.source.insert(0, "zéro 😀\n")
            await bob.sees("zéro 😀\none\n")
            await until(lambda: server.read("a.txt") == "zéro 😀\none\n")

    run(test())


WORDS = ["😀", "👩🏽‍🚀", "e\u0301", "שלום", "مرحبا", "ß", "日本語", "x", "\n", "𝔘"]


@pytest.mark.parametrize("count", [2, 50])
def test_clients_that_type_at_once_converge(run: Run, serving: Serving, count: int) -> None:
    async def test() -> None:
        async with serving() as server:
            file = server.text_file("a.txt", "start\n")
            editors = [await server.member(file) for _ in range(count)]
            rng = random.Random(count)
            for _ in range(10):
                for editor in editors:
                    text = str(editor.source)
                    at = len(text[: rng.randint(0, len(text))].encode())
                    editor.source.insert(at, rng.choice(WORDS))
                await asyncio.sleep(0)
            for number, editor in enumerate(editors):
                editor.source.insert(0, f"<{number}>")

            def whole() -> bool:
                texts = {str(editor.source) for editor in editors}
                return len(texts) == 1 and all(f"<{n}>" in min(texts) for n in range(count))

            await until(whole)
            text = str(editors[0].source)
            assert all(text.count(f"<{number}>") == 1 for number in range(count))
            assert (await editors[0].ask("save"))["status"] in ("success", "skipped")
            assert server.read("a.txt") == text

    run(test())


def test_a_notebook_is_edited_together_and_saved(run: Run, serving: Serving) -> None:
    async def test() -> None:
        async with serving() as server:
            file = server.notebook_file("n.ipynb", [CELL])
            ada, bob = await server.member(file), await server.member(file)
            ada.cells[0]["source"].insert(0, "# ünï\n")
            bob.cells.append(Map({**CELL, "id": "second", "source": Text("2"), "metadata": Map()}))

            def same() -> bool:
                return len(ada.cells) == 2 and ada.cells.to_py() == bob.cells.to_py()

            await until(same)
            assert (await ada.ask("save"))["status"] in ("success", "skipped")
            saved = json.loads(server.read("n.ipynb"))["cells"]
            assert [cell["source"] for cell in saved] == [["# ünï\n", "1 + 1"], ["2"]]

    run(test())


def test_opening_a_document_writes_nothing(run: Run, serving: Serving) -> None:  # [F6]
    async def test() -> None:
        async with serving() as server:
            notebook = server.notebook_file("n.ipynb", [], minor=4)
            before = server.read("n.ipynb")
            editor = await server.member(notebook)
            assert (await editor.ask("save"))["status"] == "skipped"
            assert server.read("n.ipynb") == before
            assert editor.state["dirty"] is False
            assert editor.state["path"] == "n.ipynb"

    run(test())


def test_an_acknowledged_edit_is_in_the_history(run: Run, serving: Serving) -> None:  # [H1]
    async def test() -> None:
        async with serving(YDocExtension={"document_save_delay": None}) as server:
            file = server.text_file("a.txt", "one")
            ada = await server.member(file)
            ada.source.insert(0, "x")
            await ada.ask("ack")
            server.crash()
            await server.start()
            assert server.read("a.txt") == "one"
            await (await server.member(file)).sees("xone")

    run(test())


def test_presence_reaches_those_who_come_later_and_goes_with_its_owner(
    run: Run, serving: Serving
) -> None:  # [M6]
    async def test() -> None:
        async with serving() as server:
            file = server.text_file("a.txt", "one")
            ada = await server.member(file)
            state = {"user": {"name": "Mallory"}, "cell": "Ada's"}
            ada.send(wire.awareness_message(ada.author, 1, json.dumps(state)))
            await ada.ask("ack")
            bob = await server.member(file)
            seen: list[bytes] = []
            bob.on_awareness = lambda client, payload, now: seen.append(payload)
            carol = Editor(await server.endpoint(file))
            carol.on_awareness = lambda client, payload, now: seen.append(payload)
            await carol.open()
            await until(lambda: any(b"Ada's" in payload for payload in seen))
            assert not any(b"Mallory" in payload for payload in seen)  # [M3]
            ada.socket.abort()
            gone = wire.varuint(ada.author) + b"\x01" + wire.varstring("null")
            await until(lambda: any(gone in payload for payload in seen))
            await carol.close()

    run(test())


# Saving


def test_a_save_tells_what_happened(run: Run, serving: Serving) -> None:  # [F2]
    async def test() -> None:
        async with serving(YDocExtension={"document_save_delay": None}) as server:
            file = server.text_file("a.txt", "one")
            ada = await server.member(file)
            ada.source.insert(0, "x")
            saved = await ada.ask("save")
            assert saved["status"] == "success"
            assert server.read("a.txt") == "xone"
            await until(lambda: ada.state["hash"] == saved["hash"])
            assert (await ada.ask("save"))["status"] == "skipped"
            (server.root / "a.txt").unlink()
            ada.source.insert(0, "y")
            failed = await ada.ask("save")
            assert failed["status"] == "failed"
            assert "a.txt" in failed["reason"]
            assert not (server.root / "a.txt").exists()

    run(test())


def test_the_document_is_dirty_from_an_edit_to_its_save(run: Run, serving: Serving) -> None:
    async def test() -> None:
        async with serving(YDocExtension={"document_save_delay": None}) as server:
            ada = await server.member(server.text_file("a.txt", "one"))
            assert ada.state["dirty"] is False
            ada.source.insert(0, "x")
            await until(lambda: ada.state["dirty"] is True)
            await ada.ask("save")
            await until(lambda: ada.state["dirty"] is False)

    run(test())


def test_line_endings_survive(run: Run, serving: Serving) -> None:  # [F7]
    async def test() -> None:
        async with serving() as server:
            ada = await server.member(server.text_file("a.txt", "one\r\ntwo\r\n"))
            await ada.sees("one\ntwo\n")
            ada.source.insert(0, "zero\n")
            await ada.ask("save")
            assert server.read("a.txt") == "zero\r\none\r\ntwo\r\n"

    run(test())


# The file changes


def test_a_change_on_disk_merges_with_unsaved_typing(run: Run, serving: Serving) -> None:  # [F4]
    async def test() -> None:
        options = {"document_save_delay": None, "file_poll_interval": 0.05}
        async with serving(YDocExtension=options) as server:
            ada = await server.member(server.text_file("a.txt", "one\ntwo\n"))
            ada.source.insert(4, "typed ")
            await ada.ask("ack")
            server.text_file("a.txt", "one\ntwo\nthree\n")
            await ada.sees("one\ntyped two\nthree\n")
            server.text_file("a.txt", "zero\none\ntwo\nthree\n")
            await ada.sees("zero\none\ntyped two\nthree\n")
            await ada.ask("save")
            assert server.read("a.txt") == "zero\none\ntyped two\nthree\n"

    run(test())


def test_a_save_merges_a_change_that_was_not_seen_yet(run: Run, serving: Serving) -> None:  # [F4]
    async def test() -> None:
        options = {"document_save_delay": None, "file_poll_interval": 0}
        async with serving(YDocExtension=options) as server:
            ada = await server.member(server.text_file("a.txt", "one\ntwo\n"))
            ada.source.insert(4, "typed ")
            await ada.ask("ack")
            server.text_file("a.txt", "one\ntwo\nthree\n")
            assert (await ada.ask("save"))["status"] == "success"
            assert server.read("a.txt") == "one\ntyped two\nthree\n"

    run(test())


def test_a_revert_makes_the_document_what_the_file_holds(run: Run, serving: Serving) -> None:
    async def test() -> None:
        async with serving(YDocExtension={"document_save_delay": None}) as server:
            ada = await server.member(server.text_file("a.txt", "one\ntwo\n"))
            ada.source.insert(0, "x")
            assert (await ada.ask("revert"))["status"] == "success"
            await ada.sees("one\ntwo\n")
            await until(lambda: ada.state["dirty"] is False)

    run(test())


def test_a_rename_is_followed(run: Run, serving: Serving) -> None:  # [F8]
    async def test() -> None:
        async with serving(YDocExtension={"file_poll_interval": 0.05}) as server:
            ada = await server.member(server.text_file("a.txt", "one"))
            body = {"path": "b.txt"}
            assert (await server.request("PATCH", "api/contents/a.txt", json=body))[0] == 200
            await until(lambda: ada.state["path"] == "b.txt")
            ada.source.insert(0, "x")
            await until(lambda: server.read("b.txt") == "xone")
            assert not (server.root / "a.txt").exists()

    run(test())


@pytest.mark.parametrize("name", ["a\\b.txt", "\\a.txt", "a\\", "%5C.txt", "a#?&;'\"b.txt"])
def test_a_rename_to_unusual_characters_is_followed(
    run: Run, serving: Serving, name: str
) -> None:  # [F8]
    async def test() -> None:
        async with serving(YDocExtension={"file_poll_interval": 0.05}) as server:
            (server.root / "f").mkdir()
            ada = await server.member(server.text_file("f/a.txt", "one"))
            body = {"path": f"f/{name}"}
            assert (await server.request("PATCH", "api/contents/f/a.txt", json=body))[0] == 200
            await until(lambda: ada.state["path"] == f"f/{name}")
            bob = await server.member(Fixture(f"f/{name}", "file"))
            bob.source.insert(0, "x")
            await ada.sees("xone")
            await until(lambda: server.read(f"f/{name}") == "xone")

    run(test())


def test_a_file_follows_its_folder(run: Run, serving: Serving) -> None:  # [F8]
    async def test() -> None:
        async with serving(YDocExtension={"file_poll_interval": 0.05}) as server:
            (server.root / "a" / "b").mkdir(parents=True)
            ada = await server.member(server.text_file("a/b/c.txt", "one"))
            body = {"path": "other"}
            assert (await server.request("PATCH", "api/contents/a", json=body))[0] == 200
            await until(lambda: ada.state["path"] == "other/b/c.txt")
            ada.source.insert(0, "x")
            await until(lambda: server.read("other/b/c.txt") == "xone")

    run(test())


# Stopping and coming back


@pytest.mark.parametrize("way", ["stop", "crash"])
def test_a_session_survives_the_server(run: Run, serving: Serving, way: str) -> None:  # [S1]
    async def test() -> None:
        async with serving() as server:
            file = server.notebook_file("n.ipynb", [CELL], minor=4)
            ada = await server.member(file)
            ada.cells[0]["source"].insert(0, "x")
            await ada.ask("ack")
            first = await server.endpoint(file)
            if way == "stop":
                await server.stop()
            else:
                server.crash()
            await server.start()
            assert await server.endpoint(file) == first
            bob = await server.member(file)
            assert str(bob.cells[0]["source"]) == "x1 + 1"
            assert len(bob.cells) == 1
            await until(lambda: "x1 + 1" in server.read("n.ipynb"))

    run(test())


def test_a_stop_saves_everything_first(run: Run, serving: Serving) -> None:  # [F1]
    async def test() -> None:
        async with serving(YDocExtension={"document_save_delay": 60}) as server:
            files = [server.text_file(f"{number}.txt", "one") for number in range(10)]
            editors = [await server.member(file) for file in files]
            for editor in editors:
                editor.source.insert(0, "x")
                await editor.ask("ack")
            await server.stop()
            assert server.process.returncode == 0
            assert [server.read(file.path) for file in files] == ["xone"] * 10

    run(test())


def test_a_room_closes_after_its_last_member(run: Run, serving: Serving) -> None:
    async def test() -> None:
        async with serving(
            YDocExtension={"document_save_delay": 60, "document_cleanup_delay": 0}
        ) as server:
            file = server.text_file("a.txt", "one")
            ada, bob = await server.member(file), await server.member(file)
            ada.source.insert(0, "x")
            await ada.ask("ack")
            ada.socket.abort()
            bob.socket.abort()
            await until(lambda: server.read("a.txt") == "xone")
            carol = await server.member(file)
            await carol.sees("xone")

    run(test())


def test_collaboration_that_is_off_has_no_routes(run: Run, serving: Serving) -> None:
    async def test() -> None:
        async with serving(YDocExtension={"disable_rtc": True}) as server:
            server.text_file("a.txt", "one")
            route = "api/collaboration/session/a.txt"
            assert (await server.request("PUT", route, json=TEXT))[0] == 404

    run(test())


def test_a_store_that_cannot_be_used_leaves_documents_open_to_all(
    run: Run, serving: Serving
) -> None:
    async def test() -> None:
        async with serving(SQLiteYStore={"db_path": "missing/store.db"}) as server:
            file = server.text_file("a.txt", "one")
            ada, bob = await server.member(file), await server.member(file)
            ada.source.insert(0, "x")
            await bob.sees("xone")
            await until(lambda: server.read("a.txt") == "xone")
            assert "without history" in server.log()

    run(test())


def test_loads_saves_and_who_comes_and_goes_are_events(run: Run, serving: Serving) -> None:  # [C1]
    async def test() -> None:
        async with serving() as server:
            file = server.text_file("a.txt", "one")
            endpoint = await server.endpoint(file)
            room = endpoint.url.split("/room/")[1].split("?")[0]
            url = f"{server.base}/api/events/subscribe?token={server.token}"
            async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
                told: list[dict[str, Any]] = []

                async def hear(schema: str) -> None:
                    told.clear()
                    while not told:
                        event = await asyncio.wait_for(socket.receive_json(), 20)
                        if event["schema_id"].endswith(f"/jupyter_collaboration/{schema}/v1"):
                            told.append(event)

                ada = await server.member(file)
                await hear("session")
                assert (told[0]["action"], told[0]["level"]) == ("load", "INFO")
                await hear("session")
                assert (told[0]["action"], told[0]["level"]) == ("initialize", "INFO")
                await hear("awareness")
                assert (told[0]["action"], told[0]["roomid"]) == ("join", room)
                assert told[0]["username"]
                ada.source.insert(0, "x")
                await hear("session")
                assert (told[0]["action"], told[0]["level"]) == ("save", "INFO")
                assert (told[0]["room"], told[0]["path"]) == (room, "a.txt")
                assert told[0]["store"] == "SQLiteYStore"
                await ada.close()
                await hear("awareness")
                assert (told[0]["action"], told[0]["roomid"]) == ("leave", room)

    run(test())
