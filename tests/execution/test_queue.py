"""The queue of one kernel, with a kernel of the test's own."""

from __future__ import annotations

import asyncio
import gc
import logging
import weakref
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from anyio import Event, create_task_group, fail_after

from jupyter_collaboration.errors import KernelUnreachable
from jupyter_collaboration.execution import outputs
from jupyter_collaboration.execution import queue as queues
from jupyter_collaboration.execution.channels import Message, Receive
from jupyter_collaboration.execution.queue import KernelQueue, Person, Run
from jupyter_collaboration.execution.service import RunService
from jupyter_collaboration.execution.snippet import SnippetWriter

ADA = Person("ada", "Ada")
LIMIT = 2**20
CHECK_INTERVAL = 60.0


class Channels:
    """The channels of a kernel whose messages the test makes up."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.is_connected = True
        self.is_lost = asyncio.Event()
        self.receive: Receive = lambda name, message: None

    async def run(self, receive: Receive, ready: Callable[[], None]) -> None:
        if not self.is_connected:
            raise ConnectionError("There is no connection.")
        self.receive = receive
        ready()
        await self.is_lost.wait()
        self.is_lost.clear()
        raise ConnectionError("The connection is lost.")

    def send(self, channel: str, kind: str, content: Message, **more: Any) -> str:
        if not self.is_connected:
            raise ConnectionError("There is no connection.")
        self.requests.append(f"{kind} {len(self.requests)}")
        return self.requests[-1]

    def close(self) -> None:
        """Nothing to do."""

    def deliver(
        self, channel: str, kind: str, about: str = "execute_request", **content: Any
    ) -> None:
        """Send a message about the latest request."""
        parent = next(name for name in reversed(self.requests) if name.startswith(about))
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
        self.sessions: list[str] = []
        self.inputs: list[str] = []
        self.looks = 0

        async def is_alive() -> bool:
            self.looks += 1
            return True

        def connect(session: str) -> Channels:
            self.sessions.append(session)
            return self.channels

        self.queue = KernelQueue(
            "k",
            connect,
            is_alive,
            lambda: None,
            lambda run, text, replaces: self.inputs.append(text),
            lambda ended: None,
            lambda: "",
            LIMIT,
            CHECK_INTERVAL,
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

    async def updates(self) -> None:
        """Wait until the updates of displays are applied."""
        with fail_after(10):
            while self.queue._updating is not None:
                await asyncio.sleep(0)

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
        await kernel.updates()
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
    service = RunService(cast(Any, None), kernels, LIMIT, CHECK_INTERVAL, logging.getLogger("test"))

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


def test_an_interrupt_while_the_kernel_starts_cancels_the_next_request(run: Any) -> None:
    # [R4]
    async def test() -> None:
        kernel = Kernel()
        first, same, other = (
            Run(name, "d", name, "1", ADA, batch, SnippetWriter(LIMIT))
            for name, batch in (("r1", "a"), ("r2", "a"), ("r3", "b"))
        )
        for each in (first, same, other):
            kernel.queue.add(each)
        kernel.queue.interrupted(ADA)
        assert [each.result and each.result.outcome for each in (first, same, other)] == [
            queues.Outcome.INTERRUPTED,
            queues.Outcome.INTERRUPTED,
            None,
        ]

    run(test())


def test_a_run_that_the_kernel_aborts_because_of_an_interrupt_is_not_repeated(run: Any) -> None:
    # [R4]
    async def test(kernel: Kernel) -> None:
        aborted = await kernel.run("r")
        kernel.queue.interrupted(ADA)
        kernel.channels.deliver("shell", "execute_reply", status="aborted")
        kernel.channels.deliver("iopub", "status", execution_state="idle")
        result = await ended(aborted)
        assert (result.outcome, result.by) == (queues.Outcome.INTERRUPTED, ADA)
        assert len(kernel.channels.requests) == 1
        await kernel.ends(await kernel.run("next"))

    run(with_kernel(test))


def test_a_next_input_that_is_too_long_is_named_instead(run: Any) -> None:
    # [R8]
    async def test(kernel: Kernel) -> None:
        ran = await kernel.run("r")
        payload = [{"source": "set_next_input", "text": "x" * (queues.MAX_NEXT_INPUT + 1)}]
        kernel.channels.deliver("shell", "execute_reply", status="ok", payload=payload)
        kernel.channels.deliver("iopub", "status", execution_state="idle")
        assert (await ended(ran)).outcome is queues.Outcome.OK
        assert kernel.inputs == []
        assert "too long: 1,048,577" in ran.writer.outputs.to_py()[0]["text"]

    run(with_kernel(test))


@pytest.mark.parametrize("how", ["fails", "hangs", "is canceled", "restarts"])
def test_a_check_that_does_not_answer_holds_up_nobody(
    run: Any, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    # [R9]
    monkeypatch.setattr(queues, "PERMISSION_LIMIT", 0.05 if how == "hangs" else 60.0)
    asked, answered = Event(), Event()

    async def may_run() -> bool:
        asked.set()
        if how == "fails":
            raise RuntimeError("The authorizer is broken.")
        await answered.wait()
        return True

    async def test(kernel: Kernel) -> None:
        waiting = Run("w", "", "w", "1", ADA, "w", SnippetWriter(LIMIT), may_run=may_run, since=0.0)
        kernel.queue.add(waiting)
        await asked.wait()
        if how == "is canceled":
            assert kernel.queue.cancel(waiting, ADA)
        elif how == "restarts":
            kernel.queue.restarting(ADA)
            kernel.queue.restarted()
        if how in ("is canceled", "restarts"):
            answered.set()
        result = await ended(waiting)
        outcomes = {"is canceled": "canceled", "restarts": "restarted"}
        assert result.outcome.value == outcomes.get(how, "failed")
        await kernel.ends(await kernel.run("next"))
        assert len(kernel.channels.requests) == 1

    run(with_kernel(test))


async def ended(run: Run) -> queues.Result:
    """Wait until a run has ended, and return its result."""
    event = Event()
    run.when_ended.append(lambda run: event.set())
    with fail_after(10):
        if run.result is None:
            await event.wait()
    assert run.result is not None
    return run.result


class BrokenWriter(SnippetWriter):
    """A writer whose document has failed."""

    def end(self, *, count: int | None = None, timing: dict[str, str] | None = None) -> None:
        raise RuntimeError("The document is broken.")

    def release(self) -> None:
        raise RuntimeError("The document is broken.")


@pytest.mark.parametrize("how", ["finished", "restarted", "shut down"])
def test_a_document_that_fails_ends_no_runs_of_others(run: Any, how: str) -> None:
    # [R3]
    async def test(kernel: Kernel) -> None:
        broken = await kernel.run("broken")
        broken.writer = BrokenWriter(LIMIT)
        waiting = Run("w", "", "w", "1", ADA, "w", SnippetWriter(LIMIT))
        kernel.queue.add(waiting)
        if how == "finished":
            kernel.channels.finishes()
            assert (await ended(broken)).outcome is queues.Outcome.OK
            with fail_after(10):
                while waiting.state is not queues.RunState.RUNNING:
                    await asyncio.sleep(0)
            await kernel.ends(waiting)
        elif how == "restarted":
            kernel.queue.restarting(ADA)
        else:
            kernel.queue.close(queues.Result(queues.Outcome.SHUT_DOWN))
        await ended(waiting)
        await ended(broken)
        assert not kernel.queue.runs

    run(with_kernel(test))


def test_displays_of_runs_that_are_forgotten_take_no_memory(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # [R8]
    monkeypatch.setattr(queues, "MAX_KEPT", 2)

    async def test(kernel: Kernel) -> None:
        ran = []
        for at in range(5):
            each = await kernel.run(f"r{at}")
            shown = {"data": {"text/plain": "x"}, "transient": {"display_id": f"d{at}"}}
            kernel.channels.deliver("iopub", "display_data", **shown)
            shown["transient"]["display_id"] = "shared"
            kernel.channels.deliver("iopub", "display_data", **shown)
            await kernel.ends(each)
            ran.append(weakref.ref(each))
            del each
        gc.collect()
        assert [each() is not None for each in ran] == [False, False, False, True, True]

    run(with_kernel(test))


def test_updates_of_displays_that_come_together_are_applied_once(run: Any) -> None:
    # [R8]
    async def test(kernel: Kernel) -> None:
        ran = await kernel.run("r")
        shown = {"data": {"text/plain": "x"}, "transient": {"display_id": "d"}}
        for _ in range(3):
            kernel.channels.deliver("iopub", "display_data", **shown)
        await kernel.updates()
        versions = [each.version for each in ran.writer.outputs]
        assert versions == [0, 0, 0]  # they have had this content from the start
        for at in range(100):
            shown["data"] = {"text/plain": str(at)}
            kernel.channels.deliver("iopub", "update_display_data", **shown)
        await kernel.ends(ran)
        assert [each.content["data"] for each in ran.writer.outputs] == [{"text/plain": "99"}] * 3
        assert [each.version for each in ran.writer.outputs] == [each + 1 for each in versions]

    run(with_kernel(test))


def test_a_cell_that_waits_thousands_of_times_is_written_a_few_times(run: Any) -> None:
    # [R7] [M12]
    writes = 0

    class Counting(SnippetWriter):
        def flush(self) -> None:
            nonlocal writes
            writes += 1

        def end(self, *, count: int | None = None, timing: dict[str, str] | None = None) -> None:
            self.flush()

    async def test(kernel: Kernel) -> None:
        first = await kernel.run("first")
        runs = [Run(str(at), "", "c", "1", ADA, "batch", Counting(LIMIT)) for at in range(3_000)]
        for each in runs:
            kernel.queue.add(each)
        for each in runs[:1_000]:
            assert kernel.queue.cancel(each, ADA)
        assert runs[0] not in kernel.queue and runs[1_000] in kernel.queue
        assert len(kernel.queue) == 2_001
        kernel.queue.restarting(ADA)
        assert first.state is queues.RunState.ENDED and not kernel.queue.runs
        assert all(each.result is not None for each in runs)
        assert writes == 1

    run(with_kernel(test))


def test_updates_of_displays_are_bounded_as_other_outputs_are(run: Any) -> None:
    # [R8]
    async def test(kernel: Kernel) -> None:
        ran = await kernel.run("r")
        channels, outputs = kernel.channels, ran.writer.outputs
        for at in range(10):
            shown = {"data": {"text/plain": "x"}, "transient": {"display_id": f"d{at}"}}
            channels.deliver("iopub", "display_data", **shown)
        for at in range(10):
            update = {"data": {"text/plain": "x" * (LIMIT // 4)}}
            update["transient"] = {"display_id": f"d{at}"}
            channels.deliver("iopub", "update_display_data", **update)
        await kernel.updates()
        assert outputs.size < 1.1 * LIMIT
        notes = [each for each in outputs.to_py() if "was dropped" in str(each.get("text", ""))]
        assert len(notes) == 1
        small = {"data": {"text/plain": "y"}, "transient": {"display_id": "d0"}}
        channels.deliver("iopub", "update_display_data", **small)
        await kernel.updates()
        assert outputs.to_py()[0]["data"] == {"text/plain": "y"}
        await kernel.ends(ran)

    run(with_kernel(test))


def test_many_displays_with_one_id_take_time_in_proportion(run: Any) -> None:
    # [R8]
    async def test(kernel: Kernel) -> None:
        ran = await kernel.run("r")
        looks = 0

        class Output(outputs.Output):
            @property
            def is_gone(self) -> bool:
                nonlocal looks
                looks += 1
                return False

            @is_gone.setter
            def is_gone(self, value: bool) -> None:
                """It is never gone."""

        shown = {"data": {"text/plain": "x"}, "transient": {"display_id": "d"}}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(outputs, "Output", Output)
            for _ in range(1_000):
                kernel.channels.deliver("iopub", "display_data", **shown)
        assert len(ran.writer.outputs) == 1_000 and looks < 3_000
        await kernel.ends(ran)

    run(with_kernel(test))


def test_outputs_of_code_without_a_cell_are_freed_with_the_kernel(run: Any) -> None:
    # [R11]
    async def test(kernel: Kernel) -> None:
        ran = await kernel.run("r")
        kernel.channels.deliver("iopub", "stream", name="stdout", text="x")
        await kernel.ends(ran)
        assert len(ran.writer.outputs) == 1
        kernel.queue.close(queues.Result(queues.Outcome.SHUT_DOWN))
        assert not len(ran.writer.outputs)

    run(with_kernel(test))


def test_a_connection_that_is_renewed_is_for_the_same_session(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # [R13]
    monkeypatch.setattr(queues, "RECONNECT_DELAY", 0)

    async def test(kernel: Kernel) -> None:
        ran = await kernel.run("r")
        kernel.channels.is_lost.set()
        with fail_after(10):
            while len(kernel.sessions) < 2:
                await asyncio.sleep(0)
        await kernel.ends(ran)
        kernel.queue.restarting(ADA)
        kernel.queue.restarted()
        await kernel.ends(await kernel.run("next"))
        first, second, third = kernel.sessions
        assert first == second != third  # what the old kernel said is of no interest

    run(with_kernel(test))


def test_a_run_ends_whose_reply_was_lost_with_the_connection(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # [R6] [R13]
    monkeypatch.setattr(queues, "RECONNECT_DELAY", 0)
    monkeypatch.setattr(queues, "ALIVE_INTERVAL", 0.01)
    monkeypatch.setattr(queues, "IDLE_LIMIT", 0.05)

    async def test(kernel: Kernel) -> None:
        ran = await kernel.run("r")
        kernel.channels.is_lost.set()
        with fail_after(10):
            while not any(each.startswith("kernel_info") for each in kernel.channels.requests):
                await asyncio.sleep(0)
        looks = kernel.looks + 10  # after more than the limit
        with fail_after(10):
            while kernel.looks < looks:
                await asyncio.sleep(0)
        assert ran.result is None  # the kernel may still run it
        kernel.channels.deliver("shell", "kernel_info_reply", about="kernel_info_request")
        assert (await ended(ran)).outcome is queues.Outcome.FAILED
        await kernel.ends(await kernel.run("next"))

    run(with_kernel(test))


def test_a_kernel_that_cannot_be_reached_for_long_is_tried_again(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # [R6] [R13]
    monkeypatch.setattr(queues, "RECONNECT_DELAY", 0)

    async def test(kernel: Kernel) -> None:
        ran = await kernel.run("r")
        session = kernel.queue.session
        kernel.channels.is_connected = False
        kernel.channels.is_lost.set()
        assert (await ended(ran)).reason == "The connection to the kernel was lost."
        kernel.channels.is_connected = True
        await kernel.ends(await kernel.run("next"))
        assert kernel.queue.session == session  # its variables may still be there

    run(with_kernel(test))
