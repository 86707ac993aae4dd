"""What server-side code, other clients and other types of documents rely on."""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import random
import weakref
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from authorizers import RULES
from jupyter_ydoc.yunicode import YUnicode
from pycrdt import Array, Doc, Map, Text
from support import ENABLED, Editor, Server, answer, closing, put, room_of, until, versions

from jupyter_collaboration.access.roles import Role
from jupyter_collaboration.app import YDocExtension
from jupyter_collaboration.documents import codec, identity
from jupyter_collaboration.documents.codec import loaded_update
from jupyter_collaboration.documents.identity import document_types
from jupyter_collaboration.protocol import messages
from jupyter_collaboration.protocol.update_reader import read_update
from jupyter_collaboration.rooms.document import DocumentRoom
from jupyter_collaboration.rooms.member import Pin
from rtcbench import wire
from rtcbench.client import Endpoint
from rtcbench.ws import WebSocket

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]

CELL = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "execution_count": None}
SCRIPT = {"output_type": "display_data", "data": {"text/html": "<script>x</script>"}}


async def gap_while(server: Server, editor: Editor, url: str, frames: list[bytes]) -> int:
    """Send frames on a socket of somebody else, and see that the editor is served meanwhile.

    Returns:
        The code with which that socket was closed.
    """
    socket = WebSocket(lambda data, now: None)
    await socket.connect(url)
    for frame in frames:
        socket.send(frame)
    await editor.ask("ack")
    await asyncio.wait_for(socket.closed.wait(), 20)
    await editor.ask("ack")
    return socket.close_code


def repeated(one_id: bool) -> bytes:
    """Four megabytes of presence."""
    count = 300_000
    entry = b"".join((wire.varuint(1), wire.varuint(1), wire.varstring('{"a":1}')))
    if one_id:
        entries = entry * count
    else:
        state = wire.varstring('{"a":1}')
        entries = b"".join(wire.varuint(n) + b"\x01" + state for n in range(1000, 1000 + count))
    return b"\x01" + messages.write_bytes(messages.write_varuint(count) + entries)


@pytest.mark.parametrize(
    "frame",
    [
        repeated(True),
        repeated(False),
        b"\x00\x00" + messages.write_bytes(b"\x80\x80\x80\x01" + b"\x01\x01" * 2_000_000),
        b"\x00\x00" + messages.write_bytes(b"\xff" * 4_000_000),
    ],
    ids=["one id", "many ids", "a state vector", "no state vector"],
)
@pytest.mark.parametrize(("person", "code"), [("viewer", 1009), ("editor", 4400)])
def test_a_large_message_is_refused_by_its_size(
    run: Run, guarded: Serving, frame: bytes, person: str, code: int
) -> None:  # S6 S7 [M4]
    async def test() -> None:
        async with guarded() as server:
            file = server.text_file("a.txt", "one")
            ada = await server.member(file)
            endpoint = await server.endpoint(file)
            url = endpoint.url.replace(f"token={server.token}", f"token={person}")
            assert await gap_while(server, ada, url, [frame]) == code
            await ada.close()

    run(test())


def test_an_output_of_32_megabytes_arrives_and_typing_goes_on(
    run: Run, serving: Serving
) -> None:  # S18 [M4]
    async def test() -> None:
        async with serving() as server:
            file = server.notebook_file("n.ipynb", [{**CELL, "source": "1"}])
            ada, bob = await server.member(file), await server.member(file)
            for size in (2**25 - 100, 2**25 + 100):
                data = {"text/html": "x" * size}
                output = Map({"output_type": "display_data", "data": data, "metadata": {}})
                ada.cells[0]["outputs"].clear()
                ada.cells[0]["outputs"].append(output)
                ada.cells[0]["source"].insert(0, "typed ")
                assert (await ada.ask("ack"))["type"] == "ack"
                await bob.until(lambda _: len(bob.cells[0]["outputs"]) == 1)
            await bob.until(lambda _: str(bob.cells[0]["source"]) == "typed typed 1")
            assert (await bob.ask("save"))["status"] in ("success", "skipped")
            assert not ada.socket.closed.is_set()
            await ada.close()
            await bob.close()

    run(test())


def in_parts(message: bytes, length: int = 2**20) -> list[bytes]:
    """A message, cut as a page cuts it."""
    head = bytes((messages.PART,)) + messages.write_varuint(len(message))
    return [
        head + messages.write_varuint(at) + message[at : at + length]
        for at in range(0, len(message), length)
    ]


def insertion(text: str) -> bytes:
    """A message that inserts a text into a text file."""
    doc: Doc[Any] = Doc()
    doc.get("source", type=Text).insert(0, text)
    return messages.sync_message(messages.UPDATE, doc.get_update())


def test_an_edit_arrives_in_parts_and_others_are_served_between_them(
    run: Run, serving: Serving
) -> None:  # S18 [M4] [C1]
    async def test() -> None:
        async with serving() as server:
            file = server.text_file("a.txt", "one")
            ada, bob = await server.member(file), await server.member(file)
            parts = in_parts(insertion("x" * 2**23))
            assert len(parts) == 9
            for part in parts[:-1]:
                ada.send(part)
            assert (await ada.ask("ack"))["type"] == "ack"
            bob.source.insert(0, "y")
            await ada.until(lambda _: str(ada.source) == "yone")
            ada.send(parts[-1])
            await bob.until(lambda _: len(str(bob.source)) == 2**23 + 4)
            assert (await bob.ask("save"))["status"] in ("success", "skipped")
            assert len(server.read("a.txt")) == 2**23 + 4

    run(test())


def test_parts_of_too_large_an_edit_or_out_of_order_close_their_connection(
    run: Run, serving: Serving
) -> None:  # S18 [M4]
    async def test() -> None:
        async with serving(YDocExtension={"max_message_mb": 2}) as server:
            file = server.text_file("a.txt", "one")
            ada = await server.member(file)
            url = (await server.endpoint(file)).url
            large = in_parts(insertion("x" * 2**21))
            for part in (large[0], in_parts(insertion("x" * 2**20))[1]):
                code, reason = await closing(url, part)
                assert code == 4400
                assert "could not read a message" in reason
            _, answer = await server.session("a.txt", format="text", type="file")
            assert answer["maxMessageBytes"] == 2**21
            ada.source.insert(0, "y")
            assert (await ada.ask("save"))["status"] == "success"
            assert server.read("a.txt") == "yone"

    run(test())


def test_a_viewer_is_told_once_that_an_edit_in_parts_is_refused(
    run: Run, guarded: Serving
) -> None:  # S18 [M2] [M4]
    async def test() -> None:
        async with guarded() as server:
            file = server.text_file("a.txt", "one")
            endpoint = await server.endpoint(file)
            url = endpoint.url.replace(f"token={server.token}", "token=viewer")
            viewer = await Editor.open_at(Endpoint(url))
            for part in in_parts(insertion("x" * 2**22)):
                viewer.send(part)
            assert (await viewer.ask("ack"))["type"] == "ack"
            refusals = [reply for reply in viewer.replies if reply.get("reason") == "not_allowed"]
            assert [reply["action"] for reply in refusals] == ["edit"]
            assert str(viewer.source) == "one"
            assert not viewer.socket.closed.is_set()

    run(test())


@pytest.mark.parametrize("path", ["a.txt", "JupyterLab:globalAwareness"])
@pytest.mark.parametrize(
    "raw", [b"", b"\x80", b"\x00", b"\x05hello", b"\x05hello\x63", b"\xff" * 9]
)
def test_an_unknown_raw_message_does_not_end_the_connection(
    run: Run, serving: Serving, path: str, raw: bytes
) -> None:  # S27 [C1]
    async def test() -> None:
        async with serving() as server:
            file = server.text_file("a.txt", "one")
            endpoint = await server.endpoint(file)
            if path != "a.txt":
                base = f"ws://127.0.0.1:{server.port}/api/collaboration/room/{quote(path)}"
                endpoint = Endpoint(f"{base}?token={server.token}")
            editor = Editor(endpoint)
            await editor.open()
            editor.send(b"\x02" + raw)
            assert (await editor.ask("ack"))["type"] == "ack"
            await editor.close()

    run(test())


def test_a_type_that_no_package_registers_is_refused_and_leaves_nothing(
    run: Run, guarded: Serving
) -> None:  # S15 [M1]
    async def test() -> None:
        async with guarded() as server:
            file = server.text_file("a.txt", "one")
            endpoint = await server.endpoint(file)
            session = server.session_id_of(endpoint)
            _, before = await server.request("GET", "test/counts")
            for number in range(20):
                status, _ = await server.session("a.txt", format="text", type=f"made-up-{number}")
                assert status == 400
                room = room_of(endpoint).replace(":file:", f":made-up-{number}:")
                base = f"ws://127.0.0.1:{server.port}/api/collaboration/room/{room}"
                code, _ = await closing(f"{base}?token={server.token}&sessionId={session}")
                assert code == 4400
            _, after = await server.request("GET", "test/counts")
            for what in ("rooms", "documents", "live_rooms"):
                assert json.loads(after)[what] == json.loads(before)[what]

    run(test())


def test_a_member_who_may_not_execute_brings_no_trusted_output(
    run: Run, guarded: Serving
) -> None:  # S22 F9 [M2]
    async def test() -> None:
        async with guarded() as server:
            rules = {"editor": ["read", "write", "execute"], "viewer": ["read", "write"]}
            (server.root / RULES).write_text(json.dumps(rules))
            cells = [
                {**CELL, "id": "a", "source": "1", "metadata": {"trusted": True}},
                {**CELL, "id": "b", "source": "2", "metadata": {}},
            ]
            file = server.notebook_file("n.ipynb", cells)
            ada = await server.member(file)
            endpoint = await server.endpoint(file)
            url = endpoint.url.replace(f"token={server.token}", "token=viewer")
            mallory = await Editor.open_at(Endpoint(url))

            def marks(editor: Editor) -> list[bool]:
                return [bool(each["metadata"].get("trusted")) for each in editor.cells]

            trusted_seen: list[list[bool]] = []

            def look(*_: Any) -> None:
                has_script = [
                    bool(each["metadata"].get("trusted")) and "script" in str(each["outputs"])
                    for each in ada.cells.to_py()
                ]
                trusted_seen.append(has_script)

            with ada.doc.transaction():
                ada.cells[0]["metadata"]["trusted"] = True
                ada.cells[1]["metadata"]["trusted"] = True
            await mallory.until(lambda _: marks(mallory) == [True, True])
            ada.on_spans = look
            # A whole cell, an output of a trusted cell, and a mark on an output of before.
            mallory.cells.append(
                Map(
                    {
                        **CELL,
                        "id": "c",
                        "source": Text("3"),
                        "metadata": Map({"trusted": True}),
                        "outputs": Array([Map(SCRIPT)]),
                    }
                )
            )
            mallory.cells[0]["outputs"].append(Map(SCRIPT))
            mallory.cells[2]["metadata"]["trusted"] = True
            await ada.until(lambda _: len(ada.cells) == 3 and marks(ada) == [False, True, False])
            await mallory.until(lambda _: marks(mallory) == [False, True, False])
            ada.on_spans = None
            assert trusted_seen
            assert not any(any(each) for each in trusted_seen)
            # Whoever may execute is trusted.
            ada.cells[0]["metadata"]["trusted"] = True
            await mallory.until(lambda _: marks(mallory) == [True, True, False])
            await ada.close()
            await mallory.close()

    run(test())


def test_a_rebase_by_a_member_who_may_not_execute_brings_no_trusted_output(
    run: Run, guarded: Serving
) -> None:  # S22 [M2] [S4]
    async def test() -> None:
        async with guarded() as server:
            rules = {"editor": ["read", "write", "execute"], "viewer": ["read", "write"]}
            (server.root / RULES).write_text(json.dumps(rules))
            cells = [{**CELL, "id": "a", "source": "1", "metadata": {}}]
            file = server.notebook_file("n.ipynb", cells)
            ada = await server.member(file)
            ada.cells[0]["metadata"]["trusted"] = True
            await ada.ask("ack")
            trusted = {"metadata": {"trusted": True}, "outputs": [SCRIPT]}
            other = {"cells": [{**CELL, "id": "a", "source": "1", **trusted}]}
            other["cells"].append({**CELL, "id": "b", "source": "2", **trusted})
            other |= {"metadata": {}, "nbformat": 4, "nbformat_minor": 5}
            state = base64.b64encode(loaded_update("notebook", other)).decode()
            route = f"{server.base}/api/collaboration/rebase/{room_of(ada.endpoint)}"
            body = {"sessionId": "another", "state": state, "base": None}
            headers = {"Authorization": "token viewer"}
            async with (
                aiohttp.ClientSession(headers=headers) as session,
                session.put(route, json=body) as response,
            ):
                assert response.status == 200, await response.text()
            await ada.until(lambda _: len(ada.cells) == 2, 20)
            for each in ada.cells:
                assert "trusted" not in each["metadata"] or not len(each["outputs"])
            await ada.close()

    run(test())


def test_a_restore_by_a_member_who_may_not_execute_brings_no_trusted_output(
    run: Run, guarded: Serving
) -> None:  # S22 [M2] [V5]
    async def test() -> None:
        async with guarded() as server:
            rules = {"editor": ["read", "write", "execute"], "viewer": ["read", "write"]}
            (server.root / RULES).write_text(json.dumps(rules))
            file = server.notebook_file("n.ipynb", [{**CELL, "id": "a", "source": "1"}])
            endpoint = await server.endpoint(file)
            url = endpoint.url.replace(f"token={server.token}", "token=viewer")
            mallory = await Editor.open_at(Endpoint(url))
            cell = {**CELL, "id": "b", "source": Text("2"), "metadata": Map({"trusted": True})}
            mallory.cells.append(Map({**cell, "outputs": Array([Map(SCRIPT)])}))
            await mallory.until(lambda _: "trusted" not in mallory.cells[1]["metadata"])
            assert (await mallory.ask("save"))["status"] in ("success", "skipped")
            del mallory.cells[1]
            await mallory.ask("ack")
            found = await versions(server, room_of(endpoint))
            assert found
            for version in range(1, 10):
                route = f"api/collaboration/restore/{room_of(endpoint)}"
                await answer(server, "viewer", "PUT", route, json={"version": version})
                for each in mallory.cells:
                    assert not (len(each["outputs"]) and each["metadata"].get("trusted"))
            await mallory.close()

    run(test())


def state_of(editor: Editor) -> Any:
    return editor.cells[0].get("execution_state")


def test_a_cell_does_not_run_for_ever_when_its_page_is_gone(
    run: Run, new_server: Callable[..., Server]
) -> None:  # S19 [M6]
    async def test() -> None:
        extensions = {**ENABLED, "short_waits": True}
        server = new_server(ServerApp={"jpserver_extensions": extensions})
        await server.start()
        file = server.notebook_file("n.ipynb", [{**CELL, "source": "1"}])
        ada, bob = await server.member(file), await server.member(file)
        bob.cells[0]["execution_state"] = "running"
        await ada.until(lambda _: state_of(ada) == "running")
        await bob.close()
        await ada.until(lambda _: state_of(ada) == "idle", 20)
        # The server is killed while a cell runs.
        ada.cells[0]["execution_state"] = "running"
        await ada.ask("ack")
        server.crash()
        await ada.close()
        await server.start()
        carol = await server.member(file)
        assert state_of(carol) == "idle"
        await carol.close()
        await server.stop()

    run(test())


def test_a_document_stays_open_while_server_side_code_has_it(
    run: Run, extension: YDocExtension
) -> None:  # S10 [C1]
    async def test() -> None:
        manager = extension.ywebsocket_server
        manager._cleanup_delay = 0.05
        names = {"content_type": "file", "file_format": "text", "path": "a.txt"}
        document = await extension.get_document(**names, copy=False, create=True)
        assert document is not None
        source = document.ydoc.get("source", type=Text)
        for number in range(8):
            source += f"{number} "
            await asyncio.sleep(0.03)
        assert manager.rooms
        del document
        gc.collect()
        await until(lambda: not manager.rooms)
        root = extension.serverapp.root_dir if extension.serverapp else ""
        assert manager.rooms == {}
        assert Path(root, "a.txt").read_text() == "one0 1 2 3 4 5 6 7 "
        # Whoever kept a part of it may still edit: the document is opened again for that.
        source += "late"
        await until(lambda: bool(manager.rooms))
        await until(lambda: not manager.rooms)
        assert Path(root, "a.txt").read_text() == "one0 1 2 3 4 5 6 7 late"
        await extension.stop_extension()

    run(test())  # S28: nobody has started the extension


@pytest.mark.parametrize("order", ["reversed", "shuffled"])
def test_edits_that_arrive_in_another_order_are_taken_at_once(
    run: Run, extension: YDocExtension, order: str
) -> None:  # S6 [M4]
    """Looking at all that wait for each that arrives would take minutes."""

    class Guest(Pin):
        role = Role.EDITOR

    async def test() -> None:
        names = {"content_type": "file", "file_format": "text", "path": "a.txt"}
        document = await extension.get_document(**names, copy=False, create=True)
        assert document is not None
        (room,) = extension.ywebsocket_server.rooms.values()
        assert isinstance(room, DocumentRoom)
        guest = Guest()
        room.join(guest)
        page: Doc[Any] = Doc()
        page.apply_update(room.ydoc.get_update())
        updates: list[bytes] = []
        subscription = page.observe(lambda event: updates.append(event.update))
        text = page.get("source", type=Text)
        for at in range(3000):
            text.insert(at, "x")
        page.unobserve(subscription)
        first, rest = updates[0], updates[1:]
        if order == "reversed":
            rest.reverse()
        else:
            random.Random(1).shuffle(rest)
        for update in (*rest, first):
            room.take_read(guest, update, read_update(update))
        assert str(room.ydoc.get("source", type=Text)) == "x" * 3000 + "one"
        room.leave(guest)
        await extension.stop_extension()

    run(test())


def test_a_closed_document_is_freed(run: Run, extension: YDocExtension) -> None:  # S31
    async def test() -> None:
        manager = extension.ywebsocket_server
        manager._cleanup_delay = 0.01
        names = {"content_type": "file", "file_format": "text", "path": "a.txt"}
        document = await extension.get_document(**names, copy=False, create=True)
        assert document is not None
        freed = weakref.ref(document.ydoc)
        del document
        gc.collect()
        await until(lambda: not manager.rooms)
        await until(lambda: gc.collect() >= 0 and freed() is None)
        await extension.stop_extension()

    run(test())


def test_line_ends_that_server_side_code_inserts_are_normalized(
    run: Run, extension: YDocExtension
) -> None:  # S17 [F7]
    async def test() -> None:
        names = {"content_type": "file", "file_format": "text", "path": "a.txt"}
        document = await extension.get_document(**names, copy=False, create=True)
        assert document is not None
        source = document.ydoc.get("source", type=Text)
        source += "\r\ntwo\rthree"
        await until(lambda: str(source) == "one\ntwo\nthree")
        source += "\r\nline" * 5000  # one edit, whatever its size
        await until(lambda: "\r" not in str(source))
        assert str(source) == "one\ntwo\nthree" + "\nline" * 5000
        await extension.stop_extension()

    run(test())


def test_a_fork_is_joined_with_the_session_of_its_root_or_by_a_client_that_has_nothing(
    run: Run, serving: Serving
) -> None:  # S14 [K2] [S3]
    async def test() -> None:
        async with serving() as server:
            file = server.text_file("a.txt", "one")
            endpoint = await server.endpoint(file)
            ada = await server.member(file)
            body = {"synchronize": True, "title": "t", "description": ""}
            status, made = await put(server, f"fork/{room_of(endpoint)}", **body)
            assert status == 201
            base = f"ws://127.0.0.1:{server.port}/api/collaboration/room/{made['fork_roomid']}"
            root = server.session_id_of(endpoint)
            for session in (f"&sessionId={root}", "", "&sessionId="):
                editor = Editor(Endpoint(f"{base}?token={server.token}{session}"))
                await editor.open()
                await editor.settle()
                assert str(editor.source) == "one"
                await editor.close()
            code, reason = await closing(f"{base}?token={server.token}&sessionId=other")
            assert (code, json.loads(reason)["reason"]) == (1003, "unknown_session")
            # Without a session a replica is refused, whatever it has.
            held: list[bytes] = []
            socket = WebSocket(lambda data, now: held.append(data))
            await socket.connect(f"{base}?token={server.token}")
            socket.send(wire.sync_message(wire.STEP1, ada.doc.get_state()))
            await asyncio.wait_for(socket.closed.wait(), 20)
            assert socket.close_code == 1003
            assert held == []
            # The root itself still asks for its session.
            code, _ = await closing(endpoint.url.split("&sessionId")[0])
            assert code == 1003
            await ada.close()

    run(test())


class Chat(YUnicode):
    """A type of another package, which looks at its content when it is made."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.at_first = str(self._ysource)


def test_a_document_of_another_package_finds_its_content_and_is_never_dirty(
    run: Run, extension: YDocExtension, monkeypatch: pytest.MonkeyPatch
) -> None:  # E1 [C1]
    async def test() -> None:
        types = {**document_types(), "chat": Chat}
        for module in (identity, codec):
            monkeypatch.setattr(module, "document_types", lambda: types)
        names = {"content_type": "chat", "file_format": "text", "path": "a.txt"}
        document = await extension.get_document(**names, copy=False, create=True)
        assert isinstance(document, Chat)
        assert document.at_first == "one"
        seen: list[Any] = []
        document.ystate.observe(lambda event: seen.append(document.ystate.get("dirty")))
        source = document.ydoc.get("source", type=Text)
        source += " two"
        root = extension.serverapp.root_dir if extension.serverapp else ""
        await until(lambda: Path(root, "a.txt").read_text() == "one two")
        assert True not in seen
        assert document.ystate.get("dirty") is False
        await extension.stop_extension()

    run(test())


def test_a_room_can_be_found_when_it_is_said_to_be_loaded(
    run: Run, extension: YDocExtension
) -> None:  # E2 [C1]
    async def test() -> None:
        manager = extension.ywebsocket_server
        found: list[bool] = []

        async def listener(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
            if data["action"] == "initialize":
                found.append(manager.room_exists(data["room"]))

        assert extension.serverapp is not None
        uri = "https://schema.jupyter.org/jupyter_collaboration/session/v1"
        extension.serverapp.event_logger.add_listener(schema_id=uri, listener=listener)
        names = {"content_type": "file", "file_format": "text", "path": "a.txt"}
        await extension.get_document(**names, create=True)
        await until(lambda: bool(found))
        assert found == [True]
        await extension.stop_extension()

    run(test())
