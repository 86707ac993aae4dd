"""Whether a document is saved: one value, with a name for each state.

| state | meaning | followed by |
|---|---|---|
| `Saved` | the file has everything | `Unsaved`, `Failed` |
| `Unsaved` | there are edits that the file does not have | `Saving`, `Saved`, `Failed` |
| `Saving` | those edits are being written | `Saved`, `Unsaved`, `Failed` |
| `Failed` | the last attempt to save failed, or the file is gone | `Saving`, `Saved`, `Unsaved` |

Times are those of the event loop, in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import SaveFailed


@dataclass(frozen=True)
class Saved:
    """The file contains the document."""


@dataclass(frozen=True)
class Unsaved:
    """There are edits since a time that are not in the file."""

    since: float


@dataclass(frozen=True)
class Saving:
    """Edits since a time are being written."""

    since: float


@dataclass(frozen=True)
class Failed:
    """The document cannot be saved; ``since`` is None if the file has everything."""

    error: SaveFailed
    since: float | None


SaveState = Saved | Unsaved | Saving | Failed

FOLLOWING: dict[type, tuple[type, ...]] = {
    Saved: (Unsaved, Failed),
    Unsaved: (Saving, Saved, Failed),
    Saving: (Saved, Unsaved, Failed),
    Failed: (Saving, Saved, Unsaved),
}
"""The states that may follow each state, besides itself."""


def unsaved_since(state: SaveState) -> float | None:
    """Return the time of the first edit that is not in the file; None if there is none."""
    return None if isinstance(state, Saved) else state.since


def check_transition(old: SaveState, new: SaveState) -> None:
    """Check that a state may follow another one.

    Raises:
        RuntimeError: it may not, so that a part of the program is wrong.
    """
    if type(new) is not type(old) and type(new) not in FOLLOWING[type(old)]:
        raise RuntimeError(f"{type(new).__name__} cannot follow {type(old).__name__}")
