"""Replicas of another history: refused on the socket, brought in by content."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import pytest
from pycrdt import Array, Doc, Map, Text
from support import Editor, Server, closing, until

from rtcbench import wire

Run = Callable[[Awaitable[Any]], Any]


class Stranded:
    """A replica whose history the server does not know any more."""

    def __init__(self, editor: Editor, session_id: str) -> None:
        self.session_id = session_id
        self.base = editor.doc.get_update()
        self.doc: Doc[Any] = Doc()
        self.doc.apply_update(self.base)

    async def place(self, server: Server, room_id: str) -> dict[str, Any]:
        """Ask the server to bring its edits in."""
        body = {
            "sessionId": self.session_id,
            "state": base64.b64encode(self.doc.get_update()).decode(),
            "base": base64.b64encode(self.base).decode(),
        }
        route = f"api/collaboration/rebase/{quote(room_id)}"
        status, answer = await server.request("PUT", route, json=body)
        assert status == 200, answer
        return dict(json.loads(answer))


async def wiped(server: Server) -> None:
    """Stop a server, take its store away, and start it again."""
    await server.stop()
    for path in server.root.glob(".jupyter_ystore.db*"):
        path.unlink()
    await server.start()


async def stranded(server: Server, fixture: Any, *names: str) -> tuple[list[Stranded], str]:
    """Replicas of a document whose store is gone, and the room's id."""
    editors = [await server.member(fixture) for _ in names]
    await until(lambda: editors[0].state.get("dirty") is False)
    session_id = server.session_id_of(editors[0].endpoint)
    room_id = editors[0].endpoint.url.split("/room/")[1].split("?")[0]
    found = [Stranded(editor, session_id) for editor in editors]
    for editor in editors:
        await editor.close()
    await wiped(server)
    return found, room_id


def test_edits_of_another_history_come_in_once_from_everybody(
    run: Run, new_server: Callable[..., Server]
) -> None:  # [S3] [S4]
    async def test() -> None:
        server = new_server()
        await server.start()
        fixture = server.text_file("a.txt", "one\ntwo\nthree\n")
        (ada, grace), room_id = await stranded(server, fixture, "ada", "grace")
        shared = "typed by ada, seen by grace\n"
        ada.doc.get("source", type=Text).insert(4, shared)
        grace.doc.apply_update(ada.doc.get_update())
        ada.doc.get("source", type=Text).insert(0, "ada\n")
        grace.doc.get("source", type=Text).insert(0, "grace\n")
        (server.root / "a.txt").write_text("one\ntwo\nthree\non disk\n")

        member = await server.member(fixture)
        assert server.session_id_of(member.endpoint) != ada.session_id
        url = member.endpoint.url.replace(server.session_id_of(member.endpoint), ada.session_id)
        update = wire.sync_message(wire.UPDATE, ada.doc.get_update())
        assert (await closing(url, update))[0] == 1003
        assert str(member.source) == "one\ntwo\nthree\non disk\n"

        for replica in (ada, grace, ada):
            answer = await replica.place(server, room_id)
            assert answer["conflicts"] == []
            assert answer["sessionId"] == server.session_id_of(member.endpoint)
        await until(lambda: "grace\n" in str(member.source))
        lines = str(member.source).splitlines()
        assert sorted(lines) == sorted(
            ["ada", "grace", "one", shared.strip(), "two", "three", "on disk"]
        )
        await member.ask("save")
        assert server.read("a.txt").splitlines() == lines
        await member.close()

    run(test())


@pytest.mark.parametrize("minor", [4, 5])
def test_cells_of_another_history_come_in_once(
    run: Run, new_server: Callable[..., Server], minor: int
) -> None:  # [S4] [F5]
    async def test() -> None:
        server = new_server()
        await server.start()
        cells = [
            {
                "cell_type": "code",
                "execution_count": None,
                "metadata": {},
                "outputs": [],
                "source": text,
            }
            for text in ("a = 1", "b = 2", "c = 3")
        ]
        if minor == 5:
            cells = [{**cell, "id": f"cell-{index}"} for index, cell in enumerate(cells)]
        fixture = server.notebook_file("a.ipynb", cells, minor)
        (ada,), room_id = await stranded(server, fixture, "ada")
        theirs = ada.doc.get("cells", type=Array)
        source = theirs[1]["source"]
        source += "0"
        new = Map(
            {"cell_type": "markdown", "id": "new", "metadata": Map({}), "source": Text("new")}
        )
        theirs.insert(2, new)
        content = json.loads(server.read("a.ipynb"))
        content["cells"][0]["source"] = "a = 10"
        (server.root / "a.ipynb").write_text(json.dumps(content))

        member = await server.member(fixture)
        await ada.place(server, room_id)
        await until(lambda: len(member.cells) == 4)
        found = [str(cell["source"]) for cell in member.cells]
        assert found == ["a = 10", "b = 20", "new", "c = 3"]
        await member.ask("save")
        saved = json.loads(server.read("a.ipynb"))
        assert ["".join(cell["source"]) for cell in saved["cells"]] == found
        await member.close()

    run(test())


def test_a_room_that_nobody_else_is_in_stays_open_while_a_replica_is_merged(
    run: Run, new_server: Callable[..., Server]
) -> None:  # [S4]
    async def test() -> None:
        server = new_server(YDocExtension={"document_cleanup_delay": 0})
        await server.start()
        fixture = server.text_file("a.txt", "one\ntwo\n")
        (ada,), room_id = await stranded(server, fixture, "ada")
        ada.doc.get("source", type=Text).insert(0, "typed\n" * 10_000)
        await ada.place(server, room_id)
        await until(lambda: server.read("a.txt").endswith("typed\none\ntwo\n"))

    run(test())


def test_what_cannot_be_placed_is_told_and_kept(
    run: Run, new_server: Callable[..., Server]
) -> None:
    # [S4]
    async def test() -> None:
        server = new_server()
        await server.start()
        fixture = server.text_file("a.txt", "x = 1\n")
        (ada,), room_id = await stranded(server, fixture, "ada")
        text = ada.doc.get("source", type=Text)
        del text[4:5]
        text.insert(4, "22")
        (server.root / "a.txt").write_text("x = 33\n")
        member = await server.member(fixture)
        (conflict,) = (await ada.place(server, room_id))["conflicts"]
        assert (conflict["kind"], conflict["yours"], conflict["theirs"]) == (
            "text",
            "x = 22\n",
            "x = 33\n",
        )
        await until(lambda: conflict["merged"] in str(member.source))
        assert "22" in conflict["merged"] and "33" in conflict["merged"]
        await member.close()

    run(test())


@pytest.mark.parametrize(
    "change",
    [{"state": "no base64!"}, {"state": base64.b64encode(b"no update").decode()}, {"sessionId": 1}],
)
def test_a_replica_that_cannot_be_read_is_refused(
    run: Run, serving: Callable[..., Any], change: dict[str, Any]
) -> None:
    async def test() -> None:
        async with serving() as server:
            editor = await server.member(server.text_file("a.txt", "one"))
            room_id = editor.endpoint.url.split("/room/")[1].split("?")[0]
            state = base64.b64encode(editor.doc.get_update()).decode()
            body = {"sessionId": "other", "state": state, "base": None, **change}
            route = f"api/collaboration/rebase/{quote(room_id)}"
            status, answer = await server.request("PUT", route, json=body)
            assert status == 400
            assert json.loads(answer)["message"]
            assert str(editor.source) == "one"
            await editor.close()

    run(test())


def test_a_history_that_is_current_is_told_so(run: Run, serving: Callable[..., Any]) -> None:
    async def test() -> None:
        async with serving() as server:
            editor = await server.member(server.text_file("a.txt", "one"))
            room_id = editor.endpoint.url.split("/room/")[1].split("?")[0]
            replica = Stranded(editor, server.session_id_of(editor.endpoint))
            replica.doc.get("source", type=Text).insert(0, "not ")
            answer = await replica.place(server, room_id)
            assert answer == {"sessionId": replica.session_id, "conflicts": []}
            await asyncio.sleep(0)
            assert str(editor.source) == "one"
            await editor.close()

    run(test())


def test_a_change_on_disk_makes_no_new_session(run: Run, new_server: Callable[..., Server]) -> None:
    # [S1] [S2]
    async def test() -> None:
        server = new_server()
        await server.start()
        fixture = server.text_file("a.txt", "one\n")
        editor = await server.member(fixture)
        session_id = server.session_id_of(editor.endpoint)
        await editor.close()
        await server.stop()
        (server.root / "a.txt").write_text("one\ntwo\n")
        await server.start()
        again = await server.member(fixture)
        assert server.session_id_of(again.endpoint) == session_id
        await again.sees("one\ntwo\n")
        await again.close()

    run(test())


def test_what_the_file_has_and_the_history_lost_is_not_doubled_by_its_author(
    run: Run, new_server: Callable[..., Server]
) -> None:  # [H9] [S4]
    async def test() -> None:
        server = new_server()
        await server.start()
        fixture = server.text_file("a.txt", "one\n")
        editor = await server.member(fixture)
        await editor.ask("ack")
        session_id = server.session_id_of(editor.endpoint)
        await server.stop()
        old = {path: path.read_bytes() for path in server.root.glob(".jupyter_ystore.db*")}
        await server.start()

        editor = await returning(server, fixture, editor.doc.get_update())
        editor.source.insert(4, "typed and saved\n")
        assert (await editor.ask("save"))["status"] == "success"
        replica = editor.doc.get_update()
        await server.stop()
        for path in server.root.glob(".jupyter_ystore.db*"):
            path.unlink()
        for path, data in old.items():
            path.write_bytes(data)
        await server.start()

        editor = await returning(server, fixture, replica)
        assert server.session_id_of(editor.endpoint) == session_id
        editor.source.insert(0, "zero\n")
        await editor.ask("save")
        assert server.read("a.txt") == "zero\none\ntyped and saved\n"
        await editor.sees("zero\none\ntyped and saved\n")
        await editor.close()

    run(test())


async def returning(server: Server, fixture: Any, replica: bytes) -> Editor:
    """Somebody who comes back with what they have."""
    return await Editor.open_at(await server.endpoint(fixture), replica)
