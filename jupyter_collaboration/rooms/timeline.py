"""The timeline: a room in which a user steps through the past of a document.

Responsible for these rooms. Each contains a copy of the document, never the document itself. A
user has one such room per document, which closes when they leave.
"""

from __future__ import annotations

import asyncio
from logging import Logger
from typing import Any
from uuid import uuid4

from ..access.roles import Action
from ..documents.identity import DocumentId, parse_room_id
from ..errors import InvalidRequest, RoomNotFound
from ..history.memory import MemoryBackend
from ..history.model import Fork
from ..merge.document import merge_into
from ..protocol.messages import CloseCode
from ..protocol.update_reader import Update
from ..versions.service import VersionService
from ..worker import run_large
from .fork import ForkRoom
from .manager import RoomManager
from .member import Member, Pin

OPEN_TIME = 60.0
"""Seconds that a new room waits for its user to connect."""

MAX_ROOMS = 10
"""Most timelines of one document. Opening another one closes the oldest."""

MAX_STEPS = 10**6


class TimelineRoom(ForkRoom):
    """A read-only copy of a document that shows one of its past states.

    Args:
        moments: the sequence number and the time of each entry that can be shown, oldest first.
        username: the user that it was opened for.
    """

    lasts = False

    def __init__(
        self,
        fork: Fork,
        state: bytes,
        moments: list[tuple[int, float]],
        username: str,
        log: Logger,
    ) -> None:
        super().__init__(fork, MemoryBackend(keep=False).history(fork.room_id), log)
        self.ydoc.apply_update(state)
        self.session_id = str(uuid4())
        self.username = username
        self.moments = moments
        self.position = len(moments) - 1
        self.open()

    def take_read(self, member: Member, update: bytes, found: Update) -> None:
        if found.structs:
            self.refuse(member, Action.EDIT)


class TimelineForks:
    """The timelines of all documents."""

    def __init__(self, rooms: RoomManager, timeline: VersionService, log: Logger) -> None:
        self._rooms = rooms
        self._timeline = timeline
        self._log = log

    async def open(self, document: DocumentId, username: str) -> TimelineRoom:
        """Open a timeline at the current state of a document; the user's previous one closes.

        Raises:
            CollaborationError: the document cannot be opened.
        """
        root = await self._rooms.open(str(document))
        await root.broadcast_ready()  # until then edits are not in the history yet
        moments = await self._rooms.history(str(document)).versions.moments()
        session_id = getattr(root, "session_id", "")
        fork = Fork(str(uuid4()), str(document), session_id)
        room = TimelineRoom(fork, root.ydoc.get_update(), moments, username, self._log)
        self._make_place(fork.root, username)
        self._rooms.add(room)
        pin = Pin()
        room.join(pin)
        asyncio.get_running_loop().call_later(OPEN_TIME, self._rooms.leave, room, pin)
        return room

    def _make_place(self, root: str, username: str) -> None:
        """Close the user's timelines of a document, and the oldest ones above the limit."""
        found = [
            room
            for room in self._rooms.rooms.values()
            if isinstance(room, TimelineRoom) and room.fork.root == root
        ]
        own = [room for room in found if room.username == username]
        others = [room for room in found if room.username != username]
        for room in own + others[: max(0, len(others) - MAX_ROOMS + 1)]:
            self._rooms.dissolve(room, CloseCode.NOT_FOUND, "Another timeline was opened.")

    async def step(self, fork_room: str, root: str, steps: int) -> None:
        """Move a number of entries forward, or back for a negative number.

        Raises:
            RoomNotFound: there is no such timeline.
            VersionNotFound: this state is no longer kept.
        """
        room = self._room(fork_room, root)
        document = parse_room_id(root)
        if document is None or not room.moments:
            raise InvalidRequest("There is nothing to step through.")
        position = min(max(room.position + steps, 0), len(room.moments) - 1)
        content = await self._timeline.content(document, room.moments[position][0])
        ours = room.ydoc.get_update()
        merge = await run_large(2 * len(ours), merge_into, document.type, ours, ours, content)
        room.position = position
        room.ydoc.apply_update(merge.update)

    async def restore(
        self, fork_room: str, root: str, username: str, *, may_execute: bool = True
    ) -> None:
        """Restore the document to the state that a timeline shows, as an edit by a user.

        Args:
            may_execute: whether that user may run code, and so is trusted with outputs.

        Raises:
            RoomNotFound: there is no such timeline.
            CollaborationError: the state cannot be restored.
        """
        room = self._room(fork_room, root)
        document = parse_room_id(root)
        if document is None or not room.moments:
            raise InvalidRequest("There is nothing to restore.")
        version = room.moments[room.position][0]
        await self._timeline.restore(document, version, username, may_execute=may_execute)

    def _room(self, fork_room: str, root: str) -> TimelineRoom:
        room: Any = self._rooms.rooms.get(fork_room)
        if not isinstance(room, TimelineRoom) or room.fork.root != root:
            raise RoomNotFound("This timeline was closed. Open it again.")
        return room
