"""Documents through any contents manager, on real servers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from support import until

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]


@pytest.mark.parametrize("manager", ["Synchronous", "WithoutHashes"])
def test_any_contents_manager_serves(run: Run, serving: Serving, manager: str) -> None:
    async def test() -> None:
        options = {"contents_manager_class": f"managers.{manager}"}
        async with serving(ServerApp=options, YDocExtension={"file_poll_interval": 0.05}) as server:
            file = server.text_file("a.txt", "one\n")
            ada = await server.member(file)
            ada.source.insert(0, "x")
            assert (await ada.ask("save"))["status"] == "success"
            assert server.read("a.txt") == "xone\n"
            server.text_file("a.txt", "xone\nby another program\n")
            await ada.sees("xone\nby another program\n")
            notebook = await server.member(server.notebook_file("n.ipynb", []))
            notebook.cells[0]["source"].insert(0, "1 + 1")
            assert (await notebook.ask("save"))["status"] == "success"
            assert json.loads(server.read("n.ipynb"))["cells"][0]["source"] == ["1 + 1"]

    run(test())


def test_a_full_disk_is_told_and_the_save_made_up_for(run: Run, serving: Serving) -> None:  # [F2]
    async def test() -> None:
        options = {"contents_manager_class": "managers.Refusing"}
        async with serving(ServerApp=options) as server:
            file = server.text_file("a.txt", "one\n")
            ada, bob = await server.member(file), await server.member(file)
            server.text_file("full", "")
            ada.source.insert(0, "x")
            failed = await ada.ask("save")
            assert failed["status"] == "failed"
            assert failed["reason"] == "No space left on device"
            told = await bob.reply(lambda reply: reply["type"] == "autosave")
            assert (told["status"], told["reason"]) == ("failed", "No space left on device")
            assert server.read("a.txt") == "one\n"
            await until(lambda: ada.state["dirty"] is True)
            (server.root / "full").unlink()
            await until(lambda: server.read("a.txt") == "xone\n")
            await until(lambda: ada.state["dirty"] is False)
            await bob.reply(
                lambda reply: (reply["type"], reply["status"]) == ("autosave", "success")
            )

    run(test())


def test_a_manager_that_breaks_fails_the_save_and_not_the_room(run: Run, serving: Serving) -> None:
    # [F2]
    async def test() -> None:
        options = {"contents_manager_class": "managers.Raising"}
        async with serving(ServerApp=options) as server:
            file = server.text_file("a.txt", "one\n")
            ada, bob = await server.member(file), await server.member(file)
            ada.source.insert(0, "x")
            assert "a bug" in (await ada.ask("save"))["reason"]
            ada.source.insert(0, "y")
            await bob.sees("yxone\n")

    run(test())


def test_a_file_that_is_no_notebook_is_refused_in_words(run: Run, serving: Serving) -> None:
    async def test() -> None:
        async with serving() as server:
            file = server.notebook_file("n.ipynb", [])
            (server.root / "n.ipynb").write_text("{ not json")
            with pytest.raises(ConnectionError, match="1003"):
                await server.member(file)
            assert server.read("n.ipynb") == "{ not json"

    run(test())
