"""Servers on one folder write each file in turn."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from jupyter_server_fileid.manager import ArbitraryFileIdManager

from jupyter_collaboration.access.file_ids import FileIds
from jupyter_collaboration.documents.identity import document_id
from jupyter_collaboration.files.document_file import DocumentFile
from jupyter_collaboration.files.turns import Turns

Run = Callable[[Awaitable[Any]], Any]


def test_a_server_that_did_not_notice_a_rename_yet_waits_for_one_that_did(
    run: Run, tmp_path: Path
) -> None:  # [F4] [F8]
    async def test() -> None:
        (tmp_path / "a.txt").write_text("one\n")
        ids = ArbitraryFileIdManager(root_dir=str(tmp_path), db_path=":memory:")
        document = document_id("text", "file", ids.index("a.txt"))
        contents = AsyncLargeFileManager(root_dir=str(tmp_path))
        turns = Turns(tmp_path / "turns", logging.getLogger("test"))
        first, second = (
            DocumentFile(document, contents, FileIds(ids, contents), turns) for _ in range(2)
        )
        for file in (first, second):
            await file.load()
        (tmp_path / "a.txt").rename(tmp_path / "b.txt")
        ids.move("a.txt", "b.txt")
        await second.load()
        order: list[str] = []

        async def write() -> None:
            async with first.turn():
                order.append("first")

        async with second.turn():
            task = asyncio.ensure_future(write())
            done, _ = await asyncio.wait({task}, timeout=0.2)
            assert not done
            order.append("second")
        await task
        assert order == ["second", "first"]
        ids.con.close()

    run(test())
