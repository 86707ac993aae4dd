"""New file ids are stored by a thread, so that nobody waits for the disk. [F8]"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from jupyter_server_fileid.manager import (
    ArbitraryFileIdManager,
    BaseFileIdManager,
    LocalFileIdManager,
)

from jupyter_collaboration.access import file_ids
from jupyter_collaboration.access.file_ids import FileIds
from jupyter_collaboration.access.paths import Paths
from jupyter_collaboration.errors import DocumentNotFound


@pytest.fixture(params=[ArbitraryFileIdManager, LocalFileIdManager])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BaseFileIdManager]:
    (tmp_path / "root" / "folder").mkdir(parents=True)
    for name in ("a.txt", "b.txt", "folder/c.txt"):
        (tmp_path / "root" / name).write_text("")
    made = request.param(root_dir=str(tmp_path / "root"), db_path=str(tmp_path / "ids.db"))
    yield made
    made.con.close()
    del made.con  # else it is committed by whichever thread collects the garbage


def paths_of(manager: BaseFileIdManager) -> Paths:
    contents = AsyncLargeFileManager(root_dir=manager.root_dir)
    return Paths(contents, FileIds(manager, contents))


def test_files_opened_together_get_an_id_each_and_their_folders_too(
    manager: BaseFileIdManager,
) -> None:
    async def test() -> None:
        paths = paths_of(manager)
        names = ["a.txt", "b.txt", "folder/c.txt", "a.txt"]
        found = await asyncio.gather(*map(paths.index, names))
        assert found == [manager.get_id(name) for name in names]
        assert len(set(found)) == 3
        assert manager.get_id("folder") is not None
        assert await paths.indexed("a.txt") == (found[0], False)

    asyncio.run(test())


def test_the_event_loop_runs_while_an_id_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = ArbitraryFileIdManager(root_dir=str(tmp_path), db_path=str(tmp_path / "ids.db"))
    may_go_on = threading.Event()
    original = sqlite3.connect

    def slow(*args: Any, **options: Any) -> sqlite3.Connection:
        assert may_go_on.wait(10)
        return original(*args, **options)

    async def test() -> None:
        paths = paths_of(manager)
        monkeypatch.setattr(file_ids.sqlite3, "connect", slow)
        opening = asyncio.ensure_future(paths.index("a.txt"))
        while not paths._file_ids._batches._lock.locked():  # type: ignore[union-attr]
            await asyncio.sleep(0)
        may_go_on.set()  # the loop runs, although the thread waits
        assert await opening == manager.get_id("a.txt") is not None

    asyncio.run(test())
    manager.con.close()
    del manager.con


def test_a_database_that_cannot_be_written_refuses_the_file(tmp_path: Path) -> None:
    manager = ArbitraryFileIdManager(root_dir=str(tmp_path), db_path=str(tmp_path / "ids.db"))

    async def test() -> None:
        paths = paths_of(manager)
        manager.con.execute(
            "CREATE TRIGGER full BEFORE INSERT ON Files BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        )
        with pytest.raises(DocumentNotFound):
            await paths.index("a.txt")
        manager.con.execute("DROP TRIGGER full")
        assert await paths.index("a.txt") == manager.get_id("a.txt")

    asyncio.run(test())
    manager.con.close()
    del manager.con
