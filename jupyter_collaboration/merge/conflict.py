"""Conflicts of a merge."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Conflict:
    """Both sides changed the same thing differently.

    Attributes:
        kind: ``text``, ``value`` (of metadata, outputs and the like), or ``deleted`` for a cell
            that one side deleted and the other one changed.
        ours, theirs: what each side has; empty for what a side deleted.
        merged: what the result holds: for a text ours and theirs, one below the other.
        key: which part of the cell, or of the document, it is.
        cell: the cell's id; None outside of cells.
    """

    kind: str
    ours: str
    theirs: str
    merged: str
    key: str = "source"
    cell: str | None = None
