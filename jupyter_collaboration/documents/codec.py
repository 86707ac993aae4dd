"""What a document is: its id, its type, and how its content fills a Yjs document.

Knows jupyter_ydoc and pycrdt; knows nothing of files, rooms or sockets.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from typing import Any

from jupyter_ydoc.ybasedoc import YBaseDoc
from jupyter_ydoc.ynotebook import YNotebook
from pycrdt import Awareness, Doc, Map

from .identity import document_types, is_notebook

LINE_END = re.compile(r"\r\n|\r")


def make_document(content_type: str, doc: Doc[Any], awareness: Awareness | None = None) -> YBaseDoc:
    """The document type's view of a Yjs document; unknown types are text files."""
    types = document_types()
    return types.get(content_type, types["file"])(doc, awareness)


def take_in(doc: Doc[Any], *updates: bytes) -> None:
    """Apply updates to a document that is open, in one transaction.

    A document type's view undoes what is done without an origin, and so keeps all that is deleted
    in this way. What people delete is to be gone.

    Raises:
        Exception: one cannot be applied; pycrdt raises no type of its own.
    """
    with doc.transaction(origin="taken in"):
        for update in updates:
            doc.apply_update(update)


def fingerprint(content: Any) -> str:
    """A hash that is the same for the same content: a string, bytes or JSON."""
    if isinstance(content, bytes):
        data = content
    elif isinstance(content, str):
        data = content.encode(errors="surrogatepass")
    else:
        data = json.dumps(content, sort_keys=True).encode(errors="surrogatepass")
    return hashlib.sha256(data).hexdigest()


def file_fingerprint(content_type: str, content: Any) -> str:
    """A fingerprint of what a file holds of a content: whether cells are trusted is not in it."""
    if is_notebook(content_type):
        cells = [
            {**cell, "metadata": {k: v for k, v in cell["metadata"].items() if k != "trusted"}}
            for cell in map(cell_in_document, content["cells"])
        ]
        content = {**content, "cells": cells}
    return fingerprint(content)


def joined_streams(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Outputs in which consecutive pieces of one stream are one output.

    JupyterLab shows them as one, and writes the text of the second one into the first one when
    it finds them in a document: so a document never holds two. Programs such as papermill write
    one for each `print`, and their files keep them. [F7]
    """
    joined: list[dict[str, Any]] = []
    for output in outputs:
        if not is_stream(output):
            joined.append(output)
            continue
        text = output["text"]
        output = {**output, "text": "".join(text) if isinstance(text, list) else text}
        if joined and is_stream(joined[-1]) and joined[-1]["name"] == output["name"]:
            output["text"] = joined.pop()["text"] + output["text"]
        joined.append(output)
    return joined


def is_stream(output: Any) -> bool:
    """Whether an output is a piece of a stream and nothing else."""
    return (
        isinstance(output, dict)
        and output.keys() == {"output_type", "name", "text"}
        and output["output_type"] == "stream"
        and (
            isinstance(output["text"], str)
            or (
                isinstance(output["text"], list)
                and all(isinstance(line, str) for line in output["text"])
            )
        )
    )


def normalized(text: str) -> str:
    """A text as documents hold it: every line ends with ``\\n``. [F7]

    Editors show all line ends as one character. With ``\\r\\n`` in the document a person and the
    file would count characters differently, and typing would go to the wrong place.
    """
    return LINE_END.sub("\n", text) if "\r" in text else text


def cell_in_document(cell: dict[str, Any]) -> dict[str, Any]:
    """A cell of a file as the document holds it: line ends normalized, streams joined."""
    source, outputs = cell.get("source"), cell.get("outputs")
    if isinstance(source, list):
        source = "".join(source)
    if isinstance(source, str) and "\r" in source:
        cell = {**cell, "source": normalized(source)}
    return {**cell, "outputs": joined_streams(outputs)} if isinstance(outputs, list) else cell


def loading_client_id(content: Any) -> int:
    """The Yjs client id under which a content is loaded. [S5]

    The same content always gets the same id, so two loads make one history. 53 bits are
    used, and none below 2**32, where the ids of other clients are.
    """
    low = 2**32
    return low + int(fingerprint(content)[:16], 16) % (2**53 - low)


def with_cell_ids(notebook: dict[str, Any]) -> dict[str, Any]:
    """A copy of a notebook in which every cell has an id, the same one at each load.

    Ids that are missing are made from the notebook's content; an empty notebook gets an empty
    code cell, as JupyterLab shows it.
    """
    notebook = copy.deepcopy(notebook)
    cells = notebook["cells"] = [cell_in_document(cell) for cell in notebook["cells"]]
    if not cells:
        cells.append(
            {
                "cell_type": "code",
                "execution_count": None,
                "metadata": {"trusted": True},
                "outputs": [],
                "source": "",
            }
        )
    seed = fingerprint(notebook)
    for index, cell in enumerate(cells):
        if not cell.get("id"):
            cell["id"] = hashlib.sha256(f"{seed}:{index}".encode()).hexdigest()[:32]
    return notebook


def loaded_update(content_type: str, content: Any) -> bytes:
    """The update that fills an empty document with a file's content.

    Slow for large documents: call it outside of the event loop.
    """
    if is_notebook(content_type):
        content = with_cell_ids(content)
    doc: Doc[Any] = Doc(client_id=loading_client_id(content))
    make_document(content_type, doc).set(content)
    return doc.get_update()


def rendered(content_type: str, update: bytes) -> Any:
    """The content, as a file would hold it, of a document given as one update.

    Slow for large documents: call it outside of the event loop.
    """
    doc: Doc[Any] = Doc()
    document = make_document(content_type, doc)
    doc.apply_update(update)
    content = document.get()
    if is_notebook(content_type):
        _drop_placeholders(content["metadata"])
    return content


def notebook_of(document: YNotebook) -> dict[str, Any]:
    """A notebook as it is in the document, with all cells and their ids."""
    meta: dict[str, Any] = document.ydoc.get("meta", type=Map).to_py() or {}
    cells = [cell.to_py() for cell in document.ycells]
    for cell in cells:
        cell.pop("execution_state", None)
    return {
        "cells": cells,
        "metadata": meta.get("metadata", {}),
        "nbformat": int(meta.get("nbformat", 4)),
        "nbformat_minor": int(meta.get("nbformat_minor", 5)),
    }


def content_of(content_type: str, *updates: bytes) -> Any:
    """The content of a document given as updates, with everything that merging looks at.

    Slow for large documents: call it outside of the event loop.
    """
    doc: Doc[Any] = Doc()
    document = make_document(content_type, doc)
    with doc.transaction():
        for update in updates:
            doc.apply_update(update)
    return notebook_of(document) if isinstance(document, YNotebook) else document.get()


PLACEHOLDERS = {"language_info": {"name": ""}, "kernelspec": {"name": "", "display_name": ""}}
"""What jupyter_ydoc adds to a notebook that names no kernel."""


def _drop_placeholders(metadata: dict[str, Any]) -> None:
    for key, placeholder in PLACEHOLDERS.items():
        if metadata.get(key) == placeholder:
            del metadata[key]


def replay(updates: list[bytes]) -> bytes:
    """The document that updates make, as one update."""
    doc: Doc[Any] = Doc()
    with doc.transaction():
        for update in updates:
            doc.apply_update(update)
    return doc.get_update()
