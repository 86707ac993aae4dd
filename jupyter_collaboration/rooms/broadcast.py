"""A room that broadcasts the edits and the presence of its members.

Responsible for the Yjs sync protocol. Files, histories and HTTP belong to others.

An incoming edit is applied to the document. Edits are batched for a moment and encoded once, and
all members are sent the same bytes: the encoding cost does not grow with the number of members,
and many small edits become few large messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from logging import Logger
from typing import Any

from pycrdt import Doc, Subscription, TransactionEvent, merge_updates
from pycrdt.websocket import YRoom

from ..access import roles
from ..access.roles import Action
from ..documents.codec import take_in
from ..errors import DocumentBroken, ProtocolError, RoomClosed, is_panic, must_propagate
from ..failpoints import failpoint
from ..protocol import messages
from ..protocol.messages import Request
from ..protocol.update_reader import LARGE, Update, read_update
from ..threads import compute
from .batch import Batch
from .member import Member, Outgoing
from .presence import Presence
from .state import RoomState
from .whole import WholeDocument

UPDATE_INTERVAL = 0.00001
PRESENCE_INTERVAL = 0.0004
"""Minimum time between two broadcasts of a room, in seconds per member.

The cost of a broadcast grows with the number of members. This bounds the CPU time spent on
sending, without a noticeable delay in small rooms. The first message is sent immediately.
"""

MAX_INTERVAL_MEMBERS = 50
"""Number of members above which the time between two broadcasts no longer grows."""


MIN_STATE_VECTOR = 8 * 2**10
"""Size in bytes that a state vector may always have; otherwise at most twice the document's."""


class BroadcastRoom(YRoom):
    """A room without a file, which broadcasts its members' messages.

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
        self._whole = WholeDocument(self._encode_whole)
        self._state = RoomState.OPENING
        self.room_id = room_id
        super().__init__(ready=False, log=log, ydoc=ydoc)
        self.clients: set[Member] = set()  # type: ignore[assignment]
        self._presence = Presence(
            self.awareness, self._broadcast_bytes, partial(self._pause, PRESENCE_INTERVAL)
        )

    @property
    def state(self) -> RoomState:
        """The state of the room."""
        return self._state

    def become(self, state: RoomState) -> None:
        """Change the state of the room.

        Raises:
            RuntimeError: the new state cannot follow the current one.
        """
        self._state.check_transition(state)
        self._state = state
        self.log.debug("%s: %s", self.room_id, state.value)

    def open(self) -> None:
        """Start broadcasting changes of the document."""
        self.become(RoomState.LIVE)
        self._observed = self.ydoc.observe(self._on_transaction)
        self.ready = True

    def close(self, state: RoomState = RoomState.CLOSED) -> None:
        """Send the pending updates, and stop broadcasting; do nothing if the room is closed.

        Args:
            state: `FAILED` if the document may be broken.
        """
        if self._state.is_over:
            return
        self.become(state)
        self._broadcast_stored()
        self.flush_updates()
        self._presence.close()
        self._whole.drop()
        if self._observed is not None:
            self.ydoc.unobserve(self._observed)
            self._observed = None

    @property
    def is_closed(self) -> bool:
        """Whether changes of the document are neither broadcast nor stored."""
        return self._observed is None

    def _pause(self, interval: float) -> float:
        return interval * min(len(self.clients), MAX_INTERVAL_MEMBERS)

    def flush_updates(self) -> None:
        """Send the pending updates now."""
        self._update_batch.flush_now()

    # Members

    def join(self, member: Member) -> None:
        """Add a member, and send it the room's state vector and presence."""
        self.clients.add(member)
        member.tell_role()
        member.send(Outgoing(messages.sync_message(messages.STEP1, self.ydoc.get_state())))
        if everybody := self._presence.everybody():
            member.send(Outgoing(everybody))

    def leave(self, member: Member) -> None:
        """Remove a member, and its presence for the others. [M6]"""
        self.clients.discard(member)
        self._presence.leave(member)

    def receive(self, member: Member, message: bytes) -> Awaitable[None] | None:
        """Process one message of a member.

        Returns:
            For a message that takes long, an awaitable to wait for before the member's next
            message; else None.

        Raises:
            ProtocolError: the message is not valid.
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
            except ProtocolError as error:  # from another version or program
                self.log.debug("%s: ignored %s from %s", self.room_id, error, member.username)
            else:
                return self.answer(member, request)
        else:
            raise ProtocolError(f"a message of unknown type {kind}")
        return None

    def answer(self, member: Member, request: Request) -> Awaitable[None] | None:
        """Process a request; a room without a file supports only 'ack'.

        Returns:
            For a request that has to be checked first, an awaitable to wait for before the
            member's next message; else None.
        """
        if request.name == Action.ACKNOWLEDGE.value:
            self.reply(member, request)
        else:
            self.reply(member, request, status="failed", reason="This room has no file.")
        return None

    def reply(self, member: Member, request: Request, **content: Any) -> None:
        member.send(Outgoing(messages.reply(request, **content)))

    # The document

    def _receive_sync(self, member: Member, step: int, payload: bytes) -> Awaitable[None] | None:
        action = roles.sync_action(step, payload)
        if not member.role.may(action):
            self.refuse(member, action)
        elif step == messages.STEP1:
            self.on_state(member, self._clocks_in(payload))
            if self._storing:
                return self._answer_later(member, payload)
            member.send(self._answer(payload))
        elif payload != messages.EMPTY_UPDATE and member.role.may(Action.EDIT):
            return self.take(member, payload)
        return None

    def on_state(self, member: Member, clocks: dict[int, int]) -> None:
        """Handle the state vector of a member; for subclasses that compare it."""

    def _clocks_in(self, state: bytes) -> dict[int, int]:
        """Return the clocks in a member's state vector.

        Raises:
            ProtocolError: this is not a valid state vector.
        """
        if len(state) > MIN_STATE_VECTOR and len(state) > 2 * len(self.ydoc.get_state()):
            raise ProtocolError(f"a state vector of {len(state)} bytes")
        return messages.read_state_vector(state)

    async def broadcast_ready(self) -> None:
        """Wait until the whole document may be sent to members."""
        while self._storing:
            await self._all_stored.wait()

    async def _answer_later(self, member: Member, state: bytes) -> None:
        await self.broadcast_ready()
        if member in self.clients:
            member.send(self._answer(state))

    def _answer(self, state: bytes) -> Outgoing:
        """Return the message with what a member with this state vector lacks.

        Raises:
            ProtocolError: this is not a valid state vector.
        """
        self.will_answer()
        if state == messages.EMPTY_STATE_VECTOR:
            return self._whole.message()
        return Outgoing(*messages.sync_parts(messages.STEP2, self._missing(state)))

    def will_answer(self) -> None:
        """Finish what a member has to see together with the document; for subclasses."""

    def _encode_whole(self) -> tuple[bytes, ...]:
        return messages.sync_parts(messages.STEP2, self._missing(messages.EMPTY_STATE_VECTOR))

    def _missing(self, state: bytes) -> bytes:
        """Return the update that a member with this state vector lacks.

        Raises:
            ProtocolError: this is not a valid state vector.
        """
        try:
            return self.ydoc.get_update(state)
        except Exception as error:  # pycrdt raises no type of its own
            raise ProtocolError("a state vector that cannot be read") from error
        except BaseException as error:
            if not is_panic(error):
                raise
            self.log.error("%s: sending the whole document, since %s", self.room_id, error)
            return self.ydoc.get_update()

    def take(self, member: Member, update: bytes) -> Awaitable[None] | None:
        """Read and apply an edit of a member.

        Returns:
            For a large edit, an awaitable to wait for before the member's next message; else None.

        Raises:
            ProtocolError: the edit cannot be read.
        """
        if len(update) > LARGE:
            return self._take_large(member, update)
        found = read_update(update)
        if self.is_slow(found):
            return self._take_slow(member, update, found)
        self.take_read(member, update, found)
        return None

    async def _take_large(self, member: Member, update: bytes) -> None:
        await self._take_slow(member, update, await compute(read_update, update))

    async def _take_slow(self, member: Member, update: bytes, found: Update) -> None:
        is_valid = await self.look_ahead(member, update, found)
        if is_valid and member in self.clients and member.role.may(Action.EDIT):
            self.take_read(member, update, found)

    def is_slow(self, found: Update) -> bool:
        """Return whether `look_ahead` has something to do; for subclasses that check edits."""
        return False

    async def look_ahead(self, member: Member, update: bytes, found: Update) -> bool:
        """Check what takes long before an edit is taken; return whether it may be taken."""
        return True

    def take_read(self, member: Member, update: bytes, found: Update) -> None:
        """Apply an edit of a member, which `read_update` has read.

        Raises:
            ProtocolError: the edit cannot be applied.
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
        """Tell a member that its role does not allow an action."""
        content = {"type": "error", "reason": "not_allowed", "action": action.value}
        member.send(Outgoing(messages.raw_message({**content, "role": member.role.value})))

    def _on_transaction(self, event: TransactionEvent) -> None:
        update = event.update
        if update == messages.EMPTY_UPDATE:
            return
        self._whole.drop()
        # First, because this may change the document as well, such as its 'dirty' state, which is
        # then part of the same broadcast.
        self.on_update(update, self._sender)
        if self._is_broadcasting:
            self._updates.append((update, self._sender))
            self._update_batch.schedule()
        else:
            self._unbroadcast.append((update, self._sender))

    def apply_unbroadcast(self, update: bytes, also: Callable[[], None] | None = None) -> None:
        """Change the document, and broadcast the change only after it is stored.

        If the server is killed before the change is stored, it makes the change again after the
        restart. If members had it already, they would send it back, and it would be in the
        document twice.

        Args:
            update: the change.
            also: makes further edits, which are broadcast together with the change.

        Raises:
            RoomClosed: the room is closed.
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

    @contextmanager
    def broadcast_together(self) -> Iterator[None]:
        """Broadcast all changes in this block as one, so that nobody sees only some of them."""
        self._is_broadcasting = False
        try:
            yield
        finally:
            self._is_broadcasting = True
            if not self._storing:
                self._broadcast_stored()

    def mark_stored(self) -> None:
        """Record that a change is stored, and broadcast once no change is waiting to be stored."""
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
        """Handle a change of the document; for subclasses that store it."""

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
            if member is not only:  # the only sender has it already
                member.send(outgoing)
        failpoint("relay.sent")

    def _broadcast_bytes(self, message: bytes) -> None:
        outgoing = Outgoing(message)
        for member in list(self.clients):
            member.send(outgoing)

    def send_server_awareness(self, type: str, changes: tuple[dict[str, Any], Any]) -> None:
        """Broadcast presence that code in this server sets, such as an agent's."""
        if type == "update" and changes[1] == "local":
            changed = {each for ids in changes[0].values() for each in ids}
            self._presence.note_local(changed, send=self.ready)
