"""Values that JSON files hold and documents do not: replaced, written back, or named."""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable, Callable
from typing import Any

import nbformat
import pytest
from pycrdt import Doc, Map
from support import Server, until

from jupyter_collaboration.documents.representable import representable
from jupyter_collaboration.errors import LoadFailed
from jupyter_collaboration.files.formatting import with_exact
from rtcbench import wire
from rtcbench.ws import WebSocket

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]

STRANGE = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "-1e400",
    str(2**53),
    str(2**62),
    str(2**63),
    str(-(2**63) - 1),
    "1" * 30,
    "1" * 400,
    '"\\ud800"',
    '"a\\udc00b"',
    '{"a": [NaN, {"b": 12345678901234567890123}]}',
]


@pytest.mark.parametrize("text", STRANGE)
def test_a_document_holds_something_in_place_of_every_value_of_json(text: str) -> None:  # S9
    exact = json.loads(text)
    shown, differs = representable({"value": exact})
    assert differs
    doc: Doc[Any] = Doc()
    doc.get("state", type=Map)["value"] = shown["value"]
    found = doc.get("state", type=Map)["value"]
    json.dumps(found, allow_nan=False).encode()
    assert json.dumps(with_exact({"value": exact}, {"value": found})["value"]) == text.replace(
        "1e400", "Infinity"
    )
    assert with_exact({"value": exact}, {"value": "changed"}) == {"value": "changed"}


@pytest.mark.parametrize("text", ["0", "1.5", "-1e300", str(2**53 - 1), '"\\u0000"', "[]", '"🎉"'])
def test_a_value_that_documents_hold_is_left_alone(text: str) -> None:
    content = {"value": json.loads(text)}
    shown, differs = representable(content)
    assert shown is content
    assert not differs


def test_values_in_the_nodes_of_nbformat_are_replaced() -> None:  # S9
    node = nbformat.from_dict({"cells": [{"metadata": {"x": 10**300}}]})  # type: ignore[no-untyped-call]
    shown, differs = representable(node)
    assert differs
    assert shown == {"cells": [{"metadata": {"x": 1e300}}]}


def test_what_cannot_be_replaced_is_named_with_its_place() -> None:  # S9
    deep: Any = math.nan
    for _ in range(100):
        deep = [deep]
    with pytest.raises(LoadFailed, match=r"cells\[0\]\.metadata\.x"):
        representable({"cells": [{"metadata": {"x": deep}}]})
    with pytest.raises(LoadFailed, match="metadata"):
        representable({"metadata": {"\ud800": 1}})


def notebook(value: str, source: str = "1") -> str:
    """A notebook's text with a value in the metadata of its cell and its own."""
    template = """{"cells": [{"cell_type": "code", "execution_count": null, "id": "a",
        "metadata": {"value": VALUE}, "outputs": [], "source": ["SOURCE"]}],
        "metadata": {"papermill": {"parameters": {"p": VALUE}}},
        "nbformat": 4, "nbformat_minor": 5}"""
    return template.replace("VALUE", value).replace("SOURCE", source)


@pytest.mark.parametrize("value", ["NaN", "-Infinity", str(2**64), "[1, NaN]"])
def test_a_notebook_with_strange_values_opens_and_saves_them_unchanged(
    run: Run, serving: Serving, value: str
) -> None:  # S9 [F6] [F7]
    async def test() -> None:
        async with serving(YDocExtension={"document_save_delay": 0.05}) as server:
            file = server.notebook_file("a.ipynb", [])
            (server.root / "a.ipynb").write_text(notebook(value))
            ada = await server.member(file)
            ada.cells[0]["source"].insert(0, "x = ")
            assert (await ada.ask("save"))["status"] == "success"
            assert json.dumps(json.loads(server.read("a.ipynb"))) == json.dumps(
                json.loads(notebook(value, "x = 1"))
            )
            await ada.close()
            again = await server.member(file)
            assert str(again.cells[0]["source"]) == "x = 1"
            await again.close()

    run(test())


@pytest.mark.parametrize("value", ["NaN", str(2**64)])
def test_strange_values_that_are_written_under_an_open_notebook_merge(
    run: Run, serving: Serving, value: str
) -> None:  # S9 [F4]
    async def test() -> None:
        options = {"document_save_delay": 0.05, "file_poll_interval": 0.05}
        async with serving(YDocExtension=options) as server:
            file = server.notebook_file("a.ipynb", [])
            (server.root / "a.ipynb").write_text(notebook("1"))
            ada = await server.member(file)
            ada.cells[0]["source"].insert(0, "x = ")
            (server.root / "a.ipynb").write_text(notebook(value))
            strange = json.loads(value)

            def merged() -> bool:
                content = json.loads(server.read("a.ipynb"))
                found = content["cells"][0]["metadata"]["value"]
                same = json.dumps(found) == json.dumps(strange)
                return same and "".join(content["cells"][0]["source"]) == "x = 1"

            await until(merged)
            ada.cells[0]["source"].insert(0, "y = ")
            assert (await ada.ask("save"))["status"] == "success"
            assert "y = x = 1" in server.read("a.ipynb")
            await ada.close()

    run(test())


def test_a_notebook_that_no_document_can_hold_is_refused_with_the_place(
    run: Run, serving: Serving
) -> None:  # S9
    async def test() -> None:
        async with serving() as server:
            assert isinstance(server, Server)
            file = server.notebook_file("a.ipynb", [])
            endpoint = await server.endpoint(file)
            for value, problem in [("[" * 80 + "]" * 80, "is nested"), ('"\\ud83d"', "Unicode")]:
                (server.root / "a.ipynb").write_text(notebook(value))
                found: list[bytes] = []
                socket = WebSocket(lambda data, now, found=found: found.append(data))
                await socket.connect(endpoint.url)
                await socket.closed.wait()
                assert socket.close_code == 1003
                assert json.loads(socket.close_reason)["reason"] == "initialization_error"
                detail = json.loads(wire.Reader(found[-1], 1).bytes())["detail"]
                assert "cells[0].metadata.value" in detail
                assert problem in detail

    run(test())
