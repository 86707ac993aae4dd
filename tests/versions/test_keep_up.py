"""When versions are computed without a request."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from pycrdt import Doc, Text

from jupyter_collaboration.documents.identity import parse_room_id
from jupyter_collaboration.history.memory import MemoryBackend
from jupyter_collaboration.history.model import Kind
from jupyter_collaboration.rooms.manager import RoomManager
from jupyter_collaboration.versions import service as services

Run = Callable[[Awaitable[Any]], Any]

ROOM = "text:file:1"


class Rooms:
    """What the service needs of the rooms."""

    def __init__(self, characters: int) -> None:
        self.history = MemoryBackend().history
        doc: Doc[Any] = Doc()
        doc.get("source", type=Text).insert(0, "x" * characters)
        self.history(ROOM).append(doc.get_update(), "ada", Kind.EDIT)


def computed(rooms: Rooms, run: Run, saves: int = 1) -> int:
    """Return how many versions are stored after saves."""

    async def test() -> int:
        service = services.VersionService(cast(RoomManager, rooms), logging.getLogger())
        for _ in range(saves):
            service.keep_up(ROOM)
            while tasks := [*service._weighing, *service._making.values()]:
                await asyncio.wait(tasks)
        await service.close()
        document = parse_room_id(ROOM)
        return len(await rooms.history(str(document)).versions.page(None, 9))

    return int(run(test()))


def test_versions_of_a_small_document_are_computed_after_a_save(run: Run) -> None:  # [V3]
    assert computed(Rooms(1000), run) == 1


def test_the_first_saves_of_a_large_document_compute_no_versions(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:  # [V3]
    """A computation reads and writes the whole document, so that others would wait for it."""
    rooms = Rooms(services.KEEP_UP_BYTES)
    assert computed(rooms, run, saves=3) == 0
    monkeypatch.setattr(services, "KEEP_UP", 0.0)  # as if time had passed
    assert computed(rooms, run) == 1
