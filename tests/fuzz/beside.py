"""A second server on the same folder, with a member of its own. [F4] [H7]"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from . import editing
from .checks import wait_for
from .clients import Collaborator
from .contents import cells_of_doc, without_placeholder
from .marks import Cells
from .plan import Step
from .server import Life

if TYPE_CHECKING:
    from .world import World


STORE_TIME = 5.0
"""Seconds within which an edit is acknowledged; on a busy machine most need a hundredth of one."""


class Beside:
    """The second server. It never owns the store: it is started while the first one runs."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._life: Life | None = None
        self._client: Collaborator | None = None
        self._unwatch: Any = None

    async def take(self, step: Step) -> None:
        """Start the server, let its member type, or stop it."""
        if self._life is None:
            if self._world.life is not None and not self._world.life.dead:
                await self._start()
        elif step["to"] < 0.1:
            await self.stop()
        elif self._client is not None and self._client.opened:
            editing.edit_now(self._client, {**step, "op": "type"})

    def go_on(self) -> None:
        """Let the member type the next piece of what it is typing."""
        if self._client is not None:
            editing.go_on(self._client)

    async def _start(self) -> None:
        world = self._world
        self._life = Life(world.root, world.document, world.file_ids, is_first=False)
        await self._life.start()
        self._client = Collaborator("neighbor", world.kind, world.ledger)
        self._client.outputs_are_frail = True
        await self._client.connect(self._life)
        if self._life.room is not None:
            self._unwatch = world.watched(self._life.room, {})

    async def stop(self) -> None:
        """Stop the server, which saves, once it has all that its member typed."""
        life, client = self._life, self._client
        if life is None or client is None:
            return
        await wait_for(lambda: client.stored, STORE_TIME)
        self._life = self._client = None
        await life.stop()
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None
        client.disconnect()
        self._world.problems += [*client.problems, *life.log.problems]

    @asynccontextmanager
    async def between_saves(self) -> AsyncIterator[None]:
        """Let this server wait with its saves in this block."""
        live = None if self._life is None else self._life.room
        if live is None:
            yield
        else:
            async with live.synchronizer._lock:
                yield

    def agrees(self, cells: Cells) -> bool:
        """Whether this server's document is saved, and holds the same texts as the first one's."""
        live = None if self._life is None else self._life.room
        if live is None or self._client is None:
            return True
        mine = cells_of_doc(live.ydoc, self._world.kind)
        texts, others = ([text for _, text in without_placeholder(each)] for each in (mine, cells))
        return texts == others and live.synchronizer.is_saved and self._client.stored

    @property
    def cells(self) -> Cells:
        """What this server's document holds."""
        live = None if self._life is None else self._life.room
        return [] if live is None else cells_of_doc(live.ydoc, self._world.kind)
