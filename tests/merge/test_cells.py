"""Which cells of versions are the same, in notebooks of any size."""

from __future__ import annotations

import random
from typing import Any

import pytest
from pycrdt import Array, Doc, Map

from jupyter_collaboration.documents.cell_index import CellIndex
from jupyter_collaboration.merge import cells as matching
from jupyter_collaboration.merge.cells import aligned


def cell(source: str) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": []}


def with_a_word_changed(rng: random.Random, cells: list[dict[str, Any]]) -> list[dict[str, Any]]:
    changed = []
    for each in cells:
        words = each["source"].split(" ")
        words[rng.randrange(len(words))] = f"changed{rng.randrange(10**6)}"
        changed.append(cell(" ".join(words)))
    return changed


def test_many_cells_without_ids_are_matched_by_few_comparisons(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # [F5]
    rng = random.Random(1)
    words = [f"word{number}" for number in range(300)]
    base = [
        cell(f"name{number} = {number}\n" + " ".join(rng.choices(words, k=40)))
        for number in range(300)
    ]
    compared = 0
    likeness = matching._Texts.likeness

    def counting(self: Any, one: tuple[int, int], other: tuple[int, int]) -> float:
        nonlocal compared
        compared += 1
        return likeness(self, one, other)

    monkeypatch.setattr(matching._Texts, "likeness", counting)
    ours, theirs = with_a_word_changed(rng, base), with_a_word_changed(rng, base)
    groups = aligned([base, ours, theirs], ids_count=False)
    assert groups[0] == [{0: at, 1: at, 2: at} for at in range(len(base))]
    assert compared < 30 * len(base)  # and not 3 * 300 for each


SMALL = ["# a\n", "x = 1\n"]
LONG = ["first = read('one')\n", "second = 2\n", "plot(first)\n", "third = [3]\n"]


@pytest.mark.parametrize("pieces", [SMALL, SMALL[::-1], ["  x\n", "y = 1"], LONG, ["a\n", "b\n"]])
def test_a_cell_without_an_id_that_was_split_or_joined_is_one_of_its_pieces(
    pieces: list[str],
) -> None:  # [F5] [F12]
    before, after = cell("before = 1\n"), cell("after = 2\n")
    whole = [before, cell("".join(pieces)), after]
    parts = [before, *map(cell, pieces), after]
    largest = max(range(len(pieces)), key=lambda at: (len(pieces[at]), -at)) + 1
    split = aligned([whole, whole, parts], ids_count=False)
    assert split[0][1] == {0: 1, 1: 1, 2: largest}
    joined = aligned([parts, parts, whole], ids_count=False)
    assert joined[2][1] == {0: largest, 1: largest, 2: 1}


def test_a_cell_is_no_piece_of_what_stands_in_its_place() -> None:  # [F5]
    before, after = cell("before = 1\n"), cell("after = 2\n")
    others = [cell("import pandas\n"), cell("for each in range(10):\n    print(each)\n")]
    groups = aligned([[before, cell("x"), after], [before, *others, after]], ids_count=False)
    assert groups[0][1] == {0: 1}


class Following:
    """A notebook's list of cells, and an index that follows it."""

    def __init__(self) -> None:
        self.doc: Doc[Any] = Doc()
        self.cells: Array[Any] = self.doc.get("cells", type=Array)
        self.index = CellIndex(self.cells)
        self._watch = self.cells.observe(lambda event: self.index.follow(event) and None)

    def insert(self, at: int, *names: str) -> None:
        with self.doc.transaction():
            for name in reversed(names):
                self.cells.insert(at, Map({"id": name}))


def test_a_cell_is_found_by_its_id_after_any_changes() -> None:
    rng = random.Random(7)
    book = Following()
    book.insert(0, "a", "b")
    names = ["a", "b"]
    assert book.index.place("b") == 1
    for step in range(200):
        at = rng.randrange(len(names) + 1)
        if rng.random() < 0.6 or not names:
            more = [f"{step}-{number}" for number in range(rng.randint(1, 3))]
            book.insert(at, *more)
            names[at:at] = more
        else:
            end = min(len(names), at + rng.randint(1, 2))
            if at < end:
                del book.cells[at:end]
                del names[at:end]
        if rng.random() < 0.5:
            assert [book.index.place(name) for name in names] == list(range(len(names)))
            assert book.index.place("nobody") is None
    assert book.index.twins() == []


def test_cells_that_came_with_an_id_that_another_one_has_are_found() -> None:
    book = Following()
    book.insert(0, "a", "b", "c")
    assert book.index.twins() == []
    book.insert(1, "c")
    assert book.index.place("a") == 0
    assert book.index.twins() == [3]
    assert book.index.twins() == []
    del book.cells[1]
    book.insert(3, "c")
    assert book.index.twins() == [3]


def test_an_edit_tells_which_cells_it_deletes() -> None:
    book = Following()
    book.insert(0, "a", "b", "c")
    client, clock = book.index.item("b") or (0, 0)
    assert book.index.deleted_by([(client, clock, 1)]) == ["b"]
    assert book.index.deleted_by([(client + 1, clock, 1)]) == []
    assert sorted(book.index.deleted_by([(client, 0, 100)])) == ["a", "b", "c"]
