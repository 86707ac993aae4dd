"""The documents of which cells run: they stay open, and get everything that is written.

Responsible for rooms that are pinned, closed and opened again while their cells run.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from logging import Logger
from weakref import WeakKeyDictionary

from anyio import sleep

from ..errors import must_propagate
from ..rooms.document import DocumentRoom
from ..rooms.manager import RoomManager
from ..rooms.member import Pin
from ..rooms.provenance import Origin
from .queue import Run
from .writer import CellWriter

MAX_UNWRITTEN = 100
"""Most cells of one document whose outputs are kept because the cell was deleted while it ran."""

REOPEN_DELAY = 5.0
"""Seconds until the next attempt to open a document again into which outputs are to be written."""


class RunningDocuments:
    """The documents of which cells run or wait.

    Args:
        rooms: the rooms of all documents.
        start: starts a task; does nothing while the server stops.
        log: the server's log.
    """

    def __init__(
        self,
        rooms: RoomManager,
        start: Callable[..., None],
        log: Logger,
    ) -> None:
        self._rooms = rooms
        self._start = start
        self._log = log
        self._pins: dict[str, tuple[DocumentRoom, Pin]] = {}
        self._active: dict[str, set[Run]] = {}
        self._lost: dict[str, set[CellWriter]] = {}
        self._unrecorded: dict[str, list[tuple[str, Origin]]] = {}
        # For cells that were deleted while they ran: an undo may bring them back.
        self._unwritten: WeakKeyDictionary[DocumentRoom, dict[str, CellWriter]] = (
            WeakKeyDictionary()
        )

    def runs_in(self, room_id: str) -> list[Run]:
        """Return what runs and waits in a document."""
        return list(self._active.get(room_id, ()))

    def add(self, room: DocumentRoom, run: Run) -> None:
        """Keep a document open until a run has ended."""
        self._active.setdefault(run.document, set()).add(run)
        run.when_ended.append(self._on_ended)
        self._pin(room)

    def record(self, run: Run, origin: Origin) -> None:
        """Record where the outputs of a run come from. [R15]"""
        room = self.open_room(run.document)
        if room is not None:
            room.record_origin(run.cell, origin)
        else:
            self._unrecorded.setdefault(run.document, []).append((run.cell, origin))

    def _on_ended(self, run: Run) -> None:
        self._note_unwritten(run)
        runs = self._active.get(run.document, set())
        runs.discard(run)
        if not runs:
            self._active.pop(run.document, None)
            if run.document not in self._lost:
                self._unpin(run.document)

    def _note_unwritten(self, run: Run) -> None:
        room, writer = self.open_room(run.document), run.writer
        if room is not None and isinstance(writer, CellWriter) and writer.is_unwritten:
            writers = self._unwritten.setdefault(room, {})
            writers.pop(run.cell, None)
            writers[run.cell] = writer
            if len(writers) > MAX_UNWRITTEN:
                del writers[next(iter(writers))]

    def open_room(self, room_id: str) -> DocumentRoom | None:
        """Return the room of a document; None while it is closed."""
        room = self._rooms.rooms.get(room_id)
        if isinstance(room, DocumentRoom) and room.ready and not room.is_closed:
            return room
        return None

    def _pin(self, room: DocumentRoom) -> None:
        """Keep a room open."""
        pinned = self._pins.get(room.room_id)
        if pinned is None or pinned[0] is not room:
            pin = Pin()
            self._pins[room.room_id] = (room, pin)
            room.join(pin)

    def _unpin(self, room_id: str) -> None:
        pinned = self._pins.pop(room_id, None)
        if pinned is not None:
            self._rooms.leave(*pinned)

    def note_lost(self, room_id: str, writer: CellWriter) -> None:
        """Open a document again, into which there is something to write."""
        is_first = room_id not in self._lost
        self._lost.setdefault(room_id, set()).add(writer)
        if is_first:
            self._start(self._reopen, room_id)

    async def _reopen(self, room_id: str) -> None:
        while True:
            try:
                room = await self._rooms.open(room_id)
                break
            except BaseException as error:
                if must_propagate(error):
                    raise
                if room_id not in self._active:
                    self._log.error("The last outputs in %s are lost: %r", room_id, error)
                    self._lost.pop(room_id, None)
                    self._unrecorded.pop(room_id, None)
                    self._unpin(room_id)
                    return
                self._log.warning("Outputs wait until %s can be opened: %r", room_id, error)
                await sleep(REOPEN_DELAY)
        writers = self._lost.pop(room_id, set())
        if isinstance(room, DocumentRoom):
            self._pin(room)
            self._resume(room, writers)
            if room_id not in self._active:
                self._unpin(room_id)

    def _resume(self, room: DocumentRoom, writers: set[CellWriter]) -> None:
        """Write into a room that was opened again."""
        for cell, origin in self._unrecorded.pop(room.room_id, []):
            room.record_origin(cell, origin)
        for writer in writers:
            writer.flush()
        for run in self.runs_in(room.room_id):
            run.writer.flush()

    def joined(self, room: DocumentRoom) -> None:
        """Go on in a room that was opened again by a member."""
        pinned = self._pins.get(room.room_id)
        if pinned is not None and pinned[0] is not room:
            self._pin(room)
            self._resume(room, set())

    def cells_inserted(self, room: DocumentRoom) -> None:
        """Write into cells that were moved, or came back."""
        if room.is_closed:
            return
        self._resume(room, set())
        for cell, writer in list(self._unwritten.get(room, {}).items()):
            if writer.is_unwritten:
                writer.flush()
            if not writer.is_unwritten:
                del self._unwritten[room][cell]

    def states_changed(self, room: DocumentRoom, cells: Collection[str]) -> None:
        """Restore the states of running cells, which only the server may change."""
        for run in self.runs_in(room.room_id):
            if run.cell in cells:
                run.writer.changed()
