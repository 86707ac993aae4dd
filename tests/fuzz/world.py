"""Carries out a plan: clients, a server that comes and goes, a file that others write."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jupyter_server_fileid.manager import ArbitraryFileIdManager
from pycrdt import Doc

from jupyter_collaboration.documents.identity import document_id
from jupyter_collaboration.files import autosave, opening, synchronizer, watcher
from jupyter_collaboration.history import store
from jupyter_collaboration.history.model import Kind, MarkKind
from jupyter_collaboration.merge.conflict import Conflict
from jupyter_collaboration.rooms import manager
from jupyter_collaboration.rooms.document import DocumentRoom

from . import checks, editing, guests, writers
from .beside import Beside
from .clients import Collaborator
from .contents import body, cells_of_doc, cells_of_file, initial, is_notebook
from .ledger import Ledger
from .losses import excuse_crash, excuse_lost_store
from .marks import Cells
from .plan import Plan, Step, are_two, has_ids, merges_contents, outputs_are_frail
from .server import STORE, Life, mortal_writes

FIRST_MARKS = range(5000, 5003)
SETTLE_TIME = 0.006
RETRY = 0.02
NAMED = 0.5
"""Share of the saves that name the version as well; all do if versions are restored."""

REST_TIME = 30.0
"""Seconds within which everything comes to rest; on a busy machine most need a tenth of one."""

PLAN_TIME = 120.0
"""Seconds after which a plan is given up."""


class World:
    """Everything that a plan acts on."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.kind: str = plan["kind"]
        self.ledger = Ledger(merges_contents=merges_contents(plan))
        self.problems: list[str] = []
        self.root = folder / "root"
        self.root.mkdir()
        notebook = is_notebook(self.kind)
        self.path = "file.ipynb" if notebook else "file.txt"
        firsts = {n: self.ledger.new(n, "the first file", safe=True) for n in FIRST_MARKS}
        self.file.write_bytes(initial(self.kind, [f"{m}\n{body(n)}" for n, m in firsts.items()]))
        cells = cells_of_file(self.file.read_bytes(), self.kind)
        self.ledger.effect([], cells, "", named=self.has_ids)
        self.file_ids = ArbitraryFileIdManager(root_dir=str(self.root), db_path=":memory:")
        file_id = self.file_ids.index(self.path)
        kinds = ("json", "notebook") if notebook else ("text", "file")
        self.document = document_id(*kinds, file_id)
        names = [f"client {number}" for number in range(plan["clients"])]
        self.clients = [Collaborator(name, self.kind, self.ledger) for name in names]
        for client in self.clients:
            client.outputs_are_frail = outputs_are_frail(plan)
        self.life: Life | None = None
        self.clock = SimpleNamespace(offset=0.0)
        self._watched: Any = None
        self._cells: dict[str, str] = {}
        self.beside = Beside(self)
        self.named: dict[tuple[str, int], Cells] = {}
        self.forks: list[guests.Fork] = []
        self.merges_fork = False
        self._restores = any(step["op"] == "restore" for step in plan["steps"])

    @property
    def has_ids(self) -> bool:
        """Whether the file names its cells."""
        return has_ids(self.plan)

    @property
    def are_two(self) -> bool:
        """Whether there are two servers on the folder."""
        return are_two(self.plan)

    @property
    def live(self) -> DocumentRoom | None:
        """The document's room, if it is open on a server that runs."""
        return self.life.room if self.life is not None and not self.life.dead else None

    @property
    def file(self) -> Path:
        return self.root / self.path

    def cells_of(self, doc: Doc[Any]) -> Cells:
        """The cells of a document of this plan."""
        return cells_of_doc(doc, self.kind)

    async def run(self) -> list[str]:
        """Take all steps, come to rest, and say what is wrong."""
        asyncio.get_running_loop().set_exception_handler(self._broken)
        try:
            await self._up()
            for client in self.clients:
                await self.join(client)
            for step in self.plan["steps"]:
                await self._take(step)
            self.problems += await checks.at_rest(self, REST_TIME)
        finally:
            await self.beside.stop()
            for client in self.clients:
                self.problems += client.problems
            if self.life is not None:
                self.problems += self.life.log.problems
                await self.life.kill()
            self.file_ids.con.close()
        return self.problems

    def _broken(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if self.life is not None and not self.life.dead:
            self.problems.append(f"{context['message']}: {context.get('exception')!r}")

    async def _take(self, step: Step) -> None:
        await self._bury()
        places = self.ledger.places
        places.is_text_moving = places.is_text_moving and not checks.all_agree(self)
        for client in self.clients:
            editing.go_on(client)
        self.beside.go_on()
        act: Callable[[Step], Awaitable[None]] | None = getattr(self, f"_do_{step['op']}", None)
        if act is not None:
            await act(step)
        else:
            await editing.edit(self, step)
        await self._pause(step["then"], step["at"])

    async def _pause(self, pause: str, share: float) -> None:
        if pause == "ticks":
            for _ in range(int(share * 6)):
                await asyncio.sleep(0)
        elif pause == "short":
            await asyncio.sleep(0.012 * share)
        elif pause == "quiet":
            await checks.calm(self, 0.3)

    # The server

    async def _up(self) -> None:
        if self.life is None:
            self.life = Life(
                self.root,
                self.document,
                self.file_ids,
                takes_turns=self.are_two,
                is_native=self.are_two or self.plan["seed"] % 8 >= 4,
            )
            await self.life.start()

    async def _bury(self) -> None:
        """Clear up after a server that was killed at a point."""
        if self.life is not None and self.life.dead:
            await self._down("kill")

    async def _down(self, how: str) -> None:
        life, self.life = self.life, None
        if life is None:
            return
        try:
            await (life.stop() if how == "stop" else life.kill())
        finally:
            self._unwatch()  # until then edits still arrive
        for client in self.clients:
            client.disconnect()
        self.problems += life.log.problems

    async def join(self, client: Collaborator) -> bool:
        """Let a client connect; the room's document is watched from then on."""
        if self.life is None or client.online:
            return client.online
        await client.connect(self.life)
        self._watch()
        return client.online

    def _watch(self) -> None:
        """Note where marks are in the room's document, and which cells go."""
        live = self.life.room if self.life is not None else None
        if live is None or (self._watched is not None and self._watched[0] is live):
            return
        self._unwatch()
        self._watched = (live, self.watched(live, self._cells))

    def watched(self, live: DocumentRoom, known: dict[str, str]) -> Callable[[], None]:
        """Watch a room's document; returns what ends that.

        Args:
            known: the texts of the document's cells, kept up to date; those that it had when it
                was last watched may be gone now.
        """
        mirror: Doc[Any] = Doc()  # a document cannot be read while it tells its observers
        arriving = 0
        take_read = live.take_read

        def take(*edit: Any) -> None:
            nonlocal arriving
            arriving += 1
            try:
                take_read(*edit)
            finally:
                arriving -= 1

        def look(update: bytes, is_edit: bool) -> None:
            mirror.apply_update(update)
            cells = cells_of_doc(mirror, self.kind)
            if is_edit:
                self.ledger.typed.mixed(text for _, text in cells)
            else:  # once what was typed meanwhile is merged as well: nobody sees it before
                asyncio.get_running_loop().call_soon(judge)
            self.ledger.seen(cells)
            self.ledger.cells_went(known, (name for name, _ in cells))
            known.clear()
            known.update(cells)

        def judge() -> None:
            texts = [text for _, text in cells_of_doc(mirror, self.kind)]
            self.problems += self.ledger.typed.invented(texts)

        def look_again(event: Any) -> None:
            # What is typed into a moved cell is placed where Yjs would have placed it, and so is
            # what a fork brings.
            arrives = arriving > 0 or live._is_broadcasting or self.merges_fork
            is_kept = live._kind is Kind.EDIT and arrives
            look(event.update, is_edit=live._sender is not None or is_kept)

        live.take_read = take  # type: ignore[method-assign]
        look(live.ydoc.get_update(), is_edit=False)
        subscription = live.ydoc.observe(look_again)

        def end() -> None:
            del live.take_read
            live.ydoc.unobserve(subscription)

        return end

    def _unwatch(self) -> None:
        if self._watched is not None:
            _, end = self._watched
            end()
            self._watched = None

    async def _do_down(self, step: Step) -> None:
        if self.life is not None and step["how"] == "point":
            self.life.kill_at(step["point"], step["count"])
        else:
            await self._down(step["how"])

    async def _do_up(self, step: Step) -> None:
        await self._up()
        for client in self.clients:
            if (client is self.clients[step["client"]]) or step["at"] < 0.7:
                await self.join(client)

    async def _do_evict(self, step: Step) -> None:
        """Everybody leaves, and the room is closed."""
        for client in self.clients:
            client.disconnect()
        self._unwatch()
        await checks.wait_for(lambda: self.life is None or self.life.dead or not self.life.room, 2)

    async def _do_wipe(self, step: Step) -> None:
        """The store is lost or broken: what is neither in the file nor in a replica is gone.

        If it is deleted while a server uses it, nothing is.
        """
        if step["how"] == "in use":
            if self.life is not None and not self.life.dead:
                for path in self.root.glob(f"{STORE}*"):
                    path.unlink()
                await self.life.renew_lease()
            return
        await self._down("kill" if step["at"] < 0.6 else "stop")
        file = cells_of_file(self.file.read_bytes(), self.kind)
        excuse_lost_store(self.ledger, file, self.clients)
        if step["how"] == "corrupt":
            (self.root / STORE).write_bytes(b"no database " * 1000)
        for path in self.root.glob(f"{STORE}*"):
            if step["how"] == "delete" or path.name != STORE:
                path.unlink()

    # Clients

    async def _do_on(self, step: Step) -> None:
        await self.join(self.clients[step["client"]])

    async def _do_off(self, step: Step) -> None:
        self.clients[step["client"]].disconnect()

    async def _do_crash(self, step: Step) -> None:
        """A client loses its replica: what only it had, unacknowledged, may be gone."""
        one = self.clients[step["client"]]
        excuse_crash(self.ledger, one, self.clients)
        one.crash()

    async def _do_save(self, step: Step) -> None:
        self.clients[step["client"]].ask("save")
        is_named = step["to"] < NAMED or self._restores
        if is_named and self.life is not None and (live := self.life.room) is not None:
            self.named[live.session_id, live.history.seq] = cells_of_doc(live.ydoc, self.kind)
            live.mark(MarkKind.NAMED, self.clients[step["client"]].username)

    # Guests

    async def _do_view(self, step: Step) -> None:
        guests.intrude(self, step)

    async def _do_restore(self, step: Step) -> None:
        await guests.restore(self, step)

    async def _do_fork(self, step: Step) -> None:
        await guests.fork(self, step)

    async def _do_fork_edit(self, step: Step) -> None:
        await guests.edit_fork(self, step)

    async def _do_merge(self, step: Step) -> None:
        await guests.merge_fork(self, step)

    async def _do_beside(self, step: Step) -> None:
        await self.beside.take(step)

    # The file and the machine

    async def _do_disk(self, step: Step) -> None:
        async with self.between_saves():
            writers.write(self.file, self.kind, step, self.ledger)

    @asynccontextmanager
    async def between_saves(self) -> AsyncIterator[None]:
        """Nobody can tell a write between the server's look and its own write. [L8]"""
        live = self.life.room if self.life is not None else None
        lock = live.synchronizer._lock if live is not None else asyncio.Lock()
        async with lock, self.beside.between_saves():
            yield

    async def _do_rename(self, step: Step) -> None:
        if self.life is None:
            return
        new = f"renamed-{step['mark']}{Path(self.path).suffix}"
        async with self.between_saves():
            self.file.rename(self.root / new)
            self.file_ids.move(self.path, new)
            self.path = new

    async def _do_clock(self, step: Step) -> None:
        self.clock.offset += step["by"]


@contextmanager
def noting_conflicts(ledger: Ledger, kind: str, *, are_two: bool) -> Iterator[None]:
    """Tell a ledger of all conflicts that rooms, perhaps of two servers, show to everybody."""
    show = DocumentRoom.show_conflicts

    def noting(room: DocumentRoom, conflicts: list[Conflict], origin: str) -> None:
        show(room, conflicts, origin)
        pieces = [(each.ours, each.theirs) for each in conflicts]
        ledger.conflicted(pieces, is_loose=are_two or origin == "rebase")
        if conflicts:
            ledger.conflicts_shown([e.merged for e in conflicts], cells_of_doc(room.ydoc, kind))

    DocumentRoom.show_conflicts = noting  # type: ignore[method-assign]
    try:
        yield
    finally:
        DocumentRoom.show_conflicts = show  # type: ignore[method-assign]


@contextmanager
def quick(clock: SimpleNamespace) -> Iterator[None]:
    """Short delays, and a clock that steps."""
    stepping = SimpleNamespace(**vars(time))
    stepping.time = lambda: time.time() + clock.offset
    changes: list[tuple[Any, str, Any]] = [
        (synchronizer, "SETTLE_TIME", SETTLE_TIME),
        (synchronizer, "SHRUNK_TIME", 4 * SETTLE_TIME),
        (synchronizer, "UNREADABLE_TIME", 8 * SETTLE_TIME),
        (opening, "SETTLE_TIME", SETTLE_TIME),
        (opening, "UNREADABLE_TIME", 8 * SETTLE_TIME),
        (watcher, "TRUST_TIME", 4 * SETTLE_TIME),
        (manager, "EVICTION_RETRY", RETRY),
        (autosave, "FIRST_RETRY", RETRY),
        (store, "time", stepping),
    ]
    before = [(module, name, getattr(module, name)) for module, name, _ in changes]
    for module, name, value in changes:
        setattr(module, name, value)
    try:
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)


def run_plan(plan: Plan) -> list[str]:
    """Carry out a plan in a folder of its own; what is wrong at its end."""

    async def whole() -> list[str]:
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            world = World(plan, Path(folder))
            with (
                quick(world.clock),
                noting_conflicts(world.ledger, world.kind, are_two=world.are_two),
                mortal_writes(),
            ):
                try:
                    return await asyncio.wait_for(world.run(), PLAN_TIME)
                except TimeoutError:
                    return [*world.problems, f"it did not end within {PLAN_TIME} s"]

    return asyncio.run(whole())
