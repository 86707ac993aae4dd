"""An hour of mixed work: whether a server's memory stays flat."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import quote

from . import fixtures, wire
from .client import Client
from .execution import Runner
from .fixtures import Fixture
from .peers import JupyterPeer
from .run import Metrics, Run

TEXTS = 8
"""Documents that people type into."""

PEOPLE = 20
VISIT = 40.0
"""Longest visit of a document, in seconds."""

WORD = 20
"""Characters that somebody types before most of them are deleted again, one by one."""

FRESH = 4.0
"""Seconds between two documents that are opened for the first time, and soon closed."""

DISK = 7.0
"""Seconds between two changes of an open file by another program."""

STREAM, PARTS = 10.0, 25
"""Seconds between two answers of an agent, and in how many edits each arrives."""

RUN = 5.0
"""Seconds between two runs of a cell that prints 200 lines."""

LOOK = 15.0
"""Seconds between two looks at the versions of a document."""

SAMPLE = 10.0
WARM = 0.25
"""The part of the time after which memory has to be flat."""

PART = "an answer in parts. "
PRINTS = "for i in range(200):\n    print(i, 'x' * 40)"


@dataclass
class Soak:
    """What runs at the same time, until the end.

    Attributes:
        samples: seconds since the beginning, and memory in MB.
        done: how often each kind of work was done.
    """

    peer: JupyterPeer
    end: float
    rng: random.Random
    texts: list[Fixture]
    samples: list[tuple[float, float]] = field(default_factory=list)
    done: dict[str, int] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.end

    def note(self, work: str) -> None:
        self.done[work] = self.done.get(work, 0) + 1

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, min(seconds, self.end - time.monotonic())))

    async def person(self, number: int) -> None:
        """Visit one document after the other, type, delete, and move a cursor."""
        await self.pause(self.rng.random() * VISIT)
        while not self.is_over:
            client = await self.peer.client(self.rng.choice(self.texts))
            leave = time.monotonic() + VISIT * self.rng.uniform(0.2, 1)
            place, steps, clock = 0, 0, count(1)
            while time.monotonic() < leave and not self.is_over:
                text = client.text()
                if steps == 0:
                    place = self.rng.randrange(max(1, len(text)))
                place = min(place, len(text))
                if steps < WORD:
                    _edit(client, place, place, "x")
                    place += 1
                elif place > 0:
                    _edit(client, place - 1, place)
                    place -= 1
                steps = (steps + 1) % (2 * WORD - 1)  # one character stays
                state = wire.cursor_state(number, place)
                client.send(wire.awareness_message(client.author, next(clock), state))
                self.note("edits")
                await self.pause(0.2)
            await client.close()
            self.note("visits")

    async def opener(self) -> None:
        """Open a new notebook, and close it after a moment."""
        for number in count():
            if self.is_over:
                return
            document = fixtures.notebook(self.peer.root, f"fresh{number}.ipynb", 20)
            client = await self.peer.client(document, live=False)
            await self.pause(1)
            await client.close()
            self.note("new documents")
            await self.pause(FRESH)

    async def program(self) -> None:
        """Change an open file, as `git` or an editor does."""
        while not self.is_over:
            await self.pause(DISK)
            path = self.peer.root / self.rng.choice(self.texts).path
            _, _, rest = path.read_text().partition("\n")
            path.write_text(f"changed at {time.time()}\n{rest}")
            self.note("changes on disk")

    async def agent(self) -> None:
        """Stream an answer into a document, and remove it again."""
        while not self.is_over:
            client = await self.peer.client(self.rng.choice(self.texts))
            for number in range(PARTS):
                at = number * len(PART)
                _edit(client, at, at, PART)
                await self.pause(0.05)
            _edit(client, 0, PARTS * len(PART))
            await client.close()
            self.note("answers of an agent")
            await self.pause(STREAM)

    async def runner(self) -> None:
        """Run a cell on the server."""
        cell = {"cell_type": "code", "id": "run", "metadata": {}, "source": PRINTS}
        cell |= {"execution_count": None, "outputs": []}
        body = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (self.peer.root / "run.ipynb").write_text(json.dumps(body))
        status, answer = await self.peer.request("POST", "api/kernels", json={"name": "python3"})
        if status != 201:
            raise RuntimeError(f"no kernel: {status} {answer[:200]!r}")
        endpoint = await self.peer.endpoint(Fixture("run.ipynb", "notebook", cells=1))
        client = Runner(endpoint, str(json.loads(answer)["id"]))
        await (await client.open()).settle()
        while not self.is_over:
            client.run(0)
            self.note("runs")
            await self.pause(RUN)
        await client.close()

    async def reader(self) -> None:
        """Open the version history."""
        while not self.is_over:
            await self.pause(LOOK)
            endpoint = await self.peer.endpoint(self.rng.choice(self.texts))
            room = endpoint.url.split("/room/")[1].split("?")[0]
            path = f"api/collaboration/versions/{quote(room, safe=':')}"
            status, answer = await self.peer.request("GET", path)
            if status != 200:
                raise RuntimeError(f"no versions: {status} {answer[:200]!r}")
            self.note("looks at the history")

    async def sampler(self, start: float) -> None:
        while not self.is_over:
            self.samples.append((time.monotonic() - start, self.peer.stat.own_rss_mb()))
            await self.pause(SAMPLE)


async def soak(run: Run, minutes: float = 60) -> Metrics:
    """An hour of mixed work: people, an agent, another program, runs, new documents.

    `growth_MB_per_hour` is the slope of a line through the memory of the server's own process in
    the last three quarters of the time; `rss_*_MB` its memory at that part of the time; `errors`
    the errors in the server's log.
    """
    peer = run.peer
    if not isinstance(peer, JupyterPeer):
        raise NotImplementedError("only for peers with files and kernels")
    await peer.start()
    start = time.monotonic()
    texts = [fixtures.text(peer.root, f"text{number}.txt", 16_000) for number in range(TEXTS)]
    state = Soak(peer, start + 60 * minutes, random.Random(1), texts)
    work: list[Awaitable[None]] = [state.person(number) for number in range(PEOPLE)]
    work += [state.opener(), state.program(), state.agent(), state.runner(), state.reader()]
    stored, cpu = peer.store_bytes(), peer.stat.cpu()
    await asyncio.gather(*work, state.sampler(start))
    metrics: Metrics = {
        f"rss_{round(100 * part)}_percent_MB": _memory(state.samples, part)
        for part in (0.0, WARM, 0.5, 0.75, 1.0)
    }
    metrics["growth_MB_per_hour"] = 3600 * _slope(state.samples, 60 * minutes * WARM)
    metrics["cpu_percent"] = 100 * (peer.stat.cpu() - cpu) / (60 * minutes)
    metrics["store_MB"] = (peer.store_bytes() - stored) / 1e6
    log = (peer.folder / "server.log").read_text(errors="replace")
    metrics["errors"] = log.count("[E ")
    for name, times in state.done.items():
        metrics[name.replace(" ", "_")] = times
    return metrics


def _edit(client: Client, start: int, end: int, new: str = "") -> None:
    """Replace a part of the text, and send that."""
    updates: list[bytes] = []
    text = client.text()
    subscription = client.doc.observe(lambda event: updates.append(event.update))
    if end > start:
        del text[start:end]
    if new:
        text.insert(start, new)
    client.doc.unobserve(subscription)
    for update in updates:
        client.send_update(update)


def _memory(samples: list[tuple[float, float]], part: float) -> float:
    at = part * samples[-1][0]
    return min(samples, key=lambda sample: abs(sample[0] - at))[1]


def _slope(samples: list[tuple[float, float]], since: float) -> float:
    """The slope of the line with the least squares, in MB a second."""
    late = [(at, memory) for at, memory in samples if at >= since]
    times, memories = zip(*late, strict=True)
    middle, mean = sum(times) / len(late), sum(memories) / len(late)
    spread = sum((at - middle) ** 2 for at in times)
    return sum((at - middle) * (memory - mean) for at, memory in late) / spread
