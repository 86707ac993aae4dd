"""Tests of the incremental snapshot: it always equals what reading the whole document gives."""

from __future__ import annotations

import gc
import json
import random
import weakref
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_ydoc.ynotebook import YNotebook
from nbformat.sign import MemorySignatureStore, NotebookNotary
from pycrdt import Array, Doc, Map, Text

from jupyter_collaboration.documents.codec import (
    content_of,
    file_fingerprint,
    loaded_fingerprint,
    loaded_update,
    rendered,
)
from jupyter_collaboration.documents.snapshot import (
    NotebookContent,
    NotebookSnapshot,
    content_for_merge,
)
from jupyter_collaboration.files import notebook_text
from jupyter_collaboration.files.formatting import JsonStyle, NotebookFormat

pytestmark = pytest.mark.anyio


def output(random: random.Random) -> Any:
    kind = random.choice(("stream", "stream", "display", "error"))
    if kind == "stream":
        name = random.choice(("stdout", "stderr"))
        return Map({"output_type": "stream", "name": name, "text": Text("line 1\nline 2\n")})
    if kind == "display":
        data = {"text/html": "<b>\n</b>", "application/json": {"x": [1.0, 2.5, None, "é\n"]}}
        return Map({"output_type": "display_data", "data": data, "metadata": {}})
    return Map({"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["a\n", "b"]})


def cell(random: random.Random, name: str) -> Map[Any]:
    kind = random.choice(("code", "code", "markdown", "raw"))
    values: dict[str, Any] = {
        "cell_type": kind,
        "id": name,
        "source": Text(f"x = {name}\nüß"),
        "metadata": Map({"trusted": True} if random.random() < 0.5 else {}),
    }
    if kind == "code":
        values["execution_count"] = 3.0
        values["execution_state"] = "idle"
        values["outputs"] = Array([output(random) for _ in range(random.randrange(3))])
    elif random.random() < 0.5:
        values["attachments"] = random.choice(({}, {"a.png": {"image/png": "abc="}}))
    return Map(values)


def edit(random: random.Random, doc: Doc[Any], step: int) -> None:
    cells, meta = doc.get("cells", type=Array), doc.get("meta", type=Map)
    kind = random.randrange(12)
    if kind == 0 or not len(cells):
        cells.insert(random.randrange(len(cells) + 1), cell(random, f"new-{step}"))
        return
    at = random.randrange(len(cells))
    target = cells[at]
    if kind == 1:
        del cells[at]
    elif kind == 2:
        target["source"].insert(0, f"{step} ")
    elif kind == 3:
        target["metadata"]["tags"] = [step, 1.0]
    elif kind == 4:
        target["metadata"] = Map({"trusted": bool(step % 2)})
    elif kind == 5 and "outputs" in target:
        target["outputs"].append(output(random))
    elif kind == 6 and "outputs" in target and len(target["outputs"]):
        del target["outputs"][random.randrange(len(target["outputs"]))]
    elif kind == 7 and "outputs" in target and len(target["outputs"]):
        found = target["outputs"][-1]
        if found["output_type"] == "stream":
            found["text"].insert(0, f"more {step}\n")
        else:
            found["metadata"] = {"a": float(step)}
    elif kind == 8 and "outputs" in target:
        target["outputs"].clear()
        target["execution_count"] = float(step)
        target["execution_state"] = "running"
    elif kind == 9:
        meta["metadata"]["kernel"] = {"step": float(step)}
    elif kind == 10:
        meta["nbformat_minor"] = random.choice((4.0, 5.0))
    elif kind == 11 and "outputs" in target:
        target["outputs"] = Array([output(random)])


def assert_equal(doc: Doc[Any], content: NotebookContent, notary: NotebookNotary) -> None:
    update = doc.get_update()
    whole = rendered("notebook", update)
    assert content.plain() == whole
    assert content.fingerprint() == file_fingerprint("notebook", whole)
    merged = content_for_merge("notebook", content)
    expected = content_of("notebook", update)
    assert merged == expected
    node = nbformat.from_dict(content.plain())
    text = nbformat.v4.writes_json(node) + "\n"
    assert b"".join(notebook_text.text_of(content, NotebookFormat())).decode() == text
    trusted = notary.check_cells(node)
    signature = notary.compute_signature(node) if trusted else None
    assert notebook_text.signature_of(notary, content, NotebookFormat()) == signature


@pytest.fixture
def notary(tmp_path: Path) -> NotebookNotary:
    return NotebookNotary(data_dir=str(tmp_path), store_factory=MemorySignatureStore)


@pytest.mark.parametrize("seed", range(25))
async def test_a_snapshot_equals_the_document_after_any_edits(
    seed: int, notary: NotebookNotary
) -> None:
    """[F7] [M12]"""
    rand = random.Random(seed)
    doc: Doc[Any] = Doc()
    YNotebook(doc).set(
        {
            "cells": [],
            "metadata": {"orig_nbformat": 4, "kernelspec": {"name": "python3"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
    )
    snapshot = NotebookSnapshot(doc)
    for step in range(60):
        with doc.transaction():
            for number in range(rand.randrange(1, 4)):
                edit(rand, doc, 10 * step + number)
        if rand.random() < 0.4:
            await snapshot.catch_up()
        if rand.random() < 0.4:
            content = snapshot.take()
            assert content is not None
            assert_equal(doc, content, notary)
    snapshot.close()


def test_only_changed_parts_are_read_again() -> None:
    """[M12]"""
    doc: Doc[Any] = Doc()
    outputs = [{"output_type": "stream", "name": "stdout", "text": "a\n"}] * 1
    cells = [
        {
            "cell_type": "code",
            "id": name,
            "source": name,
            "metadata": {},
            "outputs": outputs,
            "execution_count": None,
        }
        for name in "abc"
    ]
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    doc.apply_update(loaded_update("notebook", notebook))
    snapshot = NotebookSnapshot(doc)
    before = snapshot.take()
    doc.get("cells", type=Array)[1]["source"].insert(1, "!")
    after = snapshot.take()
    assert before is not None
    assert after is not None
    assert before.cells[0] is after.cells[0]
    assert before.cells[2] is after.cells[2]
    assert before.cells[1] is not after.cells[1]
    assert before.cells[1].outputs == after.cells[1].outputs
    assert before.meta is after.meta
    assert before.plain()["cells"][1]["source"] == "b"
    assert after.plain()["cells"][1]["source"] == "b!"


async def test_many_outputs_of_one_cell_are_read_in_slices(
    monkeypatch: pytest.MonkeyPatch, notary: NotebookNotary
) -> None:
    """[M12] [R8]"""
    rand = random.Random(1)
    doc: Doc[Any] = Doc()
    YNotebook(doc).set({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    cells = doc.get("cells", type=Array)
    while not len(cells) or cells[0]["cell_type"] != "code":
        cells.insert(0, cell(rand, "a"))
        del cells[1:]
    snapshot = NotebookSnapshot(doc)
    await snapshot.catch_up()
    for _ in range(50):
        cells[0]["outputs"].append(output(rand))
    slices = 0

    async def count() -> None:
        nonlocal slices
        slices += 1
        if slices == 20:  # what comes meanwhile is read as well
            cells[0]["outputs"].insert(3, output(rand))
            del cells[0]["outputs"][40]

    monkeypatch.setattr("jupyter_collaboration.documents.snapshot.SLICE_TIME", 0)
    monkeypatch.setattr("jupyter_collaboration.documents.snapshot.checkpoint", count)
    await snapshot.catch_up()
    assert slices >= 50
    content = snapshot.take()
    assert content is not None
    assert_equal(doc, content, notary)


def test_a_closed_snapshot_releases_the_document() -> None:
    doc: Doc[Any] = Doc()
    YNotebook(doc).set({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})
    snapshot = NotebookSnapshot(doc)
    assert snapshot.take() is not None
    released = weakref.ref(snapshot)
    snapshot.close()
    assert snapshot.take() is None
    del snapshot
    gc.collect()
    assert released() is None


def test_two_cells_with_one_id_are_left_to_the_whole_document() -> None:
    doc: Doc[Any] = Doc()
    cells = doc.get("cells", type=Array)
    doc.get("meta", type=Map)["nbformat"] = 4.0
    rand = random.Random(1)
    cells.append(cell(rand, "same"))
    cells.append(cell(rand, "same"))
    assert NotebookSnapshot(doc).take() is None


def test_an_invalid_cell_raises() -> None:
    doc: Doc[Any] = Doc()
    doc.get("cells", type=Array).append("not a cell")
    with pytest.raises(TypeError):
        NotebookSnapshot(doc).take()


def written(content: NotebookContent, style: JsonStyle) -> str:
    cells = [cell.with_outputs(cell.value) for cell in content.cells]
    how = style.format_of(cells)
    assert how is not None
    return b"".join(notebook_text.text_of(content, how)).decode()


def written_whole(content: NotebookContent, style: JsonStyle) -> str:
    """The text when the whole notebook is formatted at once."""
    whole = style.restored(content.plain())
    text = style.text_of(whole)
    return nbformat.v4.writes_json(nbformat.from_dict(whole)) + "\n" if text is None else text


@pytest.mark.parametrize("has_ids", [True, False])
@pytest.mark.parametrize("kind", ["usual", "sorted", "one line", "tabs", "ascii", "four", "other"])
def test_details_of_the_file_are_restored_cell_by_cell(kind: str, has_ids: bool) -> None:
    """[F7]"""
    html = {"output_type": "display_data", "data": {"application/json": [1.0, 2]}, "metadata": {}}
    plain = {"output_type": "display_data", "metadata": {}, "data": {"text/plain": "a\nb", "z": ""}}
    streams = [{"output_type": "stream", "name": "stdout", "text": [f"{i}\n"]} for i in range(3)]
    code = {"cell_type": "code", "execution_count": 1, "metadata": {}}
    notebook: dict[str, Any] = {
        "nbformat_minor": 5 if has_ids else 4,
        "cells": [
            {**code, "id": "a", "outputs": [plain, html, plain], "source": ["x"]},
            {**code, "id": "b", "outputs": streams, "source": ["y\n", "é"]},
            {"cell_type": "markdown", "id": "c", "metadata": {}, "source": ["l\r\n", "m"]},
            {"cell_type": "markdown", "id": "d", "metadata": {}, "source": "unique"},
            {"source": [], "id": "e", "outputs": [], **code},
        ],
        "metadata": {"z": 2.0, "a": {"y": 1, "b": []}},
        "nbformat": 4,
    }
    if not has_ids:
        for each in notebook["cells"]:
            del each["id"]
    text = {
        "usual": nbformat.v4.writes_json(nbformat.from_dict(notebook)) + "\n",
        "sorted": json.dumps(notebook, indent=1, sort_keys=True),
        "one line": json.dumps(notebook),
        "tabs": json.dumps(notebook, indent="\t", ensure_ascii=False),
        "ascii": json.dumps(notebook, indent=1) + "\n",
        "four": json.dumps(notebook, indent=4) + "\n",
        "other": json.dumps(notebook, indent=4, separators=(",", ":")) + "\n",
    }[kind]
    style = JsonStyle(text)
    doc: Doc[Any] = Doc()
    doc.apply_update(loaded_update("notebook", nbformat.reads(text, as_version=4)))
    snapshot = NotebookSnapshot(doc)
    content = snapshot.take()
    assert content is not None
    assert written(content, style) == written_whole(content, style)
    if kind != "other":
        assert written(content, style) == text
    cells = doc.get("cells", type=Array)
    rand = random.Random(3)
    cells[3]["source"].insert(6, "!")
    content = snapshot.take()
    assert content is not None
    if kind != "other":
        assert written(content, style) == text.replace("unique", "unique!")
    for step in range(12):
        if "outputs" in cells[0]:
            cells[0]["outputs"].insert(step % (len(cells[0]["outputs"]) + 1), output(rand))
        edit(rand, doc, step)
        content = snapshot.take()
        assert content is not None
        if has_ids:
            assert written(content, style) == written_whole(content, style)
        else:  # the whole notebook is matched with its file anew, which may find less
            found = nbformat.reads(written(content, style), as_version=4)
            assert loaded_fingerprint("notebook", found) == content.fingerprint()
