"""Finds unsaved edits in the private stores of servers that have ended. [H9]

Responsible for reading private stores; merging the edits into a document belongs to the room.
Called when a document is opened, by the server that owns the main store.
"""

from __future__ import annotations

import os
import sqlite3
import time
from logging import Logger
from pathlib import Path

from anyio import Lock

from ...documents.codec import replay
from ...errors import must_propagate
from ...threads import run_sync
from ..model import Kind, UnsavedWork
from .lease import LeaseTaken
from .migrations import NewerSchema
from .store_file import MEMORY, StoreFile, open_existing, private_paths
from .writer import SQLiteWriter

RECENT = 2 * 10**9
"""Nanoseconds after a change of a folder within which another one may have the same time."""

WORK = (Kind.EDIT.value, Kind.RESTORE.value, Kind.SQUASHED.value)
"""Kinds of entries that users made."""


class PrivateStores:
    """The private stores next to a backend's store."""

    def __init__(self, backend: SQLiteWriter) -> None:
        self._backend = backend
        self._lock = Lock()
        self._listing = _Listing()

    async def find(self, room_id: str, path: str) -> list[UnsavedWork]:
        """Return unsaved edits of a document in unused private stores, by its room id or path."""
        if self._backend.path == MEMORY or self._backend.writes_private_store:
            return []
        async with self._lock:
            return await run_sync(self._find, room_id, path)

    def _find(self, room_id: str, path: str) -> list[UnsavedWork]:
        found: list[UnsavedWork] = []
        for place in self._listing.paths(self._backend.path):
            try:
                store = open_existing(place, self._backend.log)
            except LeaseTaken:
                continue  # its server is running, and will save them
            except (NewerSchema, OSError, sqlite3.Error) as error:
                self._backend.log.warning("%s was not looked at: %s", place, error)
                continue
            try:
                found += _work_in(store, str(place), room_id, path, self._backend.log)
            except sqlite3.Error as error:
                self._backend.log.warning("%s was not looked at: %s", place, error)
            finally:
                store.close()
        return found

    async def forget(self, work: UnsavedWork) -> None:
        """Record in a private store that its edits of a document are in the main store now."""
        async with self._lock:
            try:
                await run_sync(self._forget, work)
            except (LeaseTaken, NewerSchema, OSError, sqlite3.Error) as error:
                self._backend.log.warning("Could not update %s: %s", work.store, error)

    def _forget(self, work: UnsavedWork) -> None:
        store = open_existing(Path(work.store), self._backend.log)
        try:
            with store.transaction() as db:
                db.execute(
                    "UPDATE collaboration_documents SET saved_seq = ?, saved_state = NULL"
                    " WHERE room = ?",
                    (work.seq, work.room_id),
                )
        finally:
            store.close()


class _Listing:
    """The private stores in a folder, which is read again only after it has changed.

    The folder may be the one that holds everybody's documents.
    """

    def __init__(self) -> None:
        self._changed = 0
        self._paths: list[Path] = []

    def paths(self, path: str) -> list[Path]:
        """Return the same as `private_paths`."""
        try:
            changed = os.stat(os.path.dirname(path) or ".").st_mtime_ns
        except OSError:
            changed = 0
        if changed == 0 or changed != self._changed:
            self._paths = private_paths(path)
            # A change just after this one may have the same time.
            self._changed = changed if abs(time.time_ns() - changed) > RECENT else 0
        return self._paths


def _work_in(
    store: StoreFile, place: str, room_id: str, path: str, log: Logger
) -> list[UnsavedWork]:
    rows = store.db.execute(
        "SELECT id, room, coalesce(saved_seq, 0), saved_state FROM collaboration_documents"
        " LEFT JOIN collaboration_paths ON document = id"
        " WHERE room = ? OR (path = ? AND substr(room, 1, ?) = ?)",
        (room_id, path, len(_kind(room_id)), _kind(room_id)),
    ).fetchall()
    found = []
    for document, room, saved_seq, saved_state in rows:
        entries = store.db.execute(
            "SELECT seq, author, kind, data FROM collaboration_updates WHERE document = ?"
            " ORDER BY seq",
            (document,),
        ).fetchall()
        # A state stands for a file that did not hold the entries before it either.
        last = saved_seq if saved_state is None else 0
        unsaved = [each for each in entries if each[0] > last and each[2] in WORK]
        if not unsaved:
            continue
        try:
            state = replay([data for _, _, _, data in entries])
            base = saved_state
            if base is None and saved_seq:
                base = replay([data for seq, _, _, data in entries if seq <= saved_seq])
        except BaseException as error:  # a damaged row; pycrdt has no exception type
            if must_propagate(error):
                raise
            log.error("Could not read unsaved edits of %s in %s: %r", path, place, error)
            continue
        authors = {name for each in unsaved for name in each[1].split("\n") if name}
        found.append(UnsavedWork(place, room, entries[-1][0], base, state, tuple(sorted(authors))))
    return found


def _kind(room_id: str) -> str:
    """Return the format and type in a room id, by which the rooms of a file differ."""
    return room_id[: room_id.rindex(":") + 1] if ":" in room_id else room_id
