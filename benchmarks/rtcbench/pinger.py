"""Sees a server's stalls from a small room, in a process of its own.

    python -m rtcbench.pinger '[{"url": ..., "document": ...}, 20]'

Two clients join; every period one publishes an awareness state that the other
waits for, and pings its own socket. At the end of standard input it prints
JSON: {"awareness": [[sent, round_trip_s], ...], "pong": [...], "late": seconds}.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from . import wire
from .client import Client, Endpoint


async def watch(endpoint: Endpoint, period: float) -> dict:
    sender = await Client(endpoint, live=False).open()
    receiver = await Client(endpoint, live=False).open()
    sent: dict[str, list[float]] = {"awareness": [], "pong": []}
    seen: dict[str, list[list[float]]] = {"awareness": [], "pong": []}

    def arrived(kind: str, number: int, now: float) -> None:
        if number < len(sent[kind]):
            seen[kind].append([sent[kind][number], now - sent[kind][number]])

    def on_awareness(_: Client, payload: bytes, now: float) -> None:
        for client, clock in wire.awareness_clocks(payload):
            if client == 1:
                arrived("awareness", clock - 1, now)

    receiver.on_awareness = on_awareness
    sender.socket.on_pong = lambda payload, now: arrived(
        "pong", int.from_bytes(payload, "big"), now
    )

    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    ended = asyncio.ensure_future(reader.read())
    print("ready", flush=True)
    late, due, number = 0.0, time.monotonic(), 0
    while not ended.done():
        due += period
        await asyncio.sleep(max(0, due - time.monotonic()))
        late = max(late, time.monotonic() - due)
        due = max(due, time.monotonic() - period)
        for kind in sent:
            sent[kind].append(time.monotonic())
        sender.send(wire.awareness_message(1, number + 1, f'{{"n":{number}}}'))
        sender.socket.ping(number.to_bytes(4, "big"))
        number += 1
    await asyncio.sleep(0.2)
    unanswered = {kind: len(sent[kind]) - len(seen[kind]) for kind in sent}
    await sender.close()
    await receiver.close()
    return {**seen, "late": late, "unanswered": unanswered}


class Pinger:
    """The controller's side: `async with Pinger(endpoint) as pinger`, then `pinger.worst(...)`."""

    def __init__(self, endpoint: Endpoint, period: float = 0.02) -> None:
        self.spec = [{"url": endpoint.url, "document": endpoint.document}, period]
        self.result: dict = {}

    async def __aenter__(self) -> Pinger:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "rtcbench.pinger",
            json.dumps(self.spec),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=1 << 26,
        )
        line = await asyncio.wait_for(self.process.stdout.readline(), 30)
        if line != b"ready\n":
            raise RuntimeError("the pinger did not start")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.process.stdin.close()
        try:
            self.result = json.loads(await asyncio.wait_for(self.process.stdout.read(), 90))
        except (TimeoutError, ValueError):
            self.process.kill()
        await self.process.wait()

    def worst_ms(self, start: float, end: float, kind: str = "awareness") -> float:
        """The longest round trip that overlaps the window, in milliseconds."""
        trips = [trip for sent, trip in self.result[kind] if sent + trip >= start and sent <= end]
        return 1000 * max(trips, default=float("nan"))


if __name__ == "__main__":
    spec, period = json.loads(sys.argv[1])
    print(json.dumps(asyncio.run(watch(Endpoint(**spec), period))))
