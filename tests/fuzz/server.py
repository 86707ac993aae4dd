"""One run of a server in this process: it starts, and is stopped or killed.

Kept from the real one: the room manager, rooms, the SQLite store, a contents manager and a file id
manager of Jupyter Server. Left out: sockets and HTTP.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from jupyter_server_fileid.manager import ArbitraryFileIdManager
from tornado.web import HTTPError
from traitlets.config import Config

from jupyter_collaboration import failpoints
from jupyter_collaboration.access.file_ids import FileIds
from jupyter_collaboration.app import STOP_GRACE, YDocExtension
from jupyter_collaboration.documents.identity import DocumentId
from jupyter_collaboration.errors import HistoryUnavailable
from jupyter_collaboration.files import native_save
from jupyter_collaboration.files.synchronizer import SynchronizerOptions
from jupyter_collaboration.files.turns import Turns
from jupyter_collaboration.files.watcher import FileWatch
from jupyter_collaboration.history.sqlite.backend import SQLiteBackend
from jupyter_collaboration.rooms.document import DocumentRoom
from jupyter_collaboration.rooms.manager import RoomManager

STORE = ".jupyter_ystore.db"

OPTIONS = SynchronizerOptions(save_delay=0.01, save_max_delay=0.05, poll_interval=0.01)
CLEANUP_DELAY = 0.02
COMMIT_DELAY = 0.004


class Contents(AsyncLargeFileManager):
    """Reads and writes until its server is killed; not one of Jupyter Server's own managers."""

    dead = False
    busy = 0
    written: set[str] = set()  # noqa: RUF012  (made anew by each server)

    def _begin(self) -> None:
        if self.dead:
            raise HTTPError(503, "The server was killed.")
        self.busy += 1

    def _end(self) -> None:
        self.busy -= 1
        if self.dead:
            raise HTTPError(503, "The server was killed.")

    async def get(self, *args: Any, **options: Any) -> Any:
        self._begin()
        try:
            return await super().get(*args, **options)
        finally:
            self._end()

    async def save(self, model: Any, path: str = "") -> Any:
        self._begin()
        try:
            return await super().save(model, path)
        finally:
            self._end()


class NativeContents(AsyncLargeFileManager):
    """Jupyter Server's own manager, whose files are written by `native_save`. [F7]"""

    dead = False
    busy = 0


@contextmanager
def mortal_writes() -> Iterator[None]:
    """Write native files only as long as their server runs."""
    write = native_save._write

    def checked(manager: Any, *args: Any) -> None:
        if manager.dead:
            raise HTTPError(503, "The server was killed.")
        manager.busy += 1
        try:
            write(manager, *args)
        finally:
            manager.busy -= 1

    native_save._write = checked
    try:
        yield
    finally:
        native_save._write = write


class Log(logging.Handler):
    """Keeps what must not be logged."""

    def __init__(self, life: Life) -> None:
        super().__init__(logging.WARNING)
        self.life = life
        self.problems: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if not self.life.dead and (record.exc_info or " broke " in record.getMessage()):
            error = record.exc_info[1] if record.exc_info else None
            self.problems.append(f"logged: {record.getMessage()} {error!r}")


class Life:
    """A server from its start to its end.

    Args:
        takes_turns: whether there is another server on the same folder.
        is_native: whether the server has a contents manager of Jupyter Server's own.
        is_first: whether this is the one that may be killed at a point.
    """

    number = 0

    def __init__(
        self,
        root: Path,
        document: DocumentId,
        file_ids: ArbitraryFileIdManager,
        *,
        takes_turns: bool = True,
        is_native: bool = True,
        is_first: bool = True,
    ) -> None:
        Life.number += 1
        self._is_first = is_first
        self.root = root
        self.document = document
        self.dead = False
        self.refusals: list[str] = []
        logger = self.logger = logging.getLogger(f"fuzz.{Life.number}")
        logger.propagate = False
        self.log = Log(self)
        logger.handlers = [self.log]
        config = Config()
        config.NotebookNotary.db_file = ":memory:"
        config.NotebookNotary.data_dir = str(root.parent)
        config.NotebookNotary.secret = b"known"
        manager = NativeContents if is_native else Contents
        self.contents = manager(root_dir=str(root), config=config, log=logger)
        self.backend = SQLiteBackend(str(root / STORE), logger, commit_delay=COMMIT_DELAY)
        extension: Any = SimpleNamespace(
            serverapp=SimpleNamespace(contents_manager=self.contents),
            log=logger,
            _file_ids=FileIds(file_ids, self.contents),
            _turns=Turns(self.backend.shared_folder, logger) if takes_turns else None,
            _options=OPTIONS,
            _file_locks={},
            _watch=FileWatch(OPTIONS.poll_interval),
            _emit_session=lambda **data: None,
            _runs=None,
        )
        self.rooms = RoomManager(
            lambda document, history: YDocExtension._make_room(extension, document, history),
            self.backend,
            cleanup_delay=CLEANUP_DELAY,
            log=logger,
            watch=extension._watch,
        )
        extension.ywebsocket_server = self.rooms
        self._point: str | None = None
        self._count = 0
        self._run: asyncio.Task[None] | None = None

    async def start(self) -> None:
        if self._is_first:
            failpoints.hook = self._reached
        self._run = asyncio.get_running_loop().create_task(self.rooms.run())
        await self.rooms.started.wait()

    async def renew_lease(self) -> None:
        """Do what happens every few seconds, which also finds a store that was deleted."""
        await self.backend.ask(self.backend._renew)

    async def session_id(self) -> str:
        return await self.rooms.session_id(self.document)

    async def open(self) -> DocumentRoom:
        room = await self.rooms.open(str(self.document))
        assert isinstance(room, DocumentRoom)
        return room

    @asynccontextmanager
    async def pinned(self) -> AsyncIterator[DocumentRoom]:
        """Keep the document's room open in this block."""
        async with self.rooms.pinned(str(self.document)) as room:
            assert isinstance(room, DocumentRoom)
            yield room

    @property
    def room(self) -> DocumentRoom | None:
        """The document's room, if it is open."""
        room = self.rooms.rooms.get(str(self.document))
        return room if isinstance(room, DocumentRoom) else None

    # The end

    def kill_at(self, point: str, count: int) -> None:
        """Be killed when a point is reached for the count-th time from now on."""
        assert point in ("", *failpoints.POINTS), point
        self._point, self._count = point, count

    @contextmanager
    def spared(self) -> Iterator[None]:
        """Be not killed meanwhile."""
        point, self._point = self._point, None
        try:
            yield
        finally:
            self._point = point

    def _reached(self, point: str) -> None:
        if point == self._point and not self.dead:
            self._count -= 1
            if self._count <= 0:
                self.die()
        # The thread of a second server's store lives on.
        if self.dead and threading.current_thread() in self.backend._executor._threads:
            raise sqlite3.OperationalError("The server was killed.")

    def die(self) -> None:
        """From here on nothing is stored, written or sent."""
        self.dead = self.contents.dead = True
        self._file, self.backend._file = self.backend._file, None

    async def buried(self) -> None:
        """Wait until nothing of a killed server runs any more."""
        while self.contents.busy:
            await asyncio.sleep(0.0005)
        assert self._run is not None
        self._run.cancel()
        await asyncio.wait([self._run])
        for timer in (self.backend._timer, self.backend._beating, self.backend._tidying):
            if timer is not None:
                timer.cancel()
        with suppress(
            RuntimeError, HistoryUnavailable
        ):  # the store's thread may have ended already
            await self.backend.run(lambda: None)
        self.rooms._stopping = True
        for room in list(self.rooms.rooms.values()):
            room.close()
        self.backend._executor.shutdown(wait=False)  # its thread would go with its process
        await self.backend.reader.close()
        if self._file is not None:
            self._file.close()
        if self._is_first:
            failpoints.hook = None

    async def kill(self) -> None:
        if not self.dead:
            self.die()
        await self.buried()

    async def stop(self) -> None:
        """A clean stop; if a point at which it is killed comes first, that."""
        assert self._run is not None
        await self.rooms.stop()
        if not self.dead:
            await asyncio.wait([self._run], timeout=STOP_GRACE)
            self.die()
        await self.buried()
