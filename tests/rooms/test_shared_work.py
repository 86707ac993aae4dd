"""What several members request at the same time is done once. [M4]"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from jupyter_collaboration.protocol.messages import Request
from jupyter_collaboration.rooms.member import Member
from jupyter_collaboration.rooms.shared_work import Asked, SharedWork

Run = Callable[[Awaitable[Any]], Any]

ADA, BOB = (cast(Member, name) for name in ("ada", "bob"))


def test_requests_during_the_work_are_answered_by_one_more_turn(run: Run) -> None:
    async def test() -> None:
        turns: list[list[tuple[Any, int]]] = []
        go_on = asyncio.Event()

        async def work(asked: list[Asked]) -> None:
            turns.append([(member, request.id) for member, request in asked])
            await go_on.wait()

        shared = SharedWork(work)
        assert shared.add(ADA, Request("revert", 0))
        assert not shared.add(BOB, Request("revert", 0))  # before the first turn begins
        running = asyncio.ensure_future(shared.run())
        await asyncio.sleep(0)
        for number in range(1, 100):
            assert not shared.add(ADA, Request("revert", number))
        assert not shared.add(BOB, Request("revert", 7))
        assert turns == [[(ADA, 0), (BOB, 0)]]
        go_on.set()
        await running
        assert turns[1:] == [[*((ADA, number) for number in range(1, 100)), (BOB, 7)]]
        assert shared.add(BOB, Request("revert", 8))
        await shared.run()
        assert turns[2:] == [[(BOB, 8)]]

    run(test())


def test_work_that_failed_is_done_again_when_it_is_requested(run: Run) -> None:
    async def test() -> None:
        fails = [True, False]

        async def work(asked: list[Asked]) -> None:
            if fails.pop(0):
                raise ValueError("broken")

        shared = SharedWork(work)
        assert shared.add(ADA, Request("save", 0))
        with pytest.raises(ValueError, match="broken"):
            await shared.run()
        assert shared.add(ADA, Request("save", 1))
        await shared.run()
        assert fails == []

    run(test())
