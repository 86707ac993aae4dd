"""A room whose document has a history, and whose edits are checked before they are applied.

Responsible for validating edits by the type of the document; files belong to `document`.
"""

from __future__ import annotations

from collections.abc import Collection
from logging import Logger
from secrets import randbelow
from typing import Any

from pycrdt import Array, Doc, Map

from ..documents.codec import own_transaction
from ..documents.notebook_repair import share_metadata, share_parts
from ..documents.validation import EditCheck
from ..errors import CollaborationError, EarlyEdit, InvalidEdit
from ..history.store import History
from ..protocol import messages
from ..protocol.update_reader import Part, Update
from .broadcast import BroadcastRoom
from .member import Member, Outgoing
from .state import RoomState

MAX_EARLY = 2**20
"""Most bytes of a member's edits that wait for earlier edits which they depend on."""

MAX_EARLY_EDITS = 5_000
"""Most of these edits: all are looked at whenever an edit of the member has arrived."""

PASSES = 3
"""How many times each of them is looked at then."""

SERVER_IDS = 2**24
"""The server's client ids are below this number, and so below nearly all ids of pages (32 bits).

Of two insertions at one place, Yjs puts the one with the lower id first. So what the server inserts
into a moved cell for a user comes before what the user types there in the meantime. [P9]
"""


class PersistentRoom(BroadcastRoom):
    """A room whose document is stored; subclasses load it, and append to its history."""

    lasts = True
    """Whether the history is kept when the room closes."""

    def __init__(self, room_id: str, content_type: str, history: History, log: Logger) -> None:
        super().__init__(room_id, log, Doc(client_id=1 + randbelow(SERVER_IDS - 1)))
        self.ystore = history
        self.session_id = ""
        self._history = history
        self._early: dict[Member, list[tuple[bytes, Update]]] = {}
        self._check = EditCheck(self.ydoc, content_type)

    @property
    def history(self) -> History:
        """The document's history."""
        return self._history

    @property
    def path(self) -> str:
        """The path of the document's file; empty if there is none, or it is not known."""
        return ""

    def is_slow(self, found: Update) -> bool:
        return self._check.is_slow(found)

    async def look_ahead(self, member: Member, update: bytes, found: Update) -> bool:
        try:
            await self._check.look_ahead(update, found)
        except InvalidEdit as error:
            self._refuse_edit(member, error)
            return False
        return True

    def take_read(self, member: Member, update: bytes, found: Update) -> None:
        try:
            findings = self._check.check(update, found)
        except InvalidEdit as error:
            self._refuse_edit(member, error)
        except EarlyEdit as error:
            # Edits made right after a reconnect may arrive before those made while offline.
            early = self._early.setdefault(member, [])
            early.append((update, found))
            size = sum(len(each) for each, _ in early)
            if size > MAX_EARLY or len(early) > MAX_EARLY_EDITS:
                self._refuse_edit(member, error)
                del self._early[member]
        else:
            super().take_read(member, update, found)
            self._check.brought(found)
            if findings.plain or findings.has_plain_metadata:
                self.share(findings.plain)
            if findings.outputs and not member.may_execute:
                self.distrust(findings.outputs)
            self.on_states(member, findings.states)
            self._take_early(member)

    def _take_early(self, member: Member) -> None:
        """Take the edits that have waited for one that has just arrived.

        They are taken in the order in which they were made. Looking at each of them once is enough,
        unless they were made by several clients that depend on each other.
        """
        waiting = sorted(self._early.pop(member, []), key=_first_part)
        for _ in range(PASSES):
            still: list[tuple[bytes, Update]] = []
            for update, found in waiting:
                if self._check.seems_early(found):
                    still.append((update, found))
                else:
                    self.take_read(member, update, found)
            if len(still) == len(waiting):
                break
            waiting = still
        if waiting:
            self._early.setdefault(member, []).extend(waiting)

    def waits(self, member: Member, update: bytes) -> bool:
        """Return whether an edit waits for earlier ones."""
        return any(each is update for each, _ in self._early.get(member, ()))

    def _refuse_edit(self, member: Member, error: CollaborationError) -> None:
        place = self.path or self.room_id
        self.log.warning("%s: refused an edit of %s: %s", place, member.username, error)
        content = {"type": "error", "reason": "invalid_edit", "detail": str(error)}
        member.send(Outgoing(messages.raw_message(content)))

    def distrust(self, cells: Collection[tuple[int, str]]) -> None:
        """Remove the trust of cells whose outputs came from a user without execute permission.

        This is part of the same broadcast, so that no client runs a script in them. [M2]

        Args:
            cells: indices and ids of the cells.
        """
        ycells = self.ydoc.get("cells", type=Array)
        with own_transaction(self.ydoc):
            for index, name in cells:
                cell = _cell_at(ycells, index, name)
                metadata = None if cell is None else cell.get("metadata")
                if isinstance(metadata, Map) and "trusted" in metadata:
                    del metadata["trusted"]

    def share(self, cells: Collection[tuple[int, str]]) -> None:
        """Make metadata and outputs shared that a member has inserted as plain values.

        This is part of the same broadcast, since pages cannot show such cells. [M8]

        Args:
            cells: indices and ids of the cells.
        """
        ycells = self.ydoc.get("cells", type=Array)
        with own_transaction(self.ydoc):
            share_metadata(self.ydoc.get("meta", type=Map))
            for index, name in cells:
                if (cell := _cell_at(ycells, index, name)) is not None:
                    share_parts(cell)

    def on_states(self, member: Member, states: dict[str, Any]) -> None:
        """Handle the execution states that a member set, by cell id."""

    def leave(self, member: Member) -> None:
        super().leave(member)
        self._early.pop(member, None)

    def on_update(self, update: bytes, sender: Member | None) -> None:
        self._check.applied(update)

    def close(self, state: RoomState = RoomState.CLOSED) -> None:
        super().close(state)
        self._check.forget()


def _cell_at(cells: Array[Any], index: int, name: str) -> Map[Any] | None:
    """Return the cell with an id, which was at an index; None if there is none."""
    if index < len(cells) and str(cells[index].get("id")) == name:
        return cells[index]  # type: ignore[no-any-return]
    return next((cell for cell in cells if str(cell.get("id")) == name), None)


def _first_part(edit: tuple[bytes, Update]) -> tuple[bool, list[Part]]:
    """Return what edits are sorted by: their first inserted part; those that only delete last."""
    brought = edit[1].brought
    return not brought, brought[:1]
