"""A shared document whose edits are checked before they count, and which has a history.

Knows what documents of a type can hold; knows nothing of files.
"""

from __future__ import annotations

from logging import Logger
from typing import Any

from pycrdt import Array, Map

from ..documents.validation import EditCheck
from ..errors import CollaborationError, EarlyEdit, InvalidEdit
from ..history.store import History
from ..protocol import messages
from ..protocol.update_reader import Update, read_update
from .broadcast import BroadcastRoom
from .member import Member, Outgoing

MAX_EARLY = 2**20
"""Bytes of edits of one member that may wait for others that they come after."""


class PersistentRoom(BroadcastRoom):
    """A room whose document outlives it; subclasses load it, and append to its history."""

    lasts = True
    """Whether its history is kept when it closes."""

    def __init__(self, room_id: str, content_type: str, history: History, log: Logger) -> None:
        super().__init__(room_id, log)
        self.ystore = history
        self.session_id = ""
        self._history = history
        self._early: dict[Member, list[bytes]] = {}
        self._check = EditCheck(self.ydoc, content_type)

    @property
    def history(self) -> History:
        """The document's history."""
        return self._history

    @property
    def path(self) -> str:
        """Where the document's file is, if it has one and that is known; else empty."""
        return ""

    def take_read(self, member: Member, update: bytes, found: Update) -> None:
        try:
            findings = self._check.check(update, found)
        except InvalidEdit as error:
            self._refuse_edit(member, error)
        except EarlyEdit as error:
            # What was typed right after coming back may be here before what was typed offline.
            early = self._early.setdefault(member, [])
            early.append(update)
            if sum(map(len, early)) > MAX_EARLY:
                self._refuse_edit(member, error)
                del self._early[member]
        else:
            super().take_read(member, update, found)
            if findings.outputs and not member.may_execute:
                self.distrust(findings.outputs)
            self.on_states(member, findings.states)
            for again in self._early.pop(member, ()):
                self.take_read(member, again, read_update(again))

    def _refuse_edit(self, member: Member, error: CollaborationError) -> None:
        place = self.path or self.room_id
        self.log.warning("%s: an edit of %s: %s", place, member.username, error)
        content = {"type": "error", "reason": "invalid_edit", "detail": str(error)}
        member.send(Outgoing(messages.raw_message(content)))

    def distrust(self, cells: set[tuple[int, str]]) -> None:
        """Take the mark of trust from cells whose outputs came from somebody who may not execute.

        It is gone in the same broadcast, so that no page runs a script in them. [M2]

        Args:
            cells: their indices and ids.
        """
        ycells = self.ydoc.get("cells", type=Array)
        with self.ydoc.transaction():
            for index, name in cells:
                if index < len(ycells) and str(ycells[index].get("id")) == name:
                    metadata = ycells[index].get("metadata")
                    if isinstance(metadata, Map) and "trusted" in metadata:
                        del metadata["trusted"]
                    elif isinstance(metadata, dict) and "trusted" in metadata:
                        kept = {key: each for key, each in metadata.items() if key != "trusted"}
                        ycells[index]["metadata"] = Map(kept)

    def on_states(self, member: Member, states: dict[str, Any]) -> None:
        """Note the execution states that a member gave to cells, by their ids."""

    def leave(self, member: Member) -> None:
        super().leave(member)
        self._early.pop(member, None)

    def on_update(self, update: bytes, sender: Member | None) -> None:
        self._check.applied(update)

    def close(self) -> None:
        super().close()
        self._check.forget()
