"""Roles, and the actions that each one allows. Pure."""

from __future__ import annotations

from enum import Enum

from ..protocol import messages


class Action(Enum):
    """An action that a message requests of a room."""

    READ = "read"
    EDIT = "edit"
    RUN = "run"
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
    """Return the action that a sync message requests.

    A step 2 message without structs is part of reading: every replica answers with one, and
    repeats in it the deletions that it has received.
    """
    if step == messages.STEP1 or (step == messages.STEP2 and payload[:1] == b"\x00"):
        return Action.READ
    return Action.EDIT
