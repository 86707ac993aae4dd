"""The index of a notebook's cells."""

from __future__ import annotations

import random
from typing import Any

import pytest
from pycrdt import Array, Doc, Map

from jupyter_collaboration.documents.cell_index import MAX_TRIED, CellIndex


@pytest.mark.parametrize("longest", [1, MAX_TRIED, 10 * MAX_TRIED])
@pytest.mark.parametrize("seed", range(10))
def test_deleted_cells_are_found_in_few_and_in_many_ranges(seed: int, longest: int) -> None:
    # [M4] [P9]
    rng = random.Random(seed)
    doc: Doc[Any] = Doc(client_id=1)
    cells = doc.get("cells", type=Array)
    for number in range(50):
        cells.append(Map({"id": f"c{number}"}))
    index = CellIndex(cells)
    items = {f"c{number}": index.item(f"c{number}") for number in range(50)}
    parts = [
        (rng.randint(1, 2), rng.randrange(120), rng.randint(1, longest))
        for _ in range(rng.randint(1, 20))
    ]
    wanted = {
        name
        for name, item in items.items()
        for client, clock, length in parts
        if item is not None and item[0] == client and clock <= item[1] < clock + length
    }
    assert set(index.deleted_by(parts)) == wanted
