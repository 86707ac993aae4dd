"""The awareness states of a room's clients: who is present, and where their cursors are.

Responsible for checking and relaying presence. A client can set only its own states, and the
server fills in the authenticated user. [M3] The size of a message is limited before it is parsed;
several changes are sent to the members in one message.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from pycrdt import Awareness

from ..errors import ProtocolError
from ..protocol import messages
from ..protocol.messages import ClientState
from ..protocol.update_reader import MAX_CLIENT_ID, MAX_CLOCK
from .batch import Batch
from .member import Member

MAX_PRESENCE_BYTES = 16 * 2**10
MAX_PRESENCE_IDS = 8
"""Largest presence state, in bytes, and the number of client ids that one connection may set."""

MAX_PRESENCE_MESSAGE = 2**20
MAX_PRESENCE_ENTRIES = 2_000
"""Largest presence message, in bytes and in entries. Most entries may repeat other clients'."""


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is not a number")


class Presence:
    """The presence of one room.

    Args:
        awareness: the states.
        broadcast: sends a message to all members.
        interval: returns the minimum time between two of these messages, in seconds.
    """

    def __init__(
        self,
        awareness: Awareness,
        broadcast: Callable[[bytes], None],
        interval: Callable[[], float],
    ) -> None:
        self._awareness = awareness
        self._broadcast = broadcast
        self._present: dict[int, ClientState] = {}
        self._owners: dict[int, Member] = {}
        self._owned: dict[Member, set[int]] = {}
        self._batch = Batch(interval, self._send)

    def everybody(self) -> bytes:
        """Return a message with the states of all clients; empty if there are none."""
        states = [self._state_of(client_id) for client_id in self._awareness.states]
        return messages.awareness_message(states) if states else b""

    def states_of(self, member: Member) -> list[dict[str, Any]]:
        """Return the states that a member has set."""
        states = self._awareness.states
        owned = self._owned.get(member, ())
        return [states[client_id] for client_id in owned if client_id in states]

    def leave(self, member: Member) -> None:
        """Remove the states of a member that left. [M6]"""
        gone = list(self._owned.pop(member, ()))
        for client_id in gone:
            del self._owners[client_id]
            meta = self._awareness.meta.pop(client_id, {"clock": 0})
            self._present[client_id] = ClientState(client_id, meta["clock"], b"null")
        self._awareness.remove_awareness_states(gone, self)
        if gone:
            self._batch.schedule()

    def note_local(self, client_ids: Iterable[int], *, send: bool) -> None:
        """Record states that code in this server has set, and broadcast them if `send` is true."""
        for client_id in client_ids:
            self._present[client_id] = self._state_of(client_id)
        if send:
            self._batch.schedule()

    def close(self) -> None:
        """Stop sending."""
        self._batch.cancel()

    def receive(self, member: Member, message: bytes) -> None:
        """Apply a presence message of a member, and broadcast the changes.

        Raises:
            ProtocolError: the message cannot be read, or exceeds a limit.
        """
        if len(message) > MAX_PRESENCE_MESSAGE:
            raise ProtocolError(f"a presence message of more than {MAX_PRESENCE_MESSAGE} bytes")
        # Clients also repeat the states of others. Only the last entry of each id counts.
        told = {
            entry.client_id: entry
            for entry in messages.read_awareness(message, MAX_PRESENCE_ENTRIES)
            if self._speaks_for(member, entry.client_id)
        }
        own = self._owned.get(member, set())
        if len(own.union(told)) > MAX_PRESENCE_IDS:
            raise ProtocolError(f"presence of more than {MAX_PRESENCE_IDS} clients")
        entries = [self._stamped(member, entry) for entry in told.values()]
        news = [entry for entry in entries if self._is_news(entry)]
        payload, _ = messages.read_bytes(messages.awareness_message(entries), 1)
        try:
            self._awareness.apply_awareness_update(payload, member)
        except Exception as error:
            raise ProtocolError("presence that cannot be read") from error
        for entry in news:
            self._present[entry.client_id] = entry
            self._own(entry.client_id, member)
        # Senders receive their own presence as well: y-websocket's client closes a connection
        # that has been silent for 30 seconds.
        self._batch.schedule()

    def _own(self, client_id: int, member: Member) -> None:
        before = self._owners.get(client_id)
        if before is not member:
            if before is not None:
                self._owned[before].discard(client_id)
            self._owners[client_id] = member
            self._owned.setdefault(member, set()).add(client_id)

    def _speaks_for(self, member: Member, client_id: int) -> bool:
        """Return whether a member may set the state of a client id: its own, or a new one. [M3]"""
        if client_id == self._awareness.client_id:
            return False
        owner = self._owners.get(client_id)
        # After a reconnect, the user's previous connection may still own the id.
        return owner is None or owner is member or owner.username == member.username

    @staticmethod
    def _stamped(member: Member, entry: ClientState) -> ClientState:
        """Check an entry against the limits, and set its user to the authenticated one."""
        if len(entry.state) > MAX_PRESENCE_BYTES:
            raise ProtocolError(f"presence of more than {MAX_PRESENCE_BYTES} bytes")
        if entry.client_id >= MAX_CLIENT_ID or entry.clock > MAX_CLOCK:
            raise ProtocolError("presence with a number that is too large")
        try:
            state = json.loads(entry.state, parse_constant=_no_number)
        except (ValueError, RecursionError) as error:
            raise ProtocolError("presence that is not JSON") from error
        if state is None:
            return entry
        if not isinstance(state, dict):
            raise ProtocolError("presence that is not a JSON object")
        state["user"] = member.identity(state.get("user"))
        text = json.dumps(state, separators=(",", ":"))
        return ClientState(entry.client_id, entry.clock, text.encode())

    def _is_news(self, entry: ClientState) -> bool:
        """Return whether an entry is newer than the current state, by the rules of y-protocols."""
        known = self._awareness.meta.get(entry.client_id)
        if known is None or entry.clock > known["clock"]:
            return True
        left = entry.state == b"null" and entry.client_id in self._awareness.states
        return left and bool(entry.clock == known["clock"])

    def _state_of(self, client_id: int) -> ClientState:
        state = json.dumps(self._awareness.states.get(client_id), separators=(",", ":"))
        return ClientState(client_id, self._awareness.meta[client_id]["clock"], state.encode())

    def _send(self) -> None:
        states, self._present = list(self._present.values()), {}
        if states:
            self._broadcast(messages.awareness_message(states))
