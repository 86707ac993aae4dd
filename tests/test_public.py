"""The names and signatures that other packages use. [C1]"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pycrdt.store import BaseYStore
from pycrdt.websocket import YRoom

import jupyter_collaboration
import jupyter_server_ydoc
from jupyter_collaboration.app import YDocExtension
from jupyter_collaboration.errors import RoomNotFound
from jupyter_collaboration.rooms.document import DocumentRoom
from jupyter_collaboration.rooms.earlier_names import OF_DOCUMENT_ROOMS, OF_THE_MANAGER
from jupyter_collaboration.rooms.manager import RoomManager
from jupyter_collaboration.rooms.open_files import FileLoader, FileLoaderMapping
from jupyter_server_ydoc import stores, utils

Run = Callable[[Awaitable[Any]], Any]


def test_versions_are_what_consumers_test_for() -> None:  # [C1]
    assert int(jupyter_collaboration.__version__[0]) >= 3
    # Above the published 5.0.x, and below the 6 that consumers exclude.
    version = tuple(int(part) for part in jupyter_collaboration.__version__.split(".")[:2])
    assert (5, 90) <= version < (6, 0)


def test_settings_have_the_published_names_and_defaults() -> None:  # [C1]
    for kind, defaults in [
        (
            YDocExtension,
            {
                "disable_rtc": False,
                "file_poll_interval": 1.0,
                "file_stop_poll_on_errors_after": 24 * 60 * 60,
                "document_cleanup_delay": 60,
                "document_save_delay": 1,
                "document_load_progressively": False,
                "notebook_output_delay_threshold_mb": 100,
                "session_store_path": None,
            },
        ),
        (
            stores.SQLiteYStore,
            {
                "db_path": ".jupyter_ystore.db",
                "squash_after_inactivity_of": None,
                "document_ttl": None,
            },
        ),
    ]:
        traits = kind.class_traits(config=True)
        assert {name: traits[name].default_value for name in defaults} == defaults
    traits = YDocExtension.class_traits()
    assert traits["ystore_class"].default_value is stores.SQLiteYStore
    # A difference on purpose: cells go on without the page. [R12]
    assert traits["server_side_execution"].default_value is True


def test_public_helpers_are_where_they_were() -> None:  # [C1]
    assert utils.encode_file_path("json", "notebook", "id") == "json:notebook:id"
    assert utils.decode_file_path("json:notebook:id") == ("json", "notebook", "id")
    assert utils.room_id_from_encoded_path("api/collaboration/room/a:b:c") == "a:b:c"
    assert utils.JUPYTER_COLLABORATION_EVENTS_URI.endswith("jupyter_collaboration/session/v1")
    assert {stores.SQLiteYStore.__name__, stores.TempFileYStore.__name__} == {
        "SQLiteYStore",
        "TempFileYStore",
    }


PUBLISHED = {
    "app": ["RoomNotFound", "YDocExtension"],
    "handlers": [
        "DocForkHandler",
        "DocSessionHandler",
        "TimelineHandler",
        "UndoRedoHandler",
        "YDocWebSocketHandler",
    ],
    "loaders": ["FileLoader", "FileLoaderMapping"],
    "pytest_plugin": [
        "jp_server_config",
        "rtc_add_doc_to_store",
        "rtc_connect_awareness_client",
        "rtc_connect_doc_client",
        "rtc_connect_fork_client",
        "rtc_create_SQLite_store",
        "rtc_create_SQLite_store_factory",
        "rtc_create_file",
        "rtc_create_fork_client",
        "rtc_create_mock_document_room",
        "rtc_create_notebook",
        "rtc_delete_fork_client",
        "rtc_document_cleanup_delay",
        "rtc_document_save_delay",
        "rtc_fetch_session",
        "rtc_get_forks_client",
    ],
    "rooms": ["DocumentRoom", "TransientRoom"],
    "stores": ["SQLiteYStore", "TempFileYStore"],
    "test_utils": ["FakeContentsManager", "FakeEventLogger", "FakeFileIDManager"],
    "utils": [
        "AWARENESS_EVENTS_SCHEMA_PATH",
        "EVENTS_FOLDER_PATH",
        "EVENTS_SCHEMA_PATH",
        "FORK_EVENTS_SCHEMA_PATH",
        "JUPYTER_COLLABORATION_AWARENESS_EVENTS_URI",
        "JUPYTER_COLLABORATION_EVENTS_URI",
        "JUPYTER_COLLABORATION_FORK_EVENTS_URI",
        "LogLevel",
        "MessageType",
        "OutOfBandChanges",
        "ReadError",
        "SERVER_SESSION",
        "WriteError",
        "YDOC_SERVER_VERSION",
        "decode_file_path",
        "encode_file_path",
        "room_id_from_encoded_path",
    ],
    "websocketserver": ["JupyterWebsocketServer", "RoomNotFound"],
}
"""The names of the published package that others import, by module."""


@pytest.mark.parametrize(
    ("module", "name"), [(module, name) for module in PUBLISHED for name in PUBLISHED[module]]
)
def test_published_names_can_be_imported(module: str, name: str) -> None:  # [C1]
    assert hasattr(import_module(f"jupyter_server_ydoc.{module}"), name)


def test_the_extension_can_be_imported_from_the_package() -> None:  # [C1]
    assert jupyter_server_ydoc.YDocExtension is YDocExtension
    with pytest.raises(AttributeError, match="unknown"):
        jupyter_server_ydoc.unknown  # noqa: B018


def test_message_types_and_event_schemas_are_the_published_ones() -> None:  # [C1]
    types = {each.name: each.value for each in utils.MessageType}
    assert types == {"SYNC": 0, "AWARENESS": 1, "RAW": 2, "CHAT": 125}
    for name, path in [
        ("JUPYTER_COLLABORATION_EVENTS_URI", utils.EVENTS_SCHEMA_PATH),
        ("JUPYTER_COLLABORATION_AWARENESS_EVENTS_URI", utils.AWARENESS_EVENTS_SCHEMA_PATH),
        ("JUPYTER_COLLABORATION_FORK_EVENTS_URI", utils.FORK_EVENTS_SCHEMA_PATH),
    ]:
        assert getattr(utils, name) in path.read_text()


def test_file_loaders_name_the_replacements_of_earlier_members() -> None:  # [C1]
    for kind in (FileLoader, FileLoaderMapping):
        for name in kind._replacements:
            assert name not in dir(kind), f"{name} exists"
            with pytest.raises(AttributeError, match=f"{name} does not exist since"):
                getattr(object.__new__(kind), name)


def test_what_cannot_be_meant_names_its_replacement() -> None:  # [C1]
    room = object.__new__(DocumentRoom)
    with pytest.raises(AttributeError, match=r"_save_to_disc .* room\.flush"):
        room._save_to_disc  # noqa: B018
    for kind, names in [
        (DocumentRoom, OF_DOCUMENT_ROOMS),
        (RoomManager, OF_THE_MANAGER),
    ]:
        for name in names:
            assert name not in dir(kind), f"{name} exists"
            with pytest.raises(AttributeError, match=f"{name} does not exist since"):
                getattr(object.__new__(kind), name)
    with pytest.raises(AttributeError, match="no attribute 'other'"):
        object.__new__(RoomManager).other  # type: ignore[attr-defined]  # noqa: B018


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
        assert (room.file_format, room.file_type) == ("text", "file")
        assert rooms.get_room_name(room) == room_id
        await room.initialize()
        with pytest.raises(RoomNotFound):
            await rooms.get_room("unknown")
        with pytest.raises(LookupError):
            await rooms.get_room("unknown")
        await extension.stop_extension()

    run(test())


def test_files_of_open_documents_are_found_by_their_ids(extension: Any, run: Run) -> None:  # [C1]
    async def test() -> None:
        await extension._start_jupyter_server_extension(extension.serverapp)
        loaders = extension.file_loaders
        assert (len(loaders), list(loaders)) == (0, [])
        await extension.get_document(**NAMED, create=True)
        file_id = extension.serverapp.web_app.settings["file_id_manager"].get_id("a.txt")
        assert list(loaders) == [file_id]
        loader = loaders[file_id]
        assert (loader.file_id, loader.path) == (file_id, "a.txt")
        assert loader.number_of_subscriptions == 1
        with pytest.raises(KeyError):
            loaders["unknown"]
        with pytest.raises(AttributeError, match="get_document"):
            loader.load_content("text", "file")
        await extension.stop_extension()
        assert file_id not in loaders

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
