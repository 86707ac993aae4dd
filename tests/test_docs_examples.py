"""The examples for authors of extensions, installed beside real servers. [C1]"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pycrdt import Array
from support import ENABLED, ROOT, Editor, Server, code_cell, until

from rtcbench.fixtures import Fixture
from rtcbench.peers import JupyterPeer

EXAMPLES = ROOT / "docs" / "examples"


class WithExample(Server):
    """A server that finds an example, and starts as users start it."""

    example: Path

    def environment(self) -> dict[str, str]:
        env = super().environment()
        return {**env, "PYTHONPATH": os.pathsep.join((env["PYTHONPATH"], str(self.example)))}

    async def start(self) -> None:
        await JupyterPeer.start(self)


def with_example(server: Server, folder: Path) -> WithExample:
    server.__class__ = WithExample
    assert isinstance(server, WithExample)
    server.example = folder
    return server


def test_a_server_extension_reads_and_edits_a_live_notebook(
    run: Callable[..., Any], new_server: Callable[..., Server]
) -> None:
    async def test() -> None:
        options = {"ServerApp": {"jpserver_extensions": {**ENABLED, "notes": True}}}
        server = with_example(new_server(**options), EXAMPLES)
        await server.start()
        ada = await server.member(server.notebook_file("a.ipynb", [code_cell("x = 1", "one")]))
        ada.cell_text(0).insert(5, "2")
        await ada.ask("ping")
        status, text = await server.request("GET", "notes/a.ipynb")
        assert (status, json.loads(text)) == (200, {"sources": ["x = 12"]})

        note = {"note": "Checked."}
        status, text = await server.request("POST", "notes/a.ipynb", json=note)
        assert (status, json.loads(text)) == (201, {"cells": 2})
        await ada.until(lambda doc: len(ada.cells) == 2)
        assert str(ada.cells[1]["source"]) == "Checked."
        await until(lambda: "Checked." in server.read("a.ipynb"))
        await ada.close()

        server.notebook_file("b.ipynb", [code_cell("y = 1", "one")])  # which nobody has open
        assert (await server.request("POST", "notes/b.ipynb", json=note))[0] == 201
        await until(lambda: "Checked." in server.read("b.ipynb"))
        assert (await server.request("GET", "notes/missing.ipynb"))[0] == 404
        assert not (server.root / "missing.ipynb").exists()
        await server.stop()

    run(test())


def test_a_package_registers_a_document_type(
    run: Callable[..., Any], new_server: Callable[..., Server], tmp_path: Path
) -> None:
    async def test() -> None:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "-q"]
        options = ["--no-deps", "--no-build-isolation", "--no-index", "--root-user-action=ignore"]
        folder = tmp_path / "site"
        command = [*pip, *options, "--target", folder, EXAMPLES / "checklist"]
        subprocess.run(command, check=True, cwd=tmp_path)  # noqa: ASYNC221 (nothing else runs)
        server = with_example(new_server(), folder)
        await server.start()
        server.text_file("home.checklist", '{"items": ["milk"]}')
        members = []
        for _ in range(2):
            endpoint = await server.endpoint(Fixture("home.checklist", "checklist"))
            members.append(await Editor.open_at(endpoint))
        ada, grace = members
        lists = [member.doc.get("items", type=Array) for member in members]
        assert [each.to_py() for each in lists] == [["milk"], ["milk"]]
        lists[0].append("bread")
        lists[1].insert(0, "tea")
        for member, items in zip(members, lists, strict=True):
            await member.until(lambda _, items=items: len(items) == 3)  # type: ignore[misc]
            assert items.to_py() == ["tea", "milk", "bread"]
        saved = '{"items": ["tea", "milk", "bread"]}'
        await until(lambda: server.read("home.checklist") == saved)
        await ada.close()
        await grace.close()
        await server.stop()

    run(test())
