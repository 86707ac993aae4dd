"""Starting, stopping and addressing the servers under test.

A peer is named on the command line as NAME=TARGET, where TARGET is

- the Python of an environment with a Jupyter server and a collaboration extension,
- `hocuspocus:NODE:DIR` or `y-websocket:NODE:DIR`, DIR holding the npm package,
- `relay`, the bare byte broadcaster.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import aiohttp

from .client import Client, Endpoint
from .fixtures import Fixture
from .procstat import ProcStat

HERE = Path(__file__).parent

CLEAN_UP_SOON = {
    "YDocExtension": {"document_cleanup_delay": 2},
    "YRoom": {"inactivity_timeout": 2},
    "YRoomManager": {"auto_free_interval": 2},
}
"""Rooms go two seconds after their last client, in every dialect that has a setting for it."""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Peer:
    """A server process with a scratch folder; subclasses say how it runs."""

    persists = False  # whether it keeps documents on disk

    def __init__(self, name: str, target: str, folder: Path, options: dict) -> None:
        self.name = name
        self.target = target
        self.folder = folder
        self.options = options
        self.root = folder / "root"
        self.root.mkdir(parents=True)
        self.port = free_port()
        self.process: subprocess.Popen | None = None
        self.stat: ProcStat = None  # type: ignore[assignment]

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return dict(os.environ)

    async def ready(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    async def endpoint(self, fixture: Fixture) -> Endpoint:
        raise NotImplementedError

    async def client(self, fixture: Fixture, *, live: bool = True, **options) -> Client:
        return await Client(await self.endpoint(fixture), live=live).open(**options)

    async def start(self) -> None:
        """Starts the server unless it runs already, and waits until it answers."""
        if self.process is not None and self.process.poll() is None:
            return
        log = (self.folder / "server.log").open("ab")
        self.process = subprocess.Popen(  # noqa: ASYNC220 (ProcStat and dispose() want a Popen)
            self.command(),
            cwd=self.root,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        log.close()
        self.stat = ProcStat(self.process.pid)
        for _ in range(1200):
            if await self.ready():
                return
            if self.process.poll() is not None:
                raise RuntimeError(
                    f"{self.name} ended with {self.process.returncode}: {self.log()}"
                )
            await asyncio.sleep(0.1)
        raise TimeoutError(f"{self.name} did not become ready: {self.log()}")

    def established_to(self, client: Client) -> bool:
        """Whether the server still holds the connection to a client that reads nothing."""
        port = client.socket.transport.get_extra_info("sockname")[1]
        return any(
            connection.status == "ESTABLISHED"
            and connection.raddr
            and connection.raddr.port == port
            for connection in self.stat.process.net_connections("tcp")
        )

    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")[-2000:]

    async def stop(self) -> None:
        """Ends the server in order, or after five seconds without asking."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        for _ in range(50):
            if self.process.poll() is not None:
                return
            await asyncio.sleep(0.1)
        self.crash()

    def crash(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def dispose(self) -> None:
        self.crash()
        shutil.rmtree(self.folder, ignore_errors=True)


class JupyterPeer(Peer):
    """Either dialect: a session PUT, or an index POST where there is no session."""

    persists = True

    def __init__(self, *args) -> None:
        super().__init__(*args)
        self.token = secrets.token_hex(16)
        self.base = f"http://127.0.0.1:{self.port}"
        self.session_id = ""

    def command(self) -> list[str]:
        return [
            self.target,
            "-m",
            "jupyter_server",
            "--no-browser",
            "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.root}",
            f"--IdentityProvider.token={self.token}",
        ]

    def environment(self) -> dict[str, str]:
        home = self.folder / "home"
        (home / "config").mkdir(parents=True, exist_ok=True)
        (home / "config" / "jupyter_server_config.json").write_text(
            json.dumps(CLEAN_UP_SOON | self.options)
        )
        return dict(
            os.environ,
            HOME=str(home),
            JUPYTER_CONFIG_DIR=str(home / "config"),
            JUPYTER_DATA_DIR=str(home / "data"),
            JUPYTER_RUNTIME_DIR=str(home / "runtime"),
        )

    async def request(self, method: str, path: str, **options) -> tuple[int, bytes]:
        headers = {"Authorization": f"token {self.token}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.request(method, f"{self.base}/{path}", **options) as response,
        ):
            return response.status, await response.read()

    async def ready(self) -> bool:
        try:
            return (await self.request("GET", "api/status"))[0] == 200
        except (aiohttp.ClientError, OSError):
            return False

    async def endpoint(self, fixture: Fixture) -> Endpoint:
        body = {"format": fixture.format, "type": fixture.kind}
        path = quote(fixture.path)
        status, data = await self.request("PUT", f"api/collaboration/session/{path}", json=body)
        if status in (404, 405):
            status, data = await self.request("POST", f"api/fileid/index?path={path}")
        if status >= 400:
            raise RuntimeError(
                f"{self.name}: no session for {fixture.path}: {status} {data[:200]!r}"
            )
        session = json.loads(data)
        file_id = session.get("fileId") or session["id"]
        query = f"?token={self.token}"
        if session.get("sessionId"):
            query += f"&sessionId={session['sessionId']}"
        room = quote(f"{fixture.format}:{fixture.kind}:{file_id}", safe=":")
        return Endpoint(f"ws://127.0.0.1:{self.port}/api/collaboration/room/{room}{query}")

    def _store_files(self) -> list[os.stat_result]:
        """Everything hidden that the server wrote beside the documents: its update store."""
        found = []
        for top in self.root.glob(".*"):
            for file in [top] if top.is_file() else top.rglob("*"):
                if file.is_file() and ".ipynb_checkpoints" not in file.parts:
                    with suppress(FileNotFoundError):  # a journal that is gone again
                        found.append(file.stat())
        return found

    def store_bytes(self) -> int:
        return sum(file.st_size for file in self._store_files())

    def store_stamp(self) -> list[tuple[int, int]]:
        return [(file.st_mtime_ns, file.st_size) for file in self._store_files()]


class NodePeer(Peer):
    """A JavaScript server with rooms in memory."""

    def __init__(self, name: str, target: str, folder: Path, options: dict) -> None:
        super().__init__(name, target, folder, options)
        self.kind, self.node, self.modules = target.split(":")

    def command(self) -> list[str]:
        if self.kind == "hocuspocus":
            return [self.node, str(HERE / "node/hocuspocus.mjs"), str(self.port), self.modules]
        server = f"{self.modules}/node_modules/@y/websocket-server/src/server.js"
        return [self.node, server]

    def environment(self) -> dict[str, str]:
        return dict(os.environ, HOST="127.0.0.1", PORT=str(self.port))

    async def endpoint(self, fixture: Fixture) -> Endpoint:
        name = fixture.path.replace("/", "-")
        document = name if self.kind == "hocuspocus" else ""
        return Endpoint(f"ws://127.0.0.1:{self.port}/{name}", document)


class RelayPeer(Peer):
    def command(self) -> list[str]:
        return [sys.executable, "-m", "rtcbench.relay", str(self.port)]

    def environment(self) -> dict[str, str]:
        return dict(os.environ, PYTHONPATH=str(HERE.parent))

    async def endpoint(self, fixture: Fixture) -> Endpoint:
        return Endpoint(f"ws://127.0.0.1:{self.port}/{fixture.path}", answers_sync=False)


def make_peer(name: str, target: str, folder: Path, options: dict) -> Peer:
    if target == "relay":
        kind: type[Peer] = RelayPeer
    elif target.startswith(("hocuspocus:", "y-websocket:")):
        kind = NodePeer
    else:
        kind = JupyterPeer
    return kind(name, target, folder, options)
