"""What others than the plan's clients do: viewers who edit, forks, and restores of versions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from pycrdt import Doc

from jupyter_collaboration.access.roles import Role
from jupyter_collaboration.errors import CollaborationError
from jupyter_collaboration.history.model import MarkKind
from jupyter_collaboration.protocol import messages
from jupyter_collaboration.rooms.fork import ForkRoom
from jupyter_collaboration.rooms.forks import Forks
from jupyter_collaboration.rooms.member import Outgoing, Pin
from jupyter_collaboration.rooms.persistent import PersistentRoom
from jupyter_collaboration.versions.service import VersionService

from . import checks
from .contents import cells_of_doc, insert, source_at
from .marks import Cells, count, mark_text, marks_in, readable
from .plan import Step

if TYPE_CHECKING:
    from .server import Life
    from .world import World

AUTHOR = "somebody in a fork"


class Guest(Pin):
    """A member that sends one edit of its own making, and notes the answers."""

    username = "guest"

    def __init__(self, role: Role) -> None:
        self.role = role
        self.answers: list[dict[str, Any]] = []

    def send(self, outgoing: Outgoing) -> None:
        if outgoing.message[0] == messages.RAW:
            self.answers.append(json.loads(messages.read_bytes(outgoing.message, 1)[0]))

    def edit(self, room: PersistentRoom, change: Callable[[Doc[Any]], None], step: int) -> None:
        """Change a copy of the room's document, and send the change."""
        doc: Doc[Any] = Doc()
        doc.apply_update(room.ydoc.get_update())
        before = doc.get_state()
        change(doc)
        room.receive(self, messages.sync_message(step, doc.get_update(before)))


def intrude(world: World, step: Step) -> None:
    """A viewer edits and saves: both is refused, and nobody else sees it. [M2]"""
    life, live = world.life, world.live
    if life is None or live is None:
        return
    piece = world.ledger.new(step["mark"], "a viewer")
    world.ledger.marks[step["mark"]].least = world.ledger.marks[step["mark"]].most = 0
    viewer = Guest(Role.VIEWER)

    def change(doc: Doc[Any]) -> None:
        text = source_at(doc, world.kind, step["cell"])
        if text is not None:
            insert(text, step["at"], piece)

    live.join(viewer)
    try:
        for kind in (messages.UPDATE, messages.STEP2):
            viewer.edit(live, change, kind)
        request = messages.write_bytes(b"save") + messages.write_varuint(1)
        live.receive(viewer, bytes((messages.RAW,)) + request)
    finally:
        life.rooms.leave(live, viewer)
    refused = [answer for answer in viewer.answers if answer.get("reason") == "not_allowed"]
    failed = [answer for answer in viewer.answers if answer.get("status") == "failed"]
    if source_at(live.ydoc, world.kind, step["cell"]) is not None and len(refused) != 2:
        world.problems.append(f"a viewer's edits were answered by {viewer.answers}")
    if len(failed) != 1:
        world.problems.append(f"a viewer's save was answered by {viewer.answers}")


async def restore(world: World, step: Step) -> None:
    """Bring the document back to a version that was named, while the file waits. [V5]"""
    if world.life is None or world.live is None:
        return
    try:
        async with world.life.pinned(), world.between_saves():
            await _restore(world, step, await checks.in_step(world))
    except CollaborationError as error:
        if world.life is not None:
            world.life.refusals.append(f"a restore: {error!r}")


async def _restore(world: World, step: Step, is_quiet: bool) -> None:
    """Restore a version; if nobody edits meanwhile, the document is what it was then."""
    life, live = world.life, world.live
    if life is None or live is None:
        return
    # A kill may lose a name that was not stored yet, with the entry that it stands for.
    marks = await live.history.versions.marks()
    stored = {mark.seq for mark in marks if mark.kind is MarkKind.NAMED}
    seqs = [seq for session, seq in world.named if session == live.session_id and seq in stored]
    if not seqs:
        return
    seq = seqs[min(int(step["at"] * len(seqs)), len(seqs) - 1)]
    cells = cells_of_doc(live.ydoc, world.kind)
    name = cells[min(int(step["cell"] * len(cells)), len(cells) - 1)][0] if cells else ""
    only = name if name and step["to"] < 0.4 else None
    service = VersionService(life.rooms, life.logger)
    why = f"(removed by the restore in step {step['mark']})"
    then = world.named[live.session_id, seq]
    apply = live.restore

    async def noted(*args: Any, **options: Any) -> None:
        before = cells_of_doc(live.ydoc, world.kind)
        after = then if only is None else _with_cell(before, then, only)
        world.ledger.edited(before, after, why)
        world.ledger.places.doubled(_in_changed_lines(before, after))
        await apply(*args, **options)
        now = [text for _, text in cells_of_doc(live.ydoc, world.kind)]
        if is_quiet and now != [text for _, text in after]:
            shown = [readable("\n".join(texts)) for texts in (now, dict(after).values())]
            world.problems.append(f"version {seq} is {shown[1]!r}, restored {shown[0]!r}")

    live.restore = noted  # type: ignore[method-assign]
    try:
        await service.restore(world.document, seq, "a person who restores", cell=only)
    finally:
        del live.restore


def _in_changed_lines(before: Cells, after: Cells) -> set[int]:
    """The marks of lines that a restore changes.

    It inserts their tokens anew, and what somebody types meanwhile beside the old ones may come
    before or after the new ones. [L1]
    """
    known = {line for _, text in before for line in text.split("\n")}
    lines = {line for _, text in after for line in text.split("\n")}
    return {number for line in lines - known for number in marks_in(line)}


def _with_cell(now: Cells, then: Cells, name: str) -> Cells:
    old = dict(then)
    if name not in old:
        return now
    return [(each, old[name] if each == name else text) for each, text in now]


@dataclass
class Fork:
    """A fork of the document, and the marks that are there only."""

    room_id: str
    marks: list[int] = field(default_factory=list)


def _forks(life: Life, world: World) -> Forks:
    async def path_of_room(document: str) -> str:
        return world.path

    async def check_room(document: str) -> None:
        """The file is there."""

    places: Any = SimpleNamespace(path_of_room=path_of_room, check_room=check_room)
    return Forks(life.rooms, places, lambda **event: None)


async def fork(world: World, step: Step) -> None:
    """Make a fork, which may follow its root. [K1] [K4]"""
    if world.life is None:
        return
    options = {"synchronize": step["at"] < 0.4, "title": "", "description": ""}
    try:
        made, _ = await _forks(world.life, world).create(
            str(world.document), username="a person with a fork", **options
        )
    except CollaborationError as error:
        world.life.refusals.append(f"a fork: {error!r}")
    else:
        world.forks.append(Fork(made.room_id))


async def edit_fork(world: World, step: Step) -> None:
    """Type into a fork: nobody in the root sees it. [K3]"""
    life, chosen = world.life, _chosen(world, step)
    if life is None or chosen is None:
        return
    number = step["mark"]
    try:
        async with life.rooms.pinned(chosen.room_id) as room:
            assert isinstance(room, ForkRoom)
            before = cells_of_doc(room.ydoc, world.kind)
            world.ledger.new(number, AUTHOR)
            world.ledger.marks[number].least = world.ledger.marks[number].most = 0
            writer = Guest(Role.EDITOR)
            writer.edit(room, lambda doc: _type(doc, world.kind, step), messages.UPDATE)
            after = cells_of_doc(room.ydoc, world.kind)
            world.ledger.seen(after)
            world.ledger.typed.edited((t for _, t in before), (t for _, t in after))
            world.ledger.places.edited(before, after, named=True)
            chosen.marks.append(number)
            await room.history.commit()
    except CollaborationError as error:
        life.refusals.append(f"an edit of a fork: {error!r}")


def _type(doc: Doc[Any], kind: str, step: Step) -> None:
    text = source_at(doc, kind, step["cell"])
    if text is not None:
        insert(text, step["at"], mark_text(step["mark"]))


async def merge_fork(world: World, step: Step) -> None:
    """Merge a fork into its root, once, or delete it. [K5] [K6]"""
    life, chosen = world.life, _chosen(world, step)
    if life is None or chosen is None:
        return
    merge = step["to"] < 0.8
    marks = {number: world.ledger.marks[number] for number in chosen.marks}
    for mark in marks.values():
        mark.most += merge
    try:
        async with life.pinned() as root, life.rooms.pinned(chosen.room_id) as room:
            joined: Doc[Any] = Doc()
            for each in (root, room):
                joined.apply_update(each.ydoc.get_update())
            cells = cells_of_doc(joined, world.kind)
            if merge:  # nobody may watch the root
                world.ledger.typed.mixed(text for _, text in cells)
            world.merges_fork = merge
            await _forks(life, world).delete(
                chosen.room_id, merge=merge, username="a person who merges"
            )
            await root.history.commit()
    except CollaborationError as error:
        life.refusals.append(f"the end of a fork: {error!r}")
        return
    finally:
        world.merges_fork = False
    world.forks.remove(chosen)
    if merge and not life.dead:
        for number, times in count(cells).items():
            if number in marks:
                marks[number].least, marks[number].safe = times, True


def _chosen(world: World, step: Step) -> Fork | None:
    return world.forks[int(step["at"] * len(world.forks))] if world.forks else None
