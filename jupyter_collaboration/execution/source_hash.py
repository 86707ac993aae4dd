"""The hash of a cell's source that clients of jupyter-server-documents send. Pure."""

from __future__ import annotations

import struct

_FACTOR = 0x5BD1E995
_MASK = 0xFFFFFFFF


def source_hash(source: str) -> str:
    """Return MurmurHash2 of a text in UTF-8 with the seed 0, as a decimal number."""
    data = source.encode()
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
