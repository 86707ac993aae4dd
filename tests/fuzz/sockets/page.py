"""A collaborator in Node: the provider and the shared models of our pages, without a browser.

An edit is made in a copy of what the page shows, as a client in Python makes it, and then in the
page by the methods that JupyterLab calls. If the page has changed meanwhile, it is made again.
"""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pycrdt import Doc, Text

from jupyter_collaboration.protocol.messages import read_state_vector

from ..clients import Collaborator
from ..contents import cells_of_file, is_notebook, ycell, ycells
from ..marks import Cells, count
from .clients import tell_of_cells
from .large import BLOCK, PACKED

if TYPE_CHECKING:
    from support import Server

    from .world import RealWorld

ROOT = Path(__file__).parents[3]
SOURCE = ROOT / "tests" / "fuzz" / "node" / "client.ts"
ESBUILD = ROOT / "node_modules" / "esbuild" / "bin" / "esbuild"

TRIES = 50
"""How often an edit is made again because the page has changed; once suffices nearly always."""

MOST_BYTES = 2**26
"""The longest line of an answer."""


def node() -> str | None:
    """The command of Node, perhaps that of the Python environment."""
    return shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))


def missing() -> str:
    """What a page needs and is not installed; empty if nothing."""
    if node() is None:
        return "Node"
    return "" if ESBUILD.exists() else "the JavaScript packages (jlpm install)"


@cache
def program() -> Path:
    """Bundle the program of a page from the sources of the front end."""
    made = ROOT / "build" / "fuzz-page" / "client.cjs"
    command = [
        str(node()),
        str(ESBUILD),
        str(SOURCE),
        "--bundle",
        "--platform=node",
        "--format=cjs",
    ]
    subprocess.run([*command, "--log-level=warning", f"--outfile={made}"], check=True, cwd=ROOT)
    return made


class PageClient(Collaborator):
    """A page in a process of its own."""

    def __init__(self, name: str, world: RealWorld) -> None:
        self._world = world
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._calls: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._number = 0
        self._saves: set[asyncio.Task[None]] = set()
        super().__init__(name, world.kind, world.ledger)

    def _start(self) -> None:
        super()._start()
        self._shown: Cells = []
        self._known: dict[str, str] = {}
        self._look: dict[str, Any] = {}
        self._effects: list[tuple[Cells, Cells, str]] = []

    # What the page said at last

    @property
    def cells(self) -> Cells:
        return self._shown

    @property
    def online(self) -> bool:
        return bool(self._look.get("status") == "live")

    @property
    def opened(self) -> bool:
        return bool(self._look.get("isOpened"))

    @property
    def stored(self) -> bool:
        return bool(self._look.get("unacknowledged") == 0)

    @property
    def is_saved(self) -> bool:
        """Whether the server said that the file has everything."""
        return self.stored and not self._look["isDirty"]

    @property
    def clocks(self) -> dict[int, int]:
        """How much the page has of each Yjs client."""
        return read_state_vector(base64.b64decode(self._look["stateVector"]))

    @property
    def refusal(self) -> str:
        """Why the page does not come back, in words; empty if it does."""
        return str(self._look.get("refusal") or "")

    def _looked(self, look: dict[str, Any]) -> None:
        self._look = look
        self._world.members.add(look["clientId"])
        if is_notebook(self.kind):
            content = json.dumps({"cells": look["cells"]}).encode()
            self._shown = cells_of_file(content, self.kind)
        else:
            self._shown = [("", look["cells"][0]["source"])]
        self._known = tell_of_cells(self._world, self._known, self._shown)
        if self.online and self.stored:
            for number in count(self._shown):
                if (mark := self.ledger.marks[number]).author == self.username:
                    mark.safe = True

    async def look(self) -> None:
        """Ask what the page shows now."""
        self._looked(await self._call("look"))

    # The process

    async def open(self, server: Server) -> None:
        """Start the process, and have it open the document."""
        self._process = await asyncio.create_subprocess_exec(
            str(node()),
            str(program()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=MOST_BYTES,
        )
        self._reading = asyncio.get_running_loop().create_task(self._read(self._process))
        await self._call(
            "open",
            base=f"{server.base}/",
            token=server.token,
            path=self._world.path,
            username=self.username,
            block=BLOCK,
            packed=PACKED,
            **self._world.content,
        )
        await self.look()

    async def close(self) -> None:
        """End the process, as a crash of the browser does."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if self._reading is not None:
            await self._reading
        for save in list(self._saves):
            await save

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            message = json.loads(line)
            if "id" in message:
                call = self._calls.pop(message["id"])
                if not call.done():  # it may have been given up
                    call.set_result(message)
            elif process is self._process:
                getattr(self, f"_on_{message['event']}")(message)
        for call in self._calls.values():
            if not call.done():
                call.set_exception(ConnectionError("the page's process has ended"))
        self._calls.clear()

    async def _call(self, name: str, **arguments: Any) -> dict[str, Any]:
        """Have the page do something, and wait for its answer."""
        process = self._process
        if process is None or process.stdin is None:
            raise ConnectionError("the page is closed")
        self._number += 1
        call = self._calls[self._number] = asyncio.get_running_loop().create_future()
        request = {"id": self._number, "do": name, **arguments}
        process.stdin.write(json.dumps(request).encode() + b"\n")
        answer: dict[str, Any] = await call
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    # Events

    def _on_changed(self, look: dict[str, Any]) -> None:
        self._looked(look)

    def _on_replica(self, event: dict[str, Any]) -> None:
        self.session_id = event["sessionId"]
        self.rebases += 1
        self._note_replica(base64.b64decode(event["state"]))

    def _cells_of(self, doc: Doc[Any]) -> Cells:
        return self._world.cells_of(doc)

    def _on_placed(self, event: dict[str, Any]) -> None:
        self.ledger.clashed((each["theirs"], each["yours"]) for each in event["conflicts"])

    def _on_conflicts(self, event: dict[str, Any]) -> None:
        self._world.note_conflicts(event["conflicts"], self.cells)

    def _on_broken(self, event: dict[str, Any]) -> None:
        self.problems.append(f"{self.username}: {event['error']}")

    # The network

    async def leave(self) -> None:
        """Lose the network."""
        await self._call("off")

    async def come_back(self) -> None:
        """Have the network back, or try to reach the server again at once."""
        await self._call("on")

    async def reload(self) -> None:
        """Load the page again: it has what its database has kept. [S6]"""
        await self._call("reload", path=self._world.path)
        self._inverses.clear()
        self.run = None
        await self.look()

    async def crash_for_good(self, server: Server) -> None:
        """Lose the replica and the database."""
        await self.close()
        self._start()
        await self.open(server)

    # Edits

    @contextmanager
    def effect(self, why: str, inverse: Callable[[], None] | None = None) -> Iterator[None]:
        before = self._cells_of(self.doc)
        with self.doc.transaction():
            yield
        if inverse is not None:
            self._inverses.append(inverse)
        self._effects.append((before, self._cells_of(self.doc), why))

    async def take(self, act: Callable[[Collaborator], None]) -> None:
        """Make an edit in the page as it is.

        Raises:
            TimeoutError: the page changes faster than anybody can type.
        """
        for _ in range(TRIES):
            await self.look()
            if not self.opened or await self._taken(act):
                return
        raise TimeoutError(f"{self.username} cannot type")

    async def _taken(self, act: Callable[[Collaborator], None]) -> bool:
        look = self._look
        self.doc = _copy(look["cells"], self.kind)
        marks, inverses = set(self.ledger.marks), list(self._inverses)
        run = self.run and replace(self.run, pieces=list(self.run.pieces))
        self._effects = []
        act(self)
        if not self._effects:
            return True
        changes = _changes(look["cells"], _contents(self.doc, self.kind), self.kind)
        answer = await self._call("edit", version=look["version"], changes=changes)
        if not answer["isDone"]:
            for number in set(self.ledger.marks) - marks:
                del self.ledger.marks[number]
            self._inverses, self.run = inverses, run
            return False
        for before, after, why in self._effects:
            self.ledger.edited(before, after, why)
        self._looked(answer)
        if self._shown != self._effects[-1][1]:
            self.problems.append(f"{self.username} shows {self._shown}, not {self._effects[-1][1]}")
        return True

    def ask(self, name: str) -> int:
        """Save; nobody waits for the answer here."""
        if name == "save" and self._process is not None:
            save = asyncio.get_running_loop().create_task(self._save_some_time())
            self._saves.add(save)
            save.add_done_callback(self._saves.discard)
        return 0

    async def _save_some_time(self) -> None:
        with suppress(ConnectionError):
            await self._call("save")

    async def save(self) -> dict[str, Any]:
        """Save, and return the answer."""
        return await self._call("save")

    async def restore(self, version: int, cell: str | None) -> None:
        """Restore a version, or one cell of it.

        Raises:
            RuntimeError: the server refuses.
        """
        only = {} if cell is None else {"cell": cell}
        self._looked(await self._call("restore", room=self._world.room, version=version, **only))

    def disconnect(self) -> None:
        """The provider notices by itself what happens to its connection."""


def _copy(cells: list[dict[str, Any]], kind: str) -> Doc[Any]:
    doc: Doc[Any] = Doc()
    if is_notebook(kind):
        ycells(doc).extend([ycell(cell) for cell in cells])
    else:
        doc.get("source", type=Text).insert(0, cells[0]["source"])
    return doc


def _contents(doc: Doc[Any], kind: str) -> list[dict[str, Any]]:
    if is_notebook(kind):
        return [cell.to_py() for cell in ycells(doc)]
    return [{"source": str(doc.get("source", type=Text))}]


def _changes(
    old: list[dict[str, Any]], new: list[dict[str, Any]], kind: str
) -> list[dict[str, Any]]:
    """The edits that turn cells into others: at most one move, or cells in one place."""
    changes: list[dict[str, Any]] = []
    names, wanted = [cell.get("id") for cell in old], [cell.get("id") for cell in new]
    if names != wanted and sorted(names) == sorted(wanted):
        start, end = _move(names, wanted)
        changes.append({"do": "move", "from": start, "to": end})
        cells = list(old)
        cells.insert(end, cells.pop(start))
    else:
        start, end = _differing(names, wanted)
        stop = len(old) - (len(new) - end)
        changes += [{"do": "delete", "at": start} for _ in range(start, stop)]
        changes += [{"do": "insert", "at": at, "cell": new[at]} for at in range(start, end)]
        cells = [*old[:start], *new[start:end], *old[stop:]]
    for at, (before, after) in enumerate(zip(cells, new, strict=True)):
        if before["source"] != after["source"]:
            changes.append({"do": "text", "cell": at, **_text(before["source"], after["source"])})
        if before.get("outputs") != after.get("outputs"):
            count = after["execution_count"]
            changes.append(
                {"do": "outputs", "cell": at, "outputs": after["outputs"], "count": count}
            )
    return changes


def _move(names: list[Any], wanted: list[Any]) -> tuple[int, int]:
    for start, name in enumerate(names):
        rest = names[:start] + names[start + 1 :]
        for end in range(len(names)):
            if [*rest[:end], name, *rest[end:]] == wanted:
                return start, end
    raise ValueError(f"{names} are not {wanted} after one move")


def _differing(old: Any, new: Any) -> tuple[int, int]:
    """Where two sequences begin to differ, and where in the second one they end to."""
    size = min(len(old), len(new))
    start = next((at for at in range(size) if old[at] != new[at]), size)
    end = next((at for at in range(size - start) if old[-1 - at] != new[-1 - at]), size - start)
    return start, len(new) - end


def _text(old: str, new: str) -> dict[str, Any]:
    start, end = _differing(old, new)
    stop = len(old) - (len(new) - end)
    return {"start": _units(old[:start]), "end": _units(old[:stop]), "text": new[start:end]}


def _units(text: str) -> int:
    """The length of a text in JavaScript."""
    return len(text.encode("utf-16-le")) // 2
