"""Contents managers and hooks that store something else than what they are given."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import Awaitable, Callable
from contextlib import suppress
from threading import Event, Thread
from typing import Any

import pytest
from pycrdt import Map, Text
from support import Editor, Server, until

from rtcbench.fixtures import Fixture

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]

QUICK = {"document_save_delay": 0.05, "file_poll_interval": 0.1}


def code(source: str, name: str, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {},
        "outputs": list(outputs),
        "source": source,
    }


def output(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": [text]}


def sources(server: Server, path: str) -> list[str]:
    """The file's sources; none while a manager that writes in place is at it."""
    try:
        content = json.loads(server.read(path))
    except ValueError:
        return []
    return ["".join(cell["source"]) for cell in content["cells"]]


def test_a_reader_sees_a_whole_file_in_its_own_style_at_any_moment(
    run: Run, serving: Serving
) -> None:  # S24 [F7]
    async def test() -> None:
        async with serving(YDocExtension=QUICK) as server:
            cells = [code(f"x = {'1' * 2000}\n", f"c{number}") for number in range(200)]
            file = server.notebook_file("a.ipynb", cells)
            path = server.root / "a.ipynb"
            path.write_text(json.dumps(json.loads(path.read_text()), indent=4))
            ada = await server.member(file)
            done, wrong, seen = Event(), [], set()

            def read() -> None:
                while not done.is_set():
                    text = path.read_text()
                    seen.add(text)
                    try:
                        json.loads(text)
                    except ValueError:
                        wrong.append(f"{len(text)} characters")
                    if not text.startswith('{\n    "cells"') or text.endswith("\n"):
                        wrong.append(text[:40])

            reader = Thread(target=read)
            reader.start()
            try:
                for number in range(5):
                    ada.cells[number]["source"].insert(0, f"# {number}\n")
                    assert (await ada.ask("save"))["status"] in ("success", "skipped")
            finally:
                done.set()
                reader.join()
            assert wrong == []
            assert len(seen) > 1
            assert len(path.read_text()) == max(map(len, seen))
            await ada.close()

    run(test())


def test_a_save_keeps_the_permissions_and_attributes_of_the_file(
    run: Run, serving: Serving
) -> None:  # [F7]
    async def test() -> None:
        async with serving(YDocExtension=QUICK) as server:
            file = server.text_file("a.txt", "one")
            path = server.root / "a.txt"
            path.chmod(0o600)
            with suppress(OSError):  # a file system without attributes
                os.setxattr(path, "user.tag", b"mine")
            names = os.listxattr(path)
            ada = await server.member(file)
            ada.source.insert(0, "typed ")
            await until(lambda: server.read("a.txt") == "typed one")
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert os.listxattr(path) == names
            await ada.close()

    run(test())


@pytest.mark.parametrize("name", ["Hashless", "Elsewhere"])
def test_a_manager_without_hashes_saves_and_merges_with_one_read_a_poll(
    run: Run, serving: Serving, name: str
) -> None:  # S11 [F4] [F11]
    async def test() -> None:
        options = {
            "ServerApp": {"contents_manager_class": f"managers.{name}"},
            "YDocExtension": {"document_save_delay": 0.05, "file_poll_interval": 1.0},
        }
        async with serving(**options) as server:
            where = "elsewhere/a.txt" if name == "Elsewhere" else "a.txt"
            (server.root / where).parent.mkdir(exist_ok=True)
            server.text_file(where, "one\ntwo\n")
            (server.root / ".reads").touch()
            ada = await server.member(Fixture("a.txt", "file", length=0))
            for number in range(3):
                ada.source.insert(0, f"typed {number}\n")
                await until(lambda number=number: f"typed {number}" in server.read(where))
            text = server.read(where).replace("two", "three")
            (server.root / where).write_text(text)
            await ada.sees(text)
            reads = len((server.root / ".reads").read_text().splitlines())
            start = asyncio.get_running_loop().time()

            def read() -> int:
                return len((server.root / ".reads").read_text().splitlines()) - reads

            await until(lambda: read() >= 4)
            polls = asyncio.get_running_loop().time() - start  # one a second
            assert read() <= polls + 2
            await ada.close()

    run(test())


@pytest.mark.parametrize("how", ["hook", "manager"])
def test_what_is_not_stored_stays_in_the_document(
    run: Run, serving: Serving, how: str
) -> None:  # E3 [F4]
    async def test() -> None:
        options: dict[str, Any] = {"YDocExtension": {**QUICK, "document_cleanup_delay": 0.1}}
        if how == "manager":
            options["ServerApp"] = {"contents_manager_class": "managers.Stripping"}
        else:
            options["FileContentsManager"] = {"pre_save_hook": "managers.strip_outputs"}
        async with serving(**options) as server:
            file = server.notebook_file("a.ipynb", [code("a = 1", "a"), code("b = 2", "b")])
            ada = await server.member(file)
            names = [ada.cells[at]["id"] for at in range(2)]
            ada.cells[0]["outputs"].append(
                Map({"output_type": "stream", "name": "stdout", "text": Text("printed\n")})
            )
            ada.cells[0]["source"].insert(0, "x = ")
            await until(lambda: sources(server, "a.ipynb")[:1] == ["x = a = 1"])
            await until(lambda: ada.state["dirty"] is False)
            assert json.loads(server.read("a.ipynb"))["cells"][0]["outputs"] == []

            def kept(editor: Editor) -> bool:
                found = [editor.cells[at] for at in range(len(editor.cells))]
                outputs = [str(each["text"]) for each in found[0]["outputs"]]
                return outputs == ["printed\n"] and [each["id"] for each in found] == names

            # Another program changes the other cell: the output is none of its business.
            content = json.loads(server.read("a.ipynb"))
            content["cells"][1]["source"] = ["b = 3"]
            (server.root / "a.ipynb").write_text(json.dumps(content, indent=1) + "\n")
            await until(lambda: str(ada.cells[1]["source"]) == "b = 3")
            assert kept(ada)
            ada.cells[1]["source"].insert(0, "y = ")
            await until(lambda: sources(server, "a.ipynb") == ["x = a = 1", "y = b = 3"])
            assert kept(ada)
            assert (await ada.ask("save"))["status"] in ("success", "skipped")
            await ada.close()
            again = await server.member(file)
            assert kept(again)
            await again.close()

    run(test())


JUPYTEXT = {
    "ServerApp": {"contents_manager_class": "jupytext.TextFileContentsManager"},
    "YDocExtension": QUICK,
}


def pair(server: Server) -> Fixture:
    """A notebook with a script, as jupytext keeps them."""
    file = server.notebook_file("a.ipynb", [code("a = 1", "a"), code("b = 2", "b", output("2"))])
    path = server.root / "a.ipynb"
    content = json.loads(path.read_text())
    content["metadata"]["jupytext"] = {"formats": "ipynb,py:percent"}
    path.write_text(json.dumps(content, indent=1) + "\n")
    return file


def test_both_halves_of_a_jupytext_pair_hold_what_is_typed(
    run: Run, serving: Serving
) -> None:  # S12
    async def test() -> None:
        async with serving(**JUPYTEXT) as server:
            ada = await server.member(pair(server))
            ada.cells[0]["source"].insert(0, "x = ")
            script = server.root / "a.py"
            await until(lambda: script.exists() and "x = a = 1" in script.read_text())
            await until(lambda: sources(server, "a.ipynb")[:1] == ["x = a = 1"])
            await until(lambda: ada.state["dirty"] is False)
            # A change of the script shows, and leaves the outputs alone.
            script.write_text(script.read_text().replace("b = 2", "b = 3"))
            await until(lambda: str(ada.cells[1]["source"]) == "b = 3")
            assert [str(each["text"]) for each in ada.cells[1]["outputs"]] == ["2"]
            assert str(ada.cells[0]["source"]) == "x = a = 1"
            # The script is opened beside it, as a text file, and both are typed in.
            bob = await server.member(Fixture("a.py", "file", length=0))
            ada.cells[0]["source"].insert(0, "from_ada = ")
            await until(lambda: "from_ada = x" in str(bob.source))
            at = str(bob.source).index("b = 3")
            bob.source.insert(at, "from_bob = ")
            await until(lambda: str(ada.cells[1]["source"]) == "from_bob = b = 3")
            assert str(ada.cells[0]["source"]) == "from_ada = x = a = 1"
            await until(lambda: sources(server, "a.ipynb")[1:] == ["from_bob = b = 3"])
            for text in ("from_ada = x = a = 1", "from_bob = b = 3"):
                await until(lambda text=text: script.read_text().count(text) == 1)
            await bob.close()
            await ada.close()

    run(test())


def test_a_script_that_is_opened_as_a_notebook_is_saved_and_keeps_its_outputs(
    run: Run, serving: Serving
) -> None:  # E3
    async def test() -> None:
        async with serving(**JUPYTEXT) as server:
            (server.root / "a.py").write_text("# %%\na = 1\n\n# %%\nb = 2\n")
            ada = await server.member(Fixture("a.py", "notebook", 2))
            names = [ada.cells[at]["id"] for at in range(2)]
            ada.cells[0]["outputs"].append(
                Map({"output_type": "stream", "name": "stdout", "text": Text("printed\n")})
            )
            ada.cells[0]["source"].insert(0, "x = ")
            await until(lambda: "x = a = 1" in server.read("a.py"))
            await until(lambda: ada.state["dirty"] is False)
            text = server.read("a.py").replace("b = 2", "b = 3")
            (server.root / "a.py").write_text(text)
            await until(lambda: str(ada.cells[1]["source"]) == "b = 3")
            assert [ada.cells[at]["id"] for at in range(len(ada.cells))] == names
            assert [str(each["text"]) for each in ada.cells[0]["outputs"]] == ["printed\n"]
            await ada.close()

    run(test())
