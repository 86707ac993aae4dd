"""Typing into a cell while a restore deletes it, by real clients. S13 [S4] [V5]"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text
from support import Editor, put, room_of, versions

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]


def code(source: str, name: str) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": name, "metadata": {}, "source": source}
    return {**cell, "execution_count": None, "outputs": []}


def sources(editor: Editor) -> list[str]:
    return [str(cell["source"]) for cell in editor.cells]


def add_cell(editor: Editor, source: str) -> None:
    parts = {"source": Text(source), "metadata": Map({}), "outputs": Array()}
    editor.cells.append(Map({**code("", "new"), **parts}))


async def restore(server: Any, room: str, seq: int, page: Editor | None) -> None:
    """Restore a version, in the server or by an edit of a page."""
    status, answer = await put(server, f"restore/{room}", version=seq, apply=page is None)
    assert status == 200, answer
    if page is not None:
        page.doc.apply_update(base64.b64decode(answer["update"]))


@pytest.mark.parametrize("by", ["server", "page"])
def test_no_key_is_lost_while_a_restore_deletes_the_cell(
    run: Run, serving: Serving, by: str
) -> None:  # S13 [S4] [V5]
    async def test() -> None:
        async with serving() as server:
            fixture = server.notebook_file("a.ipynb", [code("x = 1", "one")])
            room = room_of(await server.endpoint(fixture))
            ada, grace = [await server.member(fixture) for _ in "ab"]
            await ada.ask("save")
            start = (await versions(server, room))[-1]["id"]
            for number in range(5):
                add_cell(ada, "y = ")
                await grace.until(lambda _: sources(grace) == ["x = 1", "y = "], 20)
                restoring = asyncio.create_task(
                    restore(server, room, start, ada if by == "page" else None)
                )
                typed = ""
                while len(grace.cells) == 2 and len(typed) < 500:
                    key = str(number + len(typed) % 5)
                    typed += key
                    grace.cells[1]["source"].insert(3 + len(typed), key)
                    await asyncio.sleep(0)
                await restoring
                await grace.ask("ack")
                await ada.ask("ack")
                found = sources(ada)
                # What the server had before it computed the restore went with the cell.
                assert found == ["x = 1"] or (
                    len(found) == 2 and typed.endswith(found[1].removeprefix("y = ")[-1:])
                ), (found, typed)
                for at in reversed(range(1, len(ada.cells))):
                    del ada.cells[at]
                await grace.until(lambda _: sources(grace) == ["x = 1"], 20)
            for member in (ada, grace):
                await member.close()

    run(test())


@pytest.mark.parametrize("by", ["server", "page"])
def test_a_page_that_was_offline_brings_the_restored_cell_back(
    run: Run, serving: Serving, by: str
) -> None:  # S13 [S4] [V5]
    async def test() -> None:
        async with serving() as server:
            fixture = server.notebook_file("a.ipynb", [code("x = 1", "one")])
            room = room_of(await server.endpoint(fixture))
            ada, grace = [await server.member(fixture) for _ in "ab"]
            await ada.ask("save")
            start = (await versions(server, room))[-1]["id"]
            add_cell(ada, "y = 2")
            await grace.until(lambda _: len(grace.cells) == 2, 20)
            await grace.close()
            offline: Doc[Any] = Doc()
            offline.apply_update(grace.doc.get_update())
            text: Text = offline.get("cells", type=Array)[1]["source"]
            for key in "0 + 3":
                text.insert(len(str(text)), key)
            await restore(server, room, start, ada if by == "page" else None)
            await ada.ask("ack")
            await ada.until(lambda _: sources(ada) == ["x = 1"], 20)
            grace = await Editor.open_at(await server.endpoint(fixture), offline.get_update())
            expected = ["x = 1", "y = 20 + 3"]
            for member in (ada, grace):
                await member.until(lambda _, member=member: sources(member) == expected, 20)
                await member.close()

    run(test())
