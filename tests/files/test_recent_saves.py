"""Which save another program has read before it wrote its copy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from jupyter_collaboration.documents.codec import content_of, loaded_update
from jupyter_collaboration.files import recent_saves
from jupyter_collaboration.files.recent_saves import RecentSaves
from jupyter_collaboration.history.memory import MemoryBackend

Run = Callable[[Awaitable[Any]], Any]

BEFORE = "one\ntwo\nthree\nfour"
AFTER = "typed\nmore\none\ntwo\nthree\nfour\nfive"


@pytest.mark.parametrize(
    ("content", "base"),
    [
        ("one\ntwo!\nthree\nfour", BEFORE),  # a copy of what was there before somebody typed
        ("typed\nmore\none\ntwo!\nthree\nfour\nfive", None),
        (BEFORE, None),  # git checkout
        ("typed\nmore\none\ntwo\nthree\nfour\nfive appended\n", None),
        ("something else", None),
    ],
)
def test_the_base_is_the_nearest_save_and_the_last_one_in_doubt(
    run: Run, content: str, base: str | None
) -> None:  # S26 [F4]
    async def test() -> None:
        saves = RecentSaves(MemoryBackend().history("text:file:1"))
        states = [loaded_update("file", text) for text in (BEFORE, AFTER)]
        for number, state in enumerate(states):
            await saves.note(number, state)
        found = await saves.older_base("file", content, states[-1])
        assert (found and content_of("file", found)) == base

    run(test())


def test_saves_that_are_old_or_many_are_forgotten(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:  # S26
    async def test() -> None:
        content, last = "one\ntwo!\nthree\nfour", loaded_update("file", AFTER)

        async def found(limit: str, value: float) -> bytes | None:
            with monkeypatch.context() as context:
                context.setattr(recent_saves, limit, value)
                saves = RecentSaves(MemoryBackend().history("text:file:1"))
                await saves.note(1, loaded_update("file", BEFORE))
                await saves.note(2, last)
                await saves.note(3, last)
                return await saves.older_base("file", content, last)

        assert await found("MAX_SAVES", 3) is not None
        assert await found("MAX_SAVES", 2) is None
        assert await found("MAX_AGE", 0.0) is None
        assert await found("MAX_BYTES", 10) is None

    run(test())
