"""Line ends are the same for everybody in a document, and the file keeps its own."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pycrdt import Text
from support import until

Run = Callable[[Awaitable[Any]], Any]


def code(source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": "one",
        "metadata": {},
        "outputs": [],
        "source": source,
    }


@pytest.mark.parametrize("source", ["\r\nb", "a\r\nb\r\n", "a\rb"])
def test_a_cell_with_other_line_ends_is_typed_in_where_people_see_it(
    run: Run, serving: Callable[..., Any], source: str
) -> None:  # S17 [F7]
    async def test() -> None:
        async with serving() as server:
            fixture = server.notebook_file("a.ipynb", [code(source)])
            ada = await server.member(fixture)
            text = ada.cells[0]["source"]
            shown = source.replace("\r\n", "\n").replace("\r", "\n")
            assert str(text) == shown
            text.insert(len(shown), "x")
            await ada.ask("save")
            path = server.root / "a.ipynb"

            def saved() -> str:
                return "".join(json.loads(path.read_text())["cells"][0]["source"])

            await until(lambda: saved() == f"{source}x")
            assert str(text) == f"{shown}x"
            await ada.close()

    run(test())


@pytest.mark.parametrize("kind", ["text", "notebook"])
def test_line_ends_that_a_client_inserts_become_those_of_the_document(
    run: Run, serving: Callable[..., Any], kind: str
) -> None:  # S17
    async def test() -> None:
        async with serving() as server:
            if kind == "text":
                fixture = server.text_file("a.txt", "é one\r\ntwo\r\n")
            else:
                fixture = server.notebook_file("a.ipynb", [code("é one\ntwo\n")])
            ada, grace = [await server.member(fixture) for _ in "ab"]
            texts = [
                member.source if kind == "text" else member.cells[0]["source"]
                for member in (ada, grace)
            ]
            texts[0].insert(len("é one\n".encode()), "a\r\nb\rc\r\n")
            expected = "é one\na\nb\nc\ntwo\n"
            for member, text in zip((ada, grace), texts, strict=True):

                def shown(doc: Any, text: Any = text) -> bool:
                    return str(text) == expected

                await member.until(shown, 20)
            await ada.ask("save")
            if kind == "text":
                await until(lambda: server.read("a.txt") == expected.replace("\n", "\r\n"))
            for member in (ada, grace):
                await member.close()

    run(test())


def test_a_line_end_that_comes_in_two_edits_is_one(
    run: Run, serving: Callable[..., Any]
) -> None:  # S17
    async def test() -> None:
        async with serving() as server:
            ada, grace = [await server.member(server.text_file("a.txt", "one\n")) for _ in "ab"]
            ada.source.insert(0, "a\r")
            # The server has it, and has broadcast it.
            await grace.until(lambda doc: str(doc.get("source", type=Text)).startswith("a"), 20)
            ada.source.insert(2, "\nb\rc")
            expected = "a\nb\ncone\n"
            for member in (ada, grace):
                await member.until(lambda doc: str(doc.get("source", type=Text)) == expected, 20)
            for member in (ada, grace):
                await member.close()

    run(test())
