"""The names and signatures that other packages use. [C1]"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from pycrdt.store import BaseYStore
from pycrdt.websocket import YRoom

import jupyter_collaboration
from jupyter_collaboration.errors import RoomNotFound
from jupyter_server_ydoc import stores, utils

Run = Callable[[Awaitable[Any]], Any]


def test_versions_are_what_consumers_test_for() -> None:  # [C1]
    assert int(jupyter_collaboration.__version__[0]) >= 3
    assert jupyter_collaboration.__version__.startswith("5.")


def test_public_helpers_are_where_they_were() -> None:  # [C1]
    assert utils.encode_file_path("json", "notebook", "id") == "json:notebook:id"
    assert utils.decode_file_path("json:notebook:id") == ("json", "notebook", "id")
    assert utils.room_id_from_encoded_path("api/collaboration/room/a:b:c") == "a:b:c"
    assert utils.JUPYTER_COLLABORATION_EVENTS_URI.endswith("jupyter_collaboration/session/v1")
    assert {stores.SQLiteYStore.__name__, stores.TempFileYStore.__name__} == {
        "SQLiteYStore",
        "TempFileYStore",
    }


NAMED = {"path": "a.txt", "content_type": "file", "file_format": "text"}


def test_get_document_gives_copies_or_the_live_document(extension: Any, run: Run) -> None:  # [C1]
    async def test() -> None:
        await extension._start_jupyter_server_extension(extension.serverapp)
        assert await extension.get_document(**NAMED) is None
        copy = await extension.get_document(**NAMED, create=True)
        live = await extension.get_document(**NAMED, copy=False)
        assert (copy.source, live.source) == ("one", "one")
        live.source = "two"
        copy.source = "three"
        (room_id,) = extension.ywebsocket_server.rooms
        assert (await extension.get_document(room_id=room_id)).source == "two"
        with pytest.raises(ValueError, match="room_id"):
            await extension.get_document(path="a.txt")
        await extension.stop_extension()

    run(test())


def test_rooms_are_found_as_before(extension: Any, run: Run) -> None:  # [C1]
    async def test() -> None:
        await extension._start_jupyter_server_extension(extension.serverapp)
        rooms = extension.ywebsocket_server
        await rooms.started.wait()
        await extension.get_document(**NAMED, create=True)
        (room_id,) = rooms.rooms
        assert rooms.room_exists(room_id)
        room = await rooms.get_room(room_id)
        assert isinstance(room, YRoom)
        assert isinstance(room.ystore, BaseYStore)
        assert (room.room_id, room.ready, room.clients) == (room_id, True, set())
        assert room._document.source == "one"
        await room.initialize()
        with pytest.raises(RoomNotFound):
            await rooms.get_room("unknown")
        with pytest.raises(LookupError):
            await rooms.get_room("unknown")
        await extension.stop_extension()

    run(test())


def test_a_live_document_that_code_edits_is_saved(
    extension: Any, run: Run, tmp_path: Path
) -> None:  # [C1] [F1]
    async def test() -> None:
        await extension._start_jupyter_server_extension(extension.serverapp)
        live = await extension.get_document(**NAMED, copy=False, create=True)
        live.source = "by an agent"
        await asyncio.sleep(0)
        await extension.stop_extension()
        assert (tmp_path / "root" / "a.txt").read_text() == "by an agent"

    run(test())
