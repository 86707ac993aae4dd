"""A shared document and its presence, passed on to every member.

Knows Yjs messages and members; knows nothing of files, histories or HTTP.

What comes in is applied to the document, gathered for a moment, encoded once, and the same
bytes go to everybody: the cost of a message does not grow with its encoding, and a flood
becomes few large messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from logging import Logger
from typing import Any

from anyio.to_thread import run_sync
from pycrdt import Doc, Subscription, TransactionEvent, merge_updates
from pycrdt.websocket import YRoom

from ..access import roles
from ..access.roles import Action
from ..documents.codec import take_in
from ..errors import DocumentBroken, ProtocolError, RoomClosed, is_panic, must_propagate
from ..failpoints import failpoint
from ..protocol import messages
from ..protocol.messages import Request
from ..protocol.update_reader import Update, read_update
from .batch import Batch
from .member import Member, Outgoing
from .presence import Presence

UPDATE_INTERVAL = 0.00008
PRESENCE_INTERVAL = 0.0004
"""Seconds a member between two messages of a room to all; the first goes at once.

A message costs the more the more members there are, so the share of a core that sending takes is
bounded, and nobody waits in a small room.
"""

MAX_INTERVAL_MEMBERS = 50
"""Members from which on the time between two messages grows no more."""


LARGE = 64 * 2**10
"""Bytes from which on an update is read beside the event loop."""

MIN_STATE_VECTOR = 8 * 2**10
"""Bytes that a state vector may have in any case; else twice what the document's own has."""


class BroadcastRoom(YRoom):
    """A room without a file: what members send goes to all of them.

    The public attributes of pycrdt-websocket's room keep their meaning: `ydoc`, `awareness`,
    `clients`, `ready`.
    """

    def __init__(self, room_id: str, log: Logger, ydoc: Doc[Any] | None = None) -> None:
        self._updates: list[tuple[bytes, Member | None]] = []
        self._sender: Member | None = None
        self._unbroadcast: list[tuple[bytes, Member | None]] = []
        self._is_broadcasting = True
        self._storing = 0
        self._all_stored = asyncio.Event()
        self._update_batch = Batch(partial(self._pause, UPDATE_INTERVAL), self._send_updates)
        self._observed: Subscription | None = None
        self.room_id = room_id
        super().__init__(ready=False, log=log, ydoc=ydoc)
        self.clients: set[Member] = set()  # type: ignore[assignment]
        self._presence = Presence(
            self.awareness, self._broadcast_bytes, partial(self._pause, PRESENCE_INTERVAL)
        )

    def open(self) -> None:
        """Begin to pass on changes of the document."""
        self._observed = self.ydoc.observe(self._on_transaction)
        self.ready = True

    def close(self) -> None:
        """Send what is gathered, and pass on nothing more."""
        self._broadcast_stored()
        self.flush_updates()
        self._presence.close()
        if self._observed is not None:
            self.ydoc.unobserve(self._observed)
            self._observed = None

    @property
    def is_closed(self) -> bool:
        """Whether changes of the document are passed on to nobody, and not kept."""
        return self._observed is None

    def _pause(self, interval: float) -> float:
        return interval * min(len(self.clients), MAX_INTERVAL_MEMBERS)

    def flush_updates(self) -> None:
        """Send what is gathered now."""
        self._update_batch.flush_now()

    # Members

    def join(self, member: Member) -> None:
        """Greet a member with our state vector and everybody's presence."""
        self.clients.add(member)
        member.tell_role()
        member.send(Outgoing(messages.sync_message(messages.STEP1, self.ydoc.get_state())))
        if everybody := self._presence.everybody():
            member.send(Outgoing(everybody))

    def leave(self, member: Member) -> None:
        """Forget a member, and tell the others that they are gone. [M6]"""
        self.clients.discard(member)
        self._presence.leave(member)

    def receive(self, member: Member, message: bytes) -> Awaitable[None] | None:
        """Act on one message of a member.

        Returns:
            What is to be awaited before the member's next message, for one that takes long.

        Raises:
            ProtocolError: it is no message that a room knows.
        """
        if not message:
            raise ProtocolError("an empty message")
        kind = message[0]
        if kind == messages.SYNC:
            return self._receive_sync(member, *messages.read_sync(message))
        elif kind == messages.AWARENESS:
            self._presence.receive(member, message)
        elif kind == messages.RAW:
            try:
                request = messages.read_request(message)
            except ProtocolError as error:  # of another version, or another program's
                self.log.debug("%s: ignored %s from %s", self.room_id, error, member.username)
            else:
                self.answer(member, request)
        else:
            raise ProtocolError(f"a message of the unknown type {kind}")
        return None

    def answer(self, member: Member, request: Request) -> None:
        """Act on a request; a room without a file knows only 'ack'."""
        if request.name == Action.ACKNOWLEDGE.value:
            self.reply(member, request)
        else:
            self.reply(member, request, status="failed", reason="This room has no file.")

    def reply(self, member: Member, request: Request, **content: Any) -> None:
        member.send(Outgoing(messages.reply(request, **content)))

    # The document

    def _receive_sync(self, member: Member, step: int, payload: bytes) -> Awaitable[None] | None:
        action = roles.sync_action(step, payload)
        if not member.role.may(action):
            self.refuse(member, action)
        elif step == messages.STEP1:
            if self._storing:
                return self._answer_later(member, payload)
            member.send(Outgoing(messages.sync_message(messages.STEP2, self._missing(payload))))
        elif payload != messages.EMPTY_UPDATE and member.role.may(Action.EDIT):
            return self.take(member, payload)
        return None

    async def broadcast_ready(self) -> None:
        """Wait until members may be told of all that is in the document."""
        while self._storing:
            await self._all_stored.wait()

    async def _answer_later(self, member: Member, state: bytes) -> None:
        await self.broadcast_ready()
        if member in self.clients:
            member.send(Outgoing(messages.sync_message(messages.STEP2, self._missing(state))))

    def _missing(self, state: bytes) -> bytes:
        """What a member with this state vector does not have.

        Raises:
            ProtocolError: it is no state vector.
        """
        if len(state) > MIN_STATE_VECTOR and len(state) > 2 * len(self.ydoc.get_state()):
            raise ProtocolError(f"a state vector of {len(state)} bytes")
        messages.check_state_vector(state)
        try:
            return self.ydoc.get_update(state)
        except Exception as error:  # pycrdt raises no type of its own
            raise ProtocolError("a state vector that cannot be read") from error
        except BaseException as error:
            if not is_panic(error):
                raise
            self.log.error("%s: the whole document is sent, since %s", self.room_id, error)
            return self.ydoc.get_update()

    def take(self, member: Member, update: bytes) -> Awaitable[None] | None:
        """Take an edit of a member.

        Returns:
            What is to be awaited before the member's next message, for a large one.

        Raises:
            ProtocolError: it cannot be read.
        """
        if len(update) > LARGE:
            return self._take_large(member, update)
        self.take_read(member, update, read_update(update))
        return None

    async def _take_large(self, member: Member, update: bytes) -> None:
        found = await run_sync(read_update, update)
        if member in self.clients and member.role.may(Action.EDIT):
            self.take_read(member, update, found)

    def take_read(self, member: Member, update: bytes, found: Update) -> None:
        """Apply an edit that was read.

        Raises:
            ProtocolError: it cannot be applied.
            DocumentBroken: applying it failed halfway.
        """
        failpoint("relay.received")
        self._sender = member
        try:
            take_in(self.ydoc, update)
        except Exception as error:
            raise ProtocolError("an update that cannot be read") from error
        except BaseException as error:
            if not is_panic(error):
                raise
            raise DocumentBroken(f"{self.room_id} could not apply an update: {error}") from error
        finally:
            self._sender = None
        failpoint("relay.applied")

    def refuse(self, member: Member, action: Action) -> None:
        """Tell a member that their role does not allow this: a refused edit is answered."""
        content = {"type": "error", "reason": "not_allowed", "action": action.value}
        member.send(Outgoing(messages.raw_message({**content, "role": member.role.value})))

    def _on_transaction(self, event: TransactionEvent) -> None:
        update = event.update
        if update == messages.EMPTY_UPDATE:
            return
        # First what this changes in turn, such as that it is unsaved: nobody is told one alone.
        self.on_update(update, self._sender)
        if self._is_broadcasting:
            self._updates.append((update, self._sender))
            self._update_batch.schedule()
        else:
            self._unbroadcast.append((update, self._sender))

    def apply_unbroadcast(self, update: bytes, also: Callable[[], None] | None = None) -> None:
        """Change the document, of which members are told only when the change is stored.

        ``also`` is called then, for edits of which members are told together with this one.

        A server that is killed before makes the change again: what it had told of it until
        then would come back from members, beside the new one.

        Raises:
            RoomClosed: nobody is told any more.
        """
        if self.is_closed:
            raise RoomClosed(f"{self.room_id} was closed.")
        self._is_broadcasting = False
        try:
            take_in(self.ydoc, update)
            if also is not None:
                also()
        except BaseException as error:
            if must_propagate(error):
                raise
            raise DocumentBroken(f"{self.room_id} could not apply an update: {error}") from error
        finally:
            self._is_broadcasting = True
        self._storing += 1

    def mark_stored(self) -> None:
        """A change is stored; with the last of them members are told."""
        self._storing -= 1
        if not self._storing:
            self._broadcast_stored()

    def _broadcast_stored(self) -> None:
        if self._unbroadcast:
            self._updates += self._unbroadcast
            self._unbroadcast = []
            self._update_batch.schedule()
        self._all_stored.set()
        self._all_stored = asyncio.Event()

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
        outgoing = Outgoing(messages.sync_message(messages.UPDATE, update))
        for member in list(self.clients):
            if member is not only:  # they have it
                member.send(outgoing)
        failpoint("relay.sent")

    def _broadcast_bytes(self, message: bytes) -> None:
        outgoing = Outgoing(message)
        for member in list(self.clients):
            member.send(outgoing)

    def send_server_awareness(self, type: str, changes: tuple[dict[str, Any], Any]) -> None:
        """Pass on presence that code in this server sets, as agents do."""
        if type == "update" and changes[1] == "local":
            changed = {each for ids in changes[0].values() for each in ids}
            self._presence.note_local(changed, send=self.ready)
