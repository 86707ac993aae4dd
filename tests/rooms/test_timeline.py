"""A timeline is read-only, and no message to it stops the server."""

from __future__ import annotations

import inspect
import logging

import pytest
from pycrdt import Doc, Text

from jupyter_collaboration.access.roles import Role
from jupyter_collaboration.history.model import Fork
from jupyter_collaboration.protocol.update_reader import LARGE
from jupyter_collaboration.rooms.member import Outgoing, Pin
from jupyter_collaboration.rooms.timeline import TimelineRoom

pytestmark = pytest.mark.anyio

LOG = logging.getLogger(__name__)


class Ada(Pin):
    """A member who may edit the document."""

    role = Role.EDITOR

    def __init__(self) -> None:
        self.told: list[Outgoing] = []

    def send(self, outgoing: Outgoing) -> None:
        self.told.append(outgoing)


@pytest.mark.parametrize("length", [1, 2 * LARGE])
async def test_an_edit_of_a_timeline_is_refused_and_a_large_one_is_read_in_a_thread(
    length: int,
) -> None:  # [M4]
    room = TimelineRoom(Fork("a", "text:file:b", "c"), Doc().get_update(), [], "ada", LOG)
    ada = Ada()
    room.join(ada)
    doc: Doc[object] = Doc()
    doc.get("source", type=Text).insert(0, "x" * length)
    waiting = room.take(ada, doc.get_update())
    assert inspect.isawaitable(waiting) == (length > LARGE)
    if waiting is not None:
        await waiting
    assert str(room.ydoc.get("source", type=Text)) == ""
    assert b"not_allowed" in ada.told[-1].message
