"""The file of a room.

Responsible for reading, writing and probing the file through the contents manager, and for
following it by its file id. Yjs documents and rooms belong to others.
"""

from __future__ import annotations

import base64
import inspect
import json
import math
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, Protocol

from jupyter_server.services.contents.manager import ContentsManager
from jupyter_server.utils import ensure_async
from tornado.web import HTTPError

from ..documents.codec import file_fingerprint, fingerprint
from ..documents.identity import DocumentId
from ..documents.notebook_rules import problem_of_file
from ..documents.representable import invalid_text, representable, with_minor_version
from ..documents.snapshot import NotebookContent
from ..errors import (
    CollaborationError,
    DocumentNotFound,
    FileChanged,
    FileDeleted,
    LoadFailed,
    SaveFailed,
    must_propagate,
)
from ..merge.cells import source_of
from ..threads import run_sized, run_sync
from .formatting import JsonStyle, LineEndings, NotebookFormat, with_exact
from .native_load import NativeReader, signature_of
from .native_save import (
    Written,
    has_pre_save_hooks,
    is_native,
    save_natively,
    save_notebook,
)
from .turns import Turns
from .watcher import Signature


@contextmanager
def exits_reported() -> Iterator[None]:
    """Keep a hook or a contents manager that calls `sys.exit()` from stopping the server.

    The main functions of programs do so, and hooks may call them.

    Raises:
        HTTPError: instead of SystemExit.
    """
    try:
        yield
    except SystemExit as error:
        reason = "A hook or the contents manager called sys.exit(), as only programs should."
        raise HTTPError(500, reason) from error


class PathOfId(Protocol):
    """The part of the file ids that a file needs."""

    def get_path(self, file_id: str) -> str | None:
        """Return the path of a file; None if it is not known."""

    def reclaim(self, file_id: str, path: str) -> bool:
        """Give a file that was deleted and created again at its path the id that it had."""

    def save(self, path: str) -> None:
        """Update the id of a file that was created again."""

    def replacing(self, path: str) -> AbstractContextManager[None]:
        """Keep the id of a file that is replaced by another one in this block."""


@dataclass(frozen=True)
class FileState:
    """The metadata of a file.

    ``hash`` comes from the contents manager; if it computes none, from the content.
    """

    path: str
    hash: str
    last_modified: str
    writable: bool


@dataclass(frozen=True)
class SavedFile:
    """The result of a save.

    Attributes:
        state: of the file after the save; its ``hash`` is empty if another program wrote the file
            in the meantime.
        content: the stored content if the manager or a hook changed it; else None.
    """

    state: FileState
    content: Any = None


@dataclass(frozen=True)
class LoadedFile:
    """A file that was read.

    Attributes:
        content: as a document of this type can hold it.
        content_hash: a hash that differs for different contents; None if none is known.
        size: bytes of the file; infinite if not known.
    """

    state: FileState
    content: Any
    content_hash: str | None = None
    size: float = math.inf


class DocumentFile:
    """One file, accessed through the contents manager and followed by its file id."""

    def __init__(
        self,
        document: DocumentId,
        contents: ContentsManager,
        file_ids: PathOfId,
        turns: Turns | None = None,
    ) -> None:
        self._id = document
        self._turns = turns
        self._contents = contents
        self._file_ids = file_ids
        self._hashes = _can_hash(getattr(contents.get, "__func__", contents.get))
        self._lines = LineEndings("")
        self._style: JsonStyle | None = None
        self._style_text: str | None = None
        self._exact: Any = None
        self._last_path: str | None = None
        self._made_again_at: str | None = None
        self._last_hash = ""
        self._is_native = is_native(contents)
        self._reader = NativeReader(contents)

    @property
    def path(self) -> str:
        """Return the current path of the file, relative to the server's root.

        Raises:
            DocumentNotFound: no file has this id.
        """
        path = self._file_ids.get_path(self._id.file_id) or self._made_again_at
        if path is None:
            raise DocumentNotFound(f"{self._last_path or 'The file'} does not exist any more.")
        return path

    @property
    def newline(self) -> str:
        """The line ending of this file, also while it is empty."""
        return self._lines.usual

    @newline.setter
    def newline(self, newline: str) -> None:
        self._lines = LineEndings("", newline)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Check and write the file in this block, while other servers on its folder wait."""
        if self._turns is None:
            yield
            return
        while True:
            name = await self._name()
            async with self._turns.turn(name):
                if name == await self._name():  # the file was not renamed in the meantime
                    yield
                    return

    async def is_from_a_server(self, file_hash: str) -> bool:
        """Return whether a server on this folder wrote the file, after merging our last save."""
        return self._turns is not None and await self._turns.is_noted(await self._name(), file_hash)

    async def _name(self) -> str:
        """Return the name of the file's lock, which is the same on all servers.

        It follows the file's current path, since servers notice a rename at different times.
        """
        try:
            path = self.path
        except DocumentNotFound:
            path = self._last_path or ""
        return await run_sync(self._real_path, path)

    def _real_path(self, path: str) -> str:
        where = getattr(self._contents, "_get_os_path", None)
        try:
            return path if where is None else os.path.realpath(where(path))
        except Exception:  # contents managers may define paths of their own
            return path

    def signature(self) -> Signature | None:
        """Return the file system's metadata of the file at its last path, without reading it.

        Returns:
            Device, inode, size and times; zeros if the file does not exist; None for a manager
            that may store it elsewhere, or in several files.
        """
        if not self._is_native or self._last_path is None:
            return None
        try:
            return signature_of(os.stat(self._os_path(self._last_path)))
        except FileNotFoundError:
            return (0,)
        except Exception:  # a path that the manager refuses
            return None

    async def probe(self) -> FileState:
        """Return the metadata of the file.

        Raises:
            DocumentNotFound: the file does not exist.
            LoadFailed: its metadata cannot be read.
        """
        path = await self._current_path()
        return self._state(path, await self._probed(path))

    async def hash(self) -> str:
        """Return the hash of the file, which is a part of `probe`.

        Raises:
            DocumentNotFound: the file does not exist.
            LoadFailed: it cannot be read.
        """
        return await self._hash_of(self.path) if self._is_native else (await self.probe()).hash

    def settled_signature(self, file_hash: str) -> Signature | None:
        """Return the signature that the file has while it keeps this hash; None if not known."""
        return self._reader.settled_signature(file_hash) if self._is_native else None

    async def _current_path(self) -> str:
        """Return the current path, also of a file that was deleted and created again. [F8]

        That is how JupyterLab's *Save As* overwrites a file.
        """
        try:
            return self.path
        except DocumentNotFound:
            path = self._last_path
            if path is None or not await self._exists(path):
                raise
            if not self._file_ids.reclaim(self._id.file_id, path):
                raise
            return path

    async def _exists(self, path: str) -> bool:
        try:
            with exits_reported():
                return bool(await ensure_async(self._contents.file_exists(path)))
        except Exception:  # contents managers may raise anything
            return False

    async def _probed(self, path: str) -> dict[str, Any]:
        """Return the file's model, with a hash or else with its content."""
        if self._is_native:
            model = await self._get(path, content=False, with_hash=False)
            return {**model, "hash": await self._hash_of(path)}
        model = await self._get(path, content=not self._hashes)
        if self._hashes and not model.get("hash"):  # it ignores the argument
            self._hashes = False
            model = await self._get(path, content=True)
        return model

    async def _hash_of(self, path: str) -> str:
        try:
            return await self._reader.hash(self._os_path(path))
        except FileNotFoundError as error:
            raise DocumentNotFound(f"{path} does not exist.") from error
        except (HTTPError, OSError) as error:
            raise LoadFailed(f"{path} cannot be read: {error}") from error

    async def load(self) -> LoadedFile:
        """Read the file.

        Raises:
            DocumentNotFound: the file does not exist.
            LoadFailed: it cannot be read as a document of this type.
        """
        path = await self._current_path()
        if self._is_native and (found := await self._load_natively(path)) is not None:
            return found
        try:
            model = await self._get(path, content=True)
        except LoadFailed as error:
            if self._id.contents_type == "notebook" and (why := await self._explained(path)):
                raise LoadFailed(f"{path} cannot be read: {why}") from error
            raise
        state = self._state(path, model)
        content = await self._decoded(path, model["content"])
        if self._id.contents_type == "notebook":
            self._set_style(await self._text_of(path))
        return LoadedFile(state, content)

    async def _load_natively(self, path: str) -> LoadedFile | None:
        """Read a file on the server's disk; None if the contents manager has to do it."""
        model = await self._get(path, content=False, with_hash=False)
        try:
            data, digest = await self._reader.read(self._os_path(path))
            is_text = self._id.format != "base64"
            text = await run_sized(len(data), data.decode) if is_text else ""
        except (OSError, UnicodeError):
            return None
        content: Any = data if self._id.format == "base64" else text
        trusted = False
        if self._id.contents_type == "notebook":
            try:
                found = await self._reader.notebook(text, path)
            except Exception:  # the manager reports the reason
                return None
            if found is None:
                return None
            content, trusted = found
        state = self._state(path, {**model, "hash": digest})
        content = await self._decoded(path, content, len(data))
        if self._id.contents_type == "notebook":
            self._set_style(text)
        # The content says whether the notebook is trusted, and the file does not.
        return LoadedFile(state, content, fingerprint([digest, trusted]), len(data))

    def _set_style(self, text: str | None) -> None:
        """Keep the text of a notebook until its formatting is needed, which takes long to find."""
        self._style, self._style_text = None, text

    async def _formatting(self) -> JsonStyle | None:
        """Return the JSON style of the file; None if the contents manager does not provide it."""
        if self._style_text is not None:
            text, self._style_text = self._style_text, None
            with suppress(ValueError):  # not JSON: a manager may convert another format
                self._style = await run_sync(JsonStyle, text)
        return self._style

    async def _decoded(self, path: str, content: Any, size: float = math.inf) -> Any:
        """Return the content for the document from what the contents manager has read.

        Args:
            size: bytes of the file.
        """
        if content is None:
            raise LoadFailed(f"{path} was read without its content.")
        if self._id.format == "text":
            self._lines = await run_sized(size, LineEndings, content, self.newline)
            content = self._lines.text
        elif isinstance(content, bytes):
            pass
        elif self._id.format == "base64":
            content = base64.b64decode(content)
        elif not isinstance(content, str):
            try:
                shown, differs = await run_sized(size, representable, content)
            except LoadFailed as error:
                raise LoadFailed(f"{path}: {error}") from error
            if self._id.contents_type == "notebook":
                shown = with_minor_version(shown)
                if problem := await run_sized(size, problem_of_file, shown):
                    raise LoadFailed(f"{path} cannot be opened as a notebook: {problem}")
            self._exact, content = (content if differs else None), shown
        return content

    async def _explained(self, path: str) -> str:
        """Return why a notebook cannot be read, with the location; empty if not known."""
        try:
            with exits_reported():
                get = self._contents.get(path, content=True, type="file", format="text")
                text = (await ensure_async(get))["content"]
            if isinstance(text, str) and not text.strip():
                return "it is empty"
            content = await run_sync(json.loads, text)
            place = await run_sync(invalid_text, content)
        except json.JSONDecodeError as error:
            return f"it is not JSON ({error.msg}, line {error.lineno}, column {error.colno})"
        except BaseException as error:  # a contents manager may raise anything
            if must_propagate(error):
                raise
            return ""
        return f"{place} is not valid Unicode" if place else ""

    async def _text_of(self, path: str) -> str | None:
        """Return the text of a notebook; None if the contents manager does not provide it."""
        try:
            with exits_reported():
                get = self._contents.get(path, content=True, type="file", format="text")
                text = (await ensure_async(get))["content"]
        except Exception:  # a contents manager for notebooks only may raise anything
            return None
        return text if isinstance(text, str) else None

    async def save(self, content: Any, *, again: bool = False) -> SavedFile:
        """Write the file, and return its new state.

        Args:
            content: the new content; that of a notebook may be a `NotebookContent`.
            again: whether to create a deleted file again, at its last path.

        Raises:
            FileDeleted: the file does not exist.
            FileChanged: another program wrote it since it was last checked.
            SaveFailed: it was not written; the text says why.
        """
        try:
            path = self._path_again() if again else self.path
            check = _no_check if again else partial(self._check_unchanged, path)
            with exits_reported():
                saved = await self._write(path, content, check)
            self._file_ids.save(path)
            if again:
                self._made_again_at = path
        except DocumentNotFound as error:
            raise FileDeleted(str(error)) from error
        except FileChanged:
            raise
        except CollaborationError as error:
            raise SaveFailed(str(error)) from error
        except HTTPError as error:
            raise SaveFailed(error.log_message or error.reason or str(error)) from error
        except BaseException as error:  # a contents manager may raise anything
            if must_propagate(error):
                raise
            raise SaveFailed(f"{type(error).__name__}: {error}") from error
        if self._turns is not None:
            await self._turns.note(await self._name(), saved.state.hash)
        return saved

    @property
    def stores_exactly(self) -> bool:
        """Whether a file contains exactly what was saved: no hook or manager changes it."""
        return self._is_native and not has_pre_save_hooks(self._contents)

    async def _write(self, path: str, content: Any, check: Callable[[], None]) -> SavedFile:
        style = await self._formatting()
        if isinstance(content, NotebookContent):
            if self._exact is None and self.stores_exactly:
                how = await run_sync(_format_of, style, content)
                if how is not None:
                    with self._file_ids.replacing(path):
                        written = await save_notebook(self._contents, path, content, how, check)
                    return SavedFile(await self._state_after(path, written))
            content = await run_sync(content.plain)
        meant = content
        if isinstance(content, str):
            content = self._lines.restored(content)
        elif isinstance(content, bytes):
            content = base64.b64encode(content).decode()
        else:
            if style is not None:
                content = await run_sync(style.restored, content)
            if self._exact is not None:
                content = self._exact = await run_sync(with_exact, self._exact, content)
        model = {"type": self._id.contents_type, "format": self._id.format, "content": content}
        if self._is_native:
            saved = await self._write_natively(path, model, meant, check)
        else:
            await ensure_async(self._contents.save(model, path))
            saved = await self._read_back(path, meant)
        if self._id.format == "text" and isinstance(content, str):
            self._lines = LineEndings(content, self.newline)
        return saved

    async def _write_natively(
        self, path: str, model: dict[str, Any], meant: Any, check: Callable[[], None]
    ) -> SavedFile:
        """Write the file on the server's disk; the result is known without reading it back."""
        text_of = (lambda _: None) if self._style is None else self._style.text_of
        with self._file_ids.replacing(path):
            written = await save_natively(self._contents, path, model, text_of, check)
        state = await self._state_after(path, written)
        if written.content is None or await run_sync(self._is_same, written.content, meant):
            return SavedFile(state)
        return SavedFile(state, await self._decoded(path, written.content))

    async def _state_after(self, path: str, written: Written) -> FileState:
        found = await self._get(path, content=False, with_hash=False)
        return self._state(path, {**found, "hash": written.hash})

    async def _read_back(self, path: str, meant: Any) -> SavedFile:
        """Read the file back, since a manager may have stored something else.

        A manager may store a notebook without outputs, or with other cell ids: that is not an edit
        by another program. A changed text is one, and causes another check of the file.
        """
        model = await self._get(path, content=True)
        state = self._state(path, model)
        exact = self._exact
        found = await self._decoded(path, model["content"])
        if await run_sync(self._is_same, found, meant):
            self._exact = exact
            return SavedFile(state)
        if await run_sync(_has_the_same_texts, found, meant):
            return SavedFile(state, found)
        return SavedFile(replace(state, hash=""))

    def _is_same(self, found: Any, meant: Any) -> bool:
        """Return whether a content equals the one to be written, apart from style and numbers."""
        if isinstance(meant, bytes):
            return bool((base64.b64decode(found) if isinstance(found, str) else found) == meant)
        if isinstance(meant, str):
            return isinstance(found, str) and LineEndings(found).text == meant
        kind = self._id.type
        shown, _ = representable(found)
        return file_fingerprint(kind, shown) == file_fingerprint(kind, meant)

    def _check_unchanged(self, path: str) -> None:
        """Check right before a write that the file is as it was when it was last checked.

        A file that is missing has been renamed, or deleted: written under this name, it would exist
        twice, and what was typed would be in the wrong one. [F8]

        Works only for files on the server's disk that are hashed in the same way as by Jupyter.

        Raises:
            FileChanged: it was written, renamed or deleted in the meantime.
        """
        if not self._last_hash:
            return
        try:
            found = self._reader.hash_now(self._os_path(path))
        except FileNotFoundError as error:
            raise FileChanged(f"{path} was renamed or deleted a moment ago.") from error
        except OSError:
            return
        if found != self._last_hash:
            raise FileChanged(f"{path} was changed by another program a moment ago.")

    def _os_path(self, path: str) -> str:
        """Return where a native manager stores a file."""
        where: Callable[[str], str] = self._contents._get_os_path  # type: ignore[attr-defined]
        return where(path)

    def _path_again(self) -> str:
        try:
            return self.path
        except DocumentNotFound:
            if self._last_path is None:
                raise
            return self._last_path

    async def _get(self, path: str, *, content: bool, with_hash: bool = True) -> dict[str, Any]:
        options: dict[str, Any] = {"content": content, "type": self._id.contents_type}
        if content and self._id.contents_type == "file":
            options["format"] = self._id.format
        if self._hashes and with_hash:
            options["require_hash"] = True
        try:
            with exits_reported():
                model: dict[str, Any] = await ensure_async(self._contents.get(path, **options))
        except HTTPError as error:
            reason = error.log_message or error.reason or str(error)
            if error.status_code == 404:
                raise DocumentNotFound(f"{path} does not exist.") from error
            raise LoadFailed(f"{path} cannot be read: {reason}") from error
        except OSError as error:
            raise LoadFailed(f"{path} cannot be read: {error}") from error
        except BaseException as error:  # a contents manager may raise anything
            if must_propagate(error):
                raise
            raise LoadFailed(f"{path} cannot be read: {type(error).__name__}: {error}") from error
        self._last_path = path
        return model

    def _state(self, path: str, model: dict[str, Any]) -> FileState:
        found = model.get("hash") or fingerprint(model.get("content"))
        self._last_hash = found
        stamp = _stamp(model.get("last_modified"))
        return FileState(path, found, stamp, bool(model.get("writable", True)))


def _no_check() -> None:
    """Write a file whatever it is now."""


def _format_of(style: JsonStyle | None, content: NotebookContent) -> NotebookFormat | None:
    if style is None:
        return NotebookFormat()
    return style.format_of([cell.with_outputs(cell.value) for cell in content.cells])


def _has_the_same_texts(found: Any, meant: Any) -> bool:
    """Return whether two notebooks have the same cell types and sources."""
    if not isinstance(meant, dict) or "cells" not in meant:
        return False
    texts = [
        [(cell.get("cell_type"), source_of(cell).rstrip()) for cell in each.get("cells", ())]
        for each in (found, meant)
    ]
    return texts[0] == texts[1]


def _stamp(modified: Any) -> str:
    return modified.isoformat() if isinstance(modified, datetime) else str(modified)


@lru_cache(maxsize=16)
def _can_hash(get: Callable[..., Any]) -> bool:
    """Return whether the `get` of a contents manager has the argument ``require_hash``."""
    parameters = inspect.signature(get).parameters.values()
    return any(each.name == "require_hash" or each.kind is each.VAR_KEYWORD for each in parameters)


async def hash_at(contents: ContentsManager, path: str) -> str | None:
    """Return the hash of the file at a path, as in `FileState`; None if it cannot be read."""
    is_notebook = path.endswith(".ipynb")
    document = DocumentId("json", "notebook", "") if is_notebook else DocumentId("text", "file", "")
    file = DocumentFile(document, contents, _Fixed(path))
    try:
        return await file.hash()
    except CollaborationError:
        return None


class _Fixed:
    """The path of a file whose id does not matter."""

    def __init__(self, path: str) -> None:
        self._path = path

    def get_path(self, file_id: str) -> str | None:
        return self._path

    def reclaim(self, file_id: str, path: str) -> bool:
        return False

    def save(self, path: str) -> None:
        """Do nothing: the file has no id."""

    def replacing(self, path: str) -> AbstractContextManager[None]:
        return nullcontext()
