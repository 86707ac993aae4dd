"""A shared document and its presence, passed on to every member.

Knows Yjs messages and members; knows nothing of files, histories or HTTP.

What comes in is applied to the document, gathered for a moment, encoded once, and the same
bytes go to everybody: the cost of a message does not grow with its encoding, and a flood
becomes few large messages.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from functools import cached_property, partial
from logging import Logger
from typing import Any, Protocol

from pycrdt import Doc, Subscription, TransactionEvent, merge_updates
from pycrdt.websocket import YRoom

from . import protocol, roles
from .errors import ProtocolError
from .failpoints import reach
from .protocol import ClientState, Request
from .roles import Action, Role

UPDATE_INTERVAL = 0.00008
PRESENCE_INTERVAL = 0.0004
"""Seconds a member between two messages of a room to all; the first goes at once.

A message costs the more the more members there are, so the share of a core that sending takes is
bounded, and nobody waits in a small room.
"""

MAX_INTERVAL_MEMBERS = 50
"""Members from which on the time between two messages grows no more."""


class Outgoing:
    """A message on its way to many, and the WebSocket frame around it, made once."""

    def __init__(self, message: bytes) -> None:
        self.message = message

    @cached_property
    def frame(self) -> bytes:
        """An unmasked binary frame (RFC 6455, section 5.2)."""
        size = len(self.message)
        if size < 126:
            head = bytes((0x82, size))
        elif size < 1 << 16:
            head = b"\x82\x7e" + size.to_bytes(2, "big")
        else:
            head = b"\x82\x7f" + size.to_bytes(8, "big")
        return head + self.message


class Member(Protocol):
    """Somebody in a room, as the room sees them."""

    @property
    def username(self) -> str: ...

    @property
    def role(self) -> Role: ...

    def send(self, outgoing: Outgoing) -> None:
        """Send in order, without waiting; a member that cannot keep up is cut by its channel."""

    def dismiss(self, code: int, reason: str) -> None:
        """Close the member's channel."""


class Batch:
    """Calls back soon: at once after a quiet time, else an interval after the last call."""

    def __init__(self, interval: Callable[[], float], flush: Callable[[], None]) -> None:
        self._interval = interval
        self._flush = flush
        self._last = -math.inf
        self._handle: asyncio.Handle | None = None

    def schedule(self) -> None:
        """Something is to be flushed."""
        if self._handle is not None:
            return
        loop = asyncio.get_running_loop()
        rest = self._last + self._interval() - loop.time()
        if rest > 0:
            self._handle = loop.call_later(rest, self._run)
        else:
            self._handle = loop.call_soon(self._run)

    def _run(self) -> None:
        self._handle = None
        self._last = asyncio.get_running_loop().time()
        self._flush()

    def flush_now(self) -> None:
        """Call back now if a call is due."""
        if self._handle is not None:
            self._handle.cancel()
            self._run()

    def cancel(self) -> None:
        """Forget a call that is due."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None


class Relay(YRoom):
    """A room without a file: what members send goes to all of them.

    The public attributes of pycrdt-websocket's room keep their meaning: `ydoc`, `awareness`,
    `clients`, `ready`.
    """

    def __init__(self, room_id: str, log: Logger, ydoc: Doc[Any] | None = None) -> None:
        self._updates: list[tuple[bytes, Member | None]] = []
        self._sender: Member | None = None
        self._present: dict[int, ClientState] = {}
        self._owners: dict[int, Member] = {}
        self._update_batch = Batch(partial(self._pause, UPDATE_INTERVAL), self._send_updates)
        self._presence_batch = Batch(partial(self._pause, PRESENCE_INTERVAL), self._send_presence)
        self._observed: Subscription | None = None
        self.room_id = room_id
        super().__init__(ready=False, log=log, ydoc=ydoc)
        self.clients: set[Member] = set()  # type: ignore[assignment]

    def open(self) -> None:
        """Begin to pass on changes of the document."""
        self._observed = self.ydoc.observe(self._on_transaction)
        self.ready = True

    def close(self) -> None:
        """Send what is gathered, and pass on nothing more."""
        self.flush_updates()
        self._presence_batch.cancel()
        if self._observed is not None:
            self.ydoc.unobserve(self._observed)
            self._observed = None

    def _pause(self, interval: float) -> float:
        return interval * min(len(self.clients), MAX_INTERVAL_MEMBERS)

    def flush_updates(self) -> None:
        """Send what is gathered now."""
        self._update_batch.flush_now()

    # Members

    def join(self, member: Member) -> None:
        """Greet a member with our state vector and everybody's presence."""
        self.clients.add(member)
        member.send(Outgoing(protocol.sync_message(protocol.STEP1, self.ydoc.get_state())))
        if states := [self._state_of(client_id) for client_id in self.awareness.states]:
            member.send(Outgoing(protocol.awareness_message(states)))

    def leave(self, member: Member) -> None:
        """Forget a member, and tell the others that they are gone. [M6]"""
        self.clients.discard(member)
        gone = [client_id for client_id, owner in self._owners.items() if owner is member]
        for client_id in gone:
            del self._owners[client_id]
            meta = self.awareness.meta.pop(client_id, {"clock": 0})
            self._present[client_id] = ClientState(client_id, meta["clock"], b"null")
        self.awareness.remove_awareness_states(gone, self)
        if gone:
            self._presence_batch.schedule()

    def receive(self, member: Member, message: bytes) -> None:
        """Act on one message of a member.

        Raises:
            ProtocolError: it is no message that a room knows.
        """
        if not message:
            raise ProtocolError("an empty message")
        kind = message[0]
        if kind == protocol.SYNC:
            self._receive_sync(member, *protocol.read_sync(message))
        elif kind == protocol.AWARENESS:
            self._receive_presence(member, message)
        elif kind == protocol.RAW:
            self.answer(member, protocol.read_request(message))
        else:
            raise ProtocolError(f"a message of the unknown type {kind}")

    def answer(self, member: Member, request: Request) -> None:
        """Act on a request; a room without a file knows only 'ack'."""
        if request.name == Action.ACKNOWLEDGE.value:
            self.reply(member, request)
        else:
            self.reply(member, request, status="failed", reason="This room has no file.")

    def reply(self, member: Member, request: Request, **content: Any) -> None:
        member.send(Outgoing(protocol.reply(request, **content)))

    # The document

    def _receive_sync(self, member: Member, step: int, payload: bytes) -> None:
        action = roles.sync_action(step, payload)
        if not member.role.may(action):
            self.refuse(member, action)
        elif step == protocol.STEP1:
            try:
                update = self.ydoc.get_update(payload)
            except Exception as error:  # pycrdt raises no type of its own
                raise ProtocolError("a state vector that cannot be read") from error
            member.send(Outgoing(protocol.sync_message(protocol.STEP2, update)))
        elif payload != protocol.EMPTY_UPDATE and member.role.may(Action.EDIT):
            reach("relay.received")
            self._sender = member
            try:
                self.ydoc.apply_update(payload)
            except Exception as error:
                raise ProtocolError("an update that cannot be read") from error
            finally:
                self._sender = None
            reach("relay.applied")

    def refuse(self, member: Member, action: Action) -> None:
        """Tell a member that their role does not allow this: a refused edit is answered."""
        content = {"type": "error", "reason": "not_allowed", "action": action.value}
        member.send(Outgoing(protocol.raw_message({**content, "role": member.role.value})))

    def _on_transaction(self, event: TransactionEvent) -> None:
        update = event.update
        if update != protocol.EMPTY_UPDATE:
            self._updates.append((update, self._sender))
            self.on_update(update, self._sender)
            self._update_batch.schedule()

    def on_update(self, update: bytes, sender: Member | None) -> None:
        """Something changed the document; for rooms that keep it."""

    def _send_updates(self) -> None:
        updates, self._updates = self._updates, []
        if not updates:
            return
        first = updates[0][1]
        only = first if all(sender is first for _, sender in updates) else None
        parts = [update for update, _ in updates]
        update = parts[0] if len(parts) == 1 else merge_updates(*parts)
        outgoing = Outgoing(protocol.sync_message(protocol.UPDATE, update))
        for member in list(self.clients):
            if member is not only:  # they have it
                member.send(outgoing)
        reach("relay.sent")

    # Presence

    def _receive_presence(self, member: Member, message: bytes) -> None:
        sent = list(protocol.read_awareness(message))
        entries = [entry for entry in sent if entry.client_id != self.awareness.client_id]
        if not all(protocol.is_strict_json(entry.state) for entry in entries):
            raise ProtocolError("presence with a number that JSON does not know")
        if len(entries) < len(sent):  # nobody speaks for the server
            message = protocol.awareness_message(entries)
        news = [entry for entry in entries if self._is_news(entry)]
        payload, _ = protocol.read_bytes(message, 1)
        try:
            self.awareness.apply_awareness_update(payload, member)
        except Exception as error:  # such as a state that is not JSON
            raise ProtocolError("presence that cannot be read") from error
        for entry in news:
            self._present[entry.client_id] = entry
            self._owners[entry.client_id] = member
        # Their own presence goes back to a sender too: y-websocket's client takes a
        # connection that is silent for 30 seconds for dead.
        self._presence_batch.schedule()

    def _is_news(self, entry: ClientState) -> bool:
        """Whether an entry is newer than what is known, by the rules of y-protocols."""
        known = self.awareness.meta.get(entry.client_id)
        if known is None or entry.clock > known["clock"]:
            return True
        left = entry.state == b"null" and entry.client_id in self.awareness.states
        return left and bool(entry.clock == known["clock"])

    def _state_of(self, client_id: int) -> ClientState:
        state = json.dumps(self.awareness.states.get(client_id), separators=(",", ":"))
        return ClientState(client_id, self.awareness.meta[client_id]["clock"], state.encode())

    def send_server_awareness(self, type: str, changes: tuple[dict[str, Any], Any]) -> None:
        """Pass on presence that code in this server sets, as agents do."""
        if type == "update" and changes[1] == "local":
            for client_id in {c for ids in changes[0].values() for c in ids}:
                self._present[client_id] = self._state_of(client_id)
            if self.ready:
                self._presence_batch.schedule()

    def _send_presence(self) -> None:
        states, self._present = list(self._present.values()), {}
        if states:
            outgoing = Outgoing(protocol.awareness_message(states))
            for member in list(self.clients):
                member.send(outgoing)
