"""Other programs write a document's file, each in its own way, while people type."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from faulty import Document, documents, editing
from fuzz.contents import is_notebook
from fuzz.marks import count
from support import Server, until

Run = Callable[[Awaitable[Any]], Any]
Write = Callable[[Path, bytes], Awaitable[None]]

OPTIONS: dict[str, dict[str, Any]] = {
    # Saved on request only, so that writer and server do not cross.
    "YDocExtension": {"document_save_delay": None, "file_poll_interval": 0.05},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all of this."""
    made = Server("writers", tmp_path_factory.mktemp("writers") / "server", OPTIONS)
    asyncio.run(made.start())
    yield made
    made.dispose()


async def rewrite(path: Path, data: bytes) -> None:
    path.write_bytes(data)


async def rename_over(path: Path, data: bytes) -> None:
    other = path.with_name("~other")
    other.write_bytes(data)
    other.replace(path)


async def truncate_first(path: Path, data: bytes) -> None:
    """The file is empty for longer than the server takes from one look to the next."""
    with path.open("wb", buffering=0) as file:
        await asyncio.sleep(0.4)
        file.write(data)


async def slowly(path: Path, data: bytes) -> None:
    """A piece at a time, with pauses shorter than those after which a file counts as written."""
    step = len(data) // 8 + 1
    with path.open("wb", buffering=0) as file:
        for at in range(0, len(data), step):
            file.write(data[at : at + step])
            await asyncio.sleep(0.02)


async def with_an_old_time(path: Path, data: bytes) -> None:
    other = path.with_name("~other")
    other.write_bytes(data)
    os.utime(other, (1_000_000_000, 1_000_000_000))
    other.replace(path)


async def with_the_same_time(path: Path, data: bytes) -> None:
    before = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


WRITERS = (rewrite, rename_over, truncate_first, slowly, with_an_old_time, with_the_same_time)


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_what_others_write_merges_with_what_is_typed(
    run: Run, server: Server, write: Write
) -> None:  # [F3] [F4] [F5] [F11]
    async def one(document: Document) -> None:
        async with editing(document, 2) as (ada, bob):
            firsts = set(document.marks)
            worst = [firsts]
            ada.on_change = lambda: worst.append(firsts & set(count(document.seen_by(ada))))
            for _ in range(2):
                data = with_a_mark(document)
                document.type(ada)
                await ada.ask("ack")
                await write(server.root / document.path, data)
                document.type(bob)
                await until(lambda: document.holds(document.seen_by(bob)))
                await ada.ask("save")
                await document.agrees(ada, bob)
            assert all(seen == firsts for seen in worst), "the document lost what nobody removed"

    async def test() -> None:
        await asyncio.gather(*(one(d) for d in documents(server, write.__name__)))

    run(test())


def with_a_mark(document: Document) -> bytes:
    """The file with another mark at its end."""
    if not is_notebook(document.kind):
        newline = "\r\n" if document.kind == "crlf" else "\n"
        return document.data + (document.mark() + newline).encode()
    notebook = json.loads(document.data)
    notebook["cells"][-1]["source"].append("\n" + document.mark())
    return (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()


def test_a_log_that_grows_and_a_typist_do_not_hurt_each_other(run: Run, server: Server) -> None:
    # [F4]
    async def one(document: Document) -> None:
        newline = b"\r\n" if document.kind == "crlf" else b"\n"
        async with editing(document, 2) as (ada, bob):
            for _ in range(12):
                with (server.root / document.path).open("ab", buffering=0) as file:
                    file.write(document.mark().encode() + newline)
                document.type(ada)
                await asyncio.sleep(0.03)
            await until(lambda: document.holds(document.seen_by(bob)))
            await ada.ask("save")
            await document.agrees(ada, bob)

    async def test() -> None:
        await asyncio.gather(*(one(d) for d in documents(server, "log", ("text", "crlf"))))

    run(test())


def test_a_merge_of_an_older_and_the_last_save_doubles_nothing(run: Run, server: Server) -> None:
    # [F4] [S4]
    """What another server makes of both is nearer to the save that it knew first."""
    older = "".join(f"line {number}\n" for number in range(10))
    added = f"added {'x' * 100}\n"  # longer, since a file that shrank may be half written

    async def test() -> None:
        document = Document(server, "older/text", "text")
        path = server.root / document.path
        path.write_text(older)
        async with editing(document) as (ada,):

            def seen() -> str:
                return document.seen_by(ada)[0][1]

            await until(lambda: seen() == older)
            await rename_over(path, f"line 0\nline 1\n{added}".encode())
            await until(lambda: seen() == f"line 0\nline 1\n{added}")
            await rename_over(path, (older.replace("0", "zero") + added).encode())
            await until(lambda: "line zero" in seen())
            assert seen().count(added) == 1

    run(test())
