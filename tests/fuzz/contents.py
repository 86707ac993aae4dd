"""What a file or a document of a plan holds, seen as cells with their texts."""

from __future__ import annotations

import json
from typing import Any

from pycrdt import Array, Doc, Map, Text

from jupyter_collaboration.documents.codec import joined_streams

from .marks import Cells, seam


def joined(source: Any) -> str:
    """A multi-line string of a notebook file, in one piece."""
    return "".join(source) if isinstance(source, list) else str(source)


def new_cell(source: str, cell_id: str | None) -> dict[str, Any]:
    """A code cell as a file holds it."""
    named = {} if cell_id is None else {"id": cell_id}
    cell: dict[str, Any] = {"cell_type": "code", "execution_count": None, **named}
    return {**cell, "metadata": {}, "outputs": [], "source": source.splitlines(keepends=True)}


def body(number: int) -> str:
    """What a new cell holds beside its mark: some are alike, most are not."""
    return "x = 1" if number % 4 == 0 else f"name{number} = {number * 7}\nprint(name{number})"


def is_notebook(kind: str) -> bool:
    return kind.startswith("notebook")


def initial(kind: str, cells: list[str]) -> bytes:
    """The file with which a plan begins."""
    if not is_notebook(kind):
        text = "".join(cell + "\n" for cell in cells)
        return (text.replace("\n", "\r\n") if kind == "crlf" else text).encode()
    minor = 4 if kind == "notebook44" else 5
    made = [
        new_cell(cell, None if minor == 4 else f"first-{number}")
        for number, cell in enumerate(cells)
    ]
    content = {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": minor}
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()


def cells_of_doc(doc: Doc[Any], kind: str) -> Cells:
    """The cells of a document; outputs count as a part of their cell's text."""
    if not is_notebook(kind):
        return [("", str(doc.get("source", type=Text)))]
    with doc.transaction():  # one for all reads is faster
        return [_named_text(cell) for cell in doc.get("cells", type=Array)]


def without_placeholder(cells: Cells) -> Cells:
    """The cells of a notebook, without the empty one that a notebook without cells gets.

    It is shown when such a file is opened, and written only with the next edit.
    """
    return [] if [text for _, text in cells] == [""] else cells


def _named_text(cell: Map[Any]) -> tuple[str, str]:
    outputs = cell.get("outputs")
    shown = outputs.to_py() if outputs else []
    return cell.get("id", ""), _text_of({"source": str(cell["source"]), "outputs": shown})


def cells_of_file(data: bytes, kind: str) -> Cells:
    """The cells of a file; those without ids are named by their places."""
    if not is_notebook(kind):
        return [("", data.decode().replace("\r\n", "\n"))]
    cells = json.loads(data)["cells"]
    return [(cell.get("id", f"#{at}"), _text_of(cell)) for at, cell in enumerate(cells)]


def _text_of(cell: dict[str, Any]) -> str:
    outputs = [joined(each.get("text", "")) for each in joined_streams(cell.get("outputs", []))]
    return "\0".join([joined(cell["source"]), *outputs])


# Edits of a document, as an editor makes them


def ycells(doc: Doc[Any]) -> Array[Any]:
    return doc.get("cells", type=Array)


def cell_at(doc: Doc[Any], share: float) -> Map[Any] | None:
    """The cell at a share of the notebook."""
    cells = ycells(doc)
    return cells[min(int(share * len(cells)), len(cells) - 1)] if len(cells) else None


def source_at(doc: Doc[Any], kind: str, share: float) -> Text | None:
    """The text of a cell, or of the file."""
    if not is_notebook(kind):
        return doc.get("source", type=Text)
    cell = cell_at(doc, share)
    return None if cell is None else cell["source"]


def sources(doc: Doc[Any], kind: str) -> list[Text]:
    """The texts of all cells, or of the file."""
    if not is_notebook(kind):
        return [doc.get("source", type=Text)]
    return [cell["source"] for cell in ycells(doc)]


def insert(text: Text, share: float, piece: str) -> None:
    """Insert at a share of a text, between marks."""
    content = str(text)
    text.insert(len(content[: seam(content, share)].encode()), piece)


def remove(text: Text, start: int, end: int) -> None:
    """Delete the characters from start to end."""
    content = str(text)
    del text[len(content[:start].encode()) : len(content[:end].encode())]


def ycell(cell: dict[str, Any]) -> Map[Any]:
    """A cell of a file, as a document holds it."""
    shared = {"source": Text(joined(cell["source"])), "metadata": Map(cell["metadata"])}
    if "outputs" in cell:
        shared["outputs"] = Array([youtput(output) for output in cell["outputs"]])
    return Map({**cell, **shared})


def youtput(output: dict[str, Any]) -> Map[Any]:
    return Map({**output, "text": Text(joined(output["text"]))})
