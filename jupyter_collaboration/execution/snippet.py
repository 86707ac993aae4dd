"""A run of code that belongs to no cell: its outputs are kept for who asked for it."""

from __future__ import annotations

from .outputs import CellOutputs


class SnippetWriter:
    """Takes the place of a `writer.CellWriter`, and writes into no document.

    Args:
        limit: the size in bytes from which on outputs are dropped.
    """

    def __init__(self, limit: int) -> None:
        self.outputs = CellOutputs(limit)

    @property
    def size(self) -> int:
        """The approximate size in bytes."""
        return self.outputs.size

    @property
    def is_gone(self) -> bool:
        """Whether the cell was deleted: false, as there is none."""
        return False

    def wait(self) -> None:
        """Do nothing: there is no cell."""

    def start(self) -> None:
        """Do nothing: there are no earlier outputs."""

    async def catch_up(self) -> None:
        """Do nothing: nothing is written."""

    def end(self, *, count: int | None = None, timing: dict[str, str] | None = None) -> None:
        """Do nothing: there is no cell."""

    def close(self) -> None:
        """Do nothing: nothing is written."""

    def release(self) -> None:
        """Free the outputs; `Run.outputs` has those that are kept for who asked for them."""
        self.outputs.clear()

    def changed(self) -> None:
        """Do nothing: nothing is written."""

    def flush(self) -> None:
        """Do nothing: nothing is written."""
