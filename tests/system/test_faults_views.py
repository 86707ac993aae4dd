"""One file with two views, and two files that a contents manager keeps alike."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from faulty import Document
from fuzz.marks import count, mark_text, marks_in
from support import Editor, Server, until

from rtcbench.fixtures import Fixture

Run = Callable[[Awaitable[Any]], Any]

OPTIONS: dict[str, dict[str, Any]] = {
    "ServerApp": {"contents_manager_class": "managers.Moody"},
    "YDocExtension": {"document_save_delay": 0.05, "file_poll_interval": 0.05},
}

QUIET = 0.5
"""Seconds without a write after which nothing goes to and fro: many saves and looks."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all of this."""
    made = Server("views", tmp_path_factory.mktemp("views") / "server", OPTIONS)
    asyncio.run(made.start())
    yield made
    made.dispose()


def writes(server: Server, *paths: str) -> int:
    """How often the server wrote one of these files."""
    file = server.root / ".written"
    lines = file.read_text().split("\n") if file.exists() else []
    return sum(lines.count(path) for path in paths)


async def calm(server: Server, *paths: str) -> None:
    """Wait until these files are written no more, and not for long."""
    before = -1
    for _ in range(8):
        if (now := writes(server, *paths)) == before:
            return
        before = now
        await asyncio.sleep(QUIET)
    raise AssertionError(f"{paths} are written again and again: {writes(server, *paths)} times")


async def text_view(document: Document) -> Editor | str:
    """The file as plain text: an editor, or the words with which it is refused."""
    try:
        editor = await document.server.member(Fixture(document.path, "file"))
    except (ConnectionError, RuntimeError) as error:
        return str(error)
    return editor


@pytest.mark.parametrize("kind", ["notebook", "notebook44"])
def test_two_views_of_a_file_never_overwrite_each_other(
    run: Run, server: Server, kind: str
) -> None:  # [F9]
    async def test() -> None:
        document = Document(server, f"two views of {kind}", kind)
        ada = await server.member(document.fixture)
        document.type(ada)
        await document.agrees(ada)
        bob = await text_view(document)
        if isinstance(bob, str):
            assert bob
        else:
            await until(lambda: document.holds([("", str(bob.source))]))
            for _ in range(2):
                document.type(ada)
                at = str(bob.source).index(mark_text(1))
                bob.source.insert(len(str(bob.source)[:at].encode()), document.mark())
                await document.agrees(ada)
                await until(lambda: document.holds([("", str(bob.source))]))
            bob.socket.abort()
        await calm(server, document.path)
        await document.agrees(ada)
        ada.socket.abort()

    run(test())


def test_a_text_that_is_no_notebook_is_not_written_over_one_that_is_open(
    run: Run, server: Server
) -> None:  # [F9]
    async def test() -> None:
        document = Document(server, "a text that is no notebook", "notebook")
        ada = await server.member(document.fixture)
        document.type(ada)
        await document.agrees(ada)
        bob = await text_view(document)
        assert isinstance(bob, Editor)
        await until(lambda: document.holds([("", str(bob.source))]))
        bob.source.insert(0, "{")
        failed = await bob.ask("save")
        assert (failed["status"], failed["code"]) == ("failed", "refused")
        assert "open as a notebook" in failed["reason"]
        json.loads(server.read(document.path))
        document.type(ada)
        del bob.source[0:1]
        await until(lambda: document.holds([("", str(bob.source))]))
        await document.agrees(ada)
        ada.socket.abort()
        bob.socket.abort()

    run(test())


def test_two_files_that_are_kept_alike_come_to_rest(run: Run, server: Server) -> None:  # [F6]
    async def test() -> None:
        document = Document(server, "alike/pair", "notebook")
        cells = json.loads(document.data)["cells"]
        code = "# %%\n".join("".join(cell["source"]) + "\n" for cell in cells)
        twin = server.text_file("alike/pair.py", code)
        ada, bob = await server.member(document.fixture), await server.member(twin)
        for _ in range(2):
            document.type(ada)
            await document.agrees(ada)
            await until(lambda: set(marks_in(str(bob.source))) == document.marks)
            await calm(server, document.path, twin.path)
            bob.source.insert(0, document.mark() + "\n")
            await until(lambda: set(count(document.seen_by(ada))) == document.marks)
            await calm(server, document.path, twin.path)
        await document.agrees(ada)
        assert marks_in(str(bob.source)) == count(document.seen_by(ada))
        ada.socket.abort()
        bob.socket.abort()

    run(test())
