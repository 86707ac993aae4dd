"""Members who run cells on real kernels, for the tests of execution."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from support import Editor, Server, code_cell

QUICK = {"YDocExtension": {"document_save_delay": 0.1}}


async def kernel(server: Server, name: str = "python3") -> str:
    """Start a kernel, without waiting until it is ready."""
    status, text = await server.request("POST", "api/kernels", json={"name": name})
    assert status == 201, text
    return str(json.loads(text)["id"])


async def act(server: Server, kernel_id: str, action: str) -> None:
    """Interrupt or restart a kernel."""
    status, text = await server.request("POST", f"api/kernels/{kernel_id}/{action}")
    assert status < 300, text


class Runner:
    """A member who runs cells on a kernel."""

    def __init__(self, editor: Editor, kernel_id: str) -> None:
        self.editor = editor
        self.kernel = kernel_id
        self._number = 0

    def request(self, cell: str, **more: Any) -> str:
        self._number += 1
        body = {"id": f"{id(self)}-{self._number}", "cell": cell, "kernel": self.kernel, **more}
        return "run " + json.dumps(body)

    async def run(self, cell: str, **more: Any) -> dict[str, Any]:
        """Run a cell, and wait for the reply."""
        return await self.reply(self.editor.post(self.request(cell, **more)))

    def start(self, *cells: str, **more: Any) -> list[int]:
        """Ask for cells to be run, and return the numbers of the requests."""
        return [self.editor.post(self.request(cell, **more)) for cell in cells]

    async def reply(self, number: int) -> dict[str, Any]:
        # A kernel starts slowly on a busy machine.
        return await self.editor.reply(lambda reply: reply.get("responseTo") == number, 50)

    async def outcomes(self, numbers: list[int]) -> list[str]:
        return [str((await self.reply(number)).get("outcome")) for number in numbers]

    def cell(self, name: str) -> Any:
        return next(cell for cell in self.editor.cells if cell["id"] == name)

    def outputs(self, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.cell(name)["outputs"].to_py()
        return found

    def printed(self, name: str) -> str:
        return "".join(str(each.get("text", "")) for each in self.outputs(name))

    async def sees(self, done: Callable[[], bool]) -> None:
        await self.editor.until(lambda _: done(), 40)

    async def queue(self, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait for a message about the queue."""
        return await self.editor.reply(
            lambda reply: reply.get("type") == "runs" and done(reply), 50
        )

    async def queued(self, count: int) -> None:
        """Wait until the latest requests are in the queue."""
        numbers = range(self._number - count + 1, self._number + 1)
        ids = {f"{id(self)}-{number}" for number in numbers}
        await self.queue(lambda queue: ids <= {each["id"] for each in queue["runs"]})

    async def prompt(self, text: str) -> dict[str, Any]:
        """Wait until code asks something, and return the prompt."""

        def asks(reply: dict[str, Any]) -> bool:
            return any(each.get("input", {}).get("prompt") == text for each in reply["runs"])

        found = await self.queue(asks)
        return next(dict(each["input"]) for each in found["runs"] if "input" in each)

    def idle(self) -> bool:
        return all(cell.get("execution_state") == "idle" for cell in self.editor.cells)


def saved(server: Server, cell: int, path: str = "a.ipynb") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(server.read(path))["cells"][cell]
    return found


@pytest.fixture
def running(serving: Callable[..., Any]) -> Callable[..., Any]:
    """A server with a notebook of the given sources, a kernel, and members in the notebook."""

    @asynccontextmanager
    async def serve(*sources: str, members: int = 1, **traits: Any) -> Any:
        # A kernel that dies again and again is given up soon.
        restarts = {"time_to_dead": 0.3, "restart_limit": 2}
        options = {
            "YDocExtension": {**QUICK["YDocExtension"], **traits},
            "KernelRestarter": restarts,
        }
        async with serving(**options) as server:
            cells = [code_cell(source, f"c{at}") for at, source in enumerate(sources)]
            fixture = server.notebook_file("a.ipynb", cells)
            kernel_id = await kernel(server)
            runners = [Runner(await server.member(fixture), kernel_id) for _ in range(members)]
            yield (server, fixture, *runners)

    return serve
