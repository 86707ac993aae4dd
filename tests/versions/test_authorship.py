"""Who wrote what: each letter has the author that the server knew when it came."""

from __future__ import annotations

import json
import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from authorizers import RULES
from pycrdt import Assoc, Doc, Text
from support import Editor, Server

from jupyter_collaboration.documents.codec import replay
from jupyter_collaboration.history import attribution as attribution_module
from jupyter_collaboration.history.attribution import Attribution
from jupyter_collaboration.history.memory import MemoryBackend
from jupyter_collaboration.history.model import Kind, Retention
from jupyter_collaboration.history.sqlite.backend import SQLiteBackend
from jupyter_collaboration.history.store import History
from rtcbench.client import Endpoint

Run = Callable[[Awaitable[Any]], Any]
Serving = Callable[..., Any]

PEOPLE = ("ada", "bob", "cyd")


def letters(doc: Doc[Any], runs: dict[Any, Any], authors: list[str]) -> str:
    """The initial of each letter's author; '-' for nobody, '?' for what is in no range."""
    text = doc.get("source", type=Text)
    found = []
    for at in range(len(str(text))):
        item = text.sticky_index(at, Assoc.AFTER).to_json()["item"]
        each = runs.get(str(item["client"]), runs.get(item["client"], []))
        hits = [run for run in each if run[0] <= item["clock"] < run[0] + run[1]]
        assert len(hits) <= 1
        author = hits[0][2] if hits else None
        found.append("?" if author is None else "-" if author < 0 else authors[author][0])
    return "".join(found)


class Group:
    """People who write with their initials into one document, whose history is told of it."""

    def __init__(self, history: History, seed: int) -> None:
        self.history = history
        self.rng = random.Random(seed)
        self.docs = {name: Doc[Any]() for name in PEOPLE}
        self.shared: Doc[Any] = Doc()

    def work(self, count: int) -> None:
        for _ in range(count):
            name = self.rng.choice(PEOPLE)
            doc = self.docs[name]
            doc.apply_update(self.shared.get_update(doc.get_state()))
            text = doc.get("source", type=Text)
            before, size = doc.get_state(), len(str(text))
            with doc.transaction():
                text.insert(self.rng.randint(0, size), name[0] * self.rng.randint(1, 5))
                if size > 20 and self.rng.random() < 0.5:
                    at = self.rng.randrange(size - 5)
                    del text[at : at + 5]
            update = doc.get_update(before)
            self.shared.apply_update(update)
            self.history.append(update, name, Kind.EDIT)

    async def check(self) -> Attribution:
        """All is known of everything that is in the document."""
        known = await self.history.attribution.read()
        known.extend(each for each in await self.history.entries() if each.seq > known.seq)
        text = str(self.shared.get("source", type=Text))
        assert letters(self.shared, known.runs, known.authors) == text
        for runs in known.runs.values():
            ends = [run.clock + run.length for run in runs]
            assert all(run.clock >= end for run, end in zip(runs[1:], ends[:-1], strict=True))
        return known


@pytest.mark.parametrize("seed", range(10))
def test_compaction_keeps_who_wrote_what(seed: int, tmp_path: Path, run: Run) -> None:  # [V6]
    async def test() -> None:
        for retention in (Retention(squash_after=-1), Retention(detail_days=0)):
            path = str(tmp_path / f"{retention.squash_after}.db")
            backend = SQLiteBackend(path, commit_delay=0, retention=retention)
            await backend.open()
            history = backend.history("text:file:1")
            await history.load()
            group = Group(history, seed)
            for _ in range(3):
                group.work(20)
                history.mark_saved(history.mark_cut(), "hash")
                await history.commit()
                await backend.compact("text:file:1")
                assert len(await history.entries()) < 20
                group.work(10)
                await history.commit()
                known = await group.check()
                if seed % 2:  # what was told once may be kept for the next time
                    await history.attribution.keep(known)
            await backend.close()

    run(test())


def test_memory_keeps_who_wrote_what_it_drops(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    # [V6]
    monkeypatch.setattr("jupyter_collaboration.history.memory.MAX_ENTRIES", 20)

    async def test() -> None:
        backend = MemoryBackend()
        await backend.open()
        history = backend.history("text:file:1")
        group = Group(history, 1)
        for _ in range(3):
            group.work(30)
            history.checkpoint(history.seq - 5, replay([e.update for e in await history.entries()]))
            assert len(await history.entries()) == 6
            await group.check()

    run(test())


def test_many_ranges_become_fewer_and_say_when_more_roughly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # [V6]
    monkeypatch.setattr(attribution_module, "MAX_RUNS", 20)
    known = Attribution()
    docs = [Doc[Any]() for _ in range(5)]
    for seq in range(1, 200):
        doc = docs[seq % 5]
        before = doc.get_state()
        doc.get("source", type=Text).insert(0, "x")
        known.add(seq, doc.get_update(before), f"user{seq % 5}", "edit", 3600.0 * seq)
    assert sum(map(len, known.runs.values())) == 199
    known.shorten()
    assert sum(map(len, known.runs.values())) <= 20
    assert sorted(sum(run.length for run in each) for each in known.runs.values()) == [
        39,
        *[40] * 4,
    ]
    again = Attribution.unpack(known.seq, known.pack())
    assert (again.authors, again.runs, again.seq) == (known.authors, known.runs, 199)
    for client in range(1, 41):
        doc = Doc(client_id=client)
        doc.get("source", type=Text).insert(0, "x")
        known.add(199 + client, doc.get_update(), "late", "edit", 10.0**7 + client)
    known.shorten()
    assert set(known.runs) == set(range(21, 41))  # who came first is forgotten first


def test_what_several_wrote_before_it_was_kept_is_nobodys() -> None:  # [V6]
    known = Attribution()
    doc = Doc(client_id=1)
    doc.get("source", type=Text).insert(0, "xyz")
    known.add(1, doc.get_update(), "ada\nbob", "edit", 5.5)
    known.add(2, b"not an update", "ada", "edit", 6.0)
    assert (known.runs, known.authors, known.seq) == ({1: [(0, 3, -1, "squashed", 5)]}, [], 2)


async def told(server: Server, room: str) -> dict[str, Any]:
    status, text = await server.request("GET", f"api/collaboration/authors/{room}")
    assert status == 200, text
    answer: dict[str, Any] = json.loads(text)
    return answer


def test_authors_are_told_by_the_ids_of_what_they_wrote(run: Run, serving: Serving) -> None:
    # [V6]
    async def test() -> None:
        options = {
            "identity_provider_class": "authorizers.ByToken",
            "authorizer_class": "authorizers.ByRules",
        }
        async with serving(ServerApp=options) as server:
            (server.root / RULES).write_text(json.dumps({"viewer": ["read", "write"]}))
            file = server.text_file("a.txt", "--")
            endpoint = await server.endpoint(file)
            room = endpoint.url.split("/room/")[1].split("?")[0]
            ada = await server.member(file)
            url = endpoint.url.replace(f"token={server.token}", "token=viewer")
            bob = await Editor.open_at(Endpoint(url))
            ada.source.insert(1, "eee")
            await bob.sees("-eee-")
            bob.source.insert(2, "vv")
            await ada.sees("-evvee-")
            assert (await ada.ask("save"))["status"] == "success"
            (server.root / "a.txt").write_text("-evvee---")
            await ada.sees("-evvee---")
            answer = await told(server, room)
            assert letters(ada.doc, answer["runs"], answer["authors"]) == "-evvee---"
            assert answer["people"] == {"editor": "Editor", "viewer": "Viewer"}
            kinds = {row[3] for rows in answer["runs"].values() for row in rows}
            assert {"load", "edit", "disk"} <= kinds
            # Closed, and after a stop, it is the same.
            await server.stop()
            await server.start()
            again = await told(server, room)
            assert letters(ada.doc, again["runs"], again["authors"]) == "-evvee---"
            # A fork has none of its own.
            status, text = await server.request("PUT", f"api/collaboration/fork/{room}", json={})
            fork = json.loads(text)["fork_roomid"]
            for other, expected in ((fork, 400), ("text:file:none", 404), ("nothing", 400)):
                status, text = await server.request("GET", f"api/collaboration/authors/{other}")
                assert status == expected and json.loads(text)["message"]

    run(test())
