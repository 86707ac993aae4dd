"""An index of a live notebook's cells by id.

It follows the changes of the list of cells, so that finding a cell does not require reading
thousands of them. Ids are read soon after a change, since a document must not be read while it
calls its observers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from anyio.lowlevel import checkpoint
from pycrdt import Array, ArrayEvent, Assoc, Map

from ..protocol.messages import read_varuint
from ..protocol.ranges import Ranges
from ..protocol.update_reader import Id, Part

SLICE = 25
"""Number of cells that are read before the event loop gets control again."""

MAX_TRIED = 64
"""Number of parts of a document up to which each one is looked up."""


class CellIndex:
    """The ids of all cells, in order.

    Args:
        cells: the notebook's list of cells.
    """

    def __init__(self, cells: Array[Any]) -> None:
        self._cells = cells
        self._ids: list[str | None] | None = None
        self._fresh = 0
        self._unchecked: list[str] = []
        self._counts: Counter[str] = Counter()
        self._places: dict[str, int] | None = None
        self._items: list[Id | None] = []
        self._by_item: dict[Id, str] = {}

    def follow(self, event: ArrayEvent) -> bool:
        """Update the index after a change of the list; return whether cells were inserted."""
        if self._ids is None:
            return True
        at, has_inserted = 0, False
        delta: list[dict[str, Any]] = event.delta  # type: ignore[attr-defined]
        self._places = None
        for change in delta:
            if "retain" in change:
                at += change["retain"]
            elif "delete" in change:
                gone = self._ids[at : at + change["delete"]]
                self._counts.subtract(name for name in gone if name is not None)
                self._fresh -= gone.count(None)
                for item in self._items[at : at + change["delete"]]:
                    if item is not None:
                        self._by_item.pop(item, None)
                del self._ids[at : at + change["delete"]]
                del self._items[at : at + change["delete"]]
            else:
                size = len(change["insert"])
                self._ids[at:at] = [None] * size
                self._items[at:at] = [None] * size
                self._fresh += size
                at += size
                has_inserted = True
        return has_inserted

    def twins(self) -> list[int]:
        """Return the indices of recently inserted cells whose id another cell has already."""
        self._read()
        fresh, self._unchecked = self._unchecked, []
        ids = self._ids or []
        if not any(self._counts[name] > 1 for name in fresh):
            return []
        doubled = {name for name in fresh if self._counts[name] > 1}
        seen: set[str] = set()
        found: list[int] = []
        for at, name in enumerate(ids):
            if name in doubled:
                if name in seen:
                    found.append(at)
                seen.add(name or "")
        return found

    def place(self, name: str) -> int | None:
        """Return the index of the cell with an id; None if there is none."""
        self._read()
        if self._places is None:
            ids = self._ids or []
            self._places = {each: at for at, each in reversed(list(enumerate(ids))) if each}
        return self._places.get(name)

    def places(self, name: str) -> list[int]:
        """Return the indices of all cells with an id."""
        self._read()
        return [at for at, each in enumerate(self._ids or ()) if each == name]

    def name(self, place: int) -> str | None:
        """Return the id of the cell at an index; None if there is no such cell, or it has none."""
        self._read()
        ids = self._ids or []
        return ids[place] or None if 0 <= place < len(ids) else None

    def cell(self, name: str) -> Map[Any] | None:
        """Return the cell with an id; None if there is none."""
        at = self.place(name)
        if at is None:
            return None
        cell = self._cells[at]
        if isinstance(cell, Map) and cell.get("id") == name:
            return cell
        self._ids = None  # the id of a cell was changed
        at = self.place(name)
        found = None if at is None else self._cells[at]
        return found if isinstance(found, Map) else None

    def item(self, name: str) -> Id | None:
        """Return the Yjs id of the cell with an id, which differs for a copy of the cell."""
        place = self.place(name)
        return None if place is None else self._items[place]

    def item_at(self, place: int) -> Id | None:
        """Return the Yjs id of the cell at an index; None if there is no such cell."""
        self._read()
        return self._items[place] if 0 <= place < len(self._items) else None

    def deleted_by(self, parts: Sequence[Part]) -> list[str]:
        """Return the ids of the cells in deleted parts, given as (client, clock, length)."""
        self._read()
        if sum(length for _, _, length in parts) <= MAX_TRIED:
            ids = ((client, clock + at) for client, clock, length in parts for at in range(length))
            return [name for each in ids if (name := self._by_item.get(each))]
        deleted = Ranges(sorted(parts))
        return [name for each, name in self._by_item.items() if name and each in deleted]

    async def read_slowly(self) -> None:
        """Read all ids in small slices, so that large notebooks do not block the event loop."""
        while self._read(SLICE):
            await checkpoint()

    def renamed(self) -> None:
        """Reset the index after ids of cells were changed."""
        self._ids = None

    def _read(self, limit: int | None = None) -> bool:
        """Read a limited number of unknown ids; return whether there are more."""
        if self._ids is None or len(self._ids) != len(self._cells):
            self._ids = [None] * len(self._cells)
            self._items = [None] * len(self._cells)
            self._by_item = {}
            self._counts = Counter()
            self._fresh = len(self._ids)
        fresh: list[str] = []
        at = -1
        while self._fresh > 0 and (limit is None or len(fresh) < limit):
            at = self._ids.index(None, at + 1)
            self._fresh -= 1
            cell = self._cells[at]
            name = cell.get("id") if isinstance(cell, Map) else None
            name = name if isinstance(name, str) else ""
            self._ids[at] = name
            item = _item(self._cells, at)
            self._items[at] = item
            self._by_item[item] = name
            fresh.append(name)
        names = [name for name in fresh if name]
        self._counts.update(names)
        self._unchecked += names
        if fresh:
            self._places = None
        return self._fresh > 0


def _item(cells: Array[Any], at: int) -> Id:
    """Return the Yjs id of a cell. A relative position begins with kind, client and clock."""
    data = cells.sticky_index(at, Assoc.AFTER).encode()
    client, place = read_varuint(data, 1)
    return client, read_varuint(data, place)[0]
