"""Reads Yjs updates within limits, before they are applied.

Pure: bytes in, values out. The format is that of Yjs updates, version 1, and of lib0's encoding
(https://github.com/yjs/yjs/blob/main/INTERNALS.md, https://github.com/dmonad/lib0): for each
client its structs, the newest client first, then the deleted ranges.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass, field

from ..errors import ProtocolError
from .messages import read_bytes, read_varuint

MAX_CLIENT_ID = 2**53
"""Client ids are integers that JSON and JavaScript can represent exactly."""

MAX_CLOCK = 2**32
"""The largest clock of a client."""

MAX_STRUCTS = 250_000
"""Most structs in one update, which can be applied without a noticeable pause for others."""

MAX_PIECES = 20_000
"""Most pieces of text in one update of which each continues the previous one. Encoding the document
joins them, which takes time that grows with the square of their number."""

MAX_STRINGS = 1_000
"""Most pieces of text of one update that `Update.strings` contains."""

LARGE = 32 * 2**10
"""Size in bytes above which an update should be read in a thread."""

MAX_DEPTH = 64
"""The largest nesting depth of values, and of shared types."""

GC, DELETED, JSON, BINARY, STRING, EMBED, FORMAT, TYPE, ANY, DOC, SKIP = range(11)

Id = tuple[int, int]
Part = tuple[int, int, int]
"""A client, a clock, and a length in that client's clock."""


@dataclass
class Update:
    """The content of an update.

    Attributes:
        structs: the number of structs.
        text: for an update that only continues one piece of text, the id and length of the
            inserted text, and the ids of its neighbors.
        deleted: the deleted ranges, as (client, clock, length).
        brought: the inserted ranges, in the same form.
        ends: the clock of each client after the update.
        needs: the clocks of clients that must be known to apply it.
        refers_ahead: whether a part of it may refer to itself or to a later part of it, so that it
            can stay pending although everything else is known.
        is_plain: whether it only inserts characters, and deletes.
        between: the neighbors of inserted parts that have two, apart from those whose order follows
            from the rest of the update: the left one must be before the right one.
        is_checked: whether the order of these neighbors was checked.
        rights: the last id of each inserted part that has a right neighbor, and that neighbor.
        strange: a description of content that no document should contain; empty if there is none.
        returns: whether a text in it contains a carriage return.
        strings: the first pieces of inserted text, with the ids of their first characters and of
            their neighbors.
    """

    structs: int = 0
    text: tuple[Id, int, Id | None, Id | None] | None = None
    deleted: list[Part] = field(default_factory=list)
    brought: list[Part] = field(default_factory=list)
    ends: dict[int, int] = field(default_factory=dict)
    needs: dict[int, int] = field(default_factory=dict)
    refers_ahead: bool = False
    is_plain: bool = True
    between: list[tuple[Id, Id]] = field(default_factory=list)
    is_checked: bool = False
    rights: list[tuple[Id, Id]] = field(default_factory=list)
    strange: str = ""
    returns: bool = False
    strings: list[tuple[Id, str, Id | None, Id | None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Struct:
    """A part of an update, other than one that is only a length.

    Attributes:
        client, clock, length: its id, and its length in the client's clock.
        start, content, end: the positions in the update of the part, of its content, and after it.
        origin, right, parent: the ids of its neighbors and of its parent, as far as given. Parts
            with a neighbor have the neighbor's parent and key.
        key: its key in its parent, if that is a map.
    """

    client: int
    clock: int
    length: int
    start: int
    content: int
    end: int
    origin: Id | None
    right: Id | None
    parent: Id | None
    key: str


def read_update(data: bytes) -> Update:
    """Read a whole update.

    Slow for large ones: about a second for a megabyte of short structs.

    Raises:
        ProtocolError: the update is not valid, or exceeds a limit.
    """
    return _Reader(data).update()


def read_own_update(data: bytes) -> Update:
    """Read an update of a document, without limits on its size.

    Raises:
        ProtocolError: the update is not valid.
    """
    return _Reader(data, is_limited=False).update()


def read_structs(data: bytes) -> tuple[list[Struct], list[Part]]:
    """Read the parts of an update of a document, and its deleted ranges, without limits.

    Raises:
        ProtocolError: the update is not valid.
    """
    structs: list[Struct] = []
    return structs, _Reader(data, is_limited=False, structs=structs).update().deleted


class _Reader:
    def __init__(
        self, data: bytes, *, is_limited: bool = True, structs: list[Struct] | None = None
    ) -> None:
        self._data = data
        self._is_limited = is_limited
        self._structs = structs
        self._at = 0
        self._found = Update()
        self._depths: dict[Id, int] = {}
        self._pieces = 0
        self._text = ""
        self._skipped = False
        self._left_of: dict[Id, Id | None] = {}
        self._right_of: dict[Id, Id | None] = {}

    def update(self) -> Update:
        for _ in range(self._number()):
            count, client, clock = self._number(), self._client(), self._number()
            start = clock
            for _ in range(count):
                self._skipped = False
                before, clock = clock, clock + self._struct(client, clock)
                if clock > MAX_CLOCK:
                    raise ProtocolError("an update with a clock that is too large")
                if self._skipped:
                    self._brings(client, start, before)
                    start = clock
            self._brings(client, start, clock)
            self._found.ends[client] = clock
        if self._found.structs != 1:
            self._found.text = None
        if len(self._found.ends) > 1:
            self._found.refers_ahead = True
        for _ in range(self._number()):
            client = self._client()
            for _ in range(self._number()):
                self._found.deleted.append((client, self._number(), self._number()))
                if len(self._found.deleted) > MAX_STRUCTS and self._is_limited:
                    raise ProtocolError(f"an update with more than {MAX_STRUCTS} deleted ranges")
        if self._at != len(self._data):
            raise ProtocolError("an update with data after its end")
        return self._found

    def _brings(self, client: int, start: int, end: int) -> None:
        if end > start:
            self._found.brought.append((client, start, end - start))

    def _needs(self, client: int, clock: int) -> None:
        if clock >= self._found.needs.get(client, 0):
            self._found.needs[client] = clock + 1

    def _note_neighbors(
        self, client: int, clock: int, length: int, origin: Id | None, right: Id | None
    ) -> None:
        """Note the neighbors of a part, and whether one was inserted next to the other."""
        if right:
            self._found.rights.append(((client, clock + length - 1), right))
        if origin and right:
            is_next = self._right_of.get(origin) == right or self._left_of.get(right) == origin
            if not is_next:
                self._found.between.append((origin, right))
        self._left_of[client, clock] = origin
        self._right_of[client, clock + length - 1] = right

    def _struct(self, client: int, clock: int) -> int:
        """Read one struct.

        Returns:
            Its length in the client's clock.
        """
        begin = self._at
        self._found.structs += 1
        if self._found.structs > MAX_STRUCTS and self._is_limited:
            raise ProtocolError(f"an update of more than {MAX_STRUCTS} parts")
        info = self._byte()
        kind = info & 31
        if kind in (GC, SKIP):
            self._skipped = kind == SKIP
            return self._number()
        origin = self._id() if info & 0x80 else None
        right = self._id() if info & 0x40 else None
        parent: Id | None = None
        key = ""
        if not info & 0xC0:
            if self._number():
                self._string()
            else:
                parent = self._id()
            if info & 0x20:
                key = self._string()
        for each in (origin, right, parent):
            if each is not None:
                self._needs(*each)
                if each[0] == client and each[1] >= clock:
                    self._found.refers_ahead = True
        place = self._at
        length = self._content(kind)
        if self._is_limited:
            self._note_neighbors(client, clock, length, origin, right)
        if self._structs is not None:
            ids = (origin, right, parent)
            self._structs.append(Struct(client, clock, length, begin, place, self._at, *ids, key))
        if kind == STRING and origin == (client, clock - 1):
            self._pieces += 1
            if self._pieces > MAX_PIECES and self._is_limited:
                raise ProtocolError(f"a text in more than {MAX_PIECES} pieces")
        if kind == STRING and (origin or right) and len(self._found.strings) < MAX_STRINGS:
            self._found.strings.append(((client, clock), self._text, origin, right))
        if kind == STRING and (origin or right):
            self._found.text = ((client, clock), length, origin, right)
        elif kind == TYPE:
            near = next((each for each in (parent, origin, right) if each in self._depths), None)
            depth = self._depths.get(near, 0) + (near == parent) if near else 0
            if depth > MAX_DEPTH:
                raise ProtocolError(f"shared types that are nested more than {MAX_DEPTH} deep")
            self._depths[client, clock] = depth
        return length

    def _content(self, kind: int) -> int:
        if kind == DELETED:
            return self._number()
        if kind == STRING:
            text = self._text = self._string()
            self._found.returns = self._found.returns or "\r" in text
            return len(text.encode("utf-16-le")) // 2
        self._found.is_plain = False
        if kind == ANY:
            count = self._number()
            for _ in range(count):
                self._value(0)
            return count
        if kind == JSON:
            count = self._number()
            for _ in range(count):
                self._string()
            return count
        if kind == TYPE:
            self._type()
        elif kind == BINARY:
            self._bytes()
        elif kind == EMBED:
            self._string()
        elif kind == FORMAT:
            for _ in range(2):
                self._string()
        elif kind == DOC:
            self._string()
            self._value(0)
        else:
            raise ProtocolError(f"an update with content of the unknown kind {kind}")
        return 1

    def _type(self) -> None:
        kind = self._number()
        if kind > 6:
            raise ProtocolError(f"an update with a shared type of the unknown kind {kind}")
        if kind in (3, 5):  # XML elements and hooks have names
            self._string()

    def _value(self, depth: int) -> None:
        """Read a value in lib0's `any` encoding."""
        if depth > MAX_DEPTH:
            raise ProtocolError(f"values that are nested more than {MAX_DEPTH} deep")
        kind = self._byte()
        if kind == 125:
            self._signed()
        elif kind in (124, 123, 122):
            self._float(kind)
        elif kind == 119:
            self._string()
        elif kind == 118:
            for _ in range(self._number()):
                self._string()
                self._value(depth + 1)
        elif kind == 117:
            for _ in range(self._number()):
                self._value(depth + 1)
        elif kind == 116:
            self._bytes()
        elif kind not in (120, 121, 126, 127):
            raise ProtocolError(f"an update with a value of the unknown kind {kind}")

    def _float(self, kind: int) -> None:
        size = 4 if kind == 124 else 8
        data = self._take(size)
        if kind != 122 and not math.isfinite(struct.unpack(">f" if size == 4 else ">d", data)[0]):
            self._found.strange = "a number that is not valid JSON (NaN or an infinity)"

    def _signed(self) -> None:
        for _ in range(10):
            if self._byte() < 128:
                return
        raise ProtocolError("a number without an end")

    def _client(self) -> int:
        client = self._number()
        if client >= MAX_CLIENT_ID:
            raise ProtocolError("a client id of more than 53 bits")
        return client

    def _id(self) -> Id:
        return self._client(), self._number()

    def _number(self) -> int:
        if (at := self._at) < len(self._data) and (value := self._data[at]) < 128:
            self._at = at + 1  # most numbers are short
            return value
        value, self._at = read_varuint(self._data, self._at)
        return value

    def _bytes(self) -> bytes:
        data, self._at = read_bytes(self._data, self._at)
        return data

    def _string(self) -> str:
        try:
            return self._bytes().decode()
        except UnicodeDecodeError as error:
            raise ProtocolError("a text that is not UTF-8") from error

    def _byte(self) -> int:
        if self._at >= len(self._data):
            raise ProtocolError("an update that is cut short")
        self._at += 1
        return self._data[self._at - 1]

    def _take(self, size: int) -> bytes:
        data = self._data[self._at : self._at + size]
        if len(data) < size:
            raise ProtocolError("an update that is cut short")
        self._at += size
        return data
