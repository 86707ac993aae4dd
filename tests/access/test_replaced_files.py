"""Tests of file ids while a save replaces the file. [F8]"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from jupyter_server_fileid.manager import LocalFileIdManager

from jupyter_collaboration.access.file_ids import FileIds


def test_a_replaced_file_keeps_its_id_without_a_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.txt").write_text("old")
    contents = AsyncLargeFileManager(root_dir=str(root))
    manager = LocalFileIdManager(root_dir=str(root), db_path=str(tmp_path / "ids.db"))
    ids = FileIds(manager, contents)
    file_id = ids.index("a.txt")
    assert file_id is not None

    def search() -> None:
        raise AssertionError("the whole root was searched")

    monkeypatch.setattr(manager, "_sync_all", search)
    with ids.replacing("a.txt"):
        (root / "b.txt").write_text("new")
        os.replace(root / "b.txt", root / "a.txt")
        assert ids.get_path(file_id) == "a.txt"
    assert ids.get_path(file_id) == "a.txt"
    assert ids.get_id("a.txt") == file_id
    manager.con.close()
    del manager.con  # else it is committed by whichever thread collects the garbage
