"""Tests of the states of a save."""

from __future__ import annotations

import anyio
import pytest

from jupyter_collaboration.errors import SaveFailed
from jupyter_collaboration.files.autosave import Autosave
from jupyter_collaboration.files.save_state import (
    Failed,
    Saved,
    SaveState,
    Saving,
    Unsaved,
    check_transition,
)

pytestmark = pytest.mark.anyio

ERROR = SaveFailed("No space left on device")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def test_a_transition_that_is_not_listed_raises() -> None:
    with pytest.raises(RuntimeError, match="Saving cannot follow Saved"):
        check_transition(Saved(), Saving(1))


@pytest.mark.parametrize("kind", [Saving, Unsaved])
def test_a_state_may_change_its_time(kind: type) -> None:
    check_transition(kind(1), kind(2))


async def test_the_state_follows_edits_saves_and_errors() -> None:
    """[F1] [F2]"""
    seen: list[str] = []
    fails = True

    async def write() -> bool:
        seen.append(type(autosave.state).__name__)
        if fails:
            raise ERROR
        return True

    autosave = Autosave(write, delay=None, max_delay=10, failed=autosave_failed)
    assert autosave.state == Saved()
    autosave.changed()
    assert isinstance(autosave.state, Unsaved)
    since = autosave.state.since
    with pytest.raises(SaveFailed):
        await autosave.save_now()
    assert autosave.state == Unsaved(since)
    autosave.fail(ERROR)
    assert autosave.state == Failed(ERROR, since)
    autosave.changed()
    assert autosave.state == Failed(ERROR, since)
    fails = False
    assert await autosave.save_now()
    assert autosave.state == Saved()
    assert seen == ["Saving", "Saving"]
    assert await autosave.save_now()  # a document that is saved stays so while it is written again
    assert seen == ["Saving", "Saving", "Saved"]


async def test_an_edit_during_a_merge_stays_unsaved_when_a_save_waits_for_it() -> None:
    """[F1] [F4]"""
    lock = anyio.Lock()
    states: list[SaveState] = []

    async def write() -> bool:
        async with lock:
            states.append(autosave.state)
            return False

    autosave = Autosave(write, delay=1, max_delay=10, failed=autosave_failed)
    async with anyio.create_task_group() as tasks, lock:  # a merge of a change on disk
        version = autosave.mark()
        autosave.changed()
        tasks.start_soon(autosave.save_now)
        await anyio.wait_all_tasks_blocked()
        autosave.settle(version)
    assert isinstance(states[0], Unsaved)


async def test_an_unexpected_error_leaves_the_edits_unsaved() -> None:
    """[F2]"""

    async def write() -> bool:
        raise ZeroDivisionError

    autosave = Autosave(write, delay=None, max_delay=10, failed=autosave_failed)
    autosave.changed()
    with pytest.raises(ZeroDivisionError):
        await autosave.save_now()
    assert isinstance(autosave.state, Unsaved)


async def test_a_file_that_is_gone_is_an_error_without_unsaved_edits() -> None:
    """[F8]"""

    async def write() -> bool:
        return True

    autosave = Autosave(write, delay=None, max_delay=10, failed=autosave_failed)
    autosave.fail(ERROR)
    assert autosave.state == Failed(ERROR, None)
    assert not autosave.pending
    autosave.recover()
    assert autosave.state == Saved()
    autosave.fail(ERROR)
    autosave.changed()
    assert autosave.pending
    autosave.recover()
    assert isinstance(autosave.state, Unsaved)


def autosave_failed(error: SaveFailed) -> None:
    raise AssertionError("nothing is saved automatically here")
