"""One file is one document, whatever happens to file ids, names and links."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from faulty import Document, come_back, editing
from support import Editor, Server, until

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]

SOON = {"document_save_delay": 0.05, "file_poll_interval": 0.1}
MANAGERS = ["ArbitraryFileIdManager", "LocalFileIdManager"]


def managed(manager: str) -> dict[str, Any]:
    name = f"jupyter_server_fileid.manager.{manager}"
    return {"FileIdExtension": {"file_id_manager_class": name}, "YDocExtension": SOON}


def losing(folder: Path) -> dict[str, Any]:
    """Options of a server whose file ids are in a folder that `lose` empties."""
    return {"BaseFileIdManager": {"db_path": str(folder / "ids.db")}, "YDocExtension": SOON}


def lose(folder: Path) -> None:
    for path in folder.glob("ids.db*"):
        path.unlink()


def room_of(editor: Editor) -> str:
    return editor.endpoint.url.split("/room/")[1].split("?")[0]


async def rename(server: Server, old: str, new: str) -> None:
    status, _ = await server.request("PATCH", f"api/contents/{old}", json={"path": new})
    assert status == 200


async def versions(server: Server, room: str) -> list[dict[str, Any]]:
    while True:
        status, data = await server.request("GET", f"api/collaboration/versions/{room}")
        assert status == 200
        if (page := json.loads(data))["complete"]:
            return list(page["versions"])


def moved(document: Document, path: str) -> None:
    """Expect the document at another path from now on."""
    document.path = path
    document.fixture = type(document.fixture)(path, document.fixture.kind)


@pytest.mark.parametrize("kind", ["notebook", "text"])
def test_a_document_keeps_its_history_when_file_ids_are_lost(
    run: Run, serving: Serving, tmp_path: Path, kind: str
) -> None:  # S20 [F8]
    async def test() -> None:
        async with serving(**losing(tmp_path)) as server:
            document = Document(server, "folder/kept", kind)
            async with editing(document) as (ada,):
                document.type(ada)
                await ada.ask("save")
                document.type(ada)
                await ada.ask("save")
                room = room_of(ada)
                before = await versions(server, room)
                route = f"api/collaboration/versions/{room}/{before[-1]['id']}"
                assert (await server.request("PUT", route, json={"name": "mine"}))[0] == 200
                await document.agrees(ada)
            await server.stop()
            lose(tmp_path)
            await server.start()
            async with editing(document) as (ada,):
                after = await versions(server, room_of(ada))
                assert [each["id"] for each in after] == [each["id"] for each in before]
                assert after[-1]["name"] == "mine"
                document.type(ada)
                await document.agrees(ada)

    run(test())


@pytest.mark.parametrize("first", ["the page that was asleep", "another one"])
def test_a_page_that_was_asleep_goes_on_when_file_ids_are_lost(
    run: Run, serving: Serving, tmp_path: Path, first: str
) -> None:  # S20 [S6]
    async def test() -> None:
        async with serving(**losing(tmp_path)) as server:
            document = Document(server, "asleep", "notebook")
            ada = await server.member(document.fixture)
            document.type(ada)
            await document.agrees(ada)
            endpoint = ada.endpoint
            await server.stop()
            lose(tmp_path)
            document.type(ada)  # offline
            await server.start()
            if first == "another one":
                bob = await server.member(document.fixture)
                document.type(bob)
            asleep = await Editor.open_at(endpoint, ada.doc.get_update())
            asleep.send_update(ada.doc.get_update())
            await document.agrees(asleep)
            await come_back(document, ada)
            assert room_of(ada) == room_of(asleep)
            await document.agrees(asleep, ada)

    run(test())


def test_files_that_were_swapped_while_ids_were_lost_keep_their_own_histories(
    run: Run, serving: Serving, tmp_path: Path
) -> None:  # S20
    async def test() -> None:
        async with serving(**losing(tmp_path)) as server:
            one, two = Document(server, "one", "text"), Document(server, "two", "text")
            two.last = 50  # so that their contents always differ
            rooms = {}
            for document in (one, two):
                for _ in range(1 + (document is two)):
                    async with editing(document) as (ada,):
                        document.type(ada)
                        await document.agrees(ada)
                        rooms[document.name] = room_of(ada)
            await server.stop()
            lose(tmp_path)
            paths = [server.root / "one.txt", server.root / "two.txt"]
            first, second = (path.read_bytes() for path in paths)
            paths[0].write_bytes(second)
            paths[1].write_bytes(first)
            moved(one, "two.txt")
            moved(two, "one.txt")
            await server.start()
            for document in (one, two):
                async with editing(document) as (ada,):
                    assert room_of(ada) == rooms[document.name]
                    document.type(ada)
                    await document.agrees(ada)

    run(test())


def test_a_new_file_does_not_get_the_history_of_another_one(
    run: Run, serving: Serving, tmp_path: Path
) -> None:  # S20
    async def test() -> None:
        async with serving(**losing(tmp_path)) as server:
            old = Document(server, "old", "text")
            async with editing(old) as (ada,):
                old.type(ada)
                await old.agrees(ada)
                room = room_of(ada)
            await server.stop()
            lose(tmp_path)
            await server.start()
            (server.root / "copy.txt").write_bytes(old.data)  # the same content
            new = Document(server, "new", "text")
            copy = await server.member(type(old.fixture)("copy.txt", "file"))
            fresh = await server.member(new.fixture)
            assert room not in (room_of(copy), room_of(fresh))
            async with editing(old) as (ada,):
                assert room_of(ada) == room

    run(test())


@pytest.mark.parametrize("manager", MANAGERS)
@pytest.mark.parametrize("folder", ["", "plain/", "odd [a-z] * ?/"])
def test_a_rename_onto_a_path_of_a_file_that_is_gone_keeps_one_document(
    run: Run, serving: Serving, manager: str, folder: str
) -> None:  # S21 [F8]
    async def test() -> None:
        async with serving(**managed(manager)) as server:
            gone = Document(server, f"{folder}b", "notebook")
            document = Document(server, f"{folder}a", "notebook")
            async with editing(gone) as (ada,):
                gone.type(ada)
                await gone.agrees(ada)
            (server.root / gone.path).unlink()
            ada, bob = (
                await server.member(document.fixture),
                await server.member(document.fixture),
            )
            await rename(server, quote(document.path), gone.path)
            moved(document, gone.path)
            eve = await server.member(document.fixture)
            assert room_of(ada) == room_of(bob) == room_of(eve)
            for editor in (ada, bob, eve):
                document.type(editor)
            assert (await ada.ask("save"))["status"] in ("success", "skipped")
            await document.agrees(ada, bob, eve)

    run(test())


@pytest.mark.parametrize("manager", MANAGERS)
@pytest.mark.parametrize("name", ["plain", "odd [a-z] * ?", "[x]", "a%b#c", "é ü 日本"])
def test_a_renamed_folder_takes_its_documents_along_and_no_others(
    run: Run, serving: Serving, manager: str, name: str
) -> None:  # S21 [F8]
    async def test() -> None:
        async with serving(**managed(manager)) as server:
            document = Document(server, f"{name}/a", "text")
            other = Document(server, "odd b  c/a", "text")  # what a pattern would match
            another = Document(server, "x/a", "text")
            gone = Document(server, "new [folder]/a", "text")
            async with editing(gone) as (ada,):
                gone.type(ada)
                await gone.agrees(ada)
            shutil.rmtree(server.root / "new [folder]")
            editors = [await server.member(each.fixture) for each in (document, other, another)]
            await rename(server, quote(name), "new [folder]")
            moved(document, "new [folder]/a.txt")
            eve = await server.member(document.fixture)
            assert room_of(eve) == room_of(editors[0])
            for each, editor in zip((document, other, another), editors, strict=True):
                each.type(editor)
                await each.agrees(editor)
                assert room_of(await server.member(each.fixture)) == room_of(editor), each.path

    run(test())


@pytest.mark.parametrize("manager", MANAGERS)
@pytest.mark.parametrize("place", ["inside", "in a folder that is a link", "outside"])
def test_a_file_and_its_links_are_one_document(
    run: Run, serving: Serving, tmp_path: Path, manager: str, place: str
) -> None:  # S21 [F8]
    async def test() -> None:
        async with serving(**managed(manager)) as server:
            document = Document(server, "folder/file", "text")
            link = server.root / "link.txt"
            target = server.root / document.path
            fixtures = [document.fixture]
            if place == "inside":
                link.symlink_to(target)
            elif place == "outside":
                outside = tmp_path / "outside.txt"
                target.rename(outside)
                target.symlink_to(outside)
                link.symlink_to(outside)
            else:
                (server.root / "other").symlink_to(server.root / "folder")
                link = server.root / "other" / "file.txt"
            fixtures.append(type(document.fixture)(os.path.relpath(link, server.root), "file"))
            editors = [await server.member(fixture) for fixture in fixtures]
            assert room_of(editors[0]) == room_of(editors[1])
            for editor in editors:
                document.type(editor)
            await document.agrees(*editors)
            assert link.is_symlink() or link.parent.is_symlink()
            await until(lambda: document.holds(document.on_disk))

    run(test())
