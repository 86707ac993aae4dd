"""Finds the merge base of a history that does not say what of it was saved.

Those of the published package do not. It writes a file a second after the last edit, and what was
typed after that, when its server stopped, is in the history alone. Pure.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime
from itertools import accumulate
from typing import Any

from pycrdt import Doc

from ..documents.codec import document_fingerprint, replay

SAVE_DELAY = 5.0
"""Seconds within which the published package has written a file after an edit."""

MAX_STATES = 50
"""Most states of the document that are compared with the file."""

MAX_BYTES = 64 * 2**20
"""Most bytes of these states."""


def unmarked_base(
    content_type: str, entries: list[tuple[bytes, float]], modified: float | None, on_disk: str
) -> bytes:
    """Return the document as it was when its file was last written, as one update.

    A file that is newer than the history had all of it, before another program changed the file.
    Otherwise, the file has none of what was typed later: it is one of the states before that.

    Args:
        entries: the updates, of which there is one at least, and their times, in seconds since the
            epoch.
        modified: the time of the file, likewise; None if it is not known.
        on_disk: the fingerprint of the file's content.
    """
    whole = replay([update for update, _ in entries])
    if document_fingerprint(content_type, whole) == on_disk:
        return whole
    times = list(accumulate((time for _, time in entries), max))
    if modified is not None and modified > times[-1] + SAVE_DELAY:
        return whole
    # The time of a file that seems older than all entries says nothing: it may be a restored copy.
    end = 0 if modified is None else bisect_right(times, modified)
    end = end or len(entries)
    start = end - min(end, MAX_STATES, max(MAX_BYTES // max(len(whole), 1), 1))
    doc: Doc[Any] = Doc()
    found, state = None, whole
    for at, (update, _) in enumerate(entries[:end]):
        doc.apply_update(update)
        if at >= start:
            state = doc.get_update()
            if document_fingerprint(content_type, state) == on_disk:
                found = state
    return found or state


def seconds_of(date: str) -> float | None:
    """Return a date of a file in seconds since the epoch; None if it is not valid."""
    try:
        return datetime.fromisoformat(date.replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError, OSError):
        return None
