"""Reads the store in parallel to its writer, so that long histories do not delay edits. [M12]

Responsible for a second, read-only connection. Without a write-ahead log, readers would block the
writer's commits, so that the writer's own connection is used for reading.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from ...errors import HistoryUnavailable
from .store_file import MEMORY, StoreFile

T = TypeVar("T")


@contextmanager
def snapshot(db: sqlite3.Connection) -> Iterator[None]:
    """Read a consistent snapshot of the database in this block."""
    db.execute("BEGIN")
    try:
        yield
    finally:
        if db.in_transaction:
            db.execute("COMMIT")


class Reader:
    """A connection for reading, opened on first use.

    Args:
        file: returns the current database.
        placed: returns the current database, at its path; called in the writer's thread.
        ask_writer: calls a function in the writer's thread.
    """

    def __init__(
        self,
        file: Callable[[], StoreFile],
        placed: Callable[[], StoreFile],
        ask_writer: Callable[..., Awaitable[Any]],
    ) -> None:
        self._file = file
        self._placed = placed
        self._ask_writer = ask_writer
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="history-reader")
        self._db: sqlite3.Connection | None = None
        self._connected: StoreFile | None = None
        self._is_closed = False

    async def ask(self, call: Callable[..., T], *args: Any) -> T:
        """Call a function with the connection, which sees all committed data.

        Raises:
            HistoryUnavailable: the store cannot be read.
        """
        file = self._file()
        if not file.writes_ahead or file.path == MEMORY:
            found: T = await self._ask_writer(lambda: call(self._file().db, *args))
            return found
        if self._is_closed:
            raise HistoryUnavailable("The history is closed.")
        if self._connected is not file:
            file = await self._ask_writer(self._placed)
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._executor, self._call, file, call, args)
        except (sqlite3.Error, ArithmeticError, TypeError, ValueError) as error:
            raise HistoryUnavailable(f"{file.path}: {error}") from error

    def _call(self, file: StoreFile, call: Callable[..., T], args: tuple[Any, ...]) -> T:
        if self._db is None or self._connected is not file:
            self._disconnect()
            uri = f"{Path(file.path).resolve().as_uri()}?mode=ro"
            self._db = sqlite3.connect(
                uri, uri=True, timeout=1, check_same_thread=False, isolation_level=None
            )
            self._db.execute("SELECT 1 FROM sqlite_master").fetchone()  # opens the file
            if not file.is_at_its_path:
                self._disconnect()
                raise sqlite3.OperationalError("the history was replaced in this moment")
            self._connected = file
        return call(self._db, *args)

    async def close(self) -> None:
        """Close the connection."""
        if self._is_closed:
            return
        self._is_closed = True
        await asyncio.get_running_loop().run_in_executor(self._executor, self._disconnect)
        self._executor.shutdown()

    def _disconnect(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = self._connected = None
