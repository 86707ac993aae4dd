"""Forks of documents on real servers: made, followed, merged, deleted, and kept."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from authorizers import RULES
from faulty import arm, ended
from pycrdt import Array, Map, Text
from support import ENABLED, Editor, Server, closing, until

from jupyter_collaboration.rooms.forks import MAX_FORKS
from rtcbench.client import Endpoint

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]

GUARDED = {
    "identity_provider_class": "authorizers.ByToken",
    "authorizer_class": "authorizers.ByRules",
}

CELL = {
    "cell_type": "code",
    "execution_count": None,
    "id": "first",
    "metadata": {},
    "outputs": [],
    "source": "1 + 1",
}


@dataclass
class Fork:
    """A fork as a client knows it."""

    server: Server
    id: str
    session_id: str

    def endpoint(self, token: str = "") -> Endpoint:
        base = f"ws://127.0.0.1:{self.server.port}/api/collaboration/room/{self.id}"
        return Endpoint(f"{base}?token={token or self.server.token}&sessionId={self.session_id}")

    async def editor(self, token: str = "") -> Editor:
        return await Editor.open_at(self.endpoint(token))

    async def delete(self, merge: bool, token: str = "") -> int:
        query = f"merge={str(merge).lower()}"
        status, _ = await answer(self.server, "DELETE", f"{self.id}?{query}", token)
        return status


async def answer(
    server: Server, method: str, route: str, token: str = "", **options: Any
) -> tuple[int, Any]:
    """Ask the fork route: the status and the JSON; a refusal has a message."""
    headers = {"Authorization": f"token {token or server.token}"}
    url = f"{server.base}/api/collaboration/fork/{route}"
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, url, **options) as response,
    ):
        data = await response.read()
        content = json.loads(data) if data else None
        if response.status >= 400:
            assert content["message"]
        if response.status == 404:  # as clients of earlier versions read it [C1]
            assert (content["code"], content["error"]) == (404, content["message"])
        return response.status, content


def room_of(endpoint: Endpoint) -> str:
    return endpoint.url.split("/room/")[1].split("?")[0]


async def make(server: Server, root: str, **info: Any) -> Fork:
    status, made = await answer(server, "PUT", root, json=info)
    assert status == 201, made
    return Fork(server, made["fork_roomid"], made["sessionId"])


@asynccontextmanager
async def forked(serving: Serving, options: dict[str, Any], **info: Any) -> AsyncIterator[Any]:
    """A server, an editor of a text with 'one' in it, its room, and a fork of it."""
    async with serving(**options) as server:
        file = server.text_file("a.txt", "one")
        ada = await server.member(file)
        root = room_of(ada.endpoint)
        yield server, ada, root, await make(server, root, **info)


# The routes


def test_a_fork_is_made_listed_and_deleted(run: Run, serving: Serving) -> None:  # [K1] [C1]
    async def test() -> None:
        async with serving() as server:
            root = room_of(await server.endpoint(server.text_file("a.txt", "one")))
            assert await answer(server, "GET", root) == (200, {})
            body = {"synchronize": True, "title": "Ünder", "description": "\0 review"}
            status, made = await answer(server, "PUT", root, json=body)
            assert status == 201
            assert made.keys() == {"sessionId", "fork_roomid", "fork_info"}
            assert made["fork_info"] == {"root_roomid": root, **body}
            _, other = await answer(server, "PUT", root, json={})
            info = {"root_roomid": root, "synchronize": False, "title": "", "description": ""}
            assert other["fork_info"] == info
            assert await answer(server, "GET", root) == (
                200,
                {made["fork_roomid"]: made["fork_info"], other["fork_roomid"]: info},
            )
            gone = f"{made['fork_roomid']}?merge=false"
            assert (await answer(server, "DELETE", gone))[0] == 200
            assert (await answer(server, "DELETE", gone))[0] == 404
            assert list((await answer(server, "GET", root))[1]) == [other["fork_roomid"]]

    run(test())


HOSTILE = [
    "JupyterLab:globalAwareness",
    "a:b:c",
    "text:file:none",
    "text:file:a\0b",
    "%2e%2e",
    "x" * 5000,
]


def test_ids_behind_which_there_is_nothing_are_refused(run: Run, serving: Serving) -> None:
    # [K1]
    async def test() -> None:
        async with forked(serving, {}) as (server, _, _, fork):
            nobody = "00000000-0000-4000-8000-000000000000"
            for room in (*HOSTILE, nobody):
                route = quote(room, safe="")
                for method, query in (("GET", ""), ("PUT", ""), ("DELETE", "?merge=true")):
                    body = {} if method == "PUT" else None
                    status, _ = await answer(server, method, route + query, json=body)
                    assert status in (400, 404), (method, room)
            assert (await answer(server, "PUT", fork.id, json={}))[0] == 404
            assert (await closing(Fork(server, nobody, "x").endpoint().url))[0] == 4404

    run(test())


BODIES = [
    b"",
    b"{",
    b"[]",
    b"[" * 100_000,
    b"\xff\xfe",
    b'{"synchronize": 1}',
    b'{"title": 7}',
    b'{"title": "\\ud800"}',
    json.dumps({"title": "x" * 201}).encode(),
    json.dumps({"description": "x" * 10_001}).encode(),
]


def test_bodies_and_queries_that_say_nothing_are_refused(run: Run, serving: Serving) -> None:
    # [K1]
    async def test() -> None:
        async with forked(serving, {}) as (server, _, root, fork):
            for body in BODIES:
                assert (await answer(server, "PUT", root, data=body))[0] == 400, body
            for query in ("", "?merge=", "?merge=yes", "?merge=%ff"):
                assert (await answer(server, "DELETE", fork.id + query))[0] == 400, query
            assert list((await answer(server, "GET", root))[1]) == [fork.id]

    run(test())


def test_a_document_has_so_many_forks_and_no_more(run: Run, serving: Serving) -> None:  # [K8]
    async def test() -> None:
        async with forked(serving, {}) as (server, _, root, fork):
            more = await asyncio.gather(
                *(answer(server, "PUT", root, json={}) for _ in range(MAX_FORKS + 2))
            )
            assert sorted(status for status, _ in more) == [201] * (MAX_FORKS - 1) + [429] * 3
            assert await fork.delete(merge=False) == 200
            await make(server, root)

    run(test())


def test_events_tell_who_made_and_deleted_a_fork(run: Run, serving: Serving) -> None:
    # [K9] [C1]
    async def test() -> None:
        async with serving() as server:
            root = room_of(await server.endpoint(server.text_file("a.txt", "one")))
            url = f"{server.base}/api/events/subscribe?token={server.token}"
            async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
                fork = await make(server, root, title="A try")
                assert await fork.delete(merge=False) == 200
                told = []
                while len(told) < 2:
                    event = await asyncio.wait_for(socket.receive_json(), 20)
                    if event["schema_id"].endswith("/jupyter_collaboration/fork/v1"):
                        told.append(event)
            assert [event["action"] for event in told] == ["create", "delete"]
            for event in told:
                assert event["fork_roomid"] == fork.id
                assert event["fork_info"]["root_roomid"] == root
                assert event["fork_info"]["title"] == "A try"
                assert event["username"]

    run(test())


# Who may


def test_a_viewer_of_the_root_is_a_viewer_of_the_fork(run: Run, serving: Serving) -> None:
    # [K2]
    async def test() -> None:
        async with forked(serving, {"ServerApp": GUARDED}) as (server, _, root, fork):
            ada = await fork.editor()
            viewer = await fork.editor("viewer")
            told = await viewer.reply(lambda reply: reply["type"] == "role")
            assert told["role"] == "viewer"
            ada.source.insert(0, "x")
            await viewer.sees("xone")
            viewer.source.insert(0, "<viewer>")
            await viewer.reply(lambda reply: reply.get("reason") == "not_allowed")
            assert (await answer(server, "GET", root, "viewer"))[0] == 200
            assert (await answer(server, "PUT", root, "viewer", json={}))[0] == 403
            assert await fork.delete(merge=True, token="viewer") == 403
            late = await fork.editor()
            assert str(late.source) == "xone"

    run(test())


def test_the_roots_path_decides_about_its_forks(run: Run, serving: Serving) -> None:  # [K2]
    async def test() -> None:
        async with forked(serving, {"ServerApp": GUARDED}) as (server, _, root, fork):
            (server.root / RULES).write_text(
                json.dumps({"hidden": ["a.txt"], "viewer": ["read", "write"]})
            )
            assert (await answer(server, "GET", root, "viewer"))[0] == 403
            assert await fork.delete(merge=True, token="viewer") == 403
            with pytest.raises(ConnectionError, match="403"):
                await fork.editor("viewer")
            await fork.editor()

    run(test())


# What flows


def test_a_fork_is_a_document_of_its_own(run: Run, serving: Serving) -> None:  # [K3]
    async def test() -> None:
        async with forked(serving, {}) as (server, ada, _, fork):
            first, second = await fork.editor(), await fork.editor()
            first.source.insert(0, "fork ")
            await second.sees("fork one")
            ada.source.insert(3, "!")
            await ada.ask("save")
            assert server.read("a.txt") == "one!"
            assert (await second.ask("save"))["status"] == "failed"
            await second.ask("ack")
            assert (str(second.source), str(ada.source)) == ("fork one", "one!")

    run(test())


def test_another_session_id_never_syncs_into_a_fork(run: Run, serving: Serving) -> None:
    # [K3] [S3]
    async def test() -> None:
        async with forked(serving, {}) as (server, _, _, fork):
            for opened in (False, True):
                if opened:
                    await fork.editor()
                code, reason = await closing(Fork(server, fork.id, "another").endpoint().url)
                assert (code, json.loads(reason)["sessionId"]) == (1003, fork.session_id)

    run(test())


def test_a_fork_that_synchronizes_follows_its_root_and_never_leads_it(
    run: Run, serving: Serving
) -> None:  # [K4]
    async def test() -> None:
        options = {"YDocExtension": {"document_cleanup_delay": 0}}
        async with forked(serving, options, synchronize=True) as (server, ada, _, fork):
            bob = await fork.editor()
            ada.source.insert(0, "root ")
            await bob.sees("root one")
            bob.source.insert(8, " fork")
            ada.source.insert(0, "the ")
            await bob.sees("the root one fork")
            assert str(ada.source) == "the root one"
            await until(lambda: server.read("a.txt") == "the root one")
            # Also while nobody is in the fork, and when the root was closed in between.
            await bob.ask("ack")
            await bob.close()
            ada.source.insert(0, "In ")
            await ada.ask("ack")
            await ada.close()
            late = await fork.editor()
            assert str(late.source) == "In the root one fork"
            (server.root / "a.txt").write_text("IN the root one")
            await late.sees("IN the root one fork")

    run(test())


# Merging and deleting


def test_a_merge_brings_the_forks_edits_into_the_root(run: Run, serving: Serving) -> None:
    # [K5]
    async def test() -> None:
        async with forked(serving, {}) as (server, ada, root, fork):
            bob = await fork.editor()
            bob.source.insert(3, " fork")
            bob.state["document_id"], bob.state["path"] = fork.id, "another.txt"
            ada.source.insert(0, "root ")
            await bob.ask("ack")
            assert await fork.delete(merge=True) == 200
            await ada.sees("root one fork")
            await ada.until(
                lambda _: (ada.state["document_id"], ada.state["path"]) == (root, "a.txt")
            )
            await until(lambda: server.read("a.txt") == "root one fork")
            await asyncio.wait_for(bob.socket.closed.wait(), 20)
            assert (bob.socket.close_code, "merged" in bob.socket.close_reason) == (4404, True)
            assert await answer(server, "GET", root) == (200, {})
            assert (await closing(fork.endpoint().url))[0] == 4404

    run(test())


def test_a_merge_is_stored_under_the_name_of_its_user(run: Run, serving: Serving) -> None:
    # [K5] [H2]
    async def test() -> None:
        async with forked(serving, {"ServerApp": GUARDED}) as (server, ada, _, fork):
            (server.root / RULES).write_text(json.dumps({"viewer": ["read", "write"]}))
            bob = await fork.editor("viewer")
            bob.source.insert(3, "!")
            await bob.ask("ack")
            assert await fork.delete(merge=True, token="viewer") == 200
            await ada.sees("one!")
            await ada.close()
            await server.stop()
            authors = stored(server, "SELECT author FROM collaboration_updates WHERE kind = 'edit'")
            assert ("viewer",) in authors

    run(test())


def test_a_merge_by_somebody_who_may_not_run_code_brings_no_trust(
    run: Run, serving: Serving
) -> None:  # [K5] [M2]
    async def test() -> None:
        async with serving(ServerApp=GUARDED) as server:
            rights = ["read", "write"]
            rules = {"editor": [*rights, "execute"], "viewer": rights}
            (server.root / RULES).write_text(json.dumps(rules))
            ada = await server.member(server.notebook_file("a.ipynb", [CELL]))
            for token, is_trusted in (("editor", True), ("viewer", False)):
                fork = await make(server, room_of(ada.endpoint))
                bob = await fork.editor()
                output = {"output_type": "display_data", "data": {"text/html": "<script/>"}}
                cell = {**CELL, "id": token, "metadata": Map({"trusted": True})}
                cell |= {"source": Text(""), "outputs": Array([Map({**output, "metadata": {}})])}
                bob.cells.append(Map(cell))
                await bob.ask("ack")
                assert await fork.delete(merge=True, token=token) == 200
                await ada.until(lambda _, token=token: ada.cells[-1]["id"] == token)
                assert ada.cells[-1]["metadata"].get("trusted", False) == is_trusted

    run(test())


def test_a_root_that_nobody_has_open_takes_a_merge(run: Run, serving: Serving) -> None:  # [K5]
    async def test() -> None:
        options = {"YDocExtension": {"document_cleanup_delay": 0}}
        async with forked(serving, options) as (server, ada, _, fork):
            await ada.close()
            bob = await fork.editor()
            bob.source.insert(3, "!")
            await bob.ask("ack")
            await bob.close()
            assert await fork.delete(merge=True) == 200
            await until(lambda: server.read("a.txt") == "one!")

    run(test())


def test_a_fork_that_is_dropped_leaves_the_root_alone(run: Run, serving: Serving) -> None:
    # [K6]
    async def test() -> None:
        async with forked(serving, {}, synchronize=True) as (server, ada, root, fork):
            bob = await fork.editor()
            bob.source.insert(0, "x")
            await bob.ask("ack")
            assert await fork.delete(merge=False) == 200
            await asyncio.wait_for(bob.socket.closed.wait(), 20)
            assert (bob.socket.close_code, "deleted" in bob.socket.close_reason) == (4404, True)
            ada.source.insert(3, "!")
            await until(lambda: server.read("a.txt") == "one!")
            await server.stop()
            rooms = stored(server, "SELECT room FROM collaboration_documents")
            assert rooms == [(root,)]
            assert stored(server, "SELECT count(*) FROM collaboration_forks") == [(0,)]

    run(test())


def test_of_two_deletions_at_once_one_is_told_that_it_is_gone(run: Run, serving: Serving) -> None:
    # [K6]
    async def test() -> None:
        async with forked(serving, {}) as (_, ada, _, fork):
            bob = await fork.editor()
            bob.source.insert(0, "x")
            await bob.ask("ack")
            done = await asyncio.gather(*(fork.delete(merge=True) for _ in range(5)))
            assert sorted(done) == [200, 404, 404, 404, 404]
            await ada.sees("xone")

    run(test())


def test_what_no_notebook_can_hold_is_refused_in_a_fork_too(run: Run, serving: Serving) -> None:
    # [K5] [M8]
    async def test() -> None:
        async with serving() as server:
            file = server.notebook_file("a.ipynb", [CELL])
            ada = await server.member(file)
            fork = await make(server, room_of(ada.endpoint))
            bob = await fork.editor()
            bob.cells.append(Map({"cell_type": "poem"}))
            told = await bob.reply(lambda reply: reply.get("reason") == "invalid_edit")
            assert told["detail"]
            good = await fork.editor()
            good.cells[0]["source"].insert(0, "# fork\n")
            await good.ask("ack")
            assert await fork.delete(merge=True) == 200
            await ada.until(lambda _: str(ada.cells[0]["source"]) == "# fork\n1 + 1")
            assert len(ada.cells) == 1

    run(test())


def test_a_fork_is_merged_into_a_document_whose_file_is_read_only(
    run: Run, serving: Serving
) -> None:  # [K5] [M2]
    async def test() -> None:
        options = {
            "ServerApp": {"contents_manager_class": "managers.ByMode"},
            "YDocExtension": {"file_poll_interval": 0.05},
        }
        async with forked(serving, options) as (server, ada, _, fork):
            (server.root / "a.txt").chmod(0o444)
            await ada.reply(lambda reply: reply.get("reason") == "file")
            bob = await fork.editor()
            bob.source.insert(0, "merged ")
            await bob.ask("ack")
            assert await fork.delete(merge=True) == 200
            await ada.until(lambda _: str(ada.source).startswith("merged "), 20)

    run(test())


# What is kept


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_forks_survive_a_restart_with_their_edits(run: Run, serving: Serving, how: str) -> None:
    # [K7] [H1]
    async def test() -> None:
        info = {"synchronize": True, "title": "A try", "description": "of mine"}
        async with forked(serving, {}, **info) as (server, ada, root, fork):
            bob = await fork.editor()
            bob.source.insert(3, " fork")
            await bob.ask("ack")
            _, before = await answer(server, "GET", root)
            await (server.stop() if how == "stopped" else kill(server))
            await server.start()
            assert await answer(server, "GET", root) == (200, before)
            late = await fork.editor()
            assert str(late.source) == "one fork"
            ada = await server.member(server.text_file("a.txt", "one"))
            ada.source.insert(0, "root ")
            await late.sees("root one fork")
            assert await fork.delete(merge=True) == 200
            await ada.sees("root one fork")

    run(test())


def test_a_fork_with_nobody_in_it_is_closed_and_opens_again(run: Run, serving: Serving) -> None:
    # [K7]
    async def test() -> None:
        options = {
            "ServerApp": {"jpserver_extensions": ENABLED | {"counting": True}},
            "YDocExtension": {"document_cleanup_delay": 0},
        }
        async with forked(serving, options, synchronize=True) as (server, ada, _, fork):
            bob = await fork.editor()
            bob.source.insert(3, "!")
            await bob.ask("ack")
            await bob.close()
            await ada.close()
            await until_closed(server)
            late = await fork.editor()
            assert str(late.source) == "one!"

    run(test())


@pytest.mark.parametrize("point", ["fork.copied", "fork.merged"])
def test_a_kill_in_the_middle_leaves_a_fork_whole_or_none(
    run: Run, serving: Serving, point: str
) -> None:  # [K7]
    async def test() -> None:
        options = {"ServerApp": {"jpserver_extensions": ENABLED | {"failing": True}}}
        async with forked(serving, options) as (server, _, root, fork):
            bob = await fork.editor()
            bob.source.insert(3, "!")
            await bob.ask("ack")
            arm(server, point)
            with pytest.raises(aiohttp.ClientError):
                if point == "fork.copied":
                    await make(server, root)
                else:
                    await fork.delete(merge=True)
            await ended(server)
            await server.start()
            assert list((await answer(server, "GET", root))[1]) == [fork.id]
            late = await fork.editor()
            assert str(late.source) == "one!"
            assert await fork.delete(merge=True) == 200
            await until(lambda: server.read("a.txt") == "one!")

    run(test())


def test_a_root_with_another_history_takes_no_merge(run: Run, serving: Serving) -> None:
    # [K5] [S2]
    async def test() -> None:
        async with forked(serving, {}, synchronize=True) as (server, _, root, fork):
            bob = await fork.editor()
            bob.source.insert(3, "!")
            await bob.ask("ack")
            await server.stop()
            stored(
                server, "UPDATE collaboration_documents SET session = 'new' WHERE room = ?", root
            )
            await server.start()
            late = await fork.editor()
            assert str(late.source) == "one!"
            assert await fork.delete(merge=True) == 409
            assert await fork.delete(merge=False) == 200

    run(test())


async def kill(server: Server) -> None:
    server.crash()


async def until_closed(server: Server) -> None:
    """Wait until no room is open."""
    for _ in range(400):
        _, data = await server.request("GET", "test/counts")
        if json.loads(data)["rooms"] == 0:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{data!r} is open")


def stored(server: Server, sql: str, *args: Any) -> list[Any]:
    """What a statement finds in the database of a server that is down."""
    with sqlite3.connect(server.root / ".jupyter_ystore.db") as db:
        found = db.execute(sql, args).fetchall()
    db.close()
    return found
