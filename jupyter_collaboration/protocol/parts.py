"""Joins messages that arrive in parts.

Pure: bytes in, bytes out. A message that is too large to be sent at once (other messages would
wait for it) is cut into parts. Each part is a message: the type, the size of the whole message,
the offset of the part in it, and the bytes of the part.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ProtocolError
from .messages import read_varuint


@dataclass(frozen=True)
class Part:
    """A part of a message.

    Attributes:
        size: the size of the whole message in bytes.
        offset: where the part begins in it.
        data: the bytes of the part.
    """

    size: int
    offset: int
    data: bytes


def read_part(message: bytes) -> Part:
    """Return the part in a message of type `PART`.

    Raises:
        ProtocolError: the message is truncated.
    """
    size, at = read_varuint(message, 1)
    offset, at = read_varuint(message, at)
    return Part(size, offset, message[at:])


class Parts:
    """Collects the parts of one message after the other."""

    def __init__(self) -> None:
        self._data = bytearray()  # many tiny parts need no more memory than one
        self._size = 0

    def clear(self) -> None:
        """Forget the parts of a message that is not complete."""
        self._data = bytearray()

    def add(self, part: Part, limit: int) -> bytes | None:
        """Add the next part.

        Args:
            part: the part.
            limit: the size of the largest message that is accepted.

        Returns:
            The whole message after its last part, else None.

        Raises:
            ProtocolError: the whole message is too large, or this is not its next part.
        """
        if part.size > limit:
            raise ProtocolError(f"a message of {part.size} bytes")
        if not self._data:
            self._size = part.size
        end = part.offset + len(part.data)
        if part.offset != len(self._data) or part.size != self._size or end > part.size:
            raise ProtocolError("a part of a message that is not the next one")
        if not part.data:
            raise ProtocolError("an empty part of a message")
        self._data += part.data
        if end < part.size:
            return None
        whole = bytes(self._data)
        self.clear()
        return whole
