"""Contents managers for servers under test, which import them by name."""

from __future__ import annotations

from typing import Any

from jupyter_server.services.contents.largefilemanager import LargeFileManager
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
