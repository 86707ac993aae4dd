"""Sets of ids in Yjs updates, as ranges of each client's clock."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

from .update_reader import Id, Part


class Ranges:
    """A set of ids. Looking one up takes time in proportion to the logarithm of their number."""

    def __init__(self, parts: Iterable[Part] = ()) -> None:
        self._starts: dict[int, list[int]] = {}
        self._ends: dict[int, list[int]] = {}
        for part in parts:
            self.add(part)

    def add(self, part: Part) -> None:
        """Add a client, a clock, and a length."""
        client, start, length = part
        end = start + length
        starts, ends = self._starts.setdefault(client, []), self._ends.setdefault(client, [])
        first = bisect_right(starts, start)
        if first and ends[first - 1] >= start:
            first -= 1
            start = starts[first]
        last = bisect_right(starts, end)
        if last > first:
            end = max(end, ends[last - 1])
        starts[first:last], ends[first:last] = [start], [end]

    def covers(self, part: Part) -> bool:
        """Return whether all ids of a range are in the set."""
        client, start, length = part
        at = bisect_right(self._starts.get(client, ()), start)
        return at > 0 and self._ends[client][at - 1] >= start + length

    def within(self, part: Part) -> Iterator[tuple[int, int]]:
        """Return the starts and ends of what is both in a range and in the set, in rising order."""
        client, start, length = part
        starts, ends = self._starts.get(client, ()), self._ends.get(client, ())
        for at in range(bisect_right(ends, start), bisect_left(starts, start + length)):
            yield max(start, starts[at]), min(start + length, ends[at])

    def __contains__(self, each: Id) -> bool:
        return self.covers((*each, 1))
