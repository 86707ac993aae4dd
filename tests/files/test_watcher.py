"""Files that may have changed are noticed without reading them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from jupyter_collaboration.files.watcher import TRUST_TIME, FileWatch, Watched

Run = Callable[[Awaitable[Any]], Any]


def news(watched: Watched) -> bool:
    """Whether the file is taken for changed; asks once."""
    is_set = watched._news.is_set()
    watched._news = anyio.Event()
    return is_set


def test_a_signature_is_believed_when_it_stayed_the_same_for_a_while(run: Run) -> None:  # [F11]
    async def test() -> None:
        watched = Watched(lambda: None)
        watched.note((1,), 0.0)
        assert news(watched)
        watched.note((1,), TRUST_TIME)  # two writes within a second may look alike
        assert news(watched)
        watched.note((1,), TRUST_TIME + 1)
        assert not news(watched)
        watched.note((0,), TRUST_TIME + 2)  # any other: an older time too
        assert news(watched)

    run(test())


def test_a_file_of_which_nothing_is_known_may_have_changed_at_any_time(run: Run) -> None:
    async def test() -> None:
        watched = Watched(lambda: None)
        for now in range(0, 100, 10):
            watched.note(None, float(now))
            assert news(watched)

    run(test())


def test_a_file_that_is_as_it_was_when_it_was_read_is_not_read_again(run: Run) -> None:  # [F11]
    async def test() -> None:
        watched = Watched(lambda: None, known=(1,))
        watched.note((1,), 0.0)
        assert not news(watched)
        watched.note((2,), 1.0)
        assert news(watched)

    run(test())


def test_what_could_not_be_read_is_looked_at_again(run: Run) -> None:
    async def test() -> None:
        watched = Watched(lambda: None)
        watched.note((1,), 100.0)
        assert news(watched)
        watched.note((1,), 200.0)
        assert not news(watched)
        watched.look_again()
        watched.note((1,), 300.0)
        assert news(watched)

    run(test())


def test_all_files_are_looked_at_together(run: Run) -> None:
    async def test() -> None:
        watch = FileWatch(0.001)
        signatures = {"a": (1,), "b": (1,)}
        async with anyio.create_task_group() as tasks:
            with watch.watching(lambda: signatures["a"]) as a:
                with watch.watching(lambda: signatures["b"]) as b:
                    await tasks.start(watch.run)
                    await a.changed()
                    await b.changed()
                assert len(watch._files) == 1
            assert not watch._files
            tasks.cancel_scope.cancel()

    run(test())


def test_a_file_that_cannot_be_looked_at_does_not_end_the_watch_of_the_others(
    run: Run,
) -> None:  # S8 [M11]
    async def test() -> None:
        watch = FileWatch(0.001)

        def broken() -> tuple[int, ...]:
            raise KeyError("a bug")

        async with anyio.create_task_group() as tasks:
            with watch.watching(broken) as a, watch.watching(lambda: (1,)) as b:
                await tasks.start(watch.run)
                for _ in range(3):
                    await a.changed()  # nothing is known of it
                await b.changed()
            tasks.cancel_scope.cancel()

    run(test())
