"""Where outputs come from, read from a store."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from jupyter_collaboration.history.store import CellStore
from jupyter_collaboration.rooms.provenance import Origin, Provenance

ORIGIN = Origin("ada", "Ada", 1.0, "hash", 3, "kernel")


class Stored(CellStore):
    """A store that keeps what was removed."""

    def __init__(self) -> None:
        self.removed: list[str] = []

    async def all(self) -> dict[str, str]:
        return {}

    def put(self, cell_id: str, data: str) -> None:
        raise AssertionError("nothing was recorded")

    def remove(self, cell_id: str) -> None:
        self.removed.append(cell_id)


@pytest.mark.parametrize("damaged", ["", "{", "[]", "null", "{}", '{"more": 1}'])
def test_a_damaged_origin_does_not_keep_a_notebook_closed(damaged: str) -> None:  # [R15]
    store = Stored()
    provenance = Provenance(store, lambda kernel: True)
    provenance.load({"bad": damaged, "good": json.dumps(asdict(ORIGIN))}, lambda cell: True)
    assert list(provenance.message()["origins"]) == ["good"]
    assert store.removed == ["bad"]


def test_an_origin_goes_with_its_cell() -> None:  # [R15]
    store = Stored()
    provenance = Provenance(store, lambda kernel: True)
    provenance.load({"gone": json.dumps(asdict(ORIGIN))}, lambda cell: False)
    assert len(provenance) == 0
    assert store.removed == ["gone"]
