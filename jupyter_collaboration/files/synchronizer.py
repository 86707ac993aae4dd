"""Keeps a document and its file in sync.

Responsible for loading, saving and watching the file, and for merging what other programs write.
Members and requests belong to the room. Neither the history nor the file takes precedence: if they
differ, they are merged. [H9]
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from logging import Logger
from typing import Any, Protocol

import anyio
from anyio import TASK_STATUS_IGNORED, Lock
from anyio.abc import TaskStatus
from anyio.to_thread import run_sync
from pycrdt import Array, Doc, Text

from ..documents.cell_index import CellIndex
from ..documents.codec import content_of, file_fingerprint, loaded_update, rendered, take_in
from ..documents.identity import DocumentId, is_notebook
from ..documents.validation import problem_of_value
from ..errors import (
    CollaborationError,
    DocumentNotFound,
    FileChanged,
    FileDeleted,
    HistoryDamaged,
    InvalidEdit,
    LoadFailed,
    RoomClosed,
    SaveFailed,
    SaveRefused,
    must_propagate,
)
from ..failpoints import failpoint
from ..history.model import Kind, Stored
from ..history.store import History
from ..merge.conflict import Conflict
from ..merge.document import LateEdits, Merge, content_in_file, merge_into, nearest, stands
from ..merge.rebase import Replicas, joined
from ..protocol import messages
from .autosave import Autosave
from .document_file import DocumentFile, FileState, LoadedFile
from .recent_saves import RecentSaves
from .watcher import FileWatch

SETTLE_TIME = 0.15
"""Seconds that a changed file must stay unchanged before it is read."""

SHRUNK_TIME = 2.0
"""The same for a file that became shorter, which may be half written."""

UNREADABLE_TIME = 4.0
"""Seconds to wait for a file that cannot be read or is empty."""

RACES = 5
"""How often a save is retried because another program wrote the file at the same time."""

MERGE_TRIES = 3
"""How often a merge is computed if users delete cells that it edits in the meantime."""


@dataclass(frozen=True)
class SynchronizerOptions:
    """Settings for saving and watching files, in seconds; each one is a trait of the extension."""

    save_delay: float | None = 1.0
    save_max_delay: float = 10.0
    poll_interval: float = 1.0
    stop_poll_on_errors_after: float = 86400.0


@dataclass(frozen=True)
class SavedState:
    """A document as it was last saved.

    Attributes:
        state: the document, as one update.
        file_hash: the hash of the file.
        fingerprint: the fingerprint of the content.
    """

    state: bytes
    file_hash: str
    fingerprint: str


class Owner(Protocol):
    """The interface to the room that owns the document."""

    log: Logger
    ydoc: Doc[Any]

    @property
    def cells(self) -> CellIndex | None:
        """The index of a notebook's cells; None for other documents."""

    @property
    def is_closed(self) -> bool:
        """Whether the room is closed."""

    async def change(
        self,
        update: bytes,
        kind: Kind,
        author: str = "",
        noted: Callable[[], None] | None = None,
        also: Callable[[], None] | None = None,
    ) -> None:
        """Change the document, store the change with what `noted` records, and broadcast it.

        Raises:
            RoomClosed: the room is closed.
        """

    def will_delete(self, merge: Merge) -> None:
        """Prepare for a merge that deletes cells, and may insert them again."""

    def show_conflicts(self, conflicts: list[Conflict], origin: str) -> None:
        """Show the conflicts of a merge to all members."""

    def publish(self) -> None:
        """Publish the state of the file, or whether the document is saved, after a change."""

    def report(self, level: str, action: str, message: str) -> None:
        """Publish an event about the document."""

    def save_state(self, error: SaveFailed | None) -> None:
        """Report that saving fails, or works again for None."""

    def check(self, content: Any) -> None:
        """Raise `SaveRefused` for a content that must not be written."""

    def repair(self) -> bool:
        """Replace content that cannot be written to a file; return whether there was any."""


class FileSynchronizer:
    """Keeps one document and one file in sync.

    Args:
        lock: held while the file is checked and written; shared by all rooms of a file. [F9]
        watch: notices when the file may have changed.
    """

    def __init__(
        self,
        owner: Owner,
        document: DocumentId,
        file: DocumentFile,
        history: History,
        options: SynchronizerOptions,
        lock: Lock,
        watch: FileWatch,
    ) -> None:
        self._watch = watch
        self._owner = owner
        self._doc = owner.ydoc
        self._type = document.type
        self._file = file
        self._history = history
        self._options = options
        self._lock = lock
        self._log = owner.log
        self.autosave = Autosave(
            self._write,
            delay=options.save_delay,
            max_delay=options.save_max_delay,
            failed=self.save_failed,
        )
        self._known: FileState | None = None
        self._noted_path: str | None = None
        self._size = 0
        self._saved_fingerprint: str | None = None
        self._base: bytes | None = None
        self._recent = RecentSaves(history)
        self._error: SaveFailed | None = None
        self._is_settled = False

    @property
    def path(self) -> str:
        """The path of the file when it was last checked; empty before the first check."""
        return self.known.path if self.known else ""

    @property
    def known(self) -> FileState | None:
        """The last known state of the file; None before the first check."""
        return self._known

    @known.setter
    def known(self, state: FileState) -> None:
        self._known = state
        if state.path != self._noted_path:
            self._noted_path = state.path
            self._history.note_path(state.path)

    @property
    def is_saved(self) -> bool:
        """Whether the document is saved, as far as is known."""
        return self._is_settled and not self.autosave.pending and self._error is None

    # Opening

    async def open(self) -> str:
        """Load the document from its history and its file.

        Returns:
            The session id.

        Raises:
            DocumentNotFound: there is no file.
            LoadFailed: the file cannot be read as a document of this type.
            HistoryUnavailable: the store cannot be read.
            HistoryDamaged: the stored updates are not a document.
        """
        failpoint("load.begin")
        stored = await self._history.load()
        self._noted_path = stored.path
        failpoint("load.history")
        self._file.newline = stored.newline or "\n"
        file = await self._load_or_none(stored)
        failpoint("load.file")
        if file is not None:
            self._note(file)
        if file is not None and not stored.updates:
            update = await self._in_thread(loaded_update, self._type, file.content)
            take_in(self._doc, update)
            self._history.append(update, "", Kind.LOAD)
            failpoint("load.appended")
            self._base = update
            self._saved_fingerprint = await self._fingerprint(update)
            cut = self._history.mark_cut()
            self._history.mark_saved(cut, file.state.hash, self._saved_fingerprint)
            await self._recent.note(cut)
            # No client may have a copy of a history that would be lost in a restart. [S2]
            await self._history.commit()
            self._is_settled = True
            return stored.session_id
        self._replay(stored)
        if file is not None and self._size and not document_size(self._doc, self._type):
            await self._check_that_it_was_emptied(stored)
        self._owner.repair()
        failpoint("load.applied")
        self._saved_fingerprint = stored.saved_fingerprint
        if file is None or await self._is_torn(file, stored):
            # The server was killed during a write: the history is complete.
            with suppress(LoadFailed):  # a manager without hashes has to read it
                self.known = await self._file.probe()
            self._saved_fingerprint = None
            return stored.session_id
        is_known = stored.saved_hash == file.state.hash
        self._is_settled = is_known and stored.seq == stored.saved_seq
        if stored.saved_seq is not None:
            await self._recent.note(stored.saved_seq)
        if not is_known:
            on_disk = await self._file_fingerprint(file)
            if on_disk == stored.saving_fingerprint:
                # Our own last write, which the server could not record before it was killed.
                self._saved_fingerprint = on_disk
                self._history.mark_saved(stored.saving_seq or 0, file.state.hash, on_disk)
            elif on_disk == stored.saved_fingerprint:
                self._saved_fingerprint = on_disk
            else:
                self.known = replace(file.state, hash="")
                self._size = document_size(self._doc, self._type)
                self._base = await self._nearer_base(file, stored)
        return stored.session_id

    def _replay(self, stored: Stored) -> None:
        try:
            take_in(self._doc, *stored.updates)
        except BaseException as error:  # pycrdt raises no type of its own
            if must_propagate(error):
                raise
            raise HistoryDamaged(f"The history of {self.path} cannot be read: {error!r}") from error

    async def _check_that_it_was_emptied(self, stored: Stored) -> None:
        """Refuse an empty history for a file with content: the history may be damaged. [F3]

        Raises:
            HistoryDamaged: the history was empty even when the file was saved.
        """
        if self.known is None or stored.saved_hash != self.known.hash:
            return
        base: Doc[Any] = Doc()
        base.apply_update(await self._history.base() or messages.EMPTY_UPDATE)
        if not document_size(base, self._type):
            raise HistoryDamaged(f"The history of {self.path} has lost the content of the file.")

    async def _nearer_base(self, file: LoadedFile, stored: Stored) -> bytes | None:
        """Return the base of an external change: our last write, if it finished before a crash."""
        base = await self._history.base()
        if stored.saving_fingerprint is None:
            return base
        intended = await self._history.at(stored.saving_seq or 0)
        if base is None or intended is None:
            return intended if base is None else base
        content = content_in_file(self._type, file.content)
        nearer: bytes = await self._in_thread(nearest, self._type, content, base, intended)
        return nearer

    async def _load_or_none(self, stored: Stored) -> LoadedFile | None:
        """Load the file; return None if an interrupted write of ours made it unreadable."""
        try:
            return await self._load_whole()
        except LoadFailed:
            if not stored.updates or stored.saving_fingerprint is None:
                raise
            self._log.warning(
                "%s is half written; restoring it from its history", stored.session_id
            )
            return None

    async def _is_torn(self, file: LoadedFile, stored: Stored) -> bool:
        """Return whether the file is the beginning of what was being written before a crash."""
        if stored.saving_fingerprint is None or not isinstance(file.content, str | bytes):
            return False
        intended = await self._history.at(stored.saving_seq or 0)
        if intended is None:
            return False
        content = await self._in_thread(rendered, self._type, intended)
        return len(file.content) < len(content) and content.startswith(file.content)

    async def settle(self) -> None:
        """Merge what another program wrote while the document was closed; save unsaved edits.

        This should happen after reconnecting clients have sent their edits, so that text of theirs
        in the file is recognized as theirs, even if the history lost it.

        Raises:
            DocumentNotFound, LoadFailed: the file can no longer be read.
        """
        if self._is_settled:
            return
        if self.known is not None and not self.known.hash:
            await self.look()
        elif await self._fingerprint(self._doc.get_update()) != self._saved_fingerprint:
            self.autosave.changed()
        self._is_settled = True
        self._owner.publish()

    async def saved(self) -> SavedState | None:
        """Return the document as it was last saved; None if the file was never read."""
        known = self.known
        if known is None:
            return None
        base = await self._base_of_file()
        return SavedState(base, known.hash, self._saved_fingerprint or "")

    async def _load_whole(self) -> LoadedFile:
        """Read the file; wait for a file that cannot be read, since it may be half written. [F3]"""
        deadline = anyio.current_time() + UNREADABLE_TIME
        while True:
            try:
                return await self._file.load()
            except LoadFailed:
                if anyio.current_time() > deadline:
                    raise
                await anyio.sleep(SETTLE_TIME)

    def _note(self, file: LoadedFile) -> None:
        self.known = file.state
        self._size = size_of(file.content)

    # Saving

    def changed(self) -> None:
        """Schedule a save after an edit."""
        self.autosave.changed()

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Save automatically, until cancelled."""
        await self.autosave.run(task_status=task_status)

    async def save(self, *, again: bool = False) -> bool:
        """Save now.

        Args:
            again: whether to create a deleted file again.

        Returns:
            Whether anything was written.

        Raises:
            SaveFailed: nothing was written; the document is still unsaved.
        """
        return await (
            self.autosave.save_now(self._write_again) if again else self.autosave.save_now()
        )

    async def _write_again(self) -> bool:
        return await self._write(again=True)

    async def _write(self, *, again: bool = False) -> bool:
        """Write the document to its file, unless it is saved already."""
        for _ in range(RACES):
            try:
                return await self._write_once(again=again)
            except FileChanged as error:
                self._log.info("%s", error)
        return await self._write_once(again=again)

    async def _write_once(self, *, again: bool) -> bool:
        async with self._lock, self._file.turn():
            failpoint("save.begin")
            if self._owner.is_closed:
                return False  # already saved; another room may have written the file since
            if not again:
                await self._merge_before_writing()
            failpoint("save.checked")
            version = self.autosave.mark()
            position = self._history.mark_cut()
            update = self._doc.get_update()
            content, fingerprint = await self._content_of(update)
            failpoint("save.rendered")
            wrote = again or fingerprint != self._saved_fingerprint
            if wrote:
                self._owner.check(content)
                await self._history.mark_saving(position, fingerprint, self._file.newline)
                failpoint("save.intended")
                saved = await self._file.save(content, again=again)
                self.known = saved.state
                failpoint("save.written")
                self._is_settled = True
                stored = content if saved.content is None else saved.content
                self._size = size_of(stored)
                self._saved_fingerprint = fingerprint
                # If a manager stored something else, external changes are relative to that.
                state = await self._as_stored(update, saved.content)
                self._base = update if state is None else state
                self._history.mark_saved(position, saved.state.hash, fingerprint, state)
                await self._recent.note(position, state)
                if self._history.needs_checkpoint:
                    self._history.checkpoint(position, update)
                failpoint("save.noted")
            self.autosave.settle(version)
        self._works_again()
        self._owner.publish()
        if wrote:
            if not self.autosave.pending and self.known is not None:
                # Only state that we published came since, so the document is still saved.
                self._history.mark_saved(
                    self._history.mark_cut(), self.known.hash, fingerprint, state
                )
            self._owner.report("INFO", "save", "saved")
        return wrote

    async def _as_stored(self, update: bytes, content: Any) -> bytes | None:
        """Return the document as a manager stored it, as one update; None if it did not differ."""
        if content is None:
            return None
        shown = content_in_file(self._type, content)
        held: bytes = await self._in_thread(_with_content, self._type, update, shown)
        return held

    async def _content_of(self, update: bytes) -> tuple[Any, str]:
        """Return the content to write, and its fingerprint.

        Raises:
            FileChanged: content that cannot be written to a file was replaced: try again.
            SaveFailed: the document contains something that cannot be written.
        """
        try:
            content = await self._in_thread(rendered, self._type, update)
            return content, await self._in_thread(file_fingerprint, self._type, content)
        except BaseException as error:  # document types may raise anything, and pycrdt may panic
            if must_propagate(error):
                raise
            if self._owner.repair():
                raise FileChanged(f"{self.path} was repaired.") from error
            raise SaveFailed(f"The document cannot be written to a file: {error!r}") from error

    async def _merge_before_writing(self) -> None:
        try:
            if file := await self._changed_file():
                await self._merge(file)
        except DocumentNotFound as error:
            raise FileDeleted(str(error)) from error
        except LoadFailed as error:
            raise SaveRefused(
                f"{error} Another program changed the file, so it was not overwritten. Repair it,"
                " or move it away, and save again."
            ) from error
        except CollaborationError as error:
            raise SaveFailed(str(error)) from error

    def save_failed(self, error: SaveFailed) -> None:
        """Report a failed save, once for each reason."""
        self._log.error("Could not save %s: %s", self.path, error)
        if self._error is None or str(self._error) != str(error):
            self._owner.report("ERROR", "save", str(error))
            self._owner.save_state(error)
        self._error = error

    def _works_again(self) -> None:
        if self._error is not None:
            self._error = None
            self._owner.save_state(None)

    async def flush(self) -> None:
        """Save unsaved edits, and write a checkpoint to the history.

        Raises:
            SaveFailed: the file could not be written.
        """
        if self._options.save_delay is not None and (
            self.autosave.pending or self.autosave.is_saving
        ):
            await self.autosave.save_now()
        if not self.autosave.pending:
            self._history.checkpoint(self._history.mark_cut(), self._doc.get_update())

    @asynccontextmanager
    async def resting(self) -> AsyncIterator[None]:
        """Save, and do not write the file in this block.

        Raises:
            SaveFailed: the file could not be written.
        """
        await self.flush()
        async with self._lock:
            if self.is_saved and self.known is not None and self._saved_fingerprint is not None:
                # Edits that were undone need no write: the file already has this content.
                self._history.mark_saved(
                    self._history.mark_cut(), self.known.hash, self._saved_fingerprint
                )
            yield

    # Other writers

    async def watch(self) -> None:
        """Check the file periodically; follow renames, and merge external changes."""
        failing_since: float | None = None
        with self._watch.watching(self._file.signature) as watched:
            while True:
                await watched.changed()
                try:
                    await self.look()
                    failing_since = None
                except RoomClosed:
                    return
                except (LoadFailed, DocumentNotFound) as error:
                    watched.look_again()
                    now = anyio.current_time()
                    if failing_since is None:
                        failing_since = now
                        self._log.warning("%s", error)
                        continue  # the first time may be in the middle of a rename
                    self._report(error)
                    if now - failing_since > self._options.stop_poll_on_errors_after:
                        self._log.error("Stopped watching %s: %s", self.path, error)
                        return

    def _report(self, error: CollaborationError) -> None:
        """Report that the file does not exist or cannot be read. [F8] [F3]"""
        kind = FileDeleted if isinstance(error, DocumentNotFound) else SaveRefused
        if not isinstance(self._error, kind):
            self.save_failed(kind(str(error)))

    async def look(self) -> None:
        """Check the file, and merge external changes.

        Raises:
            DocumentNotFound: the file does not exist.
            LoadFailed: the file has been unreadable for a while.
        """
        found = await self._file.probe()
        if self.known is not None and found.hash == self.known.hash:
            if found != self.known:
                self.known = found
                self._owner.publish()
            if isinstance(self._error, FileDeleted | SaveRefused) and not self.autosave.pending:
                self._works_again()  # the file exists again
            return
        async with self._lock:
            if file := await self._changed_file():
                await self._merge(file)

    async def _changed_file(self) -> LoadedFile | None:
        """Return the file if another program changed it and has finished writing. [F3] [F11]"""
        start = anyio.current_time()
        found = await self._file.probe()
        while self.known is not None and found.hash != self.known.hash:
            await anyio.sleep(SETTLE_TIME)
            again = await self._file.probe()
            waited = anyio.current_time() - start
            if again.hash == found.hash or waited > UNREADABLE_TIME:
                try:
                    file = await self._file.load()
                except LoadFailed:
                    if waited > UNREADABLE_TIME:
                        raise
                else:
                    if self._is_whole(file, waited):
                        return file
                    if waited > UNREADABLE_TIME:
                        self._emptied(file)
                        return None
            found = again
        return None

    def _is_whole(self, file: LoadedFile, waited: float) -> bool:
        """Return whether a content looks complete; part of a file may be a valid file as well."""
        size = size_of(file.content)
        if size == 0 and self._size > 0:
            return False
        return size >= self._size or waited > SHRUNK_TIME

    def _emptied(self, file: LoadedFile) -> None:
        """Save the document again: an empty file never replaces a document. [F3]"""
        self._log.warning("%s was emptied by another program; saving it again", self.path)
        self.known = file.state
        self._saved_fingerprint = None
        self.autosave.changed()

    async def _merge(self, file: LoadedFile) -> None:
        """Merge an external change of the file. [F4]"""
        failpoint("merge.begin")
        try:
            last = await self._base_of_file()
            content = content_in_file(self._type, file.content)
            older = None
            if not await self._file.is_from_a_server(file.state.hash):
                older = await self._recent.older_base(self._type, content, last)
            if older is not None:
                self._log.info(
                    "%s: another program wrote a modified copy of an older save", self.path
                )
            await self._take(file, last, older)
        except BaseException as error:
            if isinstance(error, CollaborationError) or must_propagate(error):
                raise
            raise LoadFailed(
                f"{self.path} was changed by another program, and the change cannot be merged:"
                f" {type(error).__name__}: {error}"
            ) from error
        self._works_again()
        self._owner.publish()
        self._owner.report("WARNING", "overwrite", "merged a change on disk")

    async def _take(self, file: LoadedFile, base: bytes, older: bytes | None = None) -> None:
        """Merge the changes of the file relative to a base, and record the new content.

        Args:
            base: the document as it was last saved.
            older: the document as of an older save, if the file is a modified copy of that.
        """
        content = content_in_file(self._type, file.content)
        held = await self._in_thread(_with_content, self._type, base, content)
        fingerprint = await self._fingerprint(held)

        cut, version, update = 0, 0, b""
        mark_saved = partial(
            self._history.mark_saved, file_hash=file.state.hash, fingerprint=fingerprint
        )

        def noted() -> None:
            nonlocal cut, version, update
            self.autosave.changed()
            cut, version = self._history.mark_cut(), self.autosave.mark()
            update = self._doc.get_update()
            mark_saved(cut, state=held)
            self._base, self._saved_fingerprint = held, fingerprint
            self._note(file)

        await self._bring_in(older or base, content, Kind.DISK, origin="disk", noted=noted)
        await self._recent.note(cut, held)
        failpoint("merge.noted")
        self._is_settled = True
        if await self._fingerprint(update) == fingerprint:
            mark_saved(cut)
            self.autosave.settle(version)

    async def _base_of_file(self) -> bytes:
        """Return the document as it was last saved."""
        if self._base is None:
            self._base = await self._history.base()
        return self._base if self._base is not None else self._doc.get_update()

    async def _bring_in(
        self,
        base: bytes | None,
        content: Any,
        kind: Kind,
        author: str = "",
        *,
        origin: str,
        noted: Callable[[], None] | None = None,
        applied: Callable[[Merge], None] | None = None,
        replicas: Replicas | None = None,
    ) -> Merge:
        """Compute a merge in a thread, and apply it in one transaction. [F12]

        Text typed in the meantime is merged by the same rules. What `noted` and `applied` do is
        stored and broadcast together with the merge.
        """
        for _ in range(MERGE_TRIES):
            ours = self._doc.get_update()
            sides = (self._type, ours, base, content, replicas is None, replicas)
            merge: Merge = await self._in_thread(merge_into, *sides)
            failpoint("merge.computed")
            if stands(merge, self._owner.cells):
                break
        self._owner.will_delete(merge)
        late = LateEdits(self._doc, self._owner.cells, merge)

        def done() -> None:
            if noted is not None:
                noted()
            if applied is not None:
                applied(merge)
            merge.conflicts.extend(late.conflicts)
            self._owner.show_conflicts(merge.conflicts, origin)

        if merge.update != messages.EMPTY_UPDATE:
            await self._owner.change(merge.update, kind, author, done, late.bring_in)
        else:
            done()
        failpoint("merge.applied")
        return merge

    async def place(
        self,
        base: bytes | None,
        replicas: Replicas,
        author: str,
        applied: Callable[[Merge], None] | None = None,
    ) -> Merge:
        """Merge the edits of replicas of another history, relative to their base. [S4]

        Args:
            applied: called with the merge right after it was applied, before it is broadcast.

        Raises:
            Exception: the replica cannot be read; pycrdt raises no type of its own.
        """
        content = await self._in_thread(content_of, self._type, replicas.state)
        problem = is_notebook(self._type) and await self._in_thread(problem_of_value, content)
        if problem:
            raise InvalidEdit(f"The replica was refused: {problem}.")
        return await self._bring_in(
            base,
            content,
            Kind.EDIT,
            author,
            origin="rebase",
            applied=applied,
            replicas=replicas,
        )

    async def revert(self) -> None:
        """Revert the document to the content of the file, as one edit.

        Raises:
            DocumentNotFound, LoadFailed: the file cannot be read.
        """
        async with self._lock:
            await self._take(await self._load_whole(), self._doc.get_update())
        self._owner.publish()

    # Called in threads

    async def _fingerprint(self, update: bytes) -> str:
        return file_fingerprint(self._type, await self._in_thread(rendered, self._type, update))

    async def _file_fingerprint(self, file: LoadedFile) -> str:
        return await self._fingerprint(
            await self._in_thread(loaded_update, self._type, file.content)
        )

    @staticmethod
    async def _in_thread(call: Callable[..., Any], *args: Any) -> Any:
        return await run_sync(partial(call, *args))


def document_size(doc: Doc[Any], content_type: str) -> int:
    """Return the size of a document in the same unit as `size_of`."""
    if is_notebook(content_type):
        return len(doc.get("cells", type=Array))
    return len(str(doc.get("source", type=Text)))


def size_of(content: Any) -> int:
    """Return the size of a content in characters, bytes or cells, to detect that it shrank."""
    if isinstance(content, dict):
        return len(content.get("cells", ())) or len(content)
    return len(content)


def _with_content(content_type: str, base: bytes, content: Any) -> bytes:
    """Return the base, edited to have a given content."""
    return joined(base, merge_into(content_type, base, base, content).update)
