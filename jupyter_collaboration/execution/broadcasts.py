"""What members receive about the runs of cells.

Responsible for the messages about queues, and for how often they are sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from ..protocol import messages
from ..rooms.document import DocumentRoom
from ..rooms.member import Member, Outgoing
from .queue import KernelQueue, Result, Run

BROADCAST_INTERVAL = 0.1
"""Seconds between two messages about a queue to the members of its documents."""

MAX_LISTED = 100
"""Most runs in such a message; the rest is a number."""


class RunBroadcasts:
    """Sends the members of documents what happens on their kernels.

    Args:
        queues: the queues of all kernels, by the kernels' ids.
        open_room: returns the room of a document; None while it is closed.
    """

    def __init__(
        self,
        queues: Mapping[str, KernelQueue],
        open_room: Callable[[str], DocumentRoom | None],
    ) -> None:
        self._queues = queues
        self._open_room = open_room
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._times: dict[str, float] = {}
        self._is_stopped = False

    def stop(self) -> None:
        """Send nothing more about what changes."""
        self._is_stopped = True

    def joined(self, room: DocumentRoom, member: Member) -> None:
        """Send a new member what runs and waits."""
        for queue in self._queues.values():
            if room.room_id in queue.documents and queue.runs:
                content = self._runs_for(queue, room, may_execute=member.may_execute)
                member.send(Outgoing(messages.raw_message(content)))

    def changed(self, kernel_id: str) -> None:
        """Send what runs and waits on a kernel soon."""
        if kernel_id in self._timers or self._is_stopped:
            return
        loop = asyncio.get_running_loop()
        due = max(loop.time(), self._times.get(kernel_id, 0.0) + BROADCAST_INTERVAL)
        self._timers[kernel_id] = loop.call_at(due, self._send, kernel_id)

    def _send(self, kernel_id: str) -> None:
        self._timers.pop(kernel_id, None)
        queue = self._queues.get(kernel_id)
        if queue is None:
            self._times.pop(kernel_id, None)
            return
        self._times[kernel_id] = asyncio.get_running_loop().time()
        self._send_runs(queue)

    def _send_runs(self, queue: KernelQueue) -> None:
        """Send the queue to all members; the same bytes to all with the same permission."""
        for room in self._rooms_of(queue):
            frames: dict[bool, Outgoing] = {}
            for member in list(room.clients):
                may = member.may_execute
                if may not in frames:
                    content = self._runs_for(queue, room, may_execute=may)
                    frames[may] = Outgoing(messages.raw_message(content))
                member.send(frames[may])

    def _rooms_of(self, queue: KernelQueue) -> list[DocumentRoom]:
        rooms = [self._open_room(room_id) for room_id in queue.documents]
        return [room for room in rooms if room is not None]

    def _runs_for(
        self, queue: KernelQueue, room: DocumentRoom, *, may_execute: bool
    ) -> dict[str, Any]:
        """Return what a member sees of a queue; of other documents only that something runs."""
        entries = []
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
            entries.append(entry)
        more = max(0, len(queue.runs) - MAX_LISTED)
        return {"type": "runs", "kernel": queue.kernel_id, "runs": entries, "more": more}

    def ended(self, kernel_id: str, ended: list[Run]) -> None:
        """Send the members of all documents why runs have ended that nobody canceled."""
        queue = self._queues.get(kernel_id)
        if queue is None:
            return
        self._send_now(queue)
        for room in self._rooms_of(queue):
            here = [run for run in ended if run.document == room.room_id]
            if not here or here[0].result is None:
                continue
            cells = [run.cell for run in here[:MAX_LISTED]]
            content = {"type": "runs_ended", "kernel": queue.kernel_id, "ended": cells}
            outgoing = Outgoing(messages.raw_message({**content, **result_of(here[0].result)}))
            for member in list(room.clients):
                member.send(outgoing)

    def captured(self, kernel_id: str, name: str, outputs: list[dict[str, Any]]) -> None:
        """Send what a widget has captured to everybody who may have it from the kernel.

        The widget may be shown in any of the documents on the kernel.
        """
        queue = self._queues.get(kernel_id)
        if queue is None:
            return
        content = {"type": "widget", "kernel": kernel_id, "comm": name, "outputs": outputs}
        outgoing = Outgoing(messages.raw_message(content))
        for room in self._rooms_of(queue):
            for member in list(room.clients):
                if member.may_execute:
                    member.send(outgoing)

    def forgot(self, kernel_id: str) -> None:
        """Send where outputs come from, after a kernel has lost what cells defined."""
        queue = self._queues.get(kernel_id)
        for room in [] if queue is None or self._is_stopped else self._rooms_of(queue):
            room.show_origins()

    def _send_now(self, queue: KernelQueue) -> None:
        timer = self._timers.pop(queue.kernel_id, None)
        if timer is not None:
            timer.cancel()
        self._send_runs(queue)


def result_of(result: Result) -> dict[str, Any]:
    """Return a result as clients read it."""
    content: dict[str, Any] = {"outcome": result.outcome.value, "count": result.count}
    if result.reason:
        content["reason"] = result.reason
    if result.by is not None:
        content["by"] = {"username": result.by.username, "name": result.by.name}
    if result.error is not None:
        content["error"] = result.error
    return content
