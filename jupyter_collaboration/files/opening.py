"""Loads a document from its history and its file, and decides what to do if they differ. [H9]

Neither takes precedence: what the file has and the history does not is merged later, and so is the
reverse. This module only distinguishes an interrupted write of ours from an external change.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import partial
from logging import Logger
from typing import Any

import anyio
from pycrdt import Array, Doc, Text

from ..access.file_ids import RENAME_TIME
from ..documents.codec import (
    document_fingerprint,
    loaded_fingerprint,
    loaded_update,
    rendered,
    take_in,
)
from ..documents.identity import is_notebook, is_plain, is_text
from ..documents.notebook_repair import needs_repair
from ..documents.slices import Slices
from ..errors import DocumentNotFound, HistoryDamaged, LoadFailed, must_propagate
from ..failpoints import failpoint
from ..history.model import Kind, Stored
from ..history.store import History
from ..merge.document import content_in_file, nearest
from ..protocol import messages
from ..threads import compute, run_sized
from ..worker import LARGE, run_large
from .document_file import DocumentFile, FileState, LoadedFile
from .recent_saves import RecentSaves
from .saved_base import SavedBase
from .unmarked_base import seconds_of, unmarked_base

SETTLE_TIME = 0.15
"""Seconds that a changed file must stay unchanged before it is read."""

UNREADABLE_TIME = 4.0
"""Seconds to wait for a file that cannot be read or is empty."""


class Todo(Enum):
    """What is left to do after a document was loaded, once its members had time to reconnect."""

    NOTHING = auto()
    """The file has everything."""

    COMPARE = auto()
    """The history has edits that the file may not have: save them."""

    MERGE = auto()
    """Another program changed the file: merge the change."""


@dataclass(frozen=True)
class Opened:
    """A document that was loaded.

    Attributes:
        session_id: the name of its history.
        todo: what is left to do.
        file: the state of the file; its ``hash`` is empty if the file has to be merged. None if the
            file could not be read.
        size: of the file's content, as computed by `size_of`.
        fingerprint: of the content that was saved last; None if it is not known.
        loaded: the file that the document was loaded from; None if it has a history.
        is_held: whether it has edits that must not be saved automatically.
    """

    session_id: str
    todo: Todo
    file: FileState | None
    size: int
    fingerprint: str | None
    is_held: bool = False
    loaded: LoadedFile | None = None


class Opening:
    """Loads one document.

    Args:
        doc: the document, which is empty.
        base: set to the merge base, if it is not the one in the history.
        recent: set to the last save.
        repair: replaces content that cannot be written to a file.
    """

    def __init__(
        self,
        doc: Doc[Any],
        content_type: str,
        file: DocumentFile,
        history: History,
        base: SavedBase,
        recent: RecentSaves,
        repair: Callable[[], bool],
        log: Logger,
    ) -> None:
        self._doc = doc
        self._type = content_type
        self._file = file
        self._history = history
        self._base = base
        self._recent = recent
        self._repair = repair
        self._log = log

    async def run(self) -> Opened:
        """Load the document.

        Raises:
            DocumentNotFound: there is no file.
            LoadFailed: the file cannot be read as a document of this type.
            HistoryUnavailable: the store cannot be read.
            HistoryDamaged: the stored updates are not a document.
        """
        failpoint("load.begin")
        stored = await self._history.load()
        failpoint("load.history")
        self._file.newline = stored.newline or "\n"
        file = await self._load_or_none(stored)
        failpoint("load.file")
        if file is not None and not stored.updates:
            return await self._from_file(file, stored)
        await self._replay(stored)
        size = 0 if file is None else size_of(file.content)
        if file is not None and size and is_empty(self._doc, self._type):
            await self._check_that_it_was_emptied(file, stored)
        if is_notebook(self._type) and await needs_repair(self._doc):
            self._repair()
        failpoint("load.applied")
        if file is None or await self._is_torn(file, stored):
            # The server was killed during a write: the history is complete.
            state = None if file is None else file.state
            with suppress(LoadFailed):  # a manager without hashes has to read it
                state = await self._file.probe()
            return Opened(stored.session_id, Todo.COMPARE, state, size, None, stored.is_held)
        if stored.saved_seq is not None:
            await self._recent.note(stored.saved_seq)
        if stored.saved_hash == file.state.hash:
            todo = Todo.NOTHING if stored.is_saved else Todo.COMPARE
            fingerprint = stored.saved_fingerprint
            return Opened(stored.session_id, todo, file.state, size, fingerprint, stored.is_held)
        return await self._from_both(file, stored)

    async def _from_file(self, file: LoadedFile, stored: Stored) -> Opened:
        """Load a document without a history."""
        load = partial(loaded_update, self._type, file.content, file.content_hash)
        update = await run_sized(file.size, load)
        take_in(self._doc, update)
        self._history.append(update, "", Kind.LOAD)
        failpoint("load.appended")
        seq = self._history.mark_cut()
        # The history provides the state of a large document.
        self._base.note(seq, state=update if len(update) < LARGE else None)
        # Computing the fingerprint takes long, and members do not need it.
        self._history.mark_saved(seq, file.state.hash)
        await self._recent.note(seq)
        size = size_of(file.content)
        return Opened(stored.session_id, Todo.NOTHING, file.state, size, None, loaded=file)

    async def _from_both(self, file: LoadedFile, stored: Stored) -> Opened:
        """Load a document whose file has another hash than after the last save."""
        size = size_of(file.content)
        on_disk = await fingerprint_of_loaded(self._type, file.content, file.size)
        if on_disk == stored.saving_fingerprint:
            # Our own last write, which the server could not record before it was killed.
            self._history.mark_saved(stored.saving_seq or 0, file.state.hash, on_disk)
        elif on_disk != stored.saved_fingerprint:
            base = await self._nearer_base(file, stored)
            if base is None:
                # What members type from now on is not part of it.
                base = await self._unmarked_base(file, on_disk)
            self._base.note(None, state=base)
            unmerged = replace(file.state, hash="")
            size = document_size(self._doc, self._type)
            return Opened(
                stored.session_id,
                Todo.MERGE,
                unmerged,
                size,
                stored.saved_fingerprint,
                stored.is_held,
            )
        return Opened(stored.session_id, Todo.COMPARE, file.state, size, on_disk, stored.is_held)

    async def _replay(self, stored: Stored) -> None:
        """Apply the stored updates, in slices that do not block the event loop."""
        slices = Slices()
        try:
            for update in stored.updates:
                take_in(self._doc, update)
                await slices.pause()
        except BaseException as error:  # pycrdt raises no type of its own
            if must_propagate(error):
                raise
            raise HistoryDamaged(
                f"The history of {stored.path} cannot be read: {error!r}"
            ) from error

    async def _check_that_it_was_emptied(self, file: LoadedFile, stored: Stored) -> None:
        """Refuse an empty history for a file with content: the history may be damaged. [F3]

        Raises:
            HistoryDamaged: the history was empty even when the file was saved.
        """
        if stored.saved_hash != file.state.hash:
            return
        base: Doc[Any] = Doc()
        base.apply_update(await self._history.base() or messages.EMPTY_UPDATE)
        if not is_empty(base, self._type):
            return
        if not is_plain(self._type):  # of other packages, whose smallest file may say nothing
            loaded: Doc[Any] = Doc()
            loaded.apply_update(await compute(loaded_update, self._type, file.content))
            if is_empty(loaded, self._type):
                return
        raise HistoryDamaged(f"The history of {file.state.path} has lost the content of the file.")

    async def _nearer_base(self, file: LoadedFile, stored: Stored) -> bytes | None:
        """Return the base of an external change: our last write, if it finished before a crash."""
        base = await self._history.base()
        if stored.saving_fingerprint is None:
            return base
        intended = await self._history.at(stored.saving_seq or 0)
        if base is None or intended is None:
            return intended if base is None else base
        content = content_in_file(self._type, file.content)
        size = len(base) + len(intended)
        return await run_large(size, nearest, self._type, content, base, intended)

    async def _unmarked_base(self, file: LoadedFile, on_disk: str) -> bytes:
        """Return the base of a history that does not say what was saved. [H6]"""
        entries = [(entry.update, entry.time) for entry in await self._history.entries()]
        size = sum(len(update) for update, _ in entries)
        modified = seconds_of(file.state.last_modified)
        return await run_large(size, unmarked_base, self._type, entries, modified, on_disk)

    async def _load_or_none(self, stored: Stored) -> LoadedFile | None:
        """Load the file; return None if an interrupted write of ours made it unreadable."""
        try:
            return await load_when_readable(self._file)
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
        content = await run_large(len(intended), rendered, self._type, intended)
        return len(file.content) < len(content) and content.startswith(file.content)


async def load_when_readable(file: DocumentFile) -> LoadedFile:
    """Read a file; wait for one that cannot be read, since it may be half written. [F3]

    A file that is renamed at this moment is missing until its new path is known. [F8]

    Raises:
        DocumentNotFound: the file does not exist.
        LoadFailed: it cannot be read.
    """
    start = anyio.current_time()
    while True:
        try:
            return await file.load()
        except DocumentNotFound:
            if anyio.current_time() > start + RENAME_TIME:
                raise
        except LoadFailed:
            if anyio.current_time() > start + UNREADABLE_TIME:
                raise
        await anyio.sleep(SETTLE_TIME)


async def fingerprint_of_loaded(content_type: str, content: Any, size: float = math.inf) -> str:
    """Return the fingerprint of the document that a file's content is loaded into.

    Args:
        size: bytes of the file.
    """
    known = await run_sized(size, loaded_fingerprint, content_type, content)
    if known is not None:
        return known
    return await fingerprint_of(content_type, await compute(loaded_update, content_type, content))


async def fingerprint_of(content_type: str, update: bytes) -> str:
    """Return the fingerprint of a document, given as one update."""
    return await run_large(len(update), document_fingerprint, content_type, update)


def is_empty(doc: Doc[Any], content_type: str) -> bool:
    """Return whether a document has no content.

    A document of another package has content if it has any shared value beside its state; which
    ones it has is known to its class alone.
    """
    if is_plain(content_type):
        return not document_size(doc, content_type)
    return not set(doc.keys()) - {"state"}


def document_size(doc: Doc[Any], content_type: str) -> int:
    """Return the size of a document in the same unit as `size_of`; 0 for other packages' types."""
    if is_notebook(content_type):
        return len(doc.get("cells", type=Array))
    return len(str(doc.get("source", type=Text))) if is_text(content_type) else 0


def size_of(content: Any) -> int:
    """Return the size of a content in characters, bytes or cells, to detect that it shrank."""
    if isinstance(content, dict):
        return len(content.get("cells", ())) or len(content)
    return len(content)
