"""Who comes in, what they may do, and that nothing is left of those who may not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from authorizers import RULES
from support import Editor, answer, closing, until

from jupyter_collaboration.app import YDocExtension
from jupyter_collaboration.web.forks import ForkHandler
from jupyter_collaboration.web.rebase import RebaseHandler
from jupyter_collaboration.web.run import (
    ExecuteHandler,
    InputHandler,
    RequestHandler,
    WidgetsHandler,
)
from jupyter_collaboration.web.session import SessionHandler
from jupyter_collaboration.web.sharing import (
    InvitationHandler,
    InvitationsHandler,
    PeopleHandler,
    ShareHandler,
    SharingHandler,
)
from jupyter_collaboration.web.timeline import TimelineHandler, UndoRedoHandler
from jupyter_collaboration.web.versions import (
    AuthorsHandler,
    PageHandler,
    RestoreHandler,
    VersionHandler,
)
from jupyter_collaboration.web.websocket import RoomHandler
from rtcbench import wire
from rtcbench.client import Endpoint

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]

TEXT = {"format": "text", "type": "file"}

NEEDS = {
    (SessionHandler, "put"): "read",
    (RebaseHandler, "put"): "write",
    (ForkHandler, "get"): "read",
    (ForkHandler, "put"): "write",
    (ForkHandler, "delete"): "write",
    (RoomHandler, "get"): "read",
    (PageHandler, "get"): "read",
    (VersionHandler, "get"): "read",
    (VersionHandler, "put"): "write",
    (RestoreHandler, "put"): "write",
    (AuthorsHandler, "get"): "read",
    (UndoRedoHandler, "put"): "write",
    (TimelineHandler, "get"): "read",
    (PageHandler, "delete"): "write",  # last: it closes the rooms that show the past
}
"""What each route needs; the tests below try each with everybody."""

ON_A_HUB = {
    (SharingHandler, "get"): ("sharing", "read"),
    (PeopleHandler, "get"): ("sharing/people", "read"),
    (ShareHandler, "put"): ("sharing/user/eve", "write"),
    (ShareHandler, "delete"): ("sharing/group/class", "write"),
    (InvitationsHandler, "post"): ("sharing/codes", "write"),
    (InvitationHandler, "delete"): ("sharing/codes/sc_1", "write"),
}
"""The routes that need a hub: what they need before the hub is asked."""

ON_A_KERNEL = {
    (ExecuteHandler, "get"): "kernels/{kernel}/execute",
    (ExecuteHandler, "post"): "kernels/{kernel}/execute",
    (RequestHandler, "get"): "kernels/{kernel}/requests/{run}",
    (RequestHandler, "delete"): "kernels/{kernel}/requests/{run}",
    (InputHandler, "post"): "kernels/{kernel}/input",
    (WidgetsHandler, "get"): "collaboration/widgets/{kernel}",
}
"""The routes that need the right to run code on a kernel."""

PEOPLE = {
    "": set(),
    "wrong": set(),
    "nobody": set(),
    "viewer": {"read"},
    "editor": {"read", "write"},
}


def test_every_route_is_in_the_table(extension: YDocExtension) -> None:  # [M1]
    found = {
        (handler, verb)
        for _, handler, *_ in extension.handlers
        if handler.__module__.startswith("jupyter_collaboration")
        for verb in ("get", "put", "post", "delete", "patch")
        if verb in vars(handler)
    }
    assert found == NEEDS.keys() | ON_A_HUB.keys() | ON_A_KERNEL.keys()


@pytest.mark.parametrize("person", PEOPLE)
def test_routes_of_kernels_need_the_right_to_run_code(
    run: Run, guarded: Callable[..., Any], person: str
) -> None:  # [M1] [R9]
    async def test() -> None:
        async with guarded() as server:
            rules = {"editor": ["read", "write", "execute"]}
            (server.root / RULES).write_text(json.dumps(rules))
            _, text = await server.request("POST", "api/kernels", json={"name": "python3"})
            kernel = json.loads(text)["id"]
            execute = f"api/kernels/{kernel}/execute"
            _, text = await server.request("POST", execute, json={"code": "input()"})
            names = {"kernel": kernel, "run": json.loads(text)["request_id"]}
            for (_, verb), route in ON_A_KERNEL.items():
                path = f"api/{route.format(**names)}"
                status = await answer(server, person, verb.upper(), path, json={})
                # Users with permission get an error that says what is missing.
                permitted = {200, 202, 204, 300, 400, 404}
                assert status in (permitted if person == "editor" else {403}), (path, status)

    run(test())


@pytest.mark.parametrize("person", PEOPLE)
def test_routes_of_hubs_are_authorized_and_need_a_hub(
    run: Run, guarded: Callable[..., Any], person: str
) -> None:  # [M1] [P13]
    async def test() -> None:
        async with guarded() as server:
            headers = {"Authorization": f"token {person}"} if person else {}
            async with aiohttp.ClientSession(headers=headers) as session:
                for (_, verb), (route, need) in ON_A_HUB.items():
                    url = f"{server.base}/api/collaboration/{route}"
                    body = {"expires_in": 3600} if verb == "post" else None
                    async with session.request(verb, url, json=body) as response:
                        text = await response.text()
                    is_permitted = need in PEOPLE[person]
                    if route == "sharing" and is_permitted:
                        assert (response.status, json.loads(text)) == (200, {"available": False})
                    else:
                        assert response.status == 403, text
                        assert ("permission to share this server" in text) is is_permitted

    run(test())


async def counts(server: Any) -> dict[str, int]:
    status, data = await server.request("GET", "test/counts")
    assert status == 200, data
    found: dict[str, int] = json.loads(data)
    return found


def url_for(server: Any, endpoint: Endpoint, person: str) -> str:
    return endpoint.url.replace(f"token={server.token}", f"token={person}")


async def comes_in(url: str) -> bool:
    """Whether a socket is upgraded; it is closed at once."""
    editor = Editor(Endpoint(url))
    try:
        await editor.open()
    except ConnectionError as error:
        assert "403" in str(error)
        editor.socket.abort()
        return False
    await editor.close()
    return True


@pytest.mark.parametrize("person", PEOPLE)
def test_everybody_gets_at_each_route_what_they_may(
    run: Run, guarded: Callable[..., Any], person: str
) -> None:  # [M1] [M2]
    async def test() -> None:
        async with guarded() as server:
            file = server.text_file("a.txt", "one")
            endpoint = await server.endpoint(file)
            session_id = server.session_id_of(endpoint)
            room = endpoint.url.split("/room/")[1].split("?")[0]
            forks = f"api/collaboration/fork/{room}"
            _, made = await server.request("PUT", forks, json={})
            fork = f"api/collaboration/fork/{json.loads(made)['fork_roomid']}?merge=true"
            past = "api/collaboration/timeline/a.txt?format=text&type=file"
            _, shown = await server.request("GET", past)
            step = f"undo_redo/{room}?action=undo&steps=1&forkRoom={json.loads(shown)['forkRoom']}"
            before = await counts(server)
            may = PEOPLE[person]

            async def session() -> bool:
                route = "api/collaboration/session/a.txt"
                return await answer(server, person, "PUT", route, json=TEXT) == 200

            async def rebase() -> bool:
                body = {"sessionId": session_id, "state": "AAA="}
                route = f"api/collaboration/rebase/{room}"
                return await answer(server, person, "PUT", route, json=body) == 200

            def asks(method: str, route: str, **body: Any) -> Callable[[], Awaitable[bool]]:
                async def ask() -> bool:
                    path = f"api/collaboration/{route}"
                    return await answer(server, person, method, path, json=body) == 200

                return ask

            async def forking(method: str, route: str, **options: Any) -> bool:
                return await answer(server, person, method, route, **options) in (200, 201)

            tries: dict[Any, Callable[[], Awaitable[bool]]] = {
                (SessionHandler, "put"): session,
                (RebaseHandler, "put"): rebase,
                (ForkHandler, "get"): lambda: forking("GET", forks),
                (ForkHandler, "put"): lambda: forking("PUT", forks, json={}),
                (ForkHandler, "delete"): lambda: forking("DELETE", fork),
                (RoomHandler, "get"): lambda: comes_in(url_for(server, endpoint, person)),
                (PageHandler, "get"): asks("GET", f"versions/{room}"),
                (VersionHandler, "get"): asks("GET", f"versions/{room}/1"),
                (AuthorsHandler, "get"): asks("GET", f"authors/{room}"),
                (VersionHandler, "put"): asks("PUT", f"versions/{room}/1", name="first"),
                (TimelineHandler, "get"): asks("GET", "timeline/a.txt?format=text&type=file"),
                (UndoRedoHandler, "put"): asks("PUT", step),
                (PageHandler, "delete"): asks("DELETE", f"versions/{room}?before=1"),
                (RestoreHandler, "put"): asks("PUT", f"restore/{room}", version=1),
            }
            for route, need in NEEDS.items():
                assert await tries[route]() is (need in may), route
            if not may:
                await until_counts(server, before)

    run(test())


def test_an_authorizer_may_decide_by_path(run: Run, guarded: Callable[..., Any]) -> None:  # [M1]
    async def test() -> None:
        async with guarded() as server:
            (server.root / RULES).write_text(json.dumps({"hidden": ["secret.txt"]}))
            for name, seen in (("a.txt", True), ("secret.txt", False)):
                endpoint = await server.endpoint(server.text_file(name, "one"))
                route = f"api/collaboration/session/{name}"
                assert await answer(server, "viewer", "PUT", route, json=TEXT) == (
                    200 if seen else 403
                )
                assert await comes_in(url_for(server, endpoint, "viewer")) is seen
                assert await comes_in(url_for(server, endpoint, "editor"))

    run(test())


def test_an_authorizer_decides_about_the_target_of_a_link(
    run: Run, guarded: Callable[..., Any]
) -> None:  # [M1] [F8]
    async def test() -> None:
        async with guarded() as server:
            (server.root / RULES).write_text(json.dumps({"hidden": ["secret.txt"]}))
            await server.endpoint(server.text_file("secret.txt", "one"))
            (server.root / "link.txt").symlink_to(server.root / "secret.txt")
            past = "api/collaboration/timeline/link.txt?format=text&type=file"
            for person, status in (("viewer", 403), ("editor", 200)):
                route = "api/collaboration/session/link.txt"
                assert await answer(server, person, "PUT", route, json=TEXT) == status
                assert await answer(server, person, "GET", past) == status

    run(test())


def test_a_viewer_opens_a_document_alone_follows_it_and_changes_nothing(
    run: Run, guarded: Callable[..., Any]
) -> None:  # [M2]
    async def test() -> None:
        async with guarded() as server:
            file = server.text_file("a.txt", "one")
            endpoint = await server.endpoint(file)
            viewer = await Editor.open_at(Endpoint(url_for(server, endpoint, "viewer")))
            told = await viewer.reply(lambda reply: reply["type"] == "role")
            assert (told["role"], told["reason"]) == ("viewer", "permission")
            editor = await server.member(file)
            editor.source.insert(0, "x")
            await viewer.sees("xone")
            viewer.source.insert(0, "<viewer>")
            refused = await viewer.reply(lambda reply: reply["type"] == "error")
            assert (refused["reason"], refused["action"]) == ("not_allowed", "edit")
            for name in ("save", "recreate", "revert"):
                assert (await viewer.ask(name))["status"] == "failed"
            editor.source.insert(0, "y")
            await editor.ask("save")
            assert server.read("a.txt") == "yxone"

    run(test())


def test_who_is_demoted_promoted_or_sent_away_is_told_live(
    run: Run, guarded: Callable[..., Any]
) -> None:  # [M2]
    async def test() -> None:
        async with guarded(role_check_interval=0.05) as server:
            endpoint = await server.endpoint(server.text_file("a.txt", "one"))
            viewer = await Editor.open_at(Endpoint(url_for(server, endpoint, "viewer")))
            rules = server.root / RULES
            rules.write_text(json.dumps({"viewer": ["read", "write"]}))
            await viewer.reply(lambda reply: reply.get("role") == "editor")
            viewer.source.insert(0, "x")
            await until(lambda: server.read("a.txt") == "xone")
            viewer.replies.clear()
            rules.write_text(json.dumps({"viewer": ["read"]}))
            await viewer.reply(lambda reply: reply.get("role") == "viewer")
            viewer.source.insert(0, "y")
            await viewer.reply(lambda reply: reply.get("reason") == "not_allowed")
            rules.write_text(json.dumps({"viewer": []}))
            await asyncio.wait_for(viewer.socket.closed.wait(), 20)
            assert viewer.socket.close_code == 4403
            assert "not read" in viewer.socket.close_reason
            assert server.read("a.txt") == "xone"

    run(test())


def test_a_document_whose_file_is_read_only_can_be_edited_and_is_saved_once_it_is_writable(
    run: Run, guarded: Callable[..., Any]
) -> None:  # F22 [M2]
    async def test() -> None:
        options = {"contents_manager_class": "managers.ByMode", "file_poll_interval": 0.05}
        async with guarded(**options, document_cleanup_delay=0.1) as server:
            file = server.text_file("a.txt", "one")
            (server.root / "a.txt").chmod(0o444)
            ada, bob = [await server.member(file) for _ in range(2)]
            told = await ada.reply(lambda reply: reply["type"] == "role")
            assert (told["role"], told["reason"]) == ("editor", "file")
            ada.source.insert(0, "x")
            await bob.sees("xone")
            for _ in range(2):
                reply = await ada.ask("save")
                assert (reply["status"], reply["code"]) == ("failed", "read_only")
                assert "read-only" in reply["reason"]
            assert server.read("a.txt") == "one"
            for member in (ada, bob):
                await member.close()
            await server.stop()
            await server.start()
            ada = await server.member(file)
            await ada.sees("xone")
            assert ada.state["dirty"] is True
            ada.source.insert(0, "y")
            ada.replies.clear()
            (server.root / "a.txt").chmod(0o644)
            await ada.reply(lambda reply: reply.get("reason") == "")
            await until(lambda: server.read("a.txt") == "yxone")

    run(test())


def test_unsaved_edits_of_a_read_only_file_are_discarded_by_reloading_it(
    run: Run, guarded: Callable[..., Any]
) -> None:  # F22 [M2]
    async def test() -> None:
        async with guarded(contents_manager_class="managers.ByMode") as server:
            file = server.text_file("a.txt", "one")
            (server.root / "a.txt").chmod(0o444)
            ada = await server.member(file)
            ada.source.insert(0, "x")
            await ada.ask("save")
            assert (await ada.ask("revert"))["status"] == "success"
            await ada.sees("one")
            await ada.until(lambda _: ada.state["dirty"] is False, 20)

    run(test())


def test_presence_has_the_name_that_the_server_knows(
    run: Run, guarded: Callable[..., Any]
) -> None:  # [M3]
    async def test() -> None:
        async with guarded() as server:
            endpoint = await server.endpoint(server.text_file("a.txt", "one"))
            watcher = Editor(endpoint)
            seen: list[dict[str, Any]] = []

            def look(client: Any, payload: bytes, now: float) -> None:
                reader = wire.Reader(payload)
                for _ in range(reader.uint()):
                    seen.append({"id": reader.uint(), "clock": reader.uint()})
                    seen[-1]["state"] = json.loads(reader.string())

            watcher.on_awareness = look
            await watcher.open()
            viewer = await Editor.open_at(Endpoint(url_for(server, endpoint, "viewer")))
            claim = {"user": {"name": "Editor", "username": "editor"}, "cursors": [1]}
            viewer.send(wire.awareness_message(7, 1, json.dumps(claim)))
            await until(lambda: any(each["id"] == 7 for each in seen))
            state = seen[-1]["state"]
            assert (state["user"]["username"], state["cursors"]) == ("viewer", [1])
            # And nobody speaks for others, not even to say that they left.
            seen.clear()
            watcher.send(wire.awareness_message(7, 9, "null"))
            watcher.send(wire.awareness_message(8, 1, "{}"))
            await until(lambda: any(each["id"] == 8 for each in seen))
            assert not any(each["id"] == 7 for each in seen)

    run(test())


def test_what_the_server_alone_knows_is_put_right_again(
    run: Run, guarded: Callable[..., Any]
) -> None:  # [M7] [M9]
    async def test() -> None:
        async with guarded() as server:
            file = server.text_file("a.txt", "one")
            server.text_file("victim.txt", "precious")
            ada = await server.member(file)
            await until(lambda: "document_id" in ada.state)
            right = {key: ada.state[key] for key in ("path", "hash", "dirty", "document_id")}
            wrong = {"path": "victim.txt", "hash": "x", "dirty": True, "document_id": "a:b:c"}
            for key, value in wrong.items():
                ada.state[key] = value
            await until(lambda: {key: ada.state[key] for key in right} == right)
            state = json.dumps({"save": False, "path": "victim.txt"})
            ada.send(wire.awareness_message(ada.author, 1, state))
            ada.source.insert(0, "x")
            await until(lambda: server.read("a.txt") == "xone")
            assert server.read("victim.txt") == "precious"

    run(test())


@pytest.mark.parametrize(
    ("origin", "cookie", "comes"),
    [
        ("http://evil.example", True, False),
        ("null", True, False),
        ("same", True, True),
        (None, True, True),
        ("http://evil.example", False, True),  # no browser sends somebody's token by itself
    ],
)
def test_origins_are_checked_as_jupyter_server_does(
    run: Run, guarded: Callable[..., Any], origin: str | None, cookie: bool, comes: bool
) -> None:  # [M5]
    async def test() -> None:
        async with guarded() as server:
            endpoint = await server.endpoint(server.text_file("a.txt", "one"))
            before = await counts(server)
            value = f"http://127.0.0.1:{server.port}" if origin == "same" else origin
            headers = {"Origin": value} if value else {}
            url = endpoint.url
            if cookie:
                headers["Cookie"] = "person=editor"
                url = url.replace(f"token={server.token}", "")
            async with aiohttp.ClientSession(headers=headers) as session:
                try:
                    async with session.ws_connect(url) as socket:
                        message = await socket.receive(10)
                        assert comes
                        assert message.type is aiohttp.WSMsgType.BINARY
                except aiohttp.WSServerHandshakeError as error:
                    assert not comes
                    assert error.status == 403
            if not comes:
                await until_counts(server, before)

    run(test())


def test_who_comes_with_a_cookie_needs_the_xsrf_token_as_well(
    run: Run, guarded: Callable[..., Any]
) -> None:  # [M5]
    async def test() -> None:
        async with guarded() as server:
            server.text_file("a.txt", "one")
            route = "api/collaboration/session/a.txt"
            cookie = {"Cookie": "person=editor"}
            assert await answer(server, "", "PUT", route, json=TEXT, headers=cookie) == 403
            cookie["Cookie"] += "; _xsrf=known"
            checked = {**cookie, "X-XSRFToken": "known"}
            assert await answer(server, "", "PUT", route, json=TEXT, headers=checked) == 201

    run(test())


BAD_PATHS = ["../a.txt", "a/../../a.txt", "missing.txt", ".hidden.txt", "a.txt/b", "a\0b"]


@pytest.mark.parametrize("path", BAD_PATHS)
def test_paths_that_lead_nowhere_are_refused(
    run: Run, guarded: Callable[..., Any], path: str
) -> None:  # [M1]
    async def test() -> None:
        async with guarded() as server:
            server.text_file("a.txt", "one")
            server.text_file(".hidden.txt", "one")
            before = await counts(server)
            route = f"api/collaboration/session/{quote(path, safe='')}"
            assert await answer(server, "editor", "PUT", route, json=TEXT) in (400, 404)
            await until_counts(server, before)

    run(test())


BODIES = [b"", b"{", b"[]", b'"x"', b"[" * 100_000, b"\xff\xfe", b'{"format": "text"}', b"{}"]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_bodies_that_say_nothing_are_refused(
    run: Run, guarded: Callable[..., Any], body: bytes
) -> None:
    async def test() -> None:
        async with guarded() as server:
            endpoint = await server.endpoint(server.text_file("a.txt", "one"))
            room = endpoint.url.split("/room/")[1].split("?")[0]
            for route in ("session/a.txt", f"rebase/{room}", "rebase/a:b", "rebase/text:file:none"):
                path = f"api/collaboration/{route}"
                assert await answer(server, "editor", "PUT", path, data=body) in (400, 404)

    run(test())


def test_refused_sockets_leave_nothing(run: Run, guarded: Callable[..., Any]) -> None:  # [M1]
    async def test() -> None:
        async with guarded() as server:
            endpoint = await server.endpoint(server.text_file("a.txt", "one"))
            base = endpoint.url.split("/room/")[0] + "/room/"
            before = await counts(server)
            for number in range(100):
                for name in ("nobody", "wrong"):
                    assert not await comes_in(url_for(server, endpoint, name))
                for room in (f"text:file:{number}", f"xml:file:{number}", f"json:file:x{number}"):
                    code, reason = await closing(f"{base}{room}?token={server.token}")
                    assert code in (4400, 4404)
                    assert len(reason.encode()) <= 123
            await until_counts(server, before)

    run(test())


async def until_counts(server: Any, wanted: dict[str, int]) -> None:
    """Wait until no more is open than before."""
    for _ in range(200):
        found = await counts(server)
        if all(found[key] <= wanted[key] for key in wanted):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{found} is left, {wanted} was there before")


def test_a_thousand_comings_and_goings_leave_nothing(
    run: Run, guarded: Callable[..., Any]
) -> None:  # [M1]
    async def test() -> None:
        async with guarded(document_cleanup_delay=0.0, file_poll_interval=0.2) as server:
            file = server.text_file("a.txt", "one")
            endpoint = await server.endpoint(file)

            async def cycles(number: int) -> None:
                for _ in range(number):
                    await asyncio.gather(*(comes_in(endpoint.url) for _ in range(10)))

            await cycles(20)
            before = await counts(server)
            handles, memory = server.stat.process.num_fds(), server.stat.rss_mb()
            await cycles(80)
            await until_counts(server, {**before, "rooms": 0, "files": 0, "people": 0})
            assert server.stat.process.num_fds() <= handles + 2
            assert server.stat.rss_mb() - memory < 20

    run(test())


def test_connections_of_one_person_are_bounded_and_others_come_in(
    run: Run, guarded: Callable[..., Any]
) -> None:  # [M4]
    async def test() -> None:
        async with guarded(max_connections_per_user=3) as server:
            file = server.text_file("a.txt", "one")
            endpoint = await server.endpoint(file)
            ada = [await server.member(file) for _ in range(3)]
            code, reason = await closing(endpoint.url)
            assert (code, "3 connections" in reason) == (4429, True)
            viewer = await Editor.open_at(Endpoint(url_for(server, endpoint, "viewer")))
            await viewer.sees("one")
            await ada.pop().close()

            async def again() -> bool:
                return (await closing_soon(endpoint.url)) != 4429

            for _ in range(100):
                if await again():
                    return
                await asyncio.sleep(0.05)
            raise AssertionError("nobody comes in again")

    run(test())


async def closing_soon(url: str) -> int | None:
    """The code with which a socket is closed at once; None if it stays open."""
    editor = Editor(Endpoint(url))
    try:
        await editor.open()
    except ConnectionError:
        return editor.socket.close_code
    await editor.close()
    return None
