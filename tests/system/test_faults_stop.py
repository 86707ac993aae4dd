"""The server is asked to end: everything is saved or stored, and the process goes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from faulty import KINDS, Document, documents, editing, ended, mood
from support import Server

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]

NEVER_BY_ITSELF = {"document_save_delay": 60}
MOODY = {"contents_manager_class": "managers.Moody"}


def terminate(server: Server) -> None:
    assert server.process is not None
    server.process.terminate()


def test_a_stop_right_after_a_keystroke_saves_all_files(run: Run, serving: Serving) -> None:
    # [F1]
    async def test() -> None:
        async with serving(YDocExtension=NEVER_BY_ITSELF) as server:
            files = [Document(server, f"{n}/file", KINDS[n % len(KINDS)]) for n in range(20)]
            editors = [await server.member(files[n % 20].fixture) for n in range(50)]
            for number, editor in enumerate(editors):
                files[number % 20].type(editor)
            await asyncio.gather(*(editor.ask("ack") for editor in editors))
            for number, editor in enumerate(editors):
                files[number % 20].type(editor, surely=False)
            terminate(server)
            assert await ended(server) == 0
            assert [file.path for file in files if not file.holds(file.on_disk)] == []

    run(test())


def test_a_second_request_to_end_does_not_cut_the_first_short(
    run: Run, serving: Serving
) -> None:  # [F1]
    async def test() -> None:
        async with serving(ServerApp=MOODY, YDocExtension=NEVER_BY_ITSELF) as server:
            all_kinds = documents(server, "stop")
            for document in all_kinds:
                editor = await server.member(document.fixture)
                document.type(editor)
                await editor.ask("ack")
                mood(server, document.path, "hangs")
            terminate(server)
            await asyncio.sleep(0.3)
            terminate(server)
            for document in all_kinds:
                mood(server, document.path, None)
            await ended(server)
            await server.start()
            for document in all_kinds:
                async with editing(document) as (ada,):
                    await ada.ask("save")
                    await document.agrees(ada)

    run(test())


def test_what_a_hung_write_kept_from_the_file_is_in_the_history(
    run: Run, serving: Serving
) -> None:  # [F1] [H1]
    async def test() -> None:
        async with serving(ServerApp=MOODY, YDocExtension=NEVER_BY_ITSELF) as server:
            all_kinds = documents(server, "hung")
            for document in all_kinds:
                editor = await server.member(document.fixture)
                document.type(editor)
                mood(server, document.path, "hangs")
            terminate(server)
            await ended(server)
            for document in all_kinds:
                mood(server, document.path, None)
            await server.start()
            for document in all_kinds:
                async with editing(document) as (ada,):
                    await ada.ask("save")
                    await document.agrees(ada)

    run(test())
