"""Many people in many documents: what one server holds."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from functools import partial

from . import fixtures, wire
from .client import Client
from .editing import Deliveries, line_starts
from .peers import JupyterPeer
from .run import Metrics, Run, close_all, eventually, on_schedule, open_many
from .stats import quantiles_ms

TOGETHER = 5
"""People in each document."""

BURST, CYCLE, RATE = 5.0, 25.0, 5.0
"""Each person types for so many seconds of so many, so many characters a second."""


async def scale(
    run: Run, people: Sequence[int] = (100, 250, 500, 750, 1000), seconds: float = 25
) -> Metrics:
    """Up to 1,000 people, five in each document; each types for 5 s of every 25 s, with a cursor.

    For each number of people the documents are opened afresh, and all edits are timed to each
    other person in the document. `cpu_percent` is of one core, `store_MB` what the history grew by.
    """
    await run.peer.start()
    metrics: Metrics = {}
    for count in people:
        metrics |= await _measured(run, count, seconds)
    return metrics


async def _measured(run: Run, people: int, seconds: float) -> Metrics:
    peer, rng = run.peer, random.Random(people)
    rooms: list[list[Client]] = []
    gate = asyncio.Semaphore(8)

    async def opened(number: int) -> None:
        document = fixtures.text(peer.root, f"scale{people}-{number}.txt", 4_000)
        async with gate:
            rooms.append(await open_many(peer, document, TOGETHER))

    await asyncio.gather(*(opened(number) for number in range(people // TOGETHER)))
    await run.quiet(limit=15)
    stored = peer.store_bytes() if isinstance(peer, JupyterPeer) else 0
    deliveries = [Deliveries(clients) for clients in rooms]
    events: list[tuple[float, Callable[[], None]]] = []
    for clients, delivery in zip(rooms, deliveries, strict=True):
        starts = line_starts(clients[0])
        for index, client in enumerate(clients):
            times = _typing_times(rng, seconds)
            place = starts[(3 * index) % len(starts)]
            updates = client.prepare_typing(len(times), client.text(), place)
            delivery.expect(client, updates)
            for number, (at, update) in enumerate(zip(times, updates, strict=True)):
                events.append((at, partial(_type, delivery, client, number, update)))
    expected = (TOGETHER - 1) * len(events)
    cpu = peer.stat.cpu()
    await on_schedule(events)
    await eventually(lambda: sum(len(each.trips) for each in deliveries) >= expected, 15, 0.1)
    trips = [trip for each in deliveries for trip in each.trips]
    used = peer.stat.cpu() - cpu
    metrics: Metrics = {
        **quantiles_ms(f"n{people}_", trips),
        f"n{people}_undelivered_percent": 100 * (1 - len(trips) / expected),
        f"n{people}_cpu_percent": 100 * used / seconds,
        f"n{people}_rss_MB": peer.stat.rss_mb(),
    }
    if isinstance(peer, JupyterPeer):
        await run.quiet(limit=15)
        metrics[f"n{people}_store_MB"] = (peer.store_bytes() - stored) / 1e6
    await close_all([client for clients in rooms for client in clients])
    return metrics


def _typing_times(rng: random.Random, seconds: float) -> list[float]:
    """When one person types, in seconds from the beginning."""
    begin = rng.random() * CYCLE - BURST
    bursts = [begin + CYCLE * number for number in range(int(seconds / CYCLE) + 2)]
    times = [burst + number / RATE for burst in bursts for number in range(int(BURST * RATE))]
    return [at for at in times if 0 <= at < seconds] or [rng.random() * seconds]


def _type(deliveries: Deliveries, client: Client, number: int, update: bytes) -> None:
    deliveries.send(client, update)
    cursor = wire.cursor_state(0, number)
    client.send(wire.awareness_message(client.author, number + 1, cursor))
