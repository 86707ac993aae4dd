"""What clients and settings of the published packages rely on, each on a real server. [C1]"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from support import until

from jupyter_collaboration.app import YDocExtension

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]

POLLING = {"document_save_delay": None, "file_poll_interval": 0.05}
"""Files are polled often, and written on request only."""


def test_members_of_a_document_that_fails_are_closed_with_code_4500_and_come_back(
    run: Run, serving: Serving
) -> None:  # [C1] [M11]
    async def test() -> None:
        extensions = {"jpserver_extensions": {"room_breaker": True}}
        async with serving(ServerApp=extensions) as server:
            file = server.text_file("a.txt", "one")
            ada = await server.member(file)
            ada.source.insert(0, "typed ")
            await ada.ask("ack")
            status, _ = await server.request("POST", "api/break/failed", json={})
            assert status == 200
            await asyncio.wait_for(ada.socket.closed.wait(), 20)
            assert ada.socket.close_code == 4500
            assert ada.socket.close_reason
            again = await server.member(file)
            assert str(again.source) == "typed one"
            await again.close()

    run(test())


def test_a_file_that_stays_away_is_no_longer_polled_but_still_merged_by_a_save(
    run: Run, serving: Serving
) -> None:  # [C1] [F8]
    async def test() -> None:
        soon = {**POLLING, "file_stop_poll_on_errors_after": 0.1}
        async with serving(YDocExtension=soon) as server:
            away, other = server.text_file("a.txt", "one\n"), server.text_file("b.txt", "one\n")
            ada, bob = await server.member(away), await server.member(other)
            (server.root / "a.txt").unlink()
            await until(lambda: "Stopped watching a.txt" in server.log())
            server.text_file("a.txt", "one\nby another program\n")
            # All files are polled together: two of bob's polls are two of ada's.
            for text in ("two\n", "three\n"):
                server.text_file("b.txt", text)
                await bob.sees(text)
            assert str(ada.source) == "one\n"
            ada.source.insert(0, "typed ")
            assert (await ada.ask("save"))["status"] == "success"
            assert server.read("a.txt") == "typed one\nby another program\n"
            await ada.sees("typed one\nby another program\n")
            await ada.close()
            await bob.close()

    run(test())


def test_a_file_that_comes_back_in_time_is_polled_again(run: Run, serving: Serving) -> None:
    # [C1] [F8]
    async def test() -> None:
        async with serving(YDocExtension=POLLING) as server:
            file = server.text_file("a.txt", "one\n")
            ada = await server.member(file)
            (server.root / "a.txt").unlink()
            await ada.reply(lambda reply: reply.get("status") == "failed")
            server.text_file("a.txt", "two\n")
            await ada.sees("two\n")
            await ada.close()

    run(test())


@pytest.mark.parametrize(
    "extension", [{"YDocExtension": {"file_poll_interval": 0}}, {}], indirect=True
)
def test_files_are_polled_unless_the_interval_is_zero(
    run: Run, extension: YDocExtension
) -> None:  # [C1]
    async def test() -> None:
        assert extension.serverapp is not None
        await extension._start_jupyter_server_extension(extension.serverapp)
        names = {"path": "a.txt", "content_type": "file", "file_format": "text"}
        await extension.get_document(**names, create=True)
        (room_id,) = extension.ywebsocket_server.rooms
        room = await extension.ywebsocket_server.get_room(room_id)
        watched = extension._watch._files
        if extension.file_poll_interval:
            await until(lambda: len(watched) == 1)
        else:
            await room.flush()
        assert len(watched) == bool(extension.file_poll_interval)
        await extension.stop_extension()

    run(test())


def test_without_polling_a_save_merges_what_another_program_wrote(
    run: Run, serving: Serving
) -> None:  # [C1] [F4]
    async def test() -> None:
        never = {"document_save_delay": None, "file_poll_interval": 0}
        async with serving(YDocExtension=never) as server:
            ada = await server.member(server.text_file("a.txt", "one\n"))
            server.text_file("a.txt", "one\nby another program\n")
            ada.source.insert(0, "typed ")
            assert (await ada.ask("save"))["status"] == "success"
            assert server.read("a.txt") == "typed one\nby another program\n"
            await ada.close()

    run(test())


@pytest.mark.parametrize(
    "extension", [{"SQLiteYStore": {"db_path": "elsewhere.db"}}], indirect=True
)
def test_a_document_that_code_opens_is_in_the_configured_store(
    run: Run, extension: YDocExtension, tmp_path: Path
) -> None:  # [C1]
    async def test() -> None:
        assert extension.serverapp is not None
        await extension._start_jupyter_server_extension(extension.serverapp)
        names = {"path": "a.txt", "content_type": "file", "file_format": "text"}
        live = await extension.get_document(**names, copy=False, create=True)
        live.source = "two"
        await extension.stop_extension()

    run(test())
    files = {path.name for path in (tmp_path / "root").iterdir() if path.suffix == ".db"}
    assert files == {"elsewhere.db"}
    with sqlite3.connect(tmp_path / "root" / "elsewhere.db") as store:
        assert store.execute("SELECT count(*) FROM collaboration_updates").fetchone()[0] > 0


def test_merged_changes_on_disk_and_closed_documents_are_events(
    run: Run, extension: YDocExtension, tmp_path: Path
) -> None:  # [C1]
    told: list[tuple[str, str, str]] = []

    async def listener(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        told.append((data["action"], data["level"], data["path"]))

    async def test() -> None:
        assert extension.serverapp is not None
        uri = "https://schema.jupyter.org/jupyter_collaboration/session/v1"
        extension.serverapp.event_logger.add_listener(schema_id=uri, listener=listener)
        await extension._start_jupyter_server_extension(extension.serverapp)
        names = {"path": "a.txt", "content_type": "file", "file_format": "text"}
        live = await extension.get_document(**names, copy=False, create=True)
        (tmp_path / "root" / "a.txt").write_text("by another program")
        await until(lambda: live.source == "by another program")
        await extension.stop_extension()
        await until(lambda: ("clean", "INFO", "a.txt") in told)

    run(test())
    assert ("overwrite", "WARNING", "a.txt") in told


@pytest.mark.parametrize(
    "extension",
    [{"YDocExtension": {"document_cleanup_delay": delay}} for delay in (None, 0)],
    indirect=True,
)
def test_documents_stay_open_without_a_cleanup_delay(run: Run, extension: YDocExtension) -> None:
    # [C1]
    async def test() -> None:
        assert extension.serverapp is not None
        await extension._start_jupyter_server_extension(extension.serverapp)
        names = {"path": "a.txt", "content_type": "file", "file_format": "text"}
        rooms = extension.ywebsocket_server
        await extension.get_document(**names, create=True)
        file_ids = extension.serverapp.web_app.settings["file_id_manager"]
        room_id = f"text:file:{file_ids.get_id('a.txt')}"
        # A room of another kind becomes empty later, and is closed.
        await rooms.open("JupyterLab:globalAwareness")
        await until(lambda: not rooms.room_exists("JupyterLab:globalAwareness"))
        if extension.document_cleanup_delay is None:
            assert rooms.room_exists(room_id)
        else:
            await until(lambda: not rooms.room_exists(room_id))
        await extension.stop_extension()

    run(test())
