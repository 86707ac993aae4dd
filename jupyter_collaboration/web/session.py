"""The HTTP handler that returns the ids which a client needs to open a document."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..access.quotas import Limits
from ..documents.identity import check_type, document_id
from ..errors import CollaborationError
from .base import CollaborationHandler, text_in

MAX_TYPE = 200
"""Longest format or type, in characters."""


class SessionHandler(CollaborationHandler):
    """``/api/collaboration/session/<path>``: the ids of a document."""

    def initialize(self, limits: Limits, **parts: Any) -> None:  # type: ignore[override]
        super().initialize(**parts)
        self._limits = limits

    @web.authenticated
    @authorized("read", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def put(self, path: str) -> None:
        """Return ``{format, type, fileId, sessionId, maxMessageBytes}``; 201 if the id is new.

        Messages of up to ``maxMessageBytes`` are accepted from editors, also in parts. [M4]
        ``privateHistory`` is true if another server owns the history of this folder.
        Read permission suffices, so that viewers can open documents themselves. [M2]
        """
        try:
            await self._answer(path.strip("/"))
        except CollaborationError as error:
            self.refuse(error)

    async def _answer(self, path: str) -> None:
        body = self.json_body()
        file_format = text_in(body, "format", MAX_TYPE)
        content_type = text_in(body, "type", MAX_TYPE)
        document_id(file_format, content_type, "unknown")
        check_type(content_type)
        await self.check_file(path)
        file_id, is_new = await self._places.indexed(path)
        document = document_id(file_format, content_type, file_id)
        session_id = await self._rooms.session_id(document)
        answer: dict[str, Any] = {
            "format": file_format,
            "type": content_type,
            "fileId": file_id,
            "sessionId": session_id,
            "maxMessageBytes": self._limits.message_bytes,
        }
        if self._rooms.is_private:
            answer["privateHistory"] = True
        self.set_status(HTTPStatus.CREATED if is_new else HTTPStatus.OK)
        self.finish(json.dumps(answer))
