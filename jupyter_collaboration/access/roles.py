"""What a member of a room may send. Pure: a table."""

from __future__ import annotations

from enum import Enum

from ..protocol import messages


class Action(Enum):
    """Something that a message asks of a room."""

    READ = "read"
    EDIT = "edit"
    PRESENCE = "presence"
    SAVE = "save"
    REVERT = "revert"
    TIMELINE = "timeline"
    RESTORE = "restore"
    FORK = "fork"
    UNDO = "undo"
    ACKNOWLEDGE = "ack"


class Role(Enum):
    VIEWER = "viewer"
    EDITOR = "editor"

    def may(self, action: Action) -> bool:
        return action in _ALLOWED[self]


_ALLOWED: dict[Role, frozenset[Action]] = {
    Role.VIEWER: frozenset({Action.READ, Action.PRESENCE, Action.ACKNOWLEDGE, Action.TIMELINE}),
    Role.EDITOR: frozenset(Action),
}


def sync_action(step: int, payload: bytes) -> Action:
    """What a sync message asks for.

    A second step that brings no structs is part of reading: every replica answers with one,
    and repeats there the deletions that it was sent.
    """
    if step == messages.STEP1 or (step == messages.STEP2 and payload[:1] == b"\x00"):
        return Action.READ
    return Action.EDIT
