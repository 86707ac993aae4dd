"""Our own client of a kernel, for kernels of this server and for those behind a gateway.

Responsible for sending and receiving messages; what they mean belongs to `queue`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from datetime import datetime, timezone
from hmac import compare_digest
from logging import Logger
from struct import error as StructError
from typing import Any, Protocol, cast
from uuid import uuid4

import zmq
import zmq.asyncio
from anyio import Event, create_task_group, move_on_after
from anyio.lowlevel import checkpoint
from jupyter_client.adapter import adapt
from jupyter_client.jsonutil import json_default
from jupyter_client.session import DELIM, Session
from jupyter_server.gateway.gateway_client import GatewayClient
from jupyter_server.services.kernels.connection.base import deserialize_binary_message
from jupyter_server.utils import url_escape, url_path_join
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, WebSocketError, websocket_connect

from .backlog import Backlog

NUDGE_INTERVAL = 0.5
"""Seconds between two questions to a kernel that has not answered yet."""

CONNECT_LIMIT = 1.0
"""Seconds to wait for the last connection to a kernel that has answered on the others."""

MAX_BACKLOG = 100_000
"""Most messages of a kernel that wait in a socket, in addition to those in the kernel's buffers."""

TURN = 0.005
"""Seconds of reading without a pause, after which the rest of the server gets a turn."""

LARGE = 100_000
LARGE_TURN = 0.02
"""The same for messages larger than that many bytes: what is not read fills the memory soon."""

INVALID = (AssertionError, IndexError, KeyError, RecursionError, TypeError, ValueError, StructError)
"""What a message raises whose signature is wrong, that is not JSON, or too deep."""

Message = dict[str, Any]
Receive = Callable[[str, Message], None]


class Channels(Protocol):
    """The channels of one kernel."""

    async def run(self, receive: Receive, ready: Callable[[], None]) -> None:
        """Receive messages until the channels are closed.

        Args:
            receive: called with the name of the channel and each message.
            ready: called once the kernel answers, and its outputs arrive.
        """

    def send(self, channel: str, kind: str, content: Message, **more: Any) -> str:
        """Send a message, and return its id. `metadata` and `parent` may be given."""

    def close(self) -> None:
        """Disconnect; does nothing if that was done before."""


class LocalChannels:
    """The channels of a kernel of this server."""

    def __init__(self, kernel: Any, log: Logger) -> None:
        self._client = kernel.client()
        self._log = log
        self._is_closed = False

    async def run(self, receive: Receive, ready: Callable[[], None]) -> None:
        """Receive messages; see `Channels`."""
        # A kernel drops a prompt for a client whose connection for prompts is not made yet.
        prompts = self._client.stdin_channel.socket
        connected = prompts.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
        self._client.start_channels(hb=False)
        # A kernel drops what it publishes beyond a limit, by default 1,000 messages.
        self._client.iopub_channel.socket.set(zmq.RCVHWM, MAX_BACKLOG)
        answered, published = Event(), Event()

        async def read(name: str) -> None:
            socket = getattr(self._client, f"{name}_channel").socket
            session: Session = self._client.session
            backlog = Backlog(session.unpack, INVALID)
            while True:
                backlog.add(await socket.recv_multipart())
                while backlog:
                    _drain(socket, backlog)
                    for loss in backlog.losses():
                        receive(name, loss)
                    due = time.monotonic() + TURN
                    while time.monotonic() < due and (parts := backlog.take()) is not None:
                        try:
                            message = _unpacked(session, parts)
                        except INVALID as error:
                            self._log.warning("Ignored an invalid message of a kernel: %r", error)
                        else:
                            (published if name == "iopub" else answered).set()
                            receive(name, message)
                    await checkpoint()

        async with create_task_group() as tasks:
            for name in ("shell", "iopub", "stdin", "control"):
                tasks.start_soon(read, name)
            # While a kernel is starting, messages and its outputs may be lost. One that
            # is busy answers only on the control channel.
            while not (answered.is_set() and published.is_set()):
                for name in ("shell", "control"):
                    self.send(name, "kernel_info_request", {})
                with move_on_after(NUDGE_INTERVAL):
                    await answered.wait()
                    await published.wait()
            # The connection may have been made before it was observed.
            with move_on_after(CONNECT_LIMIT):
                await connected.recv_multipart()
            prompts.disable_monitor()
            ready()

    def send(self, channel: str, kind: str, content: Message, **more: Any) -> str:
        """Send a message; see `Channels`."""
        session: Session = self._client.session
        message = session.msg(kind, content, **more)
        # Not by `Session.send`, which writes beside the socket's asynchronous side: that could then
        # miss that a message has arrived in the same moment.
        socket = getattr(self._client, f"{channel}_channel").socket
        socket.send_multipart(session.serialize(message))
        return str(message["header"]["msg_id"])

    def close(self) -> None:
        """Disconnect."""
        if not self._is_closed:
            self._is_closed = True
            self._client.stop_channels()


def _drain(socket: zmq.asyncio.Socket, backlog: Backlog) -> None:
    """Read what has arrived, for a limited time."""
    begin = time.monotonic()
    while (parts := _next(socket)) is not None:
        backlog.add(parts)
        limit = LARGE_TURN if sum(map(len, parts)) > LARGE else TURN
        if time.monotonic() > begin + limit:
            return


def _next(socket: zmq.asyncio.Socket) -> list[bytes] | None:
    """Return a message that has arrived already; None if there is none."""
    # What is read without waiting is a future that is done.
    read = cast(asyncio.Future[list[bytes]], socket.recv_multipart(zmq.DONTWAIT))
    error = read.exception()
    if isinstance(error, zmq.Again):
        return None
    if error is not None:
        raise error
    return read.result()


def _unpacked(session: Session, parts: list[bytes]) -> Message:
    """Return a message of a kernel, with its dates as text.

    This is `Session.deserialize` without what is not needed here, as kernels may print thousands of
    messages in a second: dates, and the search for messages that are replayed, which nobody could
    do on a connection to the kernel.
    """
    at = parts.index(DELIM) + 1
    frames = parts[at + 1 : at + 5]
    if len(frames) < 4:
        raise ValueError("A part of the message is missing.")
    if session.auth is not None and not compare_digest(parts[at], session.sign(frames)):
        raise ValueError("The signature is wrong.")
    header, parent, metadata, content = map(session.unpack, frames)
    message = {
        "header": header,
        "parent_header": parent,
        "metadata": metadata,
        "content": content,
        "buffers": [memoryview(each) for each in parts[at + 5 :]],
    }
    if not str(header.get("version", "")).startswith("5."):
        # A kernel from before 2014, whose messages have other fields.
        message |= {"msg_id": header["msg_id"], "msg_type": header["msg_type"]}
        return dict(adapt(message))
    return message


class GatewayChannels:
    """The channels of a kernel behind a gateway: one socket for all.

    Args:
        session: the gateway keeps messages for it while it is not connected.
    """

    def __init__(self, kernel_id: str, session: str, log: Logger) -> None:
        self._kernel_id = kernel_id
        self._log = log
        self._session = session
        self._socket: WebSocketClientConnection | None = None

    async def run(self, receive: Receive, ready: Callable[[], None]) -> None:
        """Receive messages; see `Channels`."""
        gateway = GatewayClient.instance()
        url = url_path_join(
            gateway.ws_url or "",
            gateway.kernels_endpoint,
            url_escape(self._kernel_id),
            f"channels?session_id={self._session}",
        )
        request = HTTPRequest(url, **gateway.load_connection_args())
        socket = self._socket = await websocket_connect(request, max_message_size=2**31 - 1)
        is_ready = False
        answered = published = False
        self.send("control", "kernel_info_request", {})
        self.send("shell", "kernel_info_request", {})
        while True:
            with move_on_after(NUDGE_INTERVAL) as waited:
                data = await socket.read_message()
            if waited.cancelled_caught:
                if not is_ready:
                    self.send("control", "kernel_info_request", {})
                continue
            if data is None:
                raise ConnectionError("The gateway has closed the connection to the kernel.")
            try:
                message = (
                    json.loads(data) if isinstance(data, str) else deserialize_binary_message(data)
                )
                name = str(message["channel"])
            except INVALID as error:
                self._log.warning("Ignored an invalid message of a gateway: %r", error)
                continue
            answered = answered or name in ("shell", "control")
            published = published or name == "iopub"
            receive(name, message)
            if answered and published and not is_ready:
                is_ready = True
                ready()

    def send(self, channel: str, kind: str, content: Message, **more: Any) -> str:
        """Send a message; see `Channels`.

        Raises:
            ConnectionError: there is no connection.
        """
        message_id = uuid4().hex
        header = {
            "msg_id": message_id,
            "username": "",
            "session": self._session,
            "msg_type": kind,
            "version": "5.3",
            "date": datetime.now(timezone.utc).isoformat(),
        }
        message = {
            "channel": channel,
            "header": header,
            "parent_header": more.get("parent", {}),
            "metadata": more.get("metadata", {}),
            "content": content,
            "buffers": [],
        }
        if self._socket is None:
            raise ConnectionError("There is no connection to the gateway.")
        try:
            sent = self._socket.write_message(json.dumps(message, default=json_default))
        except WebSocketError as error:
            raise ConnectionError(f"The connection to the gateway is lost: {error}") from error
        sent_future: asyncio.Future[None] = asyncio.ensure_future(sent)
        sent_future.add_done_callback(lambda done: done.cancelled() or done.exception())
        return message_id

    def close(self) -> None:
        """Disconnect."""
        if self._socket is not None:
            self._socket.close()
