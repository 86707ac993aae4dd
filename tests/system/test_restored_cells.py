"""Typing into a cell while a restore deletes it, by real clients. S13 [S4] [V5]"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text
from support import Editor, Server, put, room_of, versions

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]
Staged = Callable[[], AbstractAsyncContextManager["Stage"]]


def code(source: str, name: str) -> dict[str, Any]:
    cell = {"cell_type": "code", "id": name, "metadata": {}, "source": source}
    return {**cell, "execution_count": None, "outputs": []}


def sources(editor: Editor) -> list[str]:
    return [str(cell["source"]) for cell in editor.cells]


class Stage:
    """A notebook of two members on a real server, and the version before a cell was added."""

    def __init__(self, server: Server, by: str) -> None:
        self.server = server
        self._by = by

    async def open(self) -> None:
        self.fixture = self.server.notebook_file("a.ipynb", [code("x = 1", "one")])
        self._room = room_of(await self.server.endpoint(self.fixture))
        self.ada, self.grace = [await self.server.member(self.fixture) for _ in "ab"]
        await self.ada.ask("save")
        self._start = (await versions(self.server, self._room))[-1]["id"]

    async def add(self, source: str) -> None:
        """Add a cell that both have."""
        parts = {"source": Text(source), "metadata": Map({}), "outputs": Array()}
        self.ada.cells.append(Map({**code("", "new"), **parts}))
        await self.see(self.grace, "x = 1", source)

    async def restore(self) -> None:
        """Restore the first version, in the server or by an edit of Ada's page."""
        apply = self._by == "server"
        route = f"restore/{self._room}"
        status, answer = await put(self.server, route, version=self._start, apply=apply)
        assert status == 200, answer
        if not apply:
            self.ada.doc.apply_update(base64.b64decode(answer["update"]))
        await self.ada.ask("ack")
        await self.see(self.ada, "x = 1")

    async def see(self, member: Editor, *expected: str) -> None:
        await member.until(lambda _: sources(member) == list(expected), 20)


@pytest.fixture(params=["server", "page"])
def staged(request: pytest.FixtureRequest, serving: Serving) -> Any:
    @asynccontextmanager
    async def stage() -> AsyncIterator[Stage]:
        async with serving() as server:
            found = Stage(server, request.param)
            await found.open()
            yield found
            for member in (found.ada, found.grace):
                await member.close()

    return stage


def typed(doc: Doc[Any], *keys: str) -> list[bytes]:
    """Type into the last cell of a document; return the edits."""
    updates: list[bytes] = []
    subscription = doc.observe(lambda event: updates.append(event.update))
    text: Text = doc.get("cells", type=Array)[-1]["source"]
    for key in keys:
        text.insert(len(str(text)), key)
    doc.unobserve(subscription)
    return updates


def test_keys_that_arrive_after_a_restore_has_deleted_the_cell_bring_it_back(
    run: Run, staged: Staged
) -> None:  # S13 [S4] [V5]
    async def test() -> None:
        async with staged() as at:
            for source in ("y = ", "z = "):
                await at.add(source)
                page: Doc[Any] = Doc()  # has not seen the restore when its user types
                page.apply_update(at.grace.doc.get_update())
                await at.restore()
                await at.see(at.grace, "x = 1")
                for update in typed(page, *"12"):
                    at.grace.send_update(update)
                for member in (at.ada, at.grace):
                    await at.see(member, "x = 1", f"{source}12")
                del at.ada.cells[1]
                await at.see(at.grace, "x = 1")

    run(test())


def test_a_page_that_was_offline_brings_the_restored_cell_back(
    run: Run, staged: Staged
) -> None:  # S13 [S4] [V5]
    async def test() -> None:
        async with staged() as at:
            await at.add("y = 2")
            await at.grace.close()
            offline: Doc[Any] = Doc()
            offline.apply_update(at.grace.doc.get_update())
            typed(offline, *"0 + 3")
            await at.restore()
            endpoint = await at.server.endpoint(at.fixture)
            at.grace = await Editor.open_at(endpoint, offline.get_update())
            for member in (at.ada, at.grace):
                await at.see(member, "x = 1", "y = 20 + 3")

    run(test())
