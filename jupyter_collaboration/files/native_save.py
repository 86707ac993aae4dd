"""Saves to the server's own disk: one atomic write, in the file's own style. [F7]

Jupyter Server's managers write a file in place, so that another program may read it empty or half
written, and format all notebooks in the same way. For unmodified managers, this module does what
their ``save`` does (hooks, signature, checkpoint, event), but writes a temporary file that then
replaces the original one. Other managers may store files anywhere; their own ``save`` is used.
"""

from __future__ import annotations

import base64
import copy
import errno
import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import nbformat
from jupyter_server.services.contents.manager import ContentsManager
from jupyter_server.utils import ensure_async
from tornado.web import HTTPError

from ..documents.snapshot import NotebookContent
from ..threads import run_sync
from . import notebook_text
from .formatting import NotebookFormat

NATIVE = "jupyter_server."
"""The package of the unmodified managers."""

METHODS = (
    "get",
    "save",
    "check_and_sign",
    "mark_trusted_cells",
    "_get_hash",
    "run_pre_save_hooks",
    "run_post_save_hooks",
    "atomic_writing",
    "_get_os_path",
    "_read_file",
    "_read_notebook",
    "_save_file",
    "_save_notebook",
)
"""Methods with which a subclass may change how files are read and written."""


BUSY = (errno.EBUSY, errno.EXDEV, errno.EINVAL)
"""Errors of a rename where a file can only be written in place."""


@dataclass(frozen=True)
class Written:
    """The result of a write.

    Attributes:
        hash: of the file, as the contents manager computes it.
        content: the content after the hooks changed it; None without hooks.
    """

    hash: str
    content: Any


def is_native(contents: ContentsManager) -> bool:
    """Return whether a manager reads and writes the server's disk as Jupyter Server's own does."""
    methods = [getattr(type(contents), name, None) for name in METHODS]
    return all(getattr(each, "__module__", "").startswith(NATIVE) for each in methods)


async def save_natively(
    contents: ContentsManager,
    path: str,
    model: dict[str, Any],
    text_of: Callable[[dict[str, Any]], str | None],
    check: Callable[[], None],
) -> Written:
    """Save a file, as the manager's ``save`` does.

    Args:
        path: relative to the server's root.
        model: of the type "notebook" or "file", with its content.
        text_of: returns the text of a notebook with the formatting of its file; None for
            Jupyter's own.
        check: called in a thread right before the file is written; what it raises prevents that.

    Raises:
        HTTPError: a hook refused the file, or the user may not write it.
        OSError: the file cannot be written.
    """
    manager: Any = contents
    hooked = has_pre_save_hooks(contents)
    if hooked:
        model = {**model, "content": await run_sync(copy.deepcopy, model["content"])}
        manager.run_pre_save_hooks(model=model, path=path.strip("/"))
    is_notebook = model["type"] == "notebook"
    if is_notebook:
        await _sign(manager, partial(_signature, manager.notary, model["content"]), path)
        data = await run_sync(_notebook_bytes, model["content"], text_of)
    elif model["format"] == "base64":
        data = await run_sync(base64.b64decode, model["content"])
    else:
        data = model["content"].encode()
    digest = await _written(manager, path, [data], is_notebook, check)
    return Written(digest, model["content"] if hooked else None)


async def save_notebook(
    contents: ContentsManager,
    path: str,
    content: NotebookContent,
    how: NotebookFormat,
    check: Callable[[], None],
) -> Written:
    """Save a notebook; format and sign only what has changed.

    For managers without pre-save hooks.

    Args:
        path: relative to the server's root.
        check: called in a thread right before the file is written; what it raises prevents that.

    Raises:
        HTTPError: the user may not write the file.
        OSError: the file cannot be written.
    """
    manager: Any = contents
    await _sign(manager, partial(notebook_text.signature_of, manager.notary, content, how), path)
    pieces = await run_sync(notebook_text.text_of, content, how)
    return Written(await _written(manager, path, pieces, True, check), None)


def has_pre_save_hooks(contents: ContentsManager) -> bool:
    """Return whether hooks may change what is saved."""
    manager: Any = contents
    return manager.pre_save_hook is not None or bool(manager._pre_save_hooks)


async def _written(
    manager: Any, path: str, pieces: list[bytes], is_notebook: bool, check: Callable[[], None]
) -> str:
    """Write a file, and do what follows a save; return the hash of the file."""
    path = path.strip("/")
    os_path = Path(manager._get_os_path(path))
    await run_sync(_write, manager, os_path, pieces, check)
    if is_notebook and not await ensure_async(manager.checkpoints.list_checkpoints(path)):
        await ensure_async(manager.create_checkpoint(path))  # there should always be one
    saved = await ensure_async(manager.get(path, content=False))
    manager.run_post_save_hooks(model=saved, os_path=str(os_path))
    manager.emit(data={"action": "save", "path": path})
    return await run_sync(_hash, manager.hash_algorithm, pieces)


def _hash(algorithm: str, pieces: list[bytes]) -> str:
    digest = hashlib.new(algorithm)
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


async def _sign(manager: Any, signature: Callable[[], str | None], path: str) -> None:
    """Sign a notebook if all its cells are trusted; an error does not prevent saving."""
    notary = manager.notary
    try:
        found = await run_sync(signature)
        if found is not None:
            notary.store.store_signature(found, notary.algorithm)
    except Exception as error:  # as in the manager's own `check_and_sign`
        manager.log.warning("Could not sign %s: %r", path, error)


def _signature(notary: Any, notebook: dict[str, Any]) -> str | None:
    node = nbformat.from_dict(notebook)  # type: ignore[no-untyped-call]
    trusted = notary.check_cells(node)
    return notary.compute_signature(node) if trusted and node.nbformat >= 3 else None


def _notebook_bytes(
    notebook: dict[str, Any], text_of: Callable[[dict[str, Any]], str | None]
) -> bytes:
    text = text_of(notebook)
    if text is None:
        node = nbformat.from_dict(notebook)  # type: ignore[no-untyped-call]
        problems: dict[str, Any] = {}
        text = nbformat.writes(  # type: ignore[no-untyped-call]
            node, version=nbformat.NO_CONVERT, capture_validation_error=problems
        )
        text += "" if text.endswith("\n") else "\n"
    return text.encode()


def _write(manager: Any, path: Path, pieces: list[bytes], check: Callable[[], None]) -> None:
    """Replace a file atomically, or write it in place if more than its content would change."""
    target = Path(os.path.realpath(path))
    try:
        found = target.stat()
    except FileNotFoundError:
        found = None
    if found is not None and not os.access(target, os.W_OK):
        raise HTTPError(403, f"Permission denied: {path.name}")
    replaceable = manager.use_atomic_writing and (
        found is None or (stat.S_ISREG(found.st_mode) and found.st_nlink == 1)
    )
    if not (replaceable and _replace(target, pieces, found, check)):
        check()
        with manager.atomic_writing(str(path), text=False) as file:
            file.writelines(pieces)


def _replace(
    target: Path,
    pieces: list[bytes],
    found: os.stat_result | None,
    check: Callable[[], None],
) -> bool:
    """Write a temporary file and rename it; return False if that is not possible."""
    name = target.with_name(f".~{uuid4().hex[:12]}{target.suffix}")
    try:
        # Never readable by more users than the file that it replaces.
        mode = 0o666 if found is None else 0o600
        handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except OSError:
        return False  # such as a read-only folder
    try:
        with os.fdopen(handle, "wb") as file:
            if found is not None:
                status = os.fstat(file.fileno())
                if (status.st_uid, status.st_gid) != (found.st_uid, found.st_gid):
                    os.fchown(file.fileno(), found.st_uid, found.st_gid)
                _copy_attributes(target, file.fileno())
                os.fchmod(file.fileno(), stat.S_IMODE(found.st_mode))
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        check()
        os.replace(name, target)
    except PermissionError:  # such as an owner that cannot be preserved
        os.unlink(name)
        return False
    except OSError as error:
        os.unlink(name)
        if error.errno in BUSY:  # such as a bind-mounted file
            return False
        raise
    except BaseException:
        os.unlink(name)
        raise
    return True


def _copy_attributes(source: Path, target: int) -> None:
    """Copy extended attributes, access control lists among them, where there are any.

    Raises:
        PermissionError: one of them cannot be kept.
    """
    if not hasattr(os, "listxattr"):  # not on every platform
        return
    try:
        names = os.listxattr(source)
    except OSError:  # a file system without them
        return
    for name in names:
        try:
            os.setxattr(target, name, os.getxattr(source, name))
        except OSError as error:
            raise PermissionError(f"{name}: {error}") from error
