"""HTTP: parse, authorise, call, reply. No logic."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Any, NoReturn

from anyio.to_thread import run_sync
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server_fileid.manager import BaseFileIdManager
from tornado import web

from .documents import document_id
from .errors import CollaborationError, DocumentNotFound, InvalidRequest, ProtocolError
from .forks import Forks
from .merge import Clash
from .places import Places
from .room import DocumentRoom
from .rooms import RoomManager
from .updates import read_update


class CollaborationHandler(APIHandler):
    """What all routes share: errors become answers with their own status."""

    auth_resource = "contents"

    def initialize(
        self, rooms: RoomManager, file_ids: BaseFileIdManager, places: Places, forks: Forks
    ) -> None:
        self._rooms = rooms
        self._file_ids = file_ids
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


class RebaseHandler(CollaborationHandler):
    """``/api/collaboration/rebase/<roomid>``: brings in the edits of another history. [S4]"""

    @web.authenticated
    @authorized("write", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def put(self, room_id: str) -> None:
        """Take ``{sessionId, state, base}``, answer ``{sessionId, conflicts}``.

        ``state`` and ``base`` are Yjs updates in base64: a replica that descends from the
        history ``sessionId``, and the same replica as it was when its file last held it (or
        null). Nothing of them enters the document but the edits that lie between the two.
        """
        try:
            await self._answer(room_id)
        except CollaborationError as error:
            self.refuse(error)

    async def _answer(self, room_id: str) -> None:
        body = self.json_body()
        session_id = body.get("sessionId")
        if not isinstance(session_id, str) or not session_id:
            raise InvalidRequest("The body names the replica's 'sessionId'.")
        state = await self._update(body, "state")
        base = await self._update(body, "base") if body.get("base") is not None else None
        if not self._rooms.room_exists(room_id):
            await self._places.check(self._places.path_of_room(room_id))
        room = await self._rooms.open(room_id)
        if not isinstance(room, DocumentRoom):
            raise InvalidRequest("This room has no document.")
        clashes = []
        if session_id != room.session_id:
            clashes = await room.rebase(session_id, state, base, self.username)
        conflicts = [conflict(clash) for clash in clashes]
        self.finish(json.dumps({"sessionId": room.session_id, "conflicts": conflicts}))

    @staticmethod
    async def _update(body: dict[str, Any], name: str) -> bytes:
        try:
            update = base64.b64decode(body[name], validate=True)
            await run_sync(read_update, update)
        except (KeyError, TypeError, ValueError, ProtocolError) as error:
            raise InvalidRequest(f"'{name}' is not a Yjs update in base64.") from error
        return update


def conflict(clash: Clash) -> dict[str, Any]:
    """A clash as the user sees it whose replica was brought in."""
    return {
        "cell": clash.cell,
        "kind": clash.kind,
        "key": clash.key,
        "yours": clash.theirs,
        "theirs": clash.ours,
        "merged": clash.merged,
    }


class SessionHandler(CollaborationHandler):
    """``/api/collaboration/session/<path>``: what a client needs to open a document."""

    @web.authenticated
    @authorized("read", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def put(self, path: str) -> None:
        """Answer ``{format, type, fileId, sessionId}``; 201 if the file had no id yet.

        Reading suffices: a viewer opens a document by themselves. [M2]
        """
        try:
            await self._answer(path.strip("/"))
        except CollaborationError as error:
            self.refuse(error)

    async def _answer(self, path: str) -> None:
        body = self.json_body()
        file_format, content_type = body.get("format"), body.get("type")
        if not isinstance(file_format, str) or not isinstance(content_type, str):
            raise InvalidRequest("The body names a 'format' and a 'type'.")
        document_id(file_format, content_type, "unknown")
        await self._places.check(path)
        status = HTTPStatus.OK
        file_id = self._file_ids.get_id(path)
        if file_id is None:
            status = HTTPStatus.CREATED
            file_id = self._file_ids.index(path)
        if file_id is None:
            raise DocumentNotFound(f"There is no file {path}.")
        # Files follow a folder that is renamed only if the folder has an id as well. [F8]
        for folder in PurePosixPath(path).parents:
            if folder.name:
                self._file_ids.index(str(folder))
        document = document_id(file_format, content_type, file_id)
        session_id = await self._rooms.session_id(document)
        self.set_status(status)
        self.finish(
            json.dumps(
                {
                    "format": file_format,
                    "type": content_type,
                    "fileId": file_id,
                    "sessionId": session_id,
                }
            )
        )
