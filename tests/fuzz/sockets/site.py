"""Server processes on one folder, and a member of the second one."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support import Server

from .. import editing
from ..marks import Cells
from ..plan import Step
from .clients import SocketClient

if TYPE_CHECKING:
    from .world import RealWorld

CLEANUP_DELAY = 0.2

STOP_TIME = 10.0
"""Seconds within which a server that is asked to end has ended."""

START_TIME = 120.0

TROUBLE = (
    "Traceback (most recent call last)",
    "panicked at",
    "was never retrieved",
    " broke ",
)
"""What a server must not log."""


def options(folder: Path, *, dies_at_points: bool) -> dict[str, Any]:
    """The settings of a server: quick saves, and file ids that all servers share.

    Args:
        dies_at_points: whether it is killed at the points that the root's `.failpoint` names.
    """
    return {
        "ServerApp": {"jpserver_extensions": {"failing": dies_at_points}},
        "BaseFileIdManager": {"db_path": str(folder / "file_ids.db")},
        "YDocExtension": {
            "document_save_delay": 0.1,
            "document_save_max_delay": 0.5,
            "file_poll_interval": 0.1,
            "document_cleanup_delay": CLEANUP_DELAY,
        },
    }


class Process:
    """A server process: started, stopped and killed, again and again."""

    def __init__(self, name: str, folder: Path, root: Path | None = None) -> None:
        # A second server shares the root, and must not take a point meant for the first one.
        settings = options(folder, dies_at_points=root is None)
        self.server = Server(name, folder / name, settings)
        if root is not None:
            self.server.root = root
        self._read = 0

    @property
    def runs(self) -> bool:
        """Whether the process is there."""
        process = self.server.process
        return process is not None and process.poll() is None

    async def start(self) -> None:
        """Start it, unless it runs, and wait until it answers."""
        await asyncio.wait_for(self.server.start(), START_TIME)

    async def stop(self) -> list[str]:
        """Ask it to end; what is wrong with how it does."""
        process = self.server.process
        if not self.runs or process is None:
            return []
        process.send_signal(signal.SIGTERM)
        end = asyncio.get_running_loop().time() + STOP_TIME
        while self.runs:
            if asyncio.get_running_loop().time() > end:
                self.kill()
                return [f"{self.server.name} does not stop: {self.server.log()}"]
            await asyncio.sleep(0.01)
        return []

    def kill(self) -> None:
        """Kill it."""
        self.server.crash()

    def trouble(self) -> list[str]:
        """What it logged and should not have, since the last time."""
        log = self.server.folder / "server.log"
        if not log.exists():
            return []
        text = log.read_text(errors="replace")
        new, self._read = text[self._read :], len(text)
        found = [new.index(each) for each in TROUBLE if each in new]
        return [f"logged: {new[max(0, min(found) - 500) :][:4000]}"] if found else []


class Beside:
    """A second server on the same folder, with a member of its own. [F4] [H7]

    It never owns the store: it is started while the first one runs.
    """

    def __init__(self, world: RealWorld) -> None:
        self._world = world
        self._process: Process | None = None
        self._client: SocketClient | None = None
        self._started = 0

    async def take(self, step: Step) -> None:
        """Start the server, let its member type, or stop it."""
        if self._process is None:
            if self._world.process.runs:
                await self._start()
        elif step["to"] < 0.1:
            await self.stop()
        elif self._client is not None and self._client.opened:
            editing.edit_now(self._client, {**step, "op": "type"})

    def go_on(self) -> None:
        """Let the member type the next piece of what it is typing."""
        if self._client is not None:
            editing.go_on(self._client)

    async def _start(self) -> None:
        world = self._world
        self._started += 1
        name = f"neighbor{self._started}"
        self._process = Process(name, world.folder, world.root)
        await self._process.start()
        self._client = SocketClient(name, world)
        self._client.outputs_are_frail = True
        await self._client.enter(self._process.server)

    async def stop(self) -> None:
        """Stop the server, which saves, once it has all that its member typed."""
        process, client = self._process, self._client
        if process is None or client is None:
            return
        await self._world.wait_for(lambda: client.stored)
        self._process = self._client = None
        self._world.problems += await process.stop()
        client.disconnect()
        self._world.problems += [*client.problems, *process.trouble()]

    def kill(self) -> None:
        """Leave no process behind, whatever went wrong."""
        if self._process is not None:
            self._process.kill()

    def agrees(self, cells: Cells) -> bool:
        """Whether the member sees the same texts as those of the first server, all saved."""
        client = self._client
        if client is None or not client.opened:
            return True
        texts = [text for _, text in client.cells]
        return client.is_saved and texts == [text for _, text in cells]

    @property
    def cells(self) -> Cells:
        """What the member sees."""
        return [] if self._client is None else self._client.cells
