"""Reads files on the server's own disk without blocking the event loop.

Jupyter Server's managers hash files and check the signatures of notebooks on the event loop, and
parse a notebook in one step that keeps Python's interpreter lock. For unmodified managers, this
module does the same in a thread, and in small steps. Notebooks that are not valid in version 4 of
the format are left to the manager, which repairs or refuses them.
"""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from typing import Any

import nbformat
from anyio.to_thread import run_sync
from jupyter_server.services.contents.manager import ContentsManager
from nbformat.v4.rwbase import rejoin_lines, strip_transient

from .json_steps import loads

SETTLED = 3.0
"""Seconds after which a change of a file also changes its modification time, on any file system."""

CHUNK = 2**20
"""Bytes that are hashed at a time."""


@dataclass(frozen=True)
class _Hashed:
    """The hash of a file, with its metadata at that time."""

    path: str
    signature: tuple[int, ...]
    digest: str


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
            before = _signature(os.fstat(file.fileno()))
            known = self._known
            if known is not None and (known.path, known.signature) == (os_path, before):
                return known.digest
            digest = hashlib.new(self._contents.hash_algorithm)
            while chunk := file.read(CHUNK):
                digest.update(chunk)
            self._note(os_path, before, os.fstat(file.fileno()), started, digest.hexdigest())
        return digest.hexdigest()

    async def read(self, os_path: str) -> tuple[bytes, str]:
        """Return the content of a file, and its hash.

        Raises:
            OSError: the file cannot be read.
        """
        return await run_sync(self._read, os_path)

    def _read(self, os_path: str) -> tuple[bytes, str]:
        started = time.time()
        with open(os_path, "rb") as file:
            before = _signature(os.fstat(file.fileno()))
            data = file.read()
            after = os.fstat(file.fileno())
        digest = hashlib.new(self._contents.hash_algorithm, data).hexdigest()
        self._note(os_path, before, after, started, digest)
        return data, digest

    def _note(
        self,
        os_path: str,
        before: tuple[int, ...],
        after: os.stat_result,
        started: float,
        digest: str,
    ) -> None:
        """Remember a hash, unless the file may change without a new modification time."""
        is_settled = after.st_mtime < started - SETTLED and _signature(after) == before
        self._known = _Hashed(os_path, before, digest) if is_settled else None

    async def notebook(self, text: str, path: str) -> dict[str, Any] | None:
        """Return the notebook in a text, with its cells marked as trusted or not.

        Returns:
            None if the manager has to read it.
        """
        notary = self._contents.notary
        parsed = await run_sync(_parsed, text)
        if parsed is None:
            return None
        try:
            signature = await run_sync(notary.compute_signature, parsed)
        except ValueError:  # text that is not valid Unicode
            return None
        trusted = bool(notary.store.check_signature(signature, notary.algorithm))
        if not trusted:
            self._contents.log.warning("Notebook %s is not trusted", path)
        for cell in parsed["cells"]:
            if cell["cell_type"] == "code":
                cell["metadata"]["trusted"] = trusted
        return parsed


def _signature(found: os.stat_result) -> tuple[int, ...]:
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


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
        # One cell at a time, so that other threads may run in between.
        cells = [_as_read(found["metadata"], [cell])["cells"][0] for cell in found["cells"]]
        return {**found, "metadata": _as_read(found["metadata"], [])["metadata"], "cells": cells}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _as_read(metadata: dict[str, Any], cells: list[Any]) -> Any:
    node = nbformat.from_dict(  # type: ignore[no-untyped-call]
        {"metadata": {} if cells else metadata, "cells": cells}
    )
    return strip_transient(rejoin_lines(node))  # type: ignore[no-untyped-call]
