"""The requests of members about runs."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

from anyio import Event

from jupyter_collaboration.execution.queue import Outcome, Person, Result, Run, RunState
from jupyter_collaboration.execution.requests import MemberRequest
from jupyter_collaboration.execution.snippet import SnippetWriter
from jupyter_collaboration.protocol.messages import Request
from jupyter_collaboration.rooms.member import Pin

ADA = Person("ada", "Ada")


def test_a_request_that_is_repeated_while_its_first_one_is_checked_gets_the_result(
    run: Any,
) -> None:
    # [R1]
    may_go_on = Event()

    class Member(Pin):
        async def may_run(self, kernel_id: str) -> bool:
            await may_go_on.wait()
            return True

    async def test() -> None:
        member = Member()
        replies: list[dict[str, Any]] = []
        room = SimpleNamespace(
            room_id="room",
            clients=[member],
            flush_updates=lambda: None,
            reply=lambda member, request, **content: replies.append(content),
        )
        known: dict[str, Run] = {}

        def submit(room: Any, kernel: str, cells: Any, *_: Any) -> list[Run]:
            (cell,) = cells
            writer = SnippetWriter(1)
            known[cell.id] = Run(cell.id, "room", "c", "1", ADA, "batch", writer)
            return [known[cell.id]]

        runs = SimpleNamespace(
            find=known.get, submit=submit, source=lambda room, cell: "1", batch_of=lambda member: ""
        )
        argument = json.dumps({"id": "r", "cell": "c", "kernel": "k"})
        waiting = [
            MemberRequest(
                cast(Any, runs), cast(Any, room), member, Request("run", number, argument)
            ).answer()
            for number in range(2)
        ]
        may_go_on.set()
        for each in waiting:
            assert each is not None
            await each
        known["r"].state, known["r"].result = RunState.ENDED, Result(Outcome.OK)
        for call in known["r"].when_ended:
            call(known["r"])
        assert [reply["status"] for reply in replies] == ["success", "success"]

    run(test())
