"""Programs may insert plain values where pages of JupyterLab need shared ones. [M8]"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pycrdt import Array, Map, Text
from support import until

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]

OUTPUT = {"output_type": "stream", "name": "stdout", "text": "1\n"}


def insert_cell(cells: Array[Any]) -> None:
    cells.insert(0, plain_cell())


def insert_cells(cells: Array[Any]) -> None:
    cells.extend([plain_cell(), plain_cell()])


def replace_parts(cells: Array[Any]) -> None:
    cells[-1]["outputs"] = [OUTPUT]
    cells[-1]["metadata"] = {"tags": ["x"]}


def replace_metadata(cells: Array[Any]) -> None:
    cells.doc.get("meta", type=Map)["metadata"] = {"kernelspec": {"name": "python3"}}


def plain_cell() -> Map[Any]:
    cell: dict[str, Any] = {"cell_type": "code", "id": "new", "execution_count": None}
    return Map({**cell, "source": Text("x"), "metadata": {"tags": ["x"]}, "outputs": [OUTPUT]})


@pytest.mark.parametrize(
    "change", [insert_cell, insert_cells, replace_parts, replace_metadata], ids=lambda f: f.__name__
)
def test_plain_values_of_a_program_are_shared_before_others_see_them(
    run: Run, serving: Serving, change: Callable[[Array[Any]], None]
) -> None:
    async def test() -> None:
        async with serving() as server:
            file = server.notebook_file("a.ipynb", [])
            ada, grace = await server.member(file), await server.member(file)
            seen: list[bool] = []
            meta = grace.doc.get("meta", type=Map)

            def look() -> None:
                values = [cell.get(key) for cell in grace.cells for key in ("metadata", "outputs")]
                seen.append(not any(isinstance(each, dict | list) for each in values))
                seen.append(isinstance(meta["metadata"], Map))

            loop = asyncio.get_running_loop()  # a document cannot be read by its observers
            subscription = grace.doc.observe(lambda _: loop.call_soon(look))
            change(ada.cells)
            assert (await ada.ask("save"))["status"] == "success"
            await until(lambda: grace.cells.to_py() == ada.cells.to_py() and bool(seen))
            assert all(seen)
            grace.doc.unobserve(subscription)
            text = server.read("a.ipynb")
            assert '"x"' in text or "python3" in text
            await ada.close()
            await grace.close()

    run(test())
