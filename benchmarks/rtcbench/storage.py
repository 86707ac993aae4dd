"""What reaches the disk: saves, history, and what a crash loses."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

from pycrdt import Doc, Text

from . import fixtures
from .client import Client
from .peers import JupyterPeer
from .pinger import Pinger
from .run import Metrics, Run, close_all, eventually, on_schedule, open_many
from .stats import median


class FileWatch:
    """Notes when a file changes, and how many typed characters (`@@xxx`) it then holds."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.changes: list[float] = []
        self.states: list[tuple[float, int]] = []
        self._stamp = self._read_stamp()

    def _read_stamp(self) -> tuple[int, ...]:
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return ()
        return status.st_mtime_ns, status.st_size, status.st_ino

    def look(self) -> None:
        stamp = self._read_stamp()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        now = time.monotonic()
        self.changes.append(now)
        try:
            with self.path.open("rb") as file:
                match = re.search(rb"@@(x*)", file.read(400_000))
        except FileNotFoundError:
            return
        if match:
            self.states.append((now, len(match[1])))

    async def run(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(0.01)

    def saves(self, gap: float = 0.25) -> int:
        """Bursts of changes: one save may touch the file more than once."""
        times = self.changes
        return sum(1 for i, at in enumerate(times) if i == 0 or at - times[i - 1] > gap)

    def on_disk_at(self, typed: int) -> float:
        """When the file first held that many typed characters."""
        return next((at for at, count in self.states if count >= typed), float("nan"))


async def _save(run: Run, offsets: list[float]) -> Metrics:
    if not run.peer.persists:
        raise NotImplementedError("only for peers that save files")
    root = run.peer.root
    small = fixtures.text(root, f"pinger-{run.scenario}.txt", 200)
    document = fixtures.notebook(root, f"{run.scenario}.ipynb", 200, output_bytes=20_000_000)
    await run.peer.start()
    typist = await (await run.peer.client(document, live=False)).settle()
    await run.quiet(limit=10)
    source = typist.cell_text(0)
    updates = typist.prepare_typing(2, source, 0, "@") + typist.prepare_typing(
        len(offsets) - 2, source, 2
    )
    watch = FileWatch(root / document.path)
    sent: list[float] = []

    def send(update: bytes) -> None:
        sent.append(time.monotonic())
        typist.send_update(update)

    async with Pinger(await run.peer.endpoint(small)) as pinger:
        await asyncio.sleep(1)
        watching = asyncio.create_task(watch.run())
        async with run.profiled():
            cpu = run.peer.stat.cpu()
            start = time.monotonic()
            await on_schedule(
                [(at, lambda u=u: send(u)) for at, u in zip(offsets, updates, strict=True)]
            )
            typed_until = time.monotonic()
            typing_cpu = run.peer.stat.cpu() - cpu
            typing_saves = watch.saves()
            typed = len(offsets) - 2
            await eventually(lambda: watch.on_disk_at(typed) == watch.on_disk_at(typed), 20)
            await run.quiet(limit=5)
            used = run.peer.stat.cpu() - cpu
        end = time.monotonic()
        watching.cancel()
    waits = [watch.on_disk_at(index - 1) - sent[index] for index in range(2, len(offsets))]
    await typist.close()
    return {
        "cpu_s": used,
        "typing_cpu_s": typing_cpu,
        "saves_while_typing": typing_saves,
        "saves": watch.saves(),
        "last_edit_to_disk_s": watch.on_disk_at(typed) - sent[-1],
        "edit_to_disk_p50_s": median(waits),
        "edit_to_disk_max_s": max(waits),
        "stall_typing_ms": pinger.worst_ms(start, typed_until),
        "stall_ms": pinger.worst_ms(start, end),
        "pong_stall_ms": pinger.worst_ms(start, end, "pong"),
        "idle_stall_ms": pinger.worst_ms(start - 1, start - 0.05),
    }


async def save_steady(run: Run) -> Metrics:
    """Scenario 7. One client types 5 characters/s for 20 s into a notebook with 20 MB output.

    A save is a burst of changes of the file; `edit_to_disk_*` is how long edits
    stayed in memory alone, `stall_*` the longest round trip in a small room.
    """
    return await _save(run, [number / 5 for number in range(100)])


async def save_bursts(run: Run) -> Metrics:
    """Scenario 7, as people type: bursts of 3 s with pauses of 2 s, for 20 s."""
    return await _save(run, [5 * b + number / 5 for b in range(4) for number in range(15)])


async def _store_at_rest(peer: JupyterPeer, limit: float, rest: float = 2) -> float:
    """Waits until the store's files have not changed for `rest` seconds; when they last did."""
    end = time.monotonic() + limit
    stamp, changed = peer.store_stamp(), time.monotonic()
    while time.monotonic() < min(end, changed + rest):
        await asyncio.sleep(0.1)
        now = peer.store_stamp()
        if now != stamp:
            stamp, changed = now, time.monotonic()
    return changed


async def history(
    run: Run, edits: int = 5000, rate: float = 1000, drain_limit: float = 60
) -> Metrics:
    """Scenarios 3 and 8. `edits` one-character edits, then the store, its timeline, and a restart.

    `drained_s` is how long after the last edit the store's files change no more
    (or `drain_limit`, where they still do);
    `reopen_s` opens the document after a restart, `twin_s` a like one that
    has no history.
    """
    peer = run.peer
    if not isinstance(peer, JupyterPeer):
        raise NotImplementedError("only for peers that store")
    document = fixtures.text(peer.root, "history.txt", 4_000)
    twin = fixtures.text(peer.root, "twin.txt", 4_000 + edits)
    await peer.start()
    typist = await (await peer.client(document, live=False)).settle()
    await run.quiet(limit=5)
    stored = peer.store_bytes()
    updates = typist.prepare_typing(edits, typist.text(), 0, "@")
    cpu = peer.stat.cpu()
    await on_schedule(
        [(n / rate, lambda u=u: typist.send_update(u)) for n, u in enumerate(updates)]
    )
    typed = time.monotonic()
    path = peer.root / document.path
    saved = await eventually(lambda: path.read_bytes().count(b"@") == edits, 30, 0.1)
    drained = await _store_at_rest(peer, limit=drain_limit)
    metrics: Metrics = {
        "edits_cpu_s": peer.stat.cpu() - cpu,
        "drained_s": max(0, drained - typed),
        "saved": float(saved),
        "store_kB": (peer.store_bytes() - stored) / 1000,
        "store_bytes_per_edit": (peer.store_bytes() - stored) / edits,
    }
    start = time.monotonic()
    status, body = await peer.request(
        "GET", f"api/collaboration/timeline/{document.path}?format=text&type=file"
    )
    if status == 200:
        metrics["timeline_s"] = time.monotonic() - start
        metrics["timeline_kB"] = len(body) / 1000
    await typist.close()
    await peer.stop()
    await peer.start()

    def typed_is_back(doc: Doc) -> bool:
        return str(doc.get("source", type=Text)).count("@") >= edits

    for name, fixture in (("twin", twin), ("reopen", document)):
        cpu, start = peer.stat.cpu(), time.monotonic()
        client = await peer.client(fixture)
        if name == "twin":
            await client.until(fixture.whole)
        else:
            await client.until(typed_is_back)
        metrics[f"{name}_s"] = time.monotonic() - start
        metrics[f"{name}_cpu_s"] = peer.stat.cpu() - cpu
        metrics[f"{name}_sync_kB"] = client.socket.received_bytes / 1000
        await client.close()
    return metrics


async def crash(run: Run, rooms: int = 4, edits: int = 30, rate: float = 10) -> Metrics:
    """Scenario 11. `kill -9` 1.5 s and 0.3 s after another client had every edit; what is missing?

    For each of the two ages, four text documents and four notebooks of ten
    cells are typed in at once, the second group 1.2 s later; all old clients
    are gone when the server is back and new ones open. `*_lost_percent` counts
    typed characters that the new client does not see, `*_doubled` those that
    it sees once too often, `*_not_on_disk_percent` those that were not in the
    document's own file at the kill.
    """
    peer = run.peer
    if not peer.persists:
        raise NotImplementedError("only for peers that store")
    await peer.start()
    ages = (1.5, 0.3)
    made = {
        (age, n, kind): (
            fixtures.text(peer.root, f"crash{age}-{n}.txt", 2_000)
            if kind == "file"
            else fixtures.notebook(peer.root, f"crash{age}-{n}.ipynb", 10)
        )
        for age in ages
        for n in range(rooms)
        for kind in ("file", "notebook")
    }
    pairs = {key: await open_many(peer, document, 2) for key, document in made.items()}
    got = dict.fromkeys(pairs, 0)
    arrival = dict.fromkeys(pairs, 0.0)
    events = []
    for key, (typist, reader) in pairs.items():
        source = typist.text() if key[2] == "file" else typist.cell_text(0)
        updates = typist.prepare_typing(edits, source, 0, "@")

        def arrived(_: Client, spans: list, now: float, key: tuple = key) -> None:
            author = pairs[key][0].author
            got[key] += sum(span.end - span.start for span in spans if span.author == author)
            arrival[key] = now

        reader.on_spans = arrived
        for number, update in enumerate(updates):
            offset = (ages[0] - key[0]) + number / rate
            events.append((offset, lambda c=typist, u=update: c.send_update(u)))
    await on_schedule(events)
    if not await eventually(lambda: min(got.values()) >= edits, 40):
        raise RuntimeError(f"edits did not arrive: {got}")
    last = max(arrival.values())
    await asyncio.sleep(max(0, last + ages[-1] - time.monotonic()))
    peer.crash()
    killed = time.monotonic()
    on_disk = {
        key: (peer.root / document.path).read_bytes().count(b"@") for key, document in made.items()
    }
    await close_all([client for pair in pairs.values() for client in pair])
    await peer.start()
    metrics: Metrics = {"killed_after_s": killed - last}
    for key, document in made.items():
        client = await peer.client(document)
        await client.until(document.whole)
        source = client.text() if key[2] == "file" else client.cell_text(0)
        count = str(source).count("@")
        await client.close()
        name = f"{key[2]}_{key[0]}s"
        share = 100 / (edits * rooms)
        amounts = {
            "lost": edits - count,
            "doubled": count - edits,
            "not_on_disk": edits - on_disk[key],
        }
        for label, amount in amounts.items():
            metric = f"{name}_{label}_percent"
            metrics[metric] = metrics.get(metric, 0) + share * max(0, amount)
    return metrics
