"""The room of one fork: a copy of a document that is stored in its history only, without a file.

Responsible for the fork's members, and for following its root. Creating, merging and deleting
forks belongs to `forks`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from functools import partial
from logging import Logger

from anyio import Lock

from ..access.roles import Action
from ..documents.codec import take_in
from ..documents.identity import parse_room_id
from ..errors import InvalidRequest
from ..history.model import Fork, Kind
from ..history.store import History
from ..protocol import messages
from ..protocol.messages import Request
from .broadcast import BroadcastRoom
from .member import Member, Outgoing, Pin
from .persistent import PersistentRoom
from .state import RoomState

_FORK_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def is_fork_id(room_id: str) -> bool:
    """Return whether this is the id of a fork: a UUID, which no other room has as its id."""
    return _FORK_ID.fullmatch(room_id) is not None


class Follower(Pin):
    """A member of a fork's root that forwards the root's edits.

    Args:
        take: called with each update.
        dismissed: called when the root disconnects its members, with the code and the reason.
    """

    def __init__(
        self, take: Callable[[bytes], None], dismissed: Callable[[int, str], None]
    ) -> None:
        self._take = take
        self._dismissed = dismissed

    def send(self, outgoing: Outgoing) -> None:
        if outgoing.message[:2] == bytes((messages.SYNC, messages.UPDATE)):
            _, update = messages.read_sync(outgoing.message)
            # Not right now: an error in the fork must not affect the root's other members.
            asyncio.get_running_loop().call_soon(self._take, update)

    def dismiss(self, code: int, reason: str) -> None:
        self._dismissed(code, reason)


class ForkRoom(PersistentRoom):
    """A fork that is open."""

    def __init__(self, fork: Fork, history: History, log: Logger) -> None:
        root = parse_room_id(fork.root)
        if root is None:
            raise InvalidRequest("Only documents with files can be forked.")
        super().__init__(fork.room_id, root.type, history, log)
        self.fork = fork
        self._loading = Lock()
        self._unfollow: Callable[[], None] | None = None

    async def initialize(self) -> None:
        """Load the fork from its history, once.

        Raises:
            HistoryUnavailable: the store cannot be read.
        """
        async with self._loading:
            if not self.ready:
                stored = await self._history.load()
                take_in(self.ydoc, *stored.updates)
                self.session_id = stored.session_id
                self.open()

    async def follow(
        self,
        root: BroadcastRoom,
        leave: Callable[[Member], None],
        dismissed: Callable[[int, str], None],
    ) -> None:
        """Apply the root's content, and from now on each of its edits.

        Args:
            leave: removes a member from the root, when this room closes.
            dismissed: called when the root disconnects its members.
        """
        follower = Follower(self._bring, dismissed)
        root.join(follower)
        self._unfollow = partial(leave, follower)
        await root.broadcast_ready()
        self._bring(root.ydoc.get_update(self.ydoc.get_state()))

    def _bring(self, update: bytes) -> None:
        if not self.is_closed:
            take_in(self.ydoc, update)

    def on_update(self, update: bytes, sender: Member | None) -> None:
        super().on_update(update, sender)
        if sender is None:
            self._history.append(update, "", Kind.SERVER)
        else:
            self._history.append(update, sender.username, Kind.EDIT)

    def answer(self, member: Member, request: Request) -> Awaitable[None] | None:
        if request.name == Action.ACKNOWLEDGE.value:
            if member not in self._early:  # else the client sends missing edits and asks again
                self._history.when_committed(
                    partial(self._acknowledge, member, request),
                    partial(self._acknowledge, member, request, True),
                )
            return None
        return super().answer(member, request)

    def _acknowledge(self, member: Member, request: Request, stored: bool) -> None:
        if stored:
            self.reply(member, request)

    def close(self, state: RoomState = RoomState.CLOSED) -> None:
        if not self.is_closed and self._history.needs_checkpoint:
            position = self._history.mark_cut()
            self._history.mark_saved(position, "")  # a fork has no file
            self._history.checkpoint(position, self.ydoc.get_update())
        super().close(state)
        if self._unfollow is not None:
            self._unfollow()
            self._unfollow = None
