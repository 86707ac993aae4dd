"""Who somebody is and what they may do, for servers under test, which import these by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from anyio import sleep
from jupyter_server.auth import Authorizer
from jupyter_server.auth.identity import IdentityProvider, User

RULES = ".rules.json"

NAMES = ("editor", "viewer", "nobody")


class ReadOnly(Authorizer):
    """Everybody may read, and nothing else."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return action == "read"


class ByToken(IdentityProvider):
    """The token, or the cookie ``person``, is the name; the server's own token is an editor's."""

    def get_user(self, handler: Any) -> User | None:
        if (person := handler.get_cookie("person")) in NAMES:
            return User(person)
        token = handler.get_argument("token", "") or ""
        header = handler.request.headers.get("Authorization", "")
        token = token or header.removeprefix("token ").strip()
        if token == self.token:
            token = "editor"
        if token not in NAMES:
            return None
        handler._token_authenticated = True
        return User(token, token.title(), token.title(), token[0].upper())


class ByRules(Authorizer):
    """The file `.rules.json` in the server's root says what each user may do, and where.

    It is read each time: {"viewer": ["read"], "hidden": ["secret.txt"], "history": ["editor"],
    "kernels": ["id"]}, the last ones being who may clear histories, and kernels that are refused.
    """

    def is_authorized(self, handler: Any, user: User, action: str, resource: str) -> bool:
        file = Path(handler.serverapp.root_dir) / RULES
        rules = json.loads(file.read_text()) if file.exists() else {}
        usual = {"editor": ["read", "write"], "viewer": ["read"], "nobody": []}
        if user.username != "editor" and getattr(handler, "path", "") in rules.get("hidden", ()):
            return False
        address = f"{handler.request.path}/"
        if resource == "kernels" and any(
            f"/api/kernels/{each}/" in address for each in rules.get("kernels", ())
        ):
            return False
        if resource == "history" and user.username not in rules.get("history", NAMES):
            return False
        return action in rules.get(user.username, usual[user.username])


class Slow(ByRules):
    """Like `ByRules`, but answers the second request to write only when `.hold` is gone."""

    _asked = 0

    async def is_authorized(  # type: ignore[override]
        self, handler: Any, user: User, action: str, resource: str
    ) -> bool:
        if action == "write" and handler.request.path.endswith("/execute"):
            self._asked += 1
            root = Path(handler.serverapp.root_dir)
            (root / ".asked").write_text(str(self._asked))
            while self._asked == 2 and (root / ".hold").exists():
                await sleep(0.01)
        return super().is_authorized(handler, user, action, resource)


class Surrogates(IdentityProvider):
    """Everybody has names that are no text, as a broken directory service may give them."""

    def get_user(self, handler: Any) -> User | None:
        handler._token_authenticated = True
        return User("ada\ud800", "Ada \ud800", "Ada \udfff", "A", "https://pictures/\ud800")
