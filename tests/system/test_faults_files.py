"""Files that cannot be written, hang or change: one server, a folder for each misfortune."""

from __future__ import annotations

import asyncio
import resource
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from faulty import KINDS, Document, documents, editing, mood
from fuzz.marks import count
from support import Server, until

Run = Callable[[Awaitable[Any]], Any]

OPTIONS: dict[str, dict[str, Any]] = {
    "ServerApp": {"contents_manager_class": "managers.Moody"},
    "YDocExtension": {"document_save_delay": 0.05, "file_poll_interval": 0.05},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all of this: no misfortune here ends it."""
    made = Server("files", tmp_path_factory.mktemp("files") / "server", OPTIONS)
    asyncio.run(made.start())
    pid = made.process.pid if made.process else 0
    yield made
    assert made.process is not None and made.process.poll() is None
    assert made.process.pid == pid
    made.dispose()


@asynccontextmanager
async def full_disk(server: Server) -> AsyncIterator[None]:
    """The server can make no file longer than this, as on a disk that is full."""
    assert server.process is not None
    before = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (16, before[1]))
    try:
        yield
    finally:
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["full", "denied", "broken"])
def test_a_save_that_fails_says_why_and_is_made_up_for(
    run: Run, server: Server, kind: str, how: str
) -> None:  # [F2]
    async def test() -> None:
        document = Document(server, f"{how}/{kind}", kind)
        async with editing(document, 2) as (ada, bob):
            before = document.data
            mood(server, document.path, how)
            document.type(ada)
            failed = await ada.ask("save")
            assert failed["status"] == "failed"
            assert failed["reason"]
            await bob.reply(lambda reply: reply["type"] == "autosave")
            document.type(bob)
            await bob.ask("ack")
            assert document.data == before
            assert ada.state["dirty"] is True
            mood(server, document.path, None)
            await document.agrees(ada, bob)
            await until(lambda: ada.state["dirty"] is False)
            await bob.reply(
                lambda reply: (reply["type"], reply.get("status")) == ("autosave", "success")
            )

    run(test())


def test_a_disk_that_is_full_hurts_neither_files_nor_documents(run: Run, server: Server) -> None:
    # [F2] [H6]
    async def test() -> None:
        for document in documents(server, "disk"):
            async with editing(document, 2) as (ada, bob):
                before = document.data
                async with full_disk(server):
                    document.type(ada)
                    assert (await ada.ask("save"))["status"] == "failed"
                    document.type(bob)
                    await until(lambda d=document, a=ada: d.holds(d.seen_by(a)))
                    assert document.data == before
                await document.agrees(ada, bob)

    run(test())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("gone", ["file", "folder"])
def test_a_file_that_went_is_told_and_not_made_again(
    run: Run, server: Server, kind: str, gone: str
) -> None:  # [F8]
    async def test() -> None:
        document = Document(server, f"gone {gone} {kind}/file", kind)
        path = server.root / document.path
        async with editing(document, 2) as (ada, bob):
            if gone == "file":
                path.unlink()
            else:
                shutil.rmtree(path.parent)
            document.type(ada)
            failed = await ada.ask("save")
            assert failed["status"] == "failed"
            document.type(bob)
            await bob.ask("ack")
            assert not path.exists()
            assert document.holds(document.seen_by(ada))
            path.parent.mkdir(exist_ok=True)
            if failed.get("code") == "deleted":
                assert (await ada.ask("recreate"))["status"] == "success"
                await document.agrees(ada, bob)

    run(test())


def test_a_write_that_hangs_holds_up_nobody_and_its_reply_is_true(
    run: Run, server: Server
) -> None:  # [F1] [F2]
    async def test() -> None:
        for document in documents(server, "hanging"):
            async with editing(document, 2) as (ada, bob):
                before = document.data
                mood(server, document.path, "hangs")
                document.type(ada)
                saving = asyncio.create_task(ada.ask("save"))
                later = document.type(bob)
                await bob.ask("ack")
                await until(lambda d=document, a=ada, n=later: n in count(d.seen_by(a)))
                assert document.data == before
                assert not saving.done()
                mood(server, document.path, None)
                assert (await saving)["status"] in ("success", "skipped")
                await document.agrees(ada, bob)
                await until(lambda a=ada: a.state["dirty"] is False)

    run(test())
