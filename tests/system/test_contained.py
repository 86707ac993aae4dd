"""One document fails: it says so, can be opened again, and all others go on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from faulty import Document, mood
from support import Editor, Server, closing, until

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]

OPTIONS: dict[str, dict[str, Any]] = {
    "ServerApp": {"contents_manager_class": "managers.Moody"},
    "YDocExtension": {
        "document_save_delay": 0.05,
        "file_poll_interval": 0.05,
        "document_cleanup_delay": 0.1,
    },
}


async def saves(server: Server, editor: Editor, path: str, text: str) -> None:
    """Type something, and see it in the file."""
    editor.source.insert(0, text)
    await until(lambda: text in server.read(path))


@pytest.mark.parametrize(
    "how", ["panics", "panics at get", "key error at get", "exits", "exits at get"]
)
def test_one_document_whose_file_fails_leaves_the_others_alone(
    run: Run, serving: Serving, how: str
) -> None:  # S8 [M8] [M11]
    async def test() -> None:
        async with serving(**OPTIONS) as server:
            bad, good = server.text_file("bad.txt", "one\n"), server.text_file("good.txt", "one\n")
            server.text_file("later.txt", "one\n")
            ada, bob = await server.member(bad), await server.member(good)
            mood(server, "bad.txt", how)
            ada.source.insert(0, "typed ")
            failed = await ada.ask("save")
            assert failed["status"] == "failed"
            assert any(why in failed["reason"] for why in ("a panic", "a bug", "sys.exit"))
            await saves(server, bob, "good.txt", "bob was here ")
            carol = await server.member(server.text_file("later.txt", "one\n"))
            await saves(server, carol, "later.txt", "carol was here ")
            await ada.close()
            await bob.close()
            # The cleanup delay is over while the file still fails: nothing of that is lost.
            await saves(server, carol, "later.txt", "and again ")
            mood(server, "bad.txt", None)
            again = await server.member(bad)
            await again.sees("typed one\n")
            await until(lambda: server.read("bad.txt") == "typed one\n")
            await again.close()
            await carol.close()

    run(test())


@pytest.mark.parametrize("kind", ["text", "notebook"])
def test_a_revert_that_had_to_wait_keeps_what_others_typed_since_then(
    run: Run, serving: Serving, kind: str
) -> None:  # [S4] [S7] [V5]
    async def test() -> None:
        async with serving(**OPTIONS) as server:
            document = Document(server, "some", kind)
            ada = await server.member(document.fixture)
            bob = await server.member(document.fixture)
            document.type(ada)
            await document.agrees(ada, bob)
            mood(server, document.path, "hangs")
            document.type(ada)
            save = ada.post("save")
            await ada.ask("ack")
            for _ in range(20):
                document.type(bob, surely=False)
                await bob.ask("ack")
                for _ in range(3):
                    last = ada.post("revert")
                await ada.ask("ack")
            for _ in range(5):
                document.type(bob)
            await bob.ask("ack")
            mood(server, document.path, None)
            for number in (save, last):
                reply = await ada.reply(lambda each, of=number: each.get("responseTo") == of)
                assert reply["status"] == "success", reply
            await document.agrees(ada, bob)

    run(test())


@pytest.mark.parametrize("how", ["panics at get", "key error at get", "exits at get"])
def test_a_document_that_cannot_be_opened_says_why_and_opens_once_it_can(
    run: Run, serving: Serving, how: str
) -> None:  # S8
    async def test() -> None:
        async with serving(**OPTIONS) as server:
            file = server.text_file("bad.txt", "one\n")
            endpoint = await server.endpoint(file)
            mood(server, "bad.txt", how)
            code, reason = await closing(endpoint.url)
            assert code == 1003
            assert json.loads(reason)["reason"] == "initialization_error"
            assert json.loads(reason)["errorReason"]
            mood(server, "bad.txt", None)
            ada = await Editor.open_at(endpoint)
            assert str(ada.source) == "one\n"
            await ada.close()

    run(test())


def test_rooms_that_cannot_be_opened_leave_nothing_behind(
    run: Run, serving: Serving
) -> None:  # S16
    async def test() -> None:
        extensions = {
            "jupyter_collaboration": True,
            "jupyter_server_fileid": True,
            "jupyter_server_ydoc": True,
            "counting": True,
        }
        async with serving(ServerApp={"jpserver_extensions": extensions}) as server:

            async def counts() -> dict[str, int]:
                status, data = await server.request("GET", "test/counts")
                assert status == 200, data
                found: dict[str, int] = json.loads(data)
                return found

            before = await counts()
            unreadable = ["{", '{"cells": 3}', "[" * 100_000, '{"cells": [], "nbformat": "x"}']

            async def refused(number: int) -> None:
                path = f"{number}.ipynb"
                (server.root / path).write_text(unreadable[number % len(unreadable)])
                body = {"format": "json", "type": "notebook"}
                _, session = await server.session(path, **body)
                url = f"ws://127.0.0.1:{server.port}/api/collaboration/room/json:notebook:"
                query = f"token={server.token}&sessionId={session['sessionId']}"
                code, _ = await closing(f"{url}{session['fileId']}?{query}")
                assert code == 1003

            await asyncio.gather(*map(refused, range(8)))
            after = await counts()
            for what in ("rooms", "files", "live_rooms", "people"):
                assert after[what] == before[what], what

    run(test())
