"""Saving when quiet, and telling the truth about it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from jupyter_collaboration.errors import SaveFailed
from jupyter_collaboration.files.autosave import Autosave
from jupyter_collaboration.files.formatting import LineEndings

Run = Callable[[Awaitable[Any]], Any]


class Disk:
    """Counts writes, and fails or waits when told to."""

    def __init__(self) -> None:
        self.writes = 0
        self.error: SaveFailed | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.started = asyncio.Event()
        self.written = asyncio.Event()
        self.failed = asyncio.Event()

    async def write(self) -> bool:
        self.started.set()
        await self.gate.wait()
        if self.error:
            raise self.error
        self.writes += 1
        self.written.set()
        return True

    def autosave(self, delay: float | None = 0.01, max_delay: float = 10) -> Autosave:
        return Autosave(
            self.write,
            delay=delay,
            max_delay=max_delay,
            failed=lambda error: self.failed.set(),
        )


def test_it_saves_when_nothing_changes_any_more(run: Run) -> None:  # [F1]
    async def test() -> None:
        disk = Disk()
        autosave = disk.autosave()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(autosave.run)
            autosave.changed()
            assert autosave.pending
            await disk.written.wait()
            assert not autosave.pending
            tasks.cancel_scope.cancel()
        assert disk.writes == 1

    run(test())


def test_it_saves_while_changes_keep_coming(run: Run) -> None:  # [F10]
    async def test() -> None:
        disk = Disk()
        autosave = disk.autosave(delay=60, max_delay=0.05)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(autosave.run)
            while not disk.written.is_set():
                autosave.changed()
                await asyncio.sleep(0)
            tasks.cancel_scope.cancel()

    run(test())


def test_a_write_under_way_survives_cancellation(run: Run) -> None:  # [F1]
    async def test() -> None:
        disk = Disk()
        disk.gate.clear()
        autosave = disk.autosave()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(autosave.run)
            autosave.changed()
            await disk.started.wait()
            tasks.cancel_scope.cancel()
            asyncio.get_running_loop().call_soon(disk.gate.set)
        assert disk.writes == 1

    run(test())


def test_a_failed_save_stays_pending_is_told_and_is_tried_again(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:  # [F2]
    monkeypatch.setattr("jupyter_collaboration.files.autosave.FIRST_RETRY", 0.01)

    async def test() -> None:
        disk = Disk()
        disk.error = SaveFailed("No space left on device")
        autosave = disk.autosave()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(autosave.run)
            autosave.changed()
            await disk.failed.wait()
            assert autosave.pending
            disk.error = None
            await disk.written.wait()
            assert not autosave.pending
            tasks.cancel_scope.cancel()

    run(test())


def test_a_save_by_hand_raises_why_it_failed(run: Run) -> None:  # [F2]
    async def test() -> None:
        disk = Disk()
        disk.error = SaveFailed("No space left on device")
        with pytest.raises(SaveFailed, match="No space"):
            await disk.autosave().save_now()

    run(test())


def test_a_change_during_a_write_is_saved_after_it(run: Run) -> None:  # [F1]
    async def test() -> None:
        disk = Disk()
        disk.gate.clear()
        autosave = disk.autosave(delay=None)
        autosave.changed()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(autosave.save_now)
            await disk.started.wait()
            autosave.changed()
            disk.gate.set()
        assert autosave.pending

    run(test())


@pytest.mark.parametrize(
    "text", ["a\nb\n", "a\r\nb\r\n", "", "a\r\nb\nc\n", "a", "a\rb\r", "a\r\n"]
)
def test_line_endings_survive_an_edit(text: str) -> None:  # [F7]
    lines = LineEndings(text)
    assert lines.restored(lines.text) == text
    assert "\r" not in lines.text
    edited = lines.restored("new\n" + lines.text)
    assert edited.endswith(text)


def test_a_change_after_a_save_by_hand_is_saved_by_itself(run: Run) -> None:  # [F1]
    async def test() -> None:
        disk = Disk()
        autosave = disk.autosave()
        async with anyio.create_task_group() as tasks:
            await tasks.start(autosave.run)
            await anyio.wait_all_tasks_blocked()
            await autosave.save_now()
            disk.written.clear()
            autosave.changed()
            await disk.written.wait()
            tasks.cancel_scope.cancel()

    run(test())
