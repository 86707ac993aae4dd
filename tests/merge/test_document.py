"""Changes on disk become small edits, and merge with what was typed meanwhile."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_ydoc.ynotebook import YNotebook
from pycrdt import Array, Assoc, Doc, Map, Text

from jupyter_collaboration.documents.cell_index import CellIndex
from jupyter_collaboration.documents.codec import content_of, loaded_update, make_document, rendered
from jupyter_collaboration.merge.cells import match_cells
from jupyter_collaboration.merge.diff import text_edits
from jupyter_collaboration.merge.document import (
    LateEdits,
    content_in_file,
    edit_notebook,
    edit_text,
    merge_into,
    stands,
)
from jupyter_collaboration.merge.rebase import Replicas, with_replica

LINES = st.text(alphabet="ab\n😀é", max_size=30)


def disk_edit(content_type: str, base: bytes, content: Any) -> bytes:
    """The edits of a change on disk while nobody typed."""
    theirs = content_in_file(content_type, content)
    return merge_into(content_type, base, base, theirs).update


@given(LINES, LINES)
def test_text_edits_lead_from_one_text_to_the_other(source: str, target: str) -> None:  # [F4]
    for start, end, new in reversed(text_edits(source, target)):
        source = source[:start] + new + source[end:]
    assert source == target


@given(LINES, LINES)
def test_a_disk_edit_of_a_text_leads_to_what_is_on_disk(old: str, new: str) -> None:  # [F4]
    base = loaded_update("file", old)
    doc: Doc[Any] = Doc()
    doc.apply_update(base)
    doc.apply_update(disk_edit("file", base, new))
    assert rendered("file", doc.get_update()) == new


def test_typing_that_is_not_saved_survives_a_change_on_disk() -> None:  # [F4]
    base = loaded_update("file", "one\ntwo\nthree\n")
    doc: Doc[Any] = Doc()
    doc.apply_update(base)
    text = doc.get("source", type=Text)
    text.insert(4, "typed ")
    doc.apply_update(disk_edit("file", base, "zero\none\ntwo\nTHREE\n"))
    assert str(text) == "zero\none\ntyped two\nTHREE\n"


def test_a_caret_stays_on_its_text() -> None:  # [F12]
    base = loaded_update("file", "one\ntwo\nthree\n")
    doc: Doc[Any] = Doc()
    doc.apply_update(base)
    text = doc.get("source", type=Text)
    caret = text.sticky_index(5, Assoc.AFTER)
    doc.apply_update(disk_edit("file", base, "a new line\none\ntwo\nthree!\n"))
    assert str(text)[caret.get_index() :].startswith("wo\n")


def code(source: str, cell_id: str | None = None, **more: Any) -> dict[str, Any]:
    cell = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": source,
        **more,
    }
    return {**cell, "id": cell_id} if cell_id else cell


def notebook(*cells: dict[str, Any], minor: int = 5, **metadata: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}


def merged(old: dict[str, Any], new: dict[str, Any]) -> tuple[Doc[Any], list[str]]:
    """The document after the change on disk, and the cells' ids before it."""
    base = loaded_update("notebook", old)
    doc: Doc[Any] = Doc()
    doc.apply_update(base)
    cells = doc.get("cells", type=Array)
    ids = [cell["id"] for cell in cells]
    doc.apply_update(disk_edit("notebook", base, new))
    return doc, ids


def test_cells_change_move_come_and_go_by_id() -> None:  # [F4]
    stream = {"output_type": "stream", "name": "stdout", "text": "hello\n"}
    old = notebook(code("a = 1", "a"), code("b = 2", "b"), code("c = 3", "c"))
    new = notebook(
        code("c = 3", "c"),
        code("new", "n"),
        code("a = 10", "a", execution_count=4, outputs=[stream], metadata={"tags": ["x"]}),
        kernelspec={"name": "python3", "display_name": "Python 3"},
    )
    doc, _ = merged(old, new)
    assert rendered("notebook", doc.get_update()) == new


def test_untouched_cells_without_ids_keep_their_identity() -> None:  # [F5]
    old = notebook(code("a"), code("b"), code("c"), minor=4)
    new = notebook(code("first"), code("a"), code("b, changed"), code("c"), minor=4)
    doc, ids = merged(old, new)
    now = [cell["id"] for cell in doc.get("cells", type=Array)]
    assert [now[1], now[3]] == [ids[0], ids[2]]
    assert rendered("notebook", doc.get_update()) == new


@pytest.mark.parametrize("minor", [4, 5])
def test_a_rewrite_with_the_same_content_sends_nothing(minor: int) -> None:  # [F6]
    cells = [code("a", "a"), code("b", "b")] if minor == 5 else [code("a"), code("b")]
    content = notebook(*cells, minor=minor, kernelspec={"name": "python3", "display_name": "P"})
    assert disk_edit("notebook", loaded_update("notebook", content), content) == b"\x00\x00"


def test_cells_added_while_the_disk_changes_stay() -> None:  # [F4]
    old = notebook(code("a", "a"), code("b", "b"))
    base = loaded_update("notebook", old)
    doc: Doc[Any] = Doc()
    document = make_document("notebook", doc)
    doc.apply_update(base)
    document.append_cell(code("mine", "m"))
    doc.apply_update(disk_edit("notebook", base, notebook(code("a!", "a"), code("b", "b"))))
    cells = rendered("notebook", doc.get_update())["cells"]
    assert [cell["source"] for cell in cells] == ["a!", "b", "mine"]


@pytest.mark.parametrize("seed", range(50))
def test_any_notebook_becomes_any_other(seed: int) -> None:  # [F4]
    rng = random.Random(seed)
    minor = rng.choice([4, 5])

    def some() -> dict[str, Any]:
        names = rng.sample("abcdefgh", rng.randint(1, 6))
        ids = names if minor == 5 else [None] * len(names)
        texts = [f"{name} {rng.choice('xy')}" for name in names]
        return notebook(*map(code, texts, ids), minor=minor)

    old, new = some(), some()
    doc, _ = merged(old, new)
    assert rendered("notebook", doc.get_update()) == new


def test_metadata_that_a_client_set_as_a_plain_value_is_merged() -> None:  # [F4]
    doc: Doc[Any] = Doc()
    doc.apply_update(loaded_update("notebook", notebook(code("a", "a"))))
    doc.get("cells", type=Array)[0]["metadata"] = {"tags": ["old"]}
    doc.get("meta", type=Map)["metadata"] = {"title": "old"}
    changed = notebook(code("a", "a", metadata={"tags": ["new"]}), title="new")
    base = doc.get_update()
    doc.apply_update(disk_edit("notebook", base, changed))
    assert rendered("notebook", doc.get_update())["cells"] == changed["cells"]
    assert doc.get("meta", type=Map)["metadata"]["title"] == "new"


def test_loading_a_content_twice_makes_one_history() -> None:  # [S5]
    content = notebook(code("a"), code("b"), minor=4)
    doc: Doc[Any] = Doc()
    doc.apply_update(loaded_update("notebook", content))
    before = doc.get_state()
    doc.apply_update(loaded_update("notebook", content))
    assert doc.get_state() == before
    assert len(doc.get("cells", type=Array)) == 2


def test_what_loading_adds_is_not_saved() -> None:  # [F7]
    content = notebook(code("a", "a"))
    update = loaded_update("notebook", content)
    doc: Doc[Any] = Doc()
    doc.apply_update(update)
    assert "kernelspec" in doc.get("meta", type=Map)["metadata"].to_py()
    assert rendered("notebook", update) == content


def test_cells_are_matched_by_id_wherever_they_are() -> None:  # [F5]
    old = [code("x", name) for name in "abcd"]
    new = [code("x", name) for name in "dabc"]
    assert match_cells(old, new) == [3, 0, 1, 2]


@pytest.mark.parametrize(
    ("meanwhile", "still_stands"),
    [("nothing", True), ("type into it", True), ("delete it", False)],
)
def test_a_merge_is_computed_again_if_a_cell_that_it_changes_is_gone(
    meanwhile: str, still_stands: bool
) -> None:  # [F12]
    base = loaded_update("notebook", notebook(code("x = 1", "a"), code("y = 2", "b")))
    doc: Doc[Any] = Doc()
    doc.apply_update(base)
    disk = notebook(code("x = 1", "a"), code("y = 2 + 1", "b"))
    merge = merge_into("notebook", base, base, disk)
    cells = doc.get("cells", type=Array)
    if meanwhile == "type into it":
        cells[1]["source"].insert(0, "# typed\n")
    elif meanwhile == "delete it":
        del cells[1]
    assert stands(merge, CellIndex(cells)) is still_stands


@pytest.mark.parametrize("content_type", ["file", "notebook"])
def test_what_is_typed_while_a_merge_is_computed_is_merged_by_tokens(content_type: str) -> None:
    # S3 [F12]
    def content(text: str) -> Any:
        return text if content_type == "file" else notebook_with(text)

    base = loaded_update(content_type, content("lr = 0.1"))
    doc: Doc[Any] = Doc()
    doc.apply_update(base)
    merge = merge_into(content_type, base, base, content("lr = 0.12"))
    source_in(doc, content_type).insert(len("lr = 0.1"), "5")
    cells = CellIndex(doc.get("cells", type=Array)) if content_type == "notebook" else None
    late = LateEdits(doc, cells, merge)
    doc.apply_update(merge.update)
    late.bring_in()
    assert str(source_in(doc, content_type)) == "lr = 0.15\nlr = 0.12"
    (conflict,) = late.conflicts
    assert (conflict.ours, conflict.theirs) == ("lr = 0.15", "lr = 0.12")


@pytest.mark.parametrize("was", ["", "before"])
@pytest.mark.parametrize("run", ["nothing", "run", "the same", "printed more"])
def test_a_merge_never_mixes_its_outputs_with_those_of_a_run_meanwhile(
    was: str, run: str
) -> None:  # S3 [S4] [F12]
    def printed(text: str, count: int) -> dict[str, Any]:
        outputs = [{"output_type": "stream", "name": "stdout", "text": text}] if text else []
        return {**code("x = 1", "a"), "outputs": outputs, "execution_count": count}

    base = loaded_update("notebook", notebook(printed(was, 1)))
    doc: Doc[Any] = Doc()
    doc.apply_update(base)
    merge = merge_into("notebook", base, base, notebook(printed("disk\n", 2)))
    cells = doc.get("cells", type=Array)
    if run == "printed more" and was:
        text = cells[0]["outputs"][0]["text"]
        text.insert(len(text), " and more")
    elif run != "nothing":
        del cells[0]["outputs"][0 : len(cells[0]["outputs"])]
        text = Text("disk\n" if run == "the same" else "run\n")
        cells[0]["outputs"].append(Map({**STREAM, "text": text}))
        cells[0]["execution_count"] = 7
    late = LateEdits(doc, CellIndex(cells), merge)
    doc.apply_update(merge.update)
    late.bring_in()
    (output,) = cells[0]["outputs"].to_py()
    wanted = {"nothing": "disk\n", "the same": "disk\n", "run": "run\n"}
    more = "before and more" if was else "run\n"
    assert output == {**STREAM, "text": wanted.get(run, more)}
    is_conflict = run in ("run", "printed more")
    assert [each.key for each in late.conflicts] == ["outputs"] * is_conflict
    assert cells[0]["execution_count"] in ({2} if run == "nothing" else {1, 7})


STREAM = {"output_type": "stream", "name": "stdout"}


@pytest.mark.parametrize("cell_type", ["", "raw"])
def test_what_is_typed_into_a_cell_that_a_merge_takes_away_stays(cell_type: str) -> None:  # S13
    base = loaded_update("notebook", notebook(code("x = 1", "a"), code("y = 2", "b")))
    doc: Doc[Any] = Doc()
    doc.apply_update(base)
    others = [{**code("y = 2", "b"), "cell_type": cell_type}] if cell_type else []
    merge = merge_into("notebook", base, base, notebook(code("x = 1", "a"), *others))
    cells = doc.get("cells", type=Array)
    cells[1]["source"].insert(5, " + 3")
    index = CellIndex(cells)
    watch = cells.observe(lambda event: index.follow(event) and None)
    late = LateEdits(doc, index, merge)
    doc.apply_update(merge.update)
    late.bring_in()
    cells.unobserve(watch)
    assert [str(cell["source"]) for cell in cells] == ["x = 1", "y = 2 + 3"]
    assert [conflict.kind for conflict in late.conflicts] == ([] if cell_type else ["deleted"])


def notebook_with(source: str) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": "1", "metadata": {}, "outputs": [], "source": source}
    cells = [{**cell, "execution_count": None}]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def source_in(doc: Doc[Any], content_type: str) -> Text:
    if content_type == "file":
        return doc.get("source", type=Text)
    source: Text = doc.get("cells", type=Array)[0]["source"]
    return source


@pytest.mark.parametrize("content_type", ["file", "notebook"])
@pytest.mark.parametrize("clients", [(1, 2), (2, 1)])
@pytest.mark.parametrize(
    ("base", "first", "second", "in_file"),
    [
        ("x = 1\n", "x first\n= 1\n", "x second= 1\n", "x second= 1\n"),
        (
            "name = 1\nprint(name)\n\nother = 2\n",
            "name)\nfirst\n\nother = 2\n",
            "name = 1\nprsecondint(name)\n\nother = 2\n",
            "name = 1\nprsecondint(name)\n\nother = 2\n",
        ),
        ("x = 1\n", "first x = 1\n", "x = 1 second\n", "x = 1\n"),
    ],
)
def test_what_the_file_has_from_a_replica_that_comes_second_stands_there_once(
    content_type: str,
    clients: tuple[int, int],
    base: str,
    first: str,
    second: str,
    in_file: str,
) -> None:  # [S4]
    states = []
    for client, text in zip(clients, (first, second), strict=True):
        replica: Doc[Any] = Doc(client_id=client)
        replica.apply_update(loaded_text(content_type, base))
        edit_text(source_in(replica, content_type), text)
        states.append(replica.get_update())
    result = with_replicas(content_type, in_file, base, [*states, states[0]])
    assert (result.count("first"), result.count("second")) == (1, 1)


@pytest.mark.parametrize("content_type", ["file", "notebook"])
@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 0), (1, 0, 1)])
@pytest.mark.parametrize(
    ("base", "saved"),
    [
        ("x = 1\nprint(a)\n", "x = 1\nshow(b)\n"),
        ("x = 1\nprint(name2)\n", "x = 1\nprXint(name\nY 1 *2)\n"),
        ("x = 1\nprint(a)\n", "x = 1\nshow(b)\nz\n"),
    ],
)
def test_what_one_replica_took_back_is_not_lost_with_what_replaced_it(
    content_type: str, order: tuple[int, ...], base: str, saved: str
) -> None:  # [S4]
    history: Doc[Any] = Doc(client_id=1)
    history.apply_update(loaded_text(content_type, base))
    edit_text(source_in(history, content_type), saved)
    states = []
    new = {"show": "print", "prXint": "print"}
    for client in (2, 3):
        replica: Doc[Any] = Doc(client_id=client)
        replica.apply_update(history.get_update())
        source = source_in(replica, content_type)
        text = str(source)
        if client == 2:  # takes a part of the change back
            for word, other in new.items():
                text = text.replace(word, other)
        else:
            text = text.replace("x = 1", "x = 1 + third")
        edit_text(source, text)
        states.append(replica.get_update())
    result = with_replicas(content_type, saved, base, [states[each] for each in order])
    assert result.count("third") == 1
    assert result.count("print(") == 1


def loaded_text(content_type: str, text: str) -> bytes:
    return loaded_update(content_type, text if content_type == "file" else notebook_with(text))


def with_replicas(content_type: str, text: str, base: str, states: list[bytes]) -> str:
    """Merge replicas into a document, one after the other."""
    doc: Doc[Any] = Doc()
    doc.apply_update(loaded_text(content_type, text))
    known: Replicas | None = None
    for state in states:
        now = doc.get_update()
        known = with_replica(known, state, loaded_text(content_type, base), now)
        content = content_of(content_type, known.state)
        merge = merge_into(content_type, now, None, content, replicas=known)
        known = replace(known, made=merge.made)
        doc.apply_update(merge.update)
    return str(source_in(doc, content_type))


class Rebased:
    """A notebook with which replicas are merged one after the other."""

    def __init__(self, state: bytes) -> None:
        self.document: Doc[Any] = Doc()
        self.document.apply_update(state)
        self._known: Replicas | None = None

    def bring_in(self, replica: bytes, base: bytes) -> None:
        now = self.document.get_update()
        known = with_replica(self._known, replica, base, now)
        content = content_of("notebook", known.state)
        merge = merge_into("notebook", now, None, content, replicas=known)
        self._known = replace(known, made=merge.made)
        self.document.apply_update(merge.update)

    @property
    def cells(self) -> list[dict[str, Any]]:
        content = content_of("notebook", self.document.get_update())
        return list(content["cells"])


def notebook_of_cells(*cells: tuple[str, str], minor: int = 5) -> dict[str, Any]:
    return {
        "cells": [
            {
                "cell_type": "code",
                "id": name,
                "source": source,
                "metadata": {},
                "outputs": [],
                "execution_count": None,
            }
            for name, source in cells
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": minor,
    }


def replica_of(base: bytes, client: int, *cells: tuple[str, str], minor: int = 5) -> bytes:
    doc: Doc[Any] = Doc(client_id=client)
    document = make_document("notebook", doc)
    assert isinstance(document, YNotebook)
    doc.apply_update(base)
    edit_notebook(document, notebook_of_cells(*cells, minor=minor))
    return doc.get_update()


FIRST, SECOND, THIRD = (
    ("1", "import this"),
    ("2", "name2 = 35007\nprint(name2)"),
    ("3", "name3 = 35014\nprint(name3)"),
)


def test_a_cell_that_was_taken_for_another_one_is_not_lost_with_the_next_replica() -> None:
    # [S4] [F5] Files of this format have no ids.
    file = notebook_of_cells(("a", FIRST[1]), ("b", "name29 = 203\nprint(name29)"), ("c", THIRD[1]))
    base = loaded_update("notebook", notebook_of_cells(FIRST, SECOND, THIRD, minor=4))
    added = ("39", "name39 = 273\nprint(name39)")
    one = replica_of(base, 11, FIRST, added, THIRD, minor=4)
    other = replica_of(base, 12, FIRST, ("29", "name29 = 203\nprint(name29)"), THIRD, minor=4)
    document = Rebased(loaded_update("notebook", {**file, "nbformat_minor": 4}))
    document.bring_in(one, base)
    document.bring_in(other, base)
    assert sorted(cell["source"] for cell in document.cells) == sorted(
        [FIRST[1], "name29 = 203\nprint(name29)", "name39 = 273\nprint(name39)", THIRD[1]]
    )


def test_a_guessed_order_of_cells_is_corrected_by_the_next_replica() -> None:  # [S4]
    base = loaded_update("notebook", notebook_of_cells(FIRST, SECOND, THIRD))
    edited = (SECOND[0], "name2 = 35007\nprint(edited, name2)")
    added, last = ("19", "name19 = 133"), ("38", "name38 = 266")
    one = replica_of(base, 11, FIRST, edited, THIRD)
    other = replica_of(base, 12, FIRST, SECOND, last, added, THIRD)
    # The file does not have the cell that one of them edited.
    document = Rebased(loaded_update("notebook", notebook_of_cells(FIRST, added, THIRD)))
    document.bring_in(one, base)
    document.bring_in(other, base)
    assert [cell["id"] for cell in document.cells] == ["1", "2", "38", "19", "3"]


def test_what_members_did_between_two_replicas_stays() -> None:  # [S4]
    base = loaded_update("notebook", notebook_of_cells(FIRST, SECOND, THIRD))
    added, more = ("19", "name19 = 133"), ("38", "name38 = 266")
    one = replica_of(base, 11, FIRST, SECOND, added, THIRD)
    other = replica_of(one, 12, FIRST, SECOND, added, THIRD, more)
    document = Rebased(base)
    document.bring_in(one, base)
    assert len(document.cells) == 4
    # A member deletes the added cell, changes one, and moves another one to the end.
    changed = (SECOND[0], SECOND[1] + "\nchanged")
    state = document.document.get_update()
    document.document.apply_update(replica_of(state, 13, changed, THIRD, FIRST))
    document.bring_in(other, base)
    found = {cell["id"]: cell["source"] for cell in document.cells}
    assert [name for name in found if name != "38"] == ["2", "3", "1"]
    assert found["38"] == more[1]
    assert found["2"] == changed[1]


@pytest.mark.parametrize("client", [1, 9])
def test_what_somebody_types_stays_in_its_line_when_lines_are_replaced(client: int) -> None:  # [S4]
    doc: Doc[Any] = Doc(client_id=5)
    text = doc.get("source", type=Text)
    text.insert(0, "a\nx = 1")
    offline: Doc[Any] = Doc(client_id=client)
    offline.apply_update(doc.get_update())
    offline.get("source", type=Text).insert(3, "y")
    edit_text(text, "ab(c)\nx = d[1:2] + 1")
    doc.apply_update(offline.get_update())
    assert str(text) == "ab(c)\nxy = d[1:2] + 1"
