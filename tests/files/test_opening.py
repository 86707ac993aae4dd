"""Reading a file that is written or renamed in the same moment."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from tornado.web import HTTPError

from jupyter_collaboration.documents.identity import DocumentId
from jupyter_collaboration.errors import DocumentNotFound
from jupyter_collaboration.files.document_file import DocumentFile
from jupyter_collaboration.files.opening import load_when_readable

Run = Callable[[Awaitable[Any]], Any]


class Renamed:
    """The path of a file id, which follows a rename when the file was looked for in vain."""

    def __init__(self, path: str) -> None:
        self.path = path

    def get_path(self, file_id: str) -> str | None:
        return self.path

    def save(self, path: str) -> None:
        """Nothing is saved."""

    @contextmanager
    def replacing(self, path: str) -> Iterator[None]:
        yield


class Renaming(AsyncLargeFileManager):
    """A contents manager whose file has a new path, of which file ids learn a moment later."""

    ids: Renamed
    learned = "new.txt"

    async def get(self, path: str, *args: Any, **options: Any) -> Any:
        try:
            return await super().get(path, *args, **options)
        except HTTPError:
            self.ids.path = self.learned
            raise


@pytest.mark.parametrize("learned", ["new.txt", "elsewhere.txt"])
def test_a_file_that_is_renamed_while_it_is_opened_is_found(
    run: Run, tmp_path: Path, learned: str
) -> None:  # [F8]
    async def test() -> None:
        (tmp_path / "new.txt").write_text("text")
        contents = Renaming(root_dir=str(tmp_path))
        contents.learned = learned
        ids = contents.ids = Renamed("old.txt")
        file = DocumentFile(DocumentId("text", "file", ""), contents, ids)
        if learned == "new.txt":
            loaded = await load_when_readable(file)
            assert (loaded.state.path, loaded.content) == ("new.txt", "text")
        else:
            with pytest.raises(DocumentNotFound, match=r"elsewhere\.txt"):
                await load_when_readable(file)

    run(test())
