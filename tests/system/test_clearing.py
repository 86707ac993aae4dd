"""A history is cleared: who may, what is left, and that nobody's work is."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from authorizers import RULES
from faulty import Document, arm, come_back, editing, ended
from jupyter_server.auth.identity import User
from support import (
    ENABLED,
    ROOT,
    Editor,
    Server,
    answer,
    at_play,
    content,
    put,
    room_of,
    until,
    versions,
)

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]

SECRET = "correct horse battery staple"

FAILING = {"ServerApp": {"jpserver_extensions": ENABLED | {"failing": True}}}


def stored(server: Server) -> bytes:
    """Every byte of the store."""
    return b"".join(path.read_bytes() for path in server.root.glob(".jupyter_ystore.db*"))


async def clear(server: Server, room: str, version: int) -> tuple[int, dict[str, Any]]:
    route = f"api/collaboration/versions/{room}?before={version}"
    status, text = await server.request("DELETE", route)
    return status, json.loads(text)


async def save(ada: Editor) -> None:
    """Save a document, unless the server has saved it by itself already."""
    assert (await ada.ask("save"))["status"] in ("success", "skipped")


async def with_a_secret(server: Server, ada: Editor) -> None:
    """Versions of a text: as loaded, with a secret, without it, and one more."""
    ada.source.insert(0, SECRET + "\n")
    await save(ada)
    del ada.source[0 : len(SECRET) + 1]
    ada.source.insert(0, "two\n")
    await save(ada)
    ada.source.insert(0, "three\n")
    await save(ada)


@pytest.mark.parametrize("is_open", [True, False], ids=["open", "closed"])
def test_what_was_before_a_version_is_gone_and_the_rest_stays(
    run: Run, serving: Serving, is_open: bool
) -> None:  # [V7]
    async def test() -> None:
        async with serving() as server:
            file = server.text_file("a.txt", "one\n")
            endpoint = await server.endpoint(file)
            room = room_of(endpoint)
            ada = await server.member(file)
            await with_a_secret(server, ada)
            before = await versions(server, room)
            assert [each["kind"] for each in before] == ["edit", "edit", "edit", "load"]
            for version, name in ((before[2], SECRET), (before[0], "kept")):
                await put(server, f"versions/{room}/{version['id']}", name=name)
            _, text = await server.request(
                "GET", "api/collaboration/timeline/a.txt?format=text&type=file"
            )
            viewer = await at_play(server, json.loads(text))
            if not is_open:
                await server.stop()
                await server.start()
            assert SECRET.encode() in stored(server)
            status, found = await clear(server, room, before[1]["id"])
            assert (status, found) == (200, {"id": before[1]["id"]})
            assert SECRET.encode() not in stored(server)
            await asyncio.wait_for(viewer.socket.closed.wait(), 20)

            after = await versions(server, room)
            assert [(each["id"], each["kind"]) for each in after] == [
                (before[0]["id"], "edit"),
                (before[1]["id"], "squashed"),
            ]
            assert [each["name"] for each in after] == ["kept", ""]
            assert await content(server, room, before[1]["id"]) == "two\none\n"
            assert await content(server, room, before[0]["id"]) == "three\ntwo\none\n"
            for gone in before[2:]:
                route = f"api/collaboration/versions/{room}/{gone['id']}"
                assert (await server.request("GET", route))[0] == 404
                status, _ = await put(server, f"restore/{room}", version=gone["id"])
                assert status == 404
            assert await server.endpoint(file) == endpoint  # no other session
            if is_open:
                ada.source.insert(0, "four\n")
                assert (await ada.ask("save"))["status"] == "success"
            assert server.read("a.txt").endswith("three\ntwo\none\n")
            (server.root / "a.txt").write_text(server.read("a.txt") + "disk\n")
            bob = await server.member(file)
            await until(lambda: str(bob.source).endswith("three\ntwo\none\ndisk\n"))
            await server.stop()
            assert SECRET.encode() not in stored(server)

    run(test())


@pytest.mark.parametrize("kind", ["text", "notebook"])
def test_nothing_is_lost_while_people_type_and_come_back(
    run: Run, serving: Serving, kind: str
) -> None:  # [V7] [H4] [S3]
    async def test() -> None:
        async with serving(YDocExtension={"document_save_delay": 0.05}) as server:
            document = Document(server, f"cleared/{kind}", kind)
            room = room_of(await server.endpoint(document.fixture))
            async with editing(document, 2) as (ada, offline):
                for editor in (ada, offline):
                    document.type(editor)
                await document.agrees(ada, offline)
                offline.socket.abort()
                document.type(offline)

                async def type_on() -> None:
                    for _ in range(30):
                        document.type(ada)
                        await ada.ask("ack")

                async def clear_again() -> None:
                    for _ in range(5):
                        newest = (await versions(server, room))[0]
                        status, told = await clear(server, room, newest["id"])
                        assert status == 200, told

                await asyncio.gather(type_on(), clear_again())
                await come_back(document, offline)
                document.type(offline)
                await document.agrees(ada, offline)
            server.crash()
            await server.start()
            async with editing(document) as (bob,):
                await come_back(document, offline)
                document.type(offline)
                await document.agrees(bob, offline)

    run(test())


@pytest.mark.parametrize("point", ["clear.begin", "clear.deleted", "clear.done", "clear.wiped"])
def test_a_kill_leaves_the_old_history_or_the_new_one(
    run: Run, serving: Serving, point: str
) -> None:  # [V7] [H1]
    async def test() -> None:
        async with serving(**FAILING) as server:
            file = server.text_file("a.txt", "one\n")
            room = room_of(await server.endpoint(file))
            ada = await server.member(file)
            await with_a_secret(server, ada)
            before = await versions(server, room)
            ids = [each["id"] for each in before]
            ada.source.insert(0, "four\n")
            await ada.ask("ack")
            arm(server, point)
            with pytest.raises(aiohttp.ClientError):
                await clear(server, room, ids[1])
            await ended(server)
            await server.start()
            bob = await server.member(file)
            assert str(bob.source) == "four\nthree\ntwo\none\n"
            found = [each["id"] for each in await versions(server, room)]
            if point in ("clear.begin", "clear.deleted"):
                assert found[-4:] == ids
                assert SECRET in await content(server, room, ids[2])
            else:
                assert found[-2:] == ids[:2]
                await until(lambda: SECRET.encode() not in stored(server))
            assert await content(server, room, ids[1]) == "two\none\n"
            assert (await clear(server, room, ids[1]))[0] == 200
            assert SECRET.encode() not in stored(server)

    run(test())


def test_a_fork_made_before_is_merged_after(run: Run, serving: Serving) -> None:  # [V7] [K5]
    async def test() -> None:
        async with serving() as server:
            file = server.text_file("a.txt", "one\n")
            room = room_of(await server.endpoint(file))
            ada = await server.member(file)
            _, text = await server.request("PUT", f"api/collaboration/fork/{room}", json={})
            made = json.loads(text)
            fork = await at_play(
                server, {"forkRoom": made["fork_roomid"], "sessionId": made["sessionId"]}
            )
            fork.source.insert(0, "fork\n")
            await fork.ask("ack")
            ada.source.insert(4, "two\n")
            await ada.ask("save")
            newest = (await versions(server, room))[0]
            assert (await clear(server, room, newest["id"]))[0] == 200
            route = f"api/collaboration/fork/{made['fork_roomid']}?merge=true"
            assert (await server.request("DELETE", route))[0] == 200
            await ada.sees("fork\none\ntwo\n")

    run(test())


def test_only_who_may_write_the_history_clears_it(
    run: Run,
    guarded: Callable[..., Any],
) -> None:  # [V7] [M1]
    async def test() -> None:
        async with guarded() as server:
            rules = server.root / RULES
            room = room_of(await server.endpoint(server.text_file("a.txt", "one\n")))
            route = f"api/collaboration/versions/{room}"

            async def may(person: str, rule: dict[str, Any]) -> tuple[bool, int]:
                rules.write_text(json.dumps(rule))
                async with (
                    aiohttp.ClientSession(headers={"Authorization": f"token {person}"}) as session,
                    session.get(f"{server.base}/{route}") as response,
                ):
                    told = (await response.json())["may_clear"]
                status = await answer(server, person, "DELETE", f"{route}?before=1")
                return told, status

            assert await may("editor", {}) == (True, 200)
            assert await may("viewer", {}) == (False, 403)
            editors = {"viewer": ["read", "write"]}
            assert await may("viewer", editors) == (True, 200)
            owned = {**editors, "history": ["editor"]}
            assert await may("viewer", owned) == (False, 403)
            assert await may("editor", owned) == (True, 200)
            assert await may("editor", {"editor": ["read"], "history": ["editor"]}) == (False, 403)

    run(test())


def test_the_documented_authorizer_leaves_it_to_the_server_s_owner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # [V7]
    text = (ROOT / "docs" / "security.md").read_text()
    (example,) = [
        each for each in re.findall(r"```python\n(.*?)```", text, re.S) if "OwnersHistory" in each
    ]
    names: dict[str, Any] = {}
    exec(example.split("c.ServerApp")[0], names)
    authorizer = names["OwnersHistory"]()
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    for name, resource, allowed in (
        ("ada", "history", True),
        ("bob", "history", False),
        ("bob", "contents", True),
    ):
        assert authorizer.is_authorized(None, User(name), "write", resource) is allowed
    monkeypatch.delenv("JUPYTERHUB_USER")
    assert not authorizer.is_authorized(None, User("ada"), "write", "history")


@pytest.mark.parametrize(
    ("query", "status"), [("", 400), ("before=x", 400), ("before=999999", 404)]
)
def test_bad_requests_clear_nothing(
    run: Run, serving: Serving, query: str, status: int
) -> None:  # [V7]
    async def test() -> None:
        async with serving() as server:
            file = server.text_file("a.txt", "one\n")
            room = room_of(await server.endpoint(file))
            ada = await server.member(file)
            ada.source.insert(0, "two\n")
            await ada.ask("save")
            route = f"api/collaboration/versions/{room}?{query}"
            found, text = await server.request("DELETE", route)
            assert found == status and json.loads(text)["message"]
            assert len(await versions(server, room)) == 2

    run(test())


def test_without_a_store_nothing_is_said_to_be_cleared(run: Run, serving: Serving) -> None:
    # [V7] [H6]
    async def test() -> None:
        async with serving(SQLiteYStore={"db_path": "/dev/full"}) as server:
            room = room_of(await server.endpoint(server.text_file("a.txt", "one\n")))
            status, told = await clear(server, room, 1)
            assert status == 503 and told["message"]

    run(test())
