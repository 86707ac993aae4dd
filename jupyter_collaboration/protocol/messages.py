"""Messages, requests, replies and close codes of the wire protocol.

Pure: bytes in, values out. Sockets, rooms and documents belong to others.

The first byte of a message is its type. Sync and awareness messages are those of
`y-protocols <https://github.com/yjs/y-protocols>`_; raw messages are requests of a client
(name, id) and JSON replies of the server. Large messages may arrive in parts. Integers are
variable-length and unsigned, seven bits a byte, least significant first; byte strings are preceded
by their length in bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from ..errors import ProtocolError

SYNC = 0
AWARENESS = 1
RAW = 2
PART = 100
"""A part of a message; see `parts`. Other users of Yjs use the numbers after 2 for other types."""

STEP1 = 0
STEP2 = 1
UPDATE = 2

EMPTY_UPDATE = b"\x00\x00"
EMPTY_STATE_VECTOR = b"\x00"
"""An update without structs and deletions, and the state vector of an empty document."""

MAX_VARUINT_BYTES = 10
MAX_REASON_BYTES = 123
"""A close frame holds 125 bytes, two of which are its code (RFC 6455, section 5.5)."""


class CloseCode(IntEnum):
    """Why the server closed a socket. Codes from 4400 on follow HTTP's numbers."""

    GOING_AWAY = 1001
    SESSION = 1003
    BAD_REQUEST = 4400
    NOT_FOUND = 4404
    INTERNAL_ERROR = 4500


@dataclass(frozen=True)
class Request:
    """A raw message of a client: the name of the request, and the id that the reply repeats.

    In the text of a request, a space separates the name from an argument.
    """

    name: str
    id: int
    argument: str = ""


@dataclass(frozen=True)
class ClientState:
    """One client's entry in an awareness message.

    ``state`` is the JSON text as received, ``null`` for a client that left.
    """

    client_id: int
    clock: int
    state: bytes


def write_varuint(value: int) -> bytes:
    """Encode a non-negative integer."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def read_varuint(data: bytes, at: int) -> tuple[int, int]:
    """Decode the integer at an offset.

    Returns:
        The value, and the offset after it.

    Raises:
        ProtocolError: the integer has no end within ten bytes.
    """
    value = shift = 0
    for index in range(at, min(at + MAX_VARUINT_BYTES, len(data))):
        byte = data[index]
        value |= (byte & 127) << shift
        if byte < 128:
            return value, index + 1
        shift += 7
    raise ProtocolError("a number without an end")


def read_bytes(data: bytes, at: int) -> tuple[bytes, int]:
    """Decode the byte string at an offset.

    Raises:
        ProtocolError: the string is longer than the message.
    """
    size, at = read_varuint(data, at)
    if at + size > len(data):
        raise ProtocolError("a string longer than its message")
    return data[at : at + size], at + size


def write_bytes(data: bytes) -> bytes:
    return write_varuint(len(data)) + data


def sync_message(step: int, payload: bytes) -> bytes:
    return b"".join(sync_parts(step, payload))


def sync_parts(step: int, payload: bytes) -> tuple[bytes, bytes]:
    """Return a sync message in two parts, so that a large payload is not copied."""
    return bytes((SYNC, step)) + write_varuint(len(payload)), payload


def read_sync(message: bytes) -> tuple[int, bytes]:
    """Return the step and the payload (a state vector or an update) of a sync message.

    Raises:
        ProtocolError: the step is unknown, or the payload is truncated.
    """
    if len(message) < 3 or message[1] > UPDATE:
        raise ProtocolError("not a sync message")
    payload, _ = read_bytes(message, 2)
    return message[1], payload


def awareness_message(states: list[ClientState]) -> bytes:
    parts = [write_varuint(len(states))]
    for entry in states:
        parts += (
            write_varuint(entry.client_id),
            write_varuint(entry.clock),
            write_bytes(entry.state),
        )
    return bytes((AWARENESS,)) + write_bytes(b"".join(parts))


def read_awareness(message: bytes, limit: int | None = None) -> Iterator[ClientState]:
    """Return the entries of an awareness message, in order.

    Args:
        limit: the most entries allowed.

    Raises:
        ProtocolError: the message is truncated, or has more entries.
    """
    payload, _ = read_bytes(message, 1)
    count, at = read_varuint(payload, 0)
    if limit is not None and count > limit:
        raise ProtocolError(f"presence with {count} entries")
    for _ in range(count):
        client_id, at = read_varuint(payload, at)
        clock, at = read_varuint(payload, at)
        state, at = read_bytes(payload, at)
        yield ClientState(client_id, clock, state)


def read_state_vector(data: bytes) -> dict[int, int]:
    """Return the clock of each client in a complete state vector.

    Raises:
        ProtocolError: it is not valid.
    """
    count, at = read_varuint(data, 0)
    clocks: dict[int, int] = {}
    for _ in range(count):
        client, at = read_varuint(data, at)
        clocks[client], at = read_varuint(data, at)
    if at != len(data):
        raise ProtocolError("a state vector with data after its end")
    return clocks


def read_request(message: bytes) -> Request:
    """Return the request in a raw message.

    Raises:
        ProtocolError: the name is not UTF-8 text, or the message is truncated.
    """
    name, at = read_bytes(message, 1)
    request_id, _ = read_varuint(message, at)
    try:
        text, _, argument = name.decode().partition(" ")
        return Request(text, request_id, argument)
    except UnicodeDecodeError as error:
        raise ProtocolError("a request whose name is not text") from error


def raw_message(content: dict[str, Any]) -> bytes:
    """Return a JSON message to a client.

    Raises:
        ValueError: the content contains NaN or an infinity, which JSON cannot represent.
    """
    return bytes((RAW,)) + write_bytes(json.dumps(content, allow_nan=False).encode())


def reply(request: Request, **content: Any) -> bytes:
    """Return the reply to a request: ``{"type": name, "responseTo": id, ...}``."""
    return raw_message({"type": request.name, "responseTo": request.id, **content})


def session_reason(
    reason: str, session_id: str | None, *, reloadable: bool, error: str = ""
) -> str:
    """Return the JSON reason for close code 1003, with the error's text truncated to fit."""

    def text() -> str:
        content = {"reason": reason, "sessionId": session_id, "reloadable": reloadable}
        if error:
            content["errorReason"] = error
        return json.dumps(content, separators=(",", ":"), ensure_ascii=False)

    while error and len(text().encode()) > MAX_REASON_BYTES:
        error = error[:-1]
    if len(text().encode()) > MAX_REASON_BYTES:
        session_id = None
    return text()


def cut_reason(reason: str) -> str:
    """Return a close reason as text, truncated to fit a close frame."""
    return reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
