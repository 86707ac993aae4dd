"""Print what the server of an environment answers to good and bad requests, as JSON.

Runs in that environment, and starts a server there on a folder of its own.
"""

import asyncio
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPError
from tornado.websocket import WebSocketClientConnection, websocket_connect

NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": "one",
            "metadata": {},
            "outputs": [],
            "source": "x = 1",
        }
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}
UNKNOWN = "0123456789abcdef0123456789abcdef"
LIMIT = 120
"""Seconds that an answer may take; machines of tests are busy."""


class Server:
    """A Jupyter server in a temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.root.mkdir()
        (self.root / "a.ipynb").write_text(json.dumps(NOTEBOOK))
        (self.root / "b.txt").write_text("one\n")
        (self.root / "c.txt").write_text("two\n")
        (self.root / "folder").mkdir()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self.token = secrets.token_hex()
        self._folder = folder

    async def start(self) -> None:
        port = self.address.split(":")[1]
        command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"]
        command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
        command += [f"--IdentityProvider.token={self.token}", "--ServerApp.port_retries=0"]
        env = {key: value for key, value in os.environ.items() if not key.startswith("JUPYTER")}
        for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"):
            env[f"JUPYTER_{name}"] = str(self._folder / name)
            (self._folder / name).mkdir()
        self._log = (self._folder / "log").open("wb")
        self.process = subprocess.Popen(  # noqa: ASYNC220 (stopped without a loop)
            command, cwd=self.root, env=env, stdout=self._log, stderr=self._log
        )
        while (await self.ask("GET", "api/status"))[0] != 200:
            if self.process.poll() is not None:
                raise RuntimeError((self._folder / "log").read_text())
            await asyncio.sleep(0.1)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(LIMIT)
        self._log.close()

    async def ask(
        self, method: str, path: str, body: object = None, *, login: bool = True
    ) -> tuple[int, Any]:
        """Make a request: the status, and the answer if it is JSON."""
        text = body if isinstance(body, str) else json.dumps(body) if body is not None else None
        try:
            response = await AsyncHTTPClient().fetch(
                f"http://{self.address}/{path}",
                method=method,
                body=text,
                headers={"Authorization": f"token {self.token}"} if login else {},
                allow_nonstandard_methods=True,
                raise_error=False,
                follow_redirects=False,
                request_timeout=LIMIT,
            )
        except (OSError, HTTPError):
            return 0, None
        try:
            return response.code, json.loads(response.body)
        except ValueError:
            return response.code, None

    async def connect(self, room: str, query: str) -> "WebSocketClientConnection | int":
        """Open a socket; the status of the answer if the server refuses it."""
        address = f"ws://{self.address}/api/collaboration/room/{room}?{query}"
        try:
            return await websocket_connect(address)
        except HTTPClientError as error:
            return error.code

    async def closing(self, room: str, query: str) -> Any:
        """How a socket ends that sends nothing: its code and the keys of its reason."""
        connection = await self.connect(room, query)
        if isinstance(connection, int):
            return connection
        try:
            while await asyncio.wait_for(connection.read_message(), 3) is not None:
                pass
        except asyncio.TimeoutError:
            connection.close()
            return "open"
        try:
            reason = sorted(json.loads(connection.close_reason or "null") or {})
        except ValueError:
            reason = "text"
        return [connection.close_code, reason]


def keys(value: Any) -> Any:
    """The keys of an answer; those of values by an id are the values' own."""
    if not isinstance(value, dict):
        return type(value).__name__
    by_id = {"<id>" if re.fullmatch(r"[0-9a-f-]{32,36}", key) else key for key in value}
    return sorted(by_id)


async def answers(server: Server) -> dict[str, Any]:
    """What the server answers, by what was asked."""
    found: dict[str, Any] = {}
    api = "api/collaboration"

    async def note(title: str, *request: Any, **options: Any) -> Any:
        status, answer = await server.ask(*request, **options)
        found[title] = [status, keys(answer)]
        return answer

    notebook = {"format": "json", "type": "notebook"}
    text = {"format": "text", "type": "file"}
    session = await note("session, first", "PUT", f"{api}/session/a.ipynb", notebook)
    await note("session, again", "PUT", f"{api}/session/a.ipynb", notebook)
    await note("session of a text", "PUT", f"{api}/session/b.txt", text)
    await note("session of a missing file", "PUT", f"{api}/session/none.txt", text)
    await note("session of a folder", "PUT", f"{api}/session/folder", text)
    await note("session of an unknown type", "PUT", f"{api}/session/c.txt", {**text, "type": "x"})
    await note("session without a type", "PUT", f"{api}/session/b.txt", {"format": "text"})
    await note("session without a body", "PUT", f"{api}/session/b.txt", "")
    await note("session, other method", "GET", f"{api}/session/b.txt")
    await note("session, not logged in", "PUT", f"{api}/session/b.txt", text, login=False)

    room = f"json:notebook:{session['fileId']}"
    login = f"token={server.token}"
    joined = f"{login}&sessionId={session['sessionId']}"
    await note("fork of a closed document", "PUT", f"{api}/fork/text:file:{UNKNOWN}", {})
    found["socket without a session"] = await server.closing(room, login)
    found["socket with another session"] = await server.closing(room, f"{login}&sessionId=x")
    found["socket of an unknown file"] = await server.closing(
        f"text:file:{UNKNOWN}", f"{login}&sessionId={session['sessionId']}"
    )
    found["socket, not logged in"] = await server.closing(room, f"sessionId={session['sessionId']}")
    member = await server.connect(room, joined)
    if isinstance(member, int):
        raise RuntimeError(f"The room cannot be joined: {member}")
    first = await asyncio.wait_for(member.read_message(), LIMIT)
    found["socket, first message"] = list(first[:2]) if isinstance(first, bytes) else None
    global_room = await server.connect("JupyterLab:globalAwareness", login)
    found["socket of the global awareness"] = isinstance(global_room, WebSocketClientConnection)

    await note("forks, none", "GET", f"{api}/fork/{room}")
    fork = {"synchronize": True, "title": "t", "description": "d"}
    created = await note("fork", "PUT", f"{api}/fork/{room}", fork)
    found["fork, its information"] = keys(created["fork_info"])
    plain = await note("fork without a title", "PUT", f"{api}/fork/{room}", {})
    found["fork without a title, its information"] = keys(plain["fork_info"])
    await note("forks", "GET", f"{api}/fork/{room}")
    await note("fork, not logged in", "PUT", f"{api}/fork/{room}", fork, login=False)
    delete = f"{api}/fork/{created['fork_roomid']}"
    await note("fork, merged", "DELETE", f"{delete}?merge=true")
    await note("fork, merged again", "DELETE", f"{delete}?merge=true")
    await note("fork, deleted", "DELETE", f"{api}/fork/{plain['fork_roomid']}?merge=false")
    await note("fork, unknown", "DELETE", f"{api}/fork/{UNKNOWN}?merge=false")

    shown = await note("timeline", "GET", f"{api}/timeline/a.ipynb?format=json&type=notebook")
    await note(
        "timeline of a document that is not open",
        "GET",
        f"{api}/timeline/c.txt?format=text&type=file",
    )
    await note("timeline without a format", "GET", f"{api}/timeline/a.ipynb")
    await note(
        "timeline, not logged in",
        "GET",
        f"{api}/timeline/a.ipynb?format=json&type=notebook",
        login=False,
    )
    undo = f"{api}/undo_redo/{room}?forkRoom={shown['forkRoom']}"
    await note("undo with nothing to undo", "PUT", f"{undo}&action=undo&steps=1", "")
    await note("restore", "PUT", f"{undo}&action=restore&steps=0", "")
    await note("undo without a timeline", "PUT", f"{api}/undo_redo/{room}?action=undo&steps=1", "")
    await note(
        "undo in an unknown timeline",
        "PUT",
        f"{api}/undo_redo/{room}?forkRoom={UNKNOWN}&action=undo&steps=1",
        "",
    )
    member.close()
    return found


async def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        server = Server(Path(name))
        try:
            await server.start()
            print(json.dumps(await answers(server)))
        finally:
            server.stop()


if __name__ == "__main__":
    asyncio.run(main())
