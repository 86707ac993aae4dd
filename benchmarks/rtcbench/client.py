"""Light collaborators: they sync a document once, then count, time or apply what arrives."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from pycrdt import Array, Doc, Text

from . import wire
from .ws import WebSocket, frame


@dataclass(frozen=True)
class Endpoint:
    """Where a room is, and how its messages are framed there."""

    url: str
    document: str = ""  # Hocuspocus puts the document's name before every message
    answers_sync: bool = True  # a bare relay does not

    def wrap(self, message: bytes) -> bytes:
        return wire.varstring(self.document) + message if self.document else message

    def unwrap(self, message: bytes) -> bytes:
        if not self.document:
            return message
        reader = wire.Reader(message)
        reader.skip()
        return message[reader.pos :]

    def greeting(self) -> bytes | None:
        if not self.document:
            return None
        return self.wrap(wire.varuint(2) + wire.varuint(0) + wire.varstring("bench"))


class Client:
    """One connection to one room.

    With `live`, every update is applied to `doc`; without, updates are only
    parsed for what they cover (`on_spans`), which costs a fraction of it.
    """

    def __init__(self, endpoint: Endpoint, *, live: bool = True) -> None:
        self.endpoint = endpoint
        self.live = live
        self.doc: Doc = Doc()
        self.socket = WebSocket(self._message)
        self.on_spans: Callable[[Client, list[wire.Span], float], None] | None = None
        self.on_awareness: Callable[[Client, bytes, float], None] | None = None
        self.on_change: Callable[[], None] | None = None
        self.apply_s = 0.0
        self.synced = asyncio.Event()  # the server's document arrived
        self.asked = asyncio.Event()  # the server asked for ours

    @property
    def author(self) -> int:
        return self.doc.client_id

    async def open(self, *, receive_buffer: int | None = None, timeout: float = 60) -> Client:
        await self.socket.connect(self.endpoint.url, receive_buffer=receive_buffer)
        if greeting := self.endpoint.greeting():
            self.socket.send(greeting)
        if self.endpoint.answers_sync:
            self.send(wire.sync_message(wire.STEP1, self.doc.get_state()))
            await asyncio.wait_for(self._until_synced(), timeout)
        return self

    async def _until_synced(self) -> None:
        waits = [asyncio.ensure_future(e.wait()) for e in (self.synced, self.socket.closed)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        if not self.synced.is_set():
            raise ConnectionError(f"closed with {self.socket.close_code} before the sync")

    def send(self, message: bytes) -> None:
        self.socket.send(self.endpoint.wrap(message))

    def send_update(self, update: bytes) -> None:
        self.send(wire.sync_message(wire.UPDATE, update))

    def framed_update(self, update: bytes) -> bytes:
        return frame(self.endpoint.wrap(wire.sync_message(wire.UPDATE, update)))

    def _message(self, data: bytes, now: float) -> None:
        data = self.endpoint.unwrap(data)
        kind = data[0]
        if kind == wire.SYNC or (kind == 4 and self.endpoint.document):
            payload = wire.Reader(data, 2).bytes()
            if data[1] == wire.STEP1:
                self.send(wire.sync_message(wire.STEP2, self.doc.get_update(payload)))
                self.asked.set()
                return
            first = data[1] == wire.STEP2 and not self.synced.is_set()
            if first or self.live:
                start = time.perf_counter()
                self.doc.apply_update(payload)
                self.apply_s += time.perf_counter() - start
            if first:
                self.synced.set()
            elif self.on_spans:
                self.on_spans(self, list(wire.spans(payload)), now)
            if self.on_change:
                self.on_change()
        elif kind == wire.AWARENESS and self.on_awareness:
            self.on_awareness(self, wire.Reader(data, 1).bytes(), now)

    async def settle(self) -> Client:
        """Waits until both halves of the sync are done: edits typed from now on go as updates."""
        if self.endpoint.answers_sync:
            await asyncio.wait_for(self.asked.wait(), 10)
        return self

    async def until(self, done: Callable[[Doc], bool], timeout: float = 60) -> None:
        """Waits until the replica satisfies `done`, looking after each change."""
        reached = asyncio.Event()

        def look() -> None:
            if done(self.doc):
                reached.set()

        self.on_change = look
        look()
        try:
            await asyncio.wait_for(reached.wait(), timeout)
        finally:
            self.on_change = None

    def text(self) -> Text:
        return self.doc.get("source", type=Text)

    def cell_text(self, index: int) -> Text:
        return self.doc.get("cells", type=Array)[index]["source"]

    def prepare_typing(
        self, count: int, text: Text, position: int, chars: str = "x"
    ) -> list[bytes]:
        """Types ahead in the own replica: one update of one character for each edit."""
        updates: list[bytes] = []
        subscription = self.doc.observe(lambda event: updates.append(event.update))
        for index in range(count):
            text.insert(position + index, chars[index % len(chars)])
        self.doc.unobserve(subscription)
        return updates

    def prepare_blocks(self, count: int, block: str) -> list[bytes]:
        """Inserts the block at the text's start `count` times: one update each."""
        updates: list[bytes] = []
        subscription = self.doc.observe(lambda event: updates.append(event.update))
        for _ in range(count):
            self.text().insert(0, block)
        self.doc.unobserve(subscription)
        return updates

    async def close(self) -> None:
        await self.socket.close()


def first_clock(update: bytes) -> int:
    """The clock of a one-character update."""
    return next(iter(wire.spans(update))).start
