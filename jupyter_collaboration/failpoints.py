"""Named points in the code at which a test can kill the process or raise an error.

Tests set `hook` from an extension of their own. Nothing in this package sets it, and neither does
any trait or environment variable.
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
"""All points, in the order in which a document reaches them."""

hook: Callable[[str], None] | None = None
"""Called with the name of each point when it is reached."""


def failpoint(point: str) -> None:
    """Call the hook, if there is one, at a named point."""
    if hook is not None:
        hook(point)
