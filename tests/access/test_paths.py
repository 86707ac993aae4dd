"""Which files may be opened, and where they are."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

from jupyter_collaboration.access import paths
from jupyter_collaboration.access.paths import Paths
from jupyter_collaboration.errors import DocumentNotFound

Run = Callable[[Awaitable[Any]], Any]

ROOM = "text:file:1"


class SlowToLearn:
    """File ids that learn of a rename after the file was looked for a few times."""

    def __init__(self, looks: int) -> None:
        self._looks = looks

    def get_path(self, file_id: str) -> str:
        self._looks -= 1
        return "old.txt" if self._looks >= 0 else "new.txt"


def paths_of(folder: Path, looks: int) -> Paths:
    ids: Any = SlowToLearn(looks)
    return Paths(AsyncLargeFileManager(root_dir=str(folder)), ids)


def test_a_file_that_is_renamed_while_its_room_is_opened_is_found(
    run: Run, tmp_path: Path
) -> None:  # [F8]
    (tmp_path / "new.txt").write_text("text")
    run(paths_of(tmp_path, 3).check_room(ROOM))


def test_a_file_that_stays_missing_is_not_waited_for_for_long(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # [F8]
    monkeypatch.setattr(paths, "RENAME_TIME", 0.1)
    with pytest.raises(DocumentNotFound, match=r"old\.txt"):
        run(paths_of(tmp_path, 10**9).check_room(ROOM))
