"""Two users replace the same words while one of them is offline. [S4]"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pycrdt import Array, Doc, Text
from support import Editor, Server, at_play, code_cell, conflicts_of, put, room_of

from rtcbench import wire
from rtcbench.fixtures import Fixture

Run = Callable[[Awaitable[Any]], Any]

BEFORE = "value = 1  # start\nother = 2\n"
OURS, THEIRS = "value = 300  # from bob\n", "value = 200  # from ana\n"


def replace(doc: Doc[Any], text: Text, old: str, new: str) -> None:
    """Select some text and type over it, as one edit."""
    at = len(str(text)[: str(text).index(old)].encode())
    with doc.transaction():
        del text[at : at + len(old.encode())]
        text.insert(at, new)


def type_over(text: Text, old: str, new: str) -> None:
    """Delete some text, and type another one letter by letter."""
    at = len(str(text)[: str(text).index(old)].encode())
    del text[at : at + len(old.encode())]
    for letter in new:
        text.insert(at, letter)
        at += len(letter.encode())


class Page:
    """A replica that is offline, as of the member that it comes from."""

    def __init__(self, editor: Editor) -> None:
        self.doc: Doc[Any] = Doc()
        self.doc.apply_update(editor.doc.get_update())
        self.text = self.doc.get("source", type=Text)

    def cell(self, place: int) -> Text:
        cells = self.doc.get("cells", type=Array)
        source: Text = cells[place]["source"]
        return source


async def apart(server: Server, fixture: Fixture) -> tuple[Editor, Page]:
    """A member of a document, and the page of another one that is offline."""
    bob, ana = [await server.member(fixture) for _ in "ab"]
    page = Page(ana)
    await ana.close()
    return bob, page


@pytest.mark.parametrize("how", ["at once", "by letters", "after more edits", "too late"])
def test_words_that_two_replaced_stand_in_two_lines(
    run: Run, serving: Callable[..., Any], how: str
) -> None:  # F30
    async def test() -> None:
        async with serving() as server:
            fixture = server.text_file("a.txt", BEFORE)
            endpoint = await server.endpoint(fixture)
            bob, page = await apart(server, fixture)
            if how == "by letters":
                type_over(bob.source, "1  # start", "300  # from bob")
                type_over(page.text, "1  # start", "200  # from ana")
            else:
                replace(bob.doc, bob.source, "1  # start", "300  # from bob")
                replace(page.doc, page.text, "1  # start", "200  # from ana")
            if how in ("after more edits", "too late"):
                for number in range(50 if how == "after more edits" else 2500):
                    bob.source.insert(len(str(bob.source)), "." if number % 50 else ".\n")
            await bob.ask("ack")
            back = await Editor.open_at(endpoint, page.doc.get_update())
            expected = str(bob.source).replace(OURS, OURS + THEIRS)
            for member in (bob, back):
                await member.sees(expected)
                (conflict,) = await conflicts_of(member)
                assert (conflict["ours"], conflict["theirs"]) == (OURS, THEIRS)
            late = await server.member(fixture)
            await conflicts_of(late)
            assert str(late.source) == expected
            assert (await late.ask(f"resolve {conflict['id']} theirs"))["status"] == "success"
            await back.sees(expected.replace(OURS, ""))
            for member in (bob, back, late):
                await member.close()

    run(test())


@pytest.mark.parametrize("how", ["kill", "stop", "evict"])
def test_also_if_the_document_was_closed_meanwhile(
    run: Run, serving: Callable[..., Any], how: str
) -> None:  # F30
    async def test() -> None:
        options = {"ServerApp": {"jpserver_extensions": {"counting": True}}}
        async with serving(**options, YDocExtension={"document_cleanup_delay": 0.2}) as server:
            fixture = server.notebook_file(
                "a.ipynb", [code_cell(BEFORE, "one"), code_cell("é = 2", "two")]
            )
            endpoint = await server.endpoint(fixture)
            bob, page = await apart(server, fixture)
            replace(bob.doc, bob.cells[0]["source"], "1  # start", "300  # from bob")
            replace(bob.doc, bob.cells[1]["source"], "é", "b")
            replace(page.doc, page.cell(0), "1  # start", "200  # from ana")
            await bob.ask("ack")
            await bob.close()
            if how == "evict":
                while json.loads((await server.request("GET", "test/counts"))[1])["rooms"]:
                    await asyncio.sleep(0.02)
            else:
                if how == "kill":
                    server.crash()
                else:
                    await server.stop()
                await server.start()
                endpoint = await server.endpoint(fixture)
            back = await Editor.open_at(endpoint, page.doc.get_update())
            expected = BEFORE.replace("value = 1  # start\n", OURS + THEIRS)
            await back.until(lambda _: str(back.cells[0]["source"]) == expected, 20)
            assert str(back.cells[1]["source"]) == "b = 2"
            (conflict,) = await conflicts_of(back)
            assert conflict["cell"] == "one"
            await back.close()

    run(test())


def test_a_page_that_was_loaded_again_tells_what_it_had_seen(
    run: Run, serving: Callable[..., Any]
) -> None:  # F30 [S6]
    async def test() -> None:
        async with serving() as server:
            fixture = server.text_file("a.txt", BEFORE)
            bob, page = await apart(server, fixture)
            replace(bob.doc, bob.source, "1  # start", "300  # from bob")
            replace(page.doc, page.text, "1  # start", "200  # from ana")
            await bob.ask("ack")
            back = await server.member(fixture)
            back.send(wire.sync_message(wire.STEP1, page.doc.get_state()))
            kept = page.doc.get_update(back.doc.get_state())
            back.send(wire.sync_message(wire.STEP2, kept))
            for member in (bob, back):
                await member.until(lambda _, one=member: THEIRS in str(one.source), 20)
            assert str(bob.source) == OURS + THEIRS + "other = 2\n"
            await conflicts_of(back)
            await bob.close()
            await back.close()

    run(test())


def test_two_return_one_after_the_other(run: Run, serving: Callable[..., Any]) -> None:
    async def test() -> None:
        async with serving() as server:
            fixture = server.text_file("a.txt", BEFORE)
            endpoint = await server.endpoint(fixture)
            bob, ana, eve = [await server.member(fixture) for _ in "abc"]
            pages = [Page(ana), Page(eve)]
            await ana.close()
            await eve.close()
            replace(bob.doc, bob.source, "1  # start", "300  # from bob")
            await bob.ask("ack")
            for page, name in zip(pages, ("ana", "eve"), strict=True):
                replace(page.doc, page.text, "1  # start", f"200  # from {name}")
            back = [await Editor.open_at(endpoint, page.doc.get_update()) for page in pages]
            lines = [OURS, THEIRS, THEIRS.replace("ana", "eve")]
            for member in (bob, *back):
                await member.until(
                    lambda _, one=member: all(line in str(one.source) for line in lines), 20
                )
                assert "\n".join(sorted(str(member.source).splitlines())) == (
                    "\n".join(sorted([*"".join(lines).splitlines(), "other = 2"]))
                )
            for member in (bob, *back):
                await member.close()

    run(test())


def test_what_does_not_touch_is_merged_without_a_conflict(
    run: Run, serving: Callable[..., Any]
) -> None:
    async def test() -> None:
        async with serving() as server:
            fixture = server.text_file("a.txt", BEFORE)
            endpoint = await server.endpoint(fixture)
            bob, page = await apart(server, fixture)
            replace(bob.doc, bob.source, "1", "3")
            replace(page.doc, page.text, "other", "more")
            replace(page.doc, page.text, "start", "begin")
            await bob.ask("ack")
            back = await Editor.open_at(endpoint, page.doc.get_update())
            for member in (bob, back):
                await member.sees("value = 3  # begin\nmore = 2\n")
                await member.ask("ack")
                assert not [r for r in member.replies if r.get("type") == "merge_conflicts"]
                await member.close()

    run(test())


def test_the_edits_of_a_fork_are_set_apart_as_well(run: Run, serving: Callable[..., Any]) -> None:
    async def test() -> None:
        async with serving() as server:
            fixture = server.text_file("a.txt", BEFORE)
            bob = await server.member(fixture)
            room = room_of(await server.endpoint(fixture))
            _, answer = await put(server, f"fork/{room}", synchronize=False)
            fork = await at_play(
                server, {"forkRoom": answer["fork_roomid"], "sessionId": answer["sessionId"]}
            )
            replace(bob.doc, bob.source, "1  # start", "300  # from bob")
            replace(fork.doc, fork.source, "1  # start", "200  # from ana")
            await bob.ask("ack")
            await fork.ask("ack")
            path = f"api/collaboration/fork/{answer['fork_roomid']}?merge=true"
            assert (await server.request("DELETE", path))[0] == 200
            await bob.sees(BEFORE.replace("value = 1  # start\n", OURS + THEIRS))
            await conflicts_of(bob)
            await bob.close()
            await fork.close()

    run(test())
