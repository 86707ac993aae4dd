"""Hashes of sources: those that clients of jupyter-server-documents send, and ours. Pure."""

from __future__ import annotations

import struct
from zlib import crc32

_FACTOR = 0x5BD1E995
_MASK = 0xFFFFFFFF


LONGEST = 2**16
"""Bytes of a text of which `source_mark` takes the hash, so that it takes no time."""


def source_hash(source: str) -> str:
    """Return MurmurHash2 of a text in UTF-8 with the seed 0, as a decimal number."""
    return _murmur(source.encode())


def source_mark(source: str) -> str:
    """Return what tells a text from its earlier ones: its size in bytes, and a hash of its start.

    For a long text, a checksum of all of it is added. Pages compute the same: ``sourceMark.ts``.
    """
    data = source.encode()
    mark = f"{len(data)}:{_murmur(data[:LONGEST])}"
    return mark if len(data) <= LONGEST else f"{mark}:{crc32(data)}"


def _murmur(data: bytes) -> str:
    whole = len(data) // 4
    found = len(data) & _MASK
    for (word,) in struct.iter_unpack("<I", data[: whole * 4]):
        mixed = word * _FACTOR & _MASK
        mixed = (mixed ^ mixed >> 24) * _FACTOR & _MASK
        found = found * _FACTOR & _MASK ^ mixed
    rest = data[whole * 4 :]
    if rest:
        found = (found ^ int.from_bytes(rest, "little")) * _FACTOR & _MASK
    found = (found ^ found >> 13) * _FACTOR & _MASK
    return str(found ^ found >> 15)
