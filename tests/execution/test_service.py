"""The runs of all kernels, their documents, and what anybody does to kernels."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, cast

import pytest
from anyio import Event, create_task_group
from jupyter_server import CallContext

from jupyter_collaboration.errors import LoadFailed
from jupyter_collaboration.execution import kernels
from jupyter_collaboration.execution import service as services
from jupyter_collaboration.execution.broadcasts import RunBroadcasts
from jupyter_collaboration.execution.queue import KernelQueue, Outcome, Person, Run
from jupyter_collaboration.execution.running_documents import RunningDocuments
from jupyter_collaboration.execution.service import RunService
from jupyter_collaboration.execution.snippet import SnippetWriter
from jupyter_collaboration.protocol import messages
from jupyter_collaboration.rooms.member import Outgoing, Pin

ADA = Person("ada", "Ada")
LIMIT = 2**20
LOG = logging.getLogger("test")


async def still() -> bool:
    """Return that a user may still run code."""
    return True


class Manager:
    """A manager of kernels, of which none is a process."""

    def __init__(self, *kernels: str) -> None:
        self.kernels = set(kernels)
        self.may_go_on = Event()
        self.callbacks: dict[str, list[Callable[[], None]]] = {"restart": [], "dead": []}

    def __contains__(self, kernel_id: str) -> bool:
        return kernel_id in self.kernels

    def add_restart_callback(self, kernel_id: str, call: Callable[[], None], event: str) -> None:
        self.callbacks[event].append(call)

    def get_kernel(self, kernel_id: str) -> Any:
        def client() -> Any:
            raise OSError("There is no such process.")

        return SimpleNamespace(client=client, autorestart=True)

    async def is_alive(self, kernel_id: str) -> bool:
        return False

    async def start_kernel(self) -> None:
        raise NotImplementedError

    async def interrupt_kernel(self, kernel_id: str) -> None:
        """There is nothing to interrupt."""

    async def restart_kernel(self, kernel_id: str) -> None:
        await self.may_go_on.wait()

    async def shutdown_kernel(self, kernel_id: str) -> None:
        self.kernels.remove(kernel_id)


def serviced(
    manager: Manager, test: Callable[[RunService], Coroutine[Any, Any, None]]
) -> Coroutine[Any, Any, None]:
    """Run a test beside a service that works."""

    async def tested() -> None:
        service = RunService(cast(Any, Rooms(LoadFailed(""))), manager, LIMIT, 60.0, LOG)
        async with create_task_group() as tasks:
            await tasks.start(service.run)
            await test(service)
            service.stop()

    return tested()


def test_a_run_that_takes_long_keeps_no_others_in_memory(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # [R8]
    monkeypatch.setattr(services, "MAX_RESULTS", 3)

    async def test(service: RunService) -> None:
        long = service.submit_snippet("k1", "while True: pass", ADA, still)
        short = [service.submit_snippet("k2", "1", ADA, still) for _ in range(10)]
        for each in short:
            await service.end(each, ADA)
        assert [service.find(each.id) for each in short[:7]] == [None] * 7
        assert [service.find(each.id) for each in (long, *short[7:])] == [long, *short[7:]]

    run(serviced(Manager("k1", "k2"), test))


def test_a_kernel_that_is_shut_down_while_it_restarts_has_no_queue(run: Any) -> None:
    # [R6]
    manager = Manager("k")

    async def test(service: RunService) -> None:
        waiting = service.submit_snippet("k", "1", ADA, still)
        async with create_task_group() as tasks:
            tasks.start_soon(cast(Any, manager).restart_kernel, "k")
            while waiting.result is None:
                await asyncio.sleep(0)
            later = service.submit_snippet("k", "2", ADA, still)
            await cast(Any, manager).shutdown_kernel("k")
            assert later.result is not None and later.result.outcome is Outcome.SHUT_DOWN
            assert service.queue_of(later) is None and not service.is_current(later.session)
            manager.may_go_on.set()
        manager.kernels.add("k")
        assert service.queue("k").state.value == "disconnected"

    run(serviced(manager, test))


def test_an_interrupt_while_the_kernel_restarts_cancels_what_waits(run: Any) -> None:
    # [R4]
    manager = Manager("k")

    async def test(service: RunService) -> None:
        service.queue("k")
        async with create_task_group() as tasks:
            tasks.start_soon(cast(Any, manager).restart_kernel, "k")
            while service.queue("k").state.value != "restarting":
                await asyncio.sleep(0)
            waiting = service.submit_snippet("k", "1", ADA, still)
            await cast(Any, manager).interrupt_kernel("k")
            assert waiting.result is not None
            assert waiting.result.outcome is Outcome.INTERRUPTED
            manager.may_go_on.set()

    run(serviced(manager, test))


@pytest.mark.parametrize("is_over", [False, True])
def test_what_a_request_has_started_is_not_done_by_its_user(run: Any, is_over: bool) -> None:
    # [R6]
    manager = Manager("k")

    async def test(service: RunService) -> None:
        user = SimpleNamespace(username="ada", display_name="Ada")
        CallContext.set(
            CallContext.JUPYTER_HANDLER, SimpleNamespace(current_user=user, _finished=is_over)
        )
        waiting = service.submit_snippet("k", "1", ADA, still)
        await cast(Any, manager).shutdown_kernel("k")  # such as by a culler
        assert waiting.result is not None
        assert waiting.result.by == (None if is_over else ADA)

    run(serviced(manager, test))


def test_a_kernel_that_dies_twice_is_waited_for_twice(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # [R6]
    manager = Manager("k")
    now = 0.0
    clock = SimpleNamespace(time=lambda: now)
    monkeypatch.setattr(kernels, "asyncio", SimpleNamespace(get_running_loop=lambda: clock))

    async def test(service: RunService) -> None:
        nonlocal now
        service.queue("k")
        assert await service._kernels.is_alive("k")  # it is about to be started again
        for call in manager.callbacks["restart"]:
            call()
        now = 1_000.0
        assert await service._kernels.is_alive("k")
        now += kernels.RESTART_LIMIT
        assert not await service._kernels.is_alive("k")

    run(serviced(manager, test))


class Room:
    """The part of a document's room by which it is kept open."""

    room_id = "json:notebook:1"

    def __init__(self) -> None:
        self.clients: set[Any] = set()
        self.join = self.clients.add


class Rooms:
    """The rooms of a server, none of which can be opened."""

    def __init__(self, error: Exception) -> None:
        self.rooms: dict[str, Any] = {}
        self._error = error

    async def open(self, room_id: str) -> Any:
        raise self._error

    def leave(self, room: Room, member: Any) -> None:
        room.clients.remove(member)


@pytest.mark.parametrize("error", [LoadFailed("damaged"), OSError("no such device")])
def test_a_document_that_cannot_be_opened_again_is_kept_open_no_more(
    run: Any, error: Exception
) -> None:
    # [R2]
    async def test() -> None:
        jobs: list[Coroutine[Any, Any, None]] = []
        rooms = Rooms(error)
        documents = RunningDocuments(
            cast(Any, rooms), lambda job, *args: jobs.append(job(*args)), LOG
        )
        room = Room()
        ran = Run("r", room.room_id, "c", "1", ADA, "b", SnippetWriter(LIMIT))
        documents.add(cast(Any, room), ran)
        assert room.clients
        documents.note_lost(room.room_id, cast(Any, ran.writer))
        for call in ran.when_ended:
            call(ran)
        (reopening,) = jobs
        await reopening
        assert not room.clients
        later = Room()
        documents.joined(cast(Any, later))
        assert not later.clients  # it may be closed when its members leave

    run(test())


def test_a_job_that_fails_ends_no_runs(run: Any) -> None:
    # [R3]
    async def test(service: RunService) -> None:
        async def fails() -> None:
            raise OSError("no such device")

        service._start(fails)
        for _ in range(5):
            await asyncio.sleep(0)
        waiting = service.submit_snippet("k", "1", ADA, still)
        assert service.find(waiting.id) is waiting

    run(serviced(Manager("k"), test))


class Viewer(Pin):
    """A member who records what is sent."""

    def __init__(self, *, may_execute: bool) -> None:
        self.may_execute = may_execute
        self.got: list[bytes] = []

    def send(self, outgoing: Outgoing) -> None:
        self.got.append(outgoing.message)


def test_what_a_widget_captures_goes_to_those_who_may_use_the_kernel() -> None:
    # [R9] [R14]
    room = SimpleNamespace(clients=[Viewer(may_execute=True), Viewer(may_execute=False)])
    queue = SimpleNamespace(documents={"other"})
    broadcasts = RunBroadcasts({"k": cast(KernelQueue, queue)}, lambda room_id: cast(Any, room))
    broadcasts.captured("k", "w", [{"output_type": "stream", "name": "stdout", "text": "x"}])
    may, may_not = room.clients
    content = {"type": "widget", "kernel": "k", "comm": "w"}
    outputs = [{"output_type": "stream", "name": "stdout", "text": "x"}]
    assert may.got == [messages.raw_message({**content, "outputs": outputs})]
    assert may_not.got == []
