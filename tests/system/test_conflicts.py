"""Edits of one place by two sides: both stand, everybody is told, and somebody decides."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from support import Editor, Server, code_cell, conflicts_of, until

Run = Callable[[Awaitable[Any]], Any]


def write_cells(path: Path, cells: list[dict[str, Any]]) -> None:
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(content, indent=1) + "\n")


def common_start(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return next((at for at, (x, y) in enumerate(pairs) if x != y), min(len(one), len(other)))


def retype(text: Any, target: str) -> None:
    """Turn a text into another one as somebody who types does: only what differs."""
    source = str(text)
    start = common_start(source, target)
    end = common_start(source[start:][::-1], target[start:][::-1])
    if len(source) - end > start:
        del text[start : len(source) - end]
    text.insert(start, target[start : len(target) - end])


@pytest.mark.parametrize(
    ("base", "typed", "on_disk"),
    [
        ("lr = 0.1", "lr = 0.15", "lr = 0.12"),  # S3
        ("if a:", "if a and b:", "if a or c:"),  # S4
        ("df.head(5)", "df.head(10)", "df.head(51)"),  # S4
    ],
)
@pytest.mark.parametrize("kind", ["text", "notebook"])
def test_one_place_changed_here_and_on_disk_holds_both_lines_and_is_shown_to_everybody(
    run: Run, serving: Callable[..., Any], kind: str, base: str, typed: str, on_disk: str
) -> None:  # S3 S4 [S4] [F4]
    async def test() -> None:
        async with serving(YDocExtension={"document_save_delay": None}) as server:
            if kind == "text":
                fixture = server.text_file("a.txt", f"{base}\n")
            else:
                fixture = server.notebook_file("a.ipynb", [code_cell(base, "one")])
            ada, grace = [await server.member(fixture) for _ in "ab"]
            text = ada.source if kind == "text" else ada.cells[0]["source"]
            retype(text, str(text).replace(base, typed))
            await ada.ask("ack")
            if kind == "text":
                (server.root / "a.txt").write_text(f"{on_disk}\n")
            else:
                write_cells(server.root / "a.ipynb", [code_cell(on_disk, "one")])
            for member in (ada, grace):
                (conflict,) = await conflicts_of(member)
                assert conflict["origin"] == "disk"
                assert conflict["cell"] == (None if kind == "text" else "one")
                assert conflict["ours"].strip() == typed
                assert conflict["theirs"].strip() == on_disk

                def both(doc: Any, member: Editor = member) -> bool:
                    now = member.source if kind == "text" else member.cells[0]["source"]
                    return str(now).strip() == f"{typed}\n{on_disk}"

                await member.until(both, 20)
            late = await server.member(fixture)
            (conflict,) = await conflicts_of(late)
            reply = await late.ask(f"resolve {conflict['id']} theirs")
            assert reply["status"] == "success"
            for member in (ada, grace, late):
                await conflicts_of(member, 0)
            now = late.source if kind == "text" else late.cells[0]["source"]
            await late.until(lambda _: str(now).strip() == on_disk, 20)
            for member in (ada, grace, late):
                await member.close()

    run(test())


def test_a_conflict_outlives_the_server(
    run: Run, new_server: Callable[..., Server]
) -> None:  # [S4]
    async def test() -> None:
        server = new_server(YDocExtension={"document_save_delay": None})
        await server.start()
        fixture = server.text_file("a.txt", "x = 1\n")
        ada = await server.member(fixture)
        del ada.source[4:5]
        ada.source.insert(4, "2")
        await ada.ask("ack")
        (server.root / "a.txt").write_text("x = 3\n")
        (conflict,) = await conflicts_of(ada)
        await ada.sees("x = 2\nx = 3\n")
        await ada.ask("save")
        await ada.close()
        await server.stop()
        await server.start()
        grace = await server.member(fixture)
        assert await conflicts_of(grace) == [conflict]
        reply = await grace.ask("resolve nothing ours")
        assert reply["status"] == "failed" and reply["reason"]
        reply = await grace.ask(f"resolve {conflict['id']} none")
        assert reply["status"] == "failed"
        await grace.ask(f"resolve {conflict['id']} both")
        await conflicts_of(grace, 0)
        await grace.sees("x = 2\nx = 3\n")
        await grace.close()
        await server.stop()
        await server.start()
        grace = await server.member(fixture)
        await grace.ask("ack")
        assert not [each for each in grace.replies if each.get("type") == "merge_conflicts"]
        await grace.close()

    run(test())


def test_a_conflict_that_somebody_decides_by_editing_leaves_the_list(
    run: Run, serving: Callable[..., Any]
) -> None:  # [S4]
    async def test() -> None:
        async with serving(YDocExtension={"document_save_delay": None}) as server:
            ada = await server.member(server.text_file("a.txt", "x = 1\n"))
            del ada.source[4:5]
            ada.source.insert(4, "2")
            await ada.ask("ack")
            (server.root / "a.txt").write_text("x = 3\n")
            await conflicts_of(ada)
            await ada.sees("x = 2\nx = 3\n")
            del ada.source[0:6]
            await conflicts_of(ada, 0)
            await ada.close()

    run(test())


@pytest.mark.parametrize("kind", ["text", "notebook"])
def test_a_copy_of_what_a_tool_read_before_somebody_typed_keeps_the_typing(
    run: Run, serving: Callable[..., Any], kind: str
) -> None:  # S26 [F4]
    async def test() -> None:
        async with serving() as server:
            lines = [f"line {number}\n" for number in range(8)]
            if kind == "text":
                fixture = server.text_file("a.txt", "".join(lines))
            else:
                fixture = server.notebook_file("a.ipynb", [code_cell("".join(lines), "one")])
            path = server.root / fixture.path
            read = path.read_text()
            ada = await server.member(fixture)
            text = ada.source if kind == "text" else ada.cells[0]["source"]
            text.insert(0, "typed one\ntyped two\n")
            await ada.ask("save")
            await until(lambda: "typed two" in path.read_text())
            path.write_text(read.replace("line 5", "line 5, by a tool"))
            await until(lambda: "typed two" in path.read_text() and "tool" in path.read_text())
            expected = "typed one\ntyped two\n" + "".join(lines).replace(
                "line 5", "line 5, by a tool"
            )
            assert str(text) == expected
            await ada.close()

    run(test())


def test_what_was_checked_out_replaces_what_was_saved_and_keeps_what_was_not(
    run: Run, serving: Callable[..., Any]
) -> None:  # S26 [F4]
    async def test() -> None:
        async with serving() as server:
            fixture = server.text_file("a.txt", "one\ntwo\nthree\n")
            ada = await server.member(fixture)
            ada.source.insert(0, "saved\n")
            await ada.ask("save")
            await until(lambda: server.read("a.txt").startswith("saved"))
            (server.root / "a.txt").write_text("one\ntwo\nthree\n")
            await ada.sees("one\ntwo\nthree\n")
            await ada.close()

    run(test())


def test_streams_that_a_program_writes_one_by_one_stay_as_it_wrote_them(
    run: Run, serving: Callable[..., Any]
) -> None:  # S25
    async def test() -> None:
        async with serving() as server:
            fixture = server.notebook_file(
                "a.ipynb", [code_cell("tick()", "one"), code_cell("", "two")]
            )
            path = server.root / "a.ipynb"
            ada = await server.member(fixture)
            pieces = [
                {"name": "stdout", "output_type": "stream", "text": [f"tick {number}\n"]}
                for number in range(3)
            ]
            for count in range(1, 4):
                cell = code_cell("tick()", "one", outputs=pieces[:count], execution_count=1)
                write_cells(path, [cell, code_cell("", "two")])
                text = "".join(f"tick {number}\n" for number in range(count))

                def shown(doc: Any, text: str = text) -> bool:
                    outputs = ada.cells[0]["outputs"].to_py()
                    return [output["text"] for output in outputs] == [text]

                await ada.until(shown, 20)
            ada.cells[1]["source"].insert(0, "typed")
            await ada.ask("save")
            await until(lambda: "typed" in path.read_text())
            assert json.loads(path.read_text())["cells"][0]["outputs"] == pieces
            await ada.close()

    run(test())
