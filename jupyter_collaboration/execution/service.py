"""Runs the cells of documents: requests of members, kernels, and the rooms that they keep open.

Responsible for who may run what, for the queues of all kernels, and for what members receive. HTTP
belongs to `web.run`.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from functools import partial, wraps
from logging import Logger
from typing import Any
from uuid import uuid4

from anyio import TASK_STATUS_IGNORED, create_task_group, sleep
from anyio.abc import TaskGroup, TaskStatus
from jupyter_client.kernelspec import NoSuchKernel
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_server import CallContext
from jupyter_server.gateway.managers import GatewayMappingKernelManager
from jupyter_server.utils import ensure_async
from jupyter_ydoc.ynotebook import YNotebook
from pycrdt import Map, Text

from ..errors import CollaborationError, InvalidRequest, KernelNotFound, must_propagate
from ..protocol import messages
from ..protocol.messages import Request
from ..rooms.document import DocumentRoom
from ..rooms.manager import RoomManager
from ..rooms.member import Member, Outgoing, Pin
from ..rooms.provenance import Origin
from .channels import Channels, GatewayChannels, LocalChannels
from .kernel_errors import KernelErrors
from .queue import KernelQueue, Outcome, Person, Result, Run, RunState
from .snippet import SnippetWriter
from .source_hash import source_mark
from .widget_states import WidgetState
from .writer import CellWriter

BROADCAST_INTERVAL = 0.1
"""Seconds between two messages about a queue to the members of its documents."""

MAX_LISTED = 100
"""Most runs in such a message; the rest is a number."""

MAX_WAITING = 10_000
"""Most runs that wait for one kernel."""

MAX_ID = 64
"""Longest id of a run or a kernel that a client may choose, in characters."""

MAX_RESULTS = 1_000
"""Number of ended runs whose results clients can ask for after a reconnect."""

MAX_KEPT = 100
"""Number of ended runs whose outputs are kept for clients of the HTTP routes."""

REOPEN_DELAY = 5.0
"""Seconds until the next attempt to open a document again into which outputs are to be written."""

RESTART_LIMIT = 15.0
"""Seconds that the server's manager of kernels has to start a dead kernel again."""


@dataclass
class CellRequest:
    """A cell to be run.

    Attributes:
        id: the id of the run; empty for a new one.
        code: the code; None for the cell's source.
        is_timed: whether times are stored in the cell's metadata.
        deleted_cells: sent to the kernel, which may forget what they defined.
    """

    cell: str
    id: str = ""
    code: str | None = None
    is_timed: bool = False
    deleted_cells: list[str] = field(default_factory=list)


class RunService:
    """Runs cells on the kernels of a server.

    Args:
        rooms: the rooms of all documents.
        kernels: the server's manager of kernels.
        limit: the largest outputs of a cell in bytes.
        log: the server's log.
    """

    def __init__(self, rooms: RoomManager, kernels: Any, limit: int, log: Logger) -> None:
        self._rooms = rooms
        self._kernels = kernels
        self._limit = limit
        self._log = log
        self._queues: dict[str, KernelQueue] = {}
        self._results: OrderedDict[str, Run] = OrderedDict()
        self._kept: list[Run] = []
        self._errors = KernelErrors()
        self._pins: dict[str, tuple[DocumentRoom, Pin]] = {}
        self._active: dict[str, set[Run]] = {}
        self._lost: dict[str, set[CellWriter]] = {}
        self._unrecorded: dict[str, list[tuple[str, Origin]]] = {}
        self._broadcast_timers: dict[str, asyncio.TimerHandle] = {}
        self._broadcast_times: dict[str, float] = {}
        self._tasks: TaskGroup | None = None
        self._is_stopping = False
        self._restarting: Counter[str] = Counter()
        self._dead_since: dict[str, float] = {}
        self._follow_kernels()

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Run the tasks of all queues, until cancelled."""
        async with create_task_group() as self._tasks:
            task_status.started()
            await asyncio.Event().wait()

    def stop(self) -> None:
        """End all runs, before the documents are saved for the last time."""
        self._is_stopping = True
        reason = "The server was stopped."
        for queue in list(self._queues.values()):
            queue.close(Result(Outcome.SERVER_STOPPED, reason))
        if self._tasks is not None:
            self._tasks.cancel_scope.cancel()

    # Requests of members

    def answer(
        self, room: DocumentRoom, member: Member, request: Request
    ) -> Awaitable[None] | None:
        """Process a request of a member; see `BroadcastRoom.answer`."""
        try:
            body = json.loads(request.argument)
            if not isinstance(body, dict):
                raise InvalidRequest("The argument is not a JSON object.")
            if request.name == "run":
                return self._answer_run(room, member, request, body)
            if request.name == "cancel":
                run = self._known(room, _text(body, "id"))
            else:
                run = self._asking(room, _text(body, "id"))
        except (CollaborationError, ValueError, RecursionError) as error:
            self._refuse(room, member, request, f"The request is not valid: {error}")
            return None
        if run is None:
            gone = "It has ended." if request.name == "cancel" else "It was answered already."
            self._refuse(room, member, request, gone)
            return None
        work = self._answer_cancel if request.name == "cancel" else self._answer_input
        return work(room, member, request, body, run)

    def _answer_run(
        self, room: DocumentRoom, member: Member, request: Request, body: dict[str, Any]
    ) -> Awaitable[None] | None:
        kernel_id = _text(body, "kernel")
        deleted = body.get("deletedCells")
        wanted = CellRequest(
            _text(body, "cell", 1_000),
            _text(body, "id"),
            is_timed=body.get("recordTiming") is True,
            deleted_cells=[str(each) for each in deleted] if isinstance(deleted, list) else [],
        )
        known = self._results.get(wanted.id)
        if known is not None and known.document == room.room_id:
            self._reply_when_ended(known, room, member, request)
            return None
        if known is not None or body.get("again") is True:
            reason = "The server was restarted, or never received the request. Run the cell again."
            self._refuse(room, member, request, reason, "unknown")
            return None
        # The source is what it is now, before anything is awaited.
        wanted.code = self.source(room, wanted.cell)
        return self._checked_run(room, member, request, kernel_id, wanted)

    async def _checked_run(
        self,
        room: DocumentRoom,
        member: Member,
        request: Request,
        kernel_id: str,
        wanted: CellRequest,
    ) -> None:
        try:
            if not await member.may_run(kernel_id):
                self._refuse(
                    room, member, request, "You do not have permission to run code.", "not_allowed"
                )
                return
            run = self.submit(room, kernel_id, [wanted], _person(member), id(member))[0]
        except CollaborationError as error:
            self._refuse(room, member, request, str(error))
            return
        self._reply_when_ended(run, room, member, request)

    def _reply_when_ended(
        self, run: Run, room: DocumentRoom, member: Member, request: Request
    ) -> None:
        def reply(run: Run) -> None:
            if run.result is not None and member in room.clients:
                room.flush_updates()  # everything that it printed comes before the reply
                room.reply(member, request, status="success", **result_of(run.result))

        if run.state is RunState.ENDED:
            reply(run)
        else:
            run.when_ended.append(reply)

    async def _answer_cancel(
        self,
        room: DocumentRoom,
        member: Member,
        request: Request,
        body: dict[str, Any],
        run: Run,
    ) -> None:
        queue = self._queue_of(run)
        if queue is None or not await member.may_run(queue.kernel_id):
            self._refuse(room, member, request, "You do not have permission to run code.")
        elif queue.cancel(run, _person(member)):
            room.reply(member, request, status="success")
        else:
            self._refuse(room, member, request, "It runs already; interrupt the kernel instead.")

    async def _answer_input(
        self,
        room: DocumentRoom,
        member: Member,
        request: Request,
        body: dict[str, Any],
        run: Run,
    ) -> None:
        queue = self._queue_of(run)
        value = body.get("value")
        if not isinstance(value, str):
            self._refuse(room, member, request, "'value' must be a string.")
        elif queue is None or not await member.may_run(queue.kernel_id):
            self._refuse(room, member, request, "You do not have permission to run code.")
        elif queue.answer(str(body["id"]), value):
            room.reply(member, request, status="success")
        else:
            self._refuse(room, member, request, "It was answered already.")

    def _refuse(
        self,
        room: DocumentRoom,
        member: Member,
        request: Request,
        reason: str,
        code: str = "failed",
    ) -> None:
        """Reply that a request is refused, and why."""
        room.reply(member, request, status="failed", reason=reason, code=code)

    def _known(self, room: DocumentRoom, run_id: str) -> Run | None:
        run = self._results.get(run_id)
        is_here = run is not None and run.document == room.room_id
        return run if is_here and run is not None and run.state is not RunState.ENDED else None

    def _asking(self, room: DocumentRoom, prompt_id: str) -> Run | None:
        for run in self._active.get(room.room_id, ()):
            if run.prompt is not None and run.prompt.id == prompt_id:
                return run
        return None

    # Runs

    def submit(
        self,
        room: DocumentRoom,
        kernel_id: str,
        cells: list[CellRequest],
        person: Person,
        batch: Any,
    ) -> list[Run]:
        """Add runs of cells to the queue of a kernel; either all of them or none.

        Args:
            person: who asks for it; they must be allowed to.
            batch: what an error stops; equal for everything that one member asks for.

        Raises:
            KernelNotFound: there is no such kernel.
            InvalidRequest: there is no such cell, or there are too many.
        """
        queue = self.queue(kernel_id)
        if len(queue.runs) + len(cells) > MAX_WAITING:
            raise InvalidRequest(f"More than {MAX_WAITING} cells wait for this kernel.")
        runs = [self._new_run(room, wanted, person, batch) for wanted in cells]
        for run in runs:
            self._active.setdefault(run.document, set()).add(run)
            run.when_ended.append(self._on_ended)
            self._pin(room)
            self._add(run, queue)
        return runs

    def submit_snippet(self, kernel_id: str, code: str, person: Person) -> Run:
        """Add code that belongs to no cell to the queue of a kernel.

        Raises:
            KernelNotFound: there is no such kernel.
        """
        queue = self.queue(kernel_id)
        name = str(uuid4())
        run = Run(name, "", name, code, person, name, SnippetWriter(self._limit))
        self._add(run, queue)
        return run

    def keep_outputs(self, run: Run) -> None:
        """Keep the outputs of a run for a client that asks for them after its end."""

        def keep(run: Run) -> None:
            run.outputs = run.writer.outputs.to_py()
            self._kept.append(run)
            if len(self._kept) > MAX_KEPT:
                self._kept.pop(0).outputs = []

        if run.state is RunState.ENDED:
            keep(run)
        else:
            run.when_ended.append(keep)

    async def end(self, run: Run, by: Person) -> None:
        """Cancel a run that waits, or interrupt the kernel if it runs."""
        queue = self._queue_of(run)
        if queue is not None and not queue.cancel(run, by) and queue.running is run:
            await ensure_async(self._kernels.interrupt_kernel(run.kernel))

    def _add(self, run: Run, queue: KernelQueue) -> None:
        run.kernel = queue.kernel_id
        self._results[run.id] = run
        queue.add(run)
        while len(self._results) > MAX_RESULTS:
            oldest = next(iter(self._results.values()))
            if oldest.state is not RunState.ENDED:
                break
            self._results.popitem(last=False)

    def _new_run(self, room: DocumentRoom, wanted: CellRequest, person: Person, batch: Any) -> Run:
        code = self.source(room, wanted.cell) if wanted.code is None else wanted.code
        if wanted.id in self._results:
            raise InvalidRequest("There is a run with this id already.")
        cell = _code_cell(room, wanted.cell)
        metadata = cell["metadata"]
        shared: dict[str, Any] = dict(
            (metadata.to_py() if isinstance(metadata, Map) else metadata) or {}
        )
        tags = shared.get("tags")
        room_id = room.room_id
        writer = CellWriter(
            wanted.cell,
            person.username,
            self._limit,
            partial(self._open_room, room_id),
            lambda: self._note_lost(room_id, writer),
        )
        return Run(
            wanted.id or str(uuid4()),
            room_id,
            wanted.cell,
            code,
            person,
            (room_id, batch),
            writer,
            metadata={
                **shared,
                "deletedCells": wanted.deleted_cells,
                "recordTiming": wanted.is_timed,
                "cellId": wanted.cell,
            },
            stops_on_error=not (isinstance(tags, list) and "raises-exception" in tags),
            is_timed=wanted.is_timed,
        )

    def source(self, room: DocumentRoom, cell: str) -> str:
        """Return the source of a code cell.

        Raises:
            InvalidRequest: there is no such cell.
        """
        return str(_code_cell(room, cell)["source"])

    def find(self, run_id: str) -> Run | None:
        """Return a run by its id; None if it is unknown, or ended long ago."""
        return self._results.get(run_id)

    def widgets(self, kernel_id: str) -> dict[str, WidgetState]:
        """Return the widgets of a kernel, as far as the server knows them."""
        queue = self._queues.get(kernel_id)
        return {} if queue is None else queue.widgets.copy()

    def queue(self, kernel_id: str) -> KernelQueue:
        """Return the queue of a kernel.

        Raises:
            KernelNotFound: there is no such kernel.
        """
        if self._is_stopping or self._tasks is None or kernel_id not in self._kernels:
            raise KernelNotFound("There is no such kernel. Start a kernel to run cells.")
        queue = self._queues.get(kernel_id)
        if queue is None:
            queue = self._queues[kernel_id] = KernelQueue(
                kernel_id,
                partial(self._connect, kernel_id),
                partial(self._is_alive, kernel_id),
                partial(self._broadcast_soon, kernel_id),
                self._insert_next,
                lambda ended: self._broadcast_ended(kernel_id, ended),
                partial(self._errors.last_lines, kernel_id),
                self._limit,
                partial(self._broadcast_widget, kernel_id),
                partial(self._broadcast_origins, kernel_id),
                self._log,
            )
            if kernel_id in self._restarting:
                queue.restarting(None)
            self._watch(kernel_id, queue)
            self._tasks.start_soon(self._work, queue)
        return queue

    async def _work(self, queue: KernelQueue) -> None:
        """Run a queue; an exception ends its runs, and no others."""
        try:
            await queue.work()
        except BaseException as error:
            if must_propagate(error):
                raise
            self._log.exception("The queue of kernel %s failed", queue.kernel_id)
            reason = f"The server failed to run cells: {error!r}"
            queue.close(Result(Outcome.FAILED, reason))
        if self._queues.get(queue.kernel_id) is queue:
            del self._queues[queue.kernel_id]

    def _queue_of(self, run: Run) -> KernelQueue | None:
        return next((each for each in self._queues.values() if run in each.runs), None)

    def _on_ended(self, run: Run) -> None:
        self._record(run)
        runs = self._active.get(run.document, set())
        runs.discard(run)
        if not runs:
            self._active.pop(run.document, None)
            if run.document not in self._lost:
                self._unpin(run.document)

    def _record(self, run: Run) -> None:
        """Record where the outputs of a run come from, if the kernel received it. [R15]"""
        if run.result is None or not run.session:
            return
        who, count = run.person, run.result.count
        source = source_mark(run.code)
        origin = Origin(who.username, who.name, run.began, source, count, run.session)
        room = self._open_room(run.document)
        if room is not None:
            room.record_origin(run.cell, origin)
        else:
            self._unrecorded.setdefault(run.document, []).append((run.cell, origin))

    def _insert_next(self, run: Run, text: str, replaces: bool) -> None:
        """Insert a cell after the one that ran, or replace its source, as the code wants. [R7]"""
        room = self._open_room(run.document)
        if room is None or room.cells is None or not isinstance(room.document, YNotebook):
            return
        cells, place = room.document.ycells, room.cells.place(run.cell)
        with room.edits_by(run.person.username):
            if replaces and place is not None:
                source = cells[place]["source"]
                if isinstance(source, Text):
                    source.clear()
                    source.insert(0, text)
            elif not replaces:
                # Code of a kernel is not the user's own, so that its outputs are not trusted.
                metadata = {"trusted": False}
                cell = {"cell_type": "code", "source": text, "metadata": metadata, "outputs": []}
                new = room.document.create_ycell({**cell, "execution_count": None})
                cells.insert(len(cells) if place is None else place + 1, new)

    # Kernels

    def _connect(self, kernel_id: str) -> Channels:
        if isinstance(self._kernels, GatewayMappingKernelManager):
            return GatewayChannels(kernel_id, self._log)
        return LocalChannels(self._kernels.get_kernel(kernel_id), self._log)

    async def _is_alive(self, kernel_id: str) -> bool:
        if isinstance(self._kernels, GatewayMappingKernelManager):
            return True  # the gateway says when it dies
        if kernel_id not in self._kernels:
            return False
        if await ensure_async(self._kernels.is_alive(kernel_id)):
            self._dead_since.pop(kernel_id, None)
            return True
        if not getattr(self._kernels.get_kernel(kernel_id), "autorestart", False):
            return False
        now = asyncio.get_running_loop().time()
        return now - self._dead_since.setdefault(kernel_id, now) < RESTART_LIMIT

    def _watch(self, kernel_id: str, queue: KernelQueue) -> None:
        """Follow a kernel that dies and is started again by its manager."""
        if isinstance(self._kernels, GatewayMappingKernelManager):
            return

        def died() -> None:
            queue.died("The kernel died again and again, and is not started any more.")

        self._kernels.add_restart_callback(kernel_id, queue.restarted_by_itself, "restart")
        self._kernels.add_restart_callback(kernel_id, died, "dead")

    def _follow_kernels(self) -> None:
        """Follow what anybody does to a kernel, by whichever route."""
        manager = self._kernels
        manager.interrupt_kernel = self._before(manager.interrupt_kernel, self._on_interrupt)
        manager.restart_kernel = self._around_restart(manager.restart_kernel)
        manager.shutdown_kernel = self._before(manager.shutdown_kernel, self._on_shutdown)
        if os.name == "posix" and not isinstance(manager, GatewayMappingKernelManager):
            manager.start_kernel = self._with_errors(manager.start_kernel)

    def _with_errors(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """Follow the standard error of kernels that are started as processes of this server."""

        @wraps(method)
        async def followed(*args: Any, **options: Any) -> Any:
            kernel_id = options.get("kernel_id") or self._kernels.new_kernel_id()
            if kernel_id in self._kernels or not self._is_process(options.get("kernel_name")):
                return await ensure_async(method(*args, **options))
            options["kernel_id"] = kernel_id
            options.setdefault("stderr", self._errors.follow(kernel_id))
            try:
                return await ensure_async(method(*args, **options))
            except BaseException:
                self._errors.forget(kernel_id)
                raise

        return followed

    def _is_process(self, kernel_name: str | None) -> bool:
        """Return whether a kernel is started in the usual way, as a process of this server."""
        manager = self._kernels
        try:
            name = kernel_name or manager.default_kernel_name
            spec = manager.kernel_spec_manager.get_kernel_spec(name)
        except NoSuchKernel:
            return False  # the manager says so
        factory = KernelProvisionerFactory.instance(parent=manager)
        usual = factory.default_provisioner_name == "local-provisioner"
        return usual and "kernel_provisioner" not in spec.metadata

    def _before(
        self, method: Callable[..., Any], before: Callable[[KernelQueue, Person | None], None]
    ) -> Callable[..., Any]:
        @wraps(method)
        async def followed(kernel_id: str, *args: Any, **options: Any) -> Any:
            queue = self._queues.get(kernel_id)
            if queue is not None and kernel_id not in self._restarting:
                before(queue, _current_person())
            result = await ensure_async(method(kernel_id, *args, **options))
            if kernel_id not in self._kernels:
                self._errors.forget(kernel_id)
            return result

        return followed

    def _around_restart(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        async def followed(kernel_id: str, *args: Any, **options: Any) -> Any:
            queue = self._queues.get(kernel_id)
            self._restarting[kernel_id] += 1
            if queue is not None:
                queue.restarting(_current_person())
            try:
                return await ensure_async(method(kernel_id, *args, **options))
            finally:
                self._restarting[kernel_id] -= 1
                if not self._restarting[kernel_id]:
                    del self._restarting[kernel_id]
                    queue = self._queues.get(kernel_id)  # it may have been made meanwhile
                    if queue is not None:
                        queue.restarted()

        return followed

    def _on_interrupt(self, queue: KernelQueue, by: Person | None) -> None:
        queue.interrupted(by)

    def _on_shutdown(self, queue: KernelQueue, by: Person | None) -> None:
        reason = "The kernel was shut down."
        queue.close(Result(Outcome.SHUT_DOWN, reason, by))
        self._queues.pop(queue.kernel_id, None)

    # Rooms

    def _open_room(self, room_id: str) -> DocumentRoom | None:
        room = self._rooms.rooms.get(room_id)
        if isinstance(room, DocumentRoom) and room.ready and not room.is_closed:
            return room
        return None

    def _pin(self, room: DocumentRoom) -> None:
        """Keep a room open."""
        pinned = self._pins.get(room.room_id)
        if pinned is None or pinned[0] is not room:
            pin = Pin()
            self._pins[room.room_id] = (room, pin)
            room.join(pin)

    def _unpin(self, room_id: str) -> None:
        pinned = self._pins.pop(room_id, None)
        if pinned is not None:
            self._rooms.leave(*pinned)

    def _note_lost(self, room_id: str, writer: CellWriter) -> None:
        """Open a document again, into which there is something to write."""
        is_first = room_id not in self._lost
        self._lost.setdefault(room_id, set()).add(writer)
        if is_first and self._tasks is not None and not self._is_stopping:
            self._tasks.start_soon(self._reopen, room_id)

    async def _reopen(self, room_id: str) -> None:
        while True:
            try:
                room = await self._rooms.open(room_id)
                break
            except CollaborationError as error:
                if room_id not in self._active:
                    self._log.error("The last outputs in %s are lost: %s", room_id, error)
                    self._lost.pop(room_id, None)
                    self._unrecorded.pop(room_id, None)
                    return
                self._log.warning("Outputs wait until %s can be opened: %s", room_id, error)
                await sleep(REOPEN_DELAY)
        writers = self._lost.pop(room_id, set())
        if isinstance(room, DocumentRoom):
            self._pin(room)
            self._resume(room, writers)
            if room_id not in self._active:
                self._unpin(room_id)

    def _resume(self, room: DocumentRoom, writers: set[CellWriter]) -> None:
        """Write into a room that was opened again."""
        for cell, origin in self._unrecorded.pop(room.room_id, []):
            room.record_origin(cell, origin)
        for writer in writers:
            writer.flush()
        for run in list(self._active.get(room.room_id, ())):
            run.writer.flush()

    def joined(self, room: DocumentRoom, member: Member) -> None:
        """Send a new member what runs and waits."""
        if isinstance(member, Pin):
            return
        pinned = self._pins.get(room.room_id)
        if pinned is not None and pinned[0] is not room:
            self._pin(room)
            self._resume(room, set())
        for queue in self._queues.values():
            if room.room_id in queue.documents and queue.runs:
                content = self._runs_for(queue, room, may_execute=member.may_execute)
                member.send(Outgoing(messages.raw_message(content)))

    def cells_inserted(self, room: DocumentRoom) -> None:
        """Write into cells that were moved, or came back."""
        if not room.is_closed:
            self._resume(room, set())

    def is_current(self, kernel: str) -> bool:
        """Return whether a kernel has not been started again since."""
        return any(queue.session == kernel for queue in self._queues.values())

    def states_changed(self, room: DocumentRoom, cells: Collection[str]) -> None:
        """Restore the states of running cells, which only the server may change."""
        for run in list(self._active.get(room.room_id, ())):
            if run.cell in cells:
                run.writer.changed()

    # Broadcasts

    def _broadcast_soon(self, kernel_id: str) -> None:
        if kernel_id in self._broadcast_timers or self._is_stopping:
            return
        loop = asyncio.get_running_loop()
        due = max(loop.time(), self._broadcast_times.get(kernel_id, 0.0) + BROADCAST_INTERVAL)
        self._broadcast_timers[kernel_id] = loop.call_at(due, self._broadcast, kernel_id)

    def _broadcast(self, kernel_id: str) -> None:
        self._broadcast_timers.pop(kernel_id, None)
        queue = self._queues.get(kernel_id)
        if queue is None:
            self._broadcast_times.pop(kernel_id, None)
            return
        self._broadcast_times[kernel_id] = asyncio.get_running_loop().time()
        self._broadcast_runs(queue)

    def _broadcast_runs(self, queue: KernelQueue) -> None:
        """Send the queue to all members; the same bytes to all with the same permission."""
        for room in self._rooms_of(queue):
            told: dict[bool, Outgoing] = {}
            for member in list(room.clients):
                may = member.may_execute
                if may not in told:
                    content = self._runs_for(queue, room, may_execute=may)
                    told[may] = Outgoing(messages.raw_message(content))
                member.send(told[may])

    def _rooms_of(self, queue: KernelQueue) -> list[DocumentRoom]:
        rooms = [self._open_room(room_id) for room_id in queue.documents]
        return [room for room in rooms if room is not None]

    def _runs_for(
        self, queue: KernelQueue, room: DocumentRoom, *, may_execute: bool
    ) -> dict[str, Any]:
        """Return what a member sees of a queue; of other documents only that something runs."""
        told = []
        for run in queue.runs[:MAX_LISTED]:
            is_here = run.document == room.room_id
            entry: dict[str, Any] = {
                "id": run.id,
                "cell": run.cell if is_here else None,
                "user": {"username": run.person.username, "name": run.person.name},
                "since": run.since,
                "state": run.state.value,
            }
            if is_here and run.prompt is not None:
                entry["asks"] = True
                if may_execute:
                    prompt = run.prompt
                    asked = {"prompt": prompt.text, "password": prompt.is_password}
                    entry["input"] = {"id": prompt.id, **asked}
            told.append(entry)
        more = max(0, len(queue.runs) - MAX_LISTED)
        return {"type": "runs", "kernel": queue.kernel_id, "runs": told, "more": more}

    def _broadcast_ended(self, kernel_id: str, ended: list[Run]) -> None:
        """Send the members of all documents why runs have ended that nobody canceled."""
        queue = self._queues.get(kernel_id)
        if queue is None:
            return
        self._broadcast_now(queue)
        for room in self._rooms_of(queue):
            here = [run for run in ended if run.document == room.room_id]
            if not here or here[0].result is None:
                continue
            cells = [run.cell for run in here[:MAX_LISTED]]
            content = {"type": "runs_ended", "kernel": queue.kernel_id, "ended": cells}
            outgoing = Outgoing(messages.raw_message({**content, **result_of(here[0].result)}))
            for member in list(room.clients):
                member.send(outgoing)

    def _broadcast_widget(self, kernel_id: str, name: str, outputs: list[dict[str, Any]]) -> None:
        """Send what a widget has captured to the members of all documents on the kernel."""
        queue = self._queues.get(kernel_id)
        if queue is None:
            return
        content = {"type": "widget", "kernel": kernel_id, "comm": name, "outputs": outputs}
        outgoing = Outgoing(messages.raw_message(content))
        for room in self._rooms_of(queue):
            for member in list(room.clients):
                member.send(outgoing)

    def _broadcast_origins(self, kernel_id: str) -> None:
        queue = self._queues.get(kernel_id)
        for room in [] if queue is None or self._is_stopping else self._rooms_of(queue):
            room.show_origins()

    def _broadcast_now(self, queue: KernelQueue) -> None:
        timer = self._broadcast_timers.pop(queue.kernel_id, None)
        if timer is not None:
            timer.cancel()
        self._broadcast_runs(queue)


def result_of(result: Result) -> dict[str, Any]:
    """Return a result as clients read it."""
    told: dict[str, Any] = {"outcome": result.outcome.value, "count": result.count}
    if result.reason:
        told["reason"] = result.reason
    if result.by is not None:
        told["by"] = {"username": result.by.username, "name": result.by.name}
    if result.error is not None:
        told["error"] = result.error
    return told


def _code_cell(room: DocumentRoom, name: str) -> Map[Any]:
    cell = None if room.cells is None else room.cells.cell(name)
    if cell is None or cell.get("cell_type") != "code":
        raise InvalidRequest("There is no such code cell in the document.")
    return cell


def _text(body: dict[str, Any], name: str, longest: int = MAX_ID) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise InvalidRequest(f"'{name}' must be a string of 1 to {longest} characters.")
    return value


def _person(member: Member) -> Person:
    return Person(member.username, str(member.identity(None).get("display_name", "")))


def _current_person() -> Person | None:
    """Return whose request is being processed; None if it is the server itself."""
    handler = CallContext.get(CallContext.JUPYTER_HANDLER)
    user = getattr(handler, "current_user", None)
    username = getattr(user, "username", None)
    if not username:
        return None
    return Person(str(username), str(getattr(user, "display_name", "") or username))
