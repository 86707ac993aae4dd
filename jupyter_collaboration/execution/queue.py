"""The queue of one kernel: which cells run and wait, across all documents.

Responsible for the order, for what ends a run, and for the kernel's messages. What is written into
documents belongs to `writer`, and who may run what to `service`.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from logging import Logger
from typing import Any
from uuid import uuid4

from anyio import CancelScope, Event, create_task_group, move_on_after, sleep

from ..documents.representable import MAX_INTEGER, valid_text
from ..errors import KernelUnreachable, must_propagate
from .captured import CAPTURED, take
from .channels import Channels, Message
from .outputs import Output, output_of, size_of
from .run_order import RunOrder
from .snippet import SnippetWriter
from .widgets import COMMS, KernelWidgets
from .writer import CellWriter

ALIVE_INTERVAL = 2.0
"""Seconds between two looks at whether a kernel that runs a cell is alive."""

IDLE_LIMIT = 10.0
"""Seconds without any message until a run counts as ended of which the kernel is known to be done.

Kernels reply to each run and publish that they are idle after it; this is for those that do not.
"""

INTERRUPT_LIMIT = 1.0
"""The same after an interrupt: in the moment in which a cell ends, it may hit the reply itself."""

PROMPT_RETURN = 10.0
"""Seconds after an interrupt until a question is shown again if the code still runs.

Most code stops asking then, and may clean up for some time. Code that handles interrupts itself may
still ask, and could not be answered otherwise.
"""

RECONNECT_DELAY = 1.0
MAX_ATTEMPTS = 30
"""Seconds until the next attempt after the connection to a kernel was lost, and their number."""

KEPT_BYTES = 64 * 2**20
"""Most bytes of outputs of ended runs that are kept, for updates of their displays."""

MAX_KEPT = 10_000
"""Most ended runs that are kept for that."""

MAX_DISPLAYS = 10_000
"""Most display ids of one kernel that are kept."""

UPDATE_DELAY = 0.02
"""Seconds until an update of a display is applied, together with those that come meanwhile."""

PERMISSION_LIMIT = 10.0
"""Seconds to wait for the answer whether a cell may still run; without one it may not."""

MAX_PROMPT = 10_000
"""Longest text of a prompt that is shown, in characters."""

MAX_NEXT_INPUT = 2**20
"""Longest text that code sets as the next input, in characters."""

MAX_DATE = 100
"""Longest date in a message that is stored, in characters."""

MAX_ABORTS = 10
"""How often a request is repeated that the kernel aborted, since another client's code failed."""


class RunState(Enum):
    """The state of a run; the values are for clients."""

    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"


class Outcome(Enum):
    """How a run has ended; the values are for clients."""

    OK = "ok"
    ERROR = "error"
    CANCELED = "canceled"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    RESTARTED = "restarted"
    DIED = "died"
    SHUT_DOWN = "shut_down"
    SERVER_STOPPED = "server_stopped"
    CELL_DELETED = "cell_deleted"
    FAILED = "failed"


@dataclass(frozen=True)
class Person:
    """Who asked for something: the authenticated name, and the name that others see."""

    username: str
    name: str


@dataclass(frozen=True)
class Result:
    """The result of a run.

    Attributes:
        reason: why it was not run, in words.
        by: who caused that.
        count: the kernel's number of the execution.
        error: name and value of the exception.
    """

    outcome: Outcome
    reason: str = ""
    by: Person | None = None
    count: int | None = None
    error: dict[str, str] | None = None


@dataclass(frozen=True)
class Prompt:
    """A question that running code asks by ``input()``."""

    id: str
    text: str
    is_password: bool
    request: Message


@dataclass(eq=False)
class Run:
    """One request to run one cell.

    Attributes:
        id: chosen by the client, or by the server.
        document: the id of the document's room.
        code: the source as it was when it was asked for.
        batch: what an error or an interrupt stops: equal for all runs of one member in one
            document.
        metadata: sent with the request to the kernel.
        stops_on_error: whether an error stops the rest of the batch.
        is_timed: whether times are stored in the cell's metadata.
        may_run: asks again whether the person may run it; None if nobody has to be asked.
        since, began: when it was asked for, and when it began to run.
        session: of the kernel that received it; see `KernelQueue.session`.
        prompt: what it asks now.
        asked: how often it has asked something.
        interrupt: its result if the kernel does not reply after an interrupt.
        displays: the display ids of its outputs.
        outputs: the outputs after its end, if they are kept for a client.
    """

    id: str
    document: str
    cell: str
    code: str
    person: Person
    batch: Any
    writer: CellWriter | SnippetWriter
    kernel: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    stops_on_error: bool = True
    is_timed: bool = False
    may_run: Callable[[], Awaitable[bool]] | None = None
    since: float = field(default_factory=time.time)
    began: float = 0.0
    session: str = ""
    state: RunState = RunState.WAITING
    result: Result | None = None
    prompt: Prompt | None = None
    asked: int = 0
    times: dict[str, str] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    interrupt: Result | None = None
    displays: set[str] = field(default_factory=set)
    reply: Message | None = None
    is_idle: bool = False
    heard: float = 0.0
    size: int = 0
    outputs: list[dict[str, Any]] | None = None
    finished: Event = field(default_factory=Event)
    when_started: list[Callable[[Run], None]] = field(default_factory=list)
    when_ended: list[Callable[[Run], None]] = field(default_factory=list)

    @property
    def place(self) -> tuple[str, str]:
        """The document and the cell."""
        return self.document, self.cell


class KernelState(Enum):
    """The state of a kernel, as far as its queue has to know it; the values are for logs."""

    DISCONNECTED = "disconnected"
    CONNECTING = "connecting"
    READY = "ready"
    RESTARTING = "restarting"
    DEAD = "dead"
    GONE = "gone"


class KernelQueue:
    """The queue of one kernel.

    Args:
        kernel_id: the id of the kernel.
        connect: returns new channels to the kernel, for a session.
        is_alive: returns whether the kernel's process is running.
        changed: called whenever what clients see of the queue has changed.
        next_input: called with a run, a text and whether that replaces the cell's source.
        ended: called with the runs that ended together, since something happened to the kernel.
        last_lines: returns the last lines that the kernel wrote to its standard error.
        limit: the largest outputs of a widget in bytes.
        check_interval: seconds of waiting after which a run's permission is checked again.
        show: called with a widget and its outputs before the kernel publishes them.
        forgot: called when the kernel has lost what the cells defined.
        log: for what users need not see.

    Attributes:
        session: changes whenever the kernel has lost what the cells defined.
        documents: the rooms of all documents of which cells were run on it.
        widgets: the widgets of the kernel.
    """

    def __init__(
        self,
        kernel_id: str,
        connect: Callable[[str], Channels],
        is_alive: Callable[[], Any],
        changed: Callable[[], None],
        next_input: Callable[[Run, str, bool], None],
        ended: Callable[[list[Run]], None],
        last_lines: Callable[[], str],
        limit: int,
        check_interval: float,
        show: Callable[[str, list[dict[str, Any]]], None],
        forgot: Callable[[], None],
        log: Logger,
    ) -> None:
        self.session = uuid4().hex
        self.kernel_id = kernel_id
        self.documents: set[str] = set()
        self.widgets = KernelWidgets(limit, lambda: self._channels, show, self._release)
        self._connect = connect
        self._is_alive = is_alive
        self._changed = changed
        self._next_input = next_input
        self._ended_together = ended
        self._last_lines = last_lines
        self._check_interval = check_interval
        self._forgot = forgot
        self._log = log
        self._runs: RunOrder[Run] = RunOrder()
        self._state = KernelState.DISCONNECTED
        self._news = Event()
        self._channels: Channels | None = None
        self._connection: CancelScope | None = None
        self._requests: dict[str, Run] = {}
        self._ended: OrderedDict[tuple[str, str], Run] = OrderedDict()
        self._ended_size = 0
        self._displays: OrderedDict[str, list[tuple[Run, Output]]] = OrderedDict()
        # The newest update of each display that has not been applied yet.
        self._updates: dict[str, dict[str, Any]] = {}
        self._updating: asyncio.TimerHandle | None = None
        self._probe = ""

    @property
    def runs(self) -> tuple[Run, ...]:
        """What runs and waits, in order."""
        return tuple(self._runs)

    @property
    def state(self) -> KernelState:
        """The state of the kernel."""
        return self._state

    @property
    def running(self) -> Run | None:
        """What runs."""
        first = self._runs.first
        return first if first and first.state is RunState.RUNNING else None

    def __contains__(self, run: Run) -> bool:
        return run in self._runs

    def __len__(self) -> int:
        return len(self._runs)

    # Requests

    def add(self, run: Run) -> None:
        """Add a run at the end."""
        self.documents.add(run.document)
        self._runs.add(run)
        if self._state in (KernelState.DEAD, KernelState.GONE):
            self._end(run, Result(Outcome.DIED, "The kernel is dead. Restart it to run cells."))
            return
        if len(self._runs) > 1 or self._state is not KernelState.READY:
            self._contained(run.writer.wait)
        self._notify()

    def cancel(self, run: Run, by: Person) -> bool:
        """Cancel a run that waits; return whether it did."""
        if run.state is not RunState.WAITING:
            return False
        self._end(run, Result(Outcome.CANCELED, "The cell was canceled.", by))
        return True

    def answer(self, prompt_id: str, value: str) -> bool:
        """Answer a prompt; return whether it still waited for an answer.

        Raises:
            KernelUnreachable: the kernel cannot be reached now; the prompt still waits.
        """
        run = self.running
        prompt = run.prompt if run else None
        if run is None or prompt is None or prompt.id != prompt_id or self._channels is None:
            return False
        content = {"value": value, "status": "ok"}
        try:
            self._channels.send("stdin", "input_reply", content, parent=prompt.request)
        except ConnectionError as error:
            raise KernelUnreachable(str(error)) from error
        run.prompt = None
        shown = "········" if prompt.is_password else value
        run.writer.outputs.print("stdin", f"{prompt.text} {shown}\n")
        run.writer.changed()
        self._changed()
        return True

    # What happens to the kernel

    def interrupted(self, by: Person | None) -> None:
        """Cancel what waits after the running cell in its batch, before an interrupt is sent.

        If no cell runs yet, since the kernel is starting, cancel the batch that would run first.
        """
        run = self._runs.first
        if run is None:
            return
        if run.state is RunState.RUNNING:
            if run.prompt is not None:
                loop = asyncio.get_running_loop()
                loop.call_later(PROMPT_RETURN, self._ask_again, run, run.prompt, run.asked)
                run.prompt = None
            run.interrupt = Result(Outcome.INTERRUPTED, "The kernel was interrupted.", by)
        reason = "The cell did not run, since the kernel was interrupted."
        self._end_batch(run, Result(Outcome.INTERRUPTED, reason, by))
        self._changed()

    def restarting(self, by: Person | None) -> None:
        """End all runs before the kernel is restarted; those that are added now will wait."""
        reason = "The kernel was restarted."
        self._end_all(Result(Outcome.RESTARTED, reason, by))
        self._disconnect(KernelState.RESTARTING)

    def restarted(self) -> None:
        """Go on with the kernel after a restart, whether that worked or not."""
        if self._state is KernelState.RESTARTING:
            self._state = KernelState.DISCONNECTED
            self._notify()

    def restarted_by_itself(self) -> None:
        """End all runs, after the kernel has died and is being restarted.

        If the kernel died before it ran anything, the runs go on waiting for the next attempt.
        """
        has_started = self._state is KernelState.READY
        self._disconnect(KernelState.DISCONNECTED)
        self._notify()
        if has_started:
            reason = "The kernel died and was restarted. Its variables are lost."
            self._end_all(Result(Outcome.DIED, reason))

    def died(self, reason: str) -> None:
        """End all runs, after the kernel has died for good, and say what it wrote at last."""
        if lines := self._last_lines():
            reason = f"{reason} Its last lines:\n{lines}"
        self._end_all(Result(Outcome.DIED, reason))
        self._disconnect(KernelState.DEAD)
        self._notify()

    def close(self, result: Result) -> None:
        """End all runs, since the kernel is shut down, or the server stops."""
        self._end_all(result)
        self._disconnect(KernelState.GONE)
        for run in self._ended.values():
            self._contained(run.writer.release)
        self._requests.clear()
        self._ended.clear()
        self._ended_size = 0
        self._notify()

    def _end_all(self, result: Result) -> None:
        self._end_together(list(self._runs), result)

    def _end_together(self, runs: list[Run], result: Result) -> None:
        """End runs, and tell everybody why."""
        for run in reversed(runs):  # the running one last, so that no other one starts
            self._end(run, result)
        self._ended_together(runs)

    def _waiting_in(self, run: Run) -> list[Run]:
        """Return what waits in the batch of a run."""
        return [
            other
            for other in self._runs
            if other.batch == run.batch and other.state is RunState.WAITING
        ]

    def _end_batch(self, run: Run, result: Result) -> None:
        for other in self._waiting_in(run):
            self._end(other, result)

    def _end(self, run: Run, result: Result) -> None:
        if run.state is RunState.ENDED:
            return
        self._apply_updates()
        has_started = run.state is RunState.RUNNING
        run.state = RunState.ENDED
        run.result = result
        run.prompt = None
        again = self._runs.remove(run)
        timing = dict(run.times) if run.is_timed else None
        if timing is not None and result.outcome is not Outcome.OK and run.reply is None:
            timing["execution_failed"] = _now()
        if has_started or again is None:  # else the cell is marked as running, and stays so
            self._contained(partial(run.writer.end, count=result.count, timing=timing))
        self._keep(run)
        if has_started and again is not None:
            self._contained(again.writer.flush)  # the same cell waits once more
        run.finished.set()
        calls, run.when_ended = run.when_ended, []
        for call in calls:
            self._contained(partial(call, run))
        self._changed()

    def _contained(self, call: Callable[[], None]) -> None:
        """Do something in the document of one run; if that fails, the queue goes on."""
        with self._containing():
            call()

    @contextmanager
    def _containing(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            if must_propagate(error):
                raise
            self._log.exception("A document of kernel %s failed: %r", self.kernel_id, error)

    # The worker

    async def work(self) -> None:
        """Run cells until the kernel is gone."""
        async with create_task_group() as tasks:
            while self._state is not KernelState.GONE:
                news = self._news
                first = self._runs.first
                if first is None or self._state in (
                    KernelState.RESTARTING,
                    KernelState.CONNECTING,
                ):
                    with move_on_after(ALIVE_INTERVAL) as waited:
                        await news.wait()
                    if waited.cancelled_caught and self._state is KernelState.CONNECTING:
                        await self._check_start()
                elif self._state is KernelState.DISCONNECTED:
                    self._state = KernelState.CONNECTING
                    self._connection = CancelScope()
                    tasks.start_soon(self._stay_connected, self._connection)
                else:
                    await self._execute(first)
            tasks.cancel_scope.cancel()

    async def _check_start(self) -> None:
        """End all runs if the kernel has died before it ever answered."""
        if not await self._is_alive() and self._state is KernelState.CONNECTING:
            self.died("The kernel could not be started.")

    async def _stay_connected(self, scope: CancelScope) -> None:
        """Hold a connection to the kernel until it is ended, and renew one that is lost."""
        attempts = 0
        with scope:
            while attempts < MAX_ATTEMPTS:
                channels = self._channels = self._connect(self.session)
                try:
                    await channels.run(self._receive, self._became_ready)
                except BaseException as error:
                    if must_propagate(error):
                        raise
                    self._log.warning("Lost the connection to kernel %s: %r", self.kernel_id, error)
                finally:
                    channels.close()
                # A gateway sends what was missed meanwhile.
                attempts = 1 if self._state is KernelState.READY else attempts + 1
                self._state = KernelState.CONNECTING
                await sleep(RECONNECT_DELAY)
            # The kernel may be alive, so that the next run tries again.
            self._connection = self._channels = None
            self._state = KernelState.DISCONNECTED
            self._end_all(Result(Outcome.DIED, "The connection to the kernel was lost."))
            self._notify()

    def _became_ready(self) -> None:
        if self._state is KernelState.CONNECTING:
            self._state = KernelState.READY
            self._ask_for_idle()
            self._notify()

    def _ask_for_idle(self) -> None:
        """Ask the kernel, after the connection was lost, to say when it has ended what runs.

        The reply to the run itself may have been lost.
        """
        run = self.running
        if run is not None and self._channels is not None:
            with suppress(ConnectionError):  # it is lost again, and renewed
                self._probe = self._channels.send("shell", "kernel_info_request", {})

    def _disconnect(self, state: KernelState) -> None:
        self._state = state
        self._channels = None
        self._apply_updates()
        self.widgets.clear()
        self._displays.clear()
        self.session = uuid4().hex
        self._forgot()
        if self._connection is not None:
            self._connection.cancel()
            self._connection = None

    def _notify(self) -> None:
        self._news.set()
        self._news = Event()
        self._changed()

    async def _is_permitted(self, run: Run) -> bool:
        """Return whether a run may start; end it and its batch if its user may not run it now.

        A cell can wait for hours, and rights can be revoked in the meantime. [R9]
        """
        if run.may_run is None or time.time() - run.since < self._check_interval:
            return True
        is_permitted = False
        try:
            with move_on_after(PERMISSION_LIMIT):
                is_permitted = await run.may_run()
        except BaseException as error:  # an authorizer may raise anything
            if must_propagate(error):
                raise
            self._log.error("Could not authorize %s: %r", run.person.username, error)
        if run.state is RunState.ENDED or self._state is not KernelState.READY:
            return False
        if not is_permitted:
            who = run.person.name or run.person.username
            reason = f"{who} no longer has permission to run code here."
            self._end_together(self._waiting_in(run), Result(Outcome.FAILED, reason))
        return is_permitted

    async def _execute(self, run: Run) -> None:
        if not await self._is_permitted(run):
            return
        if run.writer.is_gone:
            reason = "The cell was deleted before it ran, or is no code cell any more."
            self._end(run, Result(Outcome.CELL_DELETED, reason))
            return
        run.state = RunState.RUNNING
        run.began = time.time()
        self._forget(self._ended.pop(run.place, None))
        has_code = bool(run.code.strip())
        # Before the document is written, so that the kernel works meanwhile.
        problem = self._send(run) if has_code else ""
        self._contained(run.writer.start)
        for call in run.when_started:
            self._contained(partial(call, run))
        self._changed()
        if not has_code:
            self._end(run, Result(Outcome.OK))
            return
        for attempt in range(MAX_ABORTS):
            if attempt:
                problem = self._send(run)
            if problem:
                self._end(run, Result(Outcome.FAILED, problem))
                return
            await self._until_finished(run)
            if run.state is RunState.ENDED:
                return
            is_aborted = run.reply is not None and run.reply["content"].get("status") == "aborted"
            if run.interrupt is not None or not is_aborted:
                break
        with self._containing():
            await run.writer.catch_up()
        if run.state is RunState.RUNNING:  # else the kernel was restarted meanwhile
            self._finish(run)

    def _send(self, run: Run) -> str:
        """Send a run to the kernel; return why that was not possible, or nothing."""
        run.reply, run.is_idle = None, False
        content = {
            "code": run.code,
            "silent": False,
            "store_history": True,
            "user_expressions": {},
            "allow_stdin": True,
            # The queue decides what an error stops: a kernel would also abort what others sent.
            "stop_on_error": False,
        }
        assert self._channels is not None
        try:
            request = self._channels.send(
                "shell", "execute_request", content, metadata=run.metadata
            )
        except ConnectionError as error:
            return str(error)
        self._requests[request] = run
        run.requests.append(request)
        run.session = self.session
        return ""

    async def _until_finished(self, run: Run) -> None:
        """Wait until the kernel has replied and published everything, or the run has ended."""
        finished = run.finished
        while True:
            with move_on_after(ALIVE_INTERVAL):
                await finished.wait()
            if finished.is_set():
                return
            is_half = run.reply is not None or run.is_idle
            is_connected = self._state is KernelState.READY
            limit = IDLE_LIMIT if run.interrupt is None else INTERRUPT_LIMIT
            if is_half and is_connected and time.monotonic() - run.heard > limit:
                missing = "reply" if run.reply is None else "publish that it is idle"
                self._log.warning("Kernel %s did not %s", self.kernel_id, missing)
                return
            if not await self._is_alive() and not finished.is_set():
                self.died("The kernel died. Restart it to run cells.")

    def _finish(self, run: Run) -> None:
        """End a run by the kernel's reply."""
        content = (run.reply or {}).get("content", {})
        count = content.get("execution_count")
        count = count if isinstance(count, int) and 0 <= count <= MAX_INTEGER else None
        status = content.get("status")
        if status == "ok":
            self._take_payload(run, content.get("payload"))
            self._end(run, Result(Outcome.OK, count=count))
        elif status == "aborted" and run.interrupt is None:
            self._end(run, Result(Outcome.STOPPED, "The kernel aborted the cell."))
        elif run.interrupt is not None and (run.reply is None or status == "aborted"):
            self._end(run, run.interrupt)
        elif run.reply is None:
            self._end(run, Result(Outcome.FAILED, "The kernel ran the cell and did not reply."))
        else:
            error = {
                key: valid_text(str(content.get(key, ""))[:10_000]) for key in ("ename", "evalue")
            }
            if run.stops_on_error:
                # First: when a page learns of an error, it marks the rest as idle itself.
                reason = "The cell did not run, since an earlier one failed."
                self._end_batch(run, Result(Outcome.STOPPED, reason, run.person))
            self._end(run, Result(Outcome.ERROR, count=count, error=error))

    def _take_payload(self, run: Run, payload: Any) -> None:
        """Show a pager's text as an output, and pass the next input on."""
        given = payload if isinstance(payload, list) else []
        entries = [each for each in given if isinstance(each, dict)]
        pages = [each for each in entries if each.get("source") == "page"]
        if pages:
            run.writer.outputs.add("display_data", {"data": pages[0].get("data")})
            run.writer.changed()
        inputs = [each for each in entries if each.get("source") == "set_next_input"]
        if inputs:
            text = valid_text(str(inputs[0].get("text", "")))
            if len(text) > MAX_NEXT_INPUT:
                run.writer.outputs.print(
                    "stderr", f"The next input is too long: {len(text):,} characters.\n"
                )
                run.writer.changed()
                return
            self._next_input(run, text, bool(inputs[0].get("replace")))

    # Messages of the kernel

    def _receive(self, channel: str, message: Message) -> None:
        """Process a message; whatever a kernel sends, the next ones are processed, too."""
        try:
            self._read(channel, message)
        except BaseException as error:
            if must_propagate(error):
                raise
            self._log.warning("Ignored a message of kernel %s: %r", self.kernel_id, error)

    def _read(self, channel: str, message: Message) -> None:
        kind = str(message["header"]["msg_type"])
        content = message["content"]
        if not isinstance(content, dict):
            raise TypeError(f"The content of '{kind}' is not an object.")
        if kind in COMMS or kind == "status":
            self._read_comm(kind, message)
        if kind == "update_display_data":
            self._update_displays(content)
            return
        if kind == "status" and content.get("execution_state") in ("restarting", "dead"):
            self._on_remote_death(str(content["execution_state"]))
            return
        request = str(message["parent_header"].get("msg_id", ""))
        if request and request == self._probe and channel == "shell":
            self._on_probe()
        run = self._requests.get(request)
        if run is None:
            return
        run.heard = time.monotonic()
        if channel == "iopub":
            if kind in CAPTURED and self.widgets.take(message, kind):
                return
            self._read_output(run, kind, content, message["header"])
        elif channel == "stdin" and kind == "input_request":
            self._ask(run, message)
        elif channel == "shell" and kind == "execute_reply" and run.reply is None:
            run.reply = message
            started = message.get("metadata", {}).get("started")
            if started:
                run.times["shell.execute_reply.started"] = _date(started)
            run.times["shell.execute_reply"] = _date(message["header"].get("date"))
            self._check_finished(run)

    def _on_probe(self) -> None:
        """Wait no longer than for the rest of the messages: kernels reply in order."""
        self._probe = ""
        if (run := self.running) is not None:
            run.is_idle, run.heard = True, time.monotonic()

    def _read_comm(self, kind: str, message: Message) -> None:
        """Follow the widgets of the kernel; one that is not valid affects nothing else."""
        try:
            self.widgets.receive(kind, message)
        except (
            AttributeError,
            IndexError,
            KeyError,
            RecursionError,
            TypeError,
            ValueError,
        ) as error:
            self._log.warning("Ignored a widget of kernel %s: %r", self.kernel_id, error)

    def _on_remote_death(self, state: str) -> None:
        """End all runs after a kernel behind a gateway has died; local ones are watched."""
        if state == "dead":
            self.died("The kernel died. Restart it to run cells.")
        else:
            self.restarted_by_itself()

    def _read_output(
        self, run: Run, kind: str, content: dict[str, Any], header: dict[str, Any]
    ) -> None:
        writer = run.writer
        if kind == "status":
            state = str(content.get("execution_state"))
            if state in ("busy", "idle"):
                run.times[f"iopub.status.{state}"] = _date(header.get("date"))
            if state == "idle":
                run.is_idle = True
                self._check_finished(run)
            return
        if kind == "execute_input":
            run.times["iopub.execute_input"] = _date(header.get("date"))
            return
        if kind == "stream":
            writer.outputs.print(str(content["name"]), str(content["text"]))
        elif kind == "clear_output":
            writer.outputs.clear(wait=bool(content.get("wait")))
        elif kind in ("execute_result", "display_data", "error"):
            transient = content.get("transient")
            if kind != "error":
                self._update_displays(content)  # earlier ones with the same id
            output = writer.outputs.add(kind, content)
            if kind == "display_data" and output is not None and isinstance(transient, dict):
                self._note_display(transient.get("display_id"), run, output)
        else:
            return
        writer.changed()

    def _release(self, request: str, outputs: list[dict[str, Any]]) -> None:
        """Show what was captured in the cell, since no widget can show it."""
        run = self._requests.get(request)
        if run is not None:
            for output in outputs:
                take(run.writer.outputs, str(output["output_type"]), output)
            run.writer.changed()

    def _check_finished(self, run: Run) -> None:
        if run.reply is not None and run.is_idle:
            finished, run.finished = run.finished, Event()
            finished.set()

    def _ask(self, run: Run, message: Message) -> None:
        if run is not self.running:
            return
        content = message["content"]
        run.asked += 1
        is_password = bool(content.get("password"))
        text = valid_text(str(content.get("prompt", ""))[:MAX_PROMPT])
        run.prompt = Prompt(uuid4().hex, text, is_password, message)
        self._changed()

    def _ask_again(self, run: Run, prompt: Prompt, asked: int) -> None:
        """Show a question again that was not followed by another one or a reply."""
        if run is self.running and run.reply is None and run.asked == asked:
            run.prompt = prompt
            self._changed()

    # Displays

    def _note_display(self, display_id: Any, run: Run, output: Output) -> None:
        if isinstance(display_id, str) and display_id:
            known = self._displays.setdefault(display_id, [])
            if len(known) & (len(known) - 1) == 0:  # at powers of two: there may be many
                known[:] = [each for each in known if not each[1].is_gone]
            known.append((run, output))
            run.displays.add(display_id)
            self._displays.move_to_end(display_id)
            if len(self._displays) > MAX_DISPLAYS:
                self._displays.popitem(last=False)

    def _update_displays(self, content: dict[str, Any]) -> None:
        """Update all displays with the id of a message soon."""
        transient = content.get("transient")
        display_id = transient.get("display_id") if isinstance(transient, dict) else None
        if isinstance(display_id, str) and display_id in self._displays:
            self._updates[display_id] = content
            if self._updating is None:
                loop = asyncio.get_running_loop()
                self._updating = loop.call_later(UPDATE_DELAY, self._apply_updates)

    def _apply_updates(self) -> None:
        """Apply the updates of displays that have arrived."""
        if self._updating is not None:
            self._updating.cancel()
            self._updating = None
        updates, self._updates = self._updates, {}
        for display_id, content in updates.items():
            self._contained(partial(self._apply_update, display_id, content))

    def _apply_update(self, display_id: str, content: dict[str, Any]) -> None:
        update = output_of("display_data", content)
        size = size_of(update)
        for run, output in self._displays.get(display_id, ()):
            # The display that sent an update already has its content.
            if not output.is_gone and output.content != update:
                run.writer.outputs.update(output, update, size)
                run.writer.changed()

    # Runs that have ended

    def _keep(self, run: Run) -> None:
        """Keep an ended run for late outputs, and forget the oldest ones if there are many."""
        if not run.requests:
            return
        self._forget(self._ended.pop(run.place, None))
        run.size = run.writer.size
        self._ended[run.place] = run
        self._ended_size += run.size
        while len(self._ended) > 1 and (
            self._ended_size > KEPT_BYTES or len(self._ended) > MAX_KEPT
        ):
            self._forget(self._ended.popitem(last=False)[1])

    def _forget(self, run: Run | None) -> None:
        if run is not None:
            self._ended_size -= run.size
            run.writer.outputs.clear()
            run.writer.close()
            for request in run.requests:
                self._requests.pop(request, None)
            for name in run.displays & self._displays.keys():
                others = [each for each in self._displays[name] if each[0] is not run]
                self._displays[name] = others
                if not others:
                    del self._displays[name]


def _date(value: Any) -> str:
    """Return a date of a message's header, as JupyterLab stores it."""
    if value is None:
        return _now()
    if isinstance(value, str):
        return valid_text(value[:MAX_DATE])
    with suppress(AttributeError):
        return str(value.isoformat()).replace("+00:00", "Z")
    return valid_text(str(value)[:MAX_DATE])


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())
