"""Collaborators in Python, each with a WebSocket to a server process."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import TYPE_CHECKING, Any

import aiohttp
from pycrdt import Doc

from jupyter_collaboration.protocol import messages
from rtcbench.ws import WebSocket

from ..clients import Collaborator
from ..marks import Cells, count
from .large import packed_cells

if TYPE_CHECKING:
    from support import Server

    from .world import RealWorld

PART_BYTES = 2**20 - 32

EXPECTED_CLOSES = {None, 1001, 1012}
"""How a connection ends with its server, or with the network."""

UNREACHABLE = (OSError, TimeoutError, aiohttp.ClientError, ValueError)
"""What a request raises if the server does not answer, or not as it should."""


class Refused(OSError):
    """The server does not let a client in now."""


def tell_of_cells(world: RealWorld, known: dict[str, str], cells: Cells) -> dict[str, str]:
    """Note where marks are in a replica, and which cells went; returns what is known then."""
    world.ledger.seen(cells)
    world.ledger.cells_went(known, (name for name, _ in cells))
    return dict(cells)


class SocketClient(Collaborator):
    """A client that parses the bytes of the protocol, like many programs.

    Args:
        in_parts: whether it sends large messages in parts, as pages do.
    """

    def __init__(self, name: str, world: RealWorld, *, in_parts: bool = False) -> None:
        self._world = world
        self._in_parts = in_parts
        self._socket: WebSocket | None = None
        self._watching: set[asyncio.Task[None]] = set()
        super().__init__(name, world.kind, world.ledger)

    def _start(self) -> None:
        super()._start()
        self._known: dict[str, str] = {}
        self._world.members.add(self.doc.client_id)

    def _cells_of(self, doc: Doc[Any]) -> Cells:
        return packed_cells(super()._cells_of(doc))

    @property
    def online(self) -> bool:
        return self._socket is not None

    @property
    def is_saved(self) -> bool:
        """Whether the server said that the file has everything."""
        return self.stored and self.state.get("dirty") is False

    async def enter(self, server: Server) -> None:
        """Join the document as a page does, unless the server does not let us in now."""
        try:
            await self._enter(server)
        except UNREACHABLE as error:
            self._world.refusals.append(f"{self.username}: {error!r}")

    async def _enter(self, server: Server) -> None:
        status, session = await server.session(self._world.path, **self._world.content)
        if status not in (200, 201):
            raise Refused(f"the session: {status} {session}")
        room = self._world.room_of(session)
        if not self.session_id:
            self.session_id = session["sessionId"]
        if self.session_id != session["sessionId"]:
            await self._hand_over(server, room)
        if self.online:
            return
        address = f"ws://127.0.0.1:{server.port}/api/collaboration/room/{room}"
        early: list[bytes] = []  # what comes together with the end of the handshake
        socket = WebSocket(lambda data, now: early.append(data))
        self._asked.clear()
        self._is_answered = self._is_joined = self._is_new = False
        await socket.connect(f"{address}?token={server.token}&sessionId={self.session_id}")
        if self.online:
            socket.abort()
            return
        self._socket = socket
        socket.on_message = lambda data, now: self._arrived(socket, data)
        watching = asyncio.get_running_loop().create_task(self._until_closed(socket))
        self._watching.add(watching)
        watching.add_done_callback(self._watching.discard)
        self.send_message(messages.sync_message(messages.STEP1, self.doc.get_state()))
        for message in early:
            self._arrived(socket, message)

    async def _hand_over(self, server: Server, room: str) -> None:
        """Hand over what the replica has, and begin anew with an empty one. [S4]"""
        state, edits = self.doc.get_update(), self._edits
        self._note_replica(state)
        body = {
            "sessionId": self.session_id,
            "state": _base64(state),
            "base": None if self.base is None else _base64(self.base),
        }
        route = f"api/collaboration/rebase/{room}"
        status, data = await server.request("PUT", route, json=body)
        if status != 200:
            raise Refused(f"the rebase: {status} {data[:200]!r}")
        answer = json.loads(data)
        self.ledger.clashed((each["theirs"], each["yours"]) for each in answer["conflicts"])
        if edits != self._edits:
            raise Refused("somebody typed while the replica was handed over")
        self.rebases += 1
        for number, found in count(self.cells).items():
            self.ledger.marks[number].safe |= bool(found)
        self.session_id = answer["sessionId"]
        self._start()

    async def _until_closed(self, socket: WebSocket) -> None:
        await socket.closed.wait()
        if socket is self._socket:
            if socket.close_code not in EXPECTED_CLOSES:
                code, reason = socket.close_code, socket.close_reason
                self.problems.append(f"{self.username} was cut with {code}: {reason}")
            self.disconnect()

    def disconnect(self) -> None:
        socket, self._socket = self._socket, None
        self._is_answered = self._is_joined = self._is_new = False
        self._asked.clear()
        if socket is not None:
            socket.abort()

    def send_message(self, message: bytes) -> None:
        if self._socket is None or self._socket.closed.is_set():
            return
        if not self._in_parts or len(message) <= PART_BYTES:
            self._socket.send(message)
            return
        size = messages.write_varuint(len(message))
        for at in range(0, len(message), PART_BYTES):
            head = bytes((messages.PART,)) + size + messages.write_varuint(at)
            self._socket.send(head + message[at : at + PART_BYTES])

    def _arrived(self, socket: WebSocket, message: bytes) -> None:
        if socket is self._socket:
            self._receive(message)

    def _applied(self) -> None:
        self._known = tell_of_cells(self._world, self._known, self.cells)

    def _all_stored(self, reply: dict[str, Any]) -> None:
        if reply["type"] == "merge_conflicts":
            self._world.note_conflicts(reply["conflicts"], self.cells)
        super()._all_stored(reply)


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
