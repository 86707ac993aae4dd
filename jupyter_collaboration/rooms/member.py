"""The interface of a room's members, and the messages that a room sends them."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Protocol

from ..access.roles import Role


class Outgoing:
    """A message for many members, with its WebSocket frame, which is encoded only once.

    Args:
        parts: the message in parts, so that a large one is copied only into the frame.
    """

    def __init__(self, *parts: bytes) -> None:
        self._parts = parts

    @cached_property
    def message(self) -> bytes:
        """The whole message."""
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    @cached_property
    def frame(self) -> bytes:
        """The message as an unmasked binary frame (RFC 6455, section 5.2)."""
        size = sum(map(len, self._parts))
        if size < 126:
            head = bytes((0x82, size))
        elif size < 1 << 16:
            head = b"\x82\x7e" + size.to_bytes(2, "big")
        else:
            head = b"\x82\x7f" + size.to_bytes(8, "big")
        return b"".join((head, *self._parts))


class Member(Protocol):
    """A client that is connected to a room."""

    @property
    def username(self) -> str: ...

    @property
    def role(self) -> Role: ...

    @property
    def may_execute(self) -> bool:
        """Whether the user may run code on the server, so that their outputs are trusted."""

    async def may_run(self, kernel_id: str) -> bool:
        """Ask the authorizer whether the user may run code on a kernel."""

    async def may_still_run(self, kernel_id: str) -> bool:
        """Ask again whether the user may run code on a kernel and edit the document.

        This can be asked after the member has left.
        """

    def identity(self, claimed: Any) -> dict[str, Any]:
        """Return the authenticated ``user`` for the presence state, whatever was claimed. [M3]"""

    def tell_role(self) -> None:
        """Send the member's role to the client if it changed."""

    def send(self, outgoing: Outgoing) -> None:
        """Queue a message, in order and without waiting.

        A client that exceeds the limits of its send buffer is disconnected.
        """

    def dismiss(self, code: int, reason: str) -> None:
        """Close the member's channel."""


class Pin:
    """A member without a client, which keeps its room open."""

    username = ""
    role = Role.VIEWER
    may_execute = False

    async def may_run(self, kernel_id: str) -> bool:
        """Return false: a pin has no user."""
        return False

    async def may_still_run(self, kernel_id: str) -> bool:
        """Return false: a pin has no user."""
        return False

    def identity(self, claimed: Any) -> dict[str, Any]:
        """Return an empty identity: a pin has no presence."""
        return {}

    def tell_role(self) -> None:
        """Do nothing: a pin has no client."""

    def send(self, outgoing: Outgoing) -> None:
        """Do nothing: a pin has no client."""

    def dismiss(self, code: int, reason: str) -> None:
        """Do nothing: the code that pinned the room finds it closed."""
