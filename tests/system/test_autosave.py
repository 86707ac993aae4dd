"""Autosave that editors have switched off. [F13]"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from support import Editor, Server, until

from rtcbench import wire
from rtcbench.client import Endpoint
from rtcbench.fixtures import Fixture

Run = Callable[[Awaitable[Any]], Any]

QUICK = {"document_save_delay": 0.05, "document_cleanup_delay": 0.05}


class Witness:
    """Another document, which is saved automatically: after it, an older edit would be saved."""

    def __init__(self, server: Server, editor: Editor, path: str) -> None:
        self.server, self.editor, self.path = server, editor, path
        self.number = 0

    async def was_saved(self) -> None:
        for _ in range(2):
            self.number += 1
            self.editor.source.insert(0, f"{self.number} ")
            await until(lambda: self.server.read(self.path).startswith(f"{self.number} "))


async def witness(server: Server) -> Witness:
    fixture = server.text_file("witness.txt", "")
    return Witness(server, await server.member(fixture), "witness.txt")


def publish(editor: Editor, clock: int, **state: Any) -> None:
    editor.send(wire.awareness_message(editor.author, clock, json.dumps(state)))


def save_modes(editor: Editor) -> list[bool]:
    """What the server said about saving: whether it is manual."""
    return [each["manual"] for each in editor.replies if each["type"] == "save_mode"]


async def told(editor: Editor, manual: bool) -> None:
    """Wait until this is the last thing that the server said about saving."""
    await until(lambda: save_modes(editor)[-1:] == [manual])


async def without_autosave(server: Server, fixture: Fixture) -> Editor:
    """A member who has autosave switched off, as the server has confirmed."""
    editor = await server.member(fixture)
    publish(editor, 1, autosave=False)
    await told(editor, True)
    return editor


def test_nothing_is_written_while_all_editors_have_autosave_off(
    run: Run, serving: Callable[..., Any]
) -> None:  # [F13]
    async def test() -> None:
        async with serving(YDocExtension=QUICK) as server:
            fixture = server.text_file("a.txt", "one\n")
            other = await witness(server)
            ada = await without_autosave(server, fixture)
            ada.source.insert(0, "ada ")
            await other.was_saved()
            assert server.read("a.txt") == "one\n"
            assert ada.state["dirty"]

            assert (await ada.ask("save"))["status"] == "success"
            assert server.read("a.txt") == "ada one\n"
            ada.source.insert(0, "2 ")

            bob = await server.member(fixture)  # whose setting is not known yet
            await other.was_saved()
            assert server.read("a.txt") == "ada one\n"
            await told(bob, True)
            publish(bob, 1, autosave=None)
            bob.source.insert(0, "bob ")
            await other.was_saved()
            assert server.read("a.txt") == "ada one\n"
            publish(bob, 2, autosave=False)
            await other.was_saved()
            assert server.read("a.txt") == "ada one\n"

            publish(bob, 3, autosave=True)
            await until(lambda: server.read("a.txt") == "bob 2 ada one\n")
            await told(ada, False)
            await bob.close()
            await told(ada, True)
            ada.source.insert(0, "3 ")
            await other.was_saved()
            assert server.read("a.txt") == "bob 2 ada one\n"

            agent = await server.member(fixture)  # publishes nothing, as some agents do
            agent.source.insert(0, "agent ")
            await until(lambda: server.read("a.txt") == "agent 3 bob 2 ada one\n")
            publish(agent, 1, user={"name": "Agent"})  # as published clients do
            ada.source.insert(0, "4 ")
            await until(lambda: server.read("a.txt").startswith("4 "))

    run(test())


def test_autosave_of_a_viewer_does_not_count(run: Run, guarded: Callable[..., Any]) -> None:
    # [F13] [M9]
    async def test() -> None:
        async with guarded(**QUICK) as server:
            fixture = server.text_file("a.txt", "one\n")
            other = await witness(server)
            endpoint = await server.endpoint(fixture)
            ada = await server.member(fixture)
            url = endpoint.url.replace(f"token={server.token}", "token=viewer")
            viewer = await Editor.open_at(Endpoint(url))
            publish(viewer, 1, autosave=False)
            ada.source.insert(0, "1 ")
            await until(lambda: server.read("a.txt") == "1 one\n")
            publish(ada, 1, autosave=False)
            await told(ada, True)
            publish(viewer, 2, autosave=True)
            ada.source.insert(0, "2 ")
            await other.was_saved()
            assert server.read("a.txt") == "1 one\n"

    run(test())


def test_unsaved_edits_stay_unsaved_after_everybody_left_and_after_a_restart(
    run: Run, serving: Callable[..., Any]
) -> None:  # [F13] [F1] [H9]
    async def test() -> None:
        async with serving(YDocExtension=QUICK) as server:
            fixture = server.text_file("a.txt", "one\n")
            other = await witness(server)
            ada = await without_autosave(server, fixture)
            ada.source.insert(0, "ada ")
            await ada.ask("ack")
            await ada.close()
            await other.was_saved()
            assert server.read("a.txt") == "one\n"

            for ending in ("stop", "kill"):
                bob = await server.member(fixture)
                await told(bob, True)
                assert str(bob.source) == "ada one\n"
                await bob.until(lambda _, bob=bob: bob.state["dirty"], 20)
                if ending == "stop":
                    await server.stop()
                else:
                    server.crash()
                await server.start()
                assert server.read("a.txt") == "one\n"

            cy = await server.member(fixture)
            publish(cy, 1, autosave=False)
            other = await witness(server)
            await other.was_saved()
            assert server.read("a.txt") == "one\n"
            publish(cy, 2, autosave=True)
            await until(lambda: server.read("a.txt") == "ada one\n")

    run(test())


def test_discarded_edits_do_not_come_back(run: Run, serving: Callable[..., Any]) -> None:
    # [F13]
    async def test() -> None:
        async with serving(YDocExtension=QUICK) as server:
            fixture = server.text_file("a.txt", "one\n")
            ada = await without_autosave(server, fixture)
            ada.source.insert(0, "ada ")
            assert (await ada.ask("revert"))["status"] == "success"
            await ada.sees("one\n")
            await ada.close()
            bob = await server.member(fixture)
            await bob.sees("one\n")
            await bob.until(lambda _: not bob.state["dirty"], 20)
            bob.source.insert(0, "bob ")
            await until(lambda: server.read("a.txt") == "bob one\n")

    run(test())


def test_a_change_on_disk_is_merged_and_not_written_back(
    run: Run, serving: Callable[..., Any]
) -> None:  # [F13] [F4]
    async def test() -> None:
        async with serving(YDocExtension=QUICK | {"file_poll_interval": 0.05}) as server:
            fixture = server.text_file("a.txt", "one\ntwo\nthree\n")
            other = await witness(server)
            ada = await without_autosave(server, fixture)
            ada.source.insert(0, "ada ")
            (server.root / "a.txt").write_text("one\ntwo\nthree\nfour\n")
            await ada.sees("ada one\ntwo\nthree\nfour\n")
            await other.was_saved()
            assert server.read("a.txt") == "one\ntwo\nthree\nfour\n"
            assert ada.state["dirty"]
            server.crash()
            await server.start()
            bob = await server.member(fixture)
            await told(bob, True)
            assert str(bob.source) == "ada one\ntwo\nthree\nfour\n"

    run(test())
