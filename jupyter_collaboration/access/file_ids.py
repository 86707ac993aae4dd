"""File ids, by which rooms are named: one for each file, by whatever path it was entered. [F8]

Knows jupyter_server_fileid and the contents manager's idea of a path on disk. Corrects what that
package does wrong: a rename onto a path of which it remembers another file fails, brackets in the
names of folders are taken for patterns, and a link has an id of its own beside that of its file.
"""

from __future__ import annotations

import os
import posixpath
import sqlite3
from collections.abc import Callable
from logging import getLogger
from pathlib import Path
from types import ModuleType
from typing import Any

from jupyter_server.services.contents.manager import ContentsManager
from jupyter_server_fileid.manager import (
    ArbitraryFileIdManager,
    BaseFileIdManager,
    LocalFileIdManager,
)

OWN_FOLDER = ".jupyter_collaboration"
"""A folder in the server's root in which no documents are."""


class FileIds:
    """The ids of a server's files.

    Args:
        manager: where they are kept; other extensions use it as well.
    """

    def __init__(self, manager: BaseFileIdManager, contents: ContentsManager) -> None:
        self._manager = manager
        self._contents = contents
        self._entered: dict[str, str] = {}
        self._links: dict[str, str] = {}
        correct(manager)

    def get_id(self, path: str) -> str | None:
        """The id of a file; None if it has none yet."""
        return _checked(self._manager.get_id, self.resolve(path))

    def index(self, path: str) -> str | None:
        """The id of a file, made if it has none; None if there is no such file."""
        path = self.resolve(path)
        file_id = _checked(self._manager.index, path)
        if file_id is not None and self._manager.get_path(file_id) is None:
            self._links[file_id] = path  # a manager that follows links out of the root
        return file_id

    def get_path(self, file_id: str) -> str | None:
        """Where a file is, relative to the server's root; None for an id that is not known."""
        path = _checked(self._manager.get_path, file_id) or self._links.get(file_id)
        # LocalFileIdManager takes a file that got the number of one that is gone for that one.
        return None if path is not None and path.startswith(f"{OWN_FOLDER}/") else path

    def save(self, path: str) -> None:
        """A file was written, or made again."""
        _checked(self._manager.save, path)

    def resolve(self, path: str) -> str:
        """The path of the file to which a path leads: two links to one file give one path."""
        where = getattr(self._contents, "_get_os_path", None)
        if where is None:
            return path
        try:
            root = Path(os.path.realpath(where("")))
            real = os.path.realpath(where(path))
        except Exception:  # a contents manager's own idea of a path
            return path
        if Path(real) == root:
            return path
        if Path(real).is_relative_to(root):
            found = Path(real).relative_to(root)
            is_hidden = any(part.startswith(".") for part in found.parts)
            # A link to a hidden file shows it where Jupyter Server would not.
            return path if is_hidden and not self._contents.allow_hidden else found.as_posix()
        # A link out of the root: its file has no other path here than that of a link.
        first = self._entered.setdefault(real, path)
        if first != path and os.path.realpath(where(first)) != real:
            first = self._entered[real] = path
        return first

    def restore(self, file_id: str, path: str) -> bool:
        """Give a file the id that it had before the ids were lost; whether it has it now."""
        con = _database(self._manager)
        made = self.index(path)
        if con is None or made is None:
            return False
        try:
            with con:
                con.execute("UPDATE Files SET id = ? WHERE id = ?", (file_id, made))
        except sqlite3.Error:
            return False
        return self.get_id(path) == file_id


def _checked(call: Callable[[str], str | None], value: str) -> str | None:
    try:
        return call(value)
    except ValueError:  # a path that no file and no database can have
        return None
    except (OSError, sqlite3.Error) as error:
        # LocalFileIdManager, where a number of a file that is gone was given to another one.
        getLogger(__name__).warning("File ids: %r", error)
        return None


def _database(manager: BaseFileIdManager) -> sqlite3.Connection | None:
    """The table of a manager that has one; None for other ways to keep ids."""
    con = getattr(manager, "con", None)
    return con if isinstance(con, sqlite3.Connection) else None


def correct(manager: BaseFileIdManager) -> None:
    """Replace what a file id manager does wrong with paths, for all who use it.

    Its methods are replaced, since events call them: what they lose could not be found again.
    """
    con = _database(manager)
    if con is None or not isinstance(manager, ArbitraryFileIdManager | LocalFileIdManager):
        return
    if vars(manager).get("_move_recursive") is not None:
        return
    table = _Table(con)
    methods: dict[str, Any] = {
        "_move_recursive": table.move_below,
        "_delete_recursive": table.delete_below,
    }
    if isinstance(manager, ArbitraryFileIdManager):
        methods |= {
            "_copy_recursive": _copying_below(manager, table),
            "move": _moving(manager, table),
            "copy": _copying(manager, table),
        }
    else:
        methods |= {
            "_copy_recursive": _copying_below_locally(manager, table),
            "_update": _updating(manager, table),
            "_create": _creating(manager, con),
            "_sync_file": _syncing(manager, con),
            "save": _saving(manager, con),
            "get_path": _following(manager, con),
        }
    for name, method in methods.items():
        setattr(manager, name, method)


class _Table:
    """The table of ids and paths."""

    def __init__(self, con: sqlite3.Connection) -> None:
        self._con = con

    def below(self, folder: str, sep: str) -> list[tuple[str, str]]:
        """The ids of all files below a folder, and their paths from there."""
        start = folder + sep
        rows = self._con.execute(
            "SELECT id, path FROM Files WHERE substr(path, 1, ?) = ?", (len(start), start)
        )
        return [(file_id, path[len(start) :]) for file_id, path in rows.fetchall()]

    def clear(self, path: str, keep: str = "") -> None:
        """Forget which file was at a path, unless it is one that is to be there."""
        self._con.execute("DELETE FROM Files WHERE path = ? AND id != ?", (path, keep))

    def has(self, path: str) -> bool:
        """Whether a file at a path has an id."""
        query = "SELECT 1 FROM Files WHERE path = ?"
        return self._con.execute(query, (path,)).fetchone() is not None

    def move_below(self, old: str, new: str, path_mgr: ModuleType = os.path) -> None:
        """Move all files below a folder."""
        for file_id, rest in self.below(old, path_mgr.sep):
            target = new + path_mgr.sep + rest
            self.clear(target, keep=file_id)
            self._con.execute("UPDATE Files SET path = ? WHERE id = ?", (target, file_id))

    def delete_below(self, folder: str, path_mgr: ModuleType = os.path) -> None:
        """Forget all files below a folder."""
        for file_id, _ in self.below(folder, path_mgr.sep):
            self._con.execute("DELETE FROM Files WHERE id = ?", (file_id,))

    def add(self, file_id: str, path: str) -> None:
        """Give a file an id, unless it has one."""
        self._con.execute("INSERT OR IGNORE INTO Files (id, path) VALUES (?, ?)", (file_id, path))


def _moving(manager: ArbitraryFileIdManager, table: _Table) -> Callable[[str, str], str | None]:
    original = manager.move

    def move(old_path: str, new_path: str) -> str | None:
        """A file, or a folder, was renamed; nothing was at its new path."""
        source, target = manager._normalize_path(old_path), manager._normalize_path(new_path)
        if source != target and (table.has(source) or table.below(source, "/")):
            with manager.con:
                table.clear(target)
                table.delete_below(target, posixpath)
                if not table.has(source):  # a folder that has no id, with files that have
                    table.move_below(source, target, posixpath)
        return original(old_path, new_path)

    return move


def _copying(manager: ArbitraryFileIdManager, table: _Table) -> Callable[[str, str], str | None]:
    original = manager.copy

    def copy(from_path: str, to_path: str) -> str | None:
        """A file, or a folder, was copied; nothing was at the copy's path."""
        target = manager._normalize_path(to_path)
        with manager.con:
            table.clear(target)
            table.delete_below(target, posixpath)
        return original(from_path, to_path)

    return copy


def _copying_below(manager: ArbitraryFileIdManager, table: _Table) -> Callable[..., None]:
    def copy_below(from_path: str, to_path: str, path_mgr: ModuleType = os.path) -> None:
        for _, rest in table.below(from_path, path_mgr.sep):
            table.add(manager._uuid(), to_path + path_mgr.sep + rest)

    return copy_below


def _copying_below_locally(manager: LocalFileIdManager, table: _Table) -> Callable[..., None]:
    def copy_below(from_path: str, to_path: str, _: str = "") -> None:
        for _id, rest in table.below(from_path, os.sep):
            target = to_path + os.sep + rest
            if stat_info := manager._stat(target):
                manager._create(target, stat_info)

    return copy_below


def _updating(manager: LocalFileIdManager, table: _Table) -> Callable[..., None]:
    original = manager._update

    def update(id: str, stat_info: Any = None, path: str | None = None) -> None:
        if path is not None:
            table.clear(path, keep=id)
        original(id, stat_info, path)

    return update


def _replaced(con: sqlite3.Connection, file_id: str, stat_info: Any) -> None:
    """Note that a file was replaced by another one at its path, as editors save."""
    con.execute(
        "UPDATE Files SET ino = ?, crtime = ?, mtime = ? WHERE id = ?",
        (stat_info.ino, stat_info.crtime, stat_info.mtime, file_id),
    )


def _syncing(manager: LocalFileIdManager, con: sqlite3.Connection) -> Callable[..., str | None]:
    original = manager._sync_file

    def sync_file(path: str, stat_info: Any) -> str | None:
        """Follow a file that was moved; the number of one that is gone may be given to another."""
        row = con.execute("SELECT id, path FROM Files WHERE ino = ?", (stat_info.ino,)).fetchone()
        if row is not None and row[1] != path:
            if OWN_FOLDER in Path(path).parts:
                return None
            there = manager._stat(row[1])
            if there is not None and there.ino != stat_info.ino:
                # The old file is where it was, with another number: it was replaced by a save.
                taken = con.execute("SELECT 1 FROM Files WHERE ino = ?", (there.ino,)).fetchone()
                if taken is None:
                    _replaced(con, row[0], there)
                    return None
        return original(path, stat_info)

    return sync_file


def _saving(manager: LocalFileIdManager, con: sqlite3.Connection) -> Callable[[str], None]:
    original = manager.save

    def save(path: str) -> None:
        """A file was saved; most programs put another file in its place."""
        where = manager._normalize_path(path)
        stat_info = manager._stat(where)
        row = con.execute("SELECT id, ino FROM Files WHERE path = ?", (where,)).fetchone()
        if stat_info is not None and row is not None and row[1] != stat_info.ino:
            with con:
                con.execute("DELETE FROM Files WHERE ino = ?", (stat_info.ino,))
                _replaced(con, row[0], stat_info)
        original(path)

    return save


def _creating(manager: LocalFileIdManager, con: sqlite3.Connection) -> Callable[..., str]:
    original = manager._create

    def create(path: str, stat_info: Any) -> str:
        row = con.execute("SELECT id, ino FROM Files WHERE path = ?", (path,)).fetchone()
        if row is not None and row[1] != stat_info.ino:
            _replaced(con, row[0], stat_info)
            return str(row[0])
        return original(path, stat_info)

    return create


def _following(manager: LocalFileIdManager, con: sqlite3.Connection) -> Callable[..., str | None]:
    original = manager.get_path

    def get_path(id: str) -> str | None:
        if (found := _checked(original, id)) is not None:
            return found
        row = con.execute("SELECT path FROM Files WHERE id = ?", (id,)).fetchone()
        stat_info = manager._stat(row[0]) if row else None
        if stat_info is None:
            return None
        known = "SELECT 1 FROM Files WHERE ino = ? AND id != ?"
        if con.execute(known, (stat_info.ino, id)).fetchone() is not None:
            return None
        with con:
            _replaced(con, id, stat_info)
        return manager._from_normalized_path(row[0])

    return get_path
