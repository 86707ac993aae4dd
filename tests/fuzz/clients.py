"""Collaborators with a replica each, who speak the protocol's bytes to a room in this process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

from pycrdt import Doc, Map

from jupyter_collaboration.access.roles import Role
from jupyter_collaboration.errors import CollaborationError
from jupyter_collaboration.protocol import messages
from jupyter_collaboration.protocol.deletions import deletions_only
from jupyter_collaboration.protocol.update_reader import read_own_update
from jupyter_collaboration.rooms.document import DocumentRoom
from jupyter_collaboration.rooms.member import Outgoing

from .contents import cells_of_doc
from .ledger import Ledger
from .marks import Cells, count

if TYPE_CHECKING:
    from .server import Life


@dataclass
class Run:
    """What somebody is typing: into which cell, where the caret is, and what is to come."""

    cell: str
    text: str
    caret: int
    pieces: list[tuple[int | None, str]]
    """Each with the number of its mark, if it is one."""


MOST_JOINED = 6
"""Earlier replicas of a lost history of which every selection is joined with the next one."""


class Collaborator:
    """A client: a replica, what it knows to be stored, and perhaps a connection."""

    role = Role.EDITOR

    outputs_are_frail = False
    """Whether others may take outputs away, or replace them, so that they need not stay."""

    def __init__(self, name: str, kind: str, ledger: Ledger) -> None:
        self.username = name
        self.kind = kind
        self.ledger = ledger
        self.session_id = ""
        self.problems: list[str] = []
        self.replies: dict[int, dict[str, Any]] = {}
        self.rebases = 0
        self._life: Life | None = None
        self._room: DocumentRoom | None = None
        self._request = 0
        self._start()

    def _start(self) -> None:
        self.doc: Doc[Any] = Doc()
        self.base: bytes | None = None
        self._remote = False
        self._edits = self._stored = 0
        self._asked: dict[int, int] = {}
        self._in: list[bytes] = []
        self._out: list[bytes] = []
        self._pumping = self._is_answered = self._is_joined = self._is_new = False
        self._working: asyncio.Future[None] | None = None
        self._inverses: list[Callable[[], None]] = []
        self.run: Run | None = None
        self.state = self.doc.get("state", type=Map)
        self._subscription = self.doc.observe(self._changed)

    # The replica

    @property
    def cells(self) -> Cells:
        return self._cells_of(self.doc)

    def _cells_of(self, doc: Doc[Any]) -> Cells:
        return cells_of_doc(doc, self.kind)

    @property
    def opened(self) -> bool:
        """Whether there is a document to edit."""
        return "path" in self.state

    @property
    def stored(self) -> bool:
        """Whether the server said that it stored everything."""
        return self._edits == self._stored

    @contextmanager
    def effect(self, why: str, inverse: Callable[[], None] | None = None) -> Iterator[None]:
        """An edit of this client's own, of which the ledger is told.

        Args:
            inverse: takes the edit back; on the wire an undo is an edit like any other.
        """
        before = self.cells
        with self.doc.transaction():
            yield
        if inverse is not None:
            self._inverses.append(inverse)
        self.ledger.edited(before, self.cells, why)

    def undo(self, why: str) -> None:
        """Take the last edit back that was not taken back yet."""
        if self._inverses:
            with self.effect(why):
                self._inverses.pop()()

    def _changed(self, event: Any) -> None:
        if not self._remote and event.update != messages.EMPTY_UPDATE:
            self._edits += 1
            # Other clients send what they type before the server asked what they have; ours waits
            # for that, and so nothing that is missing there counts as acknowledged.
            self.send_message(messages.sync_message(messages.UPDATE, event.update))
            self._is_new = False
            if self._is_answered:
                self.ask("ack")

    def crash(self) -> None:
        """Lose the replica, and the memory of the session."""
        self.disconnect()
        self.session_id = ""
        self._start()

    # The connection

    @property
    def online(self) -> bool:
        return self._room is not None

    async def connect(self, life: Life) -> bool:
        """Join as the front end does; False if the server does not let us in now."""
        try:
            await self._join(life)
        except CollaborationError as error:
            life.refusals.append(f"{self.username}: {type(error).__name__}: {error}")
        except Exception as error:
            if not life.dead:
                self.problems.append(f"{self.username} could not connect: {error!r}")
        return self.online

    async def _join(self, life: Life) -> None:
        current = await life.session_id()
        if not self.session_id:
            self.session_id = current
        room = await life.open()
        while self.session_id != room.session_id:
            async with life.pinned() as pinned:
                await self._rebase(pinned, life)
            room = await life.open()  # it may have been closed meanwhile
        if life.dead or self.online:
            return
        self._life, self._room = life, room
        self._note_deletions(room.ydoc.get_update(self.doc.get_state()))
        room.join(self)
        self.send_message(messages.sync_message(messages.STEP1, self.doc.get_state()))

    async def _rebase(self, room: DocumentRoom, life: Life) -> None:
        """Hand over what the replica has, and begin anew with an empty one. [S4]"""
        state = self.doc.get_update()
        edits = self._edits
        self._note_replica(state)
        conflicts = await room.rebase(self.session_id, state, self.base, self.username)
        self.ledger.clashed((each.ours, each.theirs) for each in conflicts)
        if life.dead:
            raise ConnectionError("a server that was killed does not answer")
        if edits != self._edits:
            raise ConnectionError("somebody typed while the replica was handed over")
        self.rebases += 1
        self.session_id = room.session_id
        for number, found in count(self.cells).items():
            self.ledger.marks[number].safe |= bool(found)
        self._start()

    def _note_replica(self, state: bytes) -> None:
        """Yjs joins the replicas of one history, before the server merges them with another.

        Which ones it joins is not known: a server that was killed, or a room that was closed, does
        not remember those that came before.
        """
        known = self.ledger.replicas.setdefault(self.session_id, [])
        some = known[-MOST_JOINED:]
        for others in chain([known], *(combinations(some, n) for n in range(len(some)))):
            joined: Doc[Any] = Doc()
            for update in (state, *others):
                joined.apply_update(update)
            self.ledger.typed.mixed(text for _, text in self._cells_of(joined))
        known.append(state)

    def _note_deletions(self, missed: bytes) -> None:
        """Yjs joins what was typed offline with what others deleted meanwhile.

        A state vector says nothing of deletions: the server may take some for known to this client
        that it has not seen, and then it merges what Yjs makes of both.
        """
        if deleted := read_own_update(missed).deleted:
            joined: Doc[Any] = Doc()
            joined.apply_update(self.doc.get_update())
            joined.apply_update(deletions_only(deleted))
            self.ledger.typed.mixed(text for _, text in self._cells_of(joined))

    def disconnect(self) -> None:
        """Leave; what is on the way is lost."""
        room, life = self._room, self._life
        self._room = self._life = None
        self._is_answered = self._is_joined = self._is_new = False
        self._in.clear()
        self._out.clear()
        self._asked.clear()
        if self._working is not None:
            # The next connection is another member for the server, and here the same object.
            self._working.cancel()
            self._working, self._pumping = None, False
        if room is not None and life is not None and not life.dead:
            life.rooms.leave(room, self)

    def dismiss(self, code: int, reason: str) -> None:
        """The server closes the connection; one that was killed says nothing any more."""
        if self._life is None or self._life.dead:
            return
        if code not in (1001,):
            self.problems.append(f"{self.username} was cut with {code}: {reason}")
        self.disconnect()

    # Messages: both directions take a turn of the event loop

    may_execute = True

    def tell_role(self) -> None:
        """Nobody's role changes in a plan."""

    def identity(self, claimed: Any) -> dict[str, Any]:
        return {"username": self.username}

    def send(self, outgoing: Outgoing) -> None:
        if self._life is not None and not self._life.dead:
            self._in.append(outgoing.message)
            self._pump_soon()

    def send_message(self, message: bytes) -> None:
        if self._room is not None:
            self._out.append(message)
            self._pump_soon()

    def ask(self, name: str) -> int:
        """Make a request; its reply is found in `replies`."""
        self._request += 1
        if self.online:
            self._asked[self._request] = self._edits
            request = messages.write_bytes(name.encode()) + messages.write_varuint(self._request)
            self.send_message(bytes((messages.RAW,)) + request)
        return self._request

    def _pump_soon(self) -> None:
        if not self._pumping:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _pump(self) -> None:
        incoming, self._in = self._in, []
        for message in incoming:
            self._receive(message)
        room, life = self._room, self._life
        while self._out and room is not None and life is not None and not life.dead:
            try:
                work = room.receive(self, self._out.pop(0))
            except Exception as error:
                if not life.dead:
                    self.problems.append(f"{self.username}'s message was refused: {error!r}")
                continue
            if work is not None:
                # The connection's next message is taken when this one is done with.
                self._working = asyncio.ensure_future(work)
                self._working.add_done_callback(self._worked)
                return
        self._pumping = False
        if self._in:  # what came meanwhile has its turn
            self._pump_soon()

    def _worked(self, work: asyncio.Future[None]) -> None:
        if work is self._working:
            self._working = None
            self._pump()

    def _receive(self, message: bytes) -> None:
        if message[0] == messages.RAW:
            self._all_stored(json.loads(messages.read_bytes(message, 1)[0]))
        elif message[0] == messages.SYNC:
            step, payload = messages.read_sync(message)
            if step == messages.STEP1:
                answer = self.doc.get_update(payload)
                self.send_message(messages.sync_message(messages.STEP2, answer))
                self._is_answered = True
                self.ask("ack")
            else:
                told = self._told
                self._remote = True
                try:
                    self.doc.apply_update(payload)
                finally:
                    self._remote = False
                self._applied()
                # Edits of others may come before it is known whether the server has saved them.
                if step == messages.STEP2 or (told != self._told and self._is_joined):
                    self._is_joined = self._is_new = True
                else:
                    self._is_new = False
        self._remember()

    @property
    def _told(self) -> tuple[Any, Any]:
        """What the server has said of the file."""
        return self.state.get("dirty"), self.state.get("hash")

    def _applied(self) -> None:
        """Others have changed the document."""
        cells = self.cells
        self.ledger.seen(cells)
        self.ledger.typed.mixed(text for _, text in cells)

    def _all_stored(self, reply: dict[str, Any]) -> None:
        number = reply.get("responseTo")
        if number is not None:
            self.replies[number] = reply
            if reply["type"] == "ack" and number in self._asked:
                self._stored = max(self._stored, self._asked[number])
        if reply["type"] == "error":
            self.problems.append(f"{self.username} was told {reply}")

    def _remember(self) -> None:
        """Keep the replica as it was when everything in it was stored and saved."""
        if self.online and self.stored:
            for number in count(self.cells):
                if (mark := self.ledger.marks[number]).author == self.username:
                    mark.safe = True  # of what others typed only they know
            if self._is_new and self.state.get("dirty") is False:
                self.base = self.doc.get_update()
