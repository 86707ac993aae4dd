"""What a merge reports where both sides changed the same thing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Conflict:
    """Both sides changed the same thing differently.

    ``merged`` is what the result holds: for a text, ``theirs`` and ``ours`` in one piece.
    """

    kind: str
    ours: str
    theirs: str
    merged: str
    key: str = "source"
    cell: str | None = None
