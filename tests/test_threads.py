"""Calls in threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from jupyter_collaboration.threads import (
    MAX_COMPUTATIONS,
    SMALL,
    compute,
    run_sized,
    run_sync,
    wait_for,
)

Run = Callable[[Awaitable[Any]], Any]


def test_a_call_looks_at_no_other_task(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:  # [M12]
    def all_tasks(*args: Any) -> Any:
        raise AssertionError("all tasks of the event loop were looked at")

    async def test() -> None:
        with monkeypatch.context() as patch:
            patch.setattr("asyncio.all_tasks", all_tasks)
            patch.setattr("anyio._backends._asyncio.all_tasks", all_tasks)
            assert await run_sync(threading.get_ident) != threading.get_ident()

    run(test())


def test_a_caller_that_is_cancelled_waits_for_the_call(run: Run) -> None:
    async def test() -> None:
        has_begun, may_end = threading.Event(), threading.Event()
        ended: list[str] = []

        def call() -> None:
            has_begun.set()
            assert may_end.wait(20)
            ended.append("call")

        async def caller() -> None:
            try:
                await run_sync(call)
            finally:
                ended.append("caller")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(caller)
            await asyncio.get_running_loop().run_in_executor(None, has_begun.wait, 20)
            tasks.cancel_scope.cancel()
            asyncio.get_running_loop().call_soon(may_end.set)
        assert ended == ["call", "caller"]

    run(test())


def test_an_error_of_a_call_reaches_its_caller(run: Run) -> None:
    async def test() -> None:
        with pytest.raises(ValueError, match="invalid literal"):
            await run_sync(int, "x")

    run(test())


def test_a_thread_waits_for_the_event_loop(run: Run) -> None:
    async def double(number: int) -> int:
        await asyncio.sleep(0)
        return 2 * number

    async def test() -> None:
        assert await run_sync(wait_for, double, 21) == 42
        with pytest.raises(LookupError):
            await asyncio.get_running_loop().run_in_executor(None, wait_for, double, 21)

    run(test())


@pytest.mark.parametrize(("size", "is_here"), [(SMALL, True), (SMALL + 1, False)])
def test_small_data_needs_no_thread(run: Run, size: int, is_here: bool) -> None:
    async def test() -> None:
        found = await run_sized(size, threading.get_ident)
        assert (found == threading.get_ident()) is is_here

    run(test())


def test_computations_share_few_threads_and_wait_for_no_disk(run: Run) -> None:  # [M12]
    """A thread keeps the memory of the largest document that it ever had."""

    async def test() -> None:
        may_end = threading.Event()
        begun = threading.Barrier(11)

        def wait() -> None:
            begun.wait(20)
            assert may_end.wait(20)

        async with anyio.create_task_group() as tasks:
            for _ in range(10):
                tasks.start_soon(run_sync, wait)
            await asyncio.get_running_loop().run_in_executor(None, begun.wait, 20)
            threads = await asyncio.gather(*(compute(threading.get_ident) for _ in range(50)))
            may_end.set()
        assert threading.get_ident() not in threads
        assert len(set(threads)) <= MAX_COMPUTATIONS

    run(test())
