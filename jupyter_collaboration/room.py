"""One live document: load, serve, answer requests, stop.

Knows its file and its history; knows nothing of HTTP or of other rooms.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from logging import Logger
from typing import Any

import anyio
from anyio import TASK_STATUS_IGNORED, Lock, create_task_group
from anyio.abc import TaskGroup, TaskStatus
from anyio.to_thread import run_sync
from jupyter_ydoc.ybasedoc import YBaseDoc
from pycrdt import Doc

from . import protocol
from .documents import DocumentId, fingerprint, loaded_update, make_document, rendered
from .errors import CollaborationError, DocumentNotFound, LoadFailed, SaveFailed
from .files import DocumentFile, FileState, LoadedFile, Saver
from .history import History, Kind
from .outofband import disk_edit
from .protocol import Request
from .relay import Member, Outgoing, Relay
from .roles import Action

Emit = Callable[..., None]

SETTLE_TIME = 0.1
"""Seconds for which a file that somebody wrote has to stay the same before it is read."""


@dataclass(frozen=True)
class RoomOptions:
    """How rooms behave; times in seconds. Each is a trait of the extension."""

    save_delay: float | None = 1.0
    save_max_delay: float = 10.0
    poll_interval: float = 1.0
    stop_poll_on_errors_after: float = 86400.0


class DocumentRoom(Relay):
    """A document that is open: its members, its file and its history."""

    def __init__(
        self,
        document_id: DocumentId,
        file: DocumentFile,
        history: History,
        options: RoomOptions,
        log: Logger,
        emit: Emit,
    ) -> None:
        super().__init__(str(document_id), log)
        self.ystore = history
        self.session_id = ""
        self._id = document_id
        self._file = file
        self._history = history
        self._options = options
        self._emit = emit
        self._document: YBaseDoc = make_document(document_id.type, self.ydoc, self.awareness)
        self._saver = Saver(
            self._write,
            delay=options.save_delay,
            max_delay=options.save_max_delay,
            failed=self._save_failed,
        )
        self._known: FileState | None = None
        self._saved_print: str | None = None
        self._save_error = ""
        self._kind = Kind.EDIT
        self._loading = Lock()
        self._disk = Lock()
        self._tasks: TaskGroup | None = None

    @property
    def document(self) -> YBaseDoc:
        """The document, as jupyter_ydoc shows it."""
        return self._document

    @property
    def path(self) -> str:
        """Where the file was when it was last looked at; empty before."""
        return self._known.path if self._known else ""

    # Opening

    async def initialize(self) -> None:
        """Load the document from its history and its file, once.

        Raises:
            DocumentNotFound: there is no file.
            LoadFailed: the file cannot be read as a document of this type.
            HistoryUnavailable: the store cannot be read.
        """
        async with self._loading:
            if not self.ready:
                await self._initialize()

    async def _initialize(self) -> None:
        stored = await self._history.load()
        file = await self._file.load()
        self.session_id = stored.session_id
        kind = self._id.type
        content = file.content
        fresh = stored.state is None
        if stored.state is None:
            update = await self._in_thread(loaded_update, kind, content)
            self._history.append(update, "", Kind.LOAD)
        else:
            update = stored.state
        self.ydoc.apply_update(update)
        self.open()
        # The content that the document had when the file was last known to hold it: what
        # jupyter_ydoc adds while loading does not count as a change.
        self._saved_print = await self._fingerprint()
        self._known = file.state
        self._publish()
        if fresh:
            self._history.mark_saved(self._history.mark_cut(), file.state.hash)
        elif stored.saved_hash != file.state.hash:
            await self._merge(file)
        elif stored.seq > (stored.saved_seq or 0) and (base := await self._history.base()):
            # What was edited and not saved is saved now: the file had no other writer.
            self._saved_print = fingerprint(await self._rendered(base))
            self._saver.changed()
        self._tell("INFO", "initialize", "loaded from " + ("the file" if fresh else "history"))

    # While open

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Save, and watch the file, until cancelled."""
        async with create_task_group() as tasks:
            self._tasks = tasks
            await tasks.start(self._saver.run)
            if self._options.poll_interval:
                tasks.start_soon(self._watch)
            task_status.started()

    def on_update(self, update: bytes, sender: Member | None) -> None:
        self._history.append(update, sender.username if sender else "", self._kind)
        if self._kind is Kind.EDIT:
            if not self._saver.pending:
                asyncio.get_running_loop().call_soon(self._publish)
            self._saver.changed()

    def answer(self, member: Member, request: Request) -> None:
        if request.name == Action.ACKNOWLEDGE.value:
            self._history.when_committed(partial(self.reply, member, request))
        elif request.name not in _REQUESTS:
            self.reply(member, request, status="failed", reason="There is no such request.")
        elif not member.role.may(_REQUESTS[request.name]):
            self.reply(member, request, status="failed", reason="You may read, not write.")
        elif self._tasks is not None:
            work = self._answer_save if request.name == "save" else self._answer_revert
            self._tasks.start_soon(work, member, request)

    async def _answer_save(self, member: Member, request: Request) -> None:
        try:
            wrote = await self._saver.save_now()
        except SaveFailed as error:
            self._save_failed(error)
            self.reply(member, request, status="failed", reason=str(error))
        else:
            saved_hash = self._known.hash if self._known else None
            status = "success" if wrote else "skipped"
            self.reply(member, request, status=status, hash=saved_hash)

    async def _answer_revert(self, member: Member, request: Request) -> None:
        try:
            await self.revert()
        except CollaborationError as error:
            self.reply(member, request, status="failed", reason=str(error))
        else:
            self.reply(member, request, status="success")

    async def revert(self) -> None:
        """Make the document what the file holds, as one edit.

        Raises:
            DocumentNotFound, LoadFailed: the file cannot be read.
        """
        async with self._disk:
            file = await self._file.load()
            await self._apply_disk(self.ydoc.get_update(), file)
            await self._note_saved(file.state)

    # Saving

    async def _write(self) -> bool:
        """Write the document to its file, unless the file holds it already.

        Raises:
            SaveFailed: it could not be written.
        """
        async with self._disk:
            try:
                if file := await self._changed_file():
                    await self._merge(file)
            except CollaborationError as error:
                raise SaveFailed(str(error)) from error
            position = self._history.mark_cut()
            content = await self._rendered()
            printed = fingerprint(content)
            if printed == self._saved_print:
                self._publish()
                return False
            self._known = await self._file.save(content)
            self._saved_print = printed
            self._publish()
            if not self._saver.pending:  # nothing but our own publishing came since
                position = self._history.mark_cut()
            self._history.mark_saved(position, self._known.hash)
            self._tell("INFO", "save", "saved")
            if self._save_error:
                self._save_error = ""
                self._broadcast({"type": "autosave", "status": "success"})
            return True

    async def _changed_file(self) -> LoadedFile | None:
        """The file, if another writer changed it and seems to be done with it."""
        found = await self._file.probe()
        while self._known and found.hash != self._known.hash:
            await anyio.sleep(SETTLE_TIME)
            again = await self._file.probe()
            if again.hash == found.hash:
                return await self._file.load()
            found = again
        return None

    def _save_failed(self, error: SaveFailed) -> None:
        self.log.error("%s was not saved: %s", self.path, error)
        self._tell("ERROR", "save", str(error))
        if self._save_error != str(error):
            self._save_error = str(error)
            self._broadcast({"type": "autosave", "status": "failed", "reason": str(error)})

    def _broadcast(self, content: dict[str, Any]) -> None:
        outgoing = Outgoing(protocol.raw_message(content))
        for member in list(self.clients):
            member.send(outgoing)

    async def _rendered(self, state: bytes | None = None) -> Any:
        """The content of the document, or of another state of it, as its file would hold it."""
        update = self.ydoc.get_update() if state is None else state
        return await self._in_thread(rendered, self._id.type, update)

    async def _fingerprint(self) -> str:
        return fingerprint(await self._rendered())

    # Other writers

    async def _watch(self) -> None:
        """Look at the file now and then; follow it, and merge what others wrote into it."""
        failing_since: float | None = None
        suspect = ""
        while True:
            await anyio.sleep(self._options.poll_interval)
            try:
                found = await self._file.probe()
                suspect = await self._look(found, suspect)
                failing_since = None
            except (LoadFailed, DocumentNotFound) as error:
                now = anyio.current_time()
                if failing_since is None:
                    failing_since = now
                    self.log.warning("%s", error)
                elif now - failing_since > self._options.stop_poll_on_errors_after:
                    self.log.error("%s is not watched any more: %s", self.path, error)
                    return

    async def _look(self, found: FileState, suspect: str) -> str:
        """Merge a change once it is the same at two looks in a row. [F3]

        Returns:
            The hash that the next look may confirm.
        """
        known = self._known
        if known is None:
            return ""
        if found.hash == known.hash:
            if found != known:
                self._known = found
                self._publish()
            return ""
        if found.hash != suspect:
            return found.hash
        async with self._disk:
            if self._known is known:
                file = await self._file.load()
                if file.state.hash != suspect:
                    return file.state.hash
                await self._merge(file)
        return ""

    async def _merge(self, file: LoadedFile) -> None:
        """Merge what another writer left in the file. [F4]"""
        base = await self._history.base()
        if base is None:
            base = self.ydoc.get_update()
        merged_base = await self._apply_disk(base, file)
        position = self._history.mark_cut()
        on_disk = fingerprint(await self._rendered(merged_base))
        self._tell("WARNING", "overwrite", "merged a change on disk")
        if await self._fingerprint() == on_disk:
            await self._note_saved(file.state)
            return
        self._known = file.state
        self._saved_print = on_disk
        self._history.mark_saved(position, file.state.hash, merged_base)
        self._saver.changed()
        self._publish()

    async def _apply_disk(self, base: bytes, file: LoadedFile) -> bytes:
        """Apply the file's content as an edit of the base; the base with that edit."""
        update = await self._in_thread(disk_edit, self._id.type, base, file.content)
        if update != protocol.EMPTY_UPDATE:
            with self._entries_of(Kind.DISK):
                self.ydoc.apply_update(update)
        merged: bytes = await self._in_thread(_joined, base, update)
        return merged

    async def _note_saved(self, state: FileState) -> None:
        """The file and the document hold the same."""
        self._known = state
        version = self._saver.version
        self._saved_print = await self._fingerprint()
        self._saver.settle(version)
        self._publish()
        self._history.mark_saved(self._history.mark_cut(), state.hash)

    # What the server alone writes into the document

    def _publish(self) -> None:
        if self._known is not None:
            self._set_state(path=self._known.path, hash=self._known.hash, dirty=self._saver.pending)

    def _set_state(self, **values: Any) -> None:
        """Set what differs."""
        state = self._document.ystate
        changes = {key: value for key, value in values.items() if state.get(key) != value}
        if changes:
            with self._entries_of(Kind.SERVER), self.ydoc.transaction():
                for key, value in changes.items():
                    state[key] = value

    @contextmanager
    def _entries_of(self, kind: Kind) -> Iterator[None]:
        """What changes in this block enters the history as this kind."""
        self._kind, before = kind, self._kind
        try:
            yield
        finally:
            self._kind = before

    def _tell(self, level: str, action: str, message: str) -> None:
        self._emit(level=level, room=self.room_id, path=self.path, action=action, msg=message)

    @staticmethod
    async def _in_thread(call: Callable[..., Any], *args: Any) -> Any:
        return await run_sync(partial(call, *args))

    # Closing

    async def flush(self) -> None:
        """Save what is unsaved.

        Raises:
            SaveFailed: it could not be written.
        """
        if self._options.save_delay is not None and self._saver.pending:
            await self._saver.save_now()
        self._history.checkpoint(self.ydoc.get_update())

    def finish(self) -> None:
        """Stop all work of this room; what is not flushed is in the history only."""
        self.close()
        if self._tasks is not None:
            self._tasks.cancel_scope.cancel()
            self._tasks = None
        self._tell("INFO", "clean", "closed")


_REQUESTS = {"save": Action.SAVE, "revert": Action.REVERT}


def _joined(base: bytes, update: bytes) -> bytes:
    doc: Doc[Any] = Doc()
    doc.apply_update(base)
    doc.apply_update(update)
    return doc.get_update()
