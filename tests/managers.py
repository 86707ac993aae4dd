"""Contents managers for servers under test, which import them by name."""

from __future__ import annotations

import asyncio
import copy
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

from jupyter_server.services.contents.largefilemanager import (
    AsyncLargeFileManager,
    LargeFileManager,
)
from tornado.web import HTTPError


class Synchronous(LargeFileManager):
    """Jupyter Server's manager without coroutines."""


class WithoutHashes(LargeFileManager):
    """Knows no hashes, and times of changes to the second only, as object stores do."""

    def get(  # type: ignore[no-untyped-def]
        self, path, content=True, type=None, format=None
    ) -> dict[str, Any]:
        model = super().get(path, content, type, format)
        model["last_modified"] = model["last_modified"].replace(microsecond=0)
        return dict(model)


class Refusing(LargeFileManager):
    """Reads, and writes nothing while a file of the name 'full' lies in the root."""

    def save(self, model, path=""):  # type: ignore[no-untyped-def]
        if self.file_exists("full"):
            raise HTTPError(507, "No space left on device")
        return super().save(model, path)


class Raising(LargeFileManager):
    """Raises what nobody expects."""

    def save(self, model, path=""):  # type: ignore[no-untyped-def]
        raise ZeroDivisionError("a bug")


class PanicException(BaseException):
    """As what pyo3 raises, whose type cannot be imported."""


class Moody(AsyncLargeFileManager):
    """Treats each path as the file `.moods` in the root says; keeps a list of what it wrote.

    ``full``, ``denied``, ``broken``, ``panics`` and ``exits`` refuse to write, ``panics at get``,
    ``key error at get`` and ``exits at get`` to read, ``hangs`` waits until that is over, and
    ``leaves half`` and ``leaves nothing`` end the server in the middle of a write. A path
    ``pair.ipynb`` has its code in ``pair.py`` too: who writes one of them writes both, as
    jupytext does.
    """

    def _mood(self, path: str) -> str | None:
        try:
            moods = json.loads(Path(self.root_dir, ".moods").read_text())
        except FileNotFoundError:
            return None
        return moods.get(path.strip("/"))

    async def get(self, path, *args, **options):  # type: ignore[no-untyped-def]
        mood = self._mood(path)
        if mood == "panics at get":
            raise PanicException("a panic")
        if mood == "key error at get":
            raise KeyError("a bug")
        if mood == "exits at get":
            sys.exit(3)
        return await super().get(path, *args, **options)

    async def save(self, model, path=""):  # type: ignore[no-untyped-def]
        while (mood := self._mood(path)) == "hangs":
            await asyncio.sleep(0.01)
        if mood == "full":
            raise HTTPError(507, "No space left on device")
        if mood == "denied":
            raise HTTPError(403, f"Permission denied: {path}")
        if mood == "broken":
            raise ZeroDivisionError("a bug")
        if mood == "panics":
            raise PanicException("a panic")
        if mood == "exits":
            sys.exit(3)
        if mood in ("leaves half", "leaves nothing"):
            self._die(model, path, mood == "leaves half")
        saved = await super().save(model, path)
        self._note(path.strip("/"))
        if path.strip("/").endswith(("pair.ipynb", "pair.py")):
            self._write_the_other(Path(self.root_dir, path.strip("/")))
        return saved

    def _note(self, path: str) -> None:
        with Path(self.root_dir, ".written").open("a") as written:
            written.write(f"{path}\n")

    def _die(self, model: dict[str, Any], path: str, half: bool) -> None:
        content = model["content"]
        text = content if isinstance(content, str) else json.dumps(content, indent=1)
        data = text.encode()[: len(text.encode()) // 2 if half else 0]
        Path(self.root_dir, path.strip("/")).write_bytes(data)
        os.kill(os.getpid(), signal.SIGKILL)

    def _write_the_other(self, path: Path) -> None:
        notebook = json.loads(path.with_suffix(".ipynb").read_text())
        if path.suffix == ".ipynb":
            sources = ["".join(cell["source"]) for cell in notebook["cells"]]
            path.with_suffix(".py").write_text("# %%\n".join(source + "\n" for source in sources))
            return
        sources = path.read_text().split("# %%\n")
        for cell, source in zip(notebook["cells"], sources, strict=False):
            cell["source"] = source.removesuffix("\n").splitlines(keepends=True)
        path.with_suffix(".ipynb").write_text(json.dumps(notebook, indent=1) + "\n")


class ByMode(AsyncLargeFileManager):
    """Says of a file that it can be written by its mode alone: to root everything can be."""

    async def get(self, path, *args, **options):  # type: ignore[no-untyped-def]
        model = await super().get(path, *args, **options)
        mode = Path(self.root_dir, path.strip("/")).stat().st_mode
        model["writable"] = bool(mode & 0o200)
        return model


class Hashless(AsyncLargeFileManager):
    """Takes the arguments of Jupyter Server's managers and returns no hash; counts its reads."""

    async def get(self, path, content=True, type=None, format=None, require_hash=False):  # type: ignore[no-untyped-def]
        model = await super().get(path, content, type, format)
        if content and model["type"] != "directory":
            self._count(path.strip("/"))
        return {key: value for key, value in model.items() if not key.startswith("hash")}

    def _count(self, path: str) -> None:
        with Path(self.root_dir, ".reads").open("a") as reads:
            reads.write(f"{path}\n")


class Elsewhere(Hashless):
    """Keeps its files where no path of the server's disk leads, as an object store does."""

    def _get_os_path(self, path):  # type: ignore[no-untyped-def]
        return super()._get_os_path(f"elsewhere/{path.strip('/')}")


def strip_outputs(model, **options):  # type: ignore[no-untyped-def]
    """A hook that saves notebooks without outputs."""
    if model["type"] == "notebook":
        for cell in model["content"]["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None


class Stripping(AsyncLargeFileManager):
    """Stores notebooks without outputs, and with new cell ids at each read."""

    async def get(self, path, *args, **options):  # type: ignore[no-untyped-def]
        model = await super().get(path, *args, **options)
        if model["type"] == "notebook" and model["content"]:
            for cell in model["content"]["cells"]:
                cell["id"] = uuid4().hex[:8]
        return model

    async def save(self, model, path=""):  # type: ignore[no-untyped-def]
        model = copy.deepcopy(model)
        strip_outputs(model)
        return await super().save(model, path)
