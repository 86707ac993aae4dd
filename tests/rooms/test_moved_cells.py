"""What the server remembers of deleted cells: its cost, and what it makes of damaged rows."""

from __future__ import annotations

import logging
import random
from typing import Any

import pytest
from jupyter_ydoc.ynotebook import YNotebook
from pycrdt import Doc

from jupyter_collaboration.documents.cell_index import CellIndex
from jupyter_collaboration.history.store import CellStore
from jupyter_collaboration.protocol.messages import write_varuint
from jupyter_collaboration.protocol.ranges import Ranges
from jupyter_collaboration.protocol.update_reader import read_update
from jupyter_collaboration.rooms.deleted_cell import DeletedCell, Run
from jupyter_collaboration.rooms.moved_cells import MAX_RUNS, MovedCells

SERVER = 5


class Rows(CellStore):
    """Rows in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {}

    async def all(self) -> dict[str, str]:
        return dict(self.rows)

    def put(self, cell_id: str, data: str) -> None:
        self.rows[cell_id] = data

    def remove(self, cell_id: str) -> None:
        self.rows.pop(cell_id, None)


class World:
    """A notebook with one cell, and the memory of its deleted cells."""

    def __init__(self, source: str = "abc") -> None:
        self.notebook = YNotebook(Doc(client_id=SERVER))
        cell = {"cell_type": "code", "id": "one", "metadata": {}, "source": source}
        cells = [{**cell, "outputs": [], "execution_count": None}]
        self.notebook.set({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
        self.store = Rows()
        self.index = CellIndex(self.notebook.ycells)
        self.memory = MovedCells(self.index, self.store, logging.getLogger())

    def arrive(self, update: bytes) -> dict[str, tuple[str, str]]:
        return self.memory.arrived(read_update(update), update)


def inserted(client: int, clock: int, text: str, origin: tuple[int, int]) -> bytes:
    data = b"".join(map(write_varuint, (1, 1, client, clock)))
    data += b"\x84" + b"".join(map(write_varuint, (*origin, len(text)))) + text.encode()
    return data + b"\x00"


WHEN = 4e9
"""After now: the same in each process that runs tests, and recent."""
GOOD = DeletedCell([(SERVER, 900)], WHEN, "abc", [Run(SERVER, 901, 3, 0)]).to_json()


@pytest.mark.parametrize(
    "row",
    [
        "5",
        "{}",
        "[" * 100_000,
        f'[[[]], {WHEN}, "a", []]',
        f'[[{{}}], {WHEN}, "a", []]',
        f'[[["x", 1]], {WHEN}, "a", []]',
        '[[[5, 1]], "today", "a", []]',
        '[[[5, 1]], null, "a", []]',
        f"[[[5, 1]], {WHEN}, 5, []]",
        f'[[[5, 1]], {WHEN}, "a", [["x", 1, 1, 0]]]',
        f'[[[5, 1]], {WHEN}, "a", [[5, 1, 20, 0]]]',
        f'[[[5, 1]], {WHEN}, "a", [], 7]',
        f'[[[5, 1]], {WHEN}, "a", [], null, [[5, 1, 1, "x"]]]',
        f'[[[5, 1]], {WHEN}, "a", [[5, 2, 1, 0]], null, [], [{{}}, 0, null, "disk"]]',
        f'[[[5, 1]], {WHEN}, "a", [[5, 2, 1, 0]], null, [], ["x", 0, null, "disk"]]',
    ],
)
def test_a_damaged_row_is_left_out(row: str, caplog: pytest.LogCaptureFixture) -> None:  # [H6]
    world = World()
    world.memory.load({"damaged": row, "good": GOOD})
    assert world.memory.names == ["good"]
    assert "What is stored of the deleted cell damaged" in caplog.text
    world.arrive(inserted(9, 0, "x", (SERVER, 903)))
    assert DeletedCell.from_json(world.store.rows["good"]).text == "abcx"


def test_a_deletion_of_a_large_range_of_ids_costs_what_it_erases() -> None:  # [M4]
    far = 2**31
    deleted = DeletedCell([], WHEN, "xy", [Run(9, 1, 1, 0), Run(9, far, 1, 1)])
    deleted.delete(Ranges([(9, 0, 2**32)]))
    assert (deleted.text, deleted.runs) == ("", [])
    assert deleted.place_of((9, far), None) == 0


@pytest.mark.parametrize("seed", range(200))
def test_what_is_erased_at_once_is_erased_as_one_by_one(seed: int) -> None:  # [P9]
    rng = random.Random(seed)
    at_once, one_by_one = (DeletedCell([], WHEN, "", []) for _ in range(2))
    ids: list[tuple[int, int]] = []
    for _ in range(12):
        if ids and rng.random() < 0.5:
            parts = [(*rng.choice(ids), rng.randint(1, 5)) for _ in range(rng.randint(1, 4))]
            at_once.delete(Ranges(parts))
            for client, clock, length in parts:
                for at in range(length):
                    one_by_one.delete(Ranges([(client, clock + at, 1)]))
        else:
            piece = rng.choice(["a", "bcd", "eüf", "ghijkl"])
            client = rng.randint(1, 3)
            clock = max((end for each, end in ids if each == client), default=-1) + 1
            place = rng.randint(0, len(at_once.text))
            for each in (at_once, one_by_one):
                each.insert(place, (client, clock), piece)
            ids += [(client, clock + at) for at in range(len(piece))]
        assert at_once.runs == sorted(at_once.runs)
        for each in ids:
            assert at_once.place_after(each) == one_by_one.place_after(each)
            assert at_once.place_of(each, None) == one_by_one.place_of(each, None)
    assert _by_id(at_once) == _by_id(one_by_one)


def _by_id(deleted: DeletedCell) -> set[tuple[int, int, int]]:
    return {
        (run.client, run.clock + at, run.place + at)
        for run in deleted.runs
        for at in range(run.length)
    }


def test_what_is_typed_into_a_deleted_cell_letter_by_letter_is_one_piece() -> None:  # [P9]
    deleted = DeletedCell([], WHEN, "ab", [Run(1, 0, 2, 0)])
    for at in range(1000):
        deleted.insert(1 + at, (9, at), "x")
    assert len(deleted.runs) == 3


@pytest.mark.parametrize("early", [(3, 5), (0, 2), (1, 3), (2, 3)])
@pytest.mark.parametrize("text", ["abcde", "a\U00020001cde"[:5]])
def test_what_arrived_early_is_not_typed_into_a_deleted_cell_again(
    early: tuple[int, int], text: str
) -> None:  # [P9]
    sizes = [len(each.encode("utf-16-le")) // 2 for each in text]
    clocks = [sum(sizes[:at]) for at in range(len(text) + 1)]
    first, last = early
    origin, right = (1, 0), (1, 1)
    deleted = DeletedCell([], WHEN, "<>", [Run(1, 0, 2, 0)])
    left = (9, clocks[first] - 1) if first else origin
    deleted.take((9, clocks[first]), text[first:last], left, right)
    assert deleted.text == f"<{text[first:last]}>"
    deleted.delete(Ranges([(9, clocks[first], 1)] if sizes[first] == 1 else []))
    left_over = text[:first] + text[first + (sizes[first] == 1) :]
    for _ in range(2):
        deleted.take((9, 0), text, origin, right)
        assert deleted.text == f"<{left_over}>"
    assert deleted.place_after((9, clocks[-1] - 1)) == 1 + len(left_over.encode("utf-16-le")) // 2


@pytest.mark.parametrize("source", ["", "abc"])
@pytest.mark.parametrize("is_new", [True, False])
def test_a_cell_made_after_an_empty_deleted_one_is_not_taken_for_it(
    source: str, is_new: bool
) -> None:  # [P9]
    world = World()
    user = YNotebook(Doc(client_id=9))
    user.ydoc.apply_update(world.notebook.ydoc.get_update())

    def insert(name: str, source: str) -> bytes:
        before = user.ydoc.get_state()
        cell = {"cell_type": "code", "id": name, "metadata": {}, "source": source}
        user.ycells.append(user.create_ycell({**cell, "outputs": [], "execution_count": None}))
        return user.ydoc.get_update(before)

    world.notebook.ydoc.apply_update(insert("empty", ""))
    world.memory.will_delete(["empty"])
    del world.notebook.ycells[1]
    update = insert("next", source)
    if not is_new:
        world.arrive(update)
        world.notebook.ydoc.apply_update(update)
        before = user.ydoc.get_state()
        text: Any = user.ycells[2]["source"]
        text += "def"
        update = user.ydoc.get_update(before)
    assert world.arrive(update) == {}
    assert DeletedCell.from_json(world.store.rows["empty"]).text == ""


def test_a_deleted_cell_in_too_many_pieces_is_followed_no_longer() -> None:  # [L5]
    world = World()
    source = "x" * 2 * MAX_RUNS + "yz"
    run = Run(SERVER, 901, len(source), 0)
    world.memory.load({"gone": DeletedCell([(SERVER, 900)], WHEN, source, [run]).to_json()})
    parts = [(SERVER, 901 + 2 * at, 1) for at in range(MAX_RUNS + 1)]
    data = b"".join(map(write_varuint, (0, 1, SERVER, len(parts))))
    world.arrive(data + b"".join(write_varuint(n) for part in parts for n in part[1:]))
    found = DeletedCell.from_json(world.store.rows["gone"])
    assert len(found.text) == len(source) - len(parts) and not found.runs


def test_a_cell_that_is_remembered_no_longer_is_not_stored_any_more() -> None:  # [L5]
    world = World("one two")
    text: Any = world.notebook.ycells[0]["source"]
    world.memory.will_delete(["one"])
    assert "one" in world.store.rows
    for at in range(MAX_RUNS + 1):
        text.insert(0, f"{at} ")
    world.memory.will_delete(["one"])
    assert world.memory.names == list(world.store.rows) == []
