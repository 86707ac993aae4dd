"""Edits that would leave a document with what its type cannot hold are not taken. [M8]"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text

from jupyter_collaboration.documents import validation
from jupyter_collaboration.documents.codec import loaded_update, rendered
from jupyter_collaboration.documents.notebook_repair import repair_notebook
from jupyter_collaboration.documents.validation import EditCheck
from jupyter_collaboration.errors import EarlyEdit, InvalidEdit
from jupyter_collaboration.protocol.deletions import deletions_only
from jupyter_collaboration.protocol.messages import read_state_vector, write_varuint
from jupyter_collaboration.protocol.update_reader import Update, read_structs, read_update

Edit = Callable[[Doc[Any]], Any]


def code(source: str, name: str) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": name, "metadata": {}, "source": source}
    return {**cell, "outputs": [], "execution_count": None}


def notebook() -> Doc[Any]:
    cells = [code("one", "a"), code("two", "b")]
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    doc: Doc[Any] = Doc()
    doc.apply_update(loaded_update("notebook", content))
    return doc


def rich_notebook() -> Doc[Any]:
    """A notebook with outputs, attachments and a cell that is no code."""
    doc = notebook()
    cells(doc)[1]["outputs"].append(Map({"output_type": "stream", "text": Text("1")}))
    cells(doc)[1]["outputs"].append(Map({"output_type": "stream", "text": Array(["1"])}))
    cells(doc)[1]["attachments"] = Map({"a": {}})
    cells(doc).append(nothing(cell_type="raw", id="r", outputs="absent"))
    return doc


def text_file() -> Doc[Any]:
    doc: Doc[Any] = Doc()
    doc.apply_update(loaded_update("file", "one\ntwo\nthree"))
    return doc


class Room:
    """A document and somebody's replica, whose edits are checked before they are applied."""

    def __init__(self, doc: Doc[Any], content_type: str = "notebook") -> None:
        self.doc = doc
        self.check = EditCheck(doc, content_type)
        self.replica: Doc[Any] = Doc()
        self.replica.apply_update(doc.get_update())
        self.sent: list[bytes] = []
        self._subscription = self.replica.observe(lambda event: self.sent.append(event.update))

    def edit(self, edit: Edit) -> None:
        edit(self.replica)
        self.arrive()

    def arrive(self) -> None:
        while self.sent:
            update = self.sent.pop(0)
            found = read_update(update)
            self.check.check(update, found)
            self.doc.apply_update(update)
            self.check.applied(update)
            self.check.brought(found)


def cells(doc: Doc[Any]) -> Array[Any]:
    return doc.get("cells", type=Array)


def nothing(**changes: Any) -> Map[Any]:
    """A cell with something else in it."""
    cell = {"cell_type": "code", "id": "x", "metadata": Map(), "source": Text("x")}
    cell |= {"outputs": Array(), "execution_count": None, **changes}
    return Map({key: value for key, value in cell.items() if value != "absent"})


def output(**entries: Any) -> Edit:
    """Append an output."""
    return lambda doc: cells(doc)[0]["outputs"].append(Map(entries))


GOOD: dict[str, Edit] = {
    "typing": lambda doc: cells(doc)[0]["source"].insert(1, "x"),
    "a cell": lambda doc: cells(doc).append(nothing()),
    "a markdown cell": lambda doc: cells(doc).append(nothing(cell_type="markdown")),
    "a deleted cell": lambda doc: cells(doc).pop(0),
    "an output": lambda doc: cells(doc)[0]["outputs"].append(
        Map({"output_type": "stream", "name": "stdout", "text": Text("1\n")})
    ),
    "plain outputs": lambda doc: cells(doc).append(
        nothing(outputs=Array([{"output_type": "stream", "name": "stdout", "text": ["1\n"]}]))
    ),
    "outputs that are not shared": lambda doc: cells(doc).append(nothing(outputs=[])),
    "metadata that are not shared": lambda doc: cells(doc)[0].update({"metadata": {}}),
    "metadata of the notebook that are not shared": lambda doc: doc.get("meta", type=Map).update(
        {"metadata": {}}
    ),
    "an output of an unknown type": lambda doc: cells(doc)[0]["outputs"].append(
        Map({"output_type": "from the future", "text": "1"})
    ),
    "an output without data": lambda doc: cells(doc)[0]["outputs"].append(
        Map({"output_type": "display_data"})
    ),
    "a cell without an id": lambda doc: cells(doc).append(nothing(id="absent")),
    "a newer format": lambda doc: doc.get("meta", type=Map).update({"nbformat_minor": 6.0}),
    "a number": lambda doc: cells(doc)[0].update({"execution_count": 3.0}),
    "metadata": lambda doc: cells(doc)[0]["metadata"].update({"tags": ["a", {"b": 1.5}]}),
    "an attachment": lambda doc: cells(doc)[0].update({"attachments": {"a.png": {}}}),
    "the kernel": lambda doc: doc.get("meta", type=Map)["metadata"].update({"kernelspec": {}}),
    "a state": lambda doc: doc.get("state", type=Map).update({"mine": 1}),
}

BAD: dict[str, Edit] = {
    "a cell that is a text": lambda doc: cells(doc).append("x"),
    "a cell that is a number": lambda doc: cells(doc).append(1),
    "a cell that is a list": lambda doc: cells(doc).append(Array([1])),
    "a cell without a type": lambda doc: cells(doc).append(nothing(cell_type="absent")),
    "a cell of a strange type": lambda doc: cells(doc).append(nothing(cell_type="strange")),
    "a cell without a source": lambda doc: cells(doc).append(nothing(source="absent")),
    "a source that is a plain value": lambda doc: cells(doc).append(nothing(source="plain")),
    "a source that becomes one": lambda doc: cells(doc)[0].update({"source": 7}),
    "outputs that are a number": lambda doc: cells(doc).append(nothing(outputs=3)),
    "an output that is a number": lambda doc: cells(doc)[0]["outputs"].append(5),
    "an output that is null": lambda doc: cells(doc)[0]["outputs"].append(None),
    "an output that is a list": lambda doc: cells(doc)[0]["outputs"].append([1, 2]),
    "an output that is a text": lambda doc: cells(doc)[0]["outputs"].append(Text("x")),
    "an output without a type": lambda doc: cells(doc)[0]["outputs"].append({"text": "x"}),
    "an output whose type is a map": output(output_type={"a": 1}),
    "a stream without text": output(output_type="stream", name="stdout"),
    "a stream of a number": output(output_type="stream", name="stdout", text=5),
    "a stream of null": output(output_type="stream", name="stdout", text=None),
    "a stream of maps": output(output_type="stream", name="stdout", text=[1, {"a": 2}]),
    "a stream of shared numbers": output(output_type="stream", text=Array([1])),
    "data that are a number": output(output_type="display_data", data=5, metadata={}),
    "data that are null": output(output_type="execute_result", data=None, metadata={}),
    "data that are a list": output(output_type="execute_result", data=["x"], metadata={}),
    "an error without a traceback": output(output_type="error", ename="E", evalue=""),
    "a traceback of numbers": output(output_type="error", traceback=[1]),
    "an unknown output of numbers": output(output_type="new", text=[1]),
    "a new cell with such an output": lambda doc: cells(doc).append(nothing(outputs=Array([5]))),
    "an output that loses its text": lambda doc: cells(doc)[1]["outputs"][0].pop("text"),
    "an output that loses its type": lambda doc: cells(doc)[1]["outputs"][0].pop("output_type"),
    "an output that becomes data": lambda doc: cells(doc)[1]["outputs"][0].update({"text": {}}),
    "a line that is a number": lambda doc: cells(doc)[1]["outputs"][1]["text"].append(1),
    "attachments that are a text": lambda doc: cells(doc)[0].update({"attachments": "x"}),
    "attachments that are null": lambda doc: cells(doc)[0].update({"attachments": None}),
    "an attachment that is a text": lambda doc: cells(doc)[0].update({"attachments": {"a": "x"}}),
    "an attachment that becomes one": lambda doc: cells(doc)[1]["attachments"].update({"a": "x"}),
    "an id that is a map": lambda doc: cells(doc)[0].update({"id": Map({"a": 1})}),
    "an id that is a number": lambda doc: cells(doc)[0].update({"id": 5.0}),
    "an id that is null": lambda doc: cells(doc)[0].update({"id": None}),
    "an id that is removed": lambda doc: cells(doc)[0].pop("id"),
    "a count that is true": lambda doc: cells(doc)[0].update({"execution_count": True}),
    "a state that is a map": lambda doc: cells(doc)[0].update({"execution_state": {"a": 1}}),
    "outputs that are removed": lambda doc: cells(doc)[1].pop("outputs"),
    "a text that becomes code": lambda doc: cells(doc)[2].update({"cell_type": "code"}),
    "an unknown format": lambda doc: doc.get("meta", type=Map).update({"nbformat": 99}),
    "an old format": lambda doc: doc.get("meta", type=Map).update({"nbformat": 3.0}),
    "a part of a format": lambda doc: doc.get("meta", type=Map).update({"nbformat_minor": 4.5}),
    "a format below zero": lambda doc: doc.get("meta", type=Map).update({"nbformat_minor": -1}),
    "a huge format": lambda doc: doc.get("meta", type=Map).update({"nbformat_minor": 1e300}),
    "a type that is removed": lambda doc: cells(doc)[0].pop("cell_type"),
    "a source that is removed": lambda doc: cells(doc)[0].pop("source"),
    "NaN as a count": lambda doc: cells(doc)[0].update({"execution_count": float("nan")}),
    "NaN in an output": lambda doc: cells(doc)[0]["outputs"].append(Map({"a": float("nan")})),
    "an infinity in metadata": lambda doc: cells(doc)[0]["metadata"].update({"a": [1e999]}),
    "bytes in metadata": lambda doc: cells(doc)[0]["metadata"].update({"a": b"x"}),
    "an embed in a source": lambda doc: cells(doc)[0]["source"].insert_embed(0, {"a": 1}),
    "a format that is not a number": lambda doc: doc.get("meta", type=Map).update(
        {"nbformat": "x"}
    ),
    "a format that is removed": lambda doc: doc.get("meta", type=Map).pop("nbformat"),
    "metadata that are no map": lambda doc: doc.get("meta", type=Map).update({"metadata": 1}),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_a_notebook_can_hold_is_taken(name: str) -> None:  # [M8]
    room = Room(rich_notebook())
    room.edit(GOOD[name])
    assert room.doc.get_state() == room.replica.get_state()
    assert rendered("notebook", room.doc.get_update())["cells"]


@pytest.mark.parametrize("name", BAD)
def test_what_a_notebook_cannot_hold_is_not_taken(name: str) -> None:  # [M8]
    room = Room(rich_notebook())
    before = room.doc.get_update()
    with pytest.raises(InvalidEdit, match="was refused"):
        room.edit(BAD[name])
    assert room.doc.get_update() == before
    other = Room(room.doc)  # and the check is not confused by what it refused
    other.check = room.check
    other.edit(lambda doc: cells(doc)[1]["source"].insert(0, "fine "))
    assert str(cells(room.doc)[1]["source"]) == "fine two"


def test_a_text_takes_texts_only() -> None:  # [M8]
    doc: Doc[Any] = Doc()
    doc.apply_update(loaded_update("file", "one"))
    room = Room(doc, "file")
    room.edit(lambda doc: doc.get("source", type=Text).insert(0, "x"))
    with pytest.raises(InvalidEdit):
        room.edit(lambda doc: doc.get("source", type=Text).insert_embed(0, {"a": 1}))
    assert str(doc.get("source", type=Text)) == "xone"


def test_typing_on_costs_no_copy(monkeypatch: pytest.MonkeyPatch) -> None:  # [M8]
    room = Room(notebook())
    source = cells(room.replica)[0]["source"]
    room.edit(lambda doc: source.insert(1, "a"))  # in the middle of the text
    room.check.forget()

    def refuse(*args: Any) -> Any:
        raise AssertionError("a copy is made")

    monkeypatch.setattr(validation, "_Copy", refuse)
    for at in range(2, 30):
        room.edit(lambda doc, at=at: source.insert(at, "b"))  # type: ignore[misc]
    room.edit(lambda doc: source.__delitem__(slice(20, 25)))
    assert str(cells(room.doc)[0]["source"]) == "o" + "a" + "b" * 23 + "ne"


def edits_of_a_text(seed: int, *, in_order: bool) -> list[bytes]:
    """Edits of several people in one text file: in order with invalid ones, or in any order."""
    pick = random.Random(seed)
    people: list[Doc[Any]] = [Doc(client_id=number + 1) for number in range(3)]
    sent: list[bytes] = []
    for _ in range(40):
        person = pick.choice(people)
        before = person.get_state()
        text = person.get("source", type=Text)
        kind = pick.random()
        if kind < 0.5:
            text.insert(pick.randint(0, len(text)), pick.choice("ab") * pick.randint(1, 3))
        elif kind < 0.75 and len(text):
            at = pick.randrange(len(text))
            del text[at : min(at + pick.randint(1, 3), len(text))]
        elif kind < 0.8:
            person.get("state", type=Map)["key"] = pick.choice([1, "text", [1]])
        elif kind < 0.83 and in_order:
            text.insert_embed(0, {"a": 1})
        else:
            person.apply_update(pick.choice(people).get_update(person.get_state()))
        sent.append(person.get_update(before if pick.random() < 0.8 else None))
    if not in_order:
        pick.shuffle(sent)
    return sent


def deletes_ahead(doc: Doc[Any], edit: Update) -> bool:
    """Whether an edit deletes what is neither in the document nor in the edit."""
    known = read_state_vector(doc.get_state())
    for client, clock, length in edit.brought:
        known[client] = max(known.get(client, 0), clock + length)
    return any(clock + length > known.get(client, 0) for client, clock, length in edit.deleted)


@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize("seed", range(30))
def test_a_text_file_is_checked_without_a_copy_as_with_one(
    seed: int, in_order: bool, monkeypatch: pytest.MonkeyPatch
) -> None:  # [M8]
    def refused(*, with_copy: bool) -> list[bool]:
        doc: Doc[Any] = Doc()
        check = EditCheck(doc, "file")
        found: list[bool] = []
        for update in edits_of_a_text(seed, in_order=in_order):
            read = read_update(update)
            check.forget()  # a copy knows of deletions before what they delete
            if with_copy:
                read = replace(read, is_plain=False, refers_ahead=True)
                deletes = deletes_ahead(doc, read)
                monkeypatch.setattr(check, "_is_early", lambda *_, deletes=deletes: deletes)
            try:
                check.check(update, read)
            except (EarlyEdit, InvalidEdit):  # one may be both
                found.append(True)
            else:
                found.append(False)
                doc.apply_update(update)
                check.applied(update)
                check.brought(read)
        return found

    assert refused(with_copy=False) == refused(with_copy=True)


def test_typing_anywhere_in_a_text_file_costs_no_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    # [M8]
    room = Room(text_file(), "file")

    def refuse(*args: Any) -> Any:
        raise AssertionError("a copy is made")

    monkeypatch.setattr(validation, "_Copy", refuse)
    for at in (0, 7, 3, 9):
        room.edit(lambda doc, at=at: doc.get("source", type=Text).insert(at, "x"))  # type: ignore[misc]
    room.edit(lambda doc: doc.get("source", type=Text).__delitem__(slice(2, 5)))
    assert str(room.doc.get("source", type=Text)) == str(room.replica.get("source", type=Text))


def test_a_string_between_cells_is_no_typing() -> None:  # [M8]
    """It goes on where somebody added a cell, as typing goes on where somebody typed."""
    room = Room(notebook())
    room.edit(lambda doc: cells(doc).append(nothing()))
    with pytest.raises(InvalidEdit):
        room.edit(lambda doc: cells(doc).append("x"))


def test_what_comes_too_early_is_told_apart() -> None:
    room = Room(notebook())
    source = cells(room.replica)[0]["source"]
    source.insert(1, "a")
    late = room.sent.pop()
    source.insert(2, "b")
    with pytest.raises(EarlyEdit):
        room.arrive()
    room.sent = [late]
    room.arrive()


def test_an_edit_that_depends_on_itself_is_early() -> None:  # [M8]
    """A text whose first character comes after its second one can never be inserted."""
    client = write_varuint(5)
    text = b"\x02ab"

    def update(origin: bytes) -> bytes:
        return b"\x01\x01" + client + b"\x00" + b"\x84" + origin + text + b"\x00"

    room = Room(notebook())
    circular = update(client + b"\x01")
    assert read_update(circular).refers_ahead
    with pytest.raises(EarlyEdit):
        room.check.check(circular)
    others = update(write_varuint(room.replica.client_id) + b"\x01")
    assert not read_update(others).refers_ahead


def test_a_deletion_of_what_somebody_will_type_is_early() -> None:  # [M8] [H2]
    """Otherwise it would wait in the document, and the history would blame the victim for it."""
    room = Room(text_file(), "file")
    for client, clock in ((5, 0), (room.replica.client_id, 10**6)):
        with pytest.raises(EarlyEdit):
            room.check.check(deletions_only([(client, clock, 10)]))


def test_a_gap_in_an_edit_counts_as_nothing_that_has_arrived() -> None:  # [H1]
    room = Room(text_file(), "file")
    source = room.replica.get("source", type=Text)
    source.insert(0, "a")
    room.sent.pop()  # it is missing
    source.insert(1, "b")
    gap = b"\x01\x01" + write_varuint(room.replica.client_id) + b"\x00\x0a\xc0\x84\x3d\x00"
    found = read_update(gap)
    assert not found.brought
    room.check.check(gap, found)
    room.check.brought(found)
    with pytest.raises(EarlyEdit):
        room.arrive()


def test_edits_of_members_read_no_state_vector(monkeypatch: pytest.MonkeyPatch) -> None:  # [M12]
    """It has an entry for each client that ever wrote in the document."""
    room = Room(notebook())
    room.edit(lambda doc: cells(doc).append(nothing()))
    parsed: list[bytes] = []
    monkeypatch.setattr(validation, "read_state_vector", lambda state: parsed.append(state) or {})
    for at in range(5):
        room.edit(lambda doc, at=at: cells(doc)[at % 2]["source"].insert(0, "x"))  # type: ignore[misc]
        room.edit(lambda doc: cells(doc).append(nothing()))
    assert not parsed and str(cells(room.doc)[0]["source"]) == "xxxone"


def test_two_edits_that_are_applied_together_are_checked_one_after_the_other() -> None:  # [K5]
    room = Room(text_file(), "file")
    fork = room.replica
    text = fork.get("source", type=Text)
    before = fork.get_state()
    text.insert(0, "a")
    first, between = fork.get_update(before), fork.get_state()
    text.insert(1, "b")
    later = fork.get_update(between)
    with pytest.raises(EarlyEdit):
        room.check.check(later)
    room.check.check(first)
    room.check.check(later, after=read_update(first))


def test_a_copy_that_is_far_behind_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validation, "MAX_BEHIND", 3)
    room = Room(notebook())
    for at in range(5):
        room.edit(lambda doc, at=at: cells(doc)[at % 2]["source"].insert(0, "x"))  # type: ignore[misc]
        for _ in range(2):
            room.check.applied(room.doc.get_update())
    assert str(cells(room.doc)[0]["source"]) == "xxxone"


def test_cells_that_are_none_become_raw_cells_and_nothing_goes() -> None:  # [M8]
    doc = notebook()
    cells(doc).insert(1, "a string")
    cells(doc).append(nothing(cell_type="absent", source=Text("precious")))
    doc.get("meta", type=Map)["nbformat"] = "four"
    assert len(repair_notebook(doc)) == 3
    assert repair_notebook(doc) == []
    content = rendered("notebook", doc.get_update())
    assert [cell["cell_type"] for cell in content["cells"]] == ["code", "raw", "code", "raw", "raw"]
    texts = [cell["source"] for cell in content["cells"]]
    assert "a string" in texts[1]
    assert "precious" in texts[3]
    assert "four" in texts[4]
    assert content["nbformat"] == 4


def test_outputs_that_are_none_become_texts_and_their_cells_stay() -> None:  # [M8]
    doc = rich_notebook()
    cells(doc)[1]["outputs"].insert(1, "precious")
    cells(doc)[0]["metadata"] = {"tags": ["plain"]}
    cells(doc)[0]["outputs"] = [{"output_type": "display_data", "data": "precious"}]
    assert len(repair_notebook(doc)) == 2
    assert repair_notebook(doc) == []
    assert isinstance(cells(doc)[0]["metadata"], Map)
    assert isinstance(cells(doc)[0]["outputs"], Array)
    first, second, *_ = rendered("notebook", doc.get_update())["cells"]
    assert first["metadata"] == {"tags": ["plain"]}
    assert (first["source"], second["source"]) == ("one", "two")
    assert "precious" in first["outputs"][0]["text"]
    assert [each["text"] for each in second["outputs"]] == [
        "1",
        'This output could not be read: an output is not a map.\n"precious"\n',
        ["1"],
    ]


# The order of what is inserted

Place = tuple[int, int]


def inserted(client: int, *parts: tuple[str, Place, Place]) -> bytes:
    """An update with texts, each between a left and a right neighbor."""
    data = b"\x01" + write_varuint(len(parts)) + write_varuint(client) + b"\x00"
    for text, left, right in parts:
        numbers = (*left, *right, len(text))
        data += b"\xc4" + b"".join(map(write_varuint, numbers)) + text.encode()
    return data + b"\x00"


@pytest.mark.parametrize("hidden", [(0, 0), (1, 7), (3, 8), (0, 8)])
@pytest.mark.parametrize(("left", "right"), [(4, 1), (4, 4), (7, 0), (3, 2)])
def test_nothing_is_inserted_between_neighbors_in_the_wrong_order(  # [M8]
    left: int, right: int, hidden: tuple[int, int]
) -> None:
    doc: Doc[Any] = Doc(client_id=1000)
    text = doc.get("source", type=Text)
    text.insert(0, "abcdefgh")
    del text[hidden[0] : hidden[1]]
    at = [(1000, clock) for clock in range(8)]
    check = EditCheck(doc, "file")
    for update in (
        inserted(9, ("X", at[left], at[right])),
        inserted(9, ("X", at[4], at[5]), ("Y", (9, 0), at[2])),
        inserted(9, *[("X", at[4], at[5])] * 20, ("Y", at[left], at[right])),
    ):
        with pytest.raises(InvalidEdit, match="wrong order"):
            check.check(update)
    check.check(inserted(9, ("X", at[4], at[7]), ("Y", at[4], (9, 0)), ("Z", (9, 1), (9, 0))))


@pytest.mark.anyio
@pytest.mark.parametrize("is_wrong", [False, True])
async def test_many_neighbors_are_looked_at_in_a_thread(  # [M8] [M12]
    is_wrong: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    doc: Doc[Any] = Doc(client_id=1000)
    doc.get("source", type=Text).insert(0, "ab" * 5_000)
    parts = [("X", (1000, at), (1000, at + 2)) for at in range(0, 9_000, 3)]
    if is_wrong:
        parts.append(("Y", (1000, 9_500), (1000, 9_400)))
    update = inserted(9, *parts)
    check, found = EditCheck(doc, "file"), read_update(update)
    assert check.is_slow(found)
    if is_wrong:
        with pytest.raises(InvalidEdit, match="wrong order"):
            await check.look_ahead(update, found)
        return
    await check.look_ahead(update, found)
    monkeypatch.delattr(validation._Copy, "check_order")  # not once more, on the event loop
    check.check(update, found)


def test_cells_are_not_inserted_between_neighbors_in_the_wrong_order() -> None:  # [M8]
    doc = notebook()
    cells(doc).insert(1, nothing(id="y"))
    cells(doc).insert(1, nothing(id="x"))
    replica: Doc[Any] = Doc()
    replica.apply_update(doc.get_update())
    cells(replica).insert(2, nothing(id="between"))
    update = replica.get_update(doc.get_state())
    structs = read_structs(update)[0]
    left, right = (
        write_varuint(place[0]) + write_varuint(place[1])
        for place in (structs[0].origin, structs[0].right)
        if place is not None
    )
    EditCheck(doc, "notebook").check(update)
    with pytest.raises(InvalidEdit, match="wrong order"):
        EditCheck(doc, "notebook").check(update.replace(left + right, right + left))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("content_type", ["file", "notebook"])
def test_no_edit_of_people_is_taken_for_a_misplaced_one(content_type: str, seed: int) -> None:
    """[M8]"""
    rng = random.Random(seed)
    doc = text_file() if content_type == "file" else notebook()
    check = EditCheck(doc, content_type)
    people: list[Doc[Any]] = [Doc(client_id=rng.randrange(1, 2**32)) for _ in range(3)]
    for person in people:
        person.apply_update(doc.get_update())
    for _ in range(60):
        person = rng.choice(people)
        if rng.random() < 0.5:
            person.apply_update(doc.get_update(person.get_state()))
        with person.transaction():
            for _ in range(rng.choice((1, 1, 2, 30))):
                write_somewhere(rng, person, content_type)
        update = person.get_update(doc.get_state())
        check.check(update)
        doc.apply_update(update)
        check.applied(update)
    for person in people:
        person.apply_update(doc.get_update(person.get_state()))
        assert rendered(content_type, person.get_update()) == rendered(
            content_type, doc.get_update()
        )


def write_somewhere(rng: random.Random, doc: Doc[Any], content_type: str) -> None:
    """Insert or delete characters, or a cell."""
    if content_type == "notebook":
        shared = cells(doc)
        if not len(shared) or rng.random() < 0.2:
            shared.insert(rng.randrange(len(shared) + 1), nothing(id=str(rng.random())))
            return
        if len(shared) > 3 and rng.random() < 0.2:
            del shared[rng.randrange(len(shared))]
            return
        text = rng.choice(list(shared))["source"]
    else:
        text = doc.get("source", type=Text)
    at = rng.randrange(len(text) + 1)
    if rng.random() < 0.4:
        del text[at : min(len(text), at + rng.randrange(5))]
    if rng.random() < 0.8:
        text.insert(min(at, len(text)), "xyz"[: rng.randrange(1, 4)])


def part(client: int, clock: int, text: str, left: Place | None, right: Place | None) -> bytes:
    """An update with one text."""
    info = 4 | (0x80 if left else 0) | (0x40 if right else 0)
    places = b"".join(write_varuint(n) for place in (left, right) if place for n in place)
    head = b"".join(map(write_varuint, (1, 1, client, clock)))
    return head + bytes([info]) + places + write_varuint(len(text)) + text.encode() + b"\x00"


MISPLACED_LATER = {
    "continued in front of what another text is in front of": (
        part(9, 0, "x", (1000, 0), (1000, 1)),
        part(9, 1, "y", (1000, 7), None),
        part(9, 2, "z", (9, 1), (1000, 1)),
    ),
    "partly known": (
        part(9, 0, "xy", (1000, 7), None),
        part(9, 0, "xyz", (1000, 0), (1000, 1)),
    ),
    "partly known, without a left neighbor": (
        part(9, 0, "xy", (1000, 7), None),
        part(9, 0, "xyz", None, (1000, 1)),
    ),
    "beside what is known": (
        part(9, 0, "x", (1000, 7), None),
        inserted(9, ("x", (1000, 0), (1000, 1)), ("z", (9, 0), (1000, 1))),
    ),
    "continued after it was repeated": (
        part(9, 0, "x", (1000, 7), None),
        part(9, 0, "x", (1000, 0), (1000, 1)),
        part(9, 1, "z", (9, 0), (1000, 1)),
    ),
    "continued although it went on elsewhere": (
        part(9, 0, "x", (1000, 0), (1000, 1)),
        inserted(
            9, ("x", (1000, 0), (1000, 1)), ("y", (1000, 6), (1000, 7)), ("y", (9, 1), (1000, 7))
        ),
        part(9, 1, "yyz", (9, 0), (1000, 1)),
    ),
}


@pytest.mark.parametrize("how", MISPLACED_LATER)
@pytest.mark.parametrize("is_open", [True, False])
def test_what_is_repeated_or_continued_is_no_way_around_the_order(  # [M8]
    how: str, is_open: bool
) -> None:
    doc: Doc[Any] = Doc(client_id=1000)
    doc.get("source", type=Text).insert(0, "abcdefgh")
    check = EditCheck(doc, "file")
    *before, last = MISPLACED_LATER[how]
    for update in before:
        found = read_update(update)
        check.check(update, found)
        doc.apply_update(update)
        check.applied(update)
        check.brought(found)
    if not is_open:
        check = EditCheck(doc, "file")
    with pytest.raises(InvalidEdit, match="wrong order"):
        check.check(last)
