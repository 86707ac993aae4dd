"""The room of one document.

Responsible for loading the document, for the members' edits and requests, and for the state that
only the server may set. Reading and writing the file belongs to `files.synchronizer`, the
lifetime of rooms to `manager`, HTTP to `web`.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Collection, Coroutine, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from logging import Logger
from typing import Any, Protocol

import anyio
import nbformat
from anyio import TASK_STATUS_IGNORED, Event, Lock, create_task_group
from anyio.abc import TaskGroup, TaskStatus
from jupyter_ydoc.ybasedoc import YBaseDoc
from jupyter_ydoc.ynotebook import YNotebook
from jupyter_ydoc.yunicode import YUnicode
from pycrdt import Array, ArrayEvent, Doc, Map, MapEvent, Subscription, Text, merge_updates

from ..access.roles import Action, Role
from ..documents.cell_index import CellIndex
from ..documents.codec import CRLF, LINE_END, make_document, own_transaction, take_in
from ..documents.identity import DocumentId, has_saved_state, is_notebook, is_plain
from ..documents.notebook_repair import repair_notebook
from ..documents.slices import Slices
from ..errors import (
    CollaborationError,
    HistoryUnavailable,
    InvalidRequest,
    ProtocolError,
    RoomClosed,
    SaveFailed,
    SaveRefused,
)
from ..failpoints import failpoint
from ..files.document_file import DocumentFile
from ..files.requested import Base
from ..files.synchronizer import FileSynchronizer, SynchronizerOptions
from ..files.watcher import FileWatch
from ..history.model import Kind, Mark, MarkKind
from ..history.store import History
from ..merge.conflict import Conflict
from ..merge.decision import Decider
from ..merge.document import LateEdits, Merge
from ..merge.rebase import Replicas, with_replica
from ..protocol import messages
from ..protocol.messages import Request
from ..protocol.update_reader import LARGE, Update, read_own_update, read_update
from ..threads import compute
from ..worker import run_large
from .conflicts import ConflictList
from .earlier_names import OF_DOCUMENT_ROOMS, EarlierNames
from .member import Member, Outgoing
from .moved_cells import MovedCells
from .pending_restores import PendingRestores
from .persistent import PersistentRoom
from .provenance import Origin, Provenance
from .returns import Returns
from .shared_work import Asked, SharedWork
from .state import RoomState

Emit = Callable[..., None]

SERVER_STATE = frozenset({"path", "hash", "dirty", "document_id"})
"""Keys of the shared state that only the server may set. [M7]"""

STORE_LIMIT = 1.0
"""Seconds after which a change on disk is broadcast even if it is not stored yet."""

RUN_REQUESTS = frozenset({"run", "cancel", "input"})
"""The requests that are about runs of cells."""

RUNNING, IDLE = "running", "idle"
"""Execution states of a cell, which JupyterLab shows as ``[*]`` and ``[ ]``."""

MANY_CELLS = 200
NORMALIZE_DELAY = 0.25
"""Cells from which on line ends are normalized after a delay, and that delay in seconds."""

LONE_DELAY = 1.0
"""Seconds after which a carriage return is a line end of its own. A client that sends a text piece
by piece may send the line feed that belongs to it in the next one."""

FEW_LINE_ENDS = 20
"""Line ends that are replaced one by one, so that cursors keep their position in the text."""

RUNNER_RETURN = 10.0
"""Seconds that a user who ran a cell has to reconnect before the cell counts as idle."""

CONFLICT_DELAY = 0.5
"""Seconds after an edit until open conflicts are checked for whether it resolved them."""

STATE_LIMIT = 0.2
"""Seconds that a client which answered the document's state vector has to send its own."""

SETTLE_LIMIT = 1.0
"""Seconds that reconnecting clients have to send their edits before the file is merged."""


class CellRuns(Protocol):
    """What runs the cells of documents on this server."""

    def answer(
        self, room: DocumentRoom, member: Member, request: Request
    ) -> Awaitable[None] | None:
        """Process one of the requests `RUN_REQUESTS`; see `BroadcastRoom.answer`."""

    def joined(self, room: DocumentRoom, member: Member) -> None:
        """Handle that a member has joined a room."""

    def cells_inserted(self, room: DocumentRoom) -> None:
        """Handle that cells were inserted, or moved, in a room."""

    def states_changed(self, room: DocumentRoom, cells: Collection[str]) -> None:
        """Handle that a member changed the execution states of cells."""

    def is_current(self, kernel: str) -> bool:
        """Return whether a kernel has not been started again since."""


class DocumentRoom(PersistentRoom, EarlierNames):
    """A document that is open: its members, its file and its history.

    Args:
        lock: held while the file is checked and written; shared by all rooms of a file.
        siblings: returns the other open rooms of the same file, such as a notebook opened as
            text. [F9]
        runs: runs cells; None if this server does not.
        watch: polls the files of all rooms; if None, this file is not polled.
    """

    _replacements = OF_DOCUMENT_ROOMS

    def __init__(
        self,
        document_id: DocumentId,
        file: DocumentFile,
        history: History,
        options: SynchronizerOptions,
        log: Logger,
        emit: Emit,
        lock: Lock | None = None,
        siblings: Callable[[], list[DocumentRoom]] = list,
        watch: FileWatch | None = None,
        runs: CellRuns | None = None,
    ) -> None:
        super().__init__(str(document_id), document_id.type, history, log)
        self.id = document_id
        self._options = options
        self._emit = emit
        self._siblings = siblings
        self._runs = runs
        self.synchronizer = FileSynchronizer(
            self,
            document_id,
            file,
            history,
            options,
            lock or Lock(),
            watch or FileWatch(options.poll_interval),
        )
        self._kind = Kind.EDIT
        self._author = ""
        self._writes_text = True
        self._loading = Lock()
        self._placing = Lock()
        self._bringing = Lock()
        self._has_looked_back = False
        self._replicas: dict[str, Replicas] = {}
        self._repaired = 0
        self._unstored: list[tuple[Member, Request]] = []
        self._reverting: Base | None = None
        self._tasks: TaskGroup | None = None
        self._shared_work = {
            "save": SharedWork(self._save),
            "recreate": SharedWork(partial(self._save, again=True)),
            "revert": SharedWork(self._revert),
        }
        self._heard = Event()
        self._is_writable = True
        self._must_publish_unsaved = False
        self._watched: list[tuple[Any, Subscription]] = []
        self._running: dict[str, Member] = {}
        self._silent_authors: set[Member] = set()
        self._normalizing: asyncio.TimerHandle | None = None
        self._lone_returns: asyncio.TimerHandle | None = None
        self._shared_state = self.ydoc.get("state", type=Map)
        self._cells = self.ydoc.get("cells", type=Array) if self._is_notebook else None
        self._index = CellIndex(self._cells) if self._cells is not None else None
        self._returns = Returns(document_id.type, self.ydoc, history, log)
        self._moved: MovedCells | None = None
        self._pending_restores = PendingRestores()
        self._conflict_check: asyncio.TimerHandle | None = None
        self.conflicts: ConflictList
        self._provenance: Provenance | None = None
        self._document: YBaseDoc

    def _observe(self, shared: Any, look: Callable[[Any], None]) -> None:
        self._watched.append((shared, shared.observe(look)))

    @property
    def _is_notebook(self) -> bool:
        return is_notebook(self.id.type)

    @property
    def file_format(self) -> str:
        """The format of the document, such as ``json``."""
        return self.id.format

    @property
    def file_type(self) -> str:
        """The type of the document, such as ``notebook``."""
        return self.id.type

    @property
    def document(self) -> YBaseDoc:
        """The document as a jupyter_ydoc object."""
        return self._document

    @property
    def cells(self) -> CellIndex | None:
        """The index of a notebook's cells; None for other documents."""
        return self._index

    @property
    def path(self) -> str:
        """The path of the file when it was last checked; empty before the first check."""
        return self.synchronizer.path

    # Opening

    async def initialize(self) -> None:
        """Load the document from its history and its file, once.

        Raises:
            DocumentNotFound: there is no file.
            LoadFailed: the file cannot be read as a document of this type.
            HistoryUnavailable: the store cannot be read or written.
        """
        async with self._loading:
            if not self.ready:
                opened = await self.synchronizer.open()
                known = self._history.remembered
                self.session_id = opened.session_id
                # Document classes of other packages read the shared types on construction.
                self._document = make_document(self.id.type, self.ydoc, self.awareness)
                decider = Decider(self._document, self._index)
                self.conflicts = ConflictList(self._history.conflicts, decider)
                self.conflicts.load(known.conflicts)
                if self._index is not None:
                    self._moved = MovedCells(self._index, self._history.deleted_cells, self.log)
                    self._moved.load(known.deleted_cells)
                    if self._runs is not None:
                        self._provenance = self._provenance_of(
                            self._index, self._runs, known.provenance
                        )
                self._observe(self._shared_state, self._on_state)
                if self._cells is not None:
                    self._observe(self._cells, self._on_cells)
                self.open()
                if opened.loaded is None:
                    await self._end_runs_of_before()
                self.publish()

    async def settled(self) -> None:
        """Wait until the history and the file have been merged into the document.

        Raises:
            CollaborationError: the file can no longer be read.
        """
        await self.synchronizer.settle()
        await self._bring_back()

    async def _settle(self) -> None:
        """Give reconnecting clients a moment to send their edits, then merge the file."""
        with anyio.move_on_after(SETTLE_LIMIT):
            await self._heard.wait()
        try:
            await self.synchronizer.settle()
        except CollaborationError as error:  # the next look tells it, if it stays so
            self.log.warning("%s", error)
        await self._bring_back()
        failpoint("load.merged")

    async def _bring_back(self) -> None:
        """Merge edits that exist only in the private store of a stopped server, once. [H9]

        They become unsaved edits of their authors, in the same way as a replica that descends from
        another history.
        """
        async with self._bringing:
            if self._has_looked_back:
                return
            try:
                found = await self._history.unsaved_elsewhere(self.path)
            except HistoryUnavailable as error:
                self.log.warning("%s: could not look for unsaved edits: %s", self.path, error)
                return
            self._has_looked_back = True
            for work in found:
                origin = f"{work.store}:{work.room_id}"
                try:
                    await self.rebase(origin, work.state, work.base, "\n".join(work.authors))
                    await self._history.taken_over(work)
                except CollaborationError as error:  # they stay in that store
                    self.log.error(
                        "%s: could not recover unsaved edits from %s: %s",
                        self.path,
                        work.store,
                        error,
                    )
                else:
                    self.log.warning("%s: recovered unsaved edits from %s", self.path, work.store)

    def join(self, member: Member) -> None:
        super().join(member)
        if self._repaired:
            member.send(Outgoing(messages.raw_message(self._repair_told())))
        if len(self.conflicts):
            member.send(Outgoing(messages.raw_message(self.conflicts.message())))
        if self._is_saved_on_request:
            member.send(Outgoing(messages.raw_message(self._save_mode())))
        if self._provenance:
            member.send(Outgoing(messages.raw_message(self._provenance.message())))
        if self._runs is not None:
            self._runs.joined(self, member)

    def _provenance_of(
        self, cells: CellIndex, runs: CellRuns, stored: dict[str, str]
    ) -> Provenance:
        provenance = Provenance(self._history.provenance, runs.is_current)
        provenance.load(stored, lambda cell: cells.cell(cell) is not None)
        return provenance

    def record_origin(self, cell: str, origin: Origin) -> None:
        """Record who ran a cell, and broadcast it. [R15]"""
        if self._provenance is not None:
            self._provenance.record(cell, origin)
            self._broadcast(self._provenance.message([cell]))

    def show_origins(self) -> None:
        """Broadcast again who ran what, since a kernel was started again. [R15]"""
        if self._provenance:
            self._broadcast(self._provenance.message())

    def show_conflicts(self, conflicts: list[Conflict], origin: str) -> None:
        """Add the conflicts of a merge, and broadcast the list."""
        if self.conflicts.add(conflicts, origin):
            self._broadcast(self.conflicts.message())

    def _check_conflicts_soon(self) -> None:
        """Schedule a check of whether an edit resolved a conflict."""
        if len(self.conflicts) and self._conflict_check is None:
            loop = asyncio.get_running_loop()
            self._conflict_check = loop.call_later(CONFLICT_DELAY, self._check_conflicts)

    def _check_conflicts(self) -> None:
        self._conflict_check = None
        if not self.is_closed and self.conflicts.drop_decided():
            self._broadcast(self.conflicts.message())

    def _resolve(self, member: Member, request: Request) -> None:
        conflict_id, _, choice = request.argument.partition(" ")
        with self._entries_of(Kind.EDIT, member.username), own_transaction(self.ydoc):
            problem = self.conflicts.resolve(conflict_id, choice)
        if problem:
            self.reply(member, request, status="failed", reason=problem)
        else:
            self.reply(member, request, status="success")
            self._broadcast(self.conflicts.message())

    def take_read(self, member: Member, update: bytes, found: Update) -> None:
        restored = self._pending_restores.take(member.username, found)
        if restored is not None:
            self._take_restore(member, update, found, restored)
        else:
            self._take_edit(member, update, found)
        if found.returns:
            self._normalize_soon()

    def _take_edit(
        self, member: Member, update: bytes, found: Update, restored: Collection[str] = ()
    ) -> None:
        """Take an edit with which cells may be moved, or text typed into moved ones.

        Args:
            restored: the ids of the cells that the edit takes away as a restore.
        """
        arrived: dict[str, tuple[str, str]] = {}
        if self._index is not None and self._moved is not None and self.ready:
            if found.deleted:
                names = self._index.deleted_by(found.deleted)
                others = [name for name in names if name not in restored]
                self._moved.will_delete(others, found.deleted)
                self._moved.will_delete(set(names).intersection(restored), merged="restore")
            arrived = self._moved.arrived(found, update)
        super().take_read(member, update, found)
        if self._moved is not None and not self.waits(member, update):
            arrived.update(self._moved.copied())
            if arrived:
                assert isinstance(self._document, YNotebook)
                with self._entries_of(Kind.EDIT, member.username), own_transaction(self.ydoc):
                    returned = self._moved.bring_back(arrived, self._document)
                    conflicts = self._moved.type(arrived)
                self.show_conflicts(conflicts, "rebase")
                for conflict, origin in returned:
                    self.show_conflicts([conflict], origin)

    def _take_restore(self, member: Member, update: bytes, found: Update, merge: Merge) -> None:
        """Take the restore that a member's page applied; text typed meanwhile is kept. [V5]"""
        late = LateEdits(self.ydoc, self._index, merge)
        names = {name for name, text in merge.cells.items() if text is not None}
        with self.broadcast_together():
            self._take_edit(member, update, found, names)
            if self._returns.has(found) and not self.waits(member, update):
                with self._entries_of(Kind.RESTORE, member.username):
                    late.bring_in()
        self.synchronizer.requested.merged()
        self.show_conflicts([*merge.conflicts, *late.conflicts], "restore")

    def _normalize_soon(self) -> None:
        """Schedule `_normalize_line_ends`, which reads every cell: seldom in a large notebook."""
        if self._normalizing is None:
            is_large = self._cells is not None and len(self._cells) > MANY_CELLS
            delay = NORMALIZE_DELAY if is_large else 0
            loop = asyncio.get_running_loop()
            self._normalizing = loop.call_later(delay, self._normalize_line_ends)

    def _normalize_line_ends(self, ends: re.Pattern[str] = CRLF) -> None:
        r"""Replace inserted ``\r\n``, and later also ``\r``, by ``\n``, as an edit by the server.

        Only the carriage returns are deleted, so that cursors keep their position in the text.
        """
        if self._normalizing is not None:
            self._normalizing.cancel()
            self._normalizing = None
        if self._lone_returns is not None:
            self._lone_returns.cancel()
            self._lone_returns = None
        if self.is_closed:
            return
        if isinstance(self._document, YNotebook):
            sources = [cell.get("source") for cell in self._document.ycells]
        elif isinstance(self._document, YUnicode):
            sources = [self.ydoc.get("source", type=Text)]
        else:
            return
        replaced = are_left = False
        with self._entries_of(Kind.SERVER), own_transaction(self.ydoc):
            for source in sources:
                if isinstance(source, Text) and "\r" in (text := str(source)):
                    found = list(ends.finditer(text))
                    _normalize(source, text, found)
                    replaced = replaced or bool(found)
                    are_left = are_left or text.count("\r") > len(found)
        if replaced:
            self.synchronizer.changed()
        if are_left and ends is CRLF:
            loop = asyncio.get_running_loop()
            normalize = partial(self._normalize_line_ends, LINE_END)
            self._lone_returns = loop.call_later(LONE_DELAY, normalize)

    def receive(self, member: Member, message: bytes) -> Awaitable[None] | None:
        if message[:2] != bytes((messages.SYNC, messages.STEP1)):
            self._take_held(member)
        work = super().receive(member, message)
        if message[0] == messages.AWARENESS:
            self._silent_authors.discard(member)
            self._follow_autosave()
        if message[:2] != bytes((messages.SYNC, messages.STEP2)):
            return work
        if work is not None:
            return self._hear(work)
        self._heard.set()
        return None

    async def _hear(self, work: Awaitable[None]) -> None:
        try:
            await work
        finally:
            self._heard.set()

    def _receive_sync(self, member: Member, step: int, payload: bytes) -> Awaitable[None] | None:
        is_answer = step == messages.STEP2 and payload != messages.EMPTY_UPDATE
        if is_answer and member.role.may(Action.EDIT):
            return self._take_answer(member, payload)
        work = super()._receive_sync(member, step, payload)
        held = self._returns.release(member) if step == messages.STEP1 else None
        if held is None or not member.role.may(Action.EDIT):
            return work
        return _one_after_the_other(work, self._take_answer(member, held))

    def on_state(self, member: Member, clocks: dict[int, int]) -> None:
        self._returns.compare(member, clocks)

    def _take_answer(self, member: Member, update: bytes) -> Awaitable[None] | None:
        """Take an editor's answer to the document's state vector; see `take`.

        Some clients send their own state vector only after it: then the answer waits for that.
        """
        if (seen := self._returns.take_seen(member)) is not None:
            return _Later(partial(self._take_return, member, update, seen))
        if not self._returns.hold(member, update):
            return self.take(member, update)
        asyncio.get_running_loop().call_later(STATE_LIMIT, self._take_held, member)
        return None

    def _take_held(self, member: Member) -> None:
        """Take the answer of a member that did not send its state vector."""
        update = self._returns.release(member)
        if update is None or self.is_closed or not member.role.may(Action.EDIT):
            return
        try:
            found = read_update(update)
            if self.is_slow(found) and self._tasks is not None:
                self._tasks.start_soon(self._take_held_slowly, member, update, found)
            else:
                self.take_read(member, update, found)
        except ProtocolError as error:
            self.log.warning("%s: refused an edit of %s: %s", self.path, member.username, error)

    async def _take_held_slowly(self, member: Member, update: bytes, found: Update) -> None:
        try:
            await self._take_slow(member, update, found)
        except ProtocolError as error:
            self.log.warning("%s: refused an edit of %s: %s", self.path, member.username, error)

    async def _take_return(self, member: Member, update: bytes, seen: dict[int, int]) -> None:
        """Apply what a member edited while it was offline, and others edited as well. [S4]"""
        is_large = len(update) > LARGE
        found = await compute(read_update, update) if is_large else read_update(update)
        if not await self.look_ahead(member, update, found):
            return
        async with self._returns.lock:
            merge = None
            if self._returns.brings(found) and is_plain(self.id.type):
                merge = await self._returns.correction(update, seen, self._moved_names)
            if member not in self.clients or not member.role.may(Action.EDIT):
                return
            if merge is None:
                self.take_read(member, update, found)
                return
            with self.broadcast_together():
                self.take_read(member, update, found)
                if self._returns.has(found):  # it may have been refused
                    self._correct(merge, member.username)

    def _correct(self, merge: Merge, author: str) -> None:
        """Apply a correction; text typed since it was computed is kept."""
        late = LateEdits(self.ydoc, self._index, merge)
        with self._entries_of(Kind.EDIT, author):
            take_in(self.ydoc, merge.update)
            late.bring_in()
        self.show_conflicts([*merge.conflicts, *late.conflicts], "rebase")

    @property
    def _moved_names(self) -> list[str]:
        return [] if self._moved is None else self._moved.names

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Save the document and watch its file, until cancelled."""
        async with create_task_group() as tasks:
            self._tasks = tasks
            await tasks.start(self.synchronizer.run)
            if self._index is not None:
                tasks.start_soon(self._index.read_slowly)
            tasks.start_soon(self._settle)
            if self._options.poll_interval:
                tasks.start_soon(self.synchronizer.watch)
            task_status.started()

    # Autosave

    def _follow_autosave(self) -> None:
        """Save automatically, unless autosave is off for every editor. [F13]

        What nobody in the document decides, stays as it was until the document is saved.
        """
        if not self.ready or self.is_closed:
            return
        is_held = self._holds_autosave()
        if is_held != self.synchronizer.is_held:
            self.synchronizer.hold(is_held)
            self._broadcast(self._save_mode())

    def _holds_autosave(self) -> bool:
        is_off = False
        for member in self.clients:  # called for each move of a cursor: the first one decides
            wish = self._wants_autosave(member)
            if wish:
                return False
            is_off = is_off or wish is False
        return is_off or (self.synchronizer.is_held and not self.synchronizer.is_saved)

    def _wants_autosave(self, member: Member) -> bool | None:
        """Return whether autosave is on for a member; None if that does not count, or is unknown.

        A client that publishes no setting has autosave on. A client without any presence may have
        just connected, and its presence will follow: it counts once it has edited the document.
        """
        if member.role is not Role.EDITOR:
            return None
        settings = [state.get("autosave", True) for state in self._presence.states_of(member)]
        known = [setting for setting in settings if setting is not None]
        if known:
            return any(setting is not False for setting in known)
        return True if member in self._silent_authors else None

    def _save_mode(self) -> dict[str, Any]:
        return {"type": "save_mode", "manual": self._is_saved_on_request}

    @property
    def _is_saved_on_request(self) -> bool:
        """Whether the document is written only if somebody saves it, or the last one leaves."""
        return self.synchronizer.is_held or self._options.save_delay is None

    # Running cells

    def on_states(self, member: Member, states: dict[str, Any]) -> None:
        for name, state in states.items():
            if state == RUNNING:
                self._running[name] = member
            else:
                self._running.pop(name, None)
        if states and self._runs is not None:
            self._runs.states_changed(self, states)

    def leave(self, member: Member) -> None:
        self._take_held(member)
        super().leave(member)
        self._returns.left(member)
        self._silent_authors.discard(member)
        self._follow_autosave()
        if any(runner is member for runner in self._running.values()):
            loop = asyncio.get_running_loop()
            loop.call_later(RUNNER_RETURN, self._end_runs_of, member)

    def _end_runs_of(self, member: Member) -> None:
        """Mark the cells as idle that a member ran who left and did not come back. [M6]"""
        names = {name for name, runner in self._running.items() if runner is member}
        back = [other for other in self.clients if other.username == member.username]
        for name in names:
            if back and member.username:
                self._running[name] = back[0]
            else:
                del self._running[name]
        if not back and not self.is_closed and self._index is not None:
            cells = [self._index.cell(name) for name in names]
            self._end_runs([cell for cell in cells if cell is not None])

    async def _end_runs_of_before(self) -> None:
        """Mark the cells as idle that were running when the document was closed."""
        if self._cells is None:
            return
        running: list[Map[Any]] = []
        slices = Slices()
        for at in range(len(self._cells)):
            cell = self._cells[at]
            if isinstance(cell, Map) and cell.get("execution_state") == RUNNING:
                running.append(cell)
            await slices.pause()  # nobody else has the document yet
        self._end_runs(running)

    def _end_runs(self, cells: Collection[Map[Any]]) -> None:
        """Set the execution state of running cells to idle."""
        with self._entries_of(Kind.SERVER), own_transaction(self.ydoc):
            for cell in cells:
                if cell.get("execution_state") == RUNNING:
                    cell["execution_state"] = IDLE

    def distrust(self, cells: Collection[tuple[int, str]]) -> None:
        with self._entries_of(Kind.SERVER):
            super().distrust(cells)

    def share(self, cells: Collection[tuple[int, str]]) -> None:
        with self._entries_of(Kind.SERVER):
            super().share(cells)

    # Changes

    def on_update(self, update: bytes, sender: Member | None) -> None:
        super().on_update(update, sender)
        self._returns.changed(update)
        self._history.append(update, sender.username if sender else self._author, self._kind)
        may_have_returns = sender is None and self._kind is Kind.EDIT and self._writes_text
        if may_have_returns and _has_returns(update):
            self._normalize_soon()
        if self._kind in (Kind.EDIT, Kind.RESTORE):
            if self.synchronizer.is_saved:
                self._must_publish_unsaved = True
                asyncio.get_running_loop().call_soon(self.publish)
            if sender is not None and sender not in self._silent_authors:
                self._note_author(sender)
            self.synchronizer.changed()
            self._check_conflicts_soon()

    def _note_author(self, sender: Member) -> None:
        if not self._presence.states_of(sender):
            self._silent_authors.add(sender)
            self._follow_autosave()

    def _send_updates(self) -> None:
        self._tell_unsaved()
        super()._send_updates()

    def will_answer(self) -> None:
        self._tell_unsaved()

    def _tell_unsaved(self) -> None:
        """Publish that the document is unsaved before an edit is sent.

        Otherwise a client would treat the edit as saved, and as part of its merge base. [S4]
        """
        if self._must_publish_unsaved:
            self.publish()

    async def change(
        self,
        update: bytes,
        kind: Kind,
        author: str = "",
        noted: Callable[[], None] | None = None,
        also: Callable[[], None] | None = None,
        *,
        distrusted: Collection[tuple[int, str]] = (),
    ) -> None:
        """Change the document, store the change, and broadcast it.

        Args:
            kind, author: of the history entry.
            noted: called right after the change; what it records is stored together with it.
            also: makes further edits that belong to the change.
            distrusted: index and id of each cell whose outputs come from an author who may not
                run code, and so is not trusted with them.
        """

        def followed() -> None:
            if also is not None:
                also()
            if distrusted:
                self.distrust(distrusted)

        with self._entries_of(kind, author):
            self.apply_unbroadcast(update, followed)
        try:
            if noted is not None:
                noted()
            with anyio.move_on_after(STORE_LIMIT), suppress(HistoryUnavailable):
                await self._history.commit()
        finally:
            self.mark_stored()

    def will_delete(self, merge: Merge, origin: str) -> None:
        """Prepare for a merge that deletes cells, and may insert them again."""
        if self._moved is not None:
            names = [name for name, text in merge.cells.items() if text is not None]
            self._moved.will_delete(names, merged=origin)

    async def restore(self, merge: Merge, content: Any, author: str, *, may_execute: bool) -> None:
        """Apply the edits of a restore; text typed since they were computed is kept.

        Args:
            content: what is restored.
        """
        self.will_delete(merge, "restore")
        late = LateEdits(self.ydoc, self._index, merge)
        distrusted = set() if may_execute else self._check.check(merge.update).outputs
        await self.change(
            merge.update,
            Kind.RESTORE,
            author,
            partial(self.synchronizer.requested.replaced, content),
            late.bring_in,
            distrusted=distrusted,
        )
        self.show_conflicts([*merge.conflicts, *late.conflicts], "restore")

    async def expect_restore(self, merge: Merge, author: str) -> None:
        """Prepare for a restore that its user's page applies."""
        edits = await compute(read_own_update, merge.update)
        names = [name for name, text in merge.cells.items() if text is not None]
        items = [None if self._index is None else self._index.item(name) for name in names]
        cells = [item for item in items if item is not None]
        self._pending_restores.add(author, merge, edits, cells)

    def show_restore(self, author: str, cell: str | None) -> None:
        """Tell all members who restores a version, or one of its cells. [V5]"""
        self._broadcast({"type": "restored", "username": author, "cell": cell})

    def mark(self, kind: MarkKind, author: str, seq: int | None = None) -> None:
        """Mark an event in the history: after the given entry, or at the end."""
        at = self._history.mark_cut() if seq is None else seq
        self._history.versions.mark(Mark(at, kind, author, time.time()))

    @contextmanager
    def edits_by(self, author: str) -> Iterator[None]:
        """Record changes in this block as one edit by a user, such as the outputs of their run.

        The transaction has an origin, so that the undo managers of document classes do not keep
        what is deleted in it.
        """
        with self._entries_of(Kind.EDIT, author), own_transaction(self.ydoc):
            yield

    @contextmanager
    def outputs_by(self, author: str) -> Iterator[None]:
        """The same for outputs, in which carriage returns stay as they are."""
        self._writes_text = False
        try:
            with self.edits_by(author):
                yield
        finally:
            self._writes_text = True

    @contextmanager
    def _entries_of(self, kind: Kind, author: str = "") -> Iterator[None]:
        """Record changes in this block with the given kind and author."""
        before = (self._kind, self._author)
        self._kind, self._author = kind, author
        try:
            yield
        finally:
            self._kind, self._author = before

    def _on_state(self, event: MapEvent) -> None:
        """Reset state that only the server may set, after a member changed it. [M7]"""
        changed: dict[str, Any] = event.keys  # type: ignore[attr-defined]
        if self._sender is not None and not SERVER_STATE.isdisjoint(changed):
            asyncio.get_running_loop().call_soon(self.publish)

    def _on_cells(self, event: ArrayEvent) -> None:
        assert self._index is not None
        if self._index.follow(event) and self.ready:
            loop = asyncio.get_running_loop()
            loop.call_soon(self._separate_twins)
            if self._runs is not None:
                loop.call_soon(self._runs.cells_inserted, self)

    def _separate_twins(self) -> None:
        """Make cell ids unique: if two users move a cell at the same time, it exists twice."""
        assert self._cells is not None and self._index is not None
        found = self._index.twins()
        if not found or self.is_closed:
            return
        cells = self._cells
        if not (twins := self._join_twins(found)):
            return
        first = {name: self._index.cell(name) for name in {cells[at]["id"] for at in twins}}
        copies = {at for at in twins if _same_cell(cells[at], first[cells[at]["id"]])}
        with self._entries_of(Kind.SERVER), own_transaction(self.ydoc):
            for at in reversed(twins):
                if at in copies:
                    del cells[at]
                else:
                    cells[at]["id"] = f"{cells[at]['id'][:40]}-{at}"
        self._index.renamed()
        self.synchronizer.changed()

    def _join_twins(self, twins: list[int]) -> list[int]:
        """Join cells that came back with those that somebody put back by undo.

        Returns:
            The indices of the cells whose id another one has still.
        """
        assert self._cells is not None and self._index is not None
        names = {str(self._cells[at]["id"]) for at in twins}
        joined: set[str] = set()
        if self._moved is not None and isinstance(self._document, YNotebook):
            for name in names:
                with self._entries_of(Kind.SERVER), own_transaction(self.ydoc):
                    if self._moved.join_twins(self._document, name, self._index.places(name)):
                        joined.add(name)
        if not joined:
            return twins
        self.synchronizer.changed()
        return sorted(at for name in names - joined for at in self._index.places(name)[1:])

    # Requests

    def answer(self, member: Member, request: Request) -> Awaitable[None] | None:
        if request.name == Action.ACKNOWLEDGE.value:
            if member in self._early:
                return None  # the client was asked for missing edits, and repeats the request
            self._history.when_committed(
                partial(self._acknowledge, member, request),
                partial(self._acknowledge_late, member, request),
            )
        elif request.name not in _REQUESTS:
            self.reply(member, request, status="failed", reason="Unknown request.")
        elif not member.role.may(_REQUESTS[request.name]):
            self.reply(
                member,
                request,
                status="failed",
                reason="You have view-only access to this document.",
            )
        elif request.name == "resolve":
            self._resolve(member, request)
        elif request.name in RUN_REQUESTS:
            if self._runs is not None:
                return self._runs.answer(self, member, request)
            reason = "This server does not run cells; see the setting 'server_side_execution'."
            self.reply(member, request, status="failed", reason=reason)
        elif self._tasks is not None:
            if request.name == "revert":
                self._request_revert()
            work = self._shared_work[request.name]
            if work.add(member, request):
                self._tasks.start_soon(work.run)
        return None

    def _acknowledge(self, member: Member, request: Request, stored: bool) -> None:
        """Confirm that all edits are on disk, in the history or at least in the file. [H1]"""
        if stored or self.synchronizer.is_saved:
            self.flush_updates()  # sends the 'dirty' state before the reply
            self.reply(member, request)
        else:
            self._unstored.append((member, request))

    def _acknowledge_late(self, member: Member, request: Request) -> None:
        """Confirm the edits if the store, after an error, has them after all."""
        if (member, request) in self._unstored:
            self._unstored.remove((member, request))
            if member in self.clients:
                self.reply(member, request)

    def _acknowledge_saved(self) -> None:
        unstored, self._unstored = self._unstored, []
        for member, request in unstored:
            if member in self.clients:
                self.reply(member, request)

    async def _save(self, asked: list[Asked], *, again: bool = False) -> None:
        seq = self._history.mark_cut()
        try:
            wrote = await self.synchronizer.save(again=again)
        except SaveFailed as error:
            self.synchronizer.save_failed(error)
            self._reply_all(asked, status="failed", reason=str(error), code=error.code)
        else:
            known = self.synchronizer.known
            status = "success" if wrote else "skipped"
            self.mark(MarkKind.SAVED, asked[0][0].username, seq)
            self._reply_all(asked, status=status, hash=known.hash if known else None)

    async def _revert(self, asked: list[Asked]) -> None:
        base, self._reverting = self._reverting, None
        assert base is not None
        try:
            await self.synchronizer.revert(base)
        except CollaborationError as error:
            self._reply_all(asked, status="failed", reason=str(error))
        else:
            self._reply_all(asked, status="success")
        finally:
            self.synchronizer.requested.end(base)

    def _request_revert(self) -> None:
        """Note what the next revert replaces: what the document holds now."""
        if self._reverting is not None:
            self.synchronizer.requested.end(self._reverting)
        self._reverting = self.synchronizer.requested.begin()

    def _reply_all(self, asked: list[Asked], **content: Any) -> None:
        for member, request in asked:
            self.reply(member, request, **content)

    async def rebase(
        self,
        session_id: str,
        state: bytes,
        base: bytes | None,
        username: str,
        *,
        may_execute: bool = True,
    ) -> list[Conflict]:
        """Merge the edits of a replica of another history, as an edit by a user. [S4]

        Replicas of the same history are merged with each other first, so that an edit that several
        of them contain is applied once, and the same replica can be sent repeatedly.

        Args:
            session_id: the session id of the other history.
            state: the replica, as one Yjs update.
            base: the replica when it was last known to be saved, as one Yjs update; None if
                unknown.
            username: the author of the edit.
            may_execute: whether that user may run code, and so is trusted with outputs.

        Returns:
            The conflicts, where document and replica changed the same part. "theirs" is the
            replica's side.

        Raises:
            InvalidRequest: the replica cannot be read.
        """
        failpoint("rebase.begin")
        applied = None if may_execute else partial(self._distrust_merged, self._cell_ids())
        async with self._placing:
            known = self._replicas.get(session_id)
            try:
                sides = (known, state, base, self.ydoc.get_update())
                size = len(state) + len(sides[-1])
                replicas = await run_large(size, with_replica, *sides)
                merge = await self.synchronizer.place(replicas, username, applied)
            except CollaborationError:
                raise
            except Exception as error:  # pycrdt raises no type of its own
                raise InvalidRequest(f"The replica cannot be read: {error!r}") from error
            self._replicas[session_id] = replace(replicas, made=merge.made)
            failpoint("rebase.applied")
        await self._history.commit()
        return merge.conflicts

    def _cell_ids(self) -> list[str]:
        cells = self._cells if self._cells is not None else ()
        return [str(cell.get("id")) for cell in cells if isinstance(cell, Map)]

    def _distrust_merged(self, before: list[str], merge: Merge) -> None:
        """Remove the trust mark of the cells that a merge inserted or changed. [M2]"""
        known = set(before)
        changed = {name for name, text in merge.cells.items() if text is None}
        self.distrust(
            {
                (index, name)
                for index, name in enumerate(self._cell_ids())
                if name in changed or name not in known
            }
        )

    async def merge(
        self, fork: Doc[Any], username: str, taken: Callable[[], None], *, may_execute: bool
    ) -> None:
        """Merge the edits of a fork of this document, as an edit by a user. [K5]

        Args:
            fork: the document of the fork, which may be edited until `taken` is called.
            username: the author of the edit.
            taken: called after the edit has been checked, right before it is applied.
            may_execute: whether that user may run code, and so is trusted with outputs.

        Raises:
            CollaborationError: the edit is not valid in this document.
        """
        state, update = fork.get_state(), fork.get_update(self.ydoc.get_state())
        found = await compute(read_update, update)
        await self._check.look_ahead(update, found)
        outputs = self._check.check(update, found).outputs
        async with self._returns.lock:
            merge = None
            if is_plain(self.id.type):
                seen = messages.read_state_vector(state)
                merge = await self._returns.correction(update, seen, self._moved_names)
            later = fork.get_update(state)
            outputs |= self._check.check(later, after=found).outputs
            if self.is_closed:
                raise RoomClosed(f"{self.path} was closed in the meantime.")
            taken()
            whole = merge_updates(update, later)
            also = None if merge is None else partial(self._correct, merge, username)
            distrusted = set() if may_execute else outputs
            await self.change(whole, Kind.EDIT, username, also=also, distrusted=distrusted)
        self.publish()

    async def forget_before(self, seq: int) -> int:
        """Permanently delete the history before an entry. [V7]

        Returns:
            The new first entry: the first one that ends at `seq` or after it.

        Raises:
            HistoryUnavailable: the document cannot be saved, or the store cannot be written.
            VersionNotFound: there is no such entry.
        """
        if len(self.clients) == 1:  # only the caller's pin: no client will send missing edits
            await self.settled()
        try:
            async with self.synchronizer.resting():
                return await self._history.forget_before(seq)
        except SaveFailed as error:
            raise HistoryUnavailable(
                f"The history was not deleted, since the document is not saved: {error}"
            ) from error

    # Callbacks of the synchronizer

    def publish(self) -> None:
        """Update the shared state that describes the file."""
        if (known := self.synchronizer.known) is None:
            return
        self._must_publish_unsaved = False
        self._follow_autosave()
        if self.synchronizer.is_saved:
            self._acknowledge_saved()
        self._follow_permission(known.writable)
        values = {
            "document_id": self.room_id,
            "path": known.path,
            "hash": known.hash,
            # Other packages treat a dirty document of their own types as still loading.
            "dirty": not self.synchronizer.is_saved and has_saved_state(self.id.type),
        }
        state = self._shared_state
        changes = {key: value for key, value in values.items() if state.get(key) != value}
        if changes:
            with self._entries_of(Kind.SERVER), own_transaction(self.ydoc):
                for key, value in changes.items():
                    state[key] = value

    @property
    def is_writable(self) -> bool:
        """Whether the file can be written; otherwise the document can be edited and not saved."""
        return self._is_writable

    def _follow_permission(self, is_writable: bool) -> None:
        if is_writable != self._is_writable:
            self._is_writable = is_writable
            for member in list(self.clients):
                member.tell_role()

    def repair(self) -> bool:
        """Replace content that cannot be written to a file; return whether there was any.

        The original content stays in the history.
        """
        if not self._is_notebook:
            return False
        with self._entries_of(Kind.SERVER):
            problems = repair_notebook(self.ydoc)
        for problem in problems:
            self.log.error("%s: %s; replaced it with a raw cell", self.path, problem)
        if problems:
            self._repaired += len(problems)
            self._broadcast(self._repair_told())
        return bool(problems)

    def _repair_told(self) -> dict[str, Any]:
        return {"type": "repaired", "cells": self._repaired}

    def check(self, content: Any) -> None:
        """Refuse a text that is not a notebook while the file is also open as a notebook. [F9]

        Raises:
            SaveRefused: the text is not a valid notebook.
        """
        if self.id.type == "notebook" or not isinstance(content, str):
            return
        if any(room.id.type == "notebook" for room in self._siblings()):
            try:
                nbformat.reads(content, as_version=4)  # type: ignore[no-untyped-call]
            except (ValueError, KeyError, json.JSONDecodeError, nbformat.ValidationError) as error:
                raise SaveRefused(
                    f"{self.path} is also open as a notebook, and this text is not a valid one:"
                    f" {error}. It will be saved when the text is a valid notebook."
                ) from error

    def save_state(self, error: SaveFailed | None) -> None:
        """Tell all members that saving fails, or works again for None."""
        if error is None:
            self._broadcast({"type": "autosave", "status": "success"})
        else:
            content = {"status": "failed", "reason": str(error), "code": error.code}
            self._broadcast({"type": "autosave", **content})
        self.publish()

    def report(self, level: str, action: str, message: str) -> None:
        """Publish an event; after a save, the other rooms of the file check it for changes."""
        self._emit(level=level, room=self.room_id, path=self.path, action=action, msg=message)
        if action == "save" and level == "INFO":
            for room in self._siblings():
                room.look_soon()

    def look_soon(self) -> None:
        """Schedule a check of the file, after another room wrote it."""
        if self._tasks is not None:
            self._tasks.start_soon(self._look)

    async def _look(self) -> None:
        try:
            await self.synchronizer.look()
        except CollaborationError as error:  # the next look tells it, if it stays so
            self.log.warning("%s", error)

    def _broadcast(self, content: dict[str, Any]) -> None:
        outgoing = Outgoing(messages.raw_message(content))
        for member in list(self.clients):
            member.send(outgoing)

    # Closing

    def flush(self) -> Awaitable[None]:
        """Save what is unsaved.

        Raises:
            SaveFailed: the file could not be written.
        """
        return self.synchronizer.flush()

    def close(self, state: RoomState = RoomState.CLOSED) -> None:
        super().close(state)
        self.synchronizer.close()
        for timer in (self._conflict_check, self._normalizing, self._lone_returns):
            if timer is not None:
                timer.cancel()
        # The garbage collector cannot free observers, since the document references them natively.
        for shared, subscription in self._watched:
            shared.unobserve(subscription)
        self._watched = []

    def finish(self) -> None:
        """Stop the room; edits that were not flushed are in the history only."""
        self.discard()
        self.report("INFO", "clean", "closed")

    def discard(self, state: RoomState = RoomState.CLOSED) -> None:
        """Stop the room, whatever state it is in."""
        self.close(state)
        if self._tasks is not None:
            self._tasks.cancel_scope.cancel()
            self._tasks = None


class _Later:
    """Work that begins when it is awaited; nothing is left over if it never is."""

    def __init__(self, make: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._make = make

    def __await__(self) -> Generator[Any, None, None]:
        return self._make().__await__()


async def _one_after_the_other(*works: Awaitable[None] | None) -> None:
    for work in works:
        if work is not None:
            await work


_REQUESTS = {
    "save": Action.SAVE,
    "recreate": Action.SAVE,
    "revert": Action.REVERT,
    "resolve": Action.EDIT,
    **dict.fromkeys(RUN_REQUESTS, Action.RUN),
}


def _same_cell(one: Map[Any], other: Map[Any] | None) -> bool:
    return other is not None and bool(one.to_py() == other.to_py())


def _normalize(source: Text, text: str, found: list[re.Match[str]]) -> None:
    """Replace line ends that were found in the content of a Yjs text."""
    if len(found) > FEW_LINE_ENDS:  # in one edit: each one costs time for the whole text
        start, end = found[0].start(), found[-1].end()
        at, size = len(text[:start].encode()), len(text[start:end].encode())
        del source[at : at + size]
        source.insert(at, found[0].re.sub("\n", text[start:end]))
        return
    for each in reversed(found):
        at = len(text[: each.start()].encode())
        if each[0] == "\r":
            source.insert(at + 1, "\n")
        del source[at : at + 1]


def _has_returns(update: bytes) -> bool:
    """Return whether an edit by server-side code inserts carriage returns."""
    if b"\r" not in update:
        return False
    try:
        return read_update(update).returns
    except ProtocolError:  # larger than what is read of clients
        return True
