"""Typing that is on its way while its cell is moved or restored is not lost."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import pytest
from pycrdt import Array, Doc, Map, Text
from support import Editor

Run = Callable[[Awaitable[Any]], Any]


def code(source: str, name: str, cell_type: str = "code") -> dict[str, Any]:
    cell = {"cell_type": cell_type, "id": name, "metadata": {}, "source": source}
    return {**cell, "execution_count": None, "outputs": []} if cell_type == "code" else cell


class Typist:
    """Somebody who does not see what others do, and whose edits arrive later."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self.doc: Doc[Any] = Doc()
        self.doc.apply_update(editor.doc.get_update())
        self.updates: list[bytes] = []
        self._subscription = self.doc.observe(lambda event: self.updates.append(event.update))

    def text(self, place: int) -> Text:
        source: Text = self.doc.get("cells", type=Array)[place]["source"]
        return source

    async def send(self) -> None:
        for update in self.updates:
            self._editor.send_update(update)
        self.updates.clear()
        await self._editor.ask("ack")


def copy_of(cell: Map[Any]) -> dict[str, Any]:
    """Return what a copy of a cell is made of."""
    copy: dict[str, Any] = cell.to_py() or {}
    copy["source"], copy["metadata"] = Text(copy["source"]), Map(copy["metadata"])
    if "outputs" in copy:
        copy["outputs"] = Array(copy["outputs"])
    return copy


def move(editor: Editor, start: int, end: int) -> None:
    """Move a cell as JupyterLab does: delete it, and insert a copy with the same id."""
    copy = copy_of(editor.cells[start])
    with editor.doc.transaction():
        del editor.cells[start]
        editor.cells.insert(end, Map(copy))


def sources(editor: Editor) -> list[str]:
    return [str(cell["source"]) for cell in editor.cells]


@pytest.mark.parametrize("source", ["x = 1", "é = '😀'\nx = 1", ""])
def test_typing_that_arrives_after_its_cell_was_moved_goes_into_the_copy(
    run: Run, serving: Callable[..., Any], source: str
) -> None:  # S13 [P9]
    async def test() -> None:
        async with serving() as server:
            cells = [code(f"{source}# end", "one"), code("y = 2", "two"), code("z = 3", "three")]
            fixture = server.notebook_file("a.ipynb", cells)
            ada, grace = [await server.member(fixture) for _ in "ab"]
            typist = Typist(grace)
            at = len(source.encode())
            move(ada, 0, 2)
            await ada.ask("ack")
            for character in " + 23":
                typist.text(0).insert(at, character)
                at += 1
            await typist.send()
            expected = ["y = 2", "z = 3", f"{source} + 23# end"]
            await ada.until(lambda _: sources(ada) == expected, 20)
            del typist.text(0)[at - 1 : at]  # Backspace
            typist.text(0).insert(at - 1, "4")
            await typist.send()
            move(ada, 2, 0)
            await ada.ask("ack")
            expected = [f"{source} + 24# end", "y = 2", "z = 3"]
            await ada.until(lambda _: sources(ada) == expected, 20)
            typist.text(0).insert(at, "5")
            await typist.send()
            expected[0] = f"{source} + 245# end"
            await ada.until(lambda _: sources(ada) == expected, 20)
            for member in (ada, grace):
                await member.close()

    run(test())


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_typing_that_arrives_after_the_server_was_started_again_goes_into_the_copy(
    run: Run, serving: Callable[..., Any], how: str
) -> None:  # S13 [P9]
    async def test() -> None:
        async with serving() as server:
            cells = [code("# 😀\nx = 1", "one"), code("y = 2", "two")]
            fixture = server.notebook_file("a.ipynb", cells)
            ada, grace = [await server.member(fixture) for _ in "ab"]
            typist = Typist(grace)
            await grace.close()
            typist.text(0).insert(len("# 😀\nx = 1".encode()), "0")
            move(ada, 0, 1)
            move(ada, 1, 0)
            await ada.ask("ack")
            await ada.close()
            if how == "killed":
                server.crash()
            else:
                await server.stop()
            await server.start()
            back = await Editor.open_at(await server.endpoint(fixture), typist.doc.get_update())
            other = await server.member(fixture)
            expected = ["# 😀\nx = 10", "y = 2"]
            for member in (back, other):
                await member.until(lambda _, member=member: sources(member) == expected, 20)
            await other.ask("save")
            saved = json.loads(server.read("a.ipynb"))
            assert ["".join(cell["source"]) for cell in saved["cells"]] == expected
            for member in (back, other):
                await member.close()

    run(test())


@pytest.mark.parametrize("source", ["x = 1", "é = '😀'\nx = 1", ""])
@pytest.mark.parametrize("how", ["at once", "deleted first", "server stopped between", "edited"])
def test_typing_that_the_mover_had_not_received_goes_into_the_copy(
    run: Run, serving: Callable[..., Any], source: str, how: str
) -> None:  # S13 [P9]
    async def test() -> None:
        async with serving() as server:
            cells = [code(f"{source}# end", "one"), code("y = 2", "two"), code("z = 3", "three")]
            fixture = server.notebook_file("a.ipynb", cells)
            ada, grace = [await server.member(fixture) for _ in "ab"]
            at = len(source.encode())
            mover = Typist(ada)
            grace.cells[0]["source"].insert(at, " + 23")
            typist = Typist(grace)
            await grace.ask("ack")
            await ada.until(lambda _: sources(ada)[0] == f"{source} + 23# end", 20)
            copy = copy_of(mover.doc.get("cells", type=Array)[0])
            end = "# end"
            with mover.doc.transaction():
                if how == "edited":
                    mover.text(0).insert(at, "!")
                    del mover.text(0)[at : at + 1]
                    mover.text(0).insert(at + 5, " now")
                    end = "# end now"
                    copy["source"] = Text(f"{source}# end now")
                del mover.doc.get("cells", type=Array)[0]
                if how in ("at once", "edited"):
                    mover.doc.get("cells", type=Array).insert(2, Map(copy))
            await mover.send()
            if how == "server stopped between":
                for member in (ada, grace):
                    await member.close()
                await server.stop()
                await server.start()
                ada, grace = [await server.member(fixture) for _ in "ab"]
                ada.cells.insert(2, Map(copy))
                await ada.ask("ack")
            elif how == "deleted first":
                typist.text(0).insert(at + 5, "4")
                await typist.send()
                mover.doc.get("cells", type=Array).insert(2, Map(copy))
                await mover.send()
            digits = " + 234" if how == "deleted first" else " + 23"
            expected = ["y = 2", "z = 3", f"{source}{digits}{end}"]
            for member in (grace, await server.member(fixture)):
                await member.until(lambda _, member=member: sources(member) == expected, 20)
                await member.close()
            await ada.close()

    run(test())


def test_typing_for_a_cell_that_was_deleted_for_good_or_not_at_all_comes_once(
    run: Run, serving: Callable[..., Any]
) -> None:  # S13
    async def test() -> None:
        async with serving() as server:
            fixture = server.notebook_file("a.ipynb", [code("x = 1", "one"), code("y", "two")])
            ada, grace = [await server.member(fixture) for _ in "ab"]
            typist = Typist(grace)
            del ada.cells[1]
            await ada.ask("ack")
            typist.text(1).insert(1, " typed")
            typist.text(0).insert(5, "0")
            await typist.send()
            await ada.until(lambda _: sources(ada) == ["x = 10"], 20)
            for member in (ada, grace):
                await member.close()

    run(test())


def test_a_restore_of_a_cells_type_and_place_keeps_what_is_typed_meanwhile(
    run: Run, serving: Callable[..., Any]
) -> None:  # S13 [V5]
    async def test() -> None:
        async with serving() as server:
            cells = [code("x = 1", "one"), code("y = 2", "two"), code("z = 3", "three")]
            fixture = server.notebook_file("a.ipynb", cells)
            ada, grace = [await server.member(fixture) for _ in "ab"]
            room_id = ada.endpoint.url.split("/room/")[1].split("?")[0]
            route = f"api/collaboration/versions/{quote(room_id)}"
            await ada.ask("ack")
            body: dict[str, Any] = {}
            while not body.get("versions"):
                status, answer = await server.request("GET", route)
                assert status == 200
                body = json.loads(answer)
            seq = body["versions"][0]["id"]
            # Another type and another place.
            with ada.doc.transaction():
                del ada.cells[0]
                cell = {"cell_type": "markdown", "id": "one", "metadata": Map({})}
                ada.cells.insert(2, Map({**cell, "source": Text("x = 1")}))
            await ada.ask("ack")
            await grace.until(lambda _: sources(grace) == ["y = 2", "z = 3", "x = 1"], 20)
            typist = Typist(grace)
            restore = f"api/collaboration/restore/{quote(room_id)}"
            status, answer = await server.request("PUT", restore, json={"version": seq})
            assert status == 200, answer
            typist.text(2).insert(5, " # typed")
            await typist.send()
            expected = ["x = 1 # typed", "y = 2", "z = 3"]
            await ada.until(lambda _: sources(ada) == expected, 20)
            for member in (ada, grace):
                await member.close()

    run(test())
