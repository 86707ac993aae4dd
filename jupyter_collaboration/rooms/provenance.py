"""Where the outputs of a notebook come from: who ran which text, when, and on which kernel.

Responsible for the list, which is stored with the document's history: files stay as they are
without it. What the server broadcasts belongs to the room.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from typing import Any

from ..history.store import CellStore


@dataclass(frozen=True)
class Origin:
    """Where the outputs of one cell come from.

    Attributes:
        username, name: who ran the cell.
        time: when it began to run.
        source: the hash of the text that ran.
        count: the number of the execution; None if the kernel did not say it.
        kernel: the kernel, from one start to the next.
    """

    username: str
    name: str
    time: float
    source: str
    count: int | None
    kernel: str


class Provenance:
    """The origins of one notebook's outputs.

    Args:
        store: where they are kept.
        is_current: returns whether a kernel still has what the cells defined.
    """

    def __init__(self, store: CellStore, is_current: Callable[[str], bool]) -> None:
        self._store = store
        self._is_current = is_current
        self._origins: dict[str, Origin] = {}

    def __len__(self) -> int:
        return len(self._origins)

    def load(self, stored: dict[str, str], exists: Callable[[str], bool]) -> None:
        """Add the stored origins, and forget those of cells that do not exist any more."""
        for cell, data in stored.items():
            origin = _read(data)
            if origin is not None and exists(cell):
                self._origins[cell] = origin
            else:
                self._store.remove(cell)

    def record(self, cell: str, origin: Origin) -> None:
        """Record where the outputs of a cell come from."""
        self._origins[cell] = origin
        self._store.put(cell, json.dumps(asdict(origin)))

    def message(self, cells: Collection[str] | None = None) -> dict[str, Any]:
        """Return the message with the origins of some cells, by default of all."""
        wanted = self._origins if cells is None else cells
        return {
            "type": "provenance",
            "origins": {cell: self._shown(self._origins[cell]) for cell in wanted},
        }

    def _shown(self, origin: Origin) -> dict[str, Any]:
        return {
            "user": {"username": origin.username, "name": origin.name},
            "time": origin.time,
            "source": origin.source,
            "count": origin.count,
            "isOld": not self._is_current(origin.kernel),
        }


def _read(data: str) -> Origin | None:
    """Read a stored origin; None for one of another version, or a damaged one."""
    try:
        return Origin(**json.loads(data))
    except (TypeError, ValueError):
        return None
