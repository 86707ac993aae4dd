"""Authorizers for servers under test, which import them by name."""

from typing import Any

from jupyter_server.auth import Authorizer


class ReadOnly(Authorizer):
    """Everybody may read, and nothing else."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return action == "read"
