"""The table of roles and actions."""

import pytest

from jupyter_collaboration.access import roles
from jupyter_collaboration.access.roles import Action, Role
from jupyter_collaboration.protocol import messages

ALLOWED = {
    Role.VIEWER: {Action.READ, Action.PRESENCE, Action.ACKNOWLEDGE, Action.TIMELINE},
    Role.EDITOR: set(Action),
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", Action)
def test_a_role_may_what_the_table_says(role: Role, action: Action) -> None:  # [M2]
    assert role.may(action) is (action in ALLOWED[role])


@pytest.mark.parametrize(
    ("step", "payload", "action"),
    [
        (messages.STEP1, b"\x01\x02\x03", Action.READ),
        (messages.STEP2, messages.EMPTY_UPDATE, Action.READ),
        (messages.STEP2, b"\x00\x01\x05\x01\x00\x01", Action.READ),
        (messages.STEP2, b"\x01\x01\x05\x00", Action.EDIT),
        (messages.UPDATE, b"\x01\x01\x05\x00", Action.EDIT),
        (messages.UPDATE, b"\x00\x01\x05\x01\x00\x01", Action.EDIT),
    ],
)
def test_only_a_second_step_without_structs_is_reading(
    step: int, payload: bytes, action: Action
) -> None:  # [M2]
    assert roles.sync_action(step, payload) is action
