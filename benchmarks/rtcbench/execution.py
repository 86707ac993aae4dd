"""Running cells: by the server, and as JupyterLab does, over the socket of the kernel."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp
from pycrdt import Array

from . import wire
from .client import Client, Endpoint
from .fixtures import Fixture
from .peers import JupyterPeer
from .run import Metrics, Run
from .stats import median

FIRST = "print('x')"
PRINTS = "for i in range({count}):\n    print(i)"


@dataclass
class Ran:
    """Seconds from the request to the first output, and to the end; bytes that arrived."""

    first: float
    whole: float
    bytes: int


class Member(Client):
    """A member of a notebook who asks the server to run a cell."""

    def __init__(self, endpoint: Endpoint, kernel: str) -> None:
        super().__init__(endpoint)
        self._kernel = kernel
        self._number = 0
        self._ended: dict[int, asyncio.Future[float]] = {}

    def _message(self, data: bytes, now: float) -> None:
        super()._message(data, now)
        if data[0] == 2:
            reply = json.loads(wire.Reader(data, 1).bytes())
            ended = self._ended.get(reply.get("responseTo"))
            if ended is not None and not ended.done():
                assert reply.get("outcome") == "ok", reply
                ended.set_result(time.monotonic())

    async def run(self, index: int) -> Ran:
        """Run a cell, whose first output is to be another one than now."""
        cell = self.doc.get("cells", type=Array)[index]
        first = 0.0

        def look() -> None:
            nonlocal first
            outputs = cell["outputs"]
            if not first and len(outputs) and str(outputs[0]["text"]):
                first = time.monotonic()

        self._number += 1
        self._ended[self._number] = asyncio.get_running_loop().create_future()
        body = {"id": uuid4().hex, "cell": cell["id"], "kernel": self._kernel}
        received = self.socket.received_bytes
        start = time.monotonic()
        request = wire.varstring(f"run {json.dumps(body)}") + wire.varuint(self._number)
        # The outputs of the last run go before those of this one come.
        cleared = asyncio.ensure_future(self.until(lambda _: not len(cell["outputs"])))
        self.send(b"\x02" + request)
        await cleared
        self.on_change = look
        look()
        end = await self._ended[self._number]
        self.on_change = None
        return Ran(first - start, end - start, self.socket.received_bytes - received)


class Page:
    """A page as JupyterLab has it, which runs cells over the socket of the kernel."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._session = uuid4().hex

    async def run(self, code: str) -> Ran:
        """Run code until the kernel has replied and is idle."""
        name = uuid4().hex
        header = {
            "msg_id": name,
            "msg_type": "execute_request",
            "session": self._session,
            "username": "",
            "version": "5.3",
        }
        content = {
            "code": code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": True,
            "stop_on_error": True,
        }
        message = {"channel": "shell", "header": header, "content": content, "buffers": []}
        start, first, size = time.monotonic(), 0.0, 0
        awaited = {"execute_reply", "idle"}
        await self._socket.send_str(json.dumps({**message, "parent_header": {}, "metadata": {}}))
        while awaited:
            text = await self._socket.receive_str()
            size += len(text)
            read = json.loads(text)
            if read["parent_header"].get("msg_id") != name:
                continue
            kind = read["header"]["msg_type"]
            if kind == "stream" and not first:
                first = time.monotonic()
            awaited.discard(kind)
            awaited.discard(str(read["content"].get("execution_state")))
        return Ran(first - start, time.monotonic() - start, size)


@asynccontextmanager
async def page_of(peer: JupyterPeer, kernel: str) -> Any:
    url = f"ws://127.0.0.1:{peer.port}/api/kernels/{kernel}/channels"
    url += f"?session_id={uuid4().hex}&token={peer.token}"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, max_msg_size=0) as socket,
    ):
        yield Page(socket)


async def execution(run: Run, runs: int = 9, count: int = 10_000) -> Metrics:
    """A cell with one print, and one with 10,000: the server beside JupyterLab's own way.

    For our server only. Both are run in turn on one kernel. `first_*_ms` ends when the output is in
    the document of the member who ran it, or at a page; `prints_*_s` when the run has ended there;
    `*_KB` is what arrived at them. `first_ratio` and `prints_ratio` are the medians of the ratios.
    A page also has to put the outputs into the document, and to send them to the server, which is
    not counted here.
    """
    peer = run.peer
    assert isinstance(peer, JupyterPeer)
    await peer.start()
    prints = PRINTS.format(count=count)
    cells = [_cell("c0", FIRST), _cell("c1", prints)]
    body = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (peer.root / "run.ipynb").write_text(json.dumps(body))
    status, text = await peer.request("POST", "api/kernels", json={"name": "python3"})
    assert status == 201, text
    kernel = str(json.loads(text)["id"])
    fixture = Fixture("run.ipynb", "notebook", cells=2)
    member = Member(await peer.endpoint(fixture), kernel)
    await (await member.open()).settle()
    found: dict[str, list[float]] = {}

    def note(**values: float) -> None:
        for name, value in values.items():
            found.setdefault(name, []).append(value)

    async with page_of(peer, kernel) as page:
        for number in range(runs + 1):
            cpu = peer.stat.cpu()
            ours = [await member.run(0), await member.run(1)]
            middle = peer.stat.cpu()
            pages = [await page.run(FIRST), await page.run(prints)]
            if number == 0:
                continue  # warms up both
            note(
                first_server_ms=1000 * ours[0].first,
                first_page_ms=1000 * pages[0].first,
                first_ratio=ours[0].first / pages[0].first,
                prints_server_s=ours[1].whole,
                prints_page_s=pages[1].whole,
                prints_ratio=ours[1].whole / pages[1].whole,
                prints_server_KB=ours[1].bytes / 1000,
                prints_page_KB=pages[1].bytes / 1000,
                server_cpu_s=middle - cpu,
                page_cpu_s=peer.stat.cpu() - middle,
            )
    await member.close()
    return {name: median(values) for name, values in found.items()}


def _cell(name: str, source: str) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": name, "metadata": {}, "source": source}
    return {**cell, "execution_count": None, "outputs": []}
