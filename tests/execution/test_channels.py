"""Our client of a kernel, with sockets of the test's own."""

from __future__ import annotations

import asyncio
import logging
from types import SimpleNamespace
from typing import Any

import zmq
from anyio import create_task_group, fail_after
from jupyter_client.session import Session

from jupyter_collaboration.execution.channels import LocalChannels, Message

MESSAGES = 20_000


class Socket:
    """A socket from which messages can be read without waiting, until there are no more."""

    def __init__(self, messages: list[list[bytes]]) -> None:
        self._messages = messages

    def recv_multipart(self, flags: int = 0) -> asyncio.Future[list[bytes]]:
        read: asyncio.Future[list[bytes]] = asyncio.get_running_loop().create_future()
        if self._messages:
            read.set_result(self._messages.pop())
        elif flags & zmq.DONTWAIT:
            read.set_exception(zmq.Again())
        return read

    def set(self, option: int, value: int) -> None:
        """Of no interest."""

    def send_multipart(self, parts: list[bytes]) -> None:
        """Of no interest."""

    def get_monitor_socket(self, events: int) -> Socket:
        return Socket([[b""]])

    def disable_monitor(self) -> None:
        """Nothing to do."""


class Client:
    """A client of a kernel that has published many messages, one of which is not valid."""

    def __init__(self) -> None:
        self.session = Session(key=b"key")
        flood = [self.packed("stream") for _ in range(MESSAGES)]
        flood.insert(0, [*flood[0][:-1], b"["])
        for name, messages in (("iopub", flood), ("shell", [self.packed("kernel_info_reply")])):
            setattr(self, f"{name}_channel", SimpleNamespace(socket=Socket(messages)))
        self.stdin_channel = self.control_channel = SimpleNamespace(socket=Socket([]))

    def packed(self, kind: str) -> list[bytes]:
        message = self.session.msg(kind, {"name": "stdout", "text": "x"})
        parts: list[bytes] = self.session.serialize(message)
        return parts

    def start_channels(self, **options: Any) -> None:
        """Nothing to do."""

    stop_channels = start_channels


def test_the_server_goes_on_while_a_kernel_floods_it(run: Any) -> None:
    # [R7]
    async def test() -> None:
        received: list[str] = []
        turns: list[int] = []

        def receive(name: str, message: Message) -> None:
            received.append(name)

        async def others() -> None:
            while len(received) < MESSAGES:
                turns.append(len(received))
                await asyncio.sleep(0)

        kernel = SimpleNamespace(client=Client)
        channels = LocalChannels(kernel, logging.getLogger("test"))
        with fail_after(40):
            async with create_task_group() as tasks:
                tasks.start_soon(channels.run, receive, lambda: None)
                await others()
                tasks.cancel_scope.cancel()
        assert len({at for at in turns if at > 1}) > 10

    run(test())
