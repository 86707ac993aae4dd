"""Sharing a server through its hub, with a hub of this test. [P13]"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from tornado.web import HTTPError

from jupyter_collaboration.access.hub import Hub, SharedServer, Standing, standing_of
from jupyter_collaboration.errors import HubRefused, HubUnavailable

SERVER = SharedServer("ada", "lab 1")
SHARES = "shares!server=ada/lab 1"
TOKENS = {
    "of-the-server": [SHARES, "list:users", "list:groups"],
    "of-grace": ["access:servers!server=ada/lab 1"],
    "of-alan": ["shares!user=ada", "list:users!group=class"],
    "of-eve": ["shares!server=ada/lab 2", "shares!user=eve"],
}


class FakeHub:
    """The part of JupyterHub's API that is used, in memory."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.users = [f"user-{number}" for number in range(3)] + ["ada"]
        self.shares = [{"user": {"name": f"user-{n}"}, "created_at": str(n)} for n in range(5)]

    async def answer(self, request: web.Request) -> web.Response:
        token = request.headers["Authorization"].split()[1]
        body = json.loads(await request.text() or "null")
        path = request.raw_path.split("?")[0].removeprefix("/api/")
        self.asked.append((request.method, path, body))
        if path == "user":
            return web.json_response({"name": token, "scopes": TOKENS[token]})
        if path == "users":
            found = [{"name": name} for name in self.users if request.query["name_filter"] in name]
            return web.json_response(found)
        if path == "groups":
            return web.json_response([{"name": "class"}, {"name": "Users"}])
        if path == "shares/ada/lab%201" and request.method == "GET":
            at = int(request.query["offset"])
            more = {"offset": at + 2} if at + 2 < len(self.shares) else None
            page = {"items": self.shares[at : at + 2], "_pagination": {"next": more}}
            return web.json_response(page)
        if body == {"user": "nobody"}:
            return web.json_response({"message": "No such user: nobody"}, status=404)
        return web.json_response({})


@asynccontextmanager
async def hub_api() -> AsyncIterator[tuple[FakeHub, Any]]:
    hub = FakeHub()
    app = web.Application()
    app.router.add_route("*", "/api/{path:.*}", hub.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = "http://{}:{}/api".format(*runner.addresses[0])
    none = dict.fromkeys(("certfile", "keyfile", "client_ca"), "")
    try:
        yield hub, SimpleNamespace(api_url=address, api_token="of-the-server", **none)
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("username", "token", "used"),
    [
        ("ada", "", "of-the-server"),
        ("ada", "of-grace", "of-the-server"),
        ("grace", "of-grace", None),
        ("grace", "", None),
        ("alan", "of-alan", "of-alan"),
        ("eve", "of-eve", None),
    ],
)
def test_only_the_owner_uses_the_servers_own_permissions(
    username: str, token: str, used: str | None, run: Callable[..., Any]
) -> None:  # [P13]
    async def test() -> None:
        async with hub_api() as (_, auth):
            hub = await Hub.of(auth, SERVER, username, token)
            assert (hub and hub._token) == used

    run(test())


def test_shares_are_read_to_the_end(run: Callable[..., Any]) -> None:  # [P13]
    async def test() -> None:
        async with hub_api() as (_, auth):
            hub = await Hub.of(auth, SERVER, "ada", "")
            assert hub
            found = await hub.shares()
            assert [each["name"] for each in found] == [f"user-{n}" for n in range(5)]
            assert {each["kind"] for each in found} == {"user"}

    run(test())


def test_a_search_finds_users_and_groups_that_may_be_listed(
    run: Callable[..., Any],
) -> None:  # [P13]
    async def test() -> None:
        async with hub_api() as (_, auth):
            owner = await Hub.of(auth, SERVER, "ada", "")
            alan = await Hub.of(auth, SERVER, "alan", "of-alan")
            assert owner and alan
            found = await owner.search("user")
            names = [f"{each['kind']} {each['name']}" for each in found]
            assert names == ["user user-0", "user user-1", "user user-2", "group Users"]
            assert {each["kind"] for each in await alan.search("user")} == {"user"}
            assert await owner.search("ada") == []

    run(test())


def test_access_is_given_and_taken_away(run: Callable[..., Any]) -> None:  # [P13]
    async def test() -> None:
        async with hub_api() as (fake, auth):
            hub = await Hub.of(auth, SERVER, "ada", "")
            assert hub
            await hub.share("group", "class")
            await hub.revoke("user", "user-1")
            assert fake.asked[-2:] == [
                ("POST", "shares/ada/lab%201", {"group": "class"}),
                ("PATCH", "shares/ada/lab%201", {"user": "user-1"}),
            ]

    run(test())


def test_a_refusal_of_the_hub_has_its_words_and_its_status(
    run: Callable[..., Any],
) -> None:  # [P13]
    async def test() -> None:
        async with hub_api() as (_, auth):
            hub = await Hub.of(auth, SERVER, "ada", "")
            assert hub
            with pytest.raises(HubRefused, match="No such user: nobody") as refused:
                await hub.share("user", "nobody")
            assert refused.value.status == 404
        with pytest.raises(HubUnavailable):
            await hub.shares()

    run(test())


class FakeAuth:
    """The part of JupyterHub's HubAuth that checks users, with one token."""

    access_scopes = frozenset({"access:servers!server=ada/lab 1"})

    def __init__(self, token: str, answer: Any) -> None:
        self._token = token
        self._answer = answer

    def get_token(self, handler: Any) -> str:
        return self._token

    def get_session_id(self, handler: Any) -> str:
        return "session"

    async def user_for_token(self, token: str, *, session_id: str, sync: bool) -> Any:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def check_scopes(self, required: frozenset[str], user: dict[str, Any]) -> set[str]:
        return set(required) & set(user["scopes"])


@pytest.mark.parametrize(
    ("token", "answer", "standing"),
    [
        ("a", {"scopes": ["access:servers!server=ada/lab 1"]}, Standing.ACCESS),
        ("a", {"scopes": []}, Standing.NO_ACCESS),
        ("a", None, Standing.SIGNED_OUT),
        ("a", HTTPError(502), Standing.ACCESS),
        ("", None, Standing.ACCESS),
    ],
)
def test_a_hub_is_asked_again_about_those_who_are_connected(
    token: str, answer: Any, standing: Standing, run: Callable[..., Any]
) -> None:  # [M2]
    async def test() -> None:
        assert await standing_of(FakeAuth(token, answer), None) is standing

    run(test())


def test_a_refusal_to_check_is_no_access(run: Callable[..., Any]) -> None:  # [M2]
    async def test() -> None:
        with pytest.raises(HTTPError):
            await standing_of(FakeAuth("a", HTTPError(403)), None)

    run(test())
