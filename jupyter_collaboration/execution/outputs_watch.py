"""Notes whether anybody else changes the outputs of a cell that runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from weakref import ref

from pycrdt import Map, Subscription


class OutputsWatch:
    """The outputs of one cell, as far as others change them.

    Attributes:
        has_changes: whether somebody else has changed the outputs since `follow`.
    """

    def __init__(self) -> None:
        self.has_changes = False
        self._followed: tuple[Map[Any], Subscription] | None = None
        self._is_own = False

    @property
    def is_following(self) -> bool:
        """Whether changes are noted."""
        return self._followed is not None

    def follow(self, cell: Map[Any]) -> None:
        """Note changes of a cell's outputs from now on.

        `end` has to be called: pycrdt's subscriptions may not be freed by another thread, as the
        garbage collector might.
        """
        self.end()
        found = ref(self)  # the document must not keep the watch in memory

        def note_changes(events: list[Any]) -> None:
            watch = found()
            if watch is not None and not watch._is_own and any(map(_is_of_outputs, events)):
                watch.has_changes = True

        self._followed = (cell, cell.observe_deep(note_changes))
        self.has_changes = False

    def end(self) -> None:
        """Note no changes any more."""
        if self._followed is not None:
            cell, subscription = self._followed
            self._followed = None
            cell.unobserve(subscription)

    @contextmanager
    def own_changes(self) -> Iterator[None]:
        """Do not note changes in this block."""
        self._is_own = True
        try:
            yield
        finally:
            self._is_own = False


def _is_of_outputs(event: Any) -> bool:
    """Return whether an event inside a cell changes its outputs."""
    return bool(event.path[0] == "outputs" if event.path else "outputs" in event.keys)
