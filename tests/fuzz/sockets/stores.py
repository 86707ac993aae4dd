"""What servers wrote into their stores, judged when they are gone.

A process cannot be watched while it changes a document, but its history tells what was whose: an
entry of somebody who typed has nothing but what Yjs made of it, and any other one must not make up
text. [S4] [L1]
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pycrdt import Doc

from jupyter_collaboration.errors import HistoryUnavailable
from jupyter_collaboration.history.model import Entry, Kind
from jupyter_collaboration.history.sqlite.backend import SQLiteBackend
from jupyter_collaboration.history.store import History
from jupyter_collaboration.protocol.messages import read_state_vector

from ..marks import Cells
from ..server import STORE

if TYPE_CHECKING:
    from .world import RealWorld

LOG = logging.getLogger("fuzz.stores")
LOG.propagate = False


@dataclass
class Kept:
    """A copy of a store, made while no server used it."""

    path: Path


def copies(root: Path, folder: Path) -> list[Kept]:
    """Copy the store of a folder and the private ones beside it; none of their servers runs."""
    found = []
    for path in sorted(root.glob(f"{STORE}*")):
        suffix = path.name.removeprefix(STORE)
        if suffix and not suffix.removeprefix(".private-").isalnum():
            continue  # a log, or what was set aside
        place = folder / f"store-{len(list(folder.iterdir()))}"
        place.mkdir(parents=True)
        for end in ("", "-wal", "-shm"):
            if (part := path.with_name(path.name + end)).exists():
                shutil.copyfile(part, place / (STORE + end))
        found.append(Kept(place / STORE))
    return found


@asynccontextmanager
async def history_in(kept: Kept, room: str) -> AsyncIterator[History]:
    """Read the history of a room in a copy."""
    backend = SQLiteBackend(str(kept.path), LOG)
    await backend.open()
    try:
        yield backend.history(room)
    finally:
        await backend.close()


async def entries_of(kept: Kept, room: str) -> list[Entry]:
    """The entries of a room; none if the store had been broken already."""
    try:
        async with history_in(kept, room) as history:
            return await history.entries()
    except HistoryUnavailable:
        return []


async def invented(world: RealWorld, stores: list[Kept]) -> list[str]:
    """What nobody typed in what servers made: merges, restores, and what they read from files."""
    made: list[tuple[Entry, Cells]] = []
    for kept in stores:
        doc: Doc[Any] = Doc()
        for entry in await entries_of(kept, world.room):
            before = read_state_vector(doc.get_state())
            doc.apply_update(entry.update)
            now = read_state_vector(doc.get_state())
            authors = {client for client, clock in now.items() if clock > before.get(client, 0)}
            cells = world.cells_of(doc)
            # A replica of another history is placed by the server alone. What members type into a
            # cell that was moved arrives as their own edit, and the server repeats it there. [L1]
            is_placed = world.has_rebased and authors and not authors & world.members
            if entry.kind is Kind.EDIT and not is_placed:
                world.ledger.typed.mixed(text for _, text in cells)
            else:
                made.append((entry, cells))
    wrong = []
    for entry, cells in made:
        found = world.ledger.typed.invented(text for _, text in cells)
        wrong += [f"{each} (entry {entry.seq}, {entry.kind.value})" for each in found]
    return wrong
