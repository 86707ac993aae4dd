"""Named points of the server's work, at which a test may end the process or fail a step.

A test sets `hook` from an extension of its own; nothing in this package, no trait and no
variable of the environment does.
"""

from __future__ import annotations

from collections.abc import Callable

POINTS = (
    "load.begin",
    "load.history",
    "load.file",
    "load.applied",
    "load.appended",
    "load.merged",
    "relay.received",
    "relay.applied",
    "relay.sent",
    "commit.begin",
    "commit.inserted",
    "commit.done",
    "save.begin",
    "save.checked",
    "save.rendered",
    "save.intended",
    "save.written",
    "save.noted",
    "merge.begin",
    "merge.computed",
    "merge.applied",
    "merge.noted",
    "rebase.begin",
    "rebase.applied",
    "compact.begin",
    "compact.merged",
    "compact.deleted",
    "compact.done",
    "clear.begin",
    "clear.deleted",
    "clear.done",
    "clear.wiped",
    "fork.copied",
    "fork.merged",
    "evict.begin",
    "evict.flushed",
    "evict.closed",
    "stop.begin",
    "stop.saved",
)
"""Every point, in the order of a document's life."""

hook: Callable[[str], None] | None = None
"""Called with the name of each point that is reached."""


def failpoint(point: str) -> None:
    """The work has come to a point."""
    if hook is not None:
        hook(point)
