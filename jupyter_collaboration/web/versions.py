"""HTTP for versions of documents: parse, authorise, call, reply."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from functools import partial
from typing import Any

from anyio.to_thread import run_sync
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
from ..versions.authorship import Authorship
from ..versions.service import MAX_NAME, VersionService
from .base import CollaborationHandler, text_in

PAGE = 50

MAX_VERSION = 2**53
"""The largest number of an entry, and that JavaScript has."""


class VersionsHandler(CollaborationHandler):
    """What the routes of versions share."""

    def initialize(  # type: ignore[override]
        self, timeline: VersionService, rooms: RoomManager, places: Paths, forks: Forks
    ) -> None:
        super().initialize(rooms, places, forks)
        self._timeline = timeline

    async def document(self, room_id: str) -> DocumentId:
        """The document of a room.

        Raises:
            InvalidRequest: the room has none.
            DocumentNotFound: there is no file.
        """
        document = parse_room_id(room_id)
        if document is None:
            raise InvalidRequest("This room has no document.")
        if not self._rooms.room_exists(room_id):
            await self._places.check(await self._places.path_of_room(room_id))
        return document

    def number(self, name: str) -> int | None:
        """A query argument that is a number.

        Raises:
            InvalidRequest: it is none.
        """
        text = self.get_query_argument(name, "")
        if not text:
            return None
        if not text.isascii() or not text.isdigit() or len(text) > 15:
            raise InvalidRequest(f"{name!r} is a number.")
        return int(text)


class PageHandler(VersionsHandler):
    """``/api/collaboration/versions/<roomid>``: a page of versions, newest first."""

    @web.authenticated
    @authorized("read", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def get(self, room_id: str) -> None:
        """Answer ``{versions, complete, people, kept, may_clear}``.

        Query: ``before``, a version's id; ``limit``; ``author``, a username; ``named=true``.
        Where ``complete`` is false, versions are still being made: ask again. ``people`` has the
        display names of the versions' authors by their usernames, as far as they are known.
        ``kept`` says how much of the history is: ``{detail_days, document_bytes, squash_after}``,
        the last one in seconds or null; it is null where nothing is kept on disk. ``may_clear``
        says whether the asking user may clear the history.
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
        """Forget everything before the end of the version ``?before=<id>``; answer ``{id}``.

        This version is then the first one: it and all later ones stay readable. Those before it
        are gone, with their names, and so are their bytes. [V7]
        """
        try:
            version = self.number("before")
            if version is None:
                raise InvalidRequest("'before' is a version's id.")
            found = await self._timeline.clear(await self.document(room_id), version)
        except CollaborationError as error:
            self.refuse(error)
        self.log.info("%s cleared the history of %s before %s", self.username, self.path, found)
        self.finish(json.dumps({"id": found}))


class VersionHandler(VersionsHandler):
    """``/api/collaboration/versions/<roomid>/<id>``: one version."""

    @web.authenticated
    @authorized("read", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def get(self, room_id: str, version: str) -> None:
        """Answer ``{format, type, content}``: what the document held at its end.

        Query: ``before``, for what it held before the version: then the number in the address is
        that of the version's ``first`` entry.
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
        """Take ``{name}``, empty to take the name away; answer ``{id, name}``."""
        try:
            name = text_in(self.json_body(), "name", MAX_NAME)
            document = await self.document(room_id)
            name = name.strip()
            found = await self._timeline.name(document, int(version), name, self.username)
        except CollaborationError as error:
            self.refuse(error)
        self.finish(json.dumps({"id": found, "name": name}))


class RestoreHandler(VersionsHandler):
    """``/api/collaboration/restore/<roomid>``: a document becomes what it was."""

    @web.authenticated
    @authorized("write", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def put(self, room_id: str) -> None:
        """Take ``{version, cell?, apply?}``, answer ``{update}``.

        ``cell`` is the id of the one cell to restore. ``update`` is the edit in base64, or null
        if there is nothing to do. With ``apply`` false the caller makes the edit in a replica.
        """
        try:
            body = self.json_body()
            version, cell, apply = body.get("version"), body.get("cell"), body.get("apply", True)
            if not isinstance(version, int) or isinstance(version, bool):
                raise InvalidRequest("The body names a 'version'.")
            if not 0 <= version <= MAX_VERSION:
                raise InvalidRequest("There is no such version.")
            if cell is not None:
                cell = text_in(body, "cell", MAX_NAME)
            if not isinstance(apply, bool):
                raise InvalidRequest("'apply' is true or false.")
            document = await self.document(room_id)
            if cell is not None and document.type != "notebook":
                raise InvalidRequest("Only a notebook has cells.")
            update = await self._timeline.restore(
                document, version, self.username, cell=cell, apply=apply
            )
        except CollaborationError as error:
            self.refuse(error)
        encoded = None if update == EMPTY_UPDATE else base64.b64encode(update).decode()
        self.finish(json.dumps({"update": encoded}))


class AuthorsHandler(VersionsHandler):
    """``/api/collaboration/authors/<roomid>``: who wrote what is in a document. [V6]"""

    def initialize(self, authorship: Authorship, **parts: Any) -> None:  # type: ignore[override]
        super().initialize(**parts)
        self._authorship = authorship

    @web.authenticated
    @authorized("read", resource="contents")  # type: ignore[untyped-decorator, unused-ignore]
    async def get(self, room_id: str) -> None:
        """Answer ``{people, authors, runs}``.

        ``runs`` is ``{client: [[clock, length, author, kind, time], ...]}``: by Yjs client id, in
        the order of its clock and without overlaps, who brought in what has the ids from ``clock``
        to ``clock + length``. ``author`` is an index into ``authors``, usernames, or -1 where it
        was no user. ``kind`` is ``edit`` or ``restore`` of a user, ``load``, ``disk`` (another
        program wrote the file), ``import`` (of an older store), ``server``, or ``squashed`` (not
        known any more). ``time`` is in whole seconds since the epoch: what one author wrote within
        ten minutes is told as of their beginning. ``people`` are the display names of the authors
        by their usernames, as far as they are known. Ids that are in no range are of nobody known.
        """
        try:
            if is_fork_id(room_id):
                raise InvalidRequest("A fork's authors are not told, only those of its root.")
            known, people = await self._authorship.of(await self.document(room_id))
        except CollaborationError as error:
            self.refuse(error)
        answer = {"people": people, "authors": known.authors, "runs": known.runs}
        self.finish(await run_sync(partial(json.dumps, answer, separators=(",", ":"))))


def described(version: Version) -> dict[str, Any]:
    """A version as clients see it."""
    data = asdict(version)
    return {"id": data.pop("seq"), **data}
