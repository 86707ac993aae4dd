"""Lists, reads, names and restores versions of documents.

Responsible for computing versions on demand; a document is changed through its room only, by an
ordinary edit. Histories are not kept in memory between requests.
"""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass
from logging import Logger
from typing import Any

from ..documents.codec import content_of
from ..documents.identity import DocumentId, parse_room_id
from ..errors import HistoryUnavailable, InvalidRequest, VersionNotFound
from ..history.model import Entry, Mark, MarkKind, Retention, Version
from ..history.store import VersionStore
from ..merge.document import Merge, merge_into, standing
from ..protocol import messages
from ..protocol.messages import CloseCode
from ..rooms.document import DocumentRoom
from ..rooms.fork import ForkRoom
from ..rooms.manager import RoomManager
from ..worker import run_large
from .builder import made_of

PATIENCE = 0.1
"""Seconds that a page waits for versions that are still being computed."""

KEEP_UP = 20.0
"""Seconds between two computations of the versions of a document that is being edited."""

KEEP_UP_BYTES = 2**20
"""Bytes that a computation may read every `KEEP_UP` seconds; larger ones are as much rarer."""

CLOSE_TIME = 0.5
"""Seconds that a stopping server waits for running computations."""

PIECES = 200
"""Number of entries that are read at a time."""

ROUND_BYTES = 32 * 2**20
"""Bytes of entries whose versions are computed at a time."""

MAX_PAGE = 200
MAX_NAME = 200


@dataclass(frozen=True)
class Page:
    """A page of a document's version history.

    Attributes:
        versions: newest first.
        is_complete: whether all versions have been computed; if not, request the page again.
        people: the display names of the authors, by username.
        kept: the retention settings; None if the history is not stored on disk.
    """

    versions: list[Version]
    is_complete: bool
    people: dict[str, str]
    kept: Retention | None


@dataclass
class _KeepingUp:
    """When the versions of a document are computed without a request; times of the event loop.

    Attributes:
        since: the time of the last computation; of the first save for a large document whose
            versions were not computed yet. None before the first save.
        due: the time of the next check whether to compute them.
    """

    since: float | None = None
    due: float = -math.inf


class VersionService:
    """The versions of all documents."""

    def __init__(self, rooms: RoomManager, log: Logger) -> None:
        self._rooms = rooms
        self._log = log
        self._making: dict[str, asyncio.Task[Any]] = {}
        self._asked: set[str] = set()
        self._made: dict[str, tuple[int, int]] = {}
        self._keeping_up: dict[str, _KeepingUp] = {}
        self._weighing: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def page(
        self,
        document: DocumentId,
        before: int | None,
        limit: int,
        *,
        author: str = "",
        named: bool = False,
    ) -> Page:
        """Return the newest versions below an id, newest first."""
        making = self._make_soon(document)
        done, _ = await asyncio.wait({making}, timeout=PATIENCE)
        history = self._rooms.history(str(document))
        limit = max(1, min(limit, MAX_PAGE))
        versions = await history.versions.page(before, limit, author=author, named=named)
        authors = {name for version in versions for name in version.authors}
        people = await self._rooms.names(authors)
        is_complete = (
            bool(done) and str(document) not in self._asked
        )  # else older versions were deleted
        return Page(versions, is_complete, people, history.retention)

    def _make_soon(self, document: DocumentId) -> asyncio.Task[Any]:
        """Compute the versions of a document in the background, once at a time."""
        key = str(document)
        self._asked.add(key)
        if key not in self._making:
            task = asyncio.create_task(self._make(document))
            self._making[key] = task
            task.add_done_callback(lambda _: self._making.pop(key, None))
        return self._making[key]

    def keep_up(self, room_id: str) -> None:
        """Compute versions from time to time after saves, so that pages load quickly.

        The versions of a large document are computed when they are requested, or after a long time
        of edits: a computation reads and writes the whole document.
        """
        now = asyncio.get_running_loop().time()
        document = parse_room_id(room_id)
        if self._is_closed:  # the last saves of a stopping server
            return
        if document is None:
            return
        state = self._keeping_up.setdefault(room_id, _KeepingUp())
        if now >= state.due:
            state.due = now + KEEP_UP
            task = asyncio.create_task(self._keep_up(document, state))
            self._weighing.add(task)
            task.add_done_callback(self._weighing.discard)

    async def _keep_up(self, document: DocumentId, state: _KeepingUp) -> None:
        key = str(document)
        try:
            size = await self._rooms.history(key).versions.pending_bytes()
        except Exception as error:  # one document's store never ends another one's save
            self._log.debug("Could not compute versions of %s: %r", document, error)
            return
        now = asyncio.get_running_loop().time()
        pause = KEEP_UP * max(1.0, size / KEEP_UP_BYTES)
        if state.since is None:
            state.since = now if size > KEEP_UP_BYTES else -math.inf
        if now - state.since >= pause:
            state.since = now
            self._make_soon(document)
        state.due = state.since + pause

    async def close(self) -> None:
        """Stop; unfinished versions are computed on the next request."""
        self._is_closed = True
        making = {*self._making.values(), *self._weighing}
        for task in making:
            task.cancel()
        if making:
            await asyncio.wait(making, timeout=CLOSE_TIME)

    async def _make(self, document: DocumentId) -> None:
        key = str(document)
        try:
            while key in self._asked:  # requests since the last round may include newer entries
                self._asked.discard(key)
                await self._make_new(document)
        except HistoryUnavailable as error:
            self._log.debug("Could not compute versions of %s: %s", document, error)
        except Exception as error:  # pycrdt raises no type of its own
            self._log.error("Could not compute versions of %s: %r", document, error)

    async def _make_new(self, document: DocumentId) -> None:
        """Compute versions of entries since the last time, if there are any."""
        key = str(document)
        store = self._rooms.history(key).versions
        marks = await store.marks()
        seq, known = self._made.get(key, (0, -1))
        is_new = known != len(marks) or await store.entries_after(seq, 1)
        if not is_new and await store.page(None, 1):
            return
        done = await store.summarized()
        limit = ROUND_BYTES
        while True:
            entries, is_all = await _entries_after(store, done.seq, limit)
            size = len(done.state) + sum(len(entry.update) for entry in entries)
            versions, summarized, last = await run_large(
                size, made_of, document.type, entries, done, marks
            )
            if is_all or summarized.seq > done.seq:
                break
            limit *= 2  # one version has more than this
        await store.replace(done.seq, versions, summarized)
        if not is_all:
            self._asked.add(key)
        self._made[key] = (last, len(marks))

    async def clear(self, document: DocumentId, seq: int) -> int:
        """Delete everything before the end of a version, which becomes the first one. [V7]

        Returns:
            The version's id, which changes if the newest version has grown in the meantime.

        Raises:
            VersionNotFound: there is no such version.
            CollaborationError: the document cannot be opened, or is not saved.
            HistoryUnavailable: the store cannot be written.
        """
        key = str(document)
        while key in self._making:
            await asyncio.wait({self._making[key]})
        truncation = asyncio.create_task(self._clear(document, seq))
        self._making[key] = truncation  # blocks the computation of versions
        truncation.add_done_callback(lambda _: self._making.pop(key, None))
        return await truncation

    async def _clear(self, document: DocumentId, seq: int) -> int:
        key = str(document)
        async with self._rooms.pinned(key) as room:
            assert isinstance(room, DocumentRoom)
            if room.session_id != await (await self._rooms.histories()).session_id(key):
                raise HistoryUnavailable("This document is open without its history.")
            end = await room.forget_before(seq)
        self._made.pop(key, None)
        for other in list(self._rooms.rooms.values()):
            if isinstance(other, ForkRoom) and not other.lasts and other.fork.root == key:
                self._rooms.dissolve(other, CloseCode.NOT_FOUND, "The history was cleared.")
        return end

    async def content(self, document: DocumentId, seq: int) -> Any:
        """Return the content of the document at the end of a version.

        Raises:
            VersionNotFound: the version does not exist, or is no longer kept.
        """
        updates = await self._updates(document, seq)
        size = sum(map(len, updates))
        return await run_large(size, content_of, document.type, *updates)

    async def content_before(self, document: DocumentId, first: int) -> Any:
        """Return the content of the document before the version that begins with an entry.

        Before the first version, this is an empty document.

        Raises:
            VersionNotFound: the content is no longer kept.
        """
        end = await self._rooms.history(str(document)).versions.last_before(first)
        updates = [] if end is None else await self._updates(document, end)
        size = sum(map(len, updates))
        return await run_large(size, content_of, document.type, *updates)

    async def _updates(self, document: DocumentId, seq: int) -> list[bytes]:
        history = self._rooms.history(str(document))
        end = await history.versions.boundary(seq)
        updates = None if end is None else await history.updates_at(end)
        if updates is None:
            raise VersionNotFound(f"Version {seq} of this document is no longer available.")
        return updates

    async def name(self, document: DocumentId, seq: int, name: str, author: str) -> int:
        """Name a version, or remove its name if the new one is empty.

        Returns:
            The version's id, which changes if the newest version has grown in the meantime.

        Raises:
            InvalidRequest: the name is too long.
            VersionNotFound: there is no such version.
            HistoryUnavailable: the store cannot be written.
        """
        if len(name) > MAX_NAME:
            raise InvalidRequest(f"The name must have at most {MAX_NAME} characters.")
        history = self._rooms.history(str(document))
        store = history.versions
        if not name:
            store.unmark(seq, MarkKind.NAMED)
            await history.commit()
            return seq
        if seq == history.seq:
            history.mark_cut()  # later edits belong to another version
            await history.commit()
        end = await store.boundary(seq)
        if end is None:
            raise VersionNotFound(f"There is no version {seq} of this document.")
        store.mark(Mark(end, MarkKind.NAMED, author, time.time(), name))
        await history.commit()
        return end

    async def restore(
        self,
        document: DocumentId,
        seq: int,
        author: str,
        *,
        cell: str | None = None,
        apply: bool = True,
        may_execute: bool = True,
    ) -> bytes:
        """Restore the document, or one of its cells, to the end of a version.

        Args:
            cell: the id of the cell; None for the whole document.
            apply: whether the server applies the edit. If not, the client does, so that the user
                can undo it, and the history records the user's next edit as the restore.
            may_execute: whether the author may run code, and so is trusted with outputs.

        Returns:
            The edit, as a Yjs update; the empty update if nothing differs.

        Raises:
            VersionNotFound: the version is no longer kept, or does not contain the cell.
            CollaborationError: the document cannot be opened.
        """
        async with self._rooms.pinned(str(document)) as room:
            assert isinstance(room, DocumentRoom)
            with room.synchronizer.requested.request() as base:
                content = await self.content(document, seq)
                async with room.synchronizer.merging:
                    if cell is not None:
                        content = await _with_cell_of(document, base.value, content, cell)
                    merge = await self._restoring(document, room, base.value, content)
                    room.synchronizer.requested.end(base)
                    if merge.update == messages.EMPTY_UPDATE:
                        room.show_conflicts(merge.conflicts, "restore")
                        return merge.update
                    room.mark(MarkKind.RESTORED, author)
                    room.show_restore(author, cell)
                    if apply:
                        await room.restore(merge, content, author, may_execute=may_execute)
                    else:
                        await room.expect_restore(merge, author)
        return merge.update

    async def _restoring(
        self, document: DocumentId, room: DocumentRoom, base: Any, content: Any
    ) -> Merge:
        """Compute the edits that restore a content.

        Args:
            base: what it replaces: the document as one update, or a content.
        """

        async def restored(ours: bytes) -> Merge:
            return await run_large(2 * len(ours), merge_into, document.type, ours, base, content)

        return await standing(room.ydoc, room.cells, restored)


async def _entries_after(store: VersionStore, seq: int, limit: int) -> tuple[list[Entry], bool]:
    """Return entries of about a number of bytes, and whether these are all."""
    entries: list[Entry] = []
    size = 0
    while found := await store.entries_after(seq, PIECES):
        entries += found
        seq = found[-1].seq
        size += sum(len(entry.update) for entry in found)
        if size > limit:
            return entries, False
    return entries, True


async def _with_cell_of(document: DocumentId, base: Any, then: Any, name: str) -> Any:
    """Return what the base of a restore holds, a document or a content, with one restored cell."""
    if isinstance(base, bytes):
        base = await run_large(len(base), content_of, document.type, base)
    return _with_cell(base, then, name)


def _with_cell(now: Any, then: Any, name: str) -> Any:
    """Return a notebook with one restored cell: at its place, or after its former predecessor."""
    old = {cell.get("id"): at for at, cell in enumerate(then.get("cells", ()))}
    if name not in old:
        raise VersionNotFound("This version does not contain the cell.")
    cells = list(now["cells"])
    names = [cell.get("id") for cell in cells]
    cell = then["cells"][old[name]]
    if name in names:
        cells[names.index(name)] = cell
    else:
        before = [each.get("id") for each in then["cells"][: old[name]]]
        at = max((names.index(each) + 1 for each in before if each in names), default=0)
        cells.insert(at, cell)
    return {**now, "cells": cells}
