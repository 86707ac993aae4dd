"""The route that gives a client what it needs to open a document."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import PurePosixPath

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..documents.identity import check_type, document_id
from ..errors import CollaborationError, DocumentNotFound, InvalidRequest
from .base import CollaborationHandler


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
        check_type(content_type)
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
