"""A server under test and its clients: real processes, real sockets."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import anyio
from prefork import FORKS
from pycrdt import Array, Map, Text

from rtcbench import wire
from rtcbench.client import Client, Endpoint
from rtcbench.fixtures import Fixture
from rtcbench.peers import JupyterPeer
from rtcbench.procstat import ProcStat
from rtcbench.ws import WebSocket

ROOT = Path(__file__).parent.parent

STORE = ".jupyter_ystore.db"
"""Where a server keeps the history, in its root folder."""

EXTENSIONS = ["jupyter_collaboration", "jupyter_server_fileid", "jupyter_server_ydoc"]
ENABLED = dict.fromkeys(EXTENSIONS, True)
OTHER_EXTENSIONS = [
    "jupyterlab_jupytext",
    "jupyter_lsp",
    "jupyter_server_terminals",
    "jupyterlab",
    "notebook",
]


class Server(JupyterPeer):
    """A Jupyter server with the extension of this source tree."""

    def __init__(self, name: str, folder: Path, options: dict[str, Any]) -> None:
        extensions = ENABLED | dict.fromkeys(OTHER_EXTENSIONS, False)  # for a quick start
        chosen = options.get("ServerApp", {}).get("jpserver_extensions", {})
        own = {"ServerApp": {"jpserver_extensions": extensions}}
        every = {"ServerApp": {"jpserver_extensions": {**extensions, **chosen}}}
        super().__init__(name, sys.executable, folder, merge(merge(own, options), every))

    async def start(self) -> None:
        """Start the server unless it is running, and wait until it answers."""
        if self.process is None or self.process.poll() is not None:
            log = self.folder / "server.log"
            arguments = self.command()[3:]  # without `python -m jupyter_server`
            env = self.environment()
            if "db_path" not in self.options.get("BaseFileIdManager", {}):
                # Its default is computed when the module is imported, before the fork.
                path = Path(env["JUPYTER_DATA_DIR"]) / "file_id_manager.db"
                # jupyter_server_fileid 0.9, the last one for Python 3.10, does not create it.
                path.parent.mkdir(parents=True, exist_ok=True)
                arguments.append(f"--BaseFileIdManager.db_path={path}")
            self.process = FORKS.start(arguments, self.root, env, log)
            self.stat = ProcStat(self.process.pid)
            await self.started()

    async def started(self) -> None:
        """Wait until the server answers.

        Raises:
            RuntimeError: it has ended.
        """
        assert self.process is not None
        while not await self.ready():
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended: {self.log()}")
            await asyncio.sleep(0.05)

    def environment(self) -> dict[str, str]:
        paths = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
        return {**super().environment(), "PYTHONPATH": paths, "JUPYTER_PREFER_ENV_PATH": "0"}

    def text_file(self, path: str, content: str) -> Fixture:
        (self.root / path).write_bytes(content.encode())
        return Fixture(path, "file", length=0)

    def notebook_file(self, path: str, cells: list[dict[str, Any]], minor: int = 5) -> Fixture:
        content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": minor}
        (self.root / path).write_text(json.dumps(content, indent=1) + "\n")
        return Fixture(path, "notebook", len(cells))

    def read(self, path: str) -> str:
        return (self.root / path).read_bytes().decode()

    async def member(self, fixture: Fixture) -> Editor:
        return await Editor.open_at(await self.endpoint(fixture))

    async def session(self, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
        status, answer = await self.request("PUT", f"api/collaboration/session/{path}", json=body)
        return status, json.loads(answer)

    @staticmethod
    def session_id_of(endpoint: Endpoint) -> str:
        return endpoint.url.rsplit("sessionId=", 1)[1]


def merge(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    merged = dict(first)
    for key, value in second.items():
        merged[key] = {**merged.get(key, {}), **value}
    return merged


class Editor(Client):
    """A collaborator whose edits of `doc` travel by themselves, and who can ask for things."""

    def __init__(self, endpoint: Endpoint) -> None:
        super().__init__(endpoint)
        self.replies: list[dict[str, Any]] = []
        self._news = asyncio.Event()
        self._remote = False
        self._request = 0

    @classmethod
    async def open_at(cls, endpoint: Endpoint, replica: bytes | None = None) -> Editor:
        editor = cls(endpoint)
        if replica is not None:
            editor.doc.apply_update(replica)
        await editor.open()
        await editor.settle()
        editor._subscription = editor.doc.observe(editor._on_edit)  # type: ignore[attr-defined]
        return editor

    def _on_edit(self, event: Any) -> None:
        if not self._remote:
            self.send_update(event.update)

    def _message(self, data: bytes, now: float) -> None:
        self._remote = True
        try:
            super()._message(data, now)
        finally:
            self._remote = False
        if data[0] == 2:
            self.replies.append(json.loads(wire.Reader(data, 1).bytes()))
            self._news.set()

    async def ask(self, name: str) -> dict[str, Any]:
        """Make a request, and wait for its reply."""
        number = self.post(name)
        return await self.reply(lambda reply: reply.get("responseTo") == number)

    def post(self, name: str) -> int:
        """Make a request, and return its number."""
        self._request += 1
        self.send(b"\x02" + wire.varstring(name) + wire.varuint(self._request))
        return self._request

    async def reply(
        self, wanted: Callable[[dict[str, Any]], bool], limit: float = 20
    ) -> dict[str, Any]:
        """Wait for a JSON message of the server."""
        with anyio.fail_after(limit):
            while True:
                for reply in self.replies:
                    if wanted(reply):
                        return reply
                self._news.clear()
                await self._news.wait()

    async def sees(self, text: str) -> None:
        """Wait until the text file has exactly this content."""
        await self.until(lambda _: str(self.text()) == text, 20)

    @property
    def cells(self) -> Array[Any]:
        return self.doc.get("cells", type=Array)

    @property
    def state(self) -> Map[Any]:
        return self.doc.get("state", type=Map)

    @property
    def source(self) -> Text:
        return self.text()


async def until(done: Callable[[], bool], limit: float = 20) -> None:
    """Wait for something on disk or in another process, which sends no event."""
    with anyio.fail_after(limit):
        while not done():
            await asyncio.sleep(0.02)


def code_cell(source: str, name: str, **more: Any) -> dict[str, Any]:
    """A code cell without outputs."""
    cell = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    return {**cell, "source": source, "id": name, **more}


async def conflicts_of(editor: Editor, count: int = 1) -> list[dict[str, Any]]:
    """Wait until the list of conflicts has so many entries."""

    def is_list(reply: dict[str, Any]) -> bool:
        return reply.get("type") == "merge_conflicts" and len(reply["conflicts"]) == count

    found: list[dict[str, Any]] = (await editor.reply(is_list))["conflicts"]
    return found


async def closing(url: str, message: bytes | None = None) -> tuple[int, str]:
    """Connect, perhaps send something, and wait to be closed: the code and the reason."""
    socket = WebSocket(lambda data, now: None)
    await socket.connect(url)
    if message is not None:
        socket.send(message)
    with anyio.fail_after(20):
        await socket.closed.wait()
    return socket.close_code, socket.close_reason


async def answer(server: Any, person: str, method: str, path: str, **options: Any) -> int:
    """Make a request as somebody, and return its status."""
    headers = {"Authorization": f"token {person}"} if person else {}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.request(method, f"{server.base}/{path}", **options) as response,
    ):
        if response.status >= 400:
            assert (await response.json())["message"]
        return int(response.status)


def room_of(endpoint: Any) -> str:
    """The room id in an endpoint's address."""
    return str(endpoint.url.split("/room/")[1].split("?")[0])


async def put(server: Server, route: str, **body: Any) -> tuple[int, dict[str, Any]]:
    """Make a request of the collaboration API, and return its status and answer."""
    status, text = await server.request("PUT", f"api/collaboration/{route}", json=body)
    return status, json.loads(text)


async def versions(server: Server, room: str, query: str = "") -> list[dict[str, Any]]:
    """A page of versions, once all were made."""
    while True:
        status, text = await server.request("GET", f"api/collaboration/versions/{room}?{query}")
        assert status == 200, text
        answer = json.loads(text)
        if answer["complete"]:
            found: list[dict[str, Any]] = answer["versions"]
            return found


async def content(server: Server, room: str, version: int, query: str = "") -> Any:
    """What a version held."""
    route = f"api/collaboration/versions/{room}/{version}?{query}"
    status, text = await server.request("GET", route)
    assert status == 200, text
    return json.loads(text)["content"]


async def at_play(server: Server, shown: dict[str, Any]) -> Editor:
    """Join the room in which the public timeline shows the past."""
    base = f"ws://127.0.0.1:{server.port}/api/collaboration/room/{shown['forkRoom']}"
    query = f"token={server.token}&sessionId={shown['sessionId']}"
    return await Editor.open_at(Endpoint(f"{base}?{query}"))
