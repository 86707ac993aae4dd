"""The order of what runs and waits on one kernel. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Placed(Protocol):
    """A run, as far as its order matters."""

    @property
    def place(self) -> tuple[str, str]:
        """The document and the cell."""


T = TypeVar("T", bound=Placed)


class RunOrder(Generic[T]):
    """Runs in the order in which they were requested.

    Thousands may wait, also for one cell, and end together. Therefore each operation takes the
    same time however many there are.
    """

    def __init__(self) -> None:
        self._runs: OrderedDict[T, None] = OrderedDict()
        self._by_place: dict[tuple[str, str], OrderedDict[T, None]] = {}

    def __iter__(self) -> Iterator[T]:
        return iter(self._runs)

    def __contains__(self, run: object) -> bool:
        return run in self._runs

    def __len__(self) -> int:
        return len(self._runs)

    @property
    def first(self) -> T | None:
        """The first run; None if there is none."""
        return next(iter(self._runs), None)

    def add(self, run: T) -> None:
        """Add a run at the end."""
        self._runs[run] = None
        self._by_place.setdefault(run.place, OrderedDict())[run] = None

    def remove(self, run: T) -> T | None:
        """Remove a run, and return the first one that is left of the same cell.

        Raises:
            KeyError: the run is not there.
        """
        del self._runs[run]
        same = self._by_place[run.place]
        del same[run]
        if not same:
            del self._by_place[run.place]
        return next(iter(same), None)
