"""The queue of one kernel, with a kernel of the test's own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from anyio import Event, create_task_group, fail_after

from jupyter_collaboration.errors import KernelUnreachable
from jupyter_collaboration.execution import queue as queues
from jupyter_collaboration.execution.channels import Message, Receive
from jupyter_collaboration.execution.queue import KernelQueue, Person, Run
from jupyter_collaboration.execution.service import RunService
from jupyter_collaboration.execution.snippet import SnippetWriter

ADA = Person("ada", "Ada")
LIMIT = 2**20


class Channels:
    """The channels of a kernel whose messages the test makes up."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.is_connected = True
        self.receive: Receive = lambda name, message: None

    async def run(self, receive: Receive, ready: Callable[[], None]) -> None:
        self.receive = receive
        ready()
        await asyncio.Event().wait()

    def send(self, channel: str, kind: str, content: Message, **more: Any) -> str:
        if not self.is_connected:
            raise ConnectionError("There is no connection.")
        self.requests.append(f"{kind} {len(self.requests)}")
        return self.requests[-1]

    def close(self) -> None:
        """Nothing to do."""

    def deliver(self, channel: str, kind: str, **content: Any) -> None:
        """Send a message about the latest request."""
        parent = next(name for name in reversed(self.requests) if name.startswith("execute"))
        header = {"msg_type": kind}
        message = {"header": header, "parent_header": {"msg_id": parent}, "content": content}
        self.receive(channel, message)

    def finishes(self) -> None:
        """End the latest request."""
        self.deliver("shell", "execute_reply", status="ok", execution_count=1)
        self.deliver("iopub", "status", execution_state="idle")


class Kernel:
    """A queue and its kernel."""

    def __init__(self) -> None:
        self.channels = Channels()

        async def is_alive() -> bool:
            return True

        self.queue = KernelQueue(
            "k",
            lambda: self.channels,
            is_alive,
            lambda: None,
            lambda run, text, replaces: None,
            lambda ended: None,
            lambda: "",
            LIMIT,
            lambda name, outputs: None,
            lambda: None,
            logging.getLogger("test"),
        )

    async def run(self, name: str) -> Run:
        """Run code until the kernel has received it."""
        run = Run(name, "", name, "1", ADA, name, SnippetWriter(LIMIT))
        received = len(self.channels.requests)
        self.queue.add(run)
        with fail_after(10):
            while len(self.channels.requests) == received:
                await asyncio.sleep(0)
        return run

    async def ends(self, run: Run) -> None:
        """Let the kernel end a run."""
        ended = Event()
        run.when_ended.append(lambda run: ended.set())
        self.channels.finishes()
        with fail_after(10):
            await ended.wait()


def with_kernel(test: Callable[[Kernel], Awaitable[None]]) -> Awaitable[None]:
    """Run a test beside a queue that works."""

    async def tested() -> None:
        kernel = Kernel()
        async with create_task_group() as tasks:
            tasks.start_soon(kernel.queue.work)
            await test(kernel)
            tasks.cancel_scope.cancel()

    return tested()


def test_only_so_many_ended_runs_are_kept(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # [R7]
    monkeypatch.setattr(queues, "MAX_KEPT", 3)

    async def test(kernel: Kernel) -> None:
        ran = []
        for at in range(5):
            ran.append(await kernel.run(f"r{at}"))
            kernel.channels.deliver("iopub", "stream", name="stdout", text="x")
            await kernel.ends(ran[-1])
        assert [len(each.writer.outputs) for each in ran] == [0, 0, 1, 1, 1]

    run(with_kernel(test))


def test_displays_that_are_gone_take_no_memory(run: Any) -> None:
    # [R8]
    async def test(kernel: Kernel) -> None:
        ran = await kernel.run("r")
        shown = {"data": {"text/plain": "large"}, "transient": {"display_id": "d"}}
        kernel.channels.deliver("iopub", "display_data", **shown)
        output = ran.writer.outputs[0]
        kernel.channels.deliver("iopub", "clear_output", wait=False)
        assert output.content == {}  # although an update may still name it
        kernel.channels.deliver("iopub", "update_display_data", **shown)
        assert output.content == {} and not len(ran.writer.outputs)
        await kernel.ends(ran)

    run(with_kernel(test))


def test_an_answer_that_does_not_reach_the_kernel_leaves_the_prompt(run: Any) -> None:
    # [R10] [R13]
    async def test(kernel: Kernel) -> None:
        ran = await kernel.run("r")
        kernel.channels.deliver("stdin", "input_request", prompt="who? ", password=False)
        assert ran.prompt is not None
        kernel.channels.is_connected = False
        with pytest.raises(KernelUnreachable):
            kernel.queue.answer(ran.prompt.id, "ada")
        assert ran.prompt is not None and not len(ran.writer.outputs)
        kernel.channels.is_connected = True
        assert kernel.queue.answer(ran.prompt.id, "ada")
        assert ran.prompt is None
        await kernel.ends(ran)

    run(with_kernel(test))


def test_members_share_no_batch_with_those_who_left() -> None:
    # [R4]
    kernels = SimpleNamespace(interrupt_kernel=None, restart_kernel=None, shutdown_kernel=None)
    kernels.start_kernel = lambda: None
    for name in ("interrupt_kernel", "restart_kernel", "shutdown_kernel"):
        setattr(kernels, name, kernels.start_kernel)
    service = RunService(cast(Any, None), kernels, LIMIT, logging.getLogger("test"))

    class Member:
        """Of no interest, but that a later one can have the address of an earlier one."""

    batches = set()
    for _ in range(100):
        member = Member()
        batches.add(service.batch_of(cast(Any, member)))
        assert service.batch_of(cast(Any, member)) in batches
        del member
    assert len(batches) == 100


def test_a_run_ends_if_an_interrupt_hits_its_reply(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # [R4]
    monkeypatch.setattr(queues, "ALIVE_INTERVAL", 0.01)
    monkeypatch.setattr(queues, "INTERRUPT_LIMIT", 0.02)

    async def test(kernel: Kernel) -> None:
        ran = await kernel.run("r")
        ended = Event()
        ran.when_ended.append(lambda run: ended.set())
        kernel.queue.interrupted(ADA)
        kernel.channels.deliver("iopub", "status", execution_state="idle")  # and no reply
        with fail_after(10):
            await ended.wait()
        assert ran.result is not None and ran.result.by == ADA
        assert ran.result.outcome is queues.Outcome.INTERRUPTED
        await kernel.ends(await kernel.run("next"))

    run(with_kernel(test))
