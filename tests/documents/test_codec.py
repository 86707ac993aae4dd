"""Files as documents."""

from __future__ import annotations

from typing import Any

import pytest
from jupyter_ydoc import YUnicode
from pycrdt import Doc

from jupyter_collaboration.documents.codec import loaded_update, loading_client_id

HASH = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    "text",
    ["", "x", "one\ntwo\n", "héllo 😀\n", "\x00", "\u2028", "x" * 127, "x" * 128, "é" * 70_000],
)
@pytest.mark.parametrize("content_hash", [HASH, "0" * 64, "f" * 64])
def test_a_text_is_loaded_as_jupyter_ydoc_loads_it(text: str, content_hash: str) -> None:  # [S5]
    doc: Doc[Any] = Doc(client_id=loading_client_id(content_hash))
    YUnicode(doc).set(text)
    assert loaded_update("file", text, content_hash) == doc.get_update()
