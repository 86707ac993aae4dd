"""The whole document is encoded once for clients that open it together."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pycrdt import Doc, Text
from support import until

from jupyter_collaboration.access.roles import Role
from jupyter_collaboration.protocol import messages
from jupyter_collaboration.rooms import whole
from jupyter_collaboration.rooms.broadcast import BroadcastRoom
from jupyter_collaboration.rooms.member import Outgoing, Pin

Run = Callable[[Awaitable[Any]], Any]

ASK = messages.sync_message(messages.STEP1, messages.EMPTY_STATE_VECTOR)


class Client(Pin):
    """A member that keeps what it was sent."""

    role = Role.EDITOR

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []

    def send(self, outgoing: Outgoing) -> None:
        self.sent.append(outgoing)

    def text(self) -> str:
        """The text in the last answer."""
        step, update = messages.read_sync(self.sent[-1].message)
        assert step == messages.STEP2
        doc: Doc[Any] = Doc()
        doc.apply_update(update)
        return str(doc.get("source", type=Text))


def test_clients_that_open_a_document_together_share_a_message(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:  # [M12]
    monkeypatch.setattr(whole, "KEPT", 0.01)

    async def test() -> None:
        room = BroadcastRoom("text:file:1", logging.getLogger())
        source = room.ydoc.get("source", type=Text)
        room.open()
        source += "one"
        ada, bob = Client(), Client()
        for client in (ada, bob):
            room.receive(client, ASK)
        assert ada.text() == "one"
        assert ada.sent[-1] is bob.sent[-1]
        source += " two"
        room.receive(bob, ASK)
        assert (ada.text(), bob.text()) == ("one", "one two")
        kept = bob.sent[-1]
        await until(lambda: room._whole._message is None)
        room.receive(bob, ASK)
        assert bob.sent[-1] is not kept
        assert bob.text() == "one two"
        room.close()

    run(test())


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_message_in_parts_has_one_frame(size: int) -> None:  # [M12]
    parts = (b"head", b"x" * size)
    assert Outgoing(*parts).frame == Outgoing(b"".join(parts)).frame
    assert Outgoing(*parts).message == b"".join(parts)
