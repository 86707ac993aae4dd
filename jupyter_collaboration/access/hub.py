"""Share a server through the JupyterHub that started it, with the permissions of one user. [P13]

The hub decides what its users may do. Requests carry the token of the user who makes them; the
server's own token is used for its owner only, so that nobody can pass on more than was shared with
them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import quote, urlencode

from tornado.httpclient import AsyncHTTPClient, HTTPClientError
from tornado.web import HTTPError

from ..errors import HubRefused, HubUnavailable

LISTED = 50
"""Most users, and most groups, that a search returns."""

KINDS = ("user", "group")


class Standing(Enum):
    """What a hub says of a user who is connected."""

    ACCESS = "access"
    NO_ACCESS = "no access"
    SIGNED_OUT = "signed out"


async def standing_of(auth: Any, handler: Any) -> Standing:
    """Ask a hub whether the user of a connection still has access to this server. [M2]

    The hub's identity provider identifies a user once for each connection. Answers of the hub are
    kept for as long as its setting `HubAuth.cache_max_age` says.
    """
    token = auth.get_token(handler)
    if not token:
        return Standing.ACCESS  # identified by other means, which the authorizer judges
    try:
        user = await auth.user_for_token(token, session_id=auth.get_session_id(handler), sync=False)
    except HTTPError as error:
        if error.status_code < 500:
            raise
        return Standing.ACCESS  # the hub is away, as during its own restart
    if user is None:
        return Standing.SIGNED_OUT
    permitted = auth.check_scopes(auth.access_scopes, user)
    return Standing.ACCESS if permitted else Standing.NO_ACCESS


@dataclass(frozen=True)
class SharedServer:
    """The server of this process, as its hub knows it."""

    owner: str
    name: str

    @classmethod
    def of_environment(cls) -> SharedServer | None:
        """Return it; None if no hub started this process."""
        owner = os.environ.get("JUPYTERHUB_USER", "")
        return cls(owner, os.environ.get("JUPYTERHUB_SERVER_NAME", "")) if owner else None

    @property
    def path(self) -> str:
        """Its part of the hub's addresses."""
        return f"{quote(self.owner, safe='')}/{quote(self.name, safe='')}"

    def is_covered(self, scopes: Iterable[str], wanted: str) -> bool:
        """Return whether a scope is granted for this server, or without a filter."""
        filters = {"", f"!user={self.owner}", f"!server={self.owner}/{self.name}"}
        return any(f"{wanted}{each}" in scopes for each in filters)


class Hub:
    """The API of the hub, used with one token."""

    def __init__(self, auth: Any, server: SharedServer, token: str) -> None:
        self._auth = auth
        self._server = server
        self._token = token
        self._scopes: frozenset[str] = frozenset()

    @classmethod
    async def of(cls, auth: Any, server: SharedServer, username: str, token: str) -> Hub | None:
        """Return the hub for a user who may share the server; None if they may not.

        Args:
            auth: JupyterHub's `HubAuth`.
            username: the authenticated user.
            token: the token of that user.
        """
        tokens = [token] if token else []
        if username == server.owner and auth.api_token not in tokens:
            tokens.append(auth.api_token)
        for each in tokens:
            hub = cls(auth, server, each)
            hub._scopes = frozenset((await hub._ask("GET", "user")).get("scopes", ()))
            if server.is_covered(hub._scopes, "shares"):
                return hub
        return None

    def may_list(self, kind: str) -> bool:
        """Return whether the user may search users, or groups; perhaps only some of them."""
        return any(scope.split("!")[0] == f"list:{kind}s" for scope in self._scopes)

    async def shares(self) -> list[dict[str, str]]:
        """Return with whom the server is shared: ``{kind, name, since}``."""
        found = await self._pages(f"shares/{self._server.path}")
        return [
            {"kind": kind, "name": each[kind]["name"], "since": each["created_at"]}
            for each in found
            for kind in KINDS
            if each.get(kind)
        ]

    async def invitations(self) -> list[dict[str, Any]]:
        """Return the codes that are valid: ``{id, expires, uses}``. The hub keeps no code."""
        found = await self._pages(f"share-codes/{self._server.path}")
        return [
            {"id": each["id"], "expires": each["expires_at"], "uses": each["exchange_count"]}
            for each in found
        ]

    async def search(self, text: str) -> list[dict[str, str]]:
        """Return users and groups whose names contain a text, without the owner."""
        found: list[dict[str, str]] = []
        if self.may_list("user"):
            query = urlencode({"name_filter": text, "limit": LISTED, "sort": "name"})
            users = await self._ask("GET", f"users?{query}")
            names = [each["name"] for each in users if each["name"] != self._server.owner]
            found += [{"kind": "user", "name": name} for name in names]
        if self.may_list("group"):
            groups = await self._ask("GET", "groups")
            names = [each["name"] for each in groups if text.lower() in each["name"].lower()]
            found += [{"kind": "group", "name": name} for name in sorted(names)[:LISTED]]
        return found

    async def share(self, kind: str, name: str) -> None:
        """Give a user or a group access to the server."""
        await self._ask("POST", f"shares/{self._server.path}", {kind: name})

    async def revoke(self, kind: str, name: str) -> None:
        """Take the access of a user or a group away."""
        await self._ask("PATCH", f"shares/{self._server.path}", {kind: name})

    async def invite(self, seconds: int) -> dict[str, Any]:
        """Create a code that gives access to whoever accepts it in time."""
        path = f"share-codes/{self._server.path}"
        made = await self._ask("POST", path, {"expires_in": seconds})
        return {"id": made["id"], "expires": made["expires_at"], "link": made["accept_url"]}

    async def withdraw(self, invitation: str) -> None:
        """Make a code invalid. Those who have accepted it keep their access."""
        await self._ask("DELETE", f"share-codes/{self._server.path}?id={quote(invitation)}")

    async def _pages(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            page = await self._ask("GET", f"{path}?{urlencode({'offset': len(found)})}")
            found += page["items"]
            if not page["items"] or page["_pagination"].get("next") is None:
                return found

    async def _ask(self, method: str, path: str, body: object = None) -> Any:
        auth = self._auth
        secure = {
            "client_cert": auth.certfile or None,
            "client_key": auth.keyfile or None,
            "ca_certs": auth.client_ca or None,
        }
        try:
            response = await AsyncHTTPClient().fetch(
                f"{auth.api_url}/{path}",
                method=method,
                body=None if body is None else json.dumps(body),
                headers={"Authorization": f"token {self._token}"},
                **{name: value for name, value in secure.items() if value},
            )
        except HTTPClientError as error:
            if error.code >= 500:  # also 599, tornado's own for no response in time
                raise HubUnavailable(f"The hub does not answer: {error}") from error
            raise HubRefused.of(error.code, _message_of(error)) from error
        except OSError as error:
            raise HubUnavailable(f"The hub does not answer: {error}") from error
        return json.loads(response.body) if response.body else {}


def _message_of(error: HTTPClientError) -> str:
    """The hub's own words."""
    try:
        return str(json.loads(error.response.body)["message"])  # type: ignore[union-attr]
    except (AttributeError, KeyError, TypeError, ValueError):
        return error.message or "no reason given"
