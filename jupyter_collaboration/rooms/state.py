"""The states of a room.

| state | meaning | followed by |
|---|---|---|
| `OPENING` | the document is being loaded | `LIVE`, `CLOSED`, `FAILED` |
| `LIVE` | members edit it | `FLUSHING`, `CLOSED`, `FAILED` |
| `FLUSHING` | nobody is there, and it is being saved | `LIVE`, `CLOSED`, `FAILED` |
| `CLOSED` | it is closed; the next member opens another room | |
| `FAILED` | an error broke the document, which is loaded again from its history | |
"""

from __future__ import annotations

from enum import Enum


class RoomState(Enum):
    """The state of a room; the values are for logs."""

    OPENING = "opening"
    LIVE = "live"
    FLUSHING = "flushing"
    CLOSED = "closed"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Whether the room will not be used again."""
        return self in (RoomState.CLOSED, RoomState.FAILED)

    def check_transition(self, new: RoomState) -> None:
        """Check that a state may follow this one.

        Raises:
            RuntimeError: it may not, so that a part of the program is wrong.
        """
        if new not in FOLLOWING[self]:
            raise RuntimeError(f"A room that is {self.value} cannot become {new.value}.")


_OVER = (RoomState.CLOSED, RoomState.FAILED)

FOLLOWING: dict[RoomState, tuple[RoomState, ...]] = {
    RoomState.OPENING: (RoomState.LIVE, *_OVER),
    RoomState.LIVE: (RoomState.FLUSHING, *_OVER),
    RoomState.FLUSHING: (RoomState.LIVE, *_OVER),
    RoomState.CLOSED: (),
    RoomState.FAILED: (),
}
"""The states that may follow each state."""
