"""Fixtures for the tests of other packages, on top of those of pytest-jupyter.

Name this module and ``jupyter_server.pytest_plugin`` in ``pytest_plugins`` to enable them. They
need the package httpx-ws.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NoReturn

import nbformat
import pytest
from jupyter_ydoc import YNotebook, YUnicode
from pycrdt import Provider

from jupyter_collaboration.stores import SQLiteYStore

SYNC_LIMIT = 20.0
"""Seconds that a document may take to arrive."""

Make = Callable[..., Awaitable[Any]]


@pytest.fixture
def rtc_document_save_delay() -> float:
    """The trait document_save_delay; override it to change it."""
    return 1


@pytest.fixture
def rtc_document_cleanup_delay() -> float:
    """The trait document_cleanup_delay; override it to change it."""
    return 60


@pytest.fixture
def jp_server_config(
    jp_root_dir: Path, rtc_document_save_delay: float, rtc_document_cleanup_delay: float
) -> dict[str, Any]:
    """A server with collaboration, without authentication, and with all data in its root."""
    return {
        "ServerApp": {
            "jpserver_extensions": {"jupyter_server_fileid": True, "jupyter_server_ydoc": True},
            "token": "",
            "password": "",
            "disable_check_xsrf": True,
        },
        "SQLiteYStore": {"db_path": str(jp_root_dir / ".rtc_test.db")},
        "BaseFileIdManager": {
            "root_dir": str(jp_root_dir),
            "db_path": str(jp_root_dir / ".fid_test.db"),
            "db_journal_mode": "OFF",
        },
        "YDocExtension": {
            "document_save_delay": rtc_document_save_delay,
            "document_cleanup_delay": rtc_document_cleanup_delay,
        },
    }


@pytest.fixture
def rtc_create_file(jp_root_dir: Path, jp_serverapp: Any, rtc_add_doc_to_store: Make) -> Make:
    """Create a text file; with `index`, give it a file id; with `store`, open it once."""

    async def create(
        path: str, content: str | None = None, index: bool = False, store: bool = False
    ) -> tuple[str, str]:
        text = content or ""
        _write(jp_root_dir / path, text)
        if index:
            jp_serverapp.web_app.settings["file_id_manager"].index(path)
        if store:
            await rtc_add_doc_to_store("text", "file", path)
        return path, text

    return create


@pytest.fixture
def rtc_create_notebook(jp_root_dir: Path, jp_serverapp: Any, rtc_add_doc_to_store: Make) -> Make:
    """Create a notebook, empty by default; `index` and `store` as in `rtc_create_file`."""

    async def create(
        path: str, content: str | None = None, index: bool = False, store: bool = False
    ) -> tuple[str, str]:
        if not path.endswith(".ipynb"):
            raise ValueError(f"The name of a notebook must end with .ipynb, unlike {path}")
        if content is None:
            content = nbformat.writes(nbformat.v4.new_notebook(), version=4)  # type: ignore[no-untyped-call]
        _write(jp_root_dir / path, content)
        if index:
            jp_serverapp.web_app.settings["file_id_manager"].index(path)
        if store:
            await rtc_add_doc_to_store("json", "notebook", path)
        return path, content

    return create


def _write(file: Path, content: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)


@pytest.fixture
def rtc_fetch_session(jp_fetch: Make) -> Make:
    """Ask for the session of a document."""

    async def fetch(format: str, type: str, path: str) -> Any:
        body = json.dumps({"format": format, "type": type})
        return await jp_fetch("/api/collaboration/session", path, method="PUT", body=body)

    return fetch


@pytest.fixture
def rtc_connect_awareness_client(jp_http_port: int, jp_base_url: str) -> Make:
    """Connect to a room without a session; an async context manager with the socket."""

    async def connect(room_id: str) -> Any:
        return _connect(jp_http_port, jp_base_url, room_id)

    return connect


rtc_connect_fork_client = rtc_connect_awareness_client
"""Connect to the room of a fork."""


@pytest.fixture
def rtc_connect_doc_client(jp_http_port: int, jp_base_url: str, rtc_fetch_session: Make) -> Make:
    """Connect to the room of a document; return an async context manager, and the room id."""

    async def connect(format: str, type: str, path: str) -> Any:
        response = await rtc_fetch_session(format, type, path)
        session = json.loads(response.body)
        room_id = f"{session['format']}:{session['type']}:{session['fileId']}"
        query = f"?sessionId={session['sessionId']}"
        return _connect(jp_http_port, jp_base_url, room_id + query), room_id

    return connect


def _connect(port: int, base_url: str, room: str) -> Any:
    from httpx_ws import aconnect_ws  # type: ignore[import-not-found, unused-ignore]

    return aconnect_ws(f"http://127.0.0.1:{port}{base_url}api/collaboration/room/{room}")


@pytest.fixture
def rtc_get_forks_client(jp_fetch: Make) -> Make:
    """Ask for the forks of a document."""

    async def get(root_roomid: str) -> Any:
        return await jp_fetch("/api/collaboration/fork", root_roomid, method="GET")

    return get


@pytest.fixture
def rtc_create_fork_client(jp_fetch: Make) -> Make:
    """Create a fork of a document."""

    async def create(
        root_roomid: str,
        synchronize: bool,
        title: str | None = None,
        description: str | None = None,
    ) -> Any:
        fork = {"synchronize": synchronize, "title": title, "description": description}
        body = json.dumps(fork)
        return await jp_fetch("/api/collaboration/fork", root_roomid, method="PUT", body=body)

    return create


@pytest.fixture
def rtc_delete_fork_client(jp_fetch: Make) -> Make:
    """Delete a fork, and merge it into its root if `merge` is true."""

    async def delete(fork_roomid: str, merge: bool) -> Any:
        params = {"merge": str(merge).lower()}
        return await jp_fetch(
            "/api/collaboration/fork", fork_roomid, method="DELETE", params=params
        )

    return delete


@pytest.fixture
def rtc_add_doc_to_store(rtc_connect_doc_client: Make) -> Make:
    """Open a document once, so that the server has it in its store."""

    async def add(format: str, type: str, path: str) -> None:
        from pycrdt.websocket.websocket import HttpxWebsocket

        document = YNotebook() if type == "notebook" else YUnicode()
        arrived = asyncio.Event()
        content = "cells" if type == "notebook" else "source"
        document.observe(lambda target, _: arrived.set() if target == content else None)
        connection, room_id = await rtc_connect_doc_client(format, type, path)
        async with connection as socket, Provider(document.ydoc, HttpxWebsocket(socket, room_id)):
            await asyncio.wait_for(arrived.wait(), SYNC_LIMIT)

    return add


@pytest.fixture
def rtc_create_SQLite_store(jp_serverapp: Any) -> Make:
    """Put a document into the store of the server; see `rtc_create_SQLite_store_factory`."""
    return rtc_create_SQLite_store_factory(jp_serverapp)


def rtc_create_SQLite_store_factory(jp_serverapp: Any) -> Make:
    """Return a function that creates a document, and returns the configuration of its store.

    A store has the histories of all documents of the server.
    """

    async def create(type: str, path: str, content: Any) -> SQLiteYStore:
        text = json.dumps(content) if isinstance(content, dict) else content
        _write(Path(jp_serverapp.root_dir) / path, text)
        await jp_serverapp.web_app.settings["jupyter_server_ydoc"].get_document(
            path=path,
            content_type=type,
            file_format="json" if type == "notebook" else "text",
            create=True,
        )
        return SQLiteYStore(config=jp_serverapp.config)

    return create


@pytest.fixture
def rtc_create_mock_document_room() -> Callable[..., NoReturn]:
    """Has no equivalent."""

    def create(*args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(
            "Rooms cannot be created without a server since jupyter-collaboration 5.90. Use"
            " 'rtc_create_file' and 'await app.get_document(path=..., copy=False, create=True)'."
        )

    return create
