"""Applies edits that arrive for a cell after it was moved, or deleted by a merge.

Yjs cannot move a cell: the cell is deleted, and a copy with the same id is inserted. Text that
another user typed before seeing the move belongs to the deleted cell, where Yjs drops it. The
server remembers which characters the texts of deleted cells consisted of, and applies edits of
these texts to the copy: those that arrive after the deletion, and those that arrived before it, but
that the user who deleted the cell had not received. [P9]

A merge, such as a restore, deletes a cell that nobody was seen to type in. If such an edit arrives
later, the cell comes back with it: in a merge, an edit of what the other side deleted stays. [S4]

The memory is stored with the history: a laptop may come back after days, and after the server was
started again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from logging import Logger
from typing import Any

from jupyter_ydoc.ynotebook import YNotebook
from pycrdt import Array, Map, Text

from ..documents.cell_index import CellIndex
from ..history.store import CellStore
from ..merge.conflict import Conflict
from ..merge.document import edit_text
from ..merge.text import merge_text
from ..protocol.messages import read_bytes
from ..protocol.ranges import Ranges
from ..protocol.update_reader import LARGE, STRING, Id, Part, Update, read_structs
from .deleted_cell import DeletedCell, Remains, runs_of, seen_by

MAX_CELLS = 50
MAX_AGE = 7 * 24 * 3600.0
MAX_CHARACTERS = 20_000
"""How many deleted cells are remembered, for how many seconds, and up to how many characters."""

MAX_WORK = 20_000
"""Characters of all cells of one deletion whose ids are read: that takes time for each of them."""

MAX_ITEMS = 100
"""Most copies of one cell that are remembered, the newest ones."""

MAX_PARTS = 32
"""Parts of a new cell up to which its text is looked for, which is one of them."""

MAX_RUNS = 200
"""Pieces of a text up to which later edits are applied to it: each costs time for each piece."""


KIND = 31
"""The bits of a part of an update that tell what it is."""


class MovedCells:
    """The recently deleted cells of one notebook."""

    def __init__(self, cells: CellIndex, store: CellStore, log: Logger) -> None:
        self._cells = cells
        self._store = store
        self._log = log
        self._deleted: dict[str, DeletedCell] = {}
        # The texts, as they were deleted, of remembered cells that came back.
        self._back: dict[str, str] = {}

    def load(self, stored: dict[str, str]) -> None:
        """Add what was stored when the document was last open."""
        for name, data in stored.items():
            try:
                self._deleted[name] = DeletedCell.from_json(data)
            except ValueError as error:
                self._log.warning("What is stored of the deleted cell %s: %s", name, error)
        self._deleted = dict(sorted(self._deleted.items(), key=lambda each: each[1].time))

    def will_delete(
        self, names: Iterable[str], parts: Iterable[Part] | None = None, merged: str | None = None
    ) -> None:
        """Remember cells that are about to be deleted.

        Args:
            names: the ids of the cells.
            parts: everything that the edit deletes. The user who made it had not received any other
                characters of the cells. None if the texts are complete.
            merged: where the merge comes from that deletes them; None if a user does.
        """
        left = MAX_WORK
        for name in list(names)[-MAX_CELLS:]:
            cell, item = self._cells.cell(name), self._cells.item(name)
            if cell is not None:
                left -= self._remember(name, cell, item, left, parts, merged)
        self._forget_old()

    def _remember(
        self,
        name: str,
        cell: Map[Any],
        item: Id | None,
        left: int,
        parts: Iterable[Part] | None = None,
        merged: str | None = None,
    ) -> int:
        """Remember a cell, if it has at most so many characters; return how many were read."""
        text = cell.get("source")
        if not isinstance(text, Text) or len(source := str(text)) > min(MAX_CHARACTERS, left):
            return 0
        before = self._deleted.pop(name, None)
        runs = runs_of(text, source)
        seen = source if parts is None else seen_by(source, runs, parts)
        if before is not None and before.text == source:
            runs += before.runs  # of the cell that this one is a copy of
        items = [item, *(before.items if before else ())][:MAX_ITEMS]
        if len(runs) <= MAX_RUNS or seen != source:
            runs = runs if len(runs) <= MAX_RUNS else []
            found = DeletedCell(items, time.time(), source, runs, None if seen == source else seen)
            if merged is not None:
                found.merged = self._remains(name, cell, merged)
            self._deleted[name] = found
            self._put(name)
        elif before is not None:
            self._store.remove(name)
        return len(source)

    def _forget_old(self) -> None:
        now = time.time()
        young = [name for name, each in self._deleted.items() if now - each.time <= MAX_AGE]
        for name in self._deleted.keys() - set(young[-MAX_CELLS:]):
            del self._deleted[name]
            self._back.pop(name, None)
            self._store.remove(name)

    def _remains(self, name: str, cell: Map[Any], origin: str) -> Remains:
        place = self._cells.place(name) or 0
        content: dict[str, Any] = {}
        for key, value in cell.items():
            if key not in ("source", "outputs", "execution_state"):
                content[key] = value.to_py() if isinstance(value, Map | Array) else value
        return Remains(content, place, self._cells.name(place - 1), origin)

    def _put(self, name: str) -> None:
        self._store.put(name, self._deleted[name].to_json())

    def arrived(self, found: Update, update: bytes) -> dict[str, tuple[str, str]]:
        """Return how an edit changes texts of deleted cells: (before, after) by cell id.

        These are cells of which there is a copy, or which a merge deleted.
        """
        texts: dict[str, tuple[str, str]] = {}
        begun = self._begun(found, update) if found.brought else []
        gone = Ranges(sorted(found.deleted) if self._deleted else ())
        for name, deleted in self._deleted.items():
            item = self._cells.item(name)
            if item is not None and item in deleted.items:
                continue  # the cell still exists
            before = deleted.text
            for cell, character, piece in begun:
                if cell == name and not deleted.text:
                    deleted.insert(0, character, piece)
            for character, piece, origin, right in found.strings:
                deleted.take(character, piece, origin, right)
            # An update that contains the cell's deletion also lists all its characters as deleted:
            # that is not an edit of the text.
            if not any(item is not None and item in gone for item in deleted.items):
                deleted.delete(gone)
            if deleted.text != before:
                if len(deleted.runs) > MAX_RUNS or len(deleted.text) > MAX_CHARACTERS:
                    deleted.runs, deleted.erased = [], []  # later edits would cost too much
                if item is not None or (deleted.merged is not None and deleted.text.strip()):
                    texts[name] = (before if deleted.seen is None else deleted.seen, deleted.text)
                    deleted.seen = None
                elif deleted.seen is None:
                    deleted.seen = before
                self._put(name)
        return texts

    def _begun(self, found: Update, update: bytes) -> list[tuple[str, Id, str]]:
        """Return what an edit types into empty deleted cells: the cell, the first id, and the text.

        Such a text has no neighbors: only its parent is known, the text of the cell. That is one of
        the parts that were made right after the cell. If the edit itself made it, it is the text of
        a new cell, perhaps by the same user and right after the deleted one.
        """
        empty = {
            item: name
            for name, deleted in self._deleted.items()
            if not deleted.text
            for item in deleted.items
            if item is not None
        }
        if not empty or len(update) > LARGE:
            return []
        others = {item for each in self._deleted.values() for item in each.items}
        begun: list[tuple[str, Id, str]] = []
        brought = Ranges(sorted(found.brought))
        for struct in read_structs(update)[0]:
            if struct.parent is None or update[struct.start] & KIND != STRING:
                continue
            if struct.parent in brought:
                continue
            client, clock = struct.parent
            for at in range(clock - 1, max(clock - MAX_PARTS, 0) - 1, -1):
                if (client, at) in empty:
                    piece = read_bytes(update, struct.content)[0].decode()
                    begun.append((empty[client, at], (struct.client, struct.clock), piece))
                if (client, at) in others or self._cells.deleted_by([(client, at, 1)]):
                    break
        return begun

    def copied(self) -> dict[str, tuple[str, str]]:
        """Return what new copies of cells lack, in the form of `arrived`; once for each copy."""
        texts: dict[str, tuple[str, str]] = {}
        for name, deleted in self._deleted.items():
            if deleted.seen is not None:
                item = self._cells.item(name)
                if item is not None and item not in deleted.items:
                    texts[name] = (deleted.seen, deleted.text)
                    deleted.seen = None
                    self._put(name)
        return texts

    def type(self, texts: dict[str, tuple[str, str]]) -> list[Conflict]:
        """Apply the edits to the copies of the cells.

        Returns:
            The conflicts, where the copies were changed at the same places.
        """
        conflicts: list[Conflict] = []
        for name, (before, after) in texts.items():
            cell = self._cells.cell(name)
            text = None if cell is None else cell.get("source")
            if isinstance(text, Text):
                target, found = merge_text(before, str(text), after)
                edit_text(text, target, whole_tokens=False)
                conflicts += [replace(each, cell=name) for each in found]
        return conflicts

    def bring_back(
        self, texts: dict[str, tuple[str, str]], document: YNotebook
    ) -> list[tuple[Conflict, str]]:
        """Insert the cells again that a merge deleted and that were edited, and take their edits.

        Returns:
            The conflicts, with where the merge came from.
        """
        gone = [name for name in texts if self._cells.item(name) is None]
        conflicts: list[tuple[Conflict, str]] = []
        for name in gone:
            before, text = texts.pop(name)
            remains = self._deleted[name].merged
            if remains is not None:
                self._back[name] = before
                place = None if remains.before is None else self._cells.place(remains.before)
                place = remains.place if place is None else place + 1
                content = {**remains.content, "source": text}
                if content.get("cell_type") == "code":
                    content["outputs"] = []
                ycell = document.create_ycell(content)
                document.ycells.insert(min(place, len(document.ycells)), ycell)
                conflict = Conflict("deleted", text, "", text, cell=name)
                conflicts.append((conflict, remains.origin))
        return conflicts

    def join_twins(self, document: YNotebook, name: str, places: list[int]) -> bool:
        """Join a cell that came back with the same cell, if somebody put that back by undo as well.

        The latter has its outputs; it gets what was typed into the former, which is deleted.

        Returns:
            Whether the two cells were that.
        """
        before = self._back.get(name)
        if before is None or len(places) != 2:
            return False
        items = [self._cells.item_at(place) for place in places]
        is_back = [item is not None and item[0] == document.ydoc.client_id for item in items]
        if is_back[0] == is_back[1]:
            return False
        at = places[is_back.index(True)]
        back, other = document.ycells[at], document.ycells[places[is_back.index(False)]]
        texts = back.get("source"), other.get("source")
        if not isinstance(texts[0], Text) or not isinstance(texts[1], Text):
            return False
        if str(texts[1]) != before:
            return False
        edit_text(texts[1], str(texts[0]), whole_tokens=False)
        self._remember(name, back, items[is_back.index(True)], MAX_WORK)
        del document.ycells[at]
        del self._back[name]
        return True

    @property
    def names(self) -> list[str]:
        """The ids of the cells that are remembered."""
        return list(self._deleted)
