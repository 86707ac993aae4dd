"""The WebSocket handler: authorizes a client, and connects it to a room.

Responsible for the connection and its limits; the meaning of messages belongs to the room.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

import anyio
from anyio import CancelScope
from jupyter_server.auth.decorator import ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from jupyter_server.utils import ensure_async
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError
from tornado.websocket import WebSocketHandler

from ..access.hub import Standing, standing_of
from ..access.identity import presence_of
from ..access.quotas import FairShare, Limits, Share
from ..access.roles import Action, Role
from ..documents.identity import check_type, parse_room_id
from ..errors import (
    CollaborationError,
    DocumentBroken,
    NotAllowed,
    ProtocolError,
    is_panic,
    must_propagate,
)
from ..history.model import Fork
from ..protocol import messages
from ..protocol.messages import CloseCode
from ..protocol.parts import Parts, read_part
from ..rooms.broadcast import BroadcastRoom
from ..rooms.document import DocumentRoom
from ..rooms.forks import Forks
from ..rooms.manager import RoomManager
from ..rooms.member import Outgoing
from ..rooms.persistent import PersistentRoom
from .base import may_run_on
from .outbox import Outbox

PING_INTERVAL = 6.0
PING_TIMEOUT = 12.0
"""Seconds between two pings, and until a client that answers none is disconnected."""


class RoomHandler(WebSocketMixin, JupyterHandler, WebSocketHandler):
    """``/api/collaboration/room/<roomid>?sessionId=``: one client in one room."""

    auth_resource = "contents"

    ping_interval = 0  # of Tornado and of the mixin: this class sends its own pings

    def initialize(
        self,
        rooms: RoomManager,
        forks: Forks,
        emit_presence: Any,
        limits: Limits,
        shared_time: FairShare,
    ) -> None:
        self._rooms = rooms
        self._forks = forks
        self._emit_presence = emit_presence
        self._limits = limits
        self.path = ""
        self._refusal: CollaborationError | None = None
        self._permission = Role.VIEWER
        self._role_sent = {
            "role": Role.EDITOR.value,
            "reason": "",
        }  # the clients' initial assumption
        self._checking = CancelScope()
        self._share = Share(shared_time)
        self.may_execute = False
        self._admitted = False
        self._room: BroadcastRoom | None = None
        self._awaited: PersistentRoom | None = None
        self._parts = Parts()
        self._outbox: Outbox | None = None
        self._pinger: asyncio.TimerHandle | None = None
        self._came = int(time.time())
        self._heard = 0.0
        self._pinged = 0.0

    @property
    def max_message_size(self) -> int:
        """Largest message in bytes, above which Tornado closes the connection; by role."""
        is_editor = self._permission is Role.EDITOR
        return self._limits.message_bytes if is_editor else self._limits.viewer_message_bytes

    @property
    def username(self) -> str:
        """The authenticated user's name."""
        user = self.current_user
        return str(getattr(user, "username", "") or "")

    @property
    def role(self) -> Role:
        return Role(self._role_and_reason()["role"])

    def _role_and_reason(self) -> dict[str, str]:
        if self._permission is Role.VIEWER:
            return {"role": Role.VIEWER.value, "reason": "permission"}
        is_writable = not isinstance(self._room, DocumentRoom) or self._room.is_writable
        return {"role": self._permission.value, "reason": "" if is_writable else "file"}

    def tell_role(self) -> None:
        role = self._role_and_reason()
        if role != self._role_sent:
            self._role_sent = role
            self.send(Outgoing(messages.raw_message({"type": "role", **role})))

    def identity(self, claimed: Any) -> dict[str, Any]:
        """Return the user, with their role and since when, in seconds since the epoch."""
        here = {"role": self.role.value, "since": self._came}
        return presence_of(self.current_user, claimed) | here

    # Connecting

    @ws_authenticated
    async def get(self, room_id: str) -> None:
        """Authorize the client before the upgrade; nothing is created until then. [M1] [M5]"""
        if not self.check_origin():
            raise HTTPError(403, "Connections from this origin are not allowed.")
        self.room_id = room_id
        try:
            # The authorizer may ask for the path.
            self.path = await self._forks.path(room_id)
        except CollaborationError as error:
            self._refusal = error
        role = await self._permitted()
        if role is None:
            raise HTTPError(403, "You do not have access to this document.")
        self._permission = role
        await super().get(room_id=room_id)

    async def _permitted(self) -> Role | None:
        """Return the role that the server's authorizer grants the user; None for no access."""
        if not await self._allowed("read"):
            return None
        self.may_execute = await self._allowed("execute", "kernels")
        return Role.EDITOR if await self._allowed("write") else Role.VIEWER

    async def _allowed(self, action: str, resource: str = "contents") -> bool:
        allowed = self.authorizer.is_authorized(self, self.current_user, action, resource)
        return bool(await ensure_async(allowed))

    async def may_run(self, kernel_id: str) -> bool:
        """Ask the authorizer for one kernel, as if the request had that kernel's address."""
        return await may_run_on(self, kernel_id)

    async def may_still_run(self, kernel_id: str) -> bool:
        """Ask the authorizer, and the hub if there is one, also after the client has left. [R9]

        Users who have signed out keep what they requested before.
        """
        self.path = await self._path_now()
        if await self._standing() is Standing.NO_ACCESS:
            return False
        return await self._permitted() is Role.EDITOR and await self.may_run(kernel_id)

    async def open(self, room_id: str) -> None:
        """Join the room, or close the connection with the reason."""
        self.set_nodelay(True)
        assert self.ws_connection is not None and self.ws_connection.stream is not None
        self._outbox = Outbox(self.ws_connection.stream)
        try:
            await self._join(room_id)
        except BaseException as cause:
            if must_propagate(cause):
                raise
            error = cause if isinstance(cause, CollaborationError) else self._unexpected(cause)
            self.log.warning("Refusing a connection to %s: %s", room_id, error)
            if error.close_code == CloseCode.INTERNAL_ERROR:
                # A close reason is too short for the whole text.
                detail = {"type": "error", "reason": "initialization_error", "detail": str(error)}
                self.send(Outgoing(messages.raw_message(detail)))
                reason = messages.session_reason(
                    "initialization_error", None, reloadable=False, error=str(error)
                )
                self.dismiss(CloseCode.SESSION, reason)
            else:
                self.dismiss(error.close_code, str(error))

    async def _join(self, room_id: str) -> None:
        if self._refusal is not None:
            raise self._refusal
        self._rooms.admit(self.username, room_id, self._limits)
        self._admitted = True
        await self._forks.check(room_id)
        session_id = self.get_query_argument("sessionId", "")
        document = parse_room_id(room_id)
        if document is not None:
            check_type(document.type)
        fork = None if document else await self._rooms.fork(room_id)
        if found := document or fork:
            current = await self._rooms.session_id(found)
            if not self._knows(session_id, current, fork):
                return
        room = await self._rooms.open(room_id)
        if isinstance(room, PersistentRoom):
            if not self._knows(session_id, room.session_id, fork):
                return
            if fork is not None and not session_id:
                # Send nothing until the first message shows that the client's document is empty.
                self._awaited = room
                loop = asyncio.get_running_loop()
                self._pinger = loop.call_later(PING_TIMEOUT, self._refuse_session, room.session_id)
                return
        if not self._closing:
            self._enter(room)

    def _enter(self, room: BroadcastRoom) -> None:
        """Join a room as a member."""
        self._room = room
        room.join(self)
        if isinstance(room, PersistentRoom):
            self._rooms.met(self.username, self.identity(None)["display_name"])
        self._heard = asyncio.get_running_loop().time()
        self._ping_later()
        self._rooms.start_soon(self._check_again)
        self._emit_presence(room.room_id, self.username, "join")

    def _enter_empty(self, room: PersistentRoom, message: str | bytes) -> None:
        """Admit a client if its first message shows that its document is empty."""
        self._awaited = None
        if self._pinger is not None:
            self._pinger.cancel()
        if room.is_closed:  # meanwhile: the next one is joined after a reconnect
            self.dismiss(CloseCode.GOING_AWAY, "The fork was closed in the meantime.")
        elif message == messages.sync_message(messages.STEP1, messages.EMPTY_STATE_VECTOR):
            self._enter(room)
        else:
            self._refuse_session(room.session_id)

    def _knows(self, session_id: str, current: str, fork: Fork | None) -> bool:
        """Return whether a client may sync; refuse a replica of another history. [S3]

        A fork also accepts the session id that its root had when the fork was created, since they
        share that history, and no session id from a client whose document is still empty.
        """
        if session_id == current:
            return True
        if fork is not None and session_id in ("", fork.root_session):
            return True
        self._refuse_session(current)
        return False

    def _refuse_session(self, current: str) -> None:
        reason = messages.session_reason("unknown_session", current, reloadable=True)
        self.dismiss(CloseCode.SESSION, reason)

    async def _check_again(self) -> None:
        """Ask the authorizer periodically, since a user's permissions can change. [M2]"""
        with self._checking:
            while True:
                await anyio.sleep(self._limits.role_check_interval)
                try:
                    self.path = await self._path_now()
                    standing = await self._standing()
                    if standing is Standing.SIGNED_OUT:
                        # The page connects again as soon as its user has signed in.
                        self.dismiss(CloseCode.GOING_AWAY, "Your session on the hub has ended.")
                        return
                    role = await self._permitted() if standing is Standing.ACCESS else None
                except Exception as error:  # an authorizer may raise anything
                    self.log.error("Could not authorize %s: %r", self.username, error)
                    role = None
                if role is None:
                    gone = NotAllowed("You may not read this document any more.")
                    self.dismiss(gone.close_code, str(gone))
                    return
                self._permission = role
                self.tell_role()

    async def _standing(self) -> Standing:
        """Ask the hub, if there is one, whether the user still has access to this server."""
        auth = getattr(self.identity_provider, "hub_auth", None)
        return Standing.ACCESS if auth is None else await standing_of(auth, self)

    async def _path_now(self) -> str:
        """Return the path of the file; if it was deleted, its last path: the room stays open."""
        try:
            return await self._forks.path(self.room_id)
        except CollaborationError:
            return self.path

    # Messages

    def on_message(self, message: str | bytes) -> Awaitable[None] | None:
        """Process a message; the next one is read after the returned awaitable has finished."""
        if self._awaited is not None:
            self._enter_empty(self._awaited, message)
        if self._room is None or self._closing:
            return None
        clock = asyncio.get_running_loop().time
        self._heard = clock()
        try:
            if isinstance(message, str):
                raise ProtocolError("a text frame")
            whole = self._joined(self._room, message)
            work = None if whole is None else self._room.receive(self, whole)
        except BaseException as error:
            self._contain(error)
            return None
        now = clock()
        pause = self._share.charge(now - self._heard, now)
        return self._slowly(work, pause) if work is not None or pause else None

    def _joined(self, room: BroadcastRoom, message: bytes) -> bytes | None:
        """Return a message that arrived whole, or with this last part; None if parts are missing.

        Of a user who may not edit nothing is collected: only edits are so large. [M2] [M4]
        """
        if message[:1] != bytes((messages.PART,)):
            return message
        part = read_part(message)
        if self.role.may(Action.EDIT):
            return self._parts.add(part, self.max_message_size)
        self._parts.clear()
        if not part.offset:
            room.refuse(self, Action.EDIT)
        return None

    async def _slowly(self, work: Awaitable[None] | None, pause: float) -> None:
        try:
            if work is not None:
                await work
        except BaseException as error:
            self._contain(error)
        await anyio.sleep(pause)

    def _contain(self, error: BaseException) -> None:
        """Close this connection after an error; only a broken document also closes its room."""
        if must_propagate(error):
            raise error
        if isinstance(error, ProtocolError):
            self._broke_off(error)
        elif self._room is not None and (isinstance(error, DocumentBroken) or is_panic(error)):
            self._rooms.fail(self._room, error)
        else:
            failed = self._unexpected(error)
            self.dismiss(failed.close_code, str(failed))

    def _unexpected(self, error: BaseException) -> CollaborationError:
        """Log an unexpected exception, and return the error that is sent to the client."""
        self.log.error("%s: error while processing a message", self.room_id, exc_info=error)
        return CollaborationError(f"Internal server error: {type(error).__name__}: {error}")

    def _broke_off(self, error: ProtocolError) -> None:
        self.log.warning("Disconnecting %s: received %s", self.username, error)
        self.dismiss(CloseCode.BAD_REQUEST, f"The server could not read a message: {error}")

    def send(self, outgoing: Outgoing) -> None:
        """Send without waiting; a client that reads too slowly is disconnected, and reconnects."""
        if self._outbox is None or self._closing:
            return
        now = asyncio.get_running_loop().time()
        if self._outbox.overdue(now):
            self._cut("send buffer limit exceeded")
            return
        with suppress(StreamClosedError):  # `on_close` follows
            self._outbox.write(outgoing.frame, now)

    @property
    def _closing(self) -> bool:
        return self.ws_connection is None or self.ws_connection.is_closing()

    def dismiss(self, code: int, reason: str) -> None:
        """Close the connection with a code and a reason."""
        self.close(int(code), messages.cut_reason(reason))

    def _cut(self, why: str) -> None:
        """Abort a connection that cannot even send a close frame."""
        self.log.warning("Disconnecting %s: %s", self.username, why)
        self._depart()
        if self.ws_connection is not None and self.ws_connection.stream is not None:
            self.ws_connection.stream.close()

    # Pings: a client that sleeps or lost its network is disconnected within seconds, but not one
    # that still reads, however slowly.

    def _ping_later(self) -> None:
        self._pinger = asyncio.get_running_loop().call_later(PING_INTERVAL, self._ping)

    def _ping(self) -> None:
        if self._outbox is None or self._closing:
            return
        now = asyncio.get_running_loop().time()
        if self._outbox.overdue(now):
            self._cut("send buffer limit exceeded")
            return
        if not self._outbox.waiting:
            if self._pinged > self._heard and now - self._heard > PING_TIMEOUT:
                self._cut("no response to pings")
                return
            self.ping()
            self._pinged = max(self._pinged, now)
        self._ping_later()

    def on_pong(self, data: bytes) -> None:
        self._heard = asyncio.get_running_loop().time()

    # Disconnecting

    def on_close(self) -> None:
        self._depart()

    def _depart(self) -> None:
        self._checking.cancel()
        if self._admitted:
            self._admitted = False
            self._rooms.dismiss(self.username, self.room_id)
        if self._pinger is not None:
            self._pinger.cancel()
            self._pinger = None
        room, self._room = self._room, None
        if room is not None:
            self._rooms.leave(room, self)
            self._emit_presence(room.room_id, self.username, "leave")
