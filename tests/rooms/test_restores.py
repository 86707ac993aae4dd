"""What somebody types while a version is restored stays, whenever it arrives. [S4] [V5]"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fuzz.server import Life
from jupyter_server_fileid.manager import ArbitraryFileIdManager
from pycrdt import Array, Doc, Map, Text, UndoManager

from jupyter_collaboration.access.roles import Role
from jupyter_collaboration.documents.identity import DocumentId
from jupyter_collaboration.protocol.update_reader import read_update
from jupyter_collaboration.rooms.document import DocumentRoom
from jupyter_collaboration.rooms.member import Outgoing
from jupyter_collaboration.versions import service as versions
from jupyter_collaboration.versions.service import VersionService

Run = Callable[[Awaitable[Any]], Any]


class Page:
    """A member of a room that sees what others do only when it looks."""

    role = Role.EDITOR
    may_execute = True

    def __init__(self, room: DocumentRoom, username: str) -> None:
        self.username = username
        self._room = room
        self.doc: Doc[Any] = Doc()
        self.doc.apply_update(room.ydoc.get_update())
        self._subscription = self.doc.observe(lambda event: self._updates.append(event.update))
        self._updates: list[bytes] = []
        room.join(self)

    def identity(self, claimed: Any) -> dict[str, Any]:
        return {"username": self.username}

    def tell_role(self) -> None:
        """It stays what it is."""

    def send(self, outgoing: Outgoing) -> None:
        """It does not look."""

    def dismiss(self, code: int, reason: str) -> None:
        """The server stops."""

    def deliver(self) -> None:
        """Send what was edited here."""
        for update in self._updates:
            self._room.take_read(self, update, read_update(update))
        self._updates.clear()

    def look(self) -> None:
        self.doc.apply_update(self._room.ydoc.get_update())
        self._updates.clear()

    def apply(self, update: bytes) -> None:
        self.doc.apply_update(update)
        self.deliver()

    @property
    def cells(self) -> Array[Any]:
        cells: Array[Any] = self.doc.get("cells", type=Array)
        return cells

    def text(self, name: str | None) -> Text:
        if name is None:
            source: Text = self.doc.get("source", type=Text)
            return source
        text: Text = next(cell["source"] for cell in self.cells if cell["id"] == name)
        return text

    def type(self, name: str | None, at: int, text: str) -> None:
        """Type into a cell, or into a file, and send it."""
        self.text(name).insert(at, text)
        self.deliver()


def shared(cell: dict[str, Any]) -> Map[Any]:
    """A cell as pages insert it."""
    parts = {"metadata": Map(cell["metadata"]), "source": Text(cell["source"])}
    return Map({**cell, **parts, "outputs": Array()})


def code(name: str, source: str) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": name, "metadata": {"tags": [name]}, "outputs": []}
    return {**cell, "source": source, "execution_count": None}


def add_cell(one: Page, other: Page, cell: dict[str, Any]) -> None:
    """Add a cell at the end that both have."""
    one.cells.append(shared(cell))
    one.deliver()
    other.look()


def sources(room: DocumentRoom) -> list[str]:
    return [str(cell["source"]) for cell in room.ydoc.get("cells", type=Array)]


def names(room: DocumentRoom) -> list[str]:
    return [str(cell["id"]) for cell in room.ydoc.get("cells", type=Array)]


def kinds(room: DocumentRoom) -> list[str]:
    return [each["kind"] for each in room.conflicts.message()["conflicts"]]


class Stage:
    """A document in a server, and its versions."""

    def __init__(self, life: Life, room: DocumentRoom) -> None:
        self.room = room
        self.service = VersionService(life.rooms, life.logger)

    async def version(self) -> int:
        """The id of the version that the document is now."""
        seq = self.room.history.mark_cut()
        await self.room.history.commit()
        return seq

    async def restore(self, seq: int, page: Page | None = None, cell: str | None = None) -> None:
        """Restore a version, in the server or by an edit of a page."""
        author = "the server" if page is None else page.username
        update = await self.service.restore(
            self.room.id, seq, author, apply=page is None, cell=cell
        )
        if page is not None:
            page.apply(update)


@asynccontextmanager
async def stage(folder: Path, content: dict[str, Any] | str) -> AsyncIterator[Stage]:
    root = folder / "root"
    root.mkdir()
    is_text = isinstance(content, str)
    path = root / ("a.txt" if is_text else "a.ipynb")
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    ids = ArbitraryFileIdManager(db_path=":memory:", root_dir=str(root))
    file_id = ids.index(path.name)
    document = DocumentId("text" if is_text else "json", "file" if is_text else "notebook", file_id)
    life = Life(root, document, ids)
    await life.start()
    async with life.pinned() as room:
        await room.settled()
        yield Stage(life, room)
    await life.stop()


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


MOMENTS = ["read", "computed", "applied", "restored"]
"""When an edit arrives: right after the version was read, or the restore was computed or applied,
or when all is over."""


def interrupted(monkeypatch: pytest.MonkeyPatch, at: Stage, do: Callable[[str], None]) -> None:
    """Do something at each of the moments but the last one, as an edit that arrives then."""
    content, run, commit = at.service.content, versions.run_large, at.room.history.commit

    async def content_then(*args: Any) -> Any:
        found = await content(*args)
        do("read")
        return found

    async def run_then(*args: Any) -> Any:
        found = await run(*args)
        if args[1] is versions.merge_into:
            do("computed")
        return found

    async def commit_then() -> None:
        do("applied")
        await commit()

    monkeypatch.setattr(at.service, "content", content_then)
    monkeypatch.setattr(versions, "run_large", run_then)
    monkeypatch.setattr(at.room.history, "commit", commit_then)


@pytest.mark.parametrize("by", ["server", "page"])
@pytest.mark.parametrize("typed", [*MOMENTS, "all"])
@pytest.mark.parametrize("source", ["y = 2", "", "é = '😀'"])
def test_typing_into_a_cell_that_a_restore_deletes_stays(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, by: str, typed: str, source: str
) -> None:  # S13 [S4] [V5]
    async def test() -> None:
        async with stage(tmp_path, notebook(code("x", "x = 1"), code("z", "z = 3"))) as at:
            before = await at.version()
            ada, grace = Page(at.room, "ada"), Page(at.room, "grace")
            ada.cells.insert(1, shared(code("y", source)))
            ada.deliver()
            grace.look()
            done: list[str] = []

            def do(moment: str) -> None:
                if typed in ("all", moment) and moment not in done:
                    place = len(source.encode()) + sum(map(len, done))
                    done.append(moment)
                    grace.type("y", place, moment)

            interrupted(monkeypatch, at, do)
            await at.restore(before, ada if by == "page" else None)
            do("applied")  # nothing is stored at once of what a page applies
            do("restored")
            text = source + "".join(done)
            assert sources(at.room) == ["x = 1", text, "z = 3"]
            assert names(at.room) == ["x", "y", "z"]
            assert kinds(at.room) == ["deleted"]
            grace.look()
            assert grace.cells[1]["metadata"].to_py() == {"tags": ["y"]}

    run(test())


@pytest.mark.parametrize("by", ["server", "page"])
@pytest.mark.parametrize("typed", MOMENTS)
@pytest.mark.parametrize("cell", ["x", None])
def test_typing_into_text_that_a_restore_leaves_stays(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    by: str,
    typed: str,
    cell: str | None,
) -> None:  # S13 [S4] [V5]
    async def test() -> None:
        async with stage(tmp_path, notebook(code("x", "x = 1"), code("z", "z = 3"))) as at:
            before = await at.version()
            ada, grace = Page(at.room, "ada"), Page(at.room, "grace")
            ada.type("x", 5, "5")
            grace.look()
            done: list[str] = []

            def do(moment: str) -> None:
                if typed == moment and not done:
                    done.append(moment)
                    grace.type("z", 5, " # typed")
                    grace.type("x", 0, "# typed\n")

            interrupted(monkeypatch, at, do)
            await at.restore(before, ada if by == "page" else None, cell=cell)
            do("applied")
            do("restored")
            assert sources(at.room) == ["# typed\nx = 1", "z = 3 # typed"]
            assert kinds(at.room) == []

    run(test())


def test_a_cell_comes_back_although_what_was_typed_replaced_its_text(
    run: Run, tmp_path: Path
) -> None:  # [S4] [V5]
    async def test() -> None:
        async with stage(tmp_path, notebook(code("x", "x = 1"))) as at:
            before = await at.version()
            ada, grace = Page(at.room, "ada"), Page(at.room, "grace")
            add_cell(ada, grace, code("y", "y = 2"))
            await at.restore(before)
            del grace.text("y")[0:5]
            grace.type("y", 0, "z")
            grace.type("y", 1, " = 3")
            assert sources(at.room) == ["x = 1", "z = 3"]
            grace.text("y").clear()
            grace.type("y", 0, "4")
            assert sources(at.room) == ["x = 1", "4"]

    run(test())


def test_a_cell_that_somebody_erases_or_deletes_as_well_stays_away(
    run: Run, tmp_path: Path
) -> None:  # [V5]
    async def test() -> None:
        async with stage(tmp_path, notebook(code("x", "x = 1"))) as at:
            before = await at.version()
            ada, grace = Page(at.room, "ada"), Page(at.room, "grace")
            for name in "yz":
                ada.cells.append(shared(code(name, "y = 2")))
            ada.deliver()
            grace.look()
            await at.restore(before)
            grace.text("y").clear()
            grace.deliver()
            del grace.cells[2]
            grace.deliver()
            assert sources(at.room) == ["x = 1"]

    run(test())


@pytest.mark.parametrize("is_typed", ["never", "before", "after"])
def test_undo_of_a_restore_brings_back_what_it_deleted_once(
    run: Run, tmp_path: Path, is_typed: str
) -> None:  # [S4] [V5]
    async def test() -> None:
        async with stage(tmp_path, notebook(code("x", "x = 1"))) as at:
            before = await at.version()
            ada, grace = Page(at.room, "ada"), Page(at.room, "grace")
            add_cell(ada, grace, code("y", "y = 2"))
            undo = UndoManager(scopes=[ada.cells], capture_timeout_millis=0)
            await at.restore(before, ada)
            if is_typed == "before":
                grace.type("y", 5, "0")
            undo.undo()
            ada.deliver()
            if is_typed == "after":
                grace.type("y", 5, "0")
            await asyncio.sleep(0)  # cells with the same id are joined then
            text = "y = 2" if is_typed == "never" else "y = 20"
            assert sources(at.room) == ["x = 1", text]
            assert names(at.room) == ["x", "y"]
            grace.type("y", len(grace.text("y")), "5")  # still in the deleted cell
            text = "y = 25" if is_typed == "never" else "y = 205"
            assert sources(at.room) == ["x = 1", text]

    run(test())


@pytest.mark.parametrize("by", ["server", "page"])
def test_two_restores_at_once_make_one_of_their_versions(
    run: Run, tmp_path: Path, by: str
) -> None:  # [V5]
    async def test() -> None:
        async with stage(tmp_path, notebook(code("x", "x = 1"), code("y", "y = 2"))) as at:
            ada, grace = Page(at.room, "ada"), Page(at.room, "grace")
            first = await at.version()
            ada.text("x").insert(5, "0")
            del ada.cells[1]
            ada.deliver()
            grace.look()
            pages = [ada, grace] if by == "page" else [None, None]
            await asyncio.gather(*(at.restore(first, page) for page in pages))
            await asyncio.sleep(0)
            assert sources(at.room) == ["x = 1", "y = 2"]
            assert names(at.room) == ["x", "y"]

    run(test())


def gated(monkeypatch: pytest.MonkeyPatch, at: Stage) -> asyncio.Event:
    """Have restores wait, after they were requested, until this is set."""
    content, gate = at.service.content, asyncio.Event()

    async def when_open(*args: Any) -> Any:
        await gate.wait()
        return await content(*args)

    monkeypatch.setattr(at.service, "content", when_open)
    return gate


async def requested(at: Stage, count: int) -> None:
    """Wait until restores are requested."""
    while len(at.room.synchronizer.requested._bases) < count:
        await asyncio.sleep(0)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_what_is_typed_during_several_restores_stays(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, count: int
) -> None:  # [V5]
    async def test() -> None:
        async with stage(tmp_path, "one thing\nsame\n") as at:
            ada, grace = Page(at.room, "ada"), Page(at.room, "grace")
            first = await at.version()
            ada.type(None, 0, "no")
            grace.look()
            gate = gated(monkeypatch, at)
            restores = [asyncio.ensure_future(at.restore(first)) for _ in range(count)]
            await requested(at, count)
            grace.type(None, len("noone thing\nsame\n"), "typed\n")
            gate.set()
            await asyncio.gather(*restores)
            source = at.room.ydoc.get("source", type=Text)
            assert str(source) == "one thing\nsame\ntyped\n"
            assert kinds(at.room) == []

    run(test())


@pytest.mark.parametrize("by", ["server", "page"])
def test_a_restore_replaces_one_that_was_faster(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, by: str
) -> None:  # [V5]
    async def test() -> None:
        async with stage(tmp_path, "one thing\n") as at:
            ada, grace = Page(at.room, "ada"), Page(at.room, "grace")
            first = await at.version()
            ada.text(None).clear()
            ada.type(None, 0, "two things\n")
            second = await at.version()
            ada.text(None).clear()
            ada.type(None, 0, "three\n")
            grace.look()
            open_content = at.service.content
            gate = gated(monkeypatch, at)
            author = grace if by == "page" else None
            slow = asyncio.ensure_future(
                at.service.restore(at.room.id, second, "grace", apply=author is None)
            )
            await requested(at, 1)
            monkeypatch.setattr(at.service, "content", open_content)
            await at.restore(first, ada if by == "page" else None)
            grace.look()
            gate.set()
            update = await slow
            if author is not None:
                author.apply(update)
            assert str(at.room.ydoc.get("source", type=Text)) == "two things\n"
            assert kinds(at.room) == []

    run(test())


def test_two_reverts_do_not_double_what_was_typed_meanwhile(
    run: Run, tmp_path: Path
) -> None:  # [S4] [V5]
    async def test() -> None:
        async with stage(tmp_path, "line\n") as at:
            ada, bob = Page(at.room, "ada"), Page(at.room, "bob")
            ada.type(None, 4, " x")
            bob.look()
            synchronizer = at.room.synchronizer
            bases = [synchronizer.requested.begin() for _ in range(2)]
            bob.type(None, 6, " bob")
            for base in bases:
                await synchronizer.revert(base)
                synchronizer.requested.end(base)
            assert str(at.room.ydoc.get("source", type=Text)) == "line x bob\nline\n"
            assert len(kinds(at.room)) == 1

    run(test())


def test_restores_of_two_versions_at_once_make_one_of_them(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:  # [V5]
    compute = versions.run_large
    computed: list[Any] = []

    async def test() -> None:
        async with stage(tmp_path, notebook(code("x", "x = 1"), code("y", "y = 2"))) as at:
            merging = at.room.synchronizer.merging

            async def together(*args: Any) -> Any:
                found = await compute(*args)
                if args[1] is versions.merge_into:
                    computed.append(found)
                    # The other one is computed before this one is applied, unless it has to wait.
                    while len(computed) < 2 and not merging.statistics().tasks_waiting:
                        await asyncio.sleep(0)
                return found

            monkeypatch.setattr(versions, "run_large", together)
            ada = Page(at.room, "ada")
            found = [await at.version()]
            shown = [sources(at.room)]
            for text in ("0", "5"):
                ada.text("x").insert(5, text)
                ada.cells.append(shared(code(text, text)))
                ada.deliver()
                found.append(await at.version())
                shown.append(sources(at.room))
            await asyncio.gather(*map(at.restore, found[:2]))
            assert sources(at.room) in shown[:2]
            assert kinds(at.room) == []

    run(test())


@pytest.mark.parametrize("by", ["server", "page"])
@pytest.mark.parametrize("typed", MOMENTS[1:])
def test_typing_into_a_paragraph_that_a_restore_removes_stays(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, by: str, typed: str
) -> None:  # [S4] [V5]
    async def test() -> None:
        async with stage(tmp_path, "one\ntwo\n") as at:
            before = await at.version()
            ada, grace = Page(at.room, "ada"), Page(at.room, "grace")
            ada.type(None, 4, "a paragraph\nof two lines\n")
            grace.look()
            done: list[str] = []

            def do(moment: str) -> None:
                if moment == typed and not done:
                    done.append(moment)
                    grace.type(None, len("one\na para"), "typed")

            interrupted(monkeypatch, at, do)
            await at.restore(before, ada if by == "page" else None)
            do("applied")
            do("restored")
            text = str(at.room.ydoc.get("source", type=Text))
            assert text.count("typed") == 1
            assert text.startswith("one\n") and text.endswith("two\n")
            if typed == "computed":
                assert text == "one\na paratypedgraph\ntwo\n"
                assert kinds(at.room) == ["text"]

    run(test())


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_done_to_the_text_of_a_deleted_cell_is_done_to_the_one_that_comes_back(
    run: Run, tmp_path: Path, seed: int
) -> None:  # [S4] [V5]
    rng = random.Random(seed)

    async def test() -> None:
        async with stage(tmp_path, notebook(code("x", "x = 1"))) as at:
            before = await at.version()
            ada, grace = Page(at.room, "ada"), Page(at.room, "grace")
            source = rng.choice(["", "y = 2", "a\nb\nc", "é😀"])
            add_cell(ada, grace, code("y", source))
            await at.restore(before)
            grace.type("y", 0, "typed")
            text = grace.text("y")
            for _ in range(30):
                now = str(text)
                start, end = sorted(rng.choices(range(len(now) + 1), k=2))
                start, end = (len(now[:place].encode()) for place in (start, end))
                if rng.random() < 0.6:
                    text.insert(start, rng.choice(["1", "ab", "\n", "😀"]))
                elif start < end:
                    del text[start:end]
                if rng.random() < 0.7:
                    grace.deliver()
            grace.deliver()
            assert sources(at.room) == ["x = 1", str(text)]

    run(test())


@pytest.mark.parametrize("origin", ["disk", "rebase"])
def test_typing_into_a_cell_that_another_merge_deletes_stays(
    run: Run, tmp_path: Path, origin: str
) -> None:  # [S4] [F4]
    async def test() -> None:
        cells = [code("x", "x = 1"), code("y", "y = 2")]
        async with stage(tmp_path, notebook(*cells)) as at:
            page = Page(at.room, "grace")
            replica: Doc[Any] = Doc()
            replica.apply_update(at.room.ydoc.get_update())
            base = replica.get_update()
            del replica.get("cells", type=Array)[1]
            if origin == "disk":
                path = tmp_path / "root" / "a.ipynb"
                path.write_text(json.dumps(notebook(cells[0])))
                await at.room.synchronizer.look()
            else:
                await at.room.rebase("another", replica.get_update(), base, "ada")
            assert sources(at.room) == ["x = 1"]
            page.type("y", 5, "0")
            assert sources(at.room) == ["x = 1", "y = 20"]
            (conflict,) = at.room.conflicts.message()["conflicts"]
            assert (conflict["kind"], conflict["origin"]) == ("deleted", origin)

    run(test())
