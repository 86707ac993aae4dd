"""Opens, supervises and closes rooms.

Responsible for the lifetime of rooms and for the task group in which they run. Sockets and HTTP
belong to `web`.
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
from ..documents.codec import observe_weakly
from ..documents.identity import DocumentId, parse_room_id
from ..errors import (
    CollaborationError,
    FileReadOnly,
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
from .earlier_names import OF_THE_MANAGER, EarlierNames
from .fork import ForkRoom, is_fork_id
from .member import Member, Pin
from .persistent import PersistentRoom
from .state import RoomState

STOP_TIME = 4.0
"""Time to save all documents when the server stops, in seconds."""

STOP_GRACE = 0.3
"""Time that a hanging write gets to finish after it was cancelled, in seconds."""

EVICTION_RETRY = 10.0
"""Time until the next attempt to close a room that could not be saved, in seconds."""

MakeRoom = Callable[[DocumentId, HistoryBackend], DocumentRoom]


class RoomManager(EarlierNames):
    """All rooms of a server.

    Args:
        make_room: creates the room of a document, not yet initialized.
        history: stores the histories; if it cannot be used, rooms work without history.
        cleanup_delay: seconds between the last member leaving a room and the room closing;
            None keeps rooms open.
        watch: polls the files of all rooms while the manager runs.
        start: schedules `run`; called when the first room is needed.
    """

    _replacements = OF_THE_MANAGER

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
        """Whether this server uses a private history, since another one owns the folder's."""
        return self._history.is_private

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Open the history and run the tasks of the rooms, until `stop`."""
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
        """Return the path of an open room's file; empty for any other room."""
        room = self.rooms.get(room_id)
        return room.path if isinstance(room, DocumentRoom) else ""

    def admit(self, username: str, room_id: str, limits: Limits) -> None:
        """Count a user's new connection to a room, until `dismiss`.

        Raises:
            TooMany: the user has reached the limit of connections or rooms.
        """
        self._quota.admit(username, room_id, limits)

    def dismiss(self, username: str, room_id: str) -> None:
        """Stop counting a connection that was admitted."""
        self._quota.dismiss(username, room_id)

    def met(self, username: str, name: str) -> None:
        """Record the display name of a user who joined a document."""
        self._history.people.note(username, name)

    async def names(self, usernames: Collection[str]) -> dict[str, str]:
        """Return display names by username, as far as they are known."""
        try:
            return await (await self.histories()).people.names(usernames)
        except HistoryUnavailable as error:
            self._log.debug("Display names are not available: %s", error)
            return {}

    def start_soon(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a background job until it ends or the manager stops; exceptions are contained."""
        if self._tasks is not None:
            self._tasks.start_soon(self._contained, work)

    async def _contained(self, work: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Run a background job, and log any exception that it raises."""
        try:
            await work(*args)
        except BaseException as error:
            if must_propagate(error):
                raise
            self._log.exception("A background job failed: %r", error)

    def room_exists(self, room_id: str) -> bool:
        """Return whether a room is open."""
        return room_id in self.rooms

    def get_room_name(self, room: BroadcastRoom) -> str:
        """Return the id of an open room. [C1]"""
        return room.room_id

    def is_used(self, room_id: str) -> bool:
        """Return whether a document or a fork of it is open."""
        return any(
            room.room_id == room_id or (isinstance(room, ForkRoom) and room.fork.root == room_id)
            for room in self.rooms.values()
        )

    def has_members(self) -> bool:
        """Return whether anybody is in a document or a fork."""
        return any(room.clients for room in self.rooms.values() if isinstance(room, PersistentRoom))

    async def get_room(self, room_id: str) -> BroadcastRoom:
        """Return an open room.

        Raises:
            RoomNotFound: no such room is open.
        """
        try:
            return self.rooms[room_id]
        except KeyError:
            raise RoomNotFound(f"There is no open room {room_id}.") from None

    def history(self, room_id: str) -> History:
        """Return the history of a document, open or not, for reading only."""
        room = self.rooms.get(room_id)
        if isinstance(room, DocumentRoom):
            return room.history
        return self._history.history(room_id)

    async def session_id(self, document: DocumentId | Fork) -> str:
        """Return the session id of a document: the name of its history. [S1]"""
        await self._may_open.wait()  # while histories are switched, it would change right after
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
        """Return the store of the histories of documents and forks."""
        await self._has_started()
        return self._history

    async def fork(self, room_id: str) -> Fork | None:
        """Return the fork with this room id; None for other rooms.

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
        """Return the room with this id, and open it if necessary.

        Raises:
            InvalidRequest: this is not a valid room id.
            RoomNotFound: there is no fork with this id.
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
                    # After the room is registered: listeners look it up by its id.
                    room.report("INFO", "load", "content loaded")
                    room.report("INFO", "initialize", "room opened")
            if not room.clients:
                self._emptied(room)  # in case nobody joins
            return room

    @asynccontextmanager
    async def pinned(self, room_id: str) -> AsyncIterator[BroadcastRoom]:
        """Open a room, and keep it open in this block.

        Raises:
            CollaborationError: the room cannot be opened.
        """
        room = await self.open(room_id)
        pin = Pin()
        room.join(pin)
        try:
            yield room
        finally:
            self.leave(room, pin)

    def pinned_document(self, room: DocumentRoom) -> YBaseDoc:
        """Return a view of a room's document; the room stays open as long as it is referenced."""
        pin = Pin()
        room.join(pin)
        loop = asyncio.get_running_loop()
        view = copy(room.document)

        def unpin() -> None:  # may run in any thread
            with suppress(RuntimeError):  # the loop is closed, and so is the room
                loop.call_soon_threadsafe(self.leave, room, pin)

        weakref.finalize(view, unpin).atexit = False
        return view

    def _take_late_edit(self, room_id: str, session_id: str, update: bytes) -> None:
        """Reopen a closed room whose document was edited by server-side code."""
        self.start_soon(partial(self._apply_late_edit, room_id, session_id, update))

    async def _apply_late_edit(self, room_id: str, session_id: str, update: bytes) -> None:
        async with self.pinned(room_id) as room:
            if isinstance(room, DocumentRoom) and room.session_id == session_id:
                await room.change(update, Kind.EDIT)
            else:
                self._log.error("%s: discarding an edit of an older history", room_id)

    def add(self, room: BroadcastRoom) -> None:
        """Register a room that is already open; it closes after its last member has left."""
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
            self._log.error("Opening %s without history: %s", room_id, error)
            room = await self._initialized(document, self._without)
        assert self._tasks is not None
        await self._tasks.start(self._supervise, room)
        return room

    async def _initialized(self, document: DocumentId, history: HistoryBackend) -> DocumentRoom:
        """Return a room that has loaded its document; a room that fails to load is discarded.

        Raises:
            CollaborationError: the document cannot be opened.
        """
        room = self._make_room(document, history)
        try:
            await room.initialize()
        except BaseException as error:
            room.discard(RoomState.FAILED)
            if isinstance(error, CollaborationError) or must_propagate(error):
                raise
            self._log.exception("Could not open %s", room.path or document)
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
            self._log.error("A fork of %s does not match its new history", room.fork.root)
        if room.is_closed:
            raise RoomClosed("The fork was closed while it was being opened.")

    def dissolve(self, room: BroadcastRoom, code: int, reason: str) -> None:
        """Disconnect the members of a room, and close it."""
        for member in list(room.clients):
            member.dismiss(code, reason)
        self._close(room)

    async def _supervise(
        self, room: DocumentRoom, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED
    ) -> None:
        """Run a room; if it fails, disconnect its members and leave other rooms running."""
        try:
            await room.run(task_status=task_status)
        except BaseException as error:
            if must_propagate(error):
                raise
            self.fail(room, error)

    def fail(self, room: BroadcastRoom, error: BaseException) -> None:
        """Discard a room whose document may be corrupt.

        Its members reconnect, and the document is loaded again from its history, which contains
        every edit that was broadcast.
        """
        if self.rooms.get(room.room_id) is not room:
            return
        place = room.path if isinstance(room, DocumentRoom) else room.room_id
        self._log.error("Closing the room of %s after an error", place, exc_info=error)
        del self.rooms[room.room_id]
        for member in list(room.clients):
            member.dismiss(CloseCode.INTERNAL_ERROR, "The document failed and is being reloaded.")
        if isinstance(room, DocumentRoom):
            room.report("ERROR", "clean", f"failed: {error!r}")
            room.discard(RoomState.FAILED)
            self._forward_late_edits(room)
        else:
            room.close(RoomState.FAILED)

    def leave(self, room: BroadcastRoom, member: Member) -> None:
        """Remove a member from a room; an empty room closes after the cleanup delay."""
        room.leave(member)
        if not room.clients:
            self._emptied(room)

    def _emptied(self, room: BroadcastRoom) -> None:
        """Close an empty room after the cleanup delay, unless somebody joins."""
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
                else:  # not saved: keep the room open and try again
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
        """Return the other open rooms of a room's file. [F9]"""
        return [
            other
            for other in self.rooms.values()
            if isinstance(other, DocumentRoom)
            and other is not room
            and other.id.file_id == room.id.file_id
        ]

    async def _flushed(self, room: BroadcastRoom, *, is_carried: bool = False) -> bool:
        """Save a room's document; return whether the room may be closed.

        Args:
            is_carried: whether unsaved edits go to another history.
        """
        if not isinstance(room, DocumentRoom) or room.state.is_over:
            return True
        if room.synchronizer.is_held and (is_carried or await _is_stored(room.history)):
            return True  # unsaved edits stay unsaved, as all editors want [F13]
        is_first = room.state is RoomState.LIVE
        if is_first:
            room.become(RoomState.FLUSHING)
        try:
            await room.flush()
        except SaveFailed as error:
            if isinstance(error, FileReadOnly) and await _is_stored(room.history):
                return True  # the edits are unsaved ones again when it is opened
            self._log.error("Keeping %s open, since it is not saved: %s", room.path, error)
            return False
        except BaseException as error:
            if must_propagate(error):
                raise
            self._log.exception("Keeping %s open, since saving it failed", room.path)
            return False
        finally:
            if is_first and room.state is RoomState.FLUSHING:
                room.become(RoomState.LIVE)
        return True

    def _close(self, room: BroadcastRoom) -> None:
        if self.rooms.get(room.room_id) is room:
            del self.rooms[room.room_id]
        if isinstance(room, DocumentRoom):
            room.finish()
            if not self._stopping:
                self._forward_late_edits(room)
        else:
            room.close()

    def _forward_late_edits(self, room: DocumentRoom) -> None:
        """Apply edits that server-side code makes in a discarded document to its next room."""
        late = partial(self._take_late_edit, room.room_id, room.session_id)
        observe_weakly(room.ydoc, lambda event: late(event.update))

    async def _go_private(self) -> None:
        """Switch to a private history, after another server took over the one of this folder.

        The other server continues the shared history, so that this server needs one of its own:
        every document is closed, and opened again with a new session id. Edits that are not in the
        file yet are carried over as unsaved edits.
        """
        self._may_open = Event()
        try:
            rooms = self._kept_rooms()
            flushing = [asyncio.create_task(self._flushed(room, is_carried=True)) for room in rooms]
            if flushing:  # a hanging contents manager must not keep all documents closed
                await asyncio.wait(flushing, timeout=STOP_TIME)
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
            for room in self._kept_rooms():  # rooms that were being opened in the meantime
                self.dissolve(room, CloseCode.GOING_AWAY, "The document is opened again.")
            self._may_open.set()

    def _kept_rooms(self) -> list[PersistentRoom]:
        rooms = list(self.rooms.values())
        return [room for room in rooms if isinstance(room, PersistentRoom) and room.lasts]

    async def _take_along(self, room: PersistentRoom, saved: SavedState | None) -> None:
        """Add the unsaved edits of a closed room to the new history."""
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
        else:
            history.note_held(isinstance(room, DocumentRoom) and room.synchronizer.is_held)

    async def stop(self) -> None:
        """Disconnect all members, save all documents, and close the history."""
        if self._stopping:
            await self._stopped.wait()
            return
        self._stopping = True
        failpoint("stop.begin")
        rooms = list(self.rooms.values())
        for room in rooms:
            room.flush_updates()
        await self._history.flush()  # first, so that nothing is lost whatever fails below
        for room in rooms:
            for member in list(room.clients):
                member.dismiss(CloseCode.GOING_AWAY, "The server is shutting down.")
        saving = [asyncio.create_task(self._flushed(room)) for room in rooms]
        if saving:
            # A write in progress always finishes, even after the time to wait for it is over.
            _, late = await asyncio.wait(saving, timeout=STOP_TIME)
            if late:
                self._log.error("Not everything was saved in time; the edits are in the history.")
                for task in late:
                    task.cancel()
                await asyncio.wait(late, timeout=STOP_GRACE)
        failpoint("stop.saved")
        for room in rooms:
            self._close(room)
        await self._history.close()
        self._stopped.set()

    def lock(self, room_id: str) -> Lock:
        """Return the lock that is held while a room is opened or closed."""
        return self._locks.setdefault(room_id, Lock())


async def _is_stored(history: History) -> bool:
    """Return whether everything appended so far is on disk."""
    with suppress(HistoryUnavailable):
        await history.commit()
        return history.retention is not None
    return False
