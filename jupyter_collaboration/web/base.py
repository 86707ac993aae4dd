"""The base of all HTTP handlers: dependencies, request bodies, and errors as JSON."""

from __future__ import annotations

import json
from contextlib import suppress
from copy import copy
from http import HTTPStatus
from typing import Any, NoReturn

from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.utils import ensure_async, url_escape, url_path_join
from tornado import web

from ..access.paths import Paths
from ..errors import CollaborationError, InvalidRequest
from ..rooms.forks import Forks
from ..rooms.manager import RoomManager


def as_request_for(handler: JupyterHandler, kernel_id: str) -> JupyterHandler:
    """Return a handler for an authorizer which decides by the kernel in a request's address.

    A request to run a cell in a document may name any kernel.
    """
    seen = copy(handler)
    seen.request = copy(handler.request)
    path = url_path_join(handler.base_url, "api/kernels", url_escape(kernel_id), "channels")
    seen.request.path = seen.request.uri = path
    seen.path_args = []
    seen.path_kwargs = {"kernel_id": kernel_id}
    return seen


async def may_run_on(handler: JupyterHandler, kernel_id: str) -> bool:
    """Ask the authorizer whether the user of a request may run code on a kernel. [R9]"""
    seen = as_request_for(handler, kernel_id)
    allowed = handler.authorizer.is_authorized(seen, handler.current_user, "execute", "kernels")
    return bool(await ensure_async(allowed))


class CollaborationHandler(APIHandler):
    """The base of all handlers: errors become responses with their own status."""

    auth_resource = "contents"

    def initialize(self, rooms: RoomManager, places: Paths, forks: Forks) -> None:
        self._rooms = rooms
        self._places = places
        self._forks = forks
        self.path = ""

    async def prepare(self, **options: Any) -> None:
        """Set the path before the authorizer is asked about it."""
        self.path = self.path_kwargs.get("path", "").strip("/")
        if room_id := self.path_kwargs.get("room_id"):
            with suppress(CollaborationError):  # the method responds, after authorization
                self.path = await self._forks.path(room_id)
        await super().prepare(**options)

    @property
    def username(self) -> str:
        """The authenticated user's name."""
        return str(getattr(self.current_user, "username", "") or "")

    async def check_file(self, path: str) -> None:
        """Check that there is a file, and that the user may read a link's target. [F8]

        The authorizer was asked about the path of the link; the room used is that of the target.

        Raises:
            DocumentNotFound: there is no such file.
            HTTPError: the user may not read the target.
        """
        await self._places.check(path)
        target = self._places.resolve(path)
        if target == path:
            return
        await self._places.check(target)
        entered, self.path = self.path, target
        allowed = self.authorizer.is_authorized(self, self.current_user, "read", "contents")
        if not await ensure_async(allowed):
            raise web.HTTPError(HTTPStatus.FORBIDDEN)
        self.path = entered

    async def may_execute(self) -> bool:
        """Return whether the user may run code, and so is trusted with outputs."""
        allowed = self.authorizer.is_authorized(self, self.current_user, "execute", "kernels")
        return bool(await ensure_async(allowed))

    def refuse(self, error: CollaborationError) -> NoReturn:
        """Respond with the error's status and text."""
        # Tornado's log would interpret a '%' in the text as a placeholder.
        raise web.HTTPError(error.status, str(error).replace("%", "%%")) from error

    def json_body(self) -> dict[str, Any]:
        """Return the request's body, a JSON object.

        Raises:
            InvalidRequest: the body is not a JSON object.
        """
        try:
            body = json.loads(self.request.body)
        except (ValueError, RecursionError) as error:
            raise InvalidRequest(f"The body is not valid JSON: {error}") from error
        if not isinstance(body, dict):
            raise InvalidRequest("The body is not a JSON object.")
        return body


class PublishedHandler(CollaborationHandler):
    """The base of handlers whose errors clients of earlier versions read under other keys."""

    def refuse(self, error: CollaborationError) -> NoReturn:
        """Respond with the error's status, and with its text as ``error`` and ``message``."""
        self.set_status(error.status)
        text = str(error)
        self.finish(json.dumps({"code": error.status, "error": text, "message": text}))
        raise web.Finish


def text_in(body: dict[str, Any], name: str, longest: int, *, required: bool = True) -> str:
    """Return a string field of a request's body.

    Raises:
        InvalidRequest: it is not a string, is too long, or contains a lone surrogate, which
            neither stores nor files can hold.
    """
    value = body.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or len(value) > longest:
        raise InvalidRequest(f"'{name}' must be a string of at most {longest} characters.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest(f"'{name}' is not valid Unicode: {error.reason}.") from error
    return value
