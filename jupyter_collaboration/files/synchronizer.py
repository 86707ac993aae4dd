"""A document and its file: load, save, watch, and merge what others write.

Knows the shared document, its history and its file; knows nothing of members, sockets or other
rooms. Neither history nor file simply wins: where they differ, both are merged. [H9]
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
"""Seconds for which a file that somebody wrote has to stay the same before it is read."""

SHRUNK_TIME = 2.0
"""The same for a file that became shorter: it may be half written."""

UNREADABLE_TIME = 4.0
"""Seconds for which a file that cannot be read, or is empty, is waited for."""

RACES = 5
"""How often a save begins anew because another program wrote the file in that moment."""

MERGE_TRIES = 3
"""How often a merge is computed because somebody deleted cells that it edits meanwhile."""


@dataclass(frozen=True)
class SynchronizerOptions:
    """How documents are saved and watched; times in seconds. Each is a trait of the extension."""

    save_delay: float | None = 1.0
    save_max_delay: float = 10.0
    poll_interval: float = 1.0
    stop_poll_on_errors_after: float = 86400.0


@dataclass(frozen=True)
class SavedState:
    """A document as its file holds it.

    Attributes:
        state: as one update.
        file_hash: of the file.
        fingerprint: of its content.
    """

    state: bytes
    file_hash: str
    fingerprint: str


class Owner(Protocol):
    """Who has the document: what the binding asks of it."""

    log: Logger
    ydoc: Doc[Any]

    @property
    def cells(self) -> CellIndex | None:
        """Where the cells of a notebook are."""

    @property
    def is_closed(self) -> bool:
        """Whether the document is not kept any more."""

    async def change(
        self,
        update: bytes,
        kind: Kind,
        author: str = "",
        noted: Callable[[], None] | None = None,
        also: Callable[[], None] | None = None,
    ) -> None:
        """Change the document, store the change with what is noted, and tell everybody.

        Raises:
            RoomClosed: the document is not kept any more.
        """

    def will_delete(self, merge: Merge) -> None:
        """A merge is about to take cells away, perhaps to insert them anew."""

    def show_conflicts(self, conflicts: list[Conflict], origin: str) -> None:
        """Show everybody what a merge could not decide."""

    def publish(self) -> None:
        """The file, or whether it holds the document, changed."""

    def report(self, level: str, action: str, message: str) -> None:
        """Publish an event about the document."""

    def save_state(self, error: SaveFailed | None) -> None:
        """Saving does not work, or works again."""

    def check(self, content: Any) -> None:
        """Raise `SaveRefused` for a content that must not be written."""

    def repair(self) -> bool:
        """Replace what no file could hold; whether there was anything."""


class FileSynchronizer:
    """Keeps one document and one file the same.

    Args:
        lock: held while the file is looked at and written; one for all views of a file. [F9]
        watch: tells when the file may have changed.
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
        """Where the file was when it was last looked at; empty before."""
        return self.known.path if self.known else ""

    @property
    def known(self) -> FileState | None:
        """What is known of the file; None before it was looked at."""
        return self._known

    @known.setter
    def known(self, state: FileState) -> None:
        self._known = state
        if state.path != self._noted_path:
            self._noted_path = state.path
            self._history.note_path(state.path)

    @property
    def is_saved(self) -> bool:
        """Whether the file holds the document, as far as is known."""
        return self._is_settled and not self.autosave.pending and self._error is None

    # Opening

    async def open(self) -> str:
        """Read history and file, and fill the document.

        Returns:
            The session id.

        Raises:
            DocumentNotFound: there is no file.
            LoadFailed: the file cannot be read as a document of this type.
            HistoryUnavailable: the store cannot be read.
            HistoryDamaged: what it has is no document.
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
            # Nobody may have a copy of a history that a restarted server does not know. [S2]
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
            # The server was killed in the middle of a write: the history has all of it.
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
                # Our own last write, of which a server that was killed took no note.
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
        """A history without content must not empty a file: it may be damaged. [F3]

        Raises:
            HistoryDamaged: there was nothing either when the file was saved, which has something.
        """
        if self.known is None or stored.saved_hash != self.known.hash:
            return
        base: Doc[Any] = Doc()
        base.apply_update(await self._history.base() or messages.EMPTY_UPDATE)
        if not document_size(base, self._type):
            raise HistoryDamaged(f"The history of {self.path} has lost what the file holds.")

    async def _nearer_base(self, file: LoadedFile, stored: Stored) -> bytes | None:
        """What another writer began from: our last write, if it was done before we were killed."""
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
        """The file; None if it cannot be read and a write of our own may be why."""
        try:
            return await self._load_whole()
        except LoadFailed:
            if not stored.updates or stored.saving_fingerprint is None:
                raise
            self._log.warning("%s is half written; its history has the rest", stored.session_id)
            return None

    async def _is_torn(self, file: LoadedFile, stored: Stored) -> bool:
        """Whether the file holds the beginning of what was being written when we were killed."""
        if stored.saving_fingerprint is None or not isinstance(file.content, str | bytes):
            return False
        intended = await self._history.at(stored.saving_seq or 0)
        if intended is None:
            return False
        content = await self._in_thread(rendered, self._type, intended)
        return len(file.content) < len(content) and content.startswith(file.content)

    async def settle(self) -> None:
        """Bring in what another program wrote while the document was closed; save what was not.

        Best done when those who come back have sent what they have: what the file has from
        them is then known to be theirs, even if the history lost it.

        Raises:
            DocumentNotFound, LoadFailed: the file cannot be read any more.
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
        """What the file holds of the document; None if it was never read."""
        known = self.known
        if known is None:
            return None
        base = await self._base_of_file()
        return SavedState(base, known.hash, self._saved_fingerprint or "")

    async def _load_whole(self) -> LoadedFile:
        """Read the file; one that cannot be read may be half written, and is waited for. [F3]"""
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
        """Somebody edited the document."""
        self.autosave.changed()

    async def run(self, *, task_status: TaskStatus[None] = TASK_STATUS_IGNORED) -> None:
        """Save until cancelled."""
        await self.autosave.run(task_status=task_status)

    async def save(self, *, again: bool = False) -> bool:
        """Save now.

        Args:
            again: whether a file that was deleted is made again.

        Returns:
            Whether something was written.

        Raises:
            SaveFailed: nothing was; the document is still to be saved.
        """
        return await (
            self.autosave.save_now(self._write_again) if again else self.autosave.save_now()
        )

    async def _write_again(self) -> bool:
        return await self._write(again=True)

    async def _write(self, *, again: bool = False) -> bool:
        """Write the document to its file, unless the file holds it already."""
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
                return False  # it was saved before; the file is another room's now
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
                # Where the file holds something else, changes of it are changes of that.
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
                # Nothing but our own publishing came since: it is in the file as well.
                self._history.mark_saved(
                    self._history.mark_cut(), self.known.hash, fingerprint, state
                )
            self._owner.report("INFO", "save", "saved")
        return wrote

    async def _as_stored(self, update: bytes, content: Any) -> bytes | None:
        """The document as a manager stored it, as one update; None where it did as it was told."""
        if content is None:
            return None
        shown = content_in_file(self._type, content)
        held: bytes = await self._in_thread(_with_content, self._type, update, shown)
        return held

    async def _content_of(self, update: bytes) -> tuple[Any, str]:
        """What the file is to hold, and its fingerprint.

        Raises:
            FileChanged: the document held something that no file could, which was replaced.
            SaveFailed: it holds something that cannot be written.
        """
        try:
            content = await self._in_thread(rendered, self._type, update)
            return content, await self._in_thread(file_fingerprint, self._type, content)
        except Exception as error:  # whatever a document's type finds in it
            if self._owner.repair():
                raise FileChanged(f"{self.path} was repaired.") from error
            raise SaveFailed(f"The document holds what no file can: {error!r}") from error

    async def _merge_before_writing(self) -> None:
        try:
            if file := await self._changed_file():
                await self._merge(file)
        except DocumentNotFound as error:
            raise FileDeleted(str(error)) from error
        except LoadFailed as error:
            raise SaveRefused(
                f"{error} It was changed by another program and is not overwritten: repair it,"
                " or move it away, and save again."
            ) from error
        except CollaborationError as error:
            raise SaveFailed(str(error)) from error

    def save_failed(self, error: SaveFailed) -> None:
        """A save failed; told once for each reason."""
        self._log.error("%s was not saved: %s", self.path, error)
        if self._error is None or str(self._error) != str(error):
            self._owner.report("ERROR", "save", str(error))
            self._owner.save_state(error)
        self._error = error

    def _works_again(self) -> None:
        if self._error is not None:
            self._error = None
            self._owner.save_state(None)

    async def flush(self) -> None:
        """Save what is unsaved, and keep the document as a whole.

        Raises:
            SaveFailed: it could not be written.
        """
        if self._options.save_delay is not None and (
            self.autosave.pending or self.autosave.is_saving
        ):
            await self.autosave.save_now()
        if not self.autosave.pending:
            self._history.checkpoint(self._history.mark_cut(), self._doc.get_update())

    @asynccontextmanager
    async def resting(self) -> AsyncIterator[None]:
        """Save; in this block the server does not write the file.

        Raises:
            SaveFailed: it could not be written.
        """
        await self.flush()
        async with self._lock:
            if self.is_saved and self.known is not None and self._saved_fingerprint is not None:
                # Edits that were taken back need no save, and the file holds them nevertheless.
                self._history.mark_saved(
                    self._history.mark_cut(), self.known.hash, self._saved_fingerprint
                )
            yield

    # Other writers

    async def watch(self) -> None:
        """Look at the file now and then; follow it, and merge what others wrote into it."""
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
                        continue  # once may be in the middle of a rename
                    self._report(error)
                    if now - failing_since > self._options.stop_poll_on_errors_after:
                        self._log.error("%s is not watched any more: %s", self.path, error)
                        return

    def _report(self, error: CollaborationError) -> None:
        """Tell everybody that the file is gone, or cannot be read. [F8] [F3]"""
        kind = FileDeleted if isinstance(error, DocumentNotFound) else SaveRefused
        if not isinstance(self._error, kind):
            self.save_failed(kind(str(error)))

    async def look(self) -> None:
        """Look at the file, and merge what changed.

        Raises:
            DocumentNotFound: it is gone.
            LoadFailed: it cannot be read, and not since a moment ago.
        """
        found = await self._file.probe()
        if self.known is not None and found.hash == self.known.hash:
            if found != self.known:
                self.known = found
                self._owner.publish()
            if isinstance(self._error, FileDeleted | SaveRefused) and not self.autosave.pending:
                self._works_again()  # it is there again
            return
        async with self._lock:
            if file := await self._changed_file():
                await self._merge(file)

    async def _changed_file(self) -> LoadedFile | None:
        """The file, if another writer changed it and is done with it. [F3] [F11]"""
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
        """Whether a content can be what its writer meant: half of a file looks like a file."""
        size = size_of(file.content)
        if size == 0 and self._size > 0:
            return False
        return size >= self._size or waited > SHRUNK_TIME

    def _emptied(self, file: LoadedFile) -> None:
        """An empty file never replaces a document: it is written again. [F3]"""
        self._log.warning("%s was emptied by another program and is saved again", self.path)
        self.known = file.state
        self._saved_fingerprint = None
        self.autosave.changed()

    async def _merge(self, file: LoadedFile) -> None:
        """Merge what another writer left in the file. [F4]"""
        failpoint("merge.begin")
        try:
            last = await self._base_of_file()
            content = content_in_file(self._type, file.content)
            older = None
            if not await self._file.is_from_a_server(file.state.hash):
                older = await self._recent.older_base(self._type, content, last)
            if older is not None:
                self._log.info("%s: another program wrote a copy of an older save", self.path)
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
        """Bring in how the file differs from a base; from then on it is what the file holds.

        Args:
            base: the document as the file last held it.
            older: the document as of an older save, if the file was written as a copy of that.
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
        """The document as the file last held it."""
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
        replicas: Replicas | None = None,
    ) -> Merge:
        """Compute a merge beside the event loop, and apply it in one go. [F12]

        What is typed meanwhile merges with it by the same rules.
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
            merge.conflicts.extend(late.conflicts)
            self._owner.show_conflicts(merge.conflicts, origin)

        if merge.update != messages.EMPTY_UPDATE:
            await self._owner.change(merge.update, kind, author, done, late.bring_in)
        else:
            done()
        failpoint("merge.applied")
        return merge

    async def place(self, base: bytes | None, replicas: Replicas, author: str) -> Merge:
        """Bring in what replicas of another history have and their base has not. [S4]

        Raises:
            Exception: the replica cannot be read; pycrdt raises no type of its own.
        """
        content = await self._in_thread(content_of, self._type, replicas.state)
        problem = is_notebook(self._type) and await self._in_thread(problem_of_value, content)
        if problem:
            raise InvalidEdit(f"The replica was not taken: {problem}.")
        return await self._bring_in(
            base, content, Kind.EDIT, author, origin="rebase", replicas=replicas
        )

    async def revert(self) -> None:
        """Make the document what the file holds, as one edit.

        Raises:
            DocumentNotFound, LoadFailed: the file cannot be read.
        """
        async with self._lock:
            await self._take(await self._load_whole(), self._doc.get_update())
        self._owner.publish()

    # Beside the event loop

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
    """The same measure of the document itself."""
    if is_notebook(content_type):
        return len(doc.get("cells", type=Array))
    return len(str(doc.get("source", type=Text)))


def size_of(content: Any) -> int:
    """Characters, bytes or cells: how much a content is, to see whether it shrank."""
    if isinstance(content, dict):
        return len(content.get("cells", ())) or len(content)
    return len(content)


def _with_content(content_type: str, base: bytes, content: Any) -> bytes:
    """The base, edited so that it holds a content."""
    return joined(base, merge_into(content_type, base, base, content).update)
