"""Editing together: latency, flood, cursors, and a reader that stops."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from functools import partial

from . import fixtures, wire
from .client import Client, first_clock
from .procstat import PeakRss
from .run import Metrics, Run, close_all, eventually, on_schedule, open_many
from .stats import percentile, quantiles_ms


class Deliveries:
    """Times every edit from its sending to its arrival at each other client."""

    def __init__(self, clients: list[Client]) -> None:
        self.trips: list[float] = []
        self._first: dict[int, int] = {}
        self._sent: dict[int, list[float]] = {}
        for client in clients:
            client.on_spans = self._arrived

    def expect(self, client: Client, updates: list[bytes]) -> None:
        self._first[client.author] = first_clock(updates[0])
        self._sent[client.author] = []

    def send(self, client: Client, update: bytes) -> None:
        self._sent[client.author].append(time.monotonic())
        client.send_update(update)

    def complete(self, expected: int) -> bool:
        return len(self.trips) >= expected

    def _arrived(self, receiver: Client, spans: list[wire.Span], now: float) -> None:
        for span in spans:
            sent = self._sent.get(span.author)
            if sent is None or span.author == receiver.author:
                continue
            first = self._first[span.author]
            for clock in range(max(span.start, first), span.end):
                if clock - first < len(sent):
                    self.trips.append(now - sent[clock - first])


def line_starts(client: Client) -> list[int]:
    text = str(client.text())
    starts = [0] + [index + 1 for index, char in enumerate(text) if char == "\n"]
    return starts


async def latency(
    run: Run, seconds: float = 6, sizes: Sequence[tuple[int, float]] = ((2, 5), (10, 5), (50, 5))
) -> Metrics:
    """Scenario 4. k clients of one text document type 5 characters a second each, each in its line.

    `sizes` are pairs of k and the rate of typing. Each edit is timed to each
    other client; the server's CPU is counted from the first edit until all are
    delivered.
    """
    documents = {k: fixtures.text(run.peer.root, f"typing{k}.txt", 16_000) for k, _ in sizes}
    await run.peer.start()
    metrics: Metrics = {}
    for k, rate in sizes:
        rng = random.Random(k)
        clients = await open_many(run.peer, documents[k], k)
        deliveries = Deliveries(clients)
        starts = line_starts(clients[0])
        count = int(seconds * rate)
        events = []
        for index, client in enumerate(clients):
            position = starts[(3 * index) % len(starts)]
            updates = client.prepare_typing(count, client.text(), position)
            deliveries.expect(client, updates)
            phase = rng.random() / rate
            for number, update in enumerate(updates):
                events.append((phase + number / rate, partial(deliveries.send, client, update)))
        expected = k * count * (k - 1)
        async with run.profiled(f"-k{k}"):
            cpu, own = run.peer.stat.cpu(), time.process_time()
            await on_schedule(events)
            await eventually(partial(deliveries.complete, expected), 15)
            used = run.peer.stat.cpu() - cpu
        metrics |= quantiles_ms(f"k{k}_", deliveries.trips)
        metrics[f"k{k}_cpu_s_per_1000_edits"] = 1000 * used / (k * count)
        metrics[f"k{k}_undelivered_percent"] = 100 * (1 - len(deliveries.trips) / expected)
        metrics[f"k{k}_load_cpu_s"] = time.process_time() - own
        await close_all(clients)
    return metrics


async def throughput(run: Run, senders: int = 20, each: int = 500, limit: float = 50) -> Metrics:
    """Scenario 5. 20 clients push `each` one-character updates as fast as the socket takes them.

    `all_s` ends when every client has every other client's last edit; a live
    witness then checks that the text is whole.
    """
    document = fixtures.text(run.peer.root, "flood.txt", 16_000)
    await run.peer.start()
    clients = await open_many(run.peer, document, senders)
    witness = (await open_many(run.peer, document, 1, live=True))[0]
    base = len(witness.text())
    starts = line_starts(clients[0])
    last: dict[int, int] = {}
    batches: list[list[bytes]] = []
    for index, client in enumerate(clients):
        updates = client.prepare_typing(each, client.text(), starts[(3 * index) % len(starts)])
        last[client.author] = first_clock(updates[0]) + each
        frames = [client.framed_update(update) for update in updates]
        batches.append([b"".join(frames[at : at + 10]) for at in range(0, each, 10)])
    missing = {client.author: set(last) - {client.author} for client in clients}

    def arrived(receiver: Client, spans: list[wire.Span], now: float) -> None:
        for span in spans:
            if span.end >= last.get(span.author, 1 << 60):
                missing[receiver.author].discard(span.author)

    for client in clients:
        client.on_spans = arrived

    async def push(client: Client, frames: list[bytes]) -> None:
        for part in frames:
            await client.socket.drain()
            client.socket.send_frames(part)
            await asyncio.sleep(0)

    async with run.profiled():
        received = sum(client.socket.received_messages for client in clients)
        size = sum(client.socket.received_bytes for client in clients)
        cpu, own, start = run.peer.stat.cpu(), time.process_time(), time.monotonic()
        await asyncio.gather(*(push(*pair) for pair in zip(clients, batches, strict=True)))
        complete = await eventually(lambda: not any(missing.values()), limit)
        total = time.monotonic() - start
        used = run.peer.stat.cpu() - cpu
        own = time.process_time() - own
    whole = await eventually(lambda: len(witness.text()) >= base + senders * each, 5)
    metrics = {
        "all_s": total,
        "cpu_s": used,
        "load_cpu_s": own,
        "edits_per_s": senders * each / total,
        "edits_per_cpu_s": senders * each / used,
        "messages_per_client": (sum(c.socket.received_messages for c in clients) - received)
        / senders,
        "MB_to_clients": (sum(c.socket.received_bytes for c in clients) - size) / 1e6,
        "complete": float(complete and whole),
    }
    await close_all([*clients, witness])
    return metrics


async def awareness(run: Run, k: int = 50, seconds: float = 6, rate: float = 5) -> Metrics:
    """Scenario 10. 50 clients publish a cursor of JupyterLab's size 5 times a second."""
    document = fixtures.text(run.peer.root, "cursors.txt", 16_000)
    await run.peer.start()
    clients = await open_many(run.peer, document, k)
    count = int(seconds * rate)
    ids = {client.author: index for index, client in enumerate(clients)}
    sent: list[list[float]] = [[] for _ in clients]
    newest = [[0] * k for _ in clients]
    trips: list[float] = []

    def arrived(receiver: Client, payload: bytes, now: float) -> None:
        mine = newest[ids[receiver.author]]
        for client_id, clock in wire.awareness_clocks(payload):
            index = ids.get(client_id)
            if index is None or client_id == receiver.author:
                continue
            if mine[index] < clock <= len(sent[index]):
                mine[index] = clock
                trips.append(now - sent[index][clock - 1])

    bytes_in = 0

    def move(index: int, number: int) -> None:
        nonlocal bytes_in
        message = wire.awareness_message(
            clients[index].author, number + 1, wire.cursor_state(index, number)
        )
        bytes_in += len(message)
        sent[index].append(time.monotonic())
        clients[index].send(message)

    for client in clients:
        client.on_awareness = arrived
    rng = random.Random(1)
    events = []
    for index in range(k):
        phase = rng.random() / rate
        for number in range(count):
            events.append((phase + number / rate, lambda i=index, n=number: move(i, n)))
    before = sum(client.socket.received_bytes for client in clients)
    messages = sum(client.socket.received_messages for client in clients)
    cpu, start = run.peer.stat.cpu(), time.monotonic()
    async with run.profiled():
        await on_schedule(events)
        done = await eventually(
            lambda: all(min(n[:i] + n[i + 1 :]) == count for i, n in enumerate(newest)), 10
        )
    elapsed = time.monotonic() - start
    used = run.peer.stat.cpu() - cpu
    out = sum(client.socket.received_bytes for client in clients) - before
    metrics = {
        "cpu_s_per_1000_moves": 1000 * used / (k * count),
        "cpu_percent": 100 * used / elapsed,
        "MB_sent": out / 1e6,
        "bytes_out_per_byte_in": out / bytes_in,
        "messages_per_move": (sum(c.socket.received_messages for c in clients) - messages)
        / (k * count),
        "last_seen_by_all": float(done),
        **quantiles_ms("", trips),
    }
    await close_all(clients)
    return metrics


async def slow_reader(run: Run, megabytes: int = 20, seconds: float = 10) -> Metrics:
    """Scenario 9. Two clients write 20 MB in 20 kB updates at 2 MB/s; two others read it.

    Once with a further client that stopped reading its socket after its sync,
    with a small receive buffer (`slow_*`), and once without it (`base_*`). The
    same is written before, into another document, since the first 20 MB make a
    server's heap grow whether somebody reads slowly or not (`first_*`).
    """
    metrics: Metrics = {}
    for name in ("first", "slow", "base"):
        document = fixtures.text(run.peer.root, f"{name}.txt", 1_000)
        await run.peer.start()
        clients = await open_many(run.peer, document, 4)
        stuck: Client | None = None
        if name == "slow":
            stuck = await run.peer.client(document, live=False, receive_buffer=4096)
            await stuck.settle()
            stuck.socket.stop_reading()
        metrics |= await _bulk_writing(run, name, clients, megabytes, seconds)
        if stuck:
            metrics["slow_was_closed"] = float(run.peer.established_to(stuck) is False)
            stuck.socket.abort()
        await close_all(clients)
    return metrics


async def _bulk_writing(
    run: Run, name: str, clients: list[Client], megabytes: int, seconds: float
) -> Metrics:
    size = 20_000
    count = megabytes * 1_000_000 // size
    sent: dict[tuple[int, int], float] = {}
    trips: list[float] = []

    def send(client: Client, update: bytes) -> None:
        sent[client.author, first_clock(update)] = time.monotonic()
        client.send_update(update)

    def arrived(receiver: Client, spans: list[wire.Span], now: float) -> None:
        for span in spans:
            for start in range(span.start, span.end, size):
                if span.author != receiver.author and (span.author, start) in sent:
                    trips.append(now - sent[span.author, start])

    events = []
    for index, writer in enumerate(clients[:2]):
        writer.on_spans = arrived
        block = "y" * (size - 1) + "\n"
        for number, update in enumerate(writer.prepare_blocks(count // 2, block)):
            offset = seconds * (2 * number + index) / count
            events.append((offset, lambda c=writer, u=update: send(c, u)))
    for reader in clients[2:]:
        reader.on_spans = arrived
    expected = count * (len(clients) - 1)
    before, cpu = run.peer.stat.rss_mb(), run.peer.stat.cpu()
    async with PeakRss(run.peer.stat) as peak:
        await on_schedule(events)
        await eventually(lambda: len(trips) >= expected, 12)
        used = run.peer.stat.cpu() - cpu
        await asyncio.sleep(1)
    return {
        **quantiles_ms(f"{name}_", trips),
        f"{name}_worst_ms": 1000 * percentile(trips, 1),
        f"{name}_undelivered_percent": 100 * (1 - len(trips) / expected),
        f"{name}_rss_growth_MB": peak.peak - before,
        f"{name}_cpu_s": used,
    }
