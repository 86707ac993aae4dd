"""Carries out a plan with real parts."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import tempfile
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from faulty import arm
from pycrdt import Doc
from support import content, versions

from jupyter_collaboration.access.file_ids import OWN_FOLDER
from jupyter_collaboration.files.turns import Turns
from jupyter_collaboration.protocol.messages import read_state_vector

from .. import checks, editing, writers
from ..clients import Collaborator
from ..contents import (
    body,
    cell_at,
    cells_of_doc,
    cells_of_file,
    initial,
    is_notebook,
    youtput,
)
from ..ledger import Ledger
from ..losses import excuse_crash, excuse_lost_store
from ..marks import Cells
from ..plan import Plan, Step, are_two, has_ids, merges_contents, outputs_are_frail
from ..server import STORE
from ..world import FIRST_MARKS, NAMED
from . import stores
from .clients import UNREACHABLE, SocketClient
from .large import BLOCKS, PACKED, packed_cells, unpacked
from .page import PageClient
from .site import CLEANUP_DELAY, Beside, Process

STEP_TIME = 2.0
"""Seconds for what a step waits for; if it does not happen, the plan goes on."""

REST_TIME = 60.0
"""Seconds within which everything comes to rest."""

PLAN_TIME = 300.0

LOG = logging.getLogger("fuzz.turns")

TICK = 0.005


class RealWorld:
    """Everything that a plan acts on."""

    rest_time = REST_TIME

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        self.kind: str = plan["kind"]
        self.ledger = Ledger(merges_contents=merges_contents(plan))
        self.problems: list[str] = []
        self.refusals: list[str] = []
        self.named: dict[tuple[str, int], Cells] = {}
        self.room = ""
        self.members: set[int] = set()
        self.process = Process("server", folder)
        self.root = self.process.server.root
        self.path = "file.ipynb" if is_notebook(self.kind) else "file.txt"
        self.content = (
            {"format": "json", "type": "notebook"}
            if is_notebook(self.kind)
            else {"format": "text", "type": "file"}
        )
        firsts = {n: self.ledger.new(n, "the first file", safe=True) for n in FIRST_MARKS}
        self.file.write_bytes(initial(self.kind, [f"{m}\n{body(n)}" for n, m in firsts.items()]))
        self.ledger.effect([], self.cells_of_file(), "", named=self.has_ids)
        self.clients: list[SocketClient | PageClient] = [
            PageClient(f"page {number}", self)
            if number in plan["pages"]
            else SocketClient(f"client {number}", self, in_parts=number % 2 == 1)
            for number in range(plan["clients"])
        ]
        for client in self.clients:
            client.outputs_are_frail = outputs_are_frail(plan)
        self.beside = Beside(self)
        self._kept: list[stores.Kept] = []
        self._conflicts: set[str] = set()
        self._turns = Turns(self.root / OWN_FOLDER, LOG)
        self._restores = any(step["op"] == "restore" for step in plan["steps"])
        (folder / "stores").mkdir()

    @property
    def has_ids(self) -> bool:
        """Whether the file names its cells."""
        return has_ids(self.plan)

    @property
    def file(self) -> Path:
        """The file, wherever it is now."""
        return self.root / self.path

    @property
    def has_rebased(self) -> bool:
        """Whether a replica of another history was handed over."""
        return any(client.rebases for client in self.clients)

    @property
    def programs(self) -> list[SocketClient]:
        """The clients in Python."""
        return [client for client in self.clients if isinstance(client, SocketClient)]

    @property
    def pages(self) -> list[PageClient]:
        """The clients in Node."""
        return [client for client in self.clients if isinstance(client, PageClient)]

    def cells_of(self, doc: Doc[Any]) -> Cells:
        """The cells of a document of this plan."""
        return packed_cells(cells_of_doc(doc, self.kind))

    def cells_of_file(self) -> Cells:
        """The cells of the file."""
        return packed_cells(cells_of_file(self.file.read_bytes(), self.kind))

    def room_of(self, session: dict[str, Any]) -> str:
        """The room that the session route named."""
        self.room = f"{session['format']}:{session['type']}:{session['fileId']}"
        return self.room

    def note_conflicts(self, conflicts: list[dict[str, Any]], document: Cells) -> None:
        """Conflicts were shown to everybody: both of their sides are in the document."""
        lines = [each["merged"] for each in conflicts if each["id"] not in self._conflicts]
        self.ledger.conflicts_shown(lines, document)
        for each in conflicts:
            if each["id"] not in self._conflicts:
                self._conflicts.add(each["id"])
                is_loose = are_two(self.plan) or each["origin"] == "rebase"
                self.ledger.conflicted([(each["ours"], each["theirs"])], is_loose=is_loose)

    async def wait_for(self, done: Callable[[], bool], seconds: float = STEP_TIME) -> bool:
        """Wait until something holds; False if it did not in time."""
        end = asyncio.get_running_loop().time() + seconds
        while not done():
            if asyncio.get_running_loop().time() > end:
                return False
            await asyncio.sleep(TICK)
        return True

    # The plan

    async def run(self) -> list[str]:
        """Take all steps, come to rest, and say what is wrong."""
        try:
            await self.process.start()
            for client in self.programs:
                await client.enter(self.process.server)
            await asyncio.gather(*(page.open(self.process.server) for page in self.pages))
            await self.wait_for(lambda: all(client.opened for client in self.clients))
            for step in self.plan["steps"]:
                await self._take(step)
            self.problems += await self._at_rest()
        finally:
            await self.beside.stop()
            for client in self.programs:
                client.disconnect()
            for page in self.pages:
                await page.close()
            self.problems += await self.process.stop()
            self.problems += self.process.trouble()
            for client in self.clients:
                self.problems += client.problems
        return [*self.problems, *await self._judge_stores()]

    async def _take(self, step: Step) -> None:
        self._bury()
        places = self.ledger.places
        places.is_text_moving = places.is_text_moving and not self._all_agree()
        for client in self.clients:
            if client.run is None:
                continue
            if isinstance(client, PageClient):
                await client.take(editing.go_on)
            else:
                editing.go_on(client)
        self.beside.go_on()
        act: Callable[[Step], Awaitable[None]] | None = getattr(self, f"_do_{step['op']}", None)
        await (self._edit(step) if act is None else act(step))
        await self._pause(step["then"], step["at"])

    async def _pause(self, pause: str, share: float) -> None:
        if pause == "ticks":
            for _ in range(int(share * 6)):
                await asyncio.sleep(0)
        elif pause == "short":
            await asyncio.sleep(0.3 * share)
        elif pause == "quiet":
            await self.wait_for(self._is_quiet)

    def _is_quiet(self) -> bool:
        """Whether nothing goes on any more, for those who are online."""
        online = [client for client in self.clients if client.online]
        return not self.process.runs or all(client.is_saved for client in online)

    # Edits

    async def _edit(self, step: Step) -> None:
        """Take a step in a document, unless there is nothing to take it on."""
        client = self.clients[step["client"]]
        if step["op"] in editing.NOTEBOOK_ONLY and not is_notebook(self.kind):
            return
        # Yjs knows no moves: see `editing.edit`. [L4]
        if step["op"] in ("move", "split"):
            async with self.between_saves():
                if await self._in_step():
                    await self._make(client, lambda one: editing.edit_now(one, step))
                    await self._in_step()
        else:
            await self._make(client, lambda one: editing.edit_now(one, step))

    async def _make(
        self, client: SocketClient | PageClient, act: Callable[[Collaborator], None]
    ) -> None:
        if not client.opened:
            return
        if isinstance(client, PageClient):
            await client.take(act)
        else:
            act(client)

    async def _do_paste(self, step: Step) -> None:
        """Run a cell that prints megabytes."""
        client = self.clients[step["client"]]

        def paste(one: Collaborator) -> None:
            cell = cell_at(one.doc, step["cell"])
            if cell is None or "outputs" not in cell:
                return
            mark = one.ledger.new(step["mark"], one.username)
            if one.outputs_are_frail:
                one.ledger.excuse([step["mark"]], "(outputs were changed on disk)")
            text = f"{mark}\n" + PACKED * BLOCKS
            text = text if isinstance(one, PageClient) else unpacked(text)
            with one.effect(f"(removed by paste in step {step['mark']})"):
                outputs = cell["outputs"]
                outputs.clear()
                outputs.append(youtput({"output_type": "stream", "name": "stdout", "text": text}))

        await self._make(client, paste)

    def _is_same(self) -> bool:
        """Whether everybody is online, has the same, and it is stored."""
        one = self.programs[0]
        clocks, cells = read_state_vector(one.doc.get_state()), one.cells
        return (
            all(client.online and client.stored for client in self.clients)
            and all(client.cells == cells for client in self.clients)
            and all(read_state_vector(each.doc.get_state()) == clocks for each in self.programs)
            and all(page.clocks == clocks for page in self.pages)
        )

    async def _in_step(self) -> bool:
        """Bring everybody to the same state; False if somebody is offline."""
        if not self.process.runs or not all(client.online for client in self.clients):
            return False
        return await self.wait_for(self._is_same)

    # The server

    def _bury(self) -> None:
        """Notice that the server was killed at a point."""
        if not self.process.runs:
            for client in self.programs:
                client.disconnect()

    async def _down(self, how: str) -> None:
        if how == "stop":
            self.problems += await self.process.stop()
        else:
            self.process.kill()
        self._bury()

    async def _up(self) -> None:
        if not self.process.runs:
            (self.root / ".failpoint").unlink(missing_ok=True)
            await self.process.start()

    async def _do_down(self, step: Step) -> None:
        if step["how"] == "point":
            arm(self.process.server, step["point"], step["count"])
        else:
            await self._down(step["how"])

    async def _do_up(self, step: Step) -> None:
        await self._start_again()
        for client in self.clients:
            if client is self.clients[step["client"]] or step["at"] < 0.7:
                await self._join(client)

    async def _start_again(self) -> None:
        try:
            await self._up()
        except (RuntimeError, TimeoutError):  # killed at a point of its start
            if self.process.runs:
                raise

    async def _join(self, client: SocketClient | PageClient) -> None:
        if isinstance(client, PageClient):
            if client.refusal and not client.opened:
                # The file was renamed before the page had it: the user opens it by its new name.
                await client.reload()
            await client.come_back()
        elif self.process.runs and not client.online:
            await client.enter(self.process.server)

    async def _do_evict(self, step: Step) -> None:
        """Everybody leaves, for longer than the room stays open."""
        for client in self.clients:
            await self._leave(client)
        await asyncio.sleep(2 * CLEANUP_DELAY)

    async def _do_wipe(self, step: Step) -> None:
        """The store is lost or broken: what is neither in the file nor in a replica is gone."""
        await self._down("kill" if step["at"] < 0.6 else "stop")
        for page in self.pages:
            await page.look()
        excuse_lost_store(self.ledger, self.cells_of_file(), self.clients)
        self._keep_stores()
        if step["how"] == "corrupt":
            (self.root / STORE).write_bytes(b"no database " * 1000)
        for path in self.root.glob(f"{STORE}*"):
            if path.name.startswith(f"{STORE}.private"):
                continue
            if step["how"] != "corrupt" or path.name != STORE:
                path.unlink()

    def _keep_stores(self) -> None:
        self._kept += stores.copies(self.root, self.folder / "stores")

    # Clients

    async def _leave(self, client: SocketClient | PageClient) -> None:
        if isinstance(client, PageClient):
            await client.leave()
            await self.wait_for(lambda: not client.online)
        else:
            client.disconnect()

    async def _do_on(self, step: Step) -> None:
        await self._join(self.clients[step["client"]])

    async def _do_off(self, step: Step) -> None:
        await self._leave(self.clients[step["client"]])

    async def _do_reload(self, step: Step) -> None:
        client = self.clients[step["client"]]
        if isinstance(client, PageClient):
            await client.reload()

    async def _do_crash(self, step: Step) -> None:
        one = self.clients[step["client"]]
        for page in self.pages:
            await page.look()
        excuse_crash(self.ledger, one, self.clients)
        if isinstance(one, PageClient):
            await one.crash_for_good(self.process.server)
        else:
            one.crash()

    async def _do_save(self, step: Step) -> None:
        self.clients[step["client"]].ask("save")
        if (step["to"] < NAMED or self._restores) and await self._in_step():
            await self._name_newest(self.clients[step["client"]].username)

    async def _name_newest(self, name: str) -> None:
        """Name the newest version, which holds what everybody sees. [V4]"""
        server, one = self.process.server, self.programs[0]
        cells, session = one.cells, one.session_id
        try:
            page = await asyncio.wait_for(versions(server, self.room), STEP_TIME)
            number = page[0]["id"]
            shown = await self._content(number)
            route = f"api/collaboration/versions/{self.room}/{number}"
            status, data = await server.request("PUT", route, json={"name": name})
        except (*UNREACHABLE, AssertionError, IndexError) as error:
            self.refusals.append(f"a name: {error!r}")
            return
        # Another program's change may have been merged meanwhile.
        if shown != cells and not await self.wait_for(lambda: one.cells == shown):
            told = [checks.shown(each) for each in (shown, one.cells)]
            self.problems.append(f"the newest version is {told[0]}, and everybody sees {told[1]}")
        if status == 200:
            self.named[session, json.loads(data)["id"]] = shown

    async def _content(self, version: int) -> Cells:
        shown = await content(self.process.server, self.room, version)
        if not is_notebook(self.kind):
            return packed_cells([("", shown.replace("\r\n", "\n"))])
        return packed_cells(cells_of_file(json.dumps(shown).encode(), self.kind))

    async def _do_restore(self, step: Step) -> None:
        """Bring the document back to a version that was named, while the file waits. [V5]"""
        session = self.programs[0].session_id
        seqs = [seq for name, seq in self.named if name == session]
        if not seqs:
            return
        async with self.between_saves():
            if not await self._in_step():
                return
            seq = seqs[min(int(step["at"] * len(seqs)), len(seqs) - 1)]
            before, then = self.programs[0].cells, self.named[session, seq]
            name = before[min(int(step["cell"] * len(before)), len(before) - 1)][0]
            only = name if name and step["to"] < 0.4 else None
            after = then if only is None else _with_cell(before, then, only)
            why = f"(removed by the restore in step {step['mark']})"
            self.ledger.edited(before, after, why)
            try:
                await self._restore(self.clients[step["client"]], seq, only)
            except (*UNREACHABLE, RuntimeError) as error:
                self.refusals.append(f"a restore: {error!r}")
            await self._in_step()

    async def _restore(self, client: SocketClient | PageClient, seq: int, only: str | None) -> None:
        """Restore a version: a page makes the edits itself, so that it can undo them."""
        if isinstance(client, PageClient):
            await client.restore(seq, only)
            return
        body = {"version": seq} if only is None else {"version": seq, "cell": only}
        route = f"api/collaboration/restore/{self.room}"
        await self.process.server.request("PUT", route, json=body)

    async def _do_beside(self, step: Step) -> None:
        await self.beside.take(step)

    # The file

    async def _do_disk(self, step: Step) -> None:
        async with self.between_saves():
            writers.write(self.file, self.kind, step, self.ledger)

    @asynccontextmanager
    async def between_saves(self) -> AsyncIterator[None]:
        """Nobody can tell a write between a server's look and its own write, so take a turn as
        another server would. [L8]"""
        async with self._turns.turn(os.path.realpath(self.file)):
            yield

    async def _do_rename(self, step: Step) -> None:
        """Rename the file, as JupyterLab's file browser does."""
        if not self.process.runs:
            return
        new = f"renamed-{step['mark']}{Path(self.path).suffix}"
        try:
            status, _ = await self.process.server.request(
                "PATCH", f"api/contents/{self.path}", json={"path": new}
            )
        except UNREACHABLE as error:
            self.refusals.append(f"a rename: {error!r}")
            status = 0
        if status == 200 or (self.root / new).exists():
            self.path = new

    # The end

    async def _at_rest(self) -> list[str]:
        """Bring everybody back, save, and say what is wrong then."""
        (self.root / ".failpoint").unlink(missing_ok=True)

        async def all_back() -> None:
            while not (self.process.runs and all(client.online for client in self.clients)):
                self._bury()
                await self._start_again()
                for client in self.clients:
                    if not client.online:
                        await self._join(client)
                await self.wait_for(lambda: all(c.online for c in self.clients), 0.2)

        try:
            await asyncio.wait_for(all_back(), self.rest_time)
        except TimeoutError:
            away = [client.username for client in self.clients if not client.online]
            refused = [page.refusal for page in self.pages]
            return [f"{away} cannot come back: {refused} {self.refusals[-3:]}"]
        if not await self.wait_for(self._is_same, self.rest_time):
            return ["the replicas do not become the same", *self._differences()]
        one = self.programs[0]
        number = one.ask("save")
        if not await self.wait_for(lambda: number in one.replies, self.rest_time):
            return ["a save is not answered"]
        replies = [one.replies[number], *[await page.save() for page in self.pages]]
        if any(reply["status"] == "failed" for reply in replies):
            return [f"the last save failed: {replies}"]
        wrong: list[str] = []
        if not await self.wait_for(self._is_saved, self.rest_time):
            wrong = ["the file does not become what the document is", *self._differences()]
        if not await self.wait_for(self._all_agree, self.rest_time):
            wrong += ["the servers do not agree", *self._differences()]
            wrong.append(f"beside: {checks.shown(self.beside.cells)}")
        wrong += checks.verdicts(self, one.cells)
        if wrong:
            wrong.append(f"in the end: {checks.shown(one.cells)}")
        return wrong

    def _is_saved(self) -> bool:
        """Whether everybody has the same, and the file, too."""
        try:
            file = self.cells_of_file()
        except (OSError, ValueError):  # it is being written
            return False
        one = self.programs[0]
        return (
            self._is_same()
            and all(client.is_saved for client in self.clients)
            and checks.file_agrees(self.plan, file, one.cells, one.doc)
        )

    def _all_agree(self) -> bool:
        return self._is_saved() and self.beside.agrees(self.programs[0].cells)

    def _differences(self) -> list[str]:
        told = [f"file: {checks.shown(self.cells_of_file())}"]
        for client in self.clients:
            stored = "stored" if client.stored else "not stored"
            told.append(f"{client.username} ({stored}): {checks.shown(client.cells)}")
        return told

    async def _judge_stores(self) -> list[str]:
        """What is wrong in the histories, when all servers are gone."""
        one = self.programs[0]
        self._keep_stores()
        wrong = await stores.invented(self, self._kept)
        main = stores.copies(self.root, self.folder / "stores")[0]
        async with stores.history_in(main, self.room) as history:
            wrong += await checks.history_verdicts(self, history, one.doc, one.session_id)
        return wrong


def _with_cell(now: Cells, then: Cells, name: str) -> Cells:
    old = dict(then)
    if name not in old:
        return now
    return [(each, old[name] if each == name else text) for each, text in now]


def run_real_plan(
    plan: Plan, world_class: type[RealWorld] = RealWorld, *, rest_time: float = REST_TIME
) -> list[str]:
    """Carry out a plan in a folder of its own; what is wrong at its end.

    Args:
        rest_time: seconds within which everything comes to rest.
    """

    async def whole() -> list[str]:
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            world = world_class(plan, Path(folder))
            world.rest_time = rest_time
            try:
                return await asyncio.wait_for(world.run(), PLAN_TIME)
            except Exception:  # that of a step; other plans go on
                return [*world.problems, f"it broke: {traceback.format_exc(chain=False)}"]
            finally:
                world.process.kill()
                world.beside.kill()

    return asyncio.run(whole())
