"""A file that is renamed, written or deleted at a bad moment: nothing typed is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Text
from support import until

from jupyter_collaboration import failpoints
from jupyter_collaboration.app import YDocExtension
from jupyter_collaboration.documents.codec import loaded_update
from jupyter_collaboration.errors import DocumentNotFound
from jupyter_collaboration.files import native_save
from jupyter_collaboration.history.model import UnsavedWork
from jupyter_collaboration.rooms.document import DocumentRoom

Run = Callable[[Awaitable[Any]], Any]

NAMED = {"path": "a.txt", "content_type": "file", "file_format": "text"}


@pytest.fixture(autouse=True)
def no_hook() -> Iterator[None]:
    yield
    failpoints.hook = None


def once(point: str, action: Callable[[], None]) -> None:
    """Do something the first time that a point is reached from now on."""

    def reached(name: str) -> None:
        if name == point:
            failpoints.hook = None
            action()

    failpoints.hook = reached


@pytest.mark.parametrize("ids", ["ids at once", "ids a moment later"])
@pytest.mark.parametrize("point", ["save.checked", "save.intended"])
def test_a_file_that_is_renamed_during_a_save_gets_what_was_typed(
    run: Run, extension: YDocExtension, tmp_path: Path, point: str, ids: str
) -> None:  # [F1] [F8]
    async def test() -> None:
        root = tmp_path / "root"
        document = await extension.get_document(**NAMED, copy=False, create=True)
        assert document is not None
        source = document.ydoc.get("source", type=Text)
        renamed = asyncio.Event()

        def rename() -> None:
            (root / "a.txt").rename(root / "b.txt")
            move = extension._file_id_manager.move
            if ids == "ids at once":
                move("a.txt", "b.txt")
            else:
                asyncio.get_running_loop().call_later(0.1, move, "a.txt", "b.txt")
            renamed.set()

        once(point, rename)
        source += " typed"
        await renamed.wait()
        await until(lambda: (root / "b.txt").read_text() == "one typed")
        source += " more"
        await until(lambda: (root / "b.txt").read_text() == "one typed more")
        assert str(source) == "one typed more"
        assert not (root / "a.txt").exists()
        await extension.stop_extension()

    run(test())


def test_a_file_that_is_written_while_a_save_is_formatted_is_merged(
    run: Run, extension: YDocExtension, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # [F4] [F9]
    async def test() -> None:
        root = tmp_path / "root"
        document = await extension.get_document(**NAMED, copy=False, create=True)
        assert document is not None
        source = document.ydoc.get("source", type=Text)
        save = native_save.save_natively
        others = ["one\nby another program"]

        async def slowly(*args: Any, **options: Any) -> Any:
            if others:
                (root / "a.txt").write_text(others.pop())
            return await save(*args, **options)

        monkeypatch.setattr("jupyter_collaboration.files.document_file.save_natively", slowly)
        source.insert(0, "typed ")
        await until(lambda: (root / "a.txt").read_text() == "typed one\nby another program")
        assert str(source) == "typed one\nby another program"
        await extension.stop_extension()

    run(test())


def test_work_of_a_stopped_server_comes_back_although_the_file_is_gone_at_that_moment(
    run: Run, extension: YDocExtension, monkeypatch: pytest.MonkeyPatch
) -> None:  # [H9]
    async def test() -> None:
        document = await extension.get_document(**NAMED, copy=False, create=True)
        assert document is not None
        (room,) = extension.ywebsocket_server.rooms.values()
        assert isinstance(room, DocumentRoom)
        await until(lambda: room._has_looked_back)
        base, state = loaded_update("file", "one"), loaded_update("file", "one more")
        work = UnsavedWork("private.db", room.room_id, 2, base, state, ("ada",))
        room._has_looked_back = False  # as in a room that has just opened
        found, taken = [work], []

        async def unsaved_elsewhere(path: str) -> list[UnsavedWork]:
            return [found.pop()]

        async def taken_over(work: UnsavedWork) -> None:
            taken.append(work)

        async def settle() -> None:
            raise DocumentNotFound("a.txt does not exist.")

        monkeypatch.setattr(room.history, "unsaved_elsewhere", unsaved_elsewhere)
        monkeypatch.setattr(room.history, "taken_over", taken_over)
        monkeypatch.setattr(room.synchronizer, "settle", settle)
        await room._settle()
        assert str(document.ydoc.get("source", type=Text)) == "one more"
        assert taken == [work]
        await extension.stop_extension()

    run(test())
