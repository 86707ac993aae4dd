"""Deletes the histories of files that were deleted long ago. [V8]

Responsible for finding out which files are missing; deleting histories belongs to the store.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from logging import Logger

import anyio
from anyio.lowlevel import checkpoint
from tornado.web import HTTPError

from ..access.paths import Paths
from ..documents.identity import parse_room_id
from ..errors import HistoryUnavailable, InvalidRequest, must_propagate
from ..history.model import Item
from ..history.store import HistoryBackend
from ..rooms.manager import RoomManager

DAY = 86400.0
"""Seconds between two sweeps, and in the unit of `detail_days`."""


class OrphanCleanup:
    """Checks once a day which documents have lost their files.

    Args:
        root: the server's root folder if servers with other root folders may use the same store,
            whose items are then left to them; else empty.
        now: returns the time, in seconds since the epoch.
        sleep: waits for a number of seconds.
    """

    def __init__(
        self,
        rooms: RoomManager,
        places: Paths,
        root: str,
        log: Logger,
        *,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self._rooms = rooms
        self._places = places
        self._root = root
        self._log = log
        self._now = now
        self._sleep = sleep

    async def run(self) -> None:
        """Sweep now and once a day, until cancelled."""
        while True:
            try:
                await self.sweep()
            except HistoryUnavailable as error:
                self._log.warning("Could not look for deleted files: %s", error)
            except BaseException as error:  # a contents manager may raise anything
                if must_propagate(error):
                    raise
                self._log.error("Could not look for deleted files: %r", error)
            await self._sleep(DAY)

    async def sweep(self) -> None:
        """Record missing files, and delete the histories of those missing for a long time.

        Raises:
            HistoryUnavailable: the store cannot be read or written.
        """
        store = await self._rooms.histories()
        if store.retention is None or not await self._places.is_root_there():
            return
        for item in await store.inventory.items():
            await checkpoint()
            if _is_document(item.room_id):
                try:
                    await self._look_at(store, item)
                except (HTTPError, OSError, ValueError) as error:
                    self._log.debug("Could not check whether %s exists: %r", item.room_id, error)

    async def _look_at(self, store: HistoryBackend, item: Item) -> None:
        is_gone = await self._places.is_gone(item.room_id, item.path)
        if is_gone and item.root != self._root:
            return  # belongs to another server, which may find it
        now, since = self._now(), item.missing_since
        if is_gone and since is not None and since <= now:
            assert store.retention is not None
            if now - since > store.retention.detail_days * DAY:
                await self._drop(store, item)
            return
        seen = replace(item, root=self._root, missing_since=now if is_gone else None)
        if seen != item:
            await store.inventory.note(seen)

    async def _drop(self, store: HistoryBackend, item: Item) -> None:
        room_id = item.room_id
        async with self._rooms.lock(room_id):
            if self._rooms.is_used(room_id) or not await self._places.is_root_there():
                return
            if await self._places.is_gone(room_id, item.path):
                await store.inventory.drop(room_id)
                self._log.info("Deleting the history of %s, since its file was deleted", room_id)


def _is_document(room_id: str) -> bool:
    try:
        return parse_room_id(room_id) is not None
    except InvalidRequest:
        return False
