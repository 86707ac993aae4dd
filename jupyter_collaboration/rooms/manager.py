"""Opens, supervises and evicts rooms; owns the only task group.

Knows how a room is made; knows nothing of sockets or HTTP.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from contextlib import asynccontextmanager, suppress
from copy import copy
from functools import partial
from logging import Logger
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

import anyio
from anyio import TASK_STATUS_IGNORED, Event, Lock, create_task_group
from anyio.abc import TaskGroup, TaskStatus
from jupyter_ydoc.ybasedoc import YBaseDoc

from ..access.quotas import ConnectionQuota, Limits
from ..documents.identity import DocumentId, parse_room_id
from ..errors import (
    CollaborationError,
    HistoryDamaged,
    HistoryUnavailable,
    LoadFailed,
    RoomClosed,
    RoomNotFound,
    SaveFailed,
    must_propagate,
)
from ..failpoints import failpoint
from ..files.synchronizer import SavedState
from ..files.watcher import FileWatch
from ..history.memory import MemoryBackend
from ..history.model import Fork, Kind
from ..history.store import History, HistoryBackend
from ..protocol.messages import CloseCode
from .broadcast import BroadcastRoom
from .document import DocumentRoom
from .fork import ForkRoom, is_fork_id
from .member import Member, Pin
from .persistent import PersistentRoom

STOP_TIME = 4.0
"""Seconds for saving everything when the server stops."""

STOP_GRACE = 0.3
"""Seconds that a write which hangs is given to end when it is cancelled."""

EVICTION_RETRY = 10.0
"""Seconds until a room that could not be saved is looked at again."""

MakeRoom = Callable[[DocumentId, HistoryBackend], DocumentRoom]


class RoomManager:
    """All rooms of a server.

    Args:
        make_room: makes the room of a document, not yet initialised.
        history: where histories are kept; if it cannot be used, rooms go on without.
        cleanup_delay: seconds from the last member's leaving to the closing of a room;
            None keeps rooms open.
        watch: looks at the files of all rooms while this runs.
        start: has somebody call `run`; called when a room is needed and nobody has yet.
    """

    def __init__(
        self,
        make_room: MakeRoom,
        history: HistoryBackend,
        *,
        cleanup_delay: float | None,
        log: Logger,
        watch: FileWatch | None = None,
        start: Callable[[], None] = lambda: None,
    ) -> None:
        self.rooms: dict[str, BroadcastRoom] = {}
        self.started = Event()
        self._make_room = make_room
        self._history = history
        self._without = MemoryBackend(log, keep=False)
        self._cleanup_delay = cleanup_delay
        self._log = log
        self._locks: WeakValueDictionary[str, Lock] = WeakValueDictionary()
        self._empty_since: WeakKeyDictionary[BroadcastRoom, float] = WeakKeyDictionary()
        self._evicting: set[BroadcastRoom] = set()
        self._quota = ConnectionQuota()
        self._watch = watch
        self._start = start
        self._tasks: TaskGroup | None = None
        self._stopping = False
        self._stopped = Event()
        self._may_open = Event()
        self._may_open.set()

    @property
    def is_private(self) -> bool:
        """Whether another server owns the history of this folder."""
        return self._history.is_private

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Open the history and hold the rooms' tasks, until `stop`."""
        try:
            await self._history.open()
        except HistoryUnavailable as error:
            self._log.error("Documents open without history, which cannot be kept: %s", error)
            self._history = self._without
        self._history.when_lost(lambda: self.start_soon(self._go_private))
        async with create_task_group() as self._tasks:
            if self._watch is not None:
                await self._tasks.start(self._watch.run)
            self.started.set()
            task_status.started()
            await self._stopped.wait()
            self._tasks.cancel_scope.cancel()

    def path(self, room_id: str) -> str:
        """Where the file of an open room is; empty for any other room."""
        room = self.rooms.get(room_id)
        return room.path if isinstance(room, DocumentRoom) else ""

    def admit(self, username: str, room_id: str, limits: Limits) -> None:
        """Somebody connects to a room; `dismiss` lets them go.

        Raises:
            TooMany: they have as many connections, or rooms, as they may.
        """
        self._quota.admit(username, room_id, limits)

    def dismiss(self, username: str, room_id: str) -> None:
        """Somebody who was admitted is gone."""
        self._quota.dismiss(username, room_id)

    def met(self, username: str, name: str) -> None:
        """Somebody joined a document, and is called so."""
        self._history.people.note(username, name)

    async def names(self, usernames: Collection[str]) -> dict[str, str]:
        """Display names by username, as far as they are known."""
        try:
            return await (await self.histories()).people.names(usernames)
        except HistoryUnavailable as error:
            self._log.debug("Nobody's name is known: %s", error)
            return {}

    def start_soon(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run something until it ends, or the rooms do; an exception ends nothing else."""
        if self._tasks is not None:
            self._tasks.start_soon(self._contained, work)

    async def _contained(self, work: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Run a background job inside the boundary that contains whatever it raises."""
        try:
            await work(*args)
        except BaseException as error:
            if must_propagate(error):
                raise
            self._log.exception("A background job failed: %r", error)

    def room_exists(self, room_id: str) -> bool:
        """Whether this room is open."""
        return room_id in self.rooms

    def is_used(self, room_id: str) -> bool:
        """Whether a document is open, or a copy of it is."""
        return any(
            room.room_id == room_id or (isinstance(room, ForkRoom) and room.fork.root == room_id)
            for room in self.rooms.values()
        )

    async def get_room(self, room_id: str) -> BroadcastRoom:
        """An open room.

        Raises:
            RoomNotFound: there is none.
        """
        try:
            return self.rooms[room_id]
        except KeyError:
            raise RoomNotFound(f"There is no open room {room_id}.") from None

    def history(self, room_id: str) -> History:
        """The history of a document, whether it is open or not; to be read, not written."""
        room = self.rooms.get(room_id)
        if isinstance(room, DocumentRoom):
            return room.history
        return self._history.history(room_id)

    async def session_id(self, document: DocumentId | Fork) -> str:
        """The name of a document's history. [S1]"""
        room = self.rooms.get(str(document))
        if isinstance(room, PersistentRoom) and room.session_id:
            return room.session_id
        await self._has_started()
        try:
            return await self._history.session_id(str(document))
        except HistoryUnavailable:
            return await self._without.session_id(str(document))

    async def _has_started(self) -> None:
        if not self.started.is_set():
            self._start()
            await self.started.wait()

    async def histories(self) -> HistoryBackend:
        """Where the histories of documents and their forks are kept."""
        await self._has_started()
        return self._history

    async def fork(self, room_id: str) -> Fork | None:
        """The fork whose room this is; None for other rooms.

        Raises:
            HistoryUnavailable: the store cannot be read.
        """
        if not is_fork_id(room_id):
            return None
        room = self.rooms.get(room_id)
        if isinstance(room, ForkRoom):
            return room.fork
        return await (await self.histories()).forks.find(room_id)

    async def open(self, room_id: str) -> BroadcastRoom:
        """The room with this id, opened if need be.

        Raises:
            InvalidRequest: no room could have this id.
            RoomNotFound: it could be a fork's, and there is no such fork.
            DocumentNotFound, LoadFailed, HistoryUnavailable: the document cannot be opened.
        """
        document = parse_room_id(room_id)
        await self._has_started()
        await self._may_open.wait()
        async with self.lock(room_id):
            room = self.rooms.get(room_id)
            if room is None:
                room = await self._opened(room_id, document)
                self.rooms[room_id] = room
                if isinstance(room, DocumentRoom):
                    # Whoever hears of it finds the room by its id.
                    room.report("INFO", "initialize", "loaded")
            if not room.clients:
                self._emptied(room)  # nobody is in it yet, and perhaps nobody comes
            return room

    @asynccontextmanager
    async def pinned(self, room_id: str) -> AsyncIterator[BroadcastRoom]:
        """A room that stays open meanwhile.

        Raises:
            CollaborationError: it cannot be opened.
        """
        room = await self.open(room_id)
        pin = Pin()
        room.join(pin)
        try:
            yield room
        finally:
            self.leave(room, pin)

    def pinned_document(self, room: DocumentRoom) -> YBaseDoc:
        """Return a view of a room's document; the room stays open as long as somebody has it."""
        pin = Pin()
        room.join(pin)
        loop = asyncio.get_running_loop()
        view = copy(room.document)

        def unpin() -> None:  # in whatever thread the last reference goes
            with suppress(RuntimeError):  # the loop is closed, and the room with it
                loop.call_soon_threadsafe(self.leave, room, pin)

        weakref.finalize(view, unpin).atexit = False
        return view

    def _take_late_edit(self, room_id: str, session_id: str, update: bytes) -> None:
        """Server-side code has edited a document whose room is closed: open it again for that."""
        self.start_soon(partial(self._apply_late_edit, room_id, session_id, update))

    async def _apply_late_edit(self, room_id: str, session_id: str, update: bytes) -> None:
        async with self.pinned(room_id) as room:
            if isinstance(room, DocumentRoom) and room.session_id == session_id:
                await room.change(update, Kind.EDIT)
            else:
                self._log.error("%s: an edit of a document of another history is lost", room_id)

    def add(self, room: BroadcastRoom) -> None:
        """Take in a room that is open already; it closes when its last member left."""
        self.rooms[room.room_id] = room

    async def _opened(self, room_id: str, document: DocumentId | None) -> BroadcastRoom:
        if document is None and is_fork_id(room_id):
            return await self._opened_fork(room_id)
        if document is None:
            relay = BroadcastRoom(room_id, self._log)
            relay.open()
            return relay
        try:
            try:
                room = await self._initialized(document, self._history)
            except HistoryDamaged as error:
                self._log.error("%s", error)
                await self._history.set_aside(room_id)
                room = await self._initialized(document, self._history)
        except HistoryUnavailable as error:
            self._log.error("%s opens without history: %s", room_id, error)
            room = await self._initialized(document, self._without)
        assert self._tasks is not None
        await self._tasks.start(self._supervise, room)
        return room

    async def _initialized(self, document: DocumentId, history: HistoryBackend) -> DocumentRoom:
        """Return a room that has loaded its document; one that fails to leaves nothing behind.

        Raises:
            CollaborationError: the document cannot be opened.
        """
        room = self._make_room(document, history)
        try:
            await room.initialize()
        except BaseException as error:
            room.discard()
            if isinstance(error, CollaborationError) or must_propagate(error):
                raise
            self._log.exception("%s cannot be opened", room.path or document)
            raise LoadFailed(f"{room.path or document} cannot be opened: {error!r}") from error
        return room

    async def _opened_fork(self, room_id: str) -> ForkRoom:
        fork = await self.fork(room_id)
        if fork is None:
            raise RoomNotFound("There is no fork with this id.")
        room = ForkRoom(fork, self._history.history(room_id), self._log)
        await room.initialize()
        try:
            if fork.synchronize:
                await self._follow_root(room)
        except BaseException:
            room.close()
            raise
        return room

    async def _follow_root(self, room: ForkRoom) -> None:
        root = await self.open(room.fork.root)
        if isinstance(root, DocumentRoom) and root.session_id == room.fork.root_session:
            await room.follow(root, partial(self.leave, root), partial(self.dissolve, room))
        else:
            self._log.error("A fork of %s does not follow its new history", room.fork.root)
        if room.is_closed:
            raise RoomClosed("The fork was closed while it was opened.")

    def dissolve(self, room: BroadcastRoom, code: int, reason: str) -> None:
        """Let the members of a room go, and close it."""
        for member in list(room.clients):
            member.dismiss(code, reason)
        self._close(room)

    async def _supervise(
        self, room: DocumentRoom, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED
    ) -> None:
        """Run a room; when it fails, its members are disconnected and other rooms go on."""
        try:
            await room.run(task_status=task_status)
        except BaseException as error:
            if must_propagate(error):
                raise
            self.fail(room, error)

    def fail(self, room: BroadcastRoom, error: BaseException) -> None:
        """Discard a room whose document may be in no known state.

        Its members reconnect, and the document is loaded again from its history, which has every
        edit that was broadcast.
        """
        if self.rooms.get(room.room_id) is not room:
            return
        place = room.path if isinstance(room, DocumentRoom) else room.room_id
        self._log.error("The room of %s failed and is closed", place, exc_info=error)
        del self.rooms[room.room_id]
        for member in list(room.clients):
            member.dismiss(CloseCode.INTERNAL_ERROR, "The document failed and is loaded again.")
        if isinstance(room, DocumentRoom):
            room.report("ERROR", "clean", f"failed: {error!r}")
            room.discard()
        else:
            room.close()

    def leave(self, room: BroadcastRoom, member: Member) -> None:
        """A member went; the last one's room is closed after a while."""
        room.leave(member)
        if not room.clients:
            self._emptied(room)

    def _emptied(self, room: BroadcastRoom) -> None:
        """Close a room after a while, unless somebody comes."""
        if self._tasks is None or self._stopping:
            return
        if self._cleanup_delay is None and isinstance(room, DocumentRoom):
            return
        self._empty_since[room] = anyio.current_time()
        if room not in self._evicting:
            self._evicting.add(room)
            self._tasks.start_soon(self._contained, self._evict_later, room)

    async def _evict_later(self, room: BroadcastRoom) -> None:
        try:
            while self.rooms.get(room.room_id) is room:
                due = self._empty_since[room] + (self._cleanup_delay or 0)
                rest = due - anyio.current_time()
                if rest > 0:
                    await anyio.sleep(rest)
                elif await self._evicted(room) or room.clients:
                    return
                else:  # not saved: the room stays and tries again by itself
                    await anyio.sleep(EVICTION_RETRY)
        finally:
            self._evicting.discard(room)

    async def _evicted(self, room: BroadcastRoom) -> bool:
        async with self.lock(room.room_id):
            if self.rooms.get(room.room_id) is not room:
                return True
            failpoint("evict.begin")
            if room.clients or not await self._flushed(room) or room.clients:
                return False
            failpoint("evict.flushed")
            self._close(room)
            failpoint("evict.closed")
        if isinstance(room, PersistentRoom) and room.lasts:
            await self._history.compact(room.room_id)
        return True

    def siblings(self, room: DocumentRoom) -> list[DocumentRoom]:
        """The other open rooms of a room's file. [F9]"""
        return [
            other
            for other in self.rooms.values()
            if isinstance(other, DocumentRoom)
            and other is not room
            and other.id.file_id == room.id.file_id
        ]

    async def _flushed(self, room: BroadcastRoom) -> bool:
        if isinstance(room, DocumentRoom):
            try:
                await room.flush()
            except SaveFailed as error:
                self._log.error("%s stays open, since it is not saved: %s", room.path, error)
                return False
            except BaseException as error:
                if must_propagate(error):
                    raise
                self._log.exception("%s stays open, since saving it failed", room.path)
                return False
        return True

    def _close(self, room: BroadcastRoom) -> None:
        if self.rooms.get(room.room_id) is room:
            del self.rooms[room.room_id]
        if isinstance(room, DocumentRoom):
            room.finish()
            if not self._stopping:
                late = partial(self._take_late_edit, room.room_id, room.session_id)
                room.ydoc.observe(lambda event: late(event.update))
        else:
            room.close()

    async def _go_private(self) -> None:
        """Go on with a private history, since another server took over the one of this folder.

        What the other server wrote since is another history: every document is closed, and opened
        with a new session id. What its file does not hold is taken along as unsaved edits.
        """
        self._may_open = Event()
        try:
            rooms = self._kept_rooms()
            await asyncio.gather(*(self._flushed(room) for room in rooms))
            saved: dict[PersistentRoom, SavedState | None] = {}
            for room in rooms:
                if isinstance(room, DocumentRoom):
                    saved[room] = await room.synchronizer.saved()
            for room in rooms:
                self.dissolve(room, CloseCode.GOING_AWAY, "The document is opened again.")
            await self._history.go_private()
            for room in rooms:
                await self._take_along(room, saved.get(room))
        except HistoryUnavailable as error:
            self._log.error("Documents open without history, which cannot be kept: %s", error)
            self._history = self._without
        finally:
            for room in self._kept_rooms():  # that were being opened meanwhile
                self.dissolve(room, CloseCode.GOING_AWAY, "The document is opened again.")
            self._may_open.set()

    def _kept_rooms(self) -> list[PersistentRoom]:
        rooms = list(self.rooms.values())
        return [room for room in rooms if isinstance(room, PersistentRoom) and room.lasts]

    async def _take_along(self, room: PersistentRoom, saved: SavedState | None) -> None:
        """Put what no file holds of a closed room into the history."""
        state = room.ydoc.get_update()
        if isinstance(room, DocumentRoom) and (saved is None or room.synchronizer.is_saved):
            return
        history = self._history.history(room.room_id)
        await history.load()
        if saved is not None:
            history.append(saved.state, "", Kind.LOAD)
            history.mark_saved(history.mark_cut(), saved.file_hash, saved.fingerprint)
        history.append(state, "", Kind.EDIT)
        await history.commit()
        if isinstance(room, ForkRoom):
            await self._history.forks.add(room.fork)

    async def stop(self) -> None:
        """Dismiss all members, save everything, close the history."""
        if self._stopping:
            await self._stopped.wait()
            return
        self._stopping = True
        failpoint("stop.begin")
        rooms = list(self.rooms.values())
        for room in rooms:
            room.flush_updates()
        await self._history.flush()  # first of all: whatever happens now, nothing is lost
        for room in rooms:
            for member in list(room.clients):
                member.dismiss(CloseCode.GOING_AWAY, "The server stops.")
        saving = [asyncio.create_task(self._flushed(room)) for room in rooms]
        if saving:
            # A write under way always finishes, even if nobody can wait for it any longer.
            _, late = await asyncio.wait(saving, timeout=STOP_TIME)
            if late:
                self._log.error("Not everything was saved in time; the history has it.")
                for task in late:
                    task.cancel()
                await asyncio.wait(late, timeout=STOP_GRACE)
        failpoint("stop.saved")
        for room in rooms:
            self._close(room)
        await self._history.close()
        self._stopped.set()

    def lock(self, room_id: str) -> Lock:
        """Held while a room is opened or closed for good."""
        return self._locks.setdefault(room_id, Lock())
