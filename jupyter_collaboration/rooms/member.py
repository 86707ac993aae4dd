"""What a room knows of those who are in it, and the messages that it sends them."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Protocol

from ..access.roles import Role


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

    @property
    def may_execute(self) -> bool:
        """Whether they may run code on the server, and so are trusted with outputs."""

    def identity(self, claimed: Any) -> dict[str, Any]:
        """The ``user`` of their presence, whatever they claim to be. [M3]"""

    def tell_role(self) -> None:
        """Tell them what they may do, if that changed."""

    def send(self, outgoing: Outgoing) -> None:
        """Send in order, without waiting; a member that cannot keep up is cut by its channel."""

    def dismiss(self, code: int, reason: str) -> None:
        """Close the member's channel."""


class Pin:
    """A member that only listens: while it is in a room, the room stays open."""

    username = ""
    role = Role.VIEWER
    may_execute = False

    def identity(self, claimed: Any) -> dict[str, Any]:
        """It has no presence."""
        return {}

    def tell_role(self) -> None:
        """It knows."""

    def send(self, outgoing: Outgoing) -> None:
        """It only holds."""

    def dismiss(self, code: int, reason: str) -> None:
        """Whoever holds finds the room closed."""
