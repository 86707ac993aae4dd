"""Runs the cells of documents, on request of members and of clients over HTTP.

Responsible for the queues of all kernels and for their runs. Requests belong to `requests`, kernels
to `kernels`, the rooms to `running_documents`, what members receive to `broadcasts`, and HTTP to
`web.run`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Coroutine
from functools import partial
from logging import Logger
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

from anyio import TASK_STATUS_IGNORED, create_task_group
from anyio.abc import TaskGroup, TaskStatus
from jupyter_ydoc.ynotebook import YNotebook
from pycrdt import Map, Text

from ..errors import InvalidRequest, KernelNotFound, must_propagate
from ..protocol.messages import Request
from ..rooms.document import DocumentRoom
from ..rooms.manager import RoomManager
from ..rooms.member import Member, Pin
from ..rooms.provenance import Origin
from .broadcasts import RunBroadcasts
from .kernels import Kernels
from .queue import KernelQueue, Outcome, Person, Result, Run, RunState
from .requests import CellRequest, MemberRequest
from .running_documents import RunningDocuments
from .snippet import SnippetWriter
from .source_hash import source_mark
from .widget_states import WidgetState
from .writer import CellWriter

MAX_WAITING = 10_000
"""Most runs that wait for one kernel."""

MAX_RESULTS = 1_000
"""Number of ended runs whose results clients can ask for after a reconnect."""

MAX_KEPT = 100
"""Number of ended runs whose outputs are kept for clients of the HTTP routes."""

KEPT_BYTES = 64 * 2**20
"""Most bytes of these outputs."""


class RunService:
    """Runs cells on the kernels of a server.

    Args:
        rooms: the rooms of all documents.
        kernels: the server's manager of kernels.
        limit: the largest outputs of a cell in bytes.
        check_interval: seconds of waiting after which a run's permission is checked again.
        log: the server's log.
    """

    def __init__(
        self, rooms: RoomManager, kernels: Any, limit: int, check_interval: float, log: Logger
    ) -> None:
        self._limit = limit
        self._check_interval = check_interval
        self._log = log
        self._queues: dict[str, KernelQueue] = {}
        self._known: dict[str, Run] = {}
        self._ended: deque[Run] = deque()
        self._kept: list[tuple[Run, int]] = []
        self._kept_bytes = 0
        self._batches: WeakKeyDictionary[Member, str] = WeakKeyDictionary()
        self._tasks: TaskGroup | None = None
        self._is_stopping = False
        self._kernels = Kernels(kernels, self._queues, self._forget, log)
        self._documents = RunningDocuments(rooms, self._start, log)
        self._broadcasts = RunBroadcasts(self._queues, self._documents.open_room)

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Run the tasks of all queues, until cancelled."""
        async with create_task_group() as self._tasks:
            task_status.started()
            await asyncio.Event().wait()

    def stop(self) -> None:
        """End all runs, before the documents are saved for the last time."""
        self._is_stopping = True
        self._broadcasts.stop()
        reason = "The server was stopped."
        for queue in list(self._queues.values()):
            queue.close(Result(Outcome.SERVER_STOPPED, reason))
        if self._tasks is not None:
            self._tasks.cancel_scope.cancel()

    def _start(self, task: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        if self._tasks is not None and not self._is_stopping:
            self._tasks.start_soon(self._contained, task, *args)

    async def _contained(self, task: Callable[..., Coroutine[Any, Any, None]], *args: Any) -> None:
        """Run a background job; an exception ends no other one."""
        try:
            await task(*args)
        except BaseException as error:
            if must_propagate(error):
                raise
            self._log.exception("A background job failed: %r", error)

    # For rooms; see `CellRuns`

    def answer(
        self, room: DocumentRoom, member: Member, request: Request
    ) -> Awaitable[None] | None:
        """Process a request of a member; see `BroadcastRoom.answer`."""
        return MemberRequest(self, room, member, request).answer()

    def joined(self, room: DocumentRoom, member: Member) -> None:
        """Send a new member what runs and waits."""
        if not isinstance(member, Pin):
            self._documents.joined(room)
            self._broadcasts.joined(room, member)

    def cells_inserted(self, room: DocumentRoom) -> None:
        """Write into cells that were moved, or came back."""
        self._documents.cells_inserted(room)

    def states_changed(self, room: DocumentRoom, cells: Collection[str]) -> None:
        """Restore the states of running cells, which only the server may change."""
        self._documents.states_changed(room, cells)

    def is_current(self, kernel: str) -> bool:
        """Return whether a kernel has not been started again since."""
        return any(queue.session == kernel for queue in self._queues.values())

    # Runs

    def submit(
        self,
        room: DocumentRoom,
        kernel_id: str,
        cells: list[CellRequest],
        person: Person,
        batch: Any,
        may_run: Callable[[], Awaitable[bool]],
    ) -> list[Run]:
        """Add runs of cells to the queue of a kernel; either all of them or none.

        Args:
            person: who asks for it; they must be allowed to.
            batch: what an error stops; equal for everything that one member asks for.
            may_run: asks again whether the person may run it.

        Raises:
            KernelNotFound: there is no such kernel.
            InvalidRequest: there is no such cell, or there are too many.
        """
        queue = self.queue(kernel_id)
        self._check_room(queue, len(cells))
        runs = [self._new_run(room, wanted, person, batch) for wanted in cells]
        for run in runs:
            run.may_run = may_run
            run.when_started.append(self._record)
            run.when_ended.append(self._record)
            self._documents.add(room, run)
            self._add(run, queue)
        return runs

    def batch_of(self, member: Member) -> str:
        """Return what is equal for all requests of one member, and for nobody else."""
        return self._batches.setdefault(member, uuid4().hex)

    def submit_snippet(
        self,
        kernel_id: str,
        code: str,
        person: Person,
        may_run: Callable[[], Awaitable[bool]],
    ) -> Run:
        """Add code that belongs to no cell to the queue of a kernel.

        Args:
            may_run: asks again whether the person may run it.

        Raises:
            KernelNotFound: there is no such kernel.
            InvalidRequest: there are too many runs.
        """
        queue = self.queue(kernel_id)
        self._check_room(queue, 1)
        name = str(uuid4())
        writer = SnippetWriter(self._limit)
        run = Run(name, "", name, code, person, name, writer, may_run=may_run)
        self._add(run, queue)
        return run

    def _check_room(self, queue: KernelQueue, more: int) -> None:
        if len(queue) + more > MAX_WAITING:
            raise InvalidRequest(f"More than {MAX_WAITING} cells wait for this kernel.")

    def keep_outputs(self, run: Run) -> None:
        """Keep the outputs of a run for a client that asks for them after its end."""

        def keep(run: Run) -> None:
            run.outputs = run.writer.outputs.to_py()
            size = run.writer.size
            self._kept.append((run, size))
            self._kept_bytes += size
            while len(self._kept) > MAX_KEPT or (
                len(self._kept) > 1 and self._kept_bytes > KEPT_BYTES
            ):
                oldest, size = self._kept.pop(0)
                self._kept_bytes -= size
                oldest.outputs = []

        if run.state is RunState.ENDED:
            keep(run)
        else:
            run.when_ended.append(keep)

    async def end(self, run: Run, by: Person) -> None:
        """Cancel a run that waits, or interrupt the kernel if it runs."""
        queue = self.queue_of(run)
        if queue is not None and not queue.cancel(run, by) and queue.running is run:
            await self._kernels.interrupt(run.kernel)

    def _add(self, run: Run, queue: KernelQueue) -> None:
        run.kernel = queue.kernel_id
        self._known[run.id] = run
        run.when_ended.append(self._note_ended)
        queue.add(run)

    def _note_ended(self, run: Run) -> None:
        self._ended.append(run)
        if len(self._ended) > MAX_RESULTS:
            del self._known[self._ended.popleft().id]

    def _new_run(self, room: DocumentRoom, wanted: CellRequest, person: Person, batch: Any) -> Run:
        code = self.source(room, wanted.cell) if wanted.code is None else wanted.code
        if wanted.id in self._known:
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
            partial(self._documents.open_room, room_id),
            lambda: self._documents.note_lost(room_id, writer),
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
        return self._known.get(run_id)

    def asking(self, room: DocumentRoom, prompt_id: str) -> Run | None:
        """Return the run in a document that asks something; None if that was answered."""
        for run in self._documents.runs_in(room.room_id):
            if run.prompt is not None and run.prompt.id == prompt_id:
                return run
        return None

    def widgets(self, kernel_id: str) -> dict[str, WidgetState]:
        """Return the widgets of a kernel, as far as the server has recorded them."""
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
                partial(self._kernels.connect, kernel_id),
                partial(self._kernels.is_alive, kernel_id),
                partial(self._broadcasts.changed, kernel_id),
                self._insert_next,
                partial(self._broadcasts.ended, kernel_id),
                partial(self._kernels.last_lines, kernel_id),
                self._limit,
                self._check_interval,
                partial(self._broadcasts.captured, kernel_id),
                partial(self._broadcasts.forgot, kernel_id),
                self._log,
            )
            if self._kernels.is_restarting(kernel_id):
                queue.restarting(None)
            self._kernels.watch(kernel_id, queue)
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

    def queue_of(self, run: Run) -> KernelQueue | None:
        """Return the queue in which a run is; None if it has ended."""
        return next((each for each in self._queues.values() if run in each), None)

    def _forget(self, queue: KernelQueue) -> None:
        self._queues.pop(queue.kernel_id, None)

    def _record(self, run: Run) -> None:
        """Record where the outputs of a run come from, if the kernel received it. [R15]"""
        if not run.session:
            return
        who, count = run.person, run.result.count if run.result else None
        source = source_mark(run.code)
        origin = Origin(who.username, who.name, run.began, source, count, run.session)
        self._documents.record(run, origin)

    def _insert_next(self, run: Run, text: str, replaces: bool) -> None:
        """Insert a cell after the one that ran, or replace its source, as the code wants. [R7]"""
        room = self._documents.open_room(run.document)
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


def _code_cell(room: DocumentRoom, name: str) -> Map[Any]:
    cell = None if room.cells is None else room.cells.cell(name)
    if cell is None or cell.get("cell_type") != "code":
        raise InvalidRequest("There is no such code cell in the document.")
    return cell
