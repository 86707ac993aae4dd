"""Tests of the states of a room."""

from __future__ import annotations

import logging

import pytest

from jupyter_collaboration.rooms.broadcast import BroadcastRoom
from jupyter_collaboration.rooms.state import RoomState

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_room_goes_through_its_states_and_no_others() -> None:
    room = BroadcastRoom("JupyterLab:globalAwareness", logging.getLogger())
    assert room.state is RoomState.OPENING
    with pytest.raises(RuntimeError, match="opening cannot become flushing"):
        room.become(RoomState.FLUSHING)
    room.open()
    assert room.state is RoomState.LIVE
    room.become(RoomState.FLUSHING)
    assert not room.is_closed
    room.become(RoomState.LIVE)
    room.close(RoomState.FAILED)
    assert room.state is RoomState.FAILED
    assert room.is_closed
    room.close()
    assert room.state is RoomState.FAILED
    with pytest.raises(RuntimeError, match="failed cannot become live"):
        room.become(RoomState.LIVE)
