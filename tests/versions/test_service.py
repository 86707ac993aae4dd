"""Versions: how entries are grouped, what is said of them, and that they can be had back."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text
from support import Server, at_play, content, put, room_of, until, versions

from jupyter_collaboration.history.model import Entry, Kind, Mark, MarkKind
from jupyter_collaboration.rooms.timeline import MAX_ROOMS
from jupyter_collaboration.versions.changes import ChangeTracker
from jupyter_collaboration.versions.grouping import MAX_SPAN, PAUSE, TOGETHER, EntryEffect, Grouping

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]

EDIT, RUN, NOTHING = EntryEffect(True, False), EntryEffect(False, True), EntryEffect(False, False)


def grouped(
    *pieces: tuple[float, str, Kind, EntryEffect], marks: list[Mark] | None = None
) -> list[Any]:
    """Kinds, authors and entries of the versions that pieces of work make."""
    grouping = Grouping(marks or [])
    groups = []
    for seq, (time, author, kind, effect) in enumerate(pieces, 1):
        if (ended := grouping.add(Entry(seq, b"..", author, kind, time), effect)) is not None:
            groups.append(ended)
    assert grouping.group is not None
    return [
        (each.kind_of_version, "+".join(each.names), each.first, each.seq)
        for each in [*groups, grouping.group]
    ]


def mark(seq: int, kind: MarkKind) -> Mark:
    return Mark(seq, kind, "ada", 0.0)


@pytest.mark.parametrize(
    ("pieces", "marks", "versions"),
    [
        (
            [(0, "ada", Kind.EDIT, EDIT), (PAUSE, "ada", Kind.EDIT, EDIT)],
            [],
            [("edit", "ada", 1, 2)],
        ),
        (
            [(0, "ada", Kind.EDIT, EDIT), (PAUSE + 1, "ada", Kind.EDIT, EDIT)],
            [],
            [("edit", "ada", 1, 1), ("edit", "ada", 2, 2)],
        ),
        (
            [(0, "ada", Kind.EDIT, EDIT), (TOGETHER, "bob", Kind.EDIT, EDIT)],
            [],
            [("edit", "ada+bob", 1, 2)],
        ),
        (
            [(0, "ada", Kind.EDIT, EDIT), (TOGETHER + 1, "bob", Kind.EDIT, EDIT)],
            [],
            [("edit", "ada", 1, 1), ("edit", "bob", 2, 2)],
        ),
        (
            [(at * 200.0, "ada", Kind.EDIT, EDIT) for at in range(11)],
            [],
            [("edit", "ada", 1, int(MAX_SPAN // 200) + 1), ("edit", "ada", 11, 11)],
        ),
        (
            [
                (0, "", Kind.LOAD, EDIT),
                (1, "ada", Kind.EDIT, EDIT),
                (2, "", Kind.DISK, EDIT),
                (3, "", Kind.DISK, EDIT),
                (4, "ada", Kind.EDIT, EDIT),
            ],
            [],
            [
                ("load", "", 1, 1),
                ("edit", "ada", 2, 2),
                ("disk", "", 3, 3),
                ("disk", "", 4, 4),
                ("edit", "ada", 5, 5),
            ],
        ),
        (
            [
                (0, "ada", Kind.EDIT, EDIT),
                (1, "ada", Kind.EDIT, RUN),
                (2, "ada", Kind.EDIT, RUN),
                (3, "ada", Kind.EDIT, EDIT),
            ],
            [],
            [("run", "ada", 1, 3), ("edit", "ada", 4, 4)],
        ),
        (
            [
                (0, "ada", Kind.EDIT, EDIT),
                (1, "", Kind.SERVER, NOTHING),
                (2, "ada", Kind.EDIT, EDIT),
            ],
            [],
            [("edit", "ada", 1, 3)],
        ),
        (
            [(0, "ada", Kind.EDIT, EDIT), (1, "ada", Kind.EDIT, EDIT)],
            [mark(1, MarkKind.SAVED)],
            [("edit", "ada", 1, 1), ("edit", "ada", 2, 2)],
        ),
        (
            [(0, "ada", Kind.EDIT, EDIT), (1, "ada", Kind.EDIT, EDIT)],
            [mark(1, MarkKind.RESTORED)],
            [("edit", "ada", 1, 1), ("restore", "ada", 2, 2)],
        ),
        (
            [(3600, "ada", Kind.EDIT, EDIT), (0, "ada", Kind.EDIT, EDIT)],
            [],
            [("edit", "ada", 1, 2)],
        ),
    ],
    ids=[
        "without a pause",
        "a pause",
        "together",
        "one after the other",
        "very long",
        "the disk",
        "a run",
        "the server's own",
        "a save",
        "a restore",
        "a clock that steps back",
    ],
)
def test_entries_are_grouped(pieces: list[Any], marks: list[Mark], versions: list[Any]) -> None:
    # [V1]
    assert grouped(*pieces, marks=marks) == versions


def cell(name: str, source: str) -> Map[Any]:
    return Map(
        {
            "id": name,
            "cell_type": "code",
            "source": Text(source),
            "metadata": Map({}),
            "outputs": Array([]),
            "execution_count": None,
        }
    )


def test_a_summary_names_cells_and_lines() -> None:  # [V2]
    doc: Doc[Any] = Doc()
    cells = doc.get("cells", type=Array)
    updates: list[bytes] = []
    subscription = doc.observe(lambda event: updates.append(event.update))
    tracker = ChangeTracker("notebook")

    def told() -> tuple[list[EntryEffect], dict[str, Any]]:
        deeds = []
        for update in updates:
            deeds.append(tracker.take(update))
            tracker.settled()
        updates.clear()
        return deeds, tracker.changes()

    cells.extend([cell(name, f"{name} = 1\n") for name in "abcd"])
    deeds, changes = told()
    assert deeds == [EDIT]
    assert changes["cells"] == {"added": [1, 2, 3, 4]}
    assert changes["lines"] == {"added": 4, "removed": 0}

    cells[1]["source"].insert(0, "# first\n")
    cells[1]["execution_count"] = 3.0
    deeds, changes = told()
    assert deeds == [EDIT, RUN]
    assert changes["cells"] == {"changed": [2], "run": [2]}
    assert changes["lines"] == {"added": 1, "removed": 0}

    moved = cells[3].to_py()
    with doc.transaction():
        del cells[3]
        cells.insert(0, cell("d", moved["source"]))
        del cells[1]
    doc.get("state", type=Map)["dirty"] = True
    deeds, changes = told()
    assert deeds == [EDIT, NOTHING]
    assert changes["cells"] == {"removed": [1], "moved": [1]}
    assert changes["lines"] == {"added": 0, "removed": 1}

    meta = doc.get("meta", type=Map)
    for metadata, effect, is_told in (
        ({"kernelspec": {"name": "python3"}}, NOTHING, False),
        ({"kernelspec": {"name": "python3"}, "title": "mine"}, EDIT, True),
    ):
        meta["metadata"] = metadata
        nothing = {"cells": {}, "lines": {"added": 0, "removed": 0}}
        assert told() == ([effect], {**nothing, "metadata": is_told})
    tracker.close()
    doc.unobserve(subscription)


def test_versions_are_listed_read_named_and_restored(run: Run, serving: Serving) -> None:
    # [V1] [V3] [V4] [V5]
    async def test() -> None:
        async with serving() as server:
            file = server.text_file("a.txt", "one\n")
            endpoint = await server.endpoint(file)
            room = room_of(endpoint)
            ada = await server.member(file)
            ada.source.insert(0, "two\n")
            assert (await ada.ask("save"))["status"] == "success"
            ada.source.insert(0, "three\n")
            assert (await ada.ask("save"))["status"] == "success"
            found = await versions(server, room)
            assert [each["kind"] for each in found] == ["edit", "edit", "load"]
            assert found[0]["changes"] == {"lines": {"added": 1, "removed": 0}}
            assert found[0]["authors"] and not found[2]["authors"]
            texts = [await content(server, room, each["id"]) for each in found]
            assert texts == ["three\ntwo\none\n", "two\none\n", "one\n"]
            before = [await content(server, room, each["first"], "before=true") for each in found]
            assert before == [*texts[1:], ""]

            page = await versions(server, room, f"limit=1&before={found[0]['id']}")
            assert [each["id"] for each in page] == [found[1]["id"]]
            assert await versions(server, room, "author=nobody") == []

            status, named = await put(server, f"versions/{room}/{found[1]['id']}", name=" first ")
            assert (status, named) == (200, {"id": found[1]["id"], "name": "first"})
            (only,) = await versions(server, room, "named=true")
            assert (only["id"], only["name"]) == (found[1]["id"], "first")

            status, answer = await put(server, f"restore/{room}", version=found[2]["id"])
            assert status == 200 and answer["update"]
            await ada.sees("one\n")
            await until(lambda: server.read("a.txt") == "one\n")
            after = await versions(server, room)
            assert [each["kind"] for each in after] == ["restore", "edit", "edit", "load"]
            assert after[0]["authors"]
            assert await content(server, room, after[1]["id"]) == "three\ntwo\none\n"
            status, answer = await put(server, f"restore/{room}", version=found[2]["id"])
            assert (status, answer) == (200, {"update": None})

            status, _ = await put(server, f"versions/{room}/{found[1]['id']}", name="")
            assert status == 200 and await versions(server, room, "named=true") == []

    run(test())


def test_everybody_in_the_document_is_told_of_a_restore(run: Run, serving: Serving) -> None:
    # [V5]
    async def test() -> None:
        async with serving() as server:
            file = server.text_file("a.txt", "one\n")
            room = room_of(await server.endpoint(file))
            ada, grace = await server.member(file), await server.member(file)
            ada.source.insert(0, "two\n")
            assert (await ada.ask("save"))["status"] == "success"
            (edit, load) = await versions(server, room)

            def restores(member: Any) -> list[dict[str, Any]]:
                return [each for each in member.replies if each.get("type") == "restored"]

            # A restore that changes nothing is none.
            status, answer = await put(server, f"restore/{room}", version=edit["id"])
            assert (status, answer) == (200, {"update": None})
            authors = []
            for apply in (True, False):
                status, _ = await put(server, f"restore/{room}", version=load["id"], apply=apply)
                assert status == 200
                if apply:
                    await grace.sees("one\n")
                    authors = (await versions(server, room))[0]["authors"]
                    ada.source.insert(0, "three\n")
                    assert (await ada.ask("save"))["status"] == "success"
            for member in (ada, grace):
                await until(lambda member=member: len(restores(member)) == 2)
                first, second = restores(member)
                assert first == {"type": "restored", "username": authors[0], "cell": None}
                assert (second["type"], second["cell"]) == ("restored", None)

    run(test())


def test_one_cell_is_restored(run: Run, serving: Serving) -> None:  # [V5]
    async def test() -> None:
        async with serving() as server:
            cells = [
                {
                    "cell_type": "code",
                    "id": name,
                    "source": f"{name} = 1",
                    "metadata": {},
                    "outputs": [],
                    "execution_count": None,
                }
                for name in ("first", "second", "third")
            ]
            file = server.notebook_file("a.ipynb", cells)
            room = room_of(await server.endpoint(file))
            ada = await server.member(file)
            ada.cells[0]["source"].insert(0, "# mine\n")
            del ada.cells[1]
            assert (await ada.ask("save"))["status"] == "success"
            found = await versions(server, room)
            assert found[0]["changes"]["cells"] == {"changed": [1], "removed": [2]}
            start = found[-1]["id"]
            status, _ = await put(server, f"restore/{room}", version=start, cell="second")
            assert status == 200

            def sources() -> list[str]:
                return [str(each["source"]) for each in ada.cells]

            await ada.until(lambda _: len(ada.cells) == 3, 20)
            assert sources() == ["# mine\nfirst = 1", "second = 1", "third = 1"]

            status, answer = await put(
                server, f"restore/{room}", version=start, cell="first", apply=False
            )
            assert status == 200 and sources()[0] == "# mine\nfirst = 1"
            ada.doc.apply_update(base64.b64decode(answer["update"]))
            assert sources() == ["first = 1", "second = 1", "third = 1"]
            assert (await ada.ask("save"))["status"] == "success"
            newest = (await versions(server, room))[0]
            assert (newest["kind"], newest["changes"]["cells"]) == ("restore", {"changed": [1]})
            status, answer = await put(server, f"restore/{room}", version=start, cell="none")
            assert status == 404 and "does not contain the cell" in answer["message"]

    run(test())


def test_versions_and_names_outlive_the_server(run: Run, new_server: Callable[..., Server]) -> None:
    # [V3] [V4]
    async def test() -> None:
        server = new_server()
        await server.start()
        file = server.text_file("a.txt", "one\n")
        room = room_of(await server.endpoint(file))
        ada = await server.member(file)
        ada.source.insert(0, "two\n")
        await ada.ask("save")
        before = await versions(server, room)
        await put(server, f"versions/{room}/{before[0]['id']}", name="kept")
        await server.stop()
        await server.start()
        after = await versions(server, room)
        assert [each["id"] for each in after] == [each["id"] for each in before]
        assert after[0]["name"] == "kept"
        assert await content(server, room, after[0]["id"]) == "two\none\n"
        await server.stop()

    run(test())


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        (
            {"SQLiteYStore": {"detail_days": 30, "max_document_mb": 2, "document_ttl": 60}},
            {"detail_days": 30.0, "document_bytes": 2**21, "squash_after": 60},
        ),
        ({"SQLiteYStore": {"db_path": ":memory:"}}, None),
        ({"SQLiteYStore": {"db_path": "/dev/full"}}, None),
        ({"YDocExtension": {"ystore_class": "jupyter_server_ydoc.stores.MemoryYStore"}}, None),
    ],
    ids=["on disk", "a database in memory", "no store", "memory"],
)
def test_a_page_says_how_much_is_kept(
    run: Run, serving: Serving, options: dict[str, Any], kept: Any
) -> None:  # [H5]
    async def test() -> None:
        async with serving(**options) as server:
            room = room_of(await server.endpoint(server.text_file("a.txt", "one\n")))
            status, text = await server.request("GET", f"api/collaboration/versions/{room}")
            assert (status, json.loads(text)["kept"]) == (200, kept)

    run(test())


def test_authors_who_left_keep_their_names(run: Run, new_server: Callable[..., Server]) -> None:
    # [V3]
    async def test() -> None:
        server = new_server(ServerApp={"identity_provider_class": "authorizers.ByToken"})
        await server.start()
        file = server.text_file("a.txt", "one\n")
        room = room_of(await server.endpoint(file))
        ada = await server.member(file)
        ada.source.insert(0, "two\n")
        await ada.ask("save")
        await server.stop()
        await server.start()
        await versions(server, room)
        status, text = await server.request("GET", f"api/collaboration/versions/{room}")
        assert (status, json.loads(text)["people"]) == (200, {"editor": "Editor"})
        await server.stop()

    run(test())


@pytest.mark.parametrize(
    ("method", "route", "body", "status"),
    [
        ("GET", "versions/{room}?before=x", None, 400),
        ("GET", "versions/{room}?limit=-1", None, 400),
        ("GET", "versions/nothing", None, 400),
        ("GET", "versions/text:file:unknown", None, 404),
        ("GET", "versions/{room}/999999", None, 404),
        ("GET", "versions/{room}/x", None, 404),
        ("PUT", "versions/{room}/1", {"name": 3}, 400),
        ("PUT", "versions/{room}/1", {"name": "x" * 1000}, 400),
        ("PUT", "versions/{room}/999999", {"name": "x"}, 404),
        ("PUT", "restore/{room}", {}, 400),
        ("PUT", "restore/{room}", {"version": True}, 400),
        ("PUT", "restore/{room}", {"version": 1, "cell": "a"}, 400),
        ("PUT", "restore/{room}", {"version": 999999}, 404),
        ("PUT", "restore/JupyterLab:globalAwareness", {"version": 1}, 400),
    ],
)
def test_bad_requests_are_answered_in_words(
    run: Run, serving: Serving, method: str, route: str, body: Any, status: int
) -> None:  # [V3]
    async def test() -> None:
        async with serving() as server:
            room = room_of(await server.endpoint(server.text_file("a.txt", "one\n")))
            path = f"api/collaboration/{route.format(room=room)}"
            found, text = await server.request(method, path, json=body)
            assert found == status, text
            if not route.endswith("/x"):
                assert json.loads(text)["message"]

    run(test())


def test_pages_are_made_while_people_type(run: Run, serving: Serving) -> None:  # [V3]
    async def test() -> None:
        async with serving() as server:
            file = server.text_file("a.txt", "")
            room = room_of(await server.endpoint(file))
            ada = await server.member(file)
            for number in range(30):
                ada.source.insert(0, f"{number}\n")
                if number % 5 == 4:
                    assert (await ada.ask("save"))["status"] == "success"
                answers = await asyncio.gather(*(versions(server, room) for _ in range(3)))
                ids = [each["id"] for each in answers[0]]
                assert ids == sorted(ids, reverse=True)
            await ada.ask("save")
            found = await versions(server, room)
            assert len(found) == 7  # an empty file was loaded
            texts = [await content(server, room, each["id"]) for each in found]
            assert [text.count("\n") for text in texts] == [30, 25, 20, 15, 10, 5, 0]

    run(test())


def test_the_public_timeline_shows_the_past_in_a_room_of_its_own(
    run: Run, serving: Serving
) -> None:  # [C1]
    async def test() -> None:
        async with serving() as server:
            file = server.text_file("a.txt", "one\n")
            room = room_of(await server.endpoint(file))
            ada = await server.member(file)
            for text in ("two\n", "three\n"):
                ada.source.insert(0, text)
                assert (await ada.ask("save"))["status"] == "success"
            past = "api/collaboration/timeline/a.txt?format=text&type=file"
            status, text = await server.request("GET", past)
            shown = json.loads(text)
            assert (status, shown["roomId"]) == (200, room)
            assert len(shown["timestamps"]) == 3
            assert shown["timestamps"] == sorted(shown["timestamps"])
            viewer = await at_play(server, shown)
            assert str(viewer.source) == "three\ntwo\none\n"

            async def does(action: str, steps: int = 1) -> dict[str, Any]:
                query = f"action={action}&steps={steps}&forkRoom={shown['forkRoom']}"
                status, answer = await put(server, f"undo_redo/{room}?{query}")
                assert status == 200, answer
                return answer

            assert await does("undo") == {"status": "undone"}
            await viewer.sees("two\none\n")
            await does("undo", 5)
            await viewer.sees("one\n")
            assert await does("redo") == {"status": "redone"}
            await viewer.sees("two\none\n")
            assert str(ada.source) == "three\ntwo\none\n"

            viewer.source.insert(0, "<viewer>")
            refused = await viewer.reply(lambda reply: reply["type"] == "error")
            assert refused["reason"] == "not_allowed"

            assert (await does("restore"))["code"] == 200
            await ada.sees("two\none\n")
            # Each look has a copy, and there are never many.
            for _ in range(MAX_ROOMS):
                assert (await server.request("GET", past))[0] == 200
            await viewer.socket.closed.wait()
            for route, expected in (
                (f"undo_redo/{room}?action=undo&forkRoom={shown['forkRoom']}", 404),
                (f"undo_redo/{room}?action=jump&forkRoom=x", 400),
                (f"undo_redo/{room}?action=undo&steps=x&forkRoom=x", 400),
            ):
                status, answer = await put(server, route)
                assert status == expected and answer["error"]
            for query in ("none.txt?format=text&type=file", "a.txt?format=x&type=file"):
                status, text = await server.request("GET", f"api/collaboration/timeline/{query}")
                assert status == (404 if "none" in query else 400)
                assert json.loads(text)["code"] == status and json.loads(text)["error"]

    run(test())
