"""Updates are read within limits before anything believes them."""

from __future__ import annotations

import contextlib
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text, merge_updates

from jupyter_collaboration.errors import ProtocolError
from jupyter_collaboration.protocol import update_reader
from jupyter_collaboration.protocol.deletions import deletions_only
from jupyter_collaboration.protocol.messages import write_bytes, write_varuint
from jupyter_collaboration.protocol.update_reader import (
    MAX_DEPTH,
    MAX_PIECES,
    MAX_STRUCTS,
    read_own_update,
    read_update,
)


def written(edit: Any) -> list[bytes]:
    """The updates of some edits of a document, and the whole document last."""
    doc: Doc[Any] = Doc()
    updates: list[bytes] = []
    subscription = doc.observe(lambda event: updates.append(event.update))
    edit(doc)
    doc.unobserve(subscription)
    return [*updates, doc.get_update()]


def everything(doc: Doc[Any]) -> None:
    cells = doc.get("cells", type=Array)
    values = {"a": [1, -2.5, None, True, "ü😀", {"b": b"bytes"}], "big": 2**40}
    cells.append(Map({"source": Text("x😀"), "metadata": Map(values), "outputs": Array([1.5])}))
    source = cells[0]["source"]
    source.insert(1, "y")
    source.format(0, 1, {"bold": True})
    source.insert_embed(0, {"an": "embed"})
    del source[0:1]
    del cells[0]["metadata"]["a"]


def test_what_pycrdt_writes_can_be_read() -> None:
    for update in written(everything):
        found = read_update(update)
        assert not found.strange


@pytest.mark.parametrize("seed", range(20))
def test_clocks_are_those_of_the_document(seed: int) -> None:
    rng = random.Random(seed)

    def typing(doc: Doc[Any]) -> None:
        text = doc.get("source", type=Text)
        for _ in range(50):
            size = len(str(text).encode())
            if size and rng.random() < 0.3:
                at = rng.randrange(len(str(text)))
                start = len(str(text)[:at].encode())
                del text[start : start + len(str(text)[at].encode())]
            else:
                content = str(text)
                at = len(content[: rng.randint(0, len(content))].encode())
                text.insert(at, rng.choice(["a", "é", "😀", "abc"]))

    *_, whole = written(typing)
    doc: Doc[Any] = Doc()
    doc.apply_update(whole)
    state = doc.get_state()
    (end,) = read_update(whole).ends.values()
    assert state.endswith(write_varuint(end))


def test_typing_on_is_told_with_its_neighbors() -> None:
    first, second, *_ = written(
        lambda doc: [doc.get("source", type=Text).insert(at, "ab"[at]) for at in range(2)]
    )
    assert read_update(first).text is None  # it names its parent, not its neighbor
    text = read_update(second).text
    assert text is not None
    (client, clock), length, origin, right = text
    assert (clock, length, origin, right) == (1, 1, (client, 0), None)


def nested(depth: int) -> bytes:
    """An array in an array in an array."""
    value = b"\x75\x01" * depth + b"\x7e"
    return b"\x01\x01\x01\x00" + b"\x08\x01" + write_bytes(b"cells") + b"\x01" + value + b"\x00"


def types_in_types(depth: int) -> bytes:
    structs = b"\x07\x01" + write_bytes(b"cells") + b"\x00"
    for clock in range(depth):
        structs += b"\x07\x00\x01" + write_varuint(clock) + b"\x00"
    return b"\x01" + write_varuint(depth + 1) + b"\x01\x00" + structs + b"\x00"


def pieces(count: int) -> bytes:
    """A text that comes letter by letter in one update."""
    structs = b"\x04\x01\x01ax".replace(b"x", b"\x01x")
    for clock in range(1, count):
        structs += b"\x84\x01" + write_varuint(clock - 1) + b"\x01x"
    return b"\x01" + write_varuint(count) + b"\x01\x00" + structs + b"\x00"


@pytest.mark.parametrize(
    ("update", "why"),
    [
        (pieces(MAX_PIECES + 2), "pieces"),
        (b"", "cut short|without an end"),
        (b"\xff" * 300_000, "without an end"),
        (b"\x00\x00\x00", "after its end"),
        (b"\x01\x01\x01\x00\x0b\x01\x01a\x00", "unknown kind"),
        (b"\x01\x01\x01\x00\x04\x01\x01a\x02\xff\xfe\x00", "not UTF-8"),
        (b"\x01\x01\x01\x00\x04\x01\x01a\x7fx\x00", "longer than its message"),
        (b"\x01\x01" + write_varuint(2**53) + b"\x00\x00\x01\x00", "53 bits"),
        (b"\x01\x01\x01\x00\x00" + write_varuint(2**40) + b"\x00", "too large"),
        (b"\x01\x01\x01\x00\x07\x01\x01a\x63\x00", "shared type of the unknown kind"),
        (nested(MAX_DEPTH + 2), "nested"),
        (nested(100_000), "nested"),
        (types_in_types(MAX_DEPTH + 2), "nested"),
        (b"\x01" + write_varuint(2**40) + b"\x01\x00" + b"\x00\x01" * (MAX_STRUCTS + 1), "parts"),
    ],
)
def test_what_breaks_the_rules_is_refused_in_words(update: bytes, why: str) -> None:  # [M4]
    with pytest.raises(ProtocolError, match=why):
        read_update(update)


def test_many_deleted_ranges_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:  # [M4]
    monkeypatch.setattr(update_reader, "MAX_STRUCTS", 10)
    assert len(read_update(deletions_only([(1, 2 * at, 1) for at in range(10)])).deleted) == 10
    with pytest.raises(ProtocolError, match="ranges"):
        read_update(deletions_only([(1, 2 * at, 1) for at in range(11)]))


def test_what_is_just_within_the_limits_is_read() -> None:
    assert read_update(nested(MAX_DEPTH)).structs == 1
    assert read_update(types_in_types(MAX_DEPTH)).structs == MAX_DEPTH + 1
    assert read_update(pieces(MAX_PIECES)).structs == MAX_PIECES


def test_the_parts_that_an_update_brings_are_told() -> None:  # [V6]
    doc = Doc(client_id=5)
    text = doc.get("source", type=Text)
    text.insert(0, "one😀")
    first, state = doc.get_update(), doc.get_state()
    text.insert(0, "two")
    skipped, state = state, doc.get_state()
    text.insert(0, "three")
    last = doc.get_update(state)
    del text[0:2]
    assert read_own_update(first).brought == [(5, 0, 5)]
    assert read_own_update(doc.get_update(skipped)).brought == [(5, 5, 8)]
    assert read_own_update(merge_updates(first, last)).brought == [(5, 0, 5), (5, 8, 5)]
    assert read_own_update(pieces(MAX_PIECES + 2)).brought == [(1, 0, MAX_PIECES + 2)]


def test_numbers_that_json_does_not_know_are_noticed() -> None:  # [M8]
    update = written(lambda doc: doc.get("state", type=Map).update({"x": float("inf")}))[0]
    assert "JSON" in read_update(update).strange


@given(st.binary(max_size=200))
def test_random_bytes_are_read_or_refused(data: bytes) -> None:  # [M4]
    with contextlib.suppress(ProtocolError):
        read_update(data)


@given(st.data())
def test_broken_updates_are_read_or_refused(data: st.DataObject) -> None:  # [M4]
    update = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(update) - 1))
        update[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(update)))
    for broken in (bytes(update), bytes(update[:cut])):
        with contextlib.suppress(ProtocolError):
            read_update(broken)


WHOLE = written(everything)[-1]
