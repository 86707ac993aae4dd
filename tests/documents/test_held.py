"""Whatever edit is taken, the notebook can be saved, opened and merged afterward. [M8]"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.sign import NotebookNotary
from pycrdt import Array, Doc, Map, Text

from jupyter_collaboration.documents.codec import (
    content_of,
    file_fingerprint,
    loaded_fingerprint,
    loaded_update,
    rendered,
)
from jupyter_collaboration.documents.notebook_rules import problem_of_notebook
from jupyter_collaboration.documents.representable import representable
from jupyter_collaboration.documents.snapshot import NotebookSnapshot
from jupyter_collaboration.documents.validation import EditCheck
from jupyter_collaboration.errors import InvalidEdit
from jupyter_collaboration.files.formatting import NotebookFormat
from jupyter_collaboration.files.notebook_text import signature_of, text_of
from jupyter_collaboration.merge.document import merge_into

ROUNDS = 60

CELL = {
    "cell_type": "code",
    "id": "a",
    "metadata": {"tags": ["x"], "trusted": True},
    "source": "one",
    "execution_count": 1,
    "outputs": [
        {"output_type": "stream", "name": "stdout", "text": "1"},
        {"output_type": "display_data", "data": {"text/plain": "2"}, "metadata": {}},
        {"output_type": "error", "ename": "E", "evalue": "", "traceback": ["3"]},
    ],
}
TEXT = {
    "cell_type": "markdown",
    "id": "b",
    "metadata": {},
    "source": "two",
    "attachments": {"a.png": {"image/png": "AAAA"}},
}
CONTENT = {"cells": [CELL, TEXT], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}

CHANGED = {**CONTENT, "cells": [{**CELL, "source": "1"}, TEXT], "metadata": {"new": 1}}

KEYS = (
    *("cell_type", "id", "metadata", "source", "execution_count", "execution_state"),
    *("outputs", "attachments", "output_type", "name", "text", "data", "traceback", "ename"),
    *("text/plain", "application/json", "tags", "trusted", "nbformat", "nbformat_minor"),
    *("kernelspec", "language_info", "orig_nbformat", "signature", "new", "", "pop", "items"),
)
"""Keys with a meaning somewhere, and some without."""

WORDS = ("", "x", "code", "raw", "markdown", "stream", "display_data", "execute_result", "error")


def a_value(rng: random.Random, depth: int = 0) -> Any:
    """Return a plain or shared value of any kind."""
    kind = rng.randrange(8 if depth < 3 else 4)
    if kind == 0:
        return rng.choice((None, True, False))
    if kind == 1:
        return rng.choice((0.0, -1.0, 3.0, 4.0, 4.5, 5.0, 99.0, 2.0**60, 1e300, float("nan")))
    if kind in (2, 3):
        return rng.choice((*WORDS, *KEYS))
    if kind == 4:
        return Text(rng.choice(WORDS)) if depth < 2 else []
    items = [a_value(rng, depth + 1) for _ in range(rng.randrange(3))]
    if kind == 5:
        plain = [each for each in items if not isinstance(each, Map | Array | Text)]
        return Array(items) if rng.random() < 0.5 else plain
    entries = {rng.choice(KEYS): each for each in items}
    if rng.random() < 0.5:
        return Map(entries)
    return {key: each for key, each in entries.items() if not isinstance(each, Map | Array | Text)}


def places(shared: Any) -> list[Any]:
    """Return all shared maps and lists in one."""
    found = [shared] if isinstance(shared, Map | Array) else []
    if isinstance(shared, Map):
        found += [place for key in list(shared.keys()) for place in places(shared[key])]
    elif isinstance(shared, Array):
        found += [place for each in list(shared) for place in places(each)]
    return found


def edit(rng: random.Random, doc: Doc[Any]) -> None:
    """Change something somewhere."""
    roots = (doc.get("cells", type=Array), doc.get("cells", type=Array), doc.get("meta", type=Map))
    place = rng.choice(places(rng.choice(roots)))
    if isinstance(place, Array):
        at = rng.randrange(len(place) + 1)
        if at < len(place) and rng.random() < 0.3:
            del place[at]
        elif rng.random() < 0.1:
            place.insert(at, a_cell(rng))
        else:
            place.insert(at, a_value(rng))
        return
    key = rng.choice((*list(place.keys()), rng.choice(KEYS)))
    if key in place and rng.random() < 0.2:
        del place[key]
    else:
        place[key] = a_value(rng)


def a_cell(rng: random.Random) -> Map[Any]:
    """Return a cell in which something may be wrong."""
    cell: dict[str, Any] = {
        "cell_type": rng.choice(("code", "raw")),
        "id": str(rng.randrange(10**9)),
        "metadata": Map({}),
        "source": Text("new"),
        "outputs": Array([]),
    }
    for _ in range(rng.randrange(3)):
        cell[rng.choice(KEYS)] = a_value(rng)
    return Map(cell)


def assert_usable(doc: Doc[Any], notary: NotebookNotary) -> None:
    """Save, sign, read and open a notebook as the server, nbformat and JupyterLab do."""
    snapshot = NotebookSnapshot(doc)
    content = snapshot.take()
    snapshot.close()
    plain = rendered("notebook", doc.get_update())
    assert problem_of_notebook(content_of("notebook", doc.get_update())) == ""
    node = nbformat.from_dict(plain)  # type: ignore[no-untyped-call]
    text = nbformat.v4.writes(node)  # type: ignore[no-untyped-call]
    if content is not None:  # None: two cells have the same id
        how = NotebookFormat()
        assert b"".join(text_of(content, how)).decode().strip() == text.strip()
        signature_of(notary, content, how)
        assert content.fingerprint() == file_fingerprint("notebook", plain)
    notary.check_cells(node)
    again = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
    again, _ = representable(again)
    update = loaded_update("notebook", again)
    opened: Doc[Any] = Doc()
    opened.apply_update(update)
    assert loaded_fingerprint("notebook", again) == file_fingerprint(
        "notebook", rendered("notebook", update)
    )
    for output in (
        each for cell in again["cells"] if "outputs" in cell for each in cell["outputs"]
    ):
        if output["output_type"] == "error":
            "\n".join(output["traceback"])  # as pages do
    state = doc.get_update()
    assert merge_into("notebook", state, CHANGED, again).conflicts is not None
    assert merge_into("notebook", state, state, CHANGED).conflicts is not None


@pytest.mark.parametrize("seed", range(ROUNDS))
@pytest.mark.filterwarnings("ignore:Non-unique cell ID")
@pytest.mark.filterwarnings("ignore:Cell is missing an id")
def test_a_notebook_is_usable_after_every_edit_that_is_taken(  # [M8]
    seed: int, tmp_path: Path
) -> None:
    notary = NotebookNotary(data_dir=str(tmp_path), db_file=":memory:")  # type: ignore[no-untyped-call]
    rng = random.Random(seed)
    doc: Doc[Any] = Doc()
    doc.apply_update(loaded_update("notebook", CONTENT))
    taken = 0
    for client_id in range(1, 41):
        replica: Doc[Any] = Doc(client_id=client_id)
        replica.apply_update(doc.get_update())
        before = replica.get_state()
        for _ in range(rng.randrange(1, 3)):
            edit(rng, replica)
        update = replica.get_update(before)
        try:
            EditCheck(doc, "notebook").check(update)
        except InvalidEdit:
            continue
        doc.apply_update(update)
        taken += 1
        assert_usable(doc, notary)
    assert taken
