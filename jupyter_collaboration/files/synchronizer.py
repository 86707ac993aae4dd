"""Keeps a document and its file in sync.

Responsible for loading, saving and watching the file, and for merging what other programs write.
Members and requests belong to the room. Neither the history nor the file takes precedence: if they
differ, they are merged. [H9]
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from logging import Logger
from typing import Any, Protocol

import anyio
from anyio import TASK_STATUS_IGNORED, Lock
from anyio.abc import TaskStatus
from pycrdt import Doc

from ..documents.cell_index import CellIndex
from ..documents.codec import (
    content_of,
    file_fingerprint,
    rendered,
)
from ..documents.identity import DocumentId, is_notebook
from ..documents.notebook_rules import problem_of_notebook
from ..documents.snapshot import Content, NotebookContent, snapshot_of
from ..errors import (
    CollaborationError,
    DocumentNotFound,
    FileChanged,
    FileDeleted,
    FileReadOnly,
    InvalidEdit,
    LoadFailed,
    RoomClosed,
    SaveFailed,
    SaveRefused,
    must_propagate,
)
from ..failpoints import failpoint
from ..history.model import Kind
from ..history.store import History
from ..merge.conflict import Conflict
from ..merge.document import (
    LateEdits,
    Merge,
    content_in_file,
    merge_into,
    standing,
    with_content,
)
from ..merge.rebase import Replicas
from ..protocol import messages
from ..threads import compute
from ..worker import run_large
from .autosave import Autosave
from .document_file import DocumentFile, FileState, LoadedFile
from .opening import (
    SETTLE_TIME,
    UNREADABLE_TIME,
    Opened,
    Opening,
    Todo,
    document_size,
    fingerprint_of,
    fingerprint_of_loaded,
    load_when_readable,
    size_of,
)
from .recent_saves import RecentSaves
from .requested import Base, RequestedBases
from .save_state import Saved
from .saved_base import SavedBase
from .watcher import FileWatch

SHRUNK_TIME = 2.0
"""The same for a file that became shorter, which may be half written."""

RACES = 5
"""How often a save is retried because another program wrote the file at the same time."""


@dataclass(frozen=True)
class SynchronizerOptions:
    """Settings for saving and watching files, in seconds; each one is a trait of the extension."""

    save_delay: float | None = 1.0
    save_max_delay: float = 5.0
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


@dataclass
class _Found:
    """The document as it was read for a save.

    Attributes:
        version: for `Autosave.settle`.
        seq: the last entry of the history.
        content: as it is saved.
        size: as computed by `document_size`.
        state: the document as one update; None if the history can provide it.
        stored: the document as a manager stored it; None if it stored this content.
    """

    version: int
    seq: int
    content: Any
    fingerprint: str
    size: int
    state: bytes | None
    stored: bytes | None = None


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

    def will_delete(self, merge: Merge, origin: str) -> None:
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

    Attributes:
        merging: held while a merge into the document is computed and applied: the next one would
            take its edits for what somebody typed meanwhile.
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
        self.merging = Lock()
        self.requested = RequestedBases(owner.ydoc)
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
        self._loaded: LoadedFile | None = None
        self._snapshot = snapshot_of(document.type, self._doc)
        self._base = SavedBase(history)
        self._recent = RecentSaves(history)
        self._reported: SaveFailed | None = None
        self._todo = Todo.COMPARE
        self._has_noted_hold = False

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
        return self._todo is Todo.NOTHING and isinstance(self.autosave.state, Saved)

    def close(self) -> None:
        """Release the document; a write in progress may still finish."""
        if self._snapshot is not None:
            self._snapshot.close()

    # Opening

    async def open(self) -> Opened:
        """Load the document from its history and its file.

        Raises:
            DocumentNotFound: there is no file.
            LoadFailed: the file cannot be read as a document of this type.
            HistoryUnavailable: the store cannot be read.
            HistoryDamaged: the stored updates are not a document.
        """
        opened = await Opening(
            self._doc,
            self._type,
            self._file,
            self._history,
            self._base,
            self._recent,
            self._owner.repair,
            self._log,
        ).run()
        if opened.file is not None:
            self.known = opened.file
        self._size = opened.size
        self._saved_fingerprint = opened.fingerprint
        self._loaded = opened.loaded
        self._todo = opened.todo
        self._has_noted_hold = opened.is_held
        self.autosave.hold(opened.is_held)
        return opened

    async def settle(self) -> None:
        """Merge what another program wrote while the document was closed; save unsaved edits.

        This should happen after reconnecting clients have sent their edits, so that text of theirs
        in the file is recognized as theirs, even if the history lost it.

        Raises:
            DocumentNotFound, LoadFailed: the file can no longer be read.
        """
        if self._loaded is not None:
            await self._learn_fingerprint()
        if self._todo is Todo.NOTHING:
            return
        if self._todo is Todo.MERGE:
            await self.look()
        elif await self._current_fingerprint() != self._saved_fingerprint:
            self.autosave.changed()
        self._todo = Todo.NOTHING
        self._note_hold()
        self._owner.publish()

    async def _learn_fingerprint(self) -> None:
        """Compute the fingerprint of what was loaded, unless the file was written since."""
        known, loaded, self._loaded = self.known, self._loaded, None
        assert loaded is not None
        fingerprint = await fingerprint_of_loaded(self._type, loaded.content, loaded.size)
        if self._saved_fingerprint is None and self.known is known:
            self._saved_fingerprint = fingerprint

    async def _current_fingerprint(self) -> str | None:
        """Return the fingerprint of the document; None if it cannot be written to a file."""
        try:
            return (await self._read_document()).fingerprint
        except (FileChanged, SaveFailed):
            return None  # the save reports it

    async def saved(self) -> SavedState | None:
        """Return the document as it was last saved; None if the file was never read."""
        known = self.known
        if known is None:
            return None
        base = await self._base.state()
        state = self._doc.get_update() if base is None else base
        return SavedState(state, known.hash, self._saved_fingerprint or "")

    def _note(self, file: LoadedFile) -> None:
        self.known = file.state
        self._size = size_of(file.content)

    # Saving

    def changed(self) -> None:
        """Schedule a save after an edit."""
        self.autosave.changed()
        self._note_hold()

    @property
    def is_held(self) -> bool:
        """Whether the document is saved on request only."""
        return self.autosave.is_held

    def hold(self, is_held: bool) -> None:
        """Save on request only, or automatically again. [F13]"""
        self.autosave.hold(is_held)
        self._note_hold()

    def _note_hold(self) -> None:
        """Record in the history whether there are edits that must not be saved automatically.

        They must not be saved after a restart either, before an editor decides.
        """
        has_held = self.is_held and not self.is_saved
        if has_held != self._has_noted_hold:
            self._has_noted_hold = has_held
            self._history.note_held(has_held)

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
            if self.is_saved and not again:
                return False
            if not again:
                await self._check_writable()
            found = await self._read_document()
            failpoint("save.rendered")
            wrote = again or found.fingerprint != self._saved_fingerprint
            if wrote:
                await self._write_content(found, again=again)
            self.autosave.settle(found.version)
        self._works_again()
        self._note_hold()
        self._owner.publish()
        if wrote:
            if not self.autosave.pending and self.known is not None:
                # Only state that we published came since, so the document is still saved.
                cut = self._history.mark_cut()
                self._history.mark_saved(cut, self.known.hash, found.fingerprint, found.stored)
                self._base.follow(cut)
            self._owner.report("INFO", "save", "saved")
        return wrote

    async def _write_content(self, found: _Found, *, again: bool) -> None:
        self._owner.check(found.content)
        await self._history.mark_saving(found.seq, found.fingerprint, self._file.newline)
        failpoint("save.intended")
        if found.state is None and not self._history.is_available:
            raise FileChanged(f"{self.path}: the history cannot be written any more.")
        saved = await self._file.save(found.content, again=again)
        self.known = saved.state
        failpoint("save.written")
        self._todo = Todo.NOTHING
        self._saved_fingerprint = found.fingerprint
        if saved.content is None:
            self._size = found.size
            known = found.content if isinstance(found.content, Content) else None
            self._base.note(found.seq, known, found.state)
        else:
            # A manager stored something else, so external changes are relative to that.
            self._size = size_of(saved.content)
            found.stored = await self._as_stored(found.state, saved.content)
            self._base.note(None, state=found.stored)
        self._history.mark_saved(found.seq, saved.state.hash, found.fingerprint, found.stored)
        await self._recent.note(found.seq, found.stored)
        if self._history.needs_checkpoint:
            self._history.checkpoint(self._history.mark_cut(), self._doc.get_update())
        failpoint("save.noted")

    async def _as_stored(self, state: bytes | None, content: Any) -> bytes:
        """Return the document as a manager stored it, as one update."""
        shown = content_in_file(self._type, content)
        state = self._doc.get_update() if state is None else state
        held = await run_large(len(state), with_content, self._type, state, shown)
        return held

    async def _read_document(self) -> _Found:
        """Read the document as of now.

        Raises:
            FileChanged: content that cannot be written to a file was replaced: try again.
            SaveFailed: the document contains something that cannot be written.
        """
        try:
            if self._snapshot is not None:
                await self._snapshot.catch_up()
            version, seq = self.autosave.mark(), self._history.mark_cut()
            content: Any = None if self._snapshot is None else self._snapshot.take()
            # Kept if the history cannot provide it later.
            is_needed = not (self._file.stores_exactly and self._history.is_available)
            state = self._doc.get_update() if content is None or is_needed else None
            is_text = isinstance(content, str)
            size = len(content) if is_text else document_size(self._doc, self._type)
            if content is None:
                assert state is not None
                content = await run_large(len(state), rendered, self._type, state)
            fingerprint = await compute(_fingerprint_of, self._type, content)
            return _Found(version, seq, content, fingerprint, size, state)
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

    async def _check_writable(self) -> None:
        """Check that the file may be written, before anything is computed for it.

        Raises:
            FileReadOnly: it may not.
        """
        if self.known is None or self.known.writable:
            return
        if not (await self._file.probe()).writable:
            raise FileReadOnly("The file is read-only. Changes are kept in the history.")
        self.known = replace(self.known, writable=True)

    def save_failed(self, error: SaveFailed) -> None:
        """Report a failed save, once for each reason."""
        self.autosave.fail(error)
        known, self._reported = self._reported, error
        if known is None or str(known) != str(error):
            self._log.error("Could not save %s: %s", self.path, error)
            self._owner.report("ERROR", "save", str(error))
            self._owner.save_state(error)

    def _works_again(self) -> None:
        self.autosave.recover()
        if self._reported is not None:
            self._reported = None
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
        if not self.autosave.pending and self._history.has_long_tail:
            self._history.checkpoint(self._history.mark_cut(), self._doc.get_update())

    @asynccontextmanager
    async def resting(self) -> AsyncIterator[None]:
        """Save, and do not write the file in this block.

        Raises:
            SaveFailed: the file could not be written, or is saved on request only.
        """
        if self.is_held and not self.is_saved:
            raise SaveFailed("Autosave is off, and there are unsaved changes.")
        await self.flush()
        async with self._lock:
            if self.is_saved and self.known is not None and self._saved_fingerprint is not None:
                # Edits that were undone need no write: the file already has this content.
                cut = self._history.mark_cut()
                self._history.mark_saved(cut, self.known.hash, self._saved_fingerprint)
                self._base.follow(cut)
            yield

    # Other writers

    async def watch(self) -> None:
        """Check the file periodically; follow renames, and merge external changes."""
        failing_since: float | None = None
        known = self._file.settled_signature(self.known.hash) if self.known else None
        with self._watch.watching(self._file.signature, known) as watched:
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
        if not isinstance(self._reported, kind):
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
            is_missing = isinstance(self._reported, FileDeleted | SaveRefused)
            if is_missing and not self.autosave.pending:
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
        self.changed()

    async def _merge(self, file: LoadedFile) -> None:
        """Merge an external change of the file. [F4]"""
        failpoint("merge.begin")
        try:
            last = await self._last_saved()
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

    async def _take(
        self, file: LoadedFile, base: Content | bytes | Base, older: bytes | None = None
    ) -> None:
        """Merge the changes of the file relative to a base, and record the new content.

        Args:
            base: the document as it was last saved, or the `Base` of a request.
            older: the document as of an older save, if the file is a modified copy of that.
        """
        content = content_in_file(self._type, file.content)
        since = base.value if isinstance(base, Base) else base
        state = since if isinstance(since, bytes) else await self._base.state()
        if state is None:
            state = self._doc.get_update()
        held = await run_large(len(state), with_content, self._type, state, content)
        fingerprint = await fingerprint_of(self._type, held)

        cut = 0
        mark_saved = partial(
            self._history.mark_saved, file_hash=file.state.hash, fingerprint=fingerprint
        )

        def noted() -> None:
            nonlocal cut
            self.autosave.changed()
            cut = self._history.mark_cut()
            mark_saved(cut, state=held)
            self._base.note(None, state=held)
            self._saved_fingerprint = fingerprint
            self._note(file)

        # A program that seems to have read an older save may also have what came later: another
        # server that merged both wrote a content which is still nearer to the older one.
        is_sure = older is None
        await self._bring_in(
            older or base, content, Kind.DISK, origin="disk", noted=noted, sure=is_sure
        )
        await self._recent.note(cut, held)
        failpoint("merge.noted")
        self._todo = Todo.NOTHING
        now = await self._read_document()
        if now.fingerprint == fingerprint:
            mark_saved(now.seq)
            self.autosave.settle(now.version)
        self._note_hold()

    async def _last_saved(self) -> Content | bytes:
        """Return the content as it was last saved, or the document with it as one update."""
        known = await self._base.content()
        return self._doc.get_update() if known is None else known

    async def _bring_in(
        self,
        base: Content | bytes | Base | None,
        content: Any,
        kind: Kind,
        author: str = "",
        *,
        origin: str,
        noted: Callable[[], None] | None = None,
        applied: Callable[[Merge], None] | None = None,
        replicas: Replicas | None = None,
        sure: bool = True,
    ) -> Merge:
        """Compute a merge in a thread, and apply it in one transaction. [F12]

        Text typed in the meantime is merged by the same rules. What `noted` and `applied` do is
        stored and broadcast together with the merge.

        Args:
            base: what both sides come from, as for `merge_into`, or the `Base` of a request.
            replicas, sure: see `merge_into`.
        """
        async with self.merging:
            since = base.value if isinstance(base, Base) else base

            async def merged(ours: bytes) -> Merge:
                sides = (self._type, ours, since, content, sure, replicas)
                merge = await run_large(len(ours), merge_into, *sides)
                failpoint("merge.computed")
                return merge

            merge = await standing(self._doc, self._owner.cells, merged)
            self._owner.will_delete(merge, origin)
            late = LateEdits(self._doc, self._owner.cells, merge)

            def done() -> None:
                if noted is not None:
                    noted()
                if applied is not None:
                    applied(merge)
                merge.conflicts.extend(late.conflicts)
                self._owner.show_conflicts(merge.conflicts, origin)
                if isinstance(base, Base):
                    self.requested.replaced(content)
                else:
                    self.requested.merged()

            if merge.update != messages.EMPTY_UPDATE:
                await self._owner.change(merge.update, kind, author, done, late.bring_in)
            else:
                done()
        failpoint("merge.applied")
        return merge

    async def place(
        self,
        replicas: Replicas,
        author: str,
        applied: Callable[[Merge], None] | None = None,
    ) -> Merge:
        """Merge the edits of replicas of another history. [S4]

        Args:
            applied: called with the merge right after it was applied, before it is broadcast.

        Raises:
            Exception: the replica cannot be read; pycrdt raises no type of its own.
        """
        size = len(replicas.state)
        content = await run_large(size, content_of, self._type, replicas.state)
        if is_notebook(self._type):
            problem = await compute(problem_of_notebook, content)
            if problem:
                raise InvalidEdit(f"The replica was refused: {problem}.")
        return await self._bring_in(
            None,
            content,
            Kind.EDIT,
            author,
            origin="rebase",
            applied=applied,
            replicas=replicas,
        )

    async def revert(self, base: Base) -> None:
        """Revert the document to the content of the file, as one edit.

        Args:
            base: what the document held when that was requested.

        Raises:
            DocumentNotFound, LoadFailed: the file cannot be read.
        """
        async with self._lock:
            await self._take(await load_when_readable(self._file), base)
        self._owner.publish()


def _fingerprint_of(content_type: str, content: Any) -> str:
    if isinstance(content, NotebookContent):
        return content.fingerprint()
    return file_fingerprint(content_type, content)
