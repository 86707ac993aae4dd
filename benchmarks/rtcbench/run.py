"""What a scenario gets: a peer that has not started yet, and where to leave profiles."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from .client import Client
from .fixtures import Fixture
from .peers import Peer

Metrics = dict[str, float]


@dataclass
class Run:
    peer: Peer
    scenario: str
    profiles: Path | None = None

    @asynccontextmanager
    async def profiled(self, label: str = "") -> AsyncIterator[None]:
        """Samples the server's stacks with py-spy during the block, where profiles are wanted."""
        if self.profiles is None:
            yield
            return
        self.profiles.mkdir(parents=True, exist_ok=True)
        out = self.profiles / f"{self.peer.name}-{self.scenario}{label}.folded"
        process = await asyncio.create_subprocess_exec(
            "py-spy",
            "record",
            "--pid",
            str(self.peer.process.pid),
            "--format",
            "raw",
            "--rate",
            "200",
            "--duration",
            "55",
            "--output",
            str(out),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await asyncio.sleep(0.5)
        try:
            yield
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGINT)
                await process.wait()

    async def quiet(self, seconds: float = 1.0, limit: float = 30.0) -> float:
        """Waits until the server's CPU use stays under a tenth of a core; returns when it began."""
        end = time.monotonic() + limit
        calm = time.monotonic()
        cpu = self.peer.stat.cpu()
        while time.monotonic() < end and time.monotonic() - calm < seconds:
            await asyncio.sleep(0.2)
            now = self.peer.stat.cpu()
            if now - cpu > 0.02:
                calm = time.monotonic()
            cpu = now
        return calm


async def open_many(peer: Peer, fixture: Fixture, count: int, live: bool = False) -> list[Client]:
    endpoint = await peer.endpoint(fixture)
    return [await (await Client(endpoint, live=live).open()).settle() for _ in range(count)]


async def close_all(clients: list[Client]) -> None:
    await asyncio.gather(*(client.close() for client in clients))


async def eventually(done: Callable[[], bool], limit: float, period: float = 0.01) -> bool:
    end = time.monotonic() + limit
    while not done():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(period)
    return True


async def on_schedule(events: list[tuple[float, Callable[[], None]]]) -> None:
    """Calls each event at its offset in seconds from now; late ones at once, in order."""
    start = time.monotonic()
    for offset, call in sorted(events, key=lambda event: event[0]):
        wait = start + offset - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        call()


Scenario = Callable[[Run], Awaitable[Metrics]]
