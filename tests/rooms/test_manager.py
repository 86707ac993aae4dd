"""Opening and closing rooms."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from logging import getLogger
from typing import Any

import anyio
import pytest
from pycrdt import Doc, Text

from jupyter_collaboration.access.roles import Role
from jupyter_collaboration.errors import InvalidRequest, ProtocolError
from jupyter_collaboration.history.memory import MemoryBackend
from jupyter_collaboration.protocol import messages
from jupyter_collaboration.protocol.messages import ClientState
from jupyter_collaboration.rooms.manager import RoomManager
from jupyter_collaboration.rooms.member import Outgoing

Run = Callable[[Awaitable[Any]], Any]


class Guest:
    """A member that keeps what it is sent."""

    username = "guest"
    role = Role.EDITOR

    def __init__(self) -> None:
        self.dismissed: list[int] = []
        self.messages: list[bytes] = []

    def identity(self, claimed: Any) -> dict[str, Any]:
        return {"username": self.username}

    may_execute = True

    def tell_role(self) -> None:
        """It stays what it is."""

    def send(self, outgoing: Outgoing) -> None:
        self.messages.append(outgoing.message)

    def dismiss(self, code: int, reason: str) -> None:
        self.dismissed.append(code)


def no_documents(*args: Any) -> Any:
    raise AssertionError("no document is opened here")


def manager(cleanup_delay: float | None) -> RoomManager:
    return RoomManager(no_documents, MemoryBackend(), cleanup_delay=cleanup_delay, log=getLogger())


def managed(test: Callable[[RoomManager], Awaitable[None]], delay: float | None) -> Awaitable[None]:
    async def whole() -> None:
        rooms = manager(delay)
        async with anyio.create_task_group() as tasks:
            await tasks.start(rooms.run)
            await test(rooms)
            await rooms.stop()

    return whole()


async def gone(rooms: RoomManager) -> None:
    while rooms.rooms:
        await asyncio.sleep(0.001)


def test_a_room_that_nobody_joined_is_closed(run: Run) -> None:
    async def test(rooms: RoomManager) -> None:
        await rooms.open("JupyterLab:globalAwareness")
        await gone(rooms)

    run(managed(test, 0.01))


def test_two_members_that_drop_at_once_leave_no_room(run: Run) -> None:
    async def test(rooms: RoomManager) -> None:
        room = await rooms.open("transient")
        guests = [Guest(), Guest()]
        for guest in guests:
            room.join(guest)
        for guest in guests:
            rooms.leave(room, guest)
        await gone(rooms)

    run(managed(test, 0.01))


def test_the_delay_counts_from_the_last_leaving(run: Run) -> None:
    async def test(rooms: RoomManager) -> None:
        room = await rooms.open("transient")
        guest = Guest()
        for _ in range(5):
            room.join(guest)
            rooms.leave(room, guest)
        left = asyncio.get_running_loop().time()
        await gone(rooms)
        assert asyncio.get_running_loop().time() - left >= 0.05

    run(managed(test, 0.05))


def test_a_room_opened_twice_at_once_is_one(run: Run) -> None:
    async def test(rooms: RoomManager) -> None:
        opened: list[Any] = []

        async def open_it() -> None:
            opened.append(await rooms.open("transient"))

        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(open_it)
        assert len(set(map(id, opened))) == 1

    run(managed(test, 60))


def test_an_id_that_no_room_can_have_is_refused_and_leaves_nothing(run: Run) -> None:  # [M1]
    async def test(rooms: RoomManager) -> None:
        with pytest.raises(InvalidRequest):
            await rooms.open("xml:file:1")
        assert rooms.rooms == {}

    run(managed(test, 60))


def test_a_stop_dismisses_the_members(run: Run) -> None:
    guest = Guest()

    async def test(rooms: RoomManager) -> None:
        (await rooms.open("transient")).join(guest)

    run(managed(test, 60))
    assert guest.dismissed == [1001]


def test_a_burst_of_edits_becomes_few_messages_and_none_for_its_only_sender(run: Run) -> None:
    async def test(rooms: RoomManager) -> None:
        room = await rooms.open("transient")
        ada, bob = Guest(), Guest()
        room.join(ada)
        room.join(bob)
        doc: Doc[Any] = Doc()
        text = doc.get("source", type=Text)
        doc.observe(
            lambda event: room.receive(ada, messages.sync_message(messages.UPDATE, event.update))
        )
        greetings = len(bob.messages)
        for _ in range(100):
            text.insert(0, "x")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(ada.messages) == greetings
        assert len(bob.messages) == greetings + 1
        replica: Doc[Any] = Doc()
        replica.apply_update(messages.read_sync(bob.messages[-1])[1])
        assert str(replica.get("source", type=Text)) == "x" * 100

    run(managed(test, 60))


@pytest.mark.parametrize("state", [b"{not json", b'{"x": NaN}', b"-Infinity", b"\xff"])
def test_presence_that_is_not_json_reaches_nobody(run: Run, state: bytes) -> None:  # [M4]
    async def test(rooms: RoomManager) -> None:
        room = await rooms.open("transient")
        ada, bob = Guest(), Guest()
        room.join(ada)
        room.join(bob)
        greetings = len(bob.messages)
        good, bad = ClientState(1, 1, b'{"user":{}}'), ClientState(2, 1, state)
        with pytest.raises(ProtocolError):
            room.receive(ada, messages.awareness_message([good, bad]))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert len(bob.messages) == greetings

    run(managed(test, 60))


def test_nobody_speaks_for_the_server(run: Run) -> None:  # [M4]
    async def test(rooms: RoomManager) -> None:
        room = await rooms.open("transient")
        ada = Guest()
        room.join(ada)
        own = room.awareness.client_id
        room.receive(ada, messages.awareness_message([ClientState(own, 99, b'{"user":"me"}')]))
        assert room.awareness.states[own] == {}
        rooms.leave(room, ada)
        await asyncio.sleep(0)
        assert own in room.awareness.states

    run(managed(test, 60))
