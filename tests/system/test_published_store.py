"""Documents that the published package left: a store of its own, and a file. [H6]"""

from __future__ import annotations

import os
import sqlite3
import time
from typing import Any

import pytest
from pycrdt import Doc, Text
from support import STORE, Editor, Server, room_of


async def left_behind(server: Server, file: str, *typed: tuple[str, float]) -> Any:
    """Leave a text file and its history, as by the published package.

    Args:
        typed: what was typed, and when, in seconds after the file was written.
    """
    fixture = server.text_file("a.txt", file)
    written = time.time() - 1000
    os.utime(server.root / "a.txt", (written, written))
    endpoint = await server.endpoint(fixture)
    doc: Doc[Any] = Doc()
    text = doc.get("source", type=Text)
    updates: list[bytes] = []
    subscription = doc.observe(lambda event: updates.append(event.update))
    for words, _ in typed:
        text += words
    doc.unobserve(subscription)
    path = f".file:{room_of(endpoint).split(':')[2]}.y"
    with sqlite3.connect(server.root / STORE) as db:
        db.execute("CREATE TABLE yupdates (path TEXT, yupdate BLOB, metadata BLOB, timestamp REAL)")
        for update, (_, after) in zip(updates, typed, strict=True):
            row = (path, update, b"", written + after)
            db.execute("INSERT INTO yupdates VALUES (?, ?, ?, ?)", row)
    db.close()
    return fixture


SAVED = ("one\n", -10.0)


@pytest.mark.parametrize(
    ("file", "typed", "wanted"),
    [
        ("one\n", [SAVED], "one\nnow\n"),
        ("one\n", [SAVED, ("unsaved\n", 0.3)], "one\nunsaved\nnow\n"),
        ("one\nother\n", [SAVED, ("unsaved\n", 10.0)], "one\nother\nunsaved\nnow\n"),
        ("other\n", [SAVED, ("two\n", -9.0)], "other\nnow\n"),
    ],
    ids=["saved", "unsaved", "changed before it was typed", "changed later"],
)
def test_what_was_not_saved_is_kept_and_what_is_typed_at_once(
    run: Any, serving: Any, file: str, typed: list[tuple[str, float]], wanted: str
) -> None:
    async def test() -> None:
        async with serving(YDocExtension={"document_save_delay": 0.1}) as server:
            fixture = await left_behind(server, file, *typed)
            ada = await Editor.open_at(await server.endpoint(fixture))
            ada.source.insert(len(str(ada.source).encode()), "now\n")
            lines = sorted(wanted.splitlines())
            await ada.until(lambda _: sorted(str(ada.text()).splitlines()) == lines, 20)
            while sorted(server.read("a.txt").splitlines()) != lines:
                assert (await ada.ask("save"))["status"] != "failed"
            assert sorted(str(ada.text()).splitlines()) == lines

    run(test())
