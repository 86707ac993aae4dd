"""The memory of a deleted cell: which Yjs ids its characters have. [P9]"""

from __future__ import annotations

import random

import pytest
from pycrdt import Doc, Text

from jupyter_collaboration.rooms.deleted_cell import runs_of

PIECES = ["a", "bc", "1e-3 *", "é", "不", "𠀍", "不𠀍㐍", "x𠀍", "\n"]
FIRST = "." * 1000
"""The beginning of the other text, so that no index is in both of them."""


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


class Writers:
    """Replicas that type into two texts in turn, and the ids of all characters."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._docs: list[Doc[object]] = [Doc(client_id=number) for number in (1, 2)]
        self._clocks = [0, 0]
        self.ids: dict[str, list[tuple[str, int, int]]] = {"one": [], "other": []}
        self._docs[0].get("other", type=Text).insert(0, FIRST)
        self._docs[1].apply_update(self._docs[0].get_update())
        self._clocks[0] += len(FIRST)

    def text(self, name: str) -> Text:
        return self._docs[0].get(name, type=Text)

    def step(self) -> None:
        writer = self._random.randrange(2)
        doc, other = self._docs[writer], self._docs[1 - writer]
        name = self._random.choice(["one", "one", "other"])
        text, ids = doc.get(name, type=Text), self.ids[name]
        at = self._random.randint(0, len(ids))
        start = len("".join(each[0] for each in ids[:at]).encode())
        start += len(FIRST) if name == "other" else 0
        if self._random.random() < 0.35:
            gone = ids[at : at + self._random.randint(1, 4)]
            del text[start : start + len("".join(each[0] for each in gone).encode())]
            del ids[at : at + len(gone)]
        else:
            piece = self._random.choice(PIECES)
            text.insert(start, piece)
            for character in piece:
                ids.insert(at, (character, writer + 1, self._clocks[writer]))
                self._clocks[writer] += units(character)
                at += 1
        other.apply_update(doc.get_update(other.get_state()))


@pytest.mark.parametrize("seed", range(40))
def test_each_character_of_a_text_has_its_id(seed: int) -> None:
    writers = Writers(seed)
    for _ in range(60):
        writers.step()
        text = writers.text("one")
        source = str(text)
        wanted, place = [], 0
        for character, client, clock in writers.ids["one"]:
            wanted += [(client, clock + at, place + at) for at in range(units(character))]
            place += units(character)
        found = [
            (run.client, run.clock + at, run.place + at)
            for run in runs_of(text, source)
            for at in range(run.length)
        ]
        assert found == wanted


def test_deleted_characters_are_not_taken_for_the_bytes_of_a_text() -> None:
    # In bytes, the first insertion ends at the clock at which the last one begins.
    doc: Doc[object] = Doc(client_id=1)
    text = doc.get("source", type=Text)
    text.insert(0, "不𠀍㐍")
    text.insert(10, "1e-3 *")
    del text[10:16]
    text.insert(10, " 0x1F")
    assert [run[:3] for run in runs_of(text, str(text))] == [(1, 0, 4), (1, 10, 5)]
