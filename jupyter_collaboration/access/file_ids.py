"""File ids, which are part of room ids: one per file, whichever path leads to it. [F8]

Responsible for the use of jupyter_server_fileid, and for correcting its bugs: a rename fails if
the new path is recorded for another file, brackets in folder names are treated as patterns, and a
symbolic link gets an id of its own in addition to that of its target.
"""

from __future__ import annotations

import os
import posixpath
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from logging import getLogger
from pathlib import Path
from types import ModuleType
from typing import Any, TypeGuard

from anyio import Lock
from jupyter_server.services.contents.manager import ContentsManager
from jupyter_server_fileid.manager import (
    ArbitraryFileIdManager,
    BaseFileIdManager,
    LocalFileIdManager,
)

from ..threads import run_sync

RENAME_TIME = 1.0
"""Seconds within which the new path of a renamed file becomes known.

Jupyter Server renames the file, and tells the file id manager afterwards.
"""

OWN_FOLDER = ".jupyter_collaboration"
"""A folder in the server's root that contains no documents."""

DATABASE_FILES = ("-wal", "-shm", "-journal")
"""Ends of the names of files that SQLite creates beside a database; none of them is a document."""


class FileIds:
    """The ids of a server's files.

    Args:
        manager: stores the ids; other extensions use it as well.
    """

    def __init__(self, manager: BaseFileIdManager, contents: ContentsManager) -> None:
        self._manager = manager
        self._contents = contents
        self._entered: dict[str, str] = {}
        self._links: dict[str, str] = {}
        self._replaced: dict[str, str] = {}
        self._batches = _Batches(manager) if _Batches.suit(manager) else None
        correct(manager)

    def get_id(self, path: str) -> str | None:
        """Return the id of a file; None if it has none yet."""
        return self.id_at(self.resolve(path))

    def id_at(self, resolved: str) -> str | None:
        """Return the same as `get_id` for a path that `resolve` has returned, or of its folders."""
        return _checked(self._manager.get_id, resolved)

    def index(self, path: str) -> str | None:
        """Return the id of a file, and create it if necessary; None if there is no such file."""
        return self._index(self.resolve(path))

    def _index(self, resolved: str) -> str | None:
        file_id = _checked(self._manager.index, resolved)
        if file_id is not None and self._manager.get_path(file_id) is None:
            self._links[file_id] = resolved  # if the manager follows links out of the root
        return file_id

    async def create(self, resolved: str, *folders: str) -> str | None:
        """Return the id of a file; create it and those of its folders if necessary.

        The default manager waits for the disk when it creates an id, on the event loop. So a thread
        writes new ids into its database.

        Args:
            resolved: as for `id_at`.
        """
        paths = [resolved, *folders]
        missing = [path for path in paths if self.id_at(path) is None]
        if missing and self._batches is not None:
            await self._batches.store(missing)
        # LocalFileIdManager has no id to look up for a link out of the root, but returns one here.
        created, *_ = [self._index(path) for path in paths]
        return created

    def get_path(self, file_id: str) -> str | None:
        """Return the path of a file, relative to the server's root; None for an unknown id."""
        if file_id in self._replaced:
            return self._replaced[file_id]
        path = _checked(self._manager.get_path, file_id) or self._links.get(file_id)
        # LocalFileIdManager confuses a file with a deleted one whose inode number was reused.
        return None if path is not None and path.startswith(f"{OWN_FOLDER}/") else path

    def save(self, path: str) -> None:
        """Update the record of a file that was written or created again."""
        _checked(self._manager.save, path)

    @contextmanager
    def replacing(self, path: str) -> Iterator[None]:
        """Keep the id of a file that is replaced by another one in this block.

        Until the new file is recorded, LocalFileIdManager would search the whole root folder for
        the old one.
        """
        file_id = self.get_id(path)
        if file_id is not None:
            self._replaced[file_id] = path
        try:
            yield
        finally:
            self.save(path)
            self._replaced.pop(file_id or "", None)

    def resolve(self, path: str) -> str:
        """Resolve links in a path, so that two links to the same file give the same path."""
        where = getattr(self._contents, "_get_os_path", None)
        if where is None:
            return path
        try:
            root = os.path.realpath(where(""))
            real = os.path.realpath(where(path))
        except Exception:  # contents managers may define paths of their own
            return path
        if real == root:
            return path
        inside = os.path.join(root, "")
        if real.startswith(inside):
            parts = real[len(inside) :].split(os.sep)
            is_hidden = any(part.startswith(".") for part in parts)
            # A link to a hidden file would expose it.
            return path if is_hidden and not self._contents.allow_hidden else "/".join(parts)
        # A link out of the root: the path of the link is the only path of the file.
        first = self._entered.setdefault(real, path)
        if first != path and os.path.realpath(where(first)) != real:
            first = self._entered[real] = path
        return first

    def reclaim(self, file_id: str, path: str) -> bool:
        """Give a file that was deleted and created again at its path the id that it had.

        Returns:
            Whether that worked; not if the file at the path has an id already.
        """
        return self.get_id(path) is None and self.restore(file_id, path)

    def restore(self, file_id: str, path: str) -> bool:
        """Give a file the id that it had before ids were lost; return whether that worked."""
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


class _Batches:
    """Stores new ids in a thread; the ids of files that are opened at the same time together."""

    def __init__(self, manager: ArbitraryFileIdManager) -> None:
        self._manager = manager
        self._waiting: set[str] = set()
        self._lock = Lock()

    @staticmethod
    def suit(manager: BaseFileIdManager) -> TypeGuard[ArbitraryFileIdManager]:
        """Return whether ids depend on paths alone, in a database that threads can open."""
        return type(manager) is ArbitraryFileIdManager and os.path.isfile(manager.db_path)

    async def store(self, paths: Collection[str]) -> None:
        """Store ids of files; those that cannot be stored still have none afterwards."""
        self._waiting.update(paths)
        async with self._lock:
            if self._waiting.isdisjoint(paths):
                return  # an earlier call has stored them
            batch, self._waiting = self._waiting, set()
            try:
                await run_sync(self._insert, batch)
            except sqlite3.Error as error:
                getLogger(__name__).warning("File ids: %r", error)

    def _insert(self, paths: Collection[str]) -> None:
        rows = [(self._manager._uuid(), self._manager._normalize_path(path)) for path in paths]
        with closing(sqlite3.connect(self._manager.db_path)) as con, con:
            con.executemany("INSERT OR IGNORE INTO Files (id, path) VALUES (?, ?)", rows)


def _checked(call: Callable[[str], str | None], value: str) -> str | None:
    try:
        return call(value)
    except ValueError:  # not a valid path
        return None
    except (OSError, sqlite3.Error) as error:
        # LocalFileIdManager, if the inode number of a deleted file was reused.
        getLogger(__name__).warning("File ids: %r", error)
        return None


def _database(manager: BaseFileIdManager) -> sqlite3.Connection | None:
    """Return the database connection of a manager; None if it stores ids in another way."""
    con = getattr(manager, "con", None)
    return con if isinstance(con, sqlite3.Connection) else None


def correct(manager: BaseFileIdManager) -> None:
    """Fix the bugs of a file id manager, for all extensions that use it.

    Its methods are replaced, since they are also called by events, and the ids that they lose
    could not be restored.
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
        if os.sep == "/":  # a backslash is a character like any other
            methods["_normalize_separators"] = lambda path: path
    else:
        methods |= {
            "_copy_recursive": _copying_below_locally(manager, table),
            "_update": _updating(manager, table),
            "_create": _creating(manager, con),
            "_sync_file": _syncing(manager, con),
            "save": _saving(manager, con),
            "get_path": _following(manager, con),
            "get_id": _identifying(manager, con),
        }
    for name, method in methods.items():
        setattr(manager, name, method)


class _Table:
    """The table of ids and paths."""

    def __init__(self, con: sqlite3.Connection) -> None:
        self._con = con

    def below(self, folder: str, sep: str) -> list[tuple[str, str]]:
        """Return the ids of all files below a folder, and their paths relative to it."""
        start = folder + sep
        rows = self._con.execute(
            "SELECT id, path FROM Files WHERE substr(path, 1, ?) = ?", (len(start), start)
        )
        return [(file_id, path[len(start) :]) for file_id, path in rows.fetchall()]

    def clear(self, path: str, keep: str = "") -> None:
        """Delete the record of the file at a path, unless it has the id to keep."""
        self._con.execute("DELETE FROM Files WHERE path = ? AND id != ?", (path, keep))

    def has(self, path: str) -> bool:
        """Return whether the file at a path has an id."""
        query = "SELECT 1 FROM Files WHERE path = ?"
        return self._con.execute(query, (path,)).fetchone() is not None

    def move_below(self, old: str, new: str, path_mgr: ModuleType = os.path) -> None:
        """Move all files below a folder."""
        for file_id, rest in self.below(old, path_mgr.sep):
            target = new + path_mgr.sep + rest
            self.clear(target, keep=file_id)
            self._con.execute("UPDATE Files SET path = ? WHERE id = ?", (target, file_id))

    def delete_below(self, folder: str, path_mgr: ModuleType = os.path) -> None:
        """Delete the records of all files below a folder."""
        for file_id, _ in self.below(folder, path_mgr.sep):
            self._con.execute("DELETE FROM Files WHERE id = ?", (file_id,))

    def add(self, file_id: str, path: str) -> None:
        """Give a file an id, unless it has one."""
        self._con.execute("INSERT OR IGNORE INTO Files (id, path) VALUES (?, ?)", (file_id, path))


def _moving(manager: ArbitraryFileIdManager, table: _Table) -> Callable[[str, str], str | None]:
    original = manager.move

    def move(old_path: str, new_path: str) -> str | None:
        """Handle a renamed file or folder, whose new path did not exist before."""
        source, target = manager._normalize_path(old_path), manager._normalize_path(new_path)
        if source != target and (table.has(source) or table.below(source, "/")):
            with manager.con:
                table.clear(target)
                table.delete_below(target, posixpath)
                if not table.has(source):  # a folder without an id that contains files with ids
                    table.move_below(source, target, posixpath)
        return original(old_path, new_path)

    return move


def _copying(manager: ArbitraryFileIdManager, table: _Table) -> Callable[[str, str], str | None]:
    original = manager.copy

    def copy(from_path: str, to_path: str) -> str | None:
        """Handle a copied file or folder; the path of the copy did not exist before."""
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


def _replaced(
    manager: LocalFileIdManager, con: sqlite3.Connection, file_id: str, stat_info: Any
) -> None:
    """Record that a file was replaced by a new one at its path, as when editors save.

    The inode number of the new file may be recorded for another file, which was replaced as well
    or deleted: file systems use numbers again at once. A file that is still at its path keeps its
    id. Two files may even have swapped their numbers.
    """
    con.execute("UPDATE Files SET ino = -rowid WHERE id = ?", (file_id,))  # a number of no file
    others = con.execute("SELECT id, path FROM Files WHERE ino = ?", (stat_info.ino,)).fetchall()
    for other, path in others:
        there = manager._stat(path)
        if there is None or there.ino == stat_info.ino:
            con.execute("DELETE FROM Files WHERE id = ?", (other,))
        else:
            _replaced(manager, con, other, there)
    con.execute(
        "UPDATE Files SET ino = ?, crtime = ?, mtime = ? WHERE id = ?",
        (stat_info.ino, stat_info.crtime, stat_info.mtime, file_id),
    )


def _syncing(manager: LocalFileIdManager, con: sqlite3.Connection) -> Callable[..., str | None]:
    original = manager._sync_file

    def sync_file(path: str, stat_info: Any) -> str | None:
        """Follow a moved file, unless it only reuses the inode number of a deleted one."""
        row = con.execute("SELECT id, path FROM Files WHERE ino = ?", (stat_info.ino,)).fetchone()
        if row is not None and row[1] != path:
            if OWN_FOLDER in Path(path).parts or path.endswith(DATABASE_FILES):
                return None
            there = manager._stat(row[1])
            if there is not None and there.ino != stat_info.ino:
                # The old file is at its path with another inode: a save replaced it.
                _replaced(manager, con, row[0], there)
                return None
        return original(path, stat_info)

    return sync_file


def _saving(manager: LocalFileIdManager, con: sqlite3.Connection) -> Callable[[str], None]:
    original = manager.save

    def save(path: str) -> None:
        """Handle a saved file, which most programs replace with a new one."""
        where = manager._normalize_path(path)
        stat_info = manager._stat(where)
        row = con.execute("SELECT id, ino FROM Files WHERE path = ?", (where,)).fetchone()
        if stat_info is not None and row is not None and row[1] != stat_info.ino:
            with con:
                _replaced(manager, con, row[0], stat_info)
        original(path)

    return save


def _creating(manager: LocalFileIdManager, con: sqlite3.Connection) -> Callable[..., str]:
    original = manager._create

    def create(path: str, stat_info: Any) -> str:
        row = con.execute("SELECT id, ino FROM Files WHERE path = ?", (path,)).fetchone()
        if row is not None and row[1] != stat_info.ino:
            _replaced(manager, con, row[0], stat_info)
            return str(row[0])
        return original(path, stat_info)

    return create


def _identifying(manager: LocalFileIdManager, con: sqlite3.Connection) -> Callable[..., Any]:
    original = manager.get_id

    def get_id(path: str) -> str | None:
        """Return the id of a file also if it was replaced and that is not recorded yet.

        Without an id, the file would be given that of a deleted one that was at its path.
        """
        found: str | None = original(path)
        where = manager._normalize_path(path)
        stat_info = manager._stat(where) if found is None else None
        if stat_info is None or stat_info.is_symlink:
            return found
        row = con.execute("SELECT id FROM Files WHERE path = ?", (where,)).fetchone()
        if row is None:
            return None
        with con:
            _replaced(manager, con, row[0], stat_info)
        return str(row[0])

    return get_id


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
            _replaced(manager, con, id, stat_info)
        return manager._from_normalized_path(row[0])

    return get_path
