"""What must hold when everything came to rest."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pycrdt import Doc

from jupyter_collaboration.documents.codec import rendered
from jupyter_collaboration.history.model import MarkKind
from jupyter_collaboration.history.store import History
from jupyter_collaboration.protocol import messages
from jupyter_collaboration.rooms.document import DocumentRoom

from .contents import cells_of_doc, cells_of_file, is_notebook, without_placeholder
from .marks import Cells, count, readable, torn
from .plan import Plan, are_two, has_ids

if TYPE_CHECKING:
    from .ledger import Ledger
    from .world import World


class Judged(Protocol):
    """What of a world the judge looks at in the end."""

    kind: str
    ledger: Ledger
    named: dict[tuple[str, int], Cells]
    """What the document held in versions that were named, by session and entry."""

    @property
    def has_ids(self) -> bool: ...

    @property
    def file(self) -> Path: ...

    def cells_of(self, doc: Doc[Any]) -> Cells:
        """The cells of a document of the plan."""


async def wait_for(done: Callable[[], bool], seconds: float) -> bool:
    """Wait until something holds; False if it did not in time."""
    end = asyncio.get_running_loop().time() + seconds
    while not done():
        if asyncio.get_running_loop().time() > end:
            return False
        await asyncio.sleep(0.002)
    return True


def _same(world: World) -> bool:
    """Whether everybody has what the room has, and it is stored."""
    live = world.life.room if world.life is not None and not world.life.dead else None
    if live is None:
        return False
    clocks, cells = (
        messages.read_state_vector(live.ydoc.get_state()),
        cells_of_doc(live.ydoc, world.kind),
    )
    return all(
        client.online
        and client.stored
        and messages.read_state_vector(client.doc.get_state()) == clocks
        and client.cells == cells
        for client in world.clients
    )


def _calm(world: World) -> bool:
    """Whether nothing is unsaved either, and nothing will come from a stopped server. [H9]"""
    live = world.life.room if world.life is not None else None
    if live is None or not live._has_looked_back:
        return False
    return _same(world) and live.synchronizer.is_saved


async def calm(world: World, seconds: float) -> bool:
    """Wait until nothing goes on any more, for those who are online."""

    def quiet() -> bool:
        live = world.life.room if world.life is not None and not world.life.dead else None
        if live is None:
            return True
        online = [client for client in world.clients if client.online]
        return live.synchronizer.is_saved and all(client.stored for client in online)

    return await wait_for(quiet, seconds)


async def in_step(world: World) -> bool:
    """Bring everybody to the same state; False if somebody is offline."""
    if world.life is None or not all(client.online for client in world.clients):
        return False
    return await wait_for(lambda: _same(world), 1)


async def at_rest(world: World, seconds: float) -> list[str]:
    """Bring everybody back, save, and say what is wrong then."""
    if world.life is not None and not world.life.dead:
        world.life.kill_at("", 0)

    async def all_back() -> None:
        while True:
            await world._bury()
            await world._up()
            for client in world.clients:
                await world.join(client)
            if all(client.online for client in world.clients):
                return
            await asyncio.sleep(0.005)

    try:
        await asyncio.wait_for(all_back(), seconds)
    except TimeoutError:
        assert world.life is not None
        return [f"a client cannot come back: {world.life.refusals[-1:]}"]
    if not await wait_for(lambda: _same(world), seconds):
        return ["the replicas do not become the same", *_differences(world)]
    number = world.clients[0].ask("save")
    if not await wait_for(lambda: number in world.clients[0].replies, seconds):
        return ["a save is not answered"]
    reply = world.clients[0].replies[number]
    if reply["status"] == "failed":
        return [f"the last save failed: {reply}"]
    wrong: list[str] = []
    if not await wait_for(lambda: _calm(world) and _file_agrees(world), seconds):
        wrong = ["the file does not become what the document is", *_differences(world)]
    if not await wait_for(lambda: all_agree(world), seconds):
        wrong += ["the servers do not agree", *_differences(world)]
        wrong.append(f"beside: {shown(world.beside.cells)}")
    return wrong + await _verdicts(world)


def all_agree(world: World) -> bool:
    """Whether everybody, the file and a second server have the same, and nothing to save."""
    if world.live is None:
        return False
    cells = cells_of_doc(_room(world).ydoc, world.kind)
    return _calm(world) and _file_agrees(world) and world.beside.agrees(cells)


def _file_agrees(world: World) -> bool:
    room = _room(world)
    try:
        file = cells_of_file(world.file.read_bytes(), world.kind)
    except ValueError:  # it is being written
        return False
    return file_agrees(world.plan, file, cells_of_doc(room.ydoc, world.kind), room.ydoc)


def file_agrees(plan: Plan, file: Cells, cells: Cells, doc: Doc[Any]) -> bool:
    """Whether a file holds the same as a document."""
    if is_notebook(plan["kind"]):
        minor = rendered("notebook", doc.get_update())["nbformat_minor"]
        # Of two servers, each gives the cells of a file without ids its own ones. [L6]
        named = minor >= 5 and (has_ids(plan) or not are_two(plan))
        file, cells = without_placeholder(file), without_placeholder(cells)
        return len(file) == len(cells) and all(
            text == other and (not named or name == other_name)
            for (name, text), (other_name, other) in zip(file, cells, strict=True)
        )
    return file == cells


def _room(world: World) -> DocumentRoom:
    assert world.life is not None and world.life.room is not None
    return world.life.room


async def _verdicts(world: World) -> list[str]:
    room = _room(world)
    cells = cells_of_doc(room.ydoc, world.kind)
    wrong = verdicts(world, cells)
    assert world.life is not None
    if room.document.undo_manager.can_undo():
        wrong.append("what was deleted is kept in memory, to undo it")
    history = world.life.backend.history(str(world.document))
    wrong += await history_verdicts(world, history, room.ydoc, room.session_id)
    if wrong:
        wrong.append(f"in the end: {shown(cells)}")
    return wrong


def verdicts(world: Judged, cells: Cells) -> list[str]:
    """What is wrong with the document in the end."""
    found = count(cells)
    if not world.has_ids:
        found -= _kept_twice(cells)
    wrong = world.ledger.verdicts(found)
    named = world.has_ids and is_notebook(world.kind)
    wrong += world.ledger.places.verdicts(cells, named=named, twins=world.ledger.twins)
    text = "\0".join(text for _, text in cells)
    if torn(text):
        wrong.append(f"a mark is torn: {readable(text)!r}")
    names = [name for name, _ in cells if is_notebook(world.kind)]
    twins = {name for name in names if names.count(name) > 1} - world.ledger.twins
    if twins:
        wrong.append(f"cells have the same id: {sorted(twins)}")
    data = world.file.read_bytes()
    if world.kind == "crlf" and data.count(b"\n") != data.count(b"\r\n"):
        wrong.append("line endings became mixed")
    return wrong


def _kept_twice(cells: Cells) -> Counter[int]:
    """Marks that stand in two cells which differ, once each."""
    homes: dict[int, list[str]] = {}
    for _, text in cells:
        for number in count([("", text)]):
            homes.setdefault(number, []).append(text)
    return Counter(number for number, texts in homes.items() if len(set(texts)) == 2)


async def history_verdicts(
    world: Judged, history: History, doc: Doc[Any], session_id: str
) -> list[str]:
    """Whether what is stored makes the document that is there."""
    stored = await history.load()
    wrong = []
    replayed: Doc[Any] = Doc()
    for entry in await history.entries():
        replayed.apply_update(entry.update)
    loaded: Doc[Any] = Doc()
    if stored.state is not None:
        loaded.apply_update(stored.state)
    for name, made in (("entries", replayed), ("state", loaded)):
        if cells_of_doc(made, world.kind) != cells_of_doc(doc, world.kind):
            wrong.append(f"the history's {name} make another document")
    if stored.session_id != session_id:
        wrong.append("the history has another session id")
    for mark in await history.versions.marks():
        if mark.kind is MarkKind.NAMED:
            wrong += await _as_it_was(world, history, session_id, mark.seq)
    return wrong


async def _as_it_was(world: Judged, history: History, session_id: str, seq: int) -> list[str]:
    """Whether a version that was named holds what the document held then."""
    then = world.named[session_id, seq]
    state = await history.at(seq)
    if state is None:
        return [f"the named version {seq} is not kept"]
    doc: Doc[Any] = Doc()
    doc.apply_update(state)
    cells = world.cells_of(doc)
    return [] if cells == then else [f"version {seq} is {shown(cells)}, and was {shown(then)}"]


def _differences(world: World) -> list[str]:
    told = [f"file: {shown(cells_of_file(world.file.read_bytes(), world.kind))}"]
    live = world.life.room if world.life is not None else None
    if live is not None:
        told.append(f"room: {shown(cells_of_doc(live.ydoc, world.kind))}")
    for client in world.clients:
        stored = "stored" if client.stored else "not stored"
        told.append(f"{client.username} ({stored}): {shown(client.cells)}")
    return told


def shown(cells: list[tuple[str, str]]) -> str:
    return " | ".join(f"{name}: {readable(text)!r}" for name, text in cells)
