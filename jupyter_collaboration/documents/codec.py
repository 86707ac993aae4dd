"""Converts between the content of files and Yjs documents.

Responsible for the use of jupyter_ydoc and pycrdt; files and rooms belong to others.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from jupyter_ydoc.utils import cast_all
from jupyter_ydoc.ybasedoc import YBaseDoc
from jupyter_ydoc.ynotebook import YNotebook
from jupyter_ydoc.yunicode import YUnicode
from pycrdt import Awareness, Doc, Map, TransactionEvent

from ..protocol.messages import write_varuint
from .identity import document_types, is_notebook

CRLF = re.compile(r"\r\n")
LINE_END = re.compile(r"\r\n|\r")


def make_document(content_type: str, doc: Doc[Any], awareness: Awareness | None = None) -> YBaseDoc:
    """Return a Yjs document as an object of its type's class; unknown types are text files."""
    types = document_types()
    return types.get(content_type, types["file"])(doc, awareness)


def own_transaction(doc: Doc[Any]) -> AbstractContextManager[Any]:
    """Return a transaction in which the server itself, or a member, edits an open document.

    It has an origin. The undo managers of document classes track transactions without one, and
    keep everything that is deleted in them. Content that users delete must be freed.
    """
    return doc.transaction(origin="server")


def take_in(doc: Doc[Any], *updates: bytes) -> None:
    """Apply updates to an open document, in one transaction; see `own_transaction`.

    Raises:
        Exception: an update cannot be applied; pycrdt has no exception type.
    """
    with own_transaction(doc):
        for update in updates:
            doc.apply_update(update)


def observe_weakly(doc: Doc[Any], callback: Callable[[TransactionEvent], None]) -> None:
    """Call a function after each transaction, as long as something else refers to the document.

    `Doc.observe` would keep the document in memory until `Doc.unobserve` is called, since its
    observers refer to it, which Python's garbage collector cannot see.
    """
    doc._subscriptions.append(doc._doc.observe(callback))


def fingerprint(content: Any) -> str:
    """Return a hash of a content (a string, bytes or JSON), equal for equal contents."""
    if isinstance(content, bytes | bytearray):
        data = bytes(content)
    elif isinstance(content, str):
        data = content.encode(errors="surrogatepass")
    else:
        data = json.dumps(content, sort_keys=True).encode(errors="surrogatepass")
    return hashlib.sha256(data).hexdigest()


def file_fingerprint(content_type: str, content: Any) -> str:
    """Return the fingerprint of a content as in a file, which ignores whether cells are trusted.

    That of a notebook is computed from those of its cells, and theirs from those of their outputs,
    so that a save computes only what has changed.
    """
    if not is_notebook(content_type):
        return fingerprint(content)
    meta = {key: value for key, value in content.items() if key != "cells"}
    cells = [cell_fingerprint(cell) for cell in content["cells"]]
    return notebook_fingerprint(fingerprint(meta), cells)


def notebook_fingerprint(meta: str, cells: list[str]) -> str:
    """Return the fingerprint of a notebook from those of its metadata and its cells."""
    return fingerprint([meta, *cells])


def cell_fingerprint(cell: dict[str, Any]) -> str:
    """Return the fingerprint of a cell of a notebook."""
    outputs = cell.get("outputs")
    if not isinstance(outputs, list):
        return rest_fingerprint(cell, None)
    return rest_fingerprint(cell, [fingerprint(output) for output in joined_streams(outputs)])


def rest_fingerprint(cell: dict[str, Any], outputs: list[str] | None) -> str:
    """Return the fingerprint of a cell from those of its outputs and the rest of the cell."""
    rest = {key: value for key, value in cell.items() if key != "outputs"}
    rest = cell_in_document(rest)
    rest["metadata"] = {key: each for key, each in cell["metadata"].items() if key != "trusted"}
    return fingerprint([rest, outputs])


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
            or (isinstance(output["text"], list) and set(map(type, output["text"])) <= {str})
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


def loading_client_id(content_hash: str) -> int:
    """Return the Yjs client id with which a content is loaded, from a hash of it. [S5]

    The same content always gets the same id, so that loading it twice results in the same
    history. Ids have 53 bits and are at least 2**32, above the ids of other clients.
    """
    low = 2**32
    return low + int(content_hash[:16], 16) % (2**53 - low)


def _whole_fingerprint(content_type: str, content: Any) -> str:
    """Return a fingerprint of everything in a content, computed cell by cell."""
    if not is_notebook(content_type):
        return fingerprint(content)
    meta = {key: value for key, value in content.items() if key != "cells"}
    return notebook_fingerprint(fingerprint(meta), [fingerprint(each) for each in content["cells"]])


def with_cell_ids(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a notebook in which every cell has an id, the same one at each load.

    Missing ids are computed from the content of the notebook. An empty notebook gets an empty code
    cell, as in JupyterLab.
    """
    cells = [cell_in_document(cell) for cell in notebook["cells"]]
    notebook = {**notebook, "cells": cells}
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
    if not all(cell.get("id") for cell in cells):
        seed = _whole_fingerprint("notebook", notebook)
        for index, cell in enumerate(cells):
            if not cell.get("id"):
                cell["id"] = hashlib.sha256(f"{seed}:{index}".encode()).hexdigest()[:32]
    return notebook


def loaded_update(content_type: str, content: Any, content_hash: str | None = None) -> bytes:
    """Return the update that fills an empty document with the content of a file.

    Slow for large documents: call it outside of the event loop.

    Args:
        content_hash: a hash that differs for different contents, if one is known.
    """
    if is_notebook(content_type):
        content = with_cell_ids(content)
    if content_hash is None:
        content_hash = _whole_fingerprint(content_type, content)
    client_id = loading_client_id(content_hash)
    doc: Doc[Any] = Doc(client_id=client_id)
    document = make_document(content_type, doc)
    if type(document).set is YUnicode.set and content:
        return _text_update(client_id, content)
    document.set(content)
    return doc.get_update()


def _text_update(client_id: int, text: str) -> bytes:
    """Return the update that `YUnicode.set` makes in an empty document, but faster.

    The format is that of Yjs's ``encodeStateAsUpdate`` (version 1): one client with one item, from
    clock 0, a string (4) in the shared type ``source``, and no deletions.
    """
    data = text.encode()
    return b"".join(
        (
            b"\x01\x01",
            write_varuint(client_id),
            b"\x00\x04\x01\x06source",
            write_varuint(len(data)),
            data,
            b"\x00",
        )
    )


def loaded_fingerprint(content_type: str, content: Any) -> str | None:
    """Return the fingerprint of the document that a content is loaded into.

    It equals that of a save, in which some details of a file are lost: see `with_cell_ids`, and
    `cast_all`. Slow for large documents: call it outside of the event loop.

    Returns:
        None for types of other packages.
    """
    if not is_notebook(content_type):
        return fingerprint(content) if isinstance(content, str) else None
    notebook = copy.deepcopy(with_cell_ids(content))
    cast_all(notebook, float, int)
    drop_placeholders(notebook["metadata"])
    has_ids = (notebook["nbformat"], notebook["nbformat_minor"]) >= (4, 5)
    for cell in notebook["cells"]:
        cell.setdefault("metadata", {})
        cell.pop("execution_state", None)
        if cell["cell_type"] == "code":
            cell.setdefault("outputs", [])
        elif not cell.get("attachments", True):
            del cell["attachments"]
        if not has_ids:
            del cell["id"]
    kept = ("cells", "metadata", "nbformat", "nbformat_minor")
    return file_fingerprint(content_type, {key: notebook[key] for key in kept})


def rendered(content_type: str, update: bytes) -> Any:
    """Return the file content of a document, given as one update.

    Slow for large documents: call it outside of the event loop.
    """
    doc: Doc[Any] = Doc()
    document = make_document(content_type, doc)
    doc.apply_update(update)
    content = document.get()
    if is_notebook(content_type):
        drop_placeholders(content["metadata"])
    return content


def document_fingerprint(content_type: str, update: bytes) -> str:
    """Return the fingerprint of the content of a document, given as one update.

    Slow for large documents: call it outside of the event loop.
    """
    return file_fingerprint(content_type, rendered(content_type, update))


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


def drop_placeholders(metadata: dict[str, Any]) -> None:
    """Remove what jupyter_ydoc adds to the metadata of a notebook without a kernel."""
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
