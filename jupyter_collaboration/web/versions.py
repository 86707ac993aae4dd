"""HTTP handlers for versions of documents: parse, authorize, call, respond."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from functools import partial
from typing import Any

from jupyter_server.auth.decorator import authorized
from jupyter_server.utils import ensure_async
from tornado import web

from ..access.paths import Paths
from ..documents.identity import DocumentId, parse_room_id
from ..errors import CollaborationError, InvalidRequest
from ..history.model import Version
from ..protocol.messages import EMPTY_UPDATE
from ..rooms.fork import is_fork_id
from ..rooms.forks import Forks
from ..rooms.manager import RoomManager
from ..threads import run_sync
from ..versions.authorship import Authorship
from ..versions.service import MAX_NAME, VersionService
from .base import CollaborationHandler, text_in

PAGE = 50

MAX_VERSION = 2**53
"""The largest sequence number of an entry, which JavaScript can represent as well."""


class VersionsHandler(CollaborationHandler):
    """The base of the handlers for versions."""

    def initialize(  # type: ignore[override]
        self, timeline: VersionService, rooms: RoomManager, places: Paths, forks: Forks
    ) -> None:
        super().initialize(rooms, places, forks)
        self._timeline = timeline

    async def document(self, room_id: str) -> DocumentId:
        """Return the document of a room.

        Raises:
            InvalidRequest: the room has no document.
            DocumentNotFound: there is no such file.
        """
        document = parse_room_id(room_id)
        if document is None:
            raise InvalidRequest("This room has no document.")
        if not self._rooms.room_exists(room_id):
            await self._places.check_room(room_id)
        return document

    def number(self, name: str) -> int | None:
        """Return a numeric query argument.

        Raises:
            InvalidRequest: it is not a number.
        """
        text = self.get_query_argument(name, "")
        if not text:
            return None
        if not text.isascii() or not text.isdigit() or len(text) > 15:
            raise InvalidRequest(f"{name!r} must be a number.")
        return int(text)


class PageHandler(VersionsHandler):
    """``/api/collaboration/versions/<roomid>``: a page of versions, newest first."""

    @web.authenticated
    @authorized("read", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def get(self, room_id: str) -> None:
        """Return ``{versions, complete, people, kept, may_clear}``.

        Query: ``before``, a version's id; ``limit``; ``author``, a username; ``named=true``.
        If ``complete`` is false, versions are still being computed: request the page again.
        ``people`` maps the authors' usernames to their display names, as far as they are known.
        ``kept`` describes the retention of the history, as ``{detail_days, document_bytes,
        squash_after}`` with the last one in seconds or null; it is null if the history is not
        stored on disk. ``may_clear`` says whether the user may delete older versions.
        """
        try:
            page = await self._timeline.page(
                await self.document(room_id),
                self.number("before"),
                self.number("limit") or PAGE,
                author=self.get_query_argument("author", ""),
                named=self.get_query_argument("named", "") == "true",
            )
        except CollaborationError as error:
            self.refuse(error)
        answer = {
            "versions": [described(each) for each in page.versions],
            "complete": page.is_complete,
            "people": page.people,
            "kept": None if page.kept is None else asdict(page.kept),
            "may_clear": await self._may_write("contents") and await self._may_write("history"),
        }
        self.finish(json.dumps(answer))

    async def _may_write(self, resource: str) -> bool:
        allowed = self.authorizer.is_authorized(self, self.current_user, "write", resource)
        return bool(await ensure_async(allowed))

    @web.authenticated
    @authorized("write", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    @authorized("write", resource="history")  # type: ignore[untyped-decorator, unused-ignore]
    async def delete(self, room_id: str) -> None:
        """Delete everything before the end of the version ``?before=<id>``; return ``{id}``.

        This version becomes the first one: it and all later ones can still be read. Older
        versions and their names are deleted, and no traces of them remain on disk. [V7]
        """
        try:
            version = self.number("before")
            if version is None:
                raise InvalidRequest("'before' must be the id of a version.")
            found = await self._timeline.clear(await self.document(room_id), version)
        except CollaborationError as error:
            self.refuse(error)
        self.log.info(
            "%s deleted the history of %s before version %s", self.username, self.path, found
        )
        self.finish(json.dumps({"id": found}))


class VersionHandler(VersionsHandler):
    """``/api/collaboration/versions/<roomid>/<id>``: one version."""

    @web.authenticated
    @authorized("read", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def get(self, room_id: str, version: str) -> None:
        """Return ``{format, type, content}``: the document at the end of the version.

        Query: ``before``, for the document before the version: then the number in the URL is that
        of the version's ``first`` entry.
        """
        try:
            document = await self.document(room_id)
            is_before = self.get_query_argument("before", "") == "true"
            read = self._timeline.content_before if is_before else self._timeline.content
            content = await read(document, int(version))
        except CollaborationError as error:
            self.refuse(error)
        if isinstance(content, bytes):
            content = base64.b64encode(content).decode()
        answer = {"format": document.format, "type": document.type, "content": content}
        self.finish(await run_sync(json.dumps, answer))

    @web.authenticated
    @authorized("write", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def put(self, room_id: str, version: str) -> None:
        """Name a version. The body is ``{name}``, empty to remove it. Return ``{id, name}``."""
        try:
            name = text_in(self.json_body(), "name", MAX_NAME)
            document = await self.document(room_id)
            name = name.strip()
            found = await self._timeline.name(document, int(version), name, self.username)
        except CollaborationError as error:
            self.refuse(error)
        self.finish(json.dumps({"id": found, "name": name}))


class RestoreHandler(VersionsHandler):
    """``/api/collaboration/restore/<roomid>``: restores a version."""

    @web.authenticated
    @authorized("write", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def put(self, room_id: str) -> None:
        """Restore a version. The body is ``{version, cell?, apply?}``; return ``{update}``.

        ``cell`` is the id of a single cell to restore. ``update`` is the edit as a Yjs update in
        base64, or null if nothing differs. If ``apply`` is false, the client applies the edit.
        """
        try:
            body = self.json_body()
            version, cell, apply = body.get("version"), body.get("cell"), body.get("apply", True)
            if not isinstance(version, int) or isinstance(version, bool):
                raise InvalidRequest("The body must contain a 'version'.")
            if not 0 <= version <= MAX_VERSION:
                raise InvalidRequest("There is no such version.")
            if cell is not None:
                cell = text_in(body, "cell", MAX_NAME)
            if not isinstance(apply, bool):
                raise InvalidRequest("'apply' must be true or false.")
            document = await self.document(room_id)
            if cell is not None and document.type != "notebook":
                raise InvalidRequest("Only notebooks have cells.")
            update = await self._timeline.restore(
                document,
                version,
                self.username,
                cell=cell,
                apply=apply,
                may_execute=await self.may_execute(),
            )
        except CollaborationError as error:
            self.refuse(error)
        encoded = None if update == EMPTY_UPDATE else base64.b64encode(update).decode()
        self.finish(json.dumps({"update": encoded}))


class AuthorsHandler(VersionsHandler):
    """``/api/collaboration/authors/<roomid>``: the authors of a document's text. [V6]"""

    def initialize(self, authorship: Authorship, **parts: Any) -> None:  # type: ignore[override]
        super().initialize(**parts)
        self._authorship = authorship

    @web.authenticated
    @authorized("read", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def get(self, room_id: str) -> None:
        """Return ``{people, authors, runs}``.

        ``runs`` is ``{client: [[clock, length, author, kind, time], ...]}``: for each Yjs client
        id, in the order of its clock and without overlaps, the author of the items from ``clock``
        up to ``clock + length``. ``author`` is an index into the usernames in ``authors``, or -1
        for no user. ``kind`` is ``edit`` or ``restore`` (by a user), ``load``, ``disk`` (another
        program wrote the file), ``import`` (of an older store), ``server``, or ``squashed`` (no
        longer known). ``time`` is in whole seconds since the epoch; text that one author wrote
        within ten minutes has the time of its beginning. ``people`` maps usernames to display
        names, as far as they are known. The authors of items in no range are not known.
        """
        try:
            if is_fork_id(room_id):
                raise InvalidRequest("Authors are available for documents only, not for forks.")
            known, people = await self._authorship.of(await self.document(room_id))
        except CollaborationError as error:
            self.refuse(error)
        answer = {"people": people, "authors": known.authors, "runs": known.runs}
        self.finish(await run_sync(partial(json.dumps, answer, separators=(",", ":"))))


def described(version: Version) -> dict[str, Any]:
    """Return a version in the form that is sent to clients."""
    data = asdict(version)
    return {"id": data.pop("seq"), **data}
