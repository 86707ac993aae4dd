"""The text of streams, as JupyterLab makes it of the same prints."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_collaboration.execution.outputs import CellOutputs
from jupyter_collaboration.execution.source_hash import source_hash, source_mark
from jupyter_collaboration.execution.streams import StreamText


def text_of(*parts: str) -> str:
    stream = StreamText()
    for part in parts:
        stream.feed(part)
    return stream.text


def as_jupyterlab(*parts: str) -> str:
    """The rules of JupyterLab's output area, one character at a time."""
    text, at = "", 0
    for character in "".join(parts):
        start = text.rfind("\n") + 1
        if character == "\n":
            text += "\n"
            at = len(text)
        elif character == "\r":
            at = start
        elif character == "\b":
            if at > start:
                text = text[: at - 1] + text[at + 1 :]
                at -= 1
        else:
            text = text[:at] + character + text[at + 1 :]
            at += 1
    return text


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (["a\n", "b"], "a\nb"),
        (["10 %", "\r20 %", "\r30 %\n", "done"], "30 %\ndone"),
        (["long line", "\rab"], "abng line"),
        (["ab\rX\ny"], "Xb\ny"),
        (["abc\b\bX"], "aX"),
        (["\b\b", "a\n\b\b", "é\b"], "a\n"),
        (["a\r\nb\r\n"], "a\nb\n"),
    ],
)
def test_carriage_returns_and_backspaces_are_applied(parts: list[str], text: str) -> None:
    # [R7]
    assert text_of(*parts) == text == as_jupyterlab(*parts)


@given(st.lists(st.text("ab\n\r\bé😀", max_size=8), max_size=12), st.randoms(use_true_random=False))
def test_changes_add_up_to_the_text(parts: list[str], choice: random.Random) -> None:
    # [R7]
    stream = StreamText()
    written = b""
    for part in parts:
        stream.feed(part)
        assert stream.size == len(stream.text.encode())
        if choice.random() < 0.6:
            kept, dropped, added = stream.take_change()
            assert kept + dropped == len(written)
            written = written[:kept] + added.encode()
            assert written.decode() == stream.text
    assert stream.text == as_jupyterlab(*parts)
    assert stream.size == len(stream.text.encode())


def test_many_lines_take_time_in_proportion() -> None:
    # [R8]
    stream = StreamText()
    for at in range(20_000):
        stream.feed(f"line {at}\n")
        if at % 100 == 0:
            stream.take_change()
    assert stream.text.count("\n") == 20_000
    assert stream.take_whole() == stream.text
    assert stream.take_change() == (stream.size, 0, "")


def test_streams_of_one_name_are_one_output_until_another_comes() -> None:
    # [R7]
    outputs = CellOutputs(10_000)
    outputs.print("stdout", "a")
    outputs.print("stdout", "b\n")
    outputs.print("stderr", "c")
    outputs.print("stdout", "d")
    assert [(each["name"], each["text"]) for each in outputs.to_py()] == [
        ("stdout", "ab\n"),
        ("stderr", "c"),
        ("stdout", "d"),
    ]
    outputs.clear(wait=True)
    assert len(outputs) == 3
    outputs.add("display_data", {"data": {"text/plain": "x"}, "metadata": {}})
    assert len(outputs) == 1


def test_outputs_beyond_the_limit_are_dropped_and_the_cell_says_so() -> None:
    # [R8]
    outputs = CellOutputs(2**20)
    for _ in range(300):
        outputs.print("stdout", "x" * 9_999 + "\n")
        outputs.add("display_data", {"data": {"text/plain": "y" * 1_000}, "metadata": {}})
    assert sum(each.size for each in outputs) < 1.1 * 2**20
    notes = [each for each in outputs.to_py() if "was dropped" in each.get("text", "")]
    assert len(notes) == 1 and "1 MB" in notes[0]["text"]
    # What ended the cell is shown all the same, once.
    assert outputs.add("error", {"ename": "E", "evalue": "x" * 2**20}) is None
    for _ in range(3):
        outputs.add("error", {"ename": "E", "evalue": "interrupted", "traceback": ["line"]})
    assert [each.get("ename") for each in outputs.to_py()[-2:]] == [None, "E"]
    outputs.clear()
    outputs.print("stdout", "again")
    assert outputs.to_py()[0]["text"] == "again"


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"data": None, "metadata": [1]},
        {"data": {"application/json": {"x": float("nan"), "y": 2**70}}},
        {"data": {"text/plain": "\ud800"}},
        {"data": {"\ud800": "x"}},
    ],
)
def test_outputs_that_no_notebook_can_hold_are_replaced(content: dict[str, object]) -> None:
    # [R7]
    outputs = CellOutputs(10_000)
    outputs.add("display_data", content)
    outputs.add("error", {"traceback": "no list"})
    outputs.print("stdout", "\udfff")
    found = outputs.to_py()
    assert found[0]["output_type"] in ("display_data", "error")
    assert found[1]["traceback"] == []
    assert found[2]["text"] == "\ufffd"


@pytest.mark.parametrize(
    ("source", "hashed"),
    [("print('hello')", "3975440051"), ("", "0"), ("x = 1", "2355083700"), ("äöü", "2950380763")],
)
def test_the_hash_of_sources_is_that_of_jupyter_server_documents(source: str, hashed: str) -> None:
    # [R11]
    assert source_hash(source) == hashed


def test_the_mark_of_a_text_is_its_size_and_hashes_of_its_start_and_of_all() -> None:
    # [R15]
    assert source_mark("x = 1") == f"5:{source_hash('x = 1')}"
    assert source_mark("é") == f"2:{source_hash('é')}"
    long = "x" * 100_000
    assert source_mark(long) == f"100000:{source_hash(long[:65_536])}:4261876081"
    assert source_mark(long) != source_mark(long[:-1] + "y")
    assert source_mark(long) != source_mark(long + "x")


def test_a_long_line_in_small_pieces_is_one_text() -> None:
    # [R7] [M4]
    stream = StreamText()
    for at in range(50_000):
        stream.feed("é" * 100)
        if at % 1_000 == 0:
            kept, dropped, added = stream.take_change()
            assert dropped == 0 and kept + len(added.encode()) == stream.size
    stream.feed("\rX")
    assert stream.text == "X" + "é" * (5_000_000 - 1)
    assert stream.size == 2 * 5_000_000 - 1


def test_a_representation_that_no_notebook_can_hold_leaves_the_others() -> None:
    # [R7]
    deep: list[Any] = []
    for _ in range(200):
        deep = [deep]
    outputs = CellOutputs(2**20)
    outputs.add("display_data", {"data": {"application/json": deep, "text/plain": "deep"}})
    assert outputs[0].content["data"] == {"text/plain": "deep"}
    outputs.add("display_data", {"data": {"application/json": deep}})
    assert outputs[1].content["ename"] == "InvalidOutput"
