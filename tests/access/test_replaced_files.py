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


def test_a_file_has_its_id_while_its_replacement_is_not_recorded(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.txt").write_text("old")
    manager = LocalFileIdManager(root_dir=str(root), db_path=str(tmp_path / "ids.db"))
    ids = FileIds(manager, AsyncLargeFileManager(root_dir=str(root)))
    file_id = ids.index("a.txt")
    (root / "b.txt").write_text("new")
    os.replace(root / "b.txt", root / "a.txt")
    assert not ids.reclaim("the id of a deleted file", "a.txt")
    assert ids.get_id("a.txt") == file_id
    manager.con.close()
    del manager.con  # else it is committed by whichever thread collects the garbage


@pytest.mark.parametrize("order", ["ab", "ba"])
@pytest.mark.parametrize("are_swapped", [False, True])
def test_files_keep_their_ids_if_an_inode_number_is_used_again(
    tmp_path: Path, order: str, are_swapped: bool
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    paths = {name: root / f"{name}.txt" for name in "ab"}
    for path in paths.values():
        path.write_text("old")
    manager = LocalFileIdManager(root_dir=str(root), db_path=str(tmp_path / "ids.db"))
    ids = FileIds(manager, AsyncLargeFileManager(root_dir=str(root)))
    before = {name: ids.index(f"{name}.txt") for name in "ab"}
    # Both files are saved, as by a rename, before either save is recorded.
    os.link(paths["a"], root / "old-a")
    os.link(paths["b"], root / "old-b")
    (root / "new").write_text("new")
    os.replace(root / ("old-b" if are_swapped else "new"), paths["a"])
    os.replace(root / "old-a", paths["b"])
    for name in order:
        ids.save(f"{name}.txt")
    assert {name: ids.index(f"{name}.txt") for name in "ab"} == before
    assert [ids.get_path(before[name] or "") for name in "ab"] == ["a.txt", "b.txt"]
    manager.con.close()
    del manager.con  # else it is committed by whichever thread collects the garbage


@pytest.mark.parametrize(
    ("name", "is_followed"), [("b.txt", True), (".store.db-wal", False), ("c.db-journal", False)]
)
def test_a_file_of_a_database_is_no_moved_document(
    tmp_path: Path, name: str, is_followed: bool
) -> None:
    """A file that SQLite creates may get the inode number of a document that was just deleted."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.txt").write_text("text")
    manager = LocalFileIdManager(root_dir=str(root), db_path=str(tmp_path / "ids.db"))
    ids = FileIds(manager, AsyncLargeFileManager(root_dir=str(root)))
    file_id = ids.index("a.txt")
    assert file_id is not None
    (root / "a.txt").rename(root / name)  # as for the reuse: another name, the same number
    assert ids.get_path(file_id) == (name if is_followed else None)
    manager.con.close()
    del manager.con  # else it is committed by whichever thread collects the garbage
