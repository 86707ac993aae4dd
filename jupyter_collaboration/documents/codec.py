"""Converts between the content of files and Yjs documents.

Responsible for the use of jupyter_ydoc and pycrdt; files and rooms belong to others.
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
    """Return a Yjs document as an object of its type's class; unknown types are text files."""
    types = document_types()
    return types.get(content_type, types["file"])(doc, awareness)


def take_in(doc: Doc[Any], *updates: bytes) -> None:
    """Apply updates to an open document, in one transaction with an origin.

    The undo managers of document classes track transactions without an origin, and keep everything
    that is deleted in them. Content that users delete must be freed.

    Raises:
        Exception: an update cannot be applied; pycrdt has no exception type.
    """
    with doc.transaction(origin="taken in"):
        for update in updates:
            doc.apply_update(update)


def fingerprint(content: Any) -> str:
    """Return a hash of a content (a string, bytes or JSON), equal for equal contents."""
    if isinstance(content, bytes):
        data = content
    elif isinstance(content, str):
        data = content.encode(errors="surrogatepass")
    else:
        data = json.dumps(content, sort_keys=True).encode(errors="surrogatepass")
    return hashlib.sha256(data).hexdigest()


def file_fingerprint(content_type: str, content: Any) -> str:
    """Return the fingerprint of a content as in a file, which ignores whether cells are trusted."""
    if is_notebook(content_type):
        cells = [
            {**cell, "metadata": {k: v for k, v in cell["metadata"].items() if k != "trusted"}}
            for cell in map(cell_in_document, content["cells"])
        ]
        content = {**content, "cells": cells}
    return fingerprint(content)


def joined_streams(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Merge consecutive outputs of the same stream.

    JupyterLab shows them as one output, and merges them when it finds them in a document, so that a
    document never contains them separately. Programs such as papermill write one output for each
    `print`, which their files keep. [F7]
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
    """Return whether an output is a plain stream output."""
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
    """Return a text in which every line ends with ``\\n``, as in documents. [F7]

    Editors count each line end as one character. With ``\\r\\n`` in the document, editor and
    document would count differently, and typed text would end up in the wrong place.
    """
    return LINE_END.sub("\n", text) if "\r" in text else text


def cell_in_document(cell: dict[str, Any]) -> dict[str, Any]:
    """Return a file's cell as in the document: with normalized line ends and joined streams."""
    source, outputs = cell.get("source"), cell.get("outputs")
    if isinstance(source, list):
        source = "".join(source)
    if isinstance(source, str) and "\r" in source:
        cell = {**cell, "source": normalized(source)}
    return {**cell, "outputs": joined_streams(outputs)} if isinstance(outputs, list) else cell


def loading_client_id(content: Any) -> int:
    """Return the Yjs client id with which a content is loaded. [S5]

    The same content always gets the same id, so that loading it twice results in the same
    history. Ids have 53 bits and are at least 2**32, above the ids of other clients.
    """
    low = 2**32
    return low + int(fingerprint(content)[:16], 16) % (2**53 - low)


def with_cell_ids(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a notebook in which every cell has an id, the same one at each load.

    Missing ids are computed from the content of the notebook. An empty notebook gets an empty code
    cell, as in JupyterLab.
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
    """Return the update that fills an empty document with the content of a file.

    Slow for large documents: call it outside of the event loop.
    """
    if is_notebook(content_type):
        content = with_cell_ids(content)
    doc: Doc[Any] = Doc(client_id=loading_client_id(content))
    make_document(content_type, doc).set(content)
    return doc.get_update()


def rendered(content_type: str, update: bytes) -> Any:
    """Return the file content of a document, given as one update.

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
    """Return the notebook in a document, with all cells and their ids."""
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
    """Return the content of a document, given as updates, in the form used for merging.

    Slow for large documents: call it outside of the event loop.
    """
    doc: Doc[Any] = Doc()
    document = make_document(content_type, doc)
    with doc.transaction():
        for update in updates:
            doc.apply_update(update)
    return notebook_of(document) if isinstance(document, YNotebook) else document.get()


PLACEHOLDERS = {"language_info": {"name": ""}, "kernelspec": {"name": "", "display_name": ""}}
"""What jupyter_ydoc adds to a notebook without a kernel."""


def _drop_placeholders(metadata: dict[str, Any]) -> None:
    for key, placeholder in PLACEHOLDERS.items():
        if metadata.get(key) == placeholder:
            del metadata[key]


def replay(updates: list[bytes]) -> bytes:
    """Merge updates into one, by applying them to an empty document."""
    doc: Doc[Any] = Doc()
    with doc.transaction():
        for update in updates:
            doc.apply_update(update)
    return doc.get_update()
