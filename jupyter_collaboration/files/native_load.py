"""Reads files on the server's own disk without blocking the event loop.

Jupyter Server's managers hash files and check the signatures of notebooks on the event loop, and
parse a notebook in one step that keeps Python's interpreter lock. For unmodified managers, this
module does the same in a thread, and in small steps. Notebooks that are not valid in version 4 of
the format are left to the manager, which repairs or refuses them.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from jupyter_server.services.contents.manager import ContentsManager

from ..threads import run_sized, run_sync
from .json_steps import loads
from .watcher import Signature

SETTLED = 3.0
"""Seconds after which a change of a file also changes its modification time, on any file system."""

JSON_TYPE = re.compile(r"application/(json|.*\+json)", re.DOTALL)
"""MIME types whose values are not text."""

MAX_RECENT = 1_000
"""Files whose hashes are remembered: a file is hashed to find its history, and then read."""

CHUNK = 2**20
"""Bytes that are hashed at a time."""


@dataclass(frozen=True)
class _Hashed:
    """The hash of a file, with its metadata at that time."""

    algorithm: str
    signature: Signature
    digest: str


_recent: OrderedDict[str, _Hashed] = OrderedDict()
"""By paths, the latest last; used in several threads, each call of its methods as a whole."""


def _forget_old() -> None:
    with suppress(KeyError):  # another thread was faster
        while len(_recent) > MAX_RECENT:
            _recent.popitem(last=False)


class NativeReader:
    """Reads and hashes one file; an unchanged file is hashed once."""

    def __init__(self, contents: ContentsManager) -> None:
        self._contents: Any = contents
        self._known: _Hashed | None = None

    async def hash(self, os_path: str) -> str:
        """Return the hash of a file, as the manager computes it.

        Raises:
            OSError: the file cannot be read.
        """
        return await run_sync(self.hash_now, os_path)

    def hash_now(self, os_path: str) -> str:
        """See `hash`; for a worker thread."""
        started = time.time()
        with open(os_path, "rb") as file:
            before = signature_of(os.fstat(file.fileno()))
            if (known := self._find(os_path, before)) is not None:
                return known
            digest = hashlib.new(self._contents.hash_algorithm)
            while chunk := file.read(CHUNK):
                digest.update(chunk)
            after = os.fstat(file.fileno())
        return self._note(os_path, before, after, started, digest.hexdigest())

    def settled_signature(self, digest: str) -> Signature | None:
        """Return the signature that the file has while it keeps this hash; None if not known."""
        known = self._known
        return known.signature if known is not None and known.digest == digest else None

    async def read(self, os_path: str) -> tuple[bytes, str]:
        """Return the content of a file, and its hash.

        Raises:
            OSError: the file cannot be read.
        """
        return await run_sync(self._read, os_path)

    def _read(self, os_path: str) -> tuple[bytes, str]:
        started = time.time()
        with open(os_path, "rb") as file:
            before = signature_of(os.fstat(file.fileno()))
            data = file.read()
            after = os.fstat(file.fileno())
        if signature_of(after) == before and (known := self._find(os_path, before)) is not None:
            return data, known
        digest = hashlib.new(self._contents.hash_algorithm, data).hexdigest()
        return data, self._note(os_path, before, after, started, digest)

    def _find(self, os_path: str, signature: Signature) -> str | None:
        """Return the hash of a file with this signature, if it can be trusted."""
        self._known = None
        known = _recent.get(os_path)
        expected = (self._contents.hash_algorithm, signature)
        if known is None or (known.algorithm, known.signature) != expected:
            return None
        self._known = known
        return known.digest

    def _note(
        self,
        os_path: str,
        before: Signature,
        after: os.stat_result,
        started: float,
        digest: str,
    ) -> str:
        """Remember a hash, unless the file may change without a new modification time."""
        if after.st_mtime < started - SETTLED and signature_of(after) == before:
            self._known = _Hashed(self._contents.hash_algorithm, before, digest)
            _recent.pop(os_path, None)
            _recent[os_path] = self._known
            _forget_old()
        return digest

    async def notebook(self, text: str, path: str) -> tuple[dict[str, Any], bool] | None:
        """Return the notebook in a text, with its cells marked as trusted or not.

        Returns:
            The notebook, and whether it is trusted; None if the manager has to read it.
        """
        notary = self._contents.notary
        parsed = await run_sized(len(text), _parsed, text)
        if parsed is None:
            return None
        try:
            signature = await run_sized(len(text), notary.compute_signature, parsed)
        except ValueError:  # text that is not valid Unicode
            return None
        trusted = bool(notary.store.check_signature(signature, notary.algorithm))
        if not trusted:
            self._contents.log.warning("Notebook %s is not trusted", path)
        for cell in parsed["cells"]:
            if cell["cell_type"] == "code":
                cell["metadata"]["trusted"] = trusted
        return parsed, trusted


def signature_of(found: os.stat_result) -> Signature:
    """Return the metadata of a file that change with its content, and with its permissions."""
    return (
        found.st_dev,
        found.st_ino,
        found.st_mode,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
    )


def _parsed(text: str) -> dict[str, Any] | None:
    """Return a notebook as nbformat reads it; None if it has to be repaired or converted."""
    try:
        found = loads(text)
        if found["nbformat"] != 4 or not isinstance(found["metadata"], dict):
            return None
        if not isinstance(found["cells"], list):
            return None
        if not all(isinstance(cell["cell_type"], str) for cell in found["cells"]):
            return None
        ids = [cell.get("id") for cell in found["cells"]]
        if found["nbformat_minor"] >= 5:
            if not all(isinstance(each, str) and each for each in ids):
                return None
            if len(set(ids)) != len(ids):
                return None
        for key in ("orig_nbformat", "orig_nbformat_minor", "signature"):
            found["metadata"].pop(key, None)
        for cell in found["cells"]:
            _as_read(cell)
        return found  # type: ignore[no-any-return]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _as_read(cell: dict[str, Any]) -> None:
    """Do to a cell what nbformat does when it reads a notebook of version 4.

    That is `nbformat.v4.rwbase.rejoin_lines` and `strip_transient`, for plain dictionaries.
    """
    if isinstance(source := cell.get("source"), list):
        cell["source"] = "".join(source)
    for attachment in cell.get("attachments", {}).values():
        _rejoin(attachment)
    if cell["cell_type"] == "code":
        for output in cell.get("outputs", []):
            kind = output.get("output_type", "")
            if kind in ("execute_result", "display_data"):
                _rejoin(output.get("data", {}))
            elif kind and isinstance(text := output.get("text"), list):
                output["text"] = "".join(text)
    cell["metadata"].pop("trusted", None)


def _rejoin(data: dict[str, Any]) -> None:
    """Join values that are split into lines, except JSON values."""
    for key, value in data.items():
        is_lines = isinstance(value, list) and all(isinstance(line, str) for line in value)
        if is_lines and not JSON_TYPE.fullmatch(key):
            data[key] = "".join(value)
