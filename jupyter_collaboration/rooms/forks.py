"""Creates, lists, merges and deletes forks of documents.

Responsible for the relation of forks and their roots; HTTP belongs to `web`. A fork shares the
history of its root up to its creation, so that its own edits are one Yjs update.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

from anyio import Lock

from ..access.paths import Paths
from ..errors import DocumentNotFound, HistoryUnavailable, OtherHistory, RoomNotFound, TooMany
from ..failpoints import failpoint
from ..history.model import Fork, Kind
from ..protocol.messages import CloseCode
from .broadcast import BroadcastRoom
from .document import DocumentRoom
from .fork import ForkRoom
from .manager import RoomManager

MAX_FORKS = 100
"""Most forks that one document may have."""


class Forks:
    """The forks of a server's documents.

    Args:
        emit: publishes an event when a fork is created or deleted.
    """

    def __init__(self, rooms: RoomManager, places: Paths, emit: Callable[..., None]) -> None:
        self._rooms = rooms
        self._places = places
        self._emit = emit
        self._adding = Lock()

    async def path(self, room_id: str) -> str:
        """Return the path of the file whose permissions apply to a room; for a fork, its root's.

        Returns:
            The path, relative to the server's root; empty for a room without a file.

        Raises:
            InvalidRequest: this is not a valid room id.
            DocumentNotFound: the file does not exist, or may not be opened.
        """
        return await self._path(await self._document(room_id))

    async def check(self, room_id: str) -> None:
        """Check that the document of a room is open, or that its file exists.

        Raises:
            InvalidRequest: this is not a valid room id.
            DocumentNotFound: the file does not exist, or may not be opened.
        """
        document = await self._document(room_id)
        if not self._rooms.room_exists(document):
            await self._places.check_room(document)

    async def of(self, root: str) -> list[Fork]:
        """Return the forks of a document, the oldest first.

        Raises:
            CollaborationError: there is no such document.
        """
        await self._check_root(root)
        return await (await self._rooms.histories()).forks.of_root(root)

    async def create(
        self, root: str, *, synchronize: bool, title: str, description: str, username: str
    ) -> tuple[Fork, str]:
        """Create a fork of a document in its current state.

        Returns:
            The fork, and its session id.

        Raises:
            TooMany: the document has reached the limit of forks.
            CollaborationError: there is no such document, or no store for forks.
        """
        await self._check_root(root)
        async with self._rooms.pinned(root) as room:
            assert isinstance(room, DocumentRoom)
            if len(room.clients) == 1:  # only our own pin: no client will send missing edits
                await room.settled()
            async with self._adding:
                made = await self._add(room, synchronize, title, description)
        self._tell(made[0], "create", username)
        return made

    async def _add(
        self, room: DocumentRoom, synchronize: bool, title: str, description: str
    ) -> tuple[Fork, str]:
        root = room.room_id
        histories = await self._rooms.histories()
        if not histories.forks.lasts:
            raise HistoryUnavailable("Forks cannot be stored, since the history is not available.")
        if len(await histories.forks.of_root(root)) >= MAX_FORKS:
            raise TooMany(f"This document has {MAX_FORKS} forks. Merge or delete some first.")
        fork = Fork(str(uuid4()), root, room.session_id, synchronize, title, description)
        history = histories.history(fork.room_id)
        session_id = (await history.load()).session_id
        await room.broadcast_ready()
        history.append(room.ydoc.get_update(), "", Kind.LOAD)
        await history.commit()
        failpoint("fork.copied")
        await histories.forks.add(fork)
        return fork, session_id

    async def delete(
        self, room_id: str, *, merge: bool, username: str, may_execute: bool = True
    ) -> None:
        """Delete a fork, and disconnect its members.

        Args:
            merge: whether to merge its edits into the root first, as an edit by this user.
            may_execute: whether that user may run code, and so is trusted with outputs.

        Raises:
            RoomNotFound: there is no such fork.
            OtherHistory: the root's history is not the one that the fork descends from.
            CollaborationError: the edits are not valid in the root, or the store cannot be
                written. The fork is unchanged.
        """
        fork = await self._rooms.fork(room_id)
        if fork is None:
            raise RoomNotFound("There is no fork with this id.")
        await self._check_root(fork.root)
        if merge:
            async with self._rooms.pinned(room_id) as room, self._rooms.pinned(fork.root) as root:
                assert isinstance(room, ForkRoom) and isinstance(root, DocumentRoom)
                async with self._rooms.lock(room_id):
                    await self._merge(room, root, username, may_execute)
                    await self._remove(fork, "merged")
        else:
            async with self._rooms.lock(room_id):
                await self._remove(fork, "deleted")
        self._tell(fork, "delete", username)

    async def _merge(
        self, room: ForkRoom, root: DocumentRoom, username: str, may_execute: bool
    ) -> None:
        if room.is_closed:
            raise RoomNotFound("There is no fork with this id any more.")
        if root.session_id != room.fork.root_session:
            raise OtherHistory(f"The history of {root.path} has changed since it was forked.")
        dissolve = partial(self._dissolve, room, "merged")
        await root.merge(room.ydoc, username, dissolve, may_execute=may_execute)
        failpoint("fork.merged")

    async def _remove(self, fork: Fork, done: str) -> None:
        forks = (await self._rooms.histories()).forks
        if await forks.find(fork.room_id) is None:
            raise RoomNotFound("There is no fork with this id any more.")
        if (room := self._rooms.rooms.get(fork.room_id)) is not None:
            self._dissolve(room, done)
        await forks.remove(fork.room_id)

    def _dissolve(self, room: BroadcastRoom, done: str) -> None:
        self._rooms.dissolve(room, CloseCode.NOT_FOUND, f"The fork was {done}.")

    async def _check_root(self, root: str) -> None:
        """Check that this is the room of a document whose file exists.

        Raises:
            InvalidRequest: this is not a valid room id.
            DocumentNotFound: there is no such document.
        """
        if not await self._path(root):
            raise DocumentNotFound("There is no document with this id.")
        await self.check(root)

    async def _document(self, room_id: str) -> str:
        fork = await self._rooms.fork(room_id)
        return fork.root if fork else room_id

    async def _path(self, document: str) -> str:
        return self._rooms.path(document) or await self._places.path_of_room(document)

    def _tell(self, fork: Fork, action: str, username: str) -> None:
        self._emit(
            fork_roomid=fork.room_id, fork_info=info_of(fork), username=username, action=action
        )


def info_of(fork: Fork) -> dict[str, Any]:
    """Return the description of a fork that is sent to clients."""
    return {
        "root_roomid": fork.root,
        "synchronize": fork.synchronize,
        "title": fork.title,
        "description": fork.description,
    }
