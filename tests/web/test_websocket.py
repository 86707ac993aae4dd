"""What waits for a client that reads slowly."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from support import Editor
from tornado.iostream import IOStream, StreamClosedError

from jupyter_collaboration.rooms.member import Outgoing
from jupyter_collaboration.web import outbox as outbox_module
from jupyter_collaboration.web.outbox import Outbox
from rtcbench import wire

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]


class Stream:
    """Takes frames, and says that they went when told so."""

    def __init__(self) -> None:
        self.futures: list[asyncio.Future[None]] = []

    def write(self, frame: bytes) -> asyncio.Future[None]:
        self.futures.append(asyncio.get_running_loop().create_future())
        return self.futures[-1]


def test_an_outbox_is_bounded_in_bytes_and_in_time(run: Run) -> None:  # [M4]
    async def test() -> None:
        stream = Stream()
        outbox = Outbox(stream)  # type: ignore[arg-type]
        assert not outbox.overdue(1e9)
        outbox.write(b"x" * 100, 0.0)
        assert outbox.waiting == 100
        assert not outbox.overdue(outbox_module.OUTBOX_SECONDS)
        assert outbox.overdue(outbox_module.OUTBOX_SECONDS + 1)
        stream.futures[0].set_result(None)
        await asyncio.sleep(0)
        assert outbox.waiting == 0
        assert not outbox.overdue(1e9)
        for _ in range(outbox_module.OUTBOX_BYTES // 2**17):
            outbox.write(b"x" * 2**17, 0.0)
        assert not outbox.overdue(0.0)
        outbox.write(b"x" * 2**17, 0.0)
        outbox.write(b"x", 0.0)
        assert outbox.overdue(0.0)

    run(test())


def test_frames_arrive_whole_and_in_order_whatever_the_connection_takes_at_once(
    run: Run,
) -> None:  # [M4]
    async def test() -> None:
        ours, theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**12)
        stream, reader = IOStream(ours), IOStream(theirs)
        outbox = Outbox(stream)
        pick = random.Random(7)
        frames = [
            bytes([number % 256]) * pick.choice((1, 20, 500, 2**14, 3 * outbox_module.SLICE_BYTES))
            for number in range(60)
        ]
        for frame in frames[:30]:
            outbox.write(frame, 0.0)
        stream.write(frames[30])  # by Tornado, such as a ping
        expected = b"".join(frames)
        reading = asyncio.ensure_future(reader.read_bytes(len(expected)))
        for frame in frames[31:]:
            outbox.write(frame, 0.0)
            if pick.random() < 0.5:
                await asyncio.sleep(0)
        assert await reading == expected
        while outbox.waiting:
            await asyncio.sleep(0)
        # Nothing waits now, so that a frame is sent without the stream.
        stream.write = None  # type: ignore[assignment, method-assign]
        outbox.write(b"last", 0.0)
        assert await reader.read_bytes(4) == b"last"
        assert outbox.waiting == 0
        reader.close()
        stream.close()

    run(test())


def test_a_closed_connection_is_an_error_of_the_stream(run: Run) -> None:  # [M4]
    async def test() -> None:
        ours, theirs = socket.socketpair()
        stream = IOStream(ours)
        theirs.close()
        outbox = Outbox(stream)
        with pytest.raises(StreamClosedError):
            for _ in range(3):
                outbox.write(b"x" * 100, 0.0)
        assert stream.closed()

    run(test())


def test_one_message_may_be_larger_than_an_outbox(run: Run) -> None:  # [M4]
    """Such as a large document: who takes some of it all the time is not slow."""

    async def test() -> None:
        stream = Stream()
        outbox = Outbox(stream)  # type: ignore[arg-type]
        size = 3 * outbox_module.OUTBOX_BYTES
        outbox.write(b"x" * size, 0.0)
        outbox.write(b"x" * 1000, 0.0)
        assert outbox.waiting == size + 1000
        assert not outbox.overdue(0.0)
        now = asyncio.get_running_loop().time()
        stream.futures[0].set_result(None)
        await asyncio.sleep(0)
        assert outbox.waiting < size
        assert not outbox.overdue(now + outbox_module.OUTBOX_SECONDS)
        assert outbox.overdue(now + outbox_module.OUTBOX_SECONDS + 10)

    run(test())


def test_who_opens_a_large_document_while_others_type_gets_it(run: Run, serving: Serving) -> None:
    # [M4]
    async def test() -> None:
        async with serving(YDocExtension={"document_save_delay": None}) as server:
            file = server.text_file("a.txt", "x" * (2 * outbox_module.OUTBOX_BYTES))
            ada = await server.member(file)
            for _ in range(3):
                bob = Editor(await server.endpoint(file))
                await bob.socket.connect(bob.endpoint.url)
                bob.send(wire.sync_message(wire.STEP1, bob.doc.get_state()))
                for _ in range(50):
                    ada.source.insert(0, "y")
                    await asyncio.sleep(0)
                await bob.until(lambda _, bob=bob: str(bob.source) == str(ada.source))  # type: ignore[misc]
                assert not bob.socket.closed.is_set()
                await bob.close()

    run(test())


def test_a_frame_is_made_once_and_says_its_length() -> None:
    for size, head in ((5, b"\x82\x05"), (300, b"\x82\x7e\x01\x2c"), (70_000, b"\x82\x7f")):
        outgoing = Outgoing(b"x" * size)
        assert outgoing.frame.startswith(head)
        assert outgoing.frame.endswith(outgoing.message)
        assert outgoing.frame is outgoing.frame


def test_who_does_not_read_is_cut_and_the_others_go_on(run: Run, serving: Serving) -> None:  # [M4]
    async def test() -> None:
        async with serving(YDocExtension={"document_save_delay": None}) as server:
            file = server.text_file("a.txt", "one\n")
            ada, bob = await server.member(file), await server.member(file)
            stuck = Editor(await server.endpoint(file))
            await stuck.open(receive_buffer=4096)
            stuck.socket.stop_reading()
            block = "x" * 1_000_000
            for number in range(25):
                ada.source.insert(0, block)
                await bob.until(lambda _, n=number: len(str(bob.source)) > n * len(block))
                if not server.established_to(stuck):
                    break
            assert not server.established_to(stuck)
            ada.source.insert(0, "<")
            await bob.until(lambda _: str(bob.source).startswith("<"))
            stuck.socket.abort()

    run(test())
