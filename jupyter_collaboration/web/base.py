"""What all HTTP routes share: their parts, bodies, and errors as JSON."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, NoReturn

from jupyter_server.base.handlers import APIHandler
from tornado import web

from ..access.paths import Paths
from ..errors import CollaborationError, InvalidRequest
from ..rooms.forks import Forks
from ..rooms.manager import RoomManager


class CollaborationHandler(APIHandler):
    """What all routes share: errors become answers with their own status."""

    auth_resource = "contents"

    def initialize(self, rooms: RoomManager, places: Paths, forks: Forks) -> None:
        self._rooms = rooms
        self._places = places
        self._forks = forks
        self.path = ""

    async def prepare(self, **options: Any) -> None:
        """Set the path before anybody is asked whether they may do something with it."""
        self.path = self.path_kwargs.get("path", "").strip("/")
        if room_id := self.path_kwargs.get("room_id"):
            with suppress(CollaborationError):  # answered by the method, after authorisation
                self.path = await self._forks.path(room_id)
        await super().prepare(**options)

    @property
    def username(self) -> str:
        """As the server authenticated them."""
        return str(getattr(self.current_user, "username", "") or "")

    def refuse(self, error: CollaborationError) -> NoReturn:
        """Answer with the error's status and text."""
        # A '%' in the text would be taken for a placeholder by Tornado's log.
        raise web.HTTPError(error.status, str(error).replace("%", "%%")) from error

    def json_body(self) -> dict[str, Any]:
        """The request's JSON object.

        Raises:
            InvalidRequest: there is none.
        """
        try:
            body = json.loads(self.request.body)
        except (ValueError, RecursionError) as error:
            raise InvalidRequest(f"The body is not JSON: {error}") from error
        if not isinstance(body, dict):
            raise InvalidRequest("The body is not a JSON object.")
        return body


def text_in(body: dict[str, Any], name: str, longest: int, *, required: bool = True) -> str:
    """A field of a request's body that is a text.

    Raises:
        InvalidRequest: it is none, is too long, or holds half a character, which no store can hold
            and no file.
    """
    value = body.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or len(value) > longest:
        raise InvalidRequest(f"'{name}' is a text of at most {longest} characters.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest(f"'{name}' is no text: {error.reason}.") from error
    return value
