"""Reads the store beside its writer, so that a long history delays nobody's edits. [S31]

Knows a second connection that cannot write. Where there is no write-ahead log, readers would keep
the writer from committing: there the writer's own connection reads.
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
    """Read in a block as if nobody wrote meanwhile."""
    db.execute("BEGIN")
    try:
        yield
    finally:
        if db.in_transaction:
            db.execute("COMMIT")


class Reader:
    """A connection for reading, opened when it is first needed.

    Args:
        file: gives the database that is in use now.
        ask_writer: calls something in the writer's thread.
    """

    def __init__(
        self, file: Callable[[], StoreFile], ask_writer: Callable[..., Awaitable[Any]]
    ) -> None:
        self._file = file
        self._ask_writer = ask_writer
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="history-reader")
        self._db: sqlite3.Connection | None = None
        self._path = ""
        self._is_closed = False

    async def ask(self, call: Callable[..., T], *args: Any) -> T:
        """Call something with the connection, which sees everything that is committed.

        Raises:
            HistoryUnavailable: the store could not be read.
        """
        file = self._file()
        if not file.writes_ahead or file.path == MEMORY:
            found: T = await self._ask_writer(lambda: call(self._file().db, *args))
            return found
        if self._is_closed:
            raise HistoryUnavailable("The history is closed.")
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._executor, self._call, file.path, call, args)
        except (sqlite3.Error, ArithmeticError, TypeError, ValueError) as error:
            raise HistoryUnavailable(f"{file.path}: {error}") from error

    def _call(self, path: str, call: Callable[..., T], args: tuple[Any, ...]) -> T:
        if self._db is None or self._path != path:
            self._disconnect()
            uri = f"{Path(path).resolve().as_uri()}?mode=ro"
            self._db = sqlite3.connect(
                uri, uri=True, timeout=1, check_same_thread=False, isolation_level=None
            )
            self._path = path
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
            self._db = None
