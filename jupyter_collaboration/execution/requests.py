"""The requests of members about runs: run a cell, cancel a run, answer a prompt.

Responsible for what a request may contain, for who may ask for it, and for the replies.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from ..documents.representable import valid_text
from ..errors import CollaborationError, InvalidRequest
from ..protocol.messages import Request
from ..rooms.document import DocumentRoom
from ..rooms.member import Member
from .broadcasts import result_of
from .queue import KernelQueue, Person, Run, RunState

MAX_ID = 64
"""Longest id of a run or a kernel that a client may choose, in characters."""

MAX_CELL_ID = 1_000
"""Longest id of a cell, in characters."""

MAX_DELETED = 10_000
"""Most deleted cells whose ids one request may send to the kernel."""

NOT_ALLOWED = "You do not have permission to run code."


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


class Runs(Protocol):
    """The runs of a server; see `service.RunService`."""

    def submit(
        self,
        room: DocumentRoom,
        kernel_id: str,
        cells: list[CellRequest],
        person: Person,
        batch: Any,
        may_run: Callable[[], Awaitable[bool]],
    ) -> list[Run]:
        """Add runs of cells to the queue of a kernel."""

    def batch_of(self, member: Member) -> str:
        """Return what is equal for all requests of one member, and for nobody else."""

    def find(self, run_id: str) -> Run | None:
        """Return a run by its id."""

    def asking(self, room: DocumentRoom, prompt_id: str) -> Run | None:
        """Return the run in a document that asks something."""

    def queue_of(self, run: Run) -> KernelQueue | None:
        """Return the queue in which a run is."""

    def source(self, room: DocumentRoom, cell: str) -> str:
        """Return the source of a code cell."""


class MemberRequest:
    """One request of a member.

    Args:
        runs: the runs of the server.
        room: the document.
    """

    def __init__(self, runs: Runs, room: DocumentRoom, member: Member, request: Request) -> None:
        self._runs = runs
        self._room = room
        self._member = member
        self._request = request

    def answer(self) -> Awaitable[None] | None:
        """Process the request; see `BroadcastRoom.answer`."""
        try:
            body = json.loads(self._request.argument)
            if not isinstance(body, dict):
                raise InvalidRequest("The argument is not a JSON object.")
            if self._request.name == "run":
                return self._answer_run(body)
            name = _text(body, "id")
        except (CollaborationError, ValueError, RecursionError) as error:
            self._refuse(f"The request is not valid: {error}")
            return None
        if self._request.name == "cancel":
            return self._act_on(
                self._known(name),
                "It has ended.",
                lambda queue, run: queue.cancel(run, person_of(self._member)),
                "It runs already; interrupt the kernel instead.",
            )
        value = body.get("value")
        if not isinstance(value, str):
            self._refuse("'value' must be a string.")
            return None
        gone = "It was answered already."
        return self._act_on(
            self._runs.asking(self._room, name),
            gone,
            lambda queue, run: queue.answer(name, valid_text(value)),
            gone,
        )

    def _act_on(
        self,
        run: Run | None,
        gone: str,
        act: Callable[[KernelQueue, Run], bool],
        too_late: str,
    ) -> Awaitable[None] | None:
        """Do something to a run, if it has not ended and the member may run code."""
        if run is None:
            self._refuse(gone)
            return None

        async def checked(run: Run) -> None:
            queue = self._runs.queue_of(run)
            if queue is None or not await self._member.may_run(queue.kernel_id):
                self._refuse(NOT_ALLOWED)
                return
            try:
                is_done = act(queue, run)
            except CollaborationError as error:
                self._refuse(str(error))
                return
            if is_done:
                self._room.reply(self._member, self._request, status="success")
            else:
                self._refuse(too_late)

        return checked(run)

    def _answer_run(self, body: dict[str, Any]) -> Awaitable[None] | None:
        kernel_id = _text(body, "kernel")
        deleted = body.get("deletedCells")
        wanted = CellRequest(
            _text(body, "cell", MAX_CELL_ID),
            _text(body, "id"),
            is_timed=body.get("recordTiming") is True,
            deleted_cells=_names(deleted),
        )
        known = self._runs.find(wanted.id)
        if known is not None and known.document == self._room.room_id:
            self._reply_when_ended(known)
            return None
        if known is not None or body.get("again") is True:
            reason = "The server was restarted, or never received the request. Run the cell again."
            self._refuse(reason, "unknown")
            return None
        # The source is what it is now, before anything is awaited.
        wanted.code = self._runs.source(self._room, wanted.cell)
        return self._checked_run(kernel_id, wanted)

    async def _checked_run(self, kernel_id: str, wanted: CellRequest) -> None:
        member = self._member
        try:
            if not await member.may_run(kernel_id):
                self._refuse(NOT_ALLOWED, "not_allowed")
                return
            known = self._runs.find(wanted.id)
            if known is not None and known.document == self._room.room_id:
                # The page repeated the request in the meantime.
                self._reply_when_ended(known)
                return
            (run,) = self._runs.submit(
                self._room,
                kernel_id,
                [wanted],
                person_of(member),
                self._runs.batch_of(member),
                partial(member.may_still_run, kernel_id),
            )
        except CollaborationError as error:
            self._refuse(str(error))
            return
        self._reply_when_ended(run)

    def _reply_when_ended(self, run: Run) -> None:
        room, member = self._room, self._member

        def reply(run: Run) -> None:
            if run.result is not None and member in room.clients:
                room.flush_updates()  # everything that it printed comes before the reply
                room.reply(member, self._request, status="success", **result_of(run.result))

        if run.state is RunState.ENDED:
            reply(run)
        else:
            run.when_ended.append(reply)

    def _refuse(self, reason: str, code: str = "failed") -> None:
        """Reply that the request is refused, and why."""
        self._room.reply(self._member, self._request, status="failed", reason=reason, code=code)

    def _known(self, run_id: str) -> Run | None:
        """Return a run in this document that has not ended."""
        run = self._runs.find(run_id)
        is_here = run is not None and run.document == self._room.room_id
        return run if is_here and run is not None and run.state is not RunState.ENDED else None


def person_of(member: Member) -> Person:
    """Return a member as the person that others see."""
    return Person(member.username, str(member.identity(None).get("display_name", "")))


def _names(value: Any) -> list[str]:
    """Return the ids of cells in a list; what cannot be one is left out."""
    given = value[:MAX_DELETED] if isinstance(value, list) else []
    return [
        each
        for each in given
        if isinstance(each, str) and len(each) <= MAX_CELL_ID and valid_text(each) is each
    ]


def _text(body: dict[str, Any], name: str, longest: int = MAX_ID) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise InvalidRequest(f"'{name}' must be a string of 1 to {longest} characters.")
    if valid_text(value) is not value:
        raise InvalidRequest(f"'{name}' is not valid Unicode.")
    return value
