"""A room's file: load it, save it when quiet, notice other writers.

Knows the contents manager; knows nothing of sockets or rooms.
"""

from __future__ import annotations

import base64
import inspect
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import anyio
from anyio import TASK_STATUS_IGNORED, CancelScope, Event, Lock
from anyio.abc import TaskStatus
from jupyter_server.services.contents.manager import ContentsManager
from jupyter_server.utils import ensure_async
from jupyter_server_fileid.manager import BaseFileIdManager
from tornado.web import HTTPError

from .documents import DocumentId, fingerprint
from .errors import CollaborationError, DocumentNotFound, LoadFailed, SaveFailed

FIRST_RETRY = 1.0
LAST_RETRY = 30.0
"""Seconds from a failed save to the next try: doubled each time, up to the last."""


@dataclass(frozen=True)
class FileState:
    """What is known of a file without reading it.

    ``hash`` is the contents manager's own; for one that has none, it stands for the time of
    the last change and the size.
    """

    path: str
    hash: str
    last_modified: str
    writable: bool


@dataclass(frozen=True)
class LoadedFile:
    state: FileState
    content: Any


class DocumentFile:
    """One file, seen through the server's contents manager and followed by its file id."""

    def __init__(
        self, document: DocumentId, contents: ContentsManager, file_ids: BaseFileIdManager
    ) -> None:
        self._id = document
        self._contents = contents
        self._file_ids = file_ids
        parameters = inspect.signature(contents.get).parameters
        self._hashes = "require_hash" in parameters or any(
            parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()
        )
        self._newline = "\n"

    @property
    def path(self) -> str:
        """Where the file is now, relative to the server's root.

        Raises:
            DocumentNotFound: no file has this id.
        """
        path = self._file_ids.get_path(self._id.file_id)
        if path is None:
            raise DocumentNotFound("There is no file with this id any more.")
        return path

    async def probe(self) -> FileState:
        """Look at the file without its content.

        Raises:
            DocumentNotFound: it is gone.
            LoadFailed: it cannot be looked at.
        """
        path = self.path
        return self._state(path, await self._get(path, content=False))

    async def load(self) -> LoadedFile:
        """Read the file.

        Raises:
            DocumentNotFound: it is gone.
            LoadFailed: it cannot be read as what it should be.
        """
        path = self.path
        model = await self._get(path, content=True)
        content = model["content"]
        if content is None:
            raise LoadFailed(f"{path} was read without its content.")
        if isinstance(content, str) and self._id.format == "text":
            self._newline = newline_of(content)
            content = content.replace("\r\n", "\n")
        elif self._id.format == "base64":
            content = base64.b64decode(content)
        return LoadedFile(self._state(path, model), content)

    async def save(self, content: Any) -> FileState:
        """Write the file, and look at what is there then.

        Raises:
            SaveFailed: it was not written; the text says why.
        """
        if isinstance(content, str) and self._newline != "\n":
            content = content.replace("\n", self._newline)
        elif isinstance(content, bytes):
            content = base64.b64encode(content).decode()
        model = {"type": self._id.contents_type, "format": self._id.format, "content": content}
        try:
            path = self.path
            await ensure_async(self._contents.save(model, path))
            return self._state(path, await self._get(path, content=False))
        except CollaborationError as error:
            raise SaveFailed(str(error)) from error
        except HTTPError as error:
            raise SaveFailed(error.log_message or error.reason or str(error)) from error
        except Exception as error:  # a contents manager may raise anything
            raise SaveFailed(f"{type(error).__name__}: {error}") from error

    async def _get(self, path: str, *, content: bool) -> dict[str, Any]:
        options: dict[str, Any] = {"content": content, "type": self._id.contents_type}
        if content and self._id.contents_type == "file":
            options["format"] = self._id.format
        if self._hashes:
            options["require_hash"] = True
        try:
            model: dict[str, Any] = await ensure_async(self._contents.get(path, **options))
        except HTTPError as error:
            reason = error.log_message or error.reason or str(error)
            if error.status_code == 404:
                raise DocumentNotFound(f"{path} does not exist.") from error
            raise LoadFailed(f"{path} cannot be read: {reason}") from error
        except OSError as error:
            raise LoadFailed(f"{path} cannot be read: {error}") from error
        return model

    @staticmethod
    def _state(path: str, model: dict[str, Any]) -> FileState:
        modified = model.get("last_modified")
        stamp = modified.isoformat() if isinstance(modified, datetime) else str(modified)
        found = model.get("hash") or fingerprint([stamp, model.get("size")])
        return FileState(path, found, stamp, bool(model.get("writable", True)))


def newline_of(text: str) -> str:
    """The line ending that most lines of a text have."""
    windows = text.count("\r\n")
    return "\r\n" if windows and 2 * windows >= text.count("\n") else "\n"


class Saver:
    """Saves after ``delay`` quiet seconds, one write at a time.

    Args:
        write: writes the document; True if it wrote, False if nothing had to be written.
        delay: quiet seconds before a save; None leaves saving to `save_now`.
        max_delay: seconds from the first unsaved change to a save, however busy it is. [F10]
        failed: told each error of a save that nobody waits for.
    """

    def __init__(
        self,
        write: Callable[[], Awaitable[bool]],
        *,
        delay: float | None,
        max_delay: float,
        failed: Callable[[SaveFailed], None],
    ) -> None:
        self._write = write
        self._delay = math.inf if delay is None else delay
        self._max_delay = math.inf if delay is None else max_delay
        self._failed = failed
        self._lock = Lock()
        self._woken = Event()
        self._first = math.inf
        self._last = -math.inf
        self._version = 0

    @property
    def pending(self) -> bool:
        """Whether something changed since the last save began."""
        return self._first < math.inf

    @property
    def version(self) -> int:
        """How often something changed."""
        return self._version

    def settle(self, version: int) -> None:
        """The file holds the document as of a version: nothing is pending unless more came."""
        if self._version == version:
            self._first = math.inf

    def changed(self) -> None:
        """The document changed."""
        self._version += 1
        self._last = anyio.current_time()
        if self._first == math.inf:
            self._first = self._last
        self._woken.set()

    async def save_now(self) -> bool:
        """Save without waiting for quiet; what is being written is finished first. [F1]

        Returns:
            Whether something was written.

        Raises:
            SaveFailed: nothing was written; the document is still to be saved.
        """
        async with self._lock:
            with CancelScope(shield=True):
                first, self._first = self._first, math.inf
                try:
                    wrote = await self._write()
                except SaveFailed:
                    self._first = min(first, self._first, anyio.current_time())
                    self._woken.set()
                    raise
        return wrote

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Save until cancelled; a write under way always finishes."""
        task_status.started()
        retry = 0.0
        while True:
            if not self.pending:
                self._woken = Event()
                await self._woken.wait()
            await self._quiet()
            if retry:
                await anyio.sleep(retry)
            if not self.pending:
                continue
            try:
                await self.save_now()
                retry = 0.0
            except SaveFailed as error:
                retry = min(LAST_RETRY, 2 * retry) if retry else FIRST_RETRY
                self._failed(error)

    async def _quiet(self) -> None:
        """Wait until nothing changed for a while, or the first change is old enough."""
        while self.pending:
            now = anyio.current_time()
            rest = min(self._last + self._delay, self._first + self._max_delay) - now
            if rest <= 0:
                return
            await anyio.sleep(rest)
