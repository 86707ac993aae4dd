"""Clients that mean harm: whatever they send, the others agree and lose nothing. [M4] [M8]"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fuzz.checks import wait_for
from fuzz.clients import Collaborator
from fuzz.contents import cells_of_doc, cells_of_file, initial, insert, source_at
from fuzz.ledger import Ledger
from fuzz.server import Life
from fuzz.world import quick
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jupyter_server_fileid.manager import ArbitraryFileIdManager
from pycrdt import Array, Doc, Map, Text
from support import Editor, closing

from jupyter_collaboration.access.roles import Role
from jupyter_collaboration.documents.codec import rendered
from jupyter_collaboration.documents.identity import document_id
from jupyter_collaboration.errors import ProtocolError
from jupyter_collaboration.protocol import messages
from jupyter_collaboration.protocol.messages import write_bytes, write_varuint
from jupyter_collaboration.rooms.member import Outgoing, Pin
from rtcbench import wire

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]

EXAMPLES = 800
FRAMES = 26
"""Together more than 20,000 frames."""


class Attacker:
    """A member who sends frames of its own making, and reads nothing."""

    username = "mallory"

    def __init__(self, role: Role) -> None:
        self.role = role
        self.cut = 0

    def identity(self, claimed: Any) -> dict[str, Any]:
        return {"username": self.username}

    may_execute = True

    def tell_role(self) -> None:
        """Of no interest."""

    def send(self, outgoing: Outgoing) -> None:
        """Of no interest."""

    def dismiss(self, code: int, reason: str) -> None:
        self.cut += 1


class Siege:
    """A live room with two honest clients, and somebody who means harm."""

    def __init__(self, folder: Path, kind: str, role: Role) -> None:
        self.kind = kind
        self.attacker = Attacker(role)
        root = folder / "root"
        root.mkdir()
        name = "file.ipynb" if kind == "notebook" else "file.txt"
        self.file = root / name
        self.file.write_bytes(initial(kind, ["one\ntwo", "three"]))
        self.file_ids = ArbitraryFileIdManager(root_dir=str(root), db_path=":memory:")
        kinds = ("json", "notebook") if kind == "notebook" else ("text", "file")
        self.life = Life(root, document_id(*kinds, self.file_ids.index(name)), self.file_ids)
        self.ledger = Ledger()
        self.clients = [Collaborator(each, kind, self.ledger) for each in ("ada", "bob")]
        self.marks = 0
        self.sent = 0

    async def begin(self) -> None:
        await self.life.start()
        for client in self.clients:
            await client.connect(self.life)
        self.room = await self.life.open()
        self.room.join(self.attacker)
        await self.agree()
        self.before = self.room.ydoc.get_update()

    async def attack(self, frames: list[bytes]) -> None:
        """Send frames as a socket would, and let the honest ones type between them."""
        for frame in frames:
            self.sent += 1
            try:
                work = self.room.receive(self.attacker, frame)
                if work is not None:
                    await work
            except ProtocolError:
                self.room.leave(self.attacker)  # cut, and there again at once
                self.room.join(self.attacker)
        for client in self.clients:
            text = source_at(client.doc, self.kind, 0.5)
            if text is not None and self.marks < 3000:
                self.marks += 1
                insert(text, 0.5, "x")
        await self.agree()

    async def agree(self) -> None:
        """Wait until both hold what the room holds."""

        def same() -> bool:
            state = cells_of_doc(self.room.ydoc, self.kind)
            return all(client.stored and client.cells == state for client in self.clients)

        assert await wait_for(same, 10), "the honest clients do not agree with the room"

    async def end(self) -> None:
        await self.life.kill()
        for client in self.clients:
            assert client.problems == []
        assert self.life.log.problems == []


def valid_frames(kind: str, state: bytes) -> list[bytes]:
    """Frames as clients send them."""
    doc: Doc[Any] = Doc()
    doc.apply_update(state)
    updates: list[bytes] = []
    subscription = doc.observe(lambda event: updates.append(event.update))
    if kind == "notebook":
        cells = doc.get("cells", type=Array)
        cells[0]["source"].insert(1, "typed")
        cell = {"cell_type": "code", "id": "n", "outputs": Array(), "metadata": Map()}
        cells.append(Map({**cell, "source": Text("é😀")}))
        cells[0]["metadata"]["tags"] = ["a", 1.5, None, {"b": True}]
        del cells[1]
    else:
        doc.get("source", type=Text).insert(1, "typed")
        doc.get("source", type=Text).format(0, 2, {"bold": True})
        del doc.get("source", type=Text)[0:2]
    doc.get("state", type=Map)["path"] = "elsewhere"
    doc.unobserve(subscription)
    steps = [messages.sync_message(messages.UPDATE, update) for update in updates]
    steps.append(messages.sync_message(messages.STEP2, doc.get_update()))
    steps.append(messages.sync_message(messages.STEP1, doc.get_state()))
    presence = json.dumps({"user": {"name": "x"}, "cursors": [{"anchor": {"item": None}}]})
    steps.append(wire.awareness_message(doc.client_id, 1, presence))
    for name in ("save", "revert", "ack", "recreate", "nothing"):
        steps.append(bytes((messages.RAW,)) + write_bytes(name.encode()) + write_varuint(7))
    return steps


def broken(rng: random.Random, frames: list[bytes]) -> bytes:
    """A frame with something wrong in it."""
    frame = bytearray(rng.choice(frames))
    for _ in range(rng.randint(0, 4)):
        at = rng.randrange(len(frame) + 1)
        how = rng.randrange(6)
        if how == 0 and at < len(frame):
            frame[at] = rng.randrange(256)
        elif how == 1 and at < len(frame):
            frame[at] ^= 1 << rng.randrange(8)
        elif how == 2:
            del frame[at:]
        elif how == 3:
            frame[at:at] = rng.randbytes(rng.randint(1, 8))
        elif how == 4:
            frame[at:at] = write_varuint(rng.choice([2**7, 2**31, 2**53, 2**63, 2**70]))
        else:
            other = rng.choice(frames)
            frame[at:] = other[rng.randrange(len(other)) :]
        if not frame:
            break
    return bytes(frame)


@pytest.mark.parametrize("kind", ["notebook", "text"])
@pytest.mark.parametrize("role", [Role.EDITOR, Role.VIEWER])
def test_no_frame_hurts_those_who_are_honest(tmp_path: Path, kind: str, role: Role) -> None:
    # [M2] [M4] [M8]
    siege = Siege(tmp_path, kind, role)
    loop = asyncio.new_event_loop()
    try:
        with quick(SimpleNamespace(offset=0.0)):
            loop.run_until_complete(siege.begin())
            frames = valid_frames(kind, siege.before)

            @settings(
                max_examples=EXAMPLES // 4,
                database=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            )
            @given(st.integers(0, 2**32))
            def attack(seed: int) -> None:
                rng = random.Random(seed)
                some = [broken(rng, frames) for _ in range(FRAMES)]
                loop.run_until_complete(siege.attack(some))

            attack()

            async def verdict() -> None:
                await wait_for(lambda: siege.room.synchronizer.is_saved, 10)
                # It can still be written, and is what the file holds.
                rendered(siege.room.id.type, siege.room.ydoc.get_update())
                file = cells_of_file(siege.file.read_bytes(), kind)
                shown = cells_of_doc(siege.room.ydoc, kind)
                assert [text for _, text in file] == [text for _, text in shown]
                if role is Role.VIEWER:
                    text = "".join(text for _, text in shown).replace("x", "")
                    wanted = "one\ntwothree" if kind == "notebook" else "one\ntwo\nthree\n"
                    assert text == wanted
                await siege.end()

            loop.run_until_complete(verdict())
        assert siege.sent >= EXAMPLES // 4 * FRAMES
    finally:
        loop.run_until_complete(siege.life.kill())
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


@pytest.mark.parametrize("killed", [True, False])
def test_what_no_notebook_holds_becomes_a_raw_cell_and_saving_goes_on(
    run: Run, tmp_path: Path, killed: bool
) -> None:  # [M8]
    """It is in an old history, or some code of this server puts it there."""

    async def test() -> None:
        with quick(SimpleNamespace(offset=0.0)):
            siege = Siege(tmp_path, "notebook", Role.VIEWER)
            await siege.begin()
            life = siege.life
            for client in siege.clients:
                client.disconnect()
            siege.room.ydoc.get("cells", type=Array).append("precious")
            if killed:
                await life.backend.flush()
                await life.kill()
                life = Life(life.root, life.document, siege.file_ids)
                await life.start()
            room = await life.open()
            room.join(Pin())  # a room without members is closed soon
            await room.settled()

            def is_saved() -> bool:
                try:
                    *_, last = json.loads(siege.file.read_bytes())["cells"]
                except ValueError:  # it is being written
                    return False
                return last["cell_type"] == "raw" and "precious" in "".join(last["source"])

            assert await wait_for(is_saved, 10)
            assert await wait_for(lambda: room.synchronizer.is_saved, 10)
            await life.kill()

    run(test())


# On real sockets


def hostile_messages(client_id: int) -> dict[str, bytes]:
    far = write_varuint(2**60)
    presence = json.dumps({"user": {}, "x": "y" * 20_000})
    ids = b"".join(
        write_varuint(100 + number) + b"\x01" + write_bytes(b"{}") for number in range(9)
    )
    nan = wire.awareness_message(client_id, 1, '{"a": NaN}')
    return {
        "a number without an end": b"\xff" * 300_000,
        "an update without an end": b"\x00\x02" + b"\xff" * 300_000,
        "a client id of 60 bits": messages.sync_message(
            messages.UPDATE, b"\x01\x01" + far + b"\x00\x04\x01\x06source\x01x\x00"
        ),
        "ten thousand nested lists": messages.sync_message(
            messages.UPDATE,
            b"\x01\x01\x01\x00\x08\x01\x05state\x01" + b"\x75\x01" * 10_000 + b"\x7e\x00",
        ),
        "presence of 20 kB": wire.awareness_message(client_id, 1, presence),
        "presence of nine clients": b"\x01" + write_bytes(b"\x09" + ids),
        "presence that is a list": wire.awareness_message(client_id, 1, "[]"),
        "presence with a NaN": nan,
        "presence that is deep": wire.awareness_message(client_id, 1, "[" * 10_000),
        "a state vector that is none": b"\x00\x00" + write_bytes(b"\x05\x01"),
    }


def test_each_hostile_message_costs_its_sender_the_connection(run: Run, serving: Serving) -> None:
    # [M4]
    async def test() -> None:
        async with serving() as server:
            file = server.text_file("a.txt", "one")
            ada, bob = await server.member(file), await server.member(file)
            url = (await server.endpoint(file)).url
            for number, (name, message) in enumerate(hostile_messages(5).items()):
                code, reason = await closing(url, message)
                assert code == 4400, name
                assert len(reason.encode()) <= 123
                ada.source.insert(0, f"<{number}>")
                await bob.sees(str(ada.source))

    run(test())


def test_a_message_that_is_too_large_is_not_read(run: Run, serving: Serving) -> None:  # [M4]
    async def test() -> None:
        async with serving(YDocExtension={"max_message_mb": 1}) as server:
            file = server.text_file("a.txt", "one")
            ada = await server.member(file)
            mallory = await server.member(file)
            with suppress(ConnectionError):
                mallory.source.insert(0, "x" * 2**21)
            await asyncio.wait_for(mallory.socket.closed.wait(), 20)
            ada.source.insert(0, "y")
            await ada.ask("save")
            assert server.read("a.txt") == "yone"

    run(test())


def test_a_flood_is_read_slowly_while_others_wait_and_whole(
    run: Run, serving: Serving
) -> None:  # S23 S32 [M4]
    async def test() -> None:
        async with serving() as server:
            cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": []}
            cell |= {"execution_count": None, "source": "1"}
            file = server.notebook_file("n.ipynb", [cell])
            flood, ada = await server.member(file), await server.member(file)
            count = 16_000  # more than a fast machine reads within the burst that it grants
            for number in range(count):  # each is tried on a copy of the document
                flood.cells[0]["metadata"][f"k{number % 50}"] = number
            # Others are served meanwhile: these are answered before the flood is read.
            for number in range(3):
                ada.cells[0]["source"].insert(0, f"<{number}>")
                await ada.ask("ack")
                assert ada.cells[0]["metadata"].get("k49") != count - 1
            await flood.ask("ack")
            await ada.until(lambda _: ada.cells[0]["metadata"].get("k49") == count - 1, 60)
            assert not flood.socket.closed.is_set()

    run(test())


def test_an_edit_that_no_notebook_holds_is_answered_and_the_rest_is_saved(
    run: Run, serving: Serving
) -> None:  # [M8]
    async def test() -> None:
        async with serving() as server:
            cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": []}
            cell |= {"execution_count": None, "source": "1"}
            file = server.notebook_file("n.ipynb", [cell])
            ada, mallory = await server.member(file), await server.member(file)
            mallory.cells.append("no cell")
            told = await mallory.reply(lambda reply: reply["type"] == "error")
            assert told["reason"] == "invalid_edit"
            assert "not a map" in told["detail"]
            ada.cells[0]["source"].insert(0, "2 + ")
            assert (await ada.ask("save"))["status"] in ("success", "skipped")
            saved = json.loads(server.read("n.ipynb"))["cells"]
            assert ["".join(each["source"]) for each in saved] == ["2 + 1"]
            assert len(ada.cells) == 1

    run(test())


def test_who_types_before_the_rest_has_come_is_understood(run: Run, serving: Serving) -> None:
    """As clients do that send each edit from the first moment on."""

    async def test() -> None:
        async with serving() as server:
            file = server.text_file("a.txt", "one")
            ada = await server.member(file)
            replica = ada.doc.get_update()
            offline = Editor(await server.endpoint(file))
            offline.doc.apply_update(replica)
            offline.source.insert(0, "offline ")
            early: list[bytes] = []
            subscription = offline.doc.observe(lambda event: early.append(event.update))
            offline.source.insert(8, "early ")
            offline.doc.unobserve(subscription)
            await offline.socket.connect(offline.endpoint.url)
            offline.send_update(early[0])
            offline.send(wire.sync_message(wire.STEP1, offline.doc.get_state()))
            await ada.sees("offline early one")

    run(test())
