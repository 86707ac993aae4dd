"""HTTP handlers for sharing a server through its hub: parse, authorize, call, respond. [P13]"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..access.hub import Hub, SharedServer
from ..errors import CollaborationError, InvalidRequest, NotAllowed
from .base import CollaborationHandler

SHORTEST = 60
LONGEST = 365 * 24 * 60 * 60
"""For how long an invitation may be valid, in seconds; the hub accepts no other values."""


class HubHandler(CollaborationHandler):
    """The base of all handlers of this module."""

    async def hub(self) -> tuple[Hub, SharedServer] | None:
        """Return the hub for the current user; None without a hub or without the permission."""
        auth = getattr(self.identity_provider, "hub_auth", None)
        server = SharedServer.of_environment()
        if auth is None or server is None:
            return None
        hub = await Hub.of(auth, server, self.username, auth.get_token(self) or "")
        return None if hub is None else (hub, server)

    async def permitted(self) -> Hub:
        """Return the hub.

        Raises:
            NotAllowed: the user may not share the server.
        """
        found = await self.hub()
        if found is None:
            raise NotAllowed("You do not have permission to share this server.")
        return found[0]


class SharingHandler(HubHandler):
    """``/api/collaboration/sharing``: with whom the server is shared."""

    @web.authenticated
    @authorized("read", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def get(self) -> None:
        """Return ``{available}``, and if it is: ``{owner, server, search, shares, codes}``."""
        answer: dict[str, Any] = {"available": False}
        try:
            if found := await self.hub():
                hub, server = found
                answer = {
                    "available": True,
                    "owner": server.owner,
                    "server": server.name,
                    "search": [kind for kind in ("user", "group") if hub.may_list(kind)],
                    "shares": await hub.shares(),
                    "codes": await hub.invitations(),
                }
        except CollaborationError as error:
            self.refuse(error)
        self.finish(json.dumps(answer))


class PeopleHandler(HubHandler):
    """``/api/collaboration/sharing/people?search=``: users and groups of the hub."""

    @web.authenticated
    @authorized("read", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def get(self) -> None:
        """Return ``[{kind, name}]``."""
        try:
            found = await (await self.permitted()).search(self.get_query_argument("search", ""))
        except CollaborationError as error:
            self.refuse(error)
        self.finish(json.dumps(found))


class ShareHandler(HubHandler):
    """``/api/collaboration/sharing/<kind>/<name>``: the access of a user or a group."""

    @web.authenticated
    @authorized("write", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def put(self, kind: str, name: str) -> None:
        """Give access."""
        try:
            await (await self.permitted()).share(kind, name)
        except CollaborationError as error:
            self.refuse(error)
        self.log.info("%s shared this server with the %s %s", self.username, kind, name)
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()

    @web.authenticated
    @authorized("write", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def delete(self, kind: str, name: str) -> None:
        """Take access away."""
        try:
            await (await self.permitted()).revoke(kind, name)
        except CollaborationError as error:
            self.refuse(error)
        self.log.info("%s took the access of the %s %s away", self.username, kind, name)
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()


class InvitationsHandler(HubHandler):
    """``/api/collaboration/sharing/codes``: invitations that expire."""

    @web.authenticated
    @authorized("write", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def post(self) -> None:
        """Create one. The body is ``{expires_in}``, in seconds; returns ``{id, expires, link}``."""
        try:
            seconds = self.json_body().get("expires_in")
            if type(seconds) is not int or not SHORTEST <= seconds <= LONGEST:
                raise InvalidRequest(f"'expires_in' must be from {SHORTEST} to {LONGEST} seconds.")
            made = await (await self.permitted()).invite(seconds)
        except CollaborationError as error:
            self.refuse(error)
        self.log.info("%s created an invitation that ends %s", self.username, made["expires"])
        self.set_status(HTTPStatus.CREATED)
        self.finish(json.dumps(made))


class InvitationHandler(HubHandler):
    """``/api/collaboration/sharing/codes/<id>``: one invitation."""

    @web.authenticated
    @authorized("write", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def delete(self, invitation: str) -> None:
        """Make it invalid."""
        try:
            await (await self.permitted()).withdraw(invitation)
        except CollaborationError as error:
            self.refuse(error)
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()
