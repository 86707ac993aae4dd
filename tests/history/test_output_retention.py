"""Old outputs leave a history before typed text does. [H5]"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text, get_state

from jupyter_collaboration.documents.codec import replay
from jupyter_collaboration.history import retention
from jupyter_collaboration.history.model import Kind, Retention
from jupyter_collaboration.history.retention import RECENT, Row, compacted
from jupyter_collaboration.history.sqlite.backend import SQLiteBackend
from jupyter_collaboration.protocol.messages import read_state_vector
from jupyter_collaboration.protocol.outputs import Outputs
from jupyter_collaboration.protocol.ranges import Ranges

Run = Callable[[Awaitable[Any]], Any]

SIZE = 2_000
"""Characters of an output."""


def cells_of(updates: list[bytes]) -> list[dict[str, Any]]:
    doc: Doc[Any] = Doc()
    cells = doc.get("cells", type=Array)
    for update in updates:
        doc.apply_update(update)
    return [cell.to_py() for cell in cells]


def clocks_of(updates: list[bytes]) -> dict[int, int]:
    return read_state_vector(get_state(replay(updates)))


def stream(text: str) -> Map[Any]:
    return Map({"output_type": "stream", "name": "stdout", "text": Array([text])})


def image(text: str) -> dict[str, Any]:
    return {"output_type": "display_data", "data": {"image/png": text}, "metadata": {}}


@dataclass
class Notebook:
    """A notebook of two code cells in which people type while its cells run.

    Attributes:
        rows: its history; the entries are a second apart.
        texts: what the sources of both cells were after each entry.
        outputs: the outputs of both cells after each entry.
    """

    seed: int = 0
    rows: list[Row] = field(default_factory=list)
    texts: list[list[str]] = field(default_factory=list)
    outputs: list[list[Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.doc: Doc[Any] = Doc()
        self.cells = self.doc.get("cells", type=Array)
        self.written: list[bytes] = []
        self._subscription = self.doc.observe(lambda event: self.written.append(event.update))
        with self.doc.transaction():
            for name in "ab":
                cell = {"cell_type": "code", "id": name, "metadata": Map(), "source": Text("1")}
                self.cells.append(Map({**cell, "outputs": Array(), "execution_count": None}))
        self.note()

    def note(self) -> None:
        for update in self.written:
            seq = len(self.rows) + 1
            self.rows.append(Row(seq, "ada", "edit", float(seq), update))
            self.texts.append([str(cell["source"]) for cell in self.cells])
            self.outputs.append([cell["outputs"].to_py() for cell in self.cells])
        self.written.clear()

    def type(self, text: str = "") -> None:
        source = self.rng.choice(list(self.cells))["source"]
        if len(source) > 20 and self.rng.random() < 0.3:
            del source[2:10]
            self.note()
        source.insert(self.rng.randint(0, len(source)), text or self.letters(5))
        self.note()

    def letters(self, count: int) -> str:
        return "".join(self.rng.choices("abcdefgh", k=count))

    def run(self, how: str = "") -> None:
        """Clear outputs and write new ones, replace the last one, append to a stream, or clear."""
        how = how or self.rng.choice(["new", "last", "append", "clear", "array"])
        cell = self.rng.choice(list(self.cells))
        outputs = cell["outputs"]
        with self.doc.transaction():
            if how == "array":
                cell["outputs"] = Array([stream(self.letters(SIZE)), image(self.letters(9))])
            elif how == "clear":
                outputs.clear()
            elif how == "append" and len(outputs) and isinstance(outputs[0], Map):
                outputs[0]["text"].append(self.letters(SIZE))
            elif how == "last" and len(outputs):
                del outputs[len(outputs) - 1]
                outputs.append(image(self.letters(SIZE)))
            else:
                outputs.clear()
                outputs.append(stream(self.letters(SIZE)))
                outputs.append(image(self.letters(SIZE)))
        self.note()

    def rest(self) -> None:
        """Type once more after a while, so that what came before is old."""
        self.type()
        last = self.rows.pop()
        self.rows.append(Row(last.seq, last.author, last.kind, last.time + RECENT, last.data))

    @property
    def size(self) -> int:
        return sum(row.size for row in self.rows)


def played(seed: int, steps: int = 60) -> Notebook:
    notebook = Notebook(seed)
    for _ in range(steps):
        if notebook.rng.random() < 0.5:
            notebook.type()
        else:
            notebook.run()
    notebook.rest()
    return notebook


@pytest.mark.parametrize("seed", range(20))
def test_outputs_that_were_replaced_are_dropped_and_every_typed_text_stays(seed: int) -> None:
    # [H5]
    notebook = played(seed)
    named = frozenset(notebook.rng.sample(range(1, len(notebook.rows)), 2))
    shorter = compacted(notebook.rows, len(notebook.rows), 0.0, notebook.size - 1, named)
    assert shorter is not None
    data = [row.data for row in shorter]
    assert [row.seq for row in shorter] == [row.seq for row in notebook.rows]
    for seq in range(1, len(data) + 1):
        cells = cells_of(data[:seq])
        assert [cell["source"] for cell in cells] == notebook.texts[seq - 1]
        if seq in named or seq == len(data):
            assert [cell["outputs"] for cell in cells] == notebook.outputs[seq - 1]
    assert clocks_of(data) == clocks_of([row.data for row in notebook.rows])


def test_the_oldest_outputs_go_first_and_no_more_than_needed() -> None:  # [H5]
    notebook = Notebook()
    for _ in range(40):
        notebook.type()
        notebook.run("new")
    notebook.rest()
    shorter = compacted(notebook.rows, len(notebook.rows), 0.0, notebook.size - 1)
    assert shorter is not None and len(shorter) == len(notebook.rows)
    shrunk = [new.size < old.size for new, old in zip(shorter, notebook.rows, strict=True)]
    last = max(seq for seq, each in enumerate(shrunk) if each)
    assert not any(shrunk[last + 1 :]) and last < 0.7 * len(shrunk)
    size = sum(row.size for row in shorter)
    assert 0.45 * notebook.size < size < 0.55 * notebook.size


@pytest.mark.parametrize("why", ["recent", "unsaved", "within the bound", "no outputs"])
def test_outputs_that_may_be_needed_stay(why: str) -> None:  # [H5]
    notebook = Notebook()
    for _ in range(10):
        notebook.type()
        if why != "no outputs":
            notebook.run("new")
    if why != "recent":
        notebook.rest()
    saved = 1 if why == "unsaved" else len(notebook.rows)
    limit = notebook.size if why == "within the bound" else notebook.size - 1
    shorter = compacted(notebook.rows, saved, 0.0, limit)
    for new in shorter or ():
        old = notebook.rows[new.seq - 1]
        assert new.data == old.data or new.kind == "squashed"


def test_text_goes_only_where_outputs_were_not_enough() -> None:  # [H5]
    notebook = Notebook()
    for _ in range(10):
        notebook.type("typed " * 400)
        notebook.run("new")
    notebook.rest()
    shorter = compacted(notebook.rows, len(notebook.rows), 0.0, notebook.size // 4)
    assert shorter is not None and shorter[0].kind == "squashed"
    assert cells_of([row.data for row in shorter])[0]["source"] == notebook.texts[-1][0]


def test_a_store_keeps_every_typed_text_of_a_notebook_with_many_outputs(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:  # [H5]
    monkeypatch.setattr(retention, "RECENT", 0.0)
    notebook = Notebook()
    for _ in range(60):
        notebook.type()
        notebook.run("new")
    notebook.rest()

    async def test() -> None:
        kept = Retention(document_bytes=notebook.size // 2)
        backend = SQLiteBackend(str(tmp_path / "store.db"), commit_delay=0, retention=kept)
        await backend.open()
        history = backend.history("json:notebook:1")
        await history.load()
        for row in notebook.rows:
            history.append(row.data, "ada", Kind.EDIT)
            history.mark_cut()
        history.mark_saved(history.mark_cut(), "hash")
        await history.commit()
        await backend.compact("json:notebook:1")
        entries = await history.entries()
        assert [entry.seq for entry in entries] == [row.seq for row in notebook.rows]
        assert sum(len(entry.update) for entry in entries) <= notebook.size // 2
        for row in notebook.rows:
            updates = await history.updates_at(row.seq)
            assert updates is not None
            texts = [cell["source"] for cell in cells_of(updates)]
            assert texts == notebook.texts[row.seq - 1]
        await backend.close()

    run(test())


def test_what_only_has_the_name_of_outputs_stays() -> None:
    """A dictionary with this key in a value is one value for Yjs, and never a part of it."""
    doc: Doc[Any] = Doc()
    doc.get("meta", type=Map)["metadata"] = Map({"outputs": [1, 2], "other": Map({"a": "b" * 99})})
    update = doc.get_update()
    outputs = Outputs()
    assert outputs.read(update)[0]
    assert outputs.without(update, Ranges()) == update


@pytest.mark.parametrize("seed", range(20))
def test_ranges_are_sets(seed: int) -> None:
    rng = random.Random(seed)
    ranges, ids = Ranges(), set[tuple[int, int]]()
    for _ in range(60):
        part = (rng.randrange(2), rng.randrange(60), rng.randint(1, 6))
        ranges.add(part)
        ids.update((part[0], part[1] + step) for step in range(part[2]))
        client, clock, length = rng.randrange(3), rng.randrange(70), rng.randint(1, 5)
        wanted = all((client, clock + step) in ids for step in range(length))
        assert ranges.covers((client, clock, length)) == wanted
        assert ((client, clock) in ranges) == ((client, clock) in ids)
