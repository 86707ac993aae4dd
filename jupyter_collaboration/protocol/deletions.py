"""Reads and writes the deletions of Yjs updates.

Pure: ranges in, bytes out. The format is described in `update_reader`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from .messages import write_varuint
from .update_reader import Part


def deletions_only(deleted: Iterable[Part]) -> bytes:
    """Return an update that deletes ranges, and inserts nothing."""
    by_client: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for client, clock, length in deleted:
        by_client[client].append((clock, length))
    out = bytearray(write_varuint(0) + write_varuint(len(by_client)))
    for client, ranges in by_client.items():
        out += write_varuint(client) + write_varuint(len(ranges))
        for clock, length in ranges:
            out += write_varuint(clock) + write_varuint(length)
    return bytes(out)


def overlap(one: Iterable[Part], other: Iterable[Part]) -> bool:
    """Return whether anything is in ranges of both collections."""
    by_client: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for client, clock, length in other:
        by_client[client].append((clock, clock + length))
    return any(
        max(clock, start) < min(clock + length, end)
        for client, clock, length in one
        for start, end in by_client.get(client, ())
    )
