"""What is written into documents for a run, and how often."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf
from random import Random
from typing import Any

import pytest
from jupyter_ydoc import YNotebook
from pycrdt import Doc, Map

from jupyter_collaboration.documents.cell_index import CellIndex
from jupyter_collaboration.execution import writer as writers
from jupyter_collaboration.execution.outputs import size_of
from jupyter_collaboration.execution.writer import CellWriter


class Room:
    """The part of a room that a writer uses."""

    def __init__(self) -> None:
        self.ydoc: Doc[Any] = Doc()
        self.document = YNotebook(self.ydoc)
        cell = {"cell_type": "code", "id": "c", "source": "", "metadata": {}}
        old = {"output_type": "stream", "name": "stdout", "text": "old"}
        self.document.set(
            {
                "cells": [{**cell, "execution_count": 7, "outputs": [old]}],
                "metadata": {},
                "nbformat": 4,
                "nbformat_minor": 5,
            }
        )
        self.cells = CellIndex(self.document.ycells)
        self.document.ycells.observe(lambda event: self.cells.follow(event))
        self.updates: list[bytes] = []
        self._seen = self.ydoc.observe(lambda event: self.updates.append(event.update))

    @contextmanager
    def outputs_by(self, author: str) -> Iterator[None]:
        with self.ydoc.transaction(origin="server"):
            yield

    @property
    def cell(self) -> dict[str, Any]:
        found: dict[str, Any] = self.document.ycells[0].to_py()
        return found


@pytest.fixture
def room() -> Room:
    return Room()


def writer_for(room: Room) -> CellWriter:
    def lost() -> None:
        raise AssertionError("the room is open")

    return CellWriter("c", "ada", 2**30, lambda: room, lost)  # type: ignore[arg-type, return-value]


async def settled(writer: CellWriter) -> None:
    """Give the writer the turns of the event loop that a first write takes."""
    for _ in range(3):
        await asyncio.sleep(0)


def display(writer: CellWriter, output: Any, text: str) -> None:
    """Update a display."""
    content = {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}}
    writer.outputs.update(output, content, size_of(content))


def test_the_outputs_stay_while_a_cell_waits(run: Any, room: Room) -> None:
    # [R7]
    async def test() -> None:
        writer = writer_for(room)
        writer.wait()
        assert room.cell["execution_state"] == "running"
        assert room.cell["outputs"][0]["text"] == "old" and room.cell["execution_count"] == 7
        writer.start()
        assert room.cell["outputs"] == [] and room.cell["execution_count"] is None
        assert room.cell["metadata"]["trusted"] is True
        writer.end(count=8, timing={"iopub.status.busy": "t"})
        assert room.cell["execution_state"] == "idle" and room.cell["execution_count"] == 8
        assert room.cell["metadata"]["execution"] == {"iopub.status.busy": "t"}

    run(test())


def test_a_stream_grows_in_place_and_in_few_writes(run: Any, room: Room) -> None:
    # [R8]
    async def test() -> None:
        writer = writer_for(room)
        writer.start()
        before = len(room.updates)
        for at in range(1000):
            writer.outputs.print("stdout", f"{at}\n")
            writer.changed()
        await settled(writer)
        writer.end(count=1)
        assert len(room.updates) - before <= 3
        assert room.cell["outputs"][0]["text"] == "".join(f"{at}\n" for at in range(1000))
        assert sum(map(len, room.updates)) < 6_000

    run(test())


def test_the_first_output_is_written_at_once(run: Any, room: Room) -> None:
    # [R8]
    async def test() -> None:
        writer = writer_for(room)
        writer.wait()
        writer.start()
        writer.outputs.print("stdout", "first\n")
        writer.changed()
        await settled(writer)
        assert room.cell["outputs"][0]["text"] == "first\n"
        writer.outputs.print("stdout", "second\n")
        writer.changed()
        await settled(writer)
        assert room.cell["outputs"][0]["text"] == "first\n"  # the next ones are batched
        writer.end(count=1)
        assert room.cell["outputs"][0]["text"] == "first\nsecond\n"

    run(test())


def test_replaced_outputs_are_paced_and_the_last_one_is_written(
    run: Any, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    # [R8]
    monkeypatch.setattr(writers, "REPLACED_AT_ONCE", 50_000)
    monkeypatch.setattr(writers, "REPLACED_PER_SECOND", 1_000)
    monkeypatch.setattr(writers, "FLUSH_INTERVAL", 0)

    async def test() -> None:
        writer = writer_for(room)
        writer.start()
        output = writer.outputs.add("display_data", {"data": {"image/png": "x"}})
        assert output is not None
        for at in range(200):
            data = {"image/png": f"{at}" + "x" * 10_000}
            content = {"output_type": "display_data", "data": data, "metadata": {}}
            output.replace(content, size_of(content))
            writer.changed()
            await settled(writer)
        assert sum(map(len, room.updates)) < 100_000
        writer.end(count=1)
        assert room.cell["outputs"][0]["data"]["image/png"].startswith("199x")

    run(test())


def test_what_others_clear_stays_away_and_what_they_change_is_restored(
    run: Any, room: Room
) -> None:
    # [R7]
    async def test() -> None:
        writer = writer_for(room)
        writer.start()
        for text in ("a", "b"):
            writer.outputs.print("stdout", text)
            writer.flush()
        outputs = room.document.ycells[0]["outputs"]
        writer.outputs.print("stdout", "late")  # not written yet
        outputs.clear()
        writer.outputs.print("stderr", "c")
        writer.flush()
        assert [each["text"] for each in room.cell["outputs"]] == ["late", "c"]
        outputs[1]["text"].insert(0, "x")
        writer.outputs.print("stderr", "d")
        writer.flush()
        assert [each["text"] for each in room.cell["outputs"]] == ["late", "cd"]
        writer.end(count=1)
        # After the end, what others have done stays.
        outputs.append({"output_type": "stream", "name": "stdout", "text": "own"})
        writer.outputs.print("stderr", "late")
        writer.flush()
        assert len(room.cell["outputs"]) == 3

    run(test())


def test_what_others_change_is_overwritten_once(run: Any, room: Room) -> None:
    # [R7] [R8]
    async def test() -> None:
        writer = writer_for(room)
        writer.start()
        for _ in range(3):
            writer.outputs.add("display_data", {"data": {"text/plain": "right" * 1000}})
        writer.flush()
        outputs = room.document.ycells[0]["outputs"]
        del outputs[0]
        outputs.insert(0, Map({"output_type": "display_data", "data": {}, "metadata": {}}))
        writer.outputs.print("stdout", "a")
        writer.flush()
        texts = [each.get("data", {}).get("text/plain", "") for each in room.cell["outputs"]]
        assert texts == ["right" * 1000] * 3 + [""]
        room.updates.clear()
        writer.outputs.print("stdout", "b")
        writer.flush()
        assert sum(map(len, room.updates)) < 1000
        writer.close()

    run(test())


def test_only_the_output_that_changes_is_written_again(run: Any, room: Room) -> None:
    # [R8]
    async def test() -> None:
        writer = writer_for(room)
        writer.start()
        bar = writer.outputs.add("display_data", {"data": {"text/plain": "0 %"}})
        for at in range(20):
            data = {"image/png": f"{at}" + "x" * 100_000}
            writer.outputs.add("display_data", {"data": data})
        writer.outputs.print("stdout", "a")
        writer.flush()
        room.updates.clear()
        for at in range(100):
            display(writer, bar, f"{at} %")
            writer.outputs.print("stdout", "b")
            writer.flush()
        assert sum(map(len, room.updates)) < 30_000
        # The rest takes the usual pauses: the plots do not count as replaced.
        assert writer._pause(asyncio.get_running_loop().time()) == writers.FLUSH_INTERVAL
        found = room.cell["outputs"]
        assert found[0]["data"] == {"text/plain": "99 %"}
        assert [each["data"]["image/png"][:2] for each in found[1:4]] == ["0x", "1x", "2x"]
        assert found[-1]["text"] == "a" + "b" * 100 and len(found) == 22

    run(test())


@pytest.mark.parametrize("seed", range(30))
def test_random_changes_of_outputs_are_written_as_they_are(
    run: Any, room: Room, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # [R7]
    monkeypatch.setattr(writers, "MAX_AT_ONCE", 2 + seed)
    monkeypatch.setattr(writers, "MAX_RANGES", 1 + seed % 3)
    monkeypatch.setattr(writers, "PIECE", 1 + seed % 5)
    monkeypatch.setattr(writers, "WRITE_TIME", [0, 1e-4, inf][seed % 3])

    async def test() -> None:
        random = Random(seed)
        writer = writer_for(room)
        writer.start()
        shown: list[Any] = []
        for at in range(150):
            match random.choice(["show", "show", "print", "update", "update", "clear", "flush"]):
                case "show":
                    shown.append(writer.outputs.add("display_data", {"data": {"a": f"{at}"}}))
                case "print":
                    name = random.choice(["stdout", "stderr"])
                    writer.outputs.print(name, random.choice(["a", "é\n", "b\rc", "\b"]))
                case "update":
                    for output in random.sample(shown, min(len(shown), random.randint(1, 90))):
                        if not output.is_gone:
                            display(writer, output, f"{at}")
                case "clear" if random.random() < 0.1:
                    writer.outputs.clear(wait=random.random() < 0.5)
                case "flush" if random.random() < 0.3:
                    writer.flush()
                case "flush":
                    await writer.catch_up()
                    assert room.cell["outputs"] == writer.outputs.to_py()
        writer.end(count=1)
        assert room.cell["outputs"] == writer.outputs.to_py()

    run(test())


def test_many_outputs_are_written_in_steps(
    run: Any, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    # [R8]
    monkeypatch.setattr(writers, "WRITE_TIME", inf)

    async def test() -> None:
        writer = writer_for(room)
        writer.start()
        for at in range(1000):
            writer.outputs.add("display_data", {"data": {"text/plain": f"{at}"}})
        found = room.document.ycells[0]["outputs"]
        writer.flush()
        assert len(found) == writers.MAX_AT_ONCE
        room.updates.clear()
        await writer.catch_up()
        assert len(found) == 1000 and len(room.updates) == 4
        # If all change again and again, each has its turn.
        for at in range(5):
            for output in writer.outputs:
                display(writer, output, f"new {at}")
            writer.flush()
        texts = [each["data"]["text/plain"] for each in room.cell["outputs"]]
        assert texts == [f"new {at // 200}" for at in range(1000)]
        writer.end(count=1)
        assert room.cell["outputs"] == writer.outputs.to_py()

    run(test())


def test_the_rest_of_many_outputs_follows_by_itself(
    run: Any, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    # [R8]
    monkeypatch.setattr(writers, "FLUSH_INTERVAL", 0)

    async def test() -> None:
        writer = writer_for(room)
        writer.start()
        for at in range(1000):
            writer.outputs.add("display_data", {"data": {"text/plain": f"{at}"}})
        writer.changed()
        for _ in range(10):
            await settled(writer)
        assert room.cell["outputs"] == writer.outputs.to_py()
        writer.close()

    run(test())


def test_outputs_that_take_long_are_written_in_smaller_steps(
    run: Any, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    # [R8]
    monkeypatch.setattr(writers, "WRITE_TIME", 0)

    async def test() -> None:
        writer = writer_for(room)
        writer.start()
        for at in range(50):
            writer.outputs.add("display_data", {"data": {"text/plain": f"{at}" + "x" * 30_000}})
        found = room.document.ycells[0]["outputs"]
        writer.flush()
        assert len(found) == 3  # about 64 kB
        await writer.catch_up()
        assert room.cell["outputs"] == writer.outputs.to_py() and len(found) == 50
        for output in writer.outputs:
            display(writer, output, "new")
        writer.flush()
        texts = [each["data"]["text/plain"] for each in room.cell["outputs"]]
        assert texts.count("new") == writers.PIECE
        for _ in range(2):  # each has its turn
            display(writer, writer.outputs[0], "newer")
            writer.flush()
        texts = [each["data"]["text/plain"] for each in room.cell["outputs"]]
        assert texts.count("new") == 50 and "newer" not in texts
        await writer.catch_up()
        assert room.cell["outputs"] == writer.outputs.to_py()
        writer.close()

    run(test())


def test_new_outputs_do_not_wait_for_those_that_are_replaced(
    run: Any, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    # [R8]
    monkeypatch.setattr(writers, "REPLACED_AT_ONCE", 0)
    monkeypatch.setattr(writers, "REPLACED_PER_SECOND", 1)
    monkeypatch.setattr(writers, "MAX_AT_ONCE", 1)

    async def test() -> None:
        writer = writer_for(room)
        writer.start()
        plot = writer.outputs.add("display_data", {"data": {"text/plain": "x"}})
        writer.flush()
        display(writer, plot, "x" * 1000)
        monkeypatch.setattr(writers, "FLUSH_INTERVAL", 0)
        for _ in range(10):
            writer.outputs.add("display_data", {"data": {"text/plain": "new"}})
        writer.flush()
        for _ in range(20):
            await settled(writer)
        assert room.cell["outputs"] == writer.outputs.to_py()
        writer.close()

    run(test())
