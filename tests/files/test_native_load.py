"""Tests of reading files on the server's disk: the same as the contents manager reads."""

from __future__ import annotations

import json
import os
import random
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from pycrdt import Array, Doc

from jupyter_collaboration.documents.codec import loaded_fingerprint, loaded_update
from jupyter_collaboration.documents.identity import DocumentId
from jupyter_collaboration.documents.snapshot import NotebookSnapshot
from jupyter_collaboration.errors import LoadFailed
from jupyter_collaboration.files.document_file import DocumentFile
from jupyter_collaboration.files.json_steps import LARGE, STEP, loads
from jupyter_collaboration.files.native_load import NativeReader

pytestmark = pytest.mark.anyio


class Fixed:
    """The path of the file under test."""

    def __init__(self, path: str) -> None:
        self.path = path

    def get_path(self, file_id: str) -> str | None:
        return self.path

    def save(self, path: str) -> None: ...

    def replacing(self, path: str) -> AbstractContextManager[None]:
        return nullcontext()


@pytest.fixture
def contents(tmp_path: Path) -> AsyncLargeFileManager:
    manager = AsyncLargeFileManager(root_dir=str(tmp_path))
    manager.notary.data_dir = str(tmp_path)
    manager.notary.store = manager.notary.store_factory()
    return manager


def random_notebook(rand: random.Random, minor: int) -> dict[str, Any]:
    def value(depth: int = 0) -> Any:
        kind = rand.randrange(9 if depth < 2 else 6)
        if kind == 6:
            return [value(depth + 1) for _ in range(rand.randrange(3))]
        if kind > 6:
            return {f"k{n}": value(depth + 1) for n in range(rand.randrange(3))}
        return rand.choice((1, 2.0, 2.5, None, True, "text\n", "é", "", -3, 1e20, "a\r\nb"))

    def output() -> dict[str, Any]:
        text = rand.choice((["a\n", "b"], "a\nb", ""))
        return rand.choice(
            (
                {"output_type": "stream", "name": rand.choice(("stdout", "stderr")), "text": text},
                {
                    "output_type": "display_data",
                    "data": {"text/plain": text, "application/json": value()},
                    "metadata": {"m": value()},
                },
                {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["a", "b"]},
            )
        )

    cells = []
    for index in range(rand.randrange(5)):
        kind = rand.choice(("code", "markdown", "raw"))
        cell: dict[str, Any] = {"cell_type": kind, "metadata": {"m": value()}}
        cell["source"] = rand.choice((["x\n", "y"], "z", "", "a\r\nb", ["a\r\n", "b"]))
        if minor >= 5:
            cell["id"] = f"cell-{index}"
        if kind == "code":
            cell["execution_count"] = rand.choice((None, 3))
            cell["outputs"] = [output() for _ in range(rand.randrange(4))]
        elif rand.random() < 0.5:
            cell["attachments"] = rand.choice(({}, {"a": {"text/plain": ["a\n", "b"]}}))
        cells.append(cell)
    metadata: dict[str, Any] = {"a": value(), "orig_nbformat": 3, "signature": "x"}
    if rand.random() < 0.5:
        metadata["kernelspec"] = rand.choice(
            ({"name": "python3", "display_name": "P"}, {"name": "", "display_name": ""})
        )
        metadata["language_info"] = rand.choice(({"name": "python"}, {"name": ""}))
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": minor}


@pytest.mark.parametrize("seed", range(40))
async def test_a_notebook_is_read_as_the_manager_reads_it(
    seed: int, tmp_path: Path, contents: AsyncLargeFileManager
) -> None:
    """[F7] [M12]"""
    rand = random.Random(seed)
    notebook = random_notebook(rand, rand.choice((4, 5)))
    text = json.dumps(notebook, indent=rand.choice((None, 1, 4)))
    (tmp_path / "n.ipynb").write_text(text)
    if rand.random() < 0.5:
        contents.notary.sign(nbformat.reads(text, as_version=4))
    expected = await contents.get("n.ipynb", require_hash=True)
    found = await NativeReader(contents).notebook(text, "n.ipynb")
    assert found is not None
    assert found[0] == expected["content"]
    file = DocumentFile(DocumentId("json", "notebook", ""), contents, Fixed("n.ipynb"))
    loaded = await file.load()
    assert loaded.state.hash == expected["hash"]
    assert (await file.probe()).hash == expected["hash"]
    # The fingerprint is that of the document which is saved.
    doc: Doc[Any] = Doc()
    doc.apply_update(loaded_update("notebook", loaded.content))
    content = NotebookSnapshot(doc).take()
    assert content is not None
    assert loaded_fingerprint("notebook", loaded.content) == content.fingerprint()


async def test_a_cell_without_a_type_is_an_error_with_words(
    tmp_path: Path, contents: AsyncLargeFileManager
) -> None:
    """[F3]"""
    cell = {"id": "a", "metadata": {}, "source": ""}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "n.ipynb").write_text(json.dumps(notebook))
    file = DocumentFile(DocumentId("json", "notebook", ""), contents, Fixed("n.ipynb"))
    with pytest.raises(LoadFailed, match=r"n\.ipynb cannot be read"):
        await file.load()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ('{"cells": [\n', "it is not JSON (Expecting value, line 2, column 1)"),
        ("<<<<<<< HEAD\n", "it is not JSON (Expecting value, line 1, column 1)"),
    ],
)
async def test_a_notebook_that_is_not_json_is_an_error_with_the_reason(
    text: str, reason: str, tmp_path: Path, contents: AsyncLargeFileManager
) -> None:
    """[F3]"""
    (tmp_path / "n.ipynb").write_text(text)
    file = DocumentFile(DocumentId("json", "notebook", ""), contents, Fixed("n.ipynb"))
    with pytest.raises(LoadFailed) as found:
        await file.load()
    assert str(found.value) == f"n.ipynb cannot be read: {reason}"


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ({"output_type": "stream", "text": 5}, "the text of an output is not text"),
        ({"text": "x"}, "an output has no type"),
    ],
)
async def test_a_notebook_with_something_else_as_an_output_is_an_error_with_its_place(
    output: dict[str, Any], reason: str, tmp_path: Path, contents: AsyncLargeFileManager
) -> None:
    """[F3]"""
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": "", "execution_count": None}
    cells = [{**cell, "outputs": []}, {**cell, "id": "b", "outputs": [output]}]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "n.ipynb").write_text(json.dumps(notebook))
    file = DocumentFile(DocumentId("json", "notebook", ""), contents, Fixed("n.ipynb"))
    with pytest.raises(LoadFailed) as found:
        await file.load()
    assert str(found.value) == (
        f"n.ipynb cannot be opened as a notebook: cells[1].outputs[0]: {reason}"
    )


@pytest.mark.parametrize("source", [["a\r\n", "b"], "x"])
@pytest.mark.parametrize("style", [{"indent": 1}, {"indent": 1, "sort_keys": True}, {}])
async def test_a_trusted_notebook_with_details_stays_trusted_after_a_save(
    source: Any, style: dict[str, Any], tmp_path: Path, contents: AsyncLargeFileManager
) -> None:
    """[F7]"""
    streams = [{"output_type": "stream", "name": "stdout", "text": f"{i}\n"} for i in range(2)]
    html = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"text/html": "<b>", "application/json": {"x": [1.0, 2]}},
    }
    code = {"cell_type": "code", "execution_count": 1, "metadata": {}}
    cells = [
        {**code, "id": "a", "source": "x", "outputs": [*streams, html]},
        {"cell_type": "markdown", "id": "b", "metadata": {}, "source": source},
    ]
    notebook = {"cells": cells, "metadata": {"z": 2.0}, "nbformat": 4, "nbformat_minor": 5}
    text = json.dumps(notebook, **style) + "\n"
    (tmp_path / "n.ipynb").write_text(text)
    contents.notary.sign(nbformat.reads(text, as_version=4))
    file = DocumentFile(DocumentId("json", "notebook", ""), contents, Fixed("n.ipynb"))
    loaded = await file.load()
    doc: Doc[Any] = Doc()
    doc.apply_update(loaded_update("notebook", loaded.content))
    doc.get("cells", type=Array)[0]["source"].insert(1, "!")
    await file.save(NotebookSnapshot(doc).take())
    saved = await contents.get("n.ipynb")
    assert saved["content"]["cells"][0]["source"] == "x!"
    assert saved["content"]["cells"][0]["metadata"]["trusted"]


@pytest.mark.parametrize(
    "change",
    [
        {"nbformat": 3, "worksheets": []},
        {"cells": [{"cell_type": "markdown", "metadata": {}, "source": ""}]},
        {"cells": [{"id": "a", "cell_type": "raw", "metadata": {}, "source": ""}] * 2},
        {"cells": ["not a cell"]},
        {"cells": [{"id": "a", "metadata": {}, "source": ""}]},
        {"cells": {}},
        {"metadata": []},
    ],
)
async def test_other_notebooks_are_left_to_the_manager(
    change: dict[str, Any], contents: AsyncLargeFileManager
) -> None:
    notebook = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **change}
    assert await NativeReader(contents).notebook(json.dumps(notebook), "n.ipynb") is None


@pytest.mark.parametrize("seed", range(60))
def test_parsing_in_steps_equals_the_standard_parser(seed: int) -> None:
    rand = random.Random(seed)
    notebook = random_notebook(rand, 5)
    for cell in notebook["cells"][: seed % 4]:  # too large for one step
        cell["metadata"]["text"] = "x" * STEP
        cell["metadata"]["looks like"] = ['"cell_type"'] * (seed % 3)
    text = json.dumps(notebook, indent=rand.choice((None, 2)), sort_keys=seed % 2 == 0)
    if seed % 3 == 0:  # damage it
        at = rand.randrange(len(text))
        text = text[:at] + rand.choice(("", ",", "]", "}", '"', "\x00", "\ufeff")) + text[at + 1 :]
    if seed % 5 == 0:
        text = f"  \n{text}\n" + rand.choice(("", "x"))
    padded = text + " " * (LARGE if seed % 8 else 0)
    try:
        expected = json.loads(padded)
    except ValueError as error:
        with pytest.raises(ValueError) as raised:
            loads(padded)
        assert str(raised.value) == str(error)
    else:
        assert loads(padded) == expected


def test_a_hash_is_computed_again_after_any_change(
    tmp_path: Path, contents: AsyncLargeFileManager
) -> None:
    """[F11]"""
    reader = NativeReader(contents)
    path = tmp_path / "a.txt"
    path.write_text("one")
    os.utime(path, (1_000_000_000, 1_000_000_000))
    first = reader.hash_now(str(path))
    assert reader.hash_now(str(path)) == first
    path.write_text("two")  # the same size, and then the same modification time
    os.utime(path, (1_000_000_000, 1_000_000_000))
    assert reader.hash_now(str(path)) != first
    # A file that was just written may change again within one tick of the clock.
    path.write_text("now")
    reader.hash_now(str(path))
    assert reader._known is None
