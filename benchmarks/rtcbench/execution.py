"""Running cells: by the server, and by a page as JupyterLab does."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import aiohttp
from pycrdt import Array, Doc, Map, Text

from . import wire
from .client import Client, Endpoint
from .fixtures import Fixture
from .peers import JupyterPeer
from .pinger import Pinger
from .run import Metrics, Run
from .stats import median

FIRST = "print('x')"
PRINTS = "for i in range({count}):\n    print(i)"
FLUSHED = "for i in range({count}):\n    print(i, flush=True)"


@dataclass
class Ran:
    """Seconds from the request until another member has the first output, and all of them."""

    first: float
    whole: float


class Watcher:
    """Another member of the notebook, who sees the outputs of its cells."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def printed(self, index: int) -> str:
        outputs = self.client.doc.get("cells", type=Array)[index]["outputs"]
        return "".join(str(each["text"]) for each in outputs)

    async def sees(self, index: int, expected: str, start: float) -> Ran:
        """Wait until a cell has all its outputs."""
        first = 0.0

        def done(_: Doc) -> bool:
            nonlocal first
            printed = self.printed(index)
            if printed and not first:
                first = time.monotonic()
            return printed == expected

        await self.client.until(done)
        return Ran(first - start, time.monotonic() - start)

    async def gone(self, index: int) -> None:
        """Wait until the outputs of the last run are removed."""
        await self.client.until(lambda _: not self.printed(index))


class Runner(Client):
    """A member who asks the server to run cells."""

    def __init__(self, endpoint: Endpoint, kernel: str) -> None:
        super().__init__(endpoint)
        self._kernel = kernel
        self._number = 0
        self._answers: dict[int, asyncio.Future[str]] = {}

    def run(self, index: int) -> None:
        """Ask for a cell to be run."""
        cell = self.doc.get("cells", type=Array)[index]["id"]
        body = {"id": uuid4().hex, "cell": cell, "kernel": self._kernel}
        self._ask(f"run {json.dumps(body)}")

    def _ask(self, request: str) -> int:
        self._number += 1
        self.send(b"\x02" + wire.varstring(request) + wire.varuint(self._number))
        return self._number

    async def saved(self) -> float:
        """Ask for a save, and return the seconds until it is answered."""
        start = time.monotonic()
        number = self._ask("save")
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        status = await asyncio.wait_for(answer, 60)
        if status not in ("success", "skipped"):  # the latter if everything was saved already
            raise RuntimeError(f"not saved: {status}")
        return time.monotonic() - start

    def _message(self, data: bytes, now: float) -> None:
        super()._message(data, now)
        if data[0] == 2:
            reply = json.loads(wire.Reader(data, 1).bytes())
            answer = self._answers.pop(reply.get("responseTo"), None)
            if answer is not None:
                answer.set_result(reply.get("status"))


class Page:
    """A page as JupyterLab has it: it runs cells over the socket of the kernel.

    It puts what the kernel prints into the document, one message after the other.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, client: Client) -> None:
        self._socket = socket
        self._client = client
        self._session = uuid4().hex
        self._is_own = False
        self._seen = client.doc.observe(self._on_edit)

    def _on_edit(self, event: Any) -> None:
        if self._is_own:
            self._client.send_update(event.update)

    def clear(self, index: int) -> None:
        """Remove the outputs of a cell."""
        outputs = self._client.doc.get("cells", type=Array)[index]["outputs"]
        self._is_own = True
        outputs.clear()
        self._is_own = False

    def _print(self, index: int, text: str) -> None:
        outputs = self._client.doc.get("cells", type=Array)[index]["outputs"]
        self._is_own = True
        if len(outputs):
            stream = outputs[0]["text"]
            stream += text
        else:
            output = {"output_type": "stream", "name": "stdout", "text": Text(text)}
            outputs.append(Map(output))
        self._is_own = False

    async def run(self, index: int, code: str) -> None:
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
        await self._socket.send_str(json.dumps({**message, "parent_header": {}, "metadata": {}}))
        awaited = {"execute_reply", "idle"}
        while awaited:
            read = json.loads(await self._socket.receive_str())
            if read["parent_header"].get("msg_id") != name:
                continue
            kind = read["header"]["msg_type"]
            if kind == "stream":
                self._print(index, read["content"]["text"])
            awaited.discard(kind)
            awaited.discard(str(read["content"].get("execution_state")))


@asynccontextmanager
async def page_of(peer: JupyterPeer, kernel: str, client: Client) -> AsyncIterator[Page]:
    url = f"ws://127.0.0.1:{peer.port}/api/kernels/{kernel}/channels"
    url += f"?session_id={uuid4().hex}&token={peer.token}"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(url, max_msg_size=0) as socket,
    ):
        yield Page(socket, client)


async def execution(run: Run, runs: int = 9, count: int = 10_000, flushed: int = 1_000) -> Metrics:
    """A cell with one print, and one with 10,000: run by the server, or by a page.

    For our server only. Both are run in turn on one kernel. The page does what JupyterLab does: it
    sends the code to the kernel, and puts the outputs into the document. `first_*_ms` is the time
    until another member has the first output, `prints_*_s` until they have all; `first_ratio` and
    `prints_ratio` are the medians of the ratios; `*_KB` is what that member receives, and
    `*_cpu_s` the time of the server for both cells. `flushed_*` is the same for 1,000 prints of
    which each one is a message of its own: a kernel sends the others in few messages.
    """
    peer = run.peer
    if not isinstance(peer, JupyterPeer):
        raise NotImplementedError("only for peers that run cells")
    await peer.start()
    codes = [FIRST, PRINTS.format(count=count), FLUSHED.format(count=flushed)]
    printed = ["x\n", *("".join(f"{at}\n" for at in range(each)) for each in (count, flushed))]
    cells = [_cell(f"c{at}", code) for at, code in enumerate(codes)]
    body = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (peer.root / "run.ipynb").write_text(json.dumps(body))
    status, text = await peer.request("POST", "api/kernels", json={"name": "python3"})
    assert status == 201, text
    kernel = str(json.loads(text)["id"])
    endpoint = await peer.endpoint(Fixture("run.ipynb", "notebook", cells=3))
    runner, writer, other = Runner(endpoint, kernel), Client(endpoint), Client(endpoint)
    for client in (runner, writer, other):
        await (await client.open()).settle()
    watcher = Watcher(other)
    found: dict[str, list[float]] = {}

    async def by_server(index: int) -> Ran:
        start = time.monotonic()
        runner.run(index)
        if watcher.printed(index):
            await watcher.gone(index)
        return await watcher.sees(index, printed[index], start)

    async with page_of(peer, kernel, writer) as page:

        async def by_page(index: int) -> Ran:
            start = time.monotonic()
            page.clear(index)
            ran = asyncio.ensure_future(page.run(index, codes[index]))
            if watcher.printed(index):
                await watcher.gone(index)
            seen = await watcher.sees(index, printed[index], start)
            await ran
            return seen

        for number in range(runs + 1):
            measured: dict[str, float] = {}
            seen: dict[str, list[Ran]] = {}
            for who, execute in (("server", by_server), ("page", by_page)):
                cpu, received = peer.stat.cpu(), other.socket.received_bytes
                seen[who] = [await execute(index) for index in range(2)]
                await run.quiet(0.4)
                measured[f"first_{who}_ms"] = 1000 * seen[who][0].first
                measured[f"prints_{who}_s"] = seen[who][1].whole
                measured[f"{who}_KB"] = (other.socket.received_bytes - received) / 1000
                measured[f"{who}_cpu_s"] = peer.stat.cpu() - cpu
                cpu, received = peer.stat.cpu(), other.socket.received_bytes
                seen[who].append(await execute(2))
                await run.quiet(0.4)
                measured[f"flushed_{who}_s"] = seen[who][2].whole
                measured[f"flushed_{who}_KB"] = (other.socket.received_bytes - received) / 1000
                measured[f"flushed_{who}_cpu_s"] = peer.stat.cpu() - cpu
            measured["first_ratio"] = seen["server"][0].first / seen["page"][0].first
            measured["prints_ratio"] = seen["server"][1].whole / seen["page"][1].whole
            measured["flushed_ratio"] = seen["server"][2].whole / seen["page"][2].whole
            for name, value in measured.items() if number else ():  # the first one warms up
                found.setdefault(name, []).append(value)
    for client in (runner, writer, other):
        await client.close()
    return {name: median(values) for name, values in found.items()}


ANIMATION = """
import base64, os, time
from IPython.display import display
def image():
    return {{'image/png': base64.b64encode(os.urandom(150_000)).decode(), 'text/plain': 'frame'}}
shown = display(image(), raw=True, display_id=True)
due = time.monotonic()
for _ in range({frames}):
    due += 0.2
    time.sleep(max(0, due - time.monotonic()))
    shown.update(image(), raw=True)
"""


async def animation(run: Run, seconds: int = 60) -> Metrics:
    """An animated plot: a picture of 200 KB that is replaced five times a second.

    For our server only. Meanwhile a member asks every two seconds for a save, as Ctrl-S does:
    `save_ms` is the median time until it is answered, `save_worst_ms` the longest. `stall_ms` is
    the longest time in which clients of another document got no answer; `history_MB` by how much
    the history grows, and `cpu_percent` the server's share of a core.
    """
    peer = run.peer
    if not isinstance(peer, JupyterPeer):
        raise NotImplementedError("only for peers that run cells")
    await peer.start()
    cells = [_cell("c0", ANIMATION.format(frames=5 * seconds))]
    body = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (peer.root / "animation.ipynb").write_text(json.dumps(body))
    (peer.root / "other.txt").write_text("other")
    status, text = await peer.request("POST", "api/kernels", json={"name": "python3"})
    assert status == 201, text
    kernel = str(json.loads(text)["id"])
    endpoint = await peer.endpoint(Fixture("animation.ipynb", "notebook", cells=1))
    runner = Runner(endpoint, kernel)
    await (await runner.open()).settle()
    other = await peer.endpoint(Fixture("other.txt", "file", length=5))
    async with Pinger(other) as pinger:
        runner.run(0)
        watched = runner.doc.get("cells", type=Array)
        await runner.until(lambda _: len(watched[0]["outputs"]) > 0)
        before, cpu, start = peer.store_bytes(), peer.stat.cpu(), time.monotonic()
        saves = []
        while time.monotonic() - start < seconds:
            saves.append(await runner.saved())
            await asyncio.sleep(2)
        end = time.monotonic()
        cpu = peer.stat.cpu() - cpu
    grown = peer.store_bytes() - before
    await runner.close()
    return {
        "save_ms": 1000 * median(saves),
        "save_worst_ms": 1000 * max(saves),
        "stall_ms": pinger.worst_ms(start, end),
        "history_MB": grown / 2**20,
        "cpu_percent": 100 * cpu / (end - start),
    }


def _cell(name: str, source: str) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": name, "metadata": {}, "source": source}
    return {**cell, "execution_count": None, "outputs": []}
