"""The server is killed (SIGKILL) at each point of its work; after a restart nothing is missing.

Each point is reached through a document of one kind, in turn, while documents of all kinds are
open: what was stored before is in all of them, once, and what a replica still has comes back.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import ClientError
from faulty import KINDS, Document, arm, come_back, documents, editing, ended, mood
from fuzz.marks import mark_text
from support import STORE, Editor, Server

from jupyter_collaboration import failpoints

Run = Callable[[Awaitable[Any]], Any]
Trigger = Callable[[Document, Editor], Awaitable[None]]

OPTIONS: dict[str, dict[str, Any]] = {
    "ServerApp": {
        "jpserver_extensions": {
            "failing": True,
            "jupyter_collaboration": True,
            "jupyter_server_fileid": True,
            "jupyter_server_ydoc": True,
        },
        "contents_manager_class": "managers.Moody",
    },
    "YDocExtension": {
        "document_save_delay": 0.05,
        "file_poll_interval": 0.05,
        "document_cleanup_delay": 0,
    },
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all points, started again after each."""
    made = Server("killed", tmp_path_factory.mktemp("killed") / "server", OPTIONS)
    yield made
    made.dispose()


# What reaches a point


async def type_a_mark(document: Document, editor: Editor) -> None:
    document.type(editor)


async def write_the_file(document: Document, editor: Editor) -> None:
    add_on_disk(document)


async def leave(document: Document, editor: Editor) -> None:
    document.type(editor)
    await editor.ask("ack")
    editor.socket.abort()


async def open_changed(document: Document, editor: Editor) -> None:
    """Open a document that was changed on disk while the server was down."""
    document.server.crash()
    add_on_disk(document)
    await document.server.start()
    with suppress(ConnectionError, OSError, ClientError):
        await document.server.member(document.fixture)


async def open_new(document: Document, editor: Editor) -> None:
    """Open a document that the server has not seen."""
    other = Document(document.server, f"{document.name} new", document.kind)
    with suppress(ConnectionError, OSError, ClientError):
        await document.server.member(other.fixture)


async def stop(document: Document, editor: Editor) -> None:
    document.type(editor)
    await editor.ask("ack")
    assert document.server.process is not None
    document.server.process.terminate()


def add_on_disk(document: Document) -> None:
    """Another program adds a mark."""
    text = mark_text(1)
    data = document.data.decode()
    assert text in data
    path = document.server.root / document.path
    path.write_bytes(data.replace(text, text + document.mark(), 1).encode())


TRIGGERS: dict[str, Trigger] = {
    "load": open_changed,
    "load.appended": open_new,
    "relay": type_a_mark,
    "commit": type_a_mark,
    "save": type_a_mark,
    "merge": write_the_file,
    "evict": leave,
    "stop": stop,
}

POINTS = [point for point in failpoints.POINTS if point.split(".")[0] in TRIGGERS]


@pytest.mark.parametrize("point", POINTS)
def test_what_was_stored_before_a_kill_is_there_once(run: Run, server: Server, point: str) -> None:
    # [H1] [H9] [F1] [F4]
    async def test() -> None:
        await server.start()
        all_kinds = documents(server, point)
        chosen = all_kinds[POINTS.index(point) % len(KINDS)]
        editors = {}
        for document in all_kinds:
            editors[document.kind] = await server.member(document.fixture)
            document.type(editors[document.kind])
        await asyncio.gather(*(d.agrees(editors[d.kind]) for d in all_kinds))
        arm(server, point)
        trigger = TRIGGERS.get(point) or TRIGGERS[point.split(".")[0]]
        await trigger(chosen, editors[chosen.kind])
        assert await ended(server) == -9
        await server.start()
        await asyncio.gather(*(is_whole(d, editors[d.kind]) for d in all_kinds))

    run(test())


@pytest.mark.parametrize("kind", ["text", "crlf"])
def test_a_write_that_was_not_recorded_before_a_kill_is_the_base_of_later_changes(
    run: Run, server: Server, kind: str
) -> None:  # [H9] [F4]
    async def test() -> None:
        await server.start()
        document = Document(server, f"not recorded {kind}", kind)
        editor = await server.member(document.fixture)
        document.type(editor)
        await document.agrees(editor)
        await editor.ask("save")  # so that the next write is that of the next mark
        arm(server, "save.written")
        written = document.type(editor)
        assert await ended(server) == -9
        await server.start()
        line = f"{mark_text(written)}\n".encode()
        if kind == "crlf":
            line = line.replace(b"\n", b"\r\n")
        assert line in document.data
        async with editing(document) as (late,):
            await document.agrees(late)
            path = server.root / document.path
            path.write_bytes(document.data.replace(line, b""))  # as `git checkout` does
            document.marks.remove(written)
            await document.agrees(late)
        editor.socket.abort()

    run(test())


async def is_whole(document: Document, editor: Editor) -> None:
    """Bring a replica back; it, somebody new and the file hold all marks."""
    async with editing(document) as (late,):
        await come_back(document, editor)
        await document.agrees(editor, late)
    editor.socket.abort()


@pytest.mark.parametrize("kind", KINDS)
def test_what_members_got_before_it_was_stored_does_not_meet_another_content(
    run: Run, server: Server, kind: str
) -> None:  # [S2] [S3] [S4]
    async def test() -> None:
        await server.start()
        document = Document(server, f"not stored {kind}", kind)
        place = (await server.endpoint(document.fixture)).url
        store = sqlite3.connect(server.root / STORE, isolation_level=None)
        store.execute("BEGIN IMMEDIATE")  # the server has to wait
        editor = await server.member(document.fixture)
        assert document.holds(document.seen_by(editor))
        server.crash()
        store.close()
        add_on_disk(document)
        await server.start()
        assert (await server.endpoint(document.fixture)).url != place  # names the history
        async with editing(document) as (late,):
            await document.agrees(late)
        editor.socket.abort()

    run(test())


@pytest.mark.parametrize(
    ("left", "kind"),
    [("half", "notebook44"), ("half", "text"), ("nothing", "notebook"), ("nothing", "crlf")],
)
def test_a_file_that_a_kill_left_half_written_is_made_whole(
    run: Run, server: Server, left: str, kind: str
) -> None:  # [F3] [F7] [H1]
    async def test() -> None:
        await server.start()
        document = Document(server, f"{left} {kind}/file", kind)
        editor = await server.member(document.fixture)
        document.type(editor)
        await document.agrees(editor)
        mood(server, document.path, f"leaves {left}")
        document.type(editor)
        assert await ended(server) == -9
        mood(server, document.path, None)
        await server.start()
        await is_whole(document, editor)

    run(test())
