"""A file that is deleted while it is open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from support import until

Run = Callable[[Awaitable[Any]], Any]


@pytest.mark.parametrize("by_api", [False, True])
def test_a_deleted_file_is_made_again_only_by_choice(
    run: Run, serving: Callable[..., Any], by_api: bool
) -> None:  # [F8]
    async def test() -> None:
        async with serving(YDocExtension={"file_poll_interval": 0.1}) as server:
            fixture = server.text_file("a.txt", "one\n")
            editor = await server.member(fixture)
            if by_api:
                assert (await server.request("DELETE", "api/contents/a.txt"))[0] == 204
            else:
                (server.root / "a.txt").unlink()
            told = await editor.reply(lambda reply: reply["type"] == "autosave")
            assert (told["status"], told["code"]) == ("failed", "deleted")
            assert "a.txt" in told["reason"]

            editor.source.insert(0, "typed\n")
            refused = await editor.ask("save")
            assert (refused["status"], refused["code"]) == ("failed", "deleted")
            assert not (server.root / "a.txt").exists()

            made = await editor.ask("recreate")
            assert made["status"] == "success"
            assert server.read("a.txt") == "typed\none\n"
            editor.source.insert(0, "again\n")
            await until(lambda: server.read("a.txt") == "again\ntyped\none\n")

            other = await server.member(fixture)
            await other.sees("again\ntyped\none\n")
            other.source.insert(0, "other\n")
            await until(lambda: server.read("a.txt").startswith("other\n"))
            await editor.sees("other\nagain\ntyped\none\n")
            await editor.close()
            await other.close()

    run(test())


@pytest.mark.parametrize("manager", ["Local", "Arbitrary"])
def test_a_file_that_is_replaced_by_deleting_and_creating_it_is_the_same_document(
    run: Run, serving: Callable[..., Any], manager: str
) -> None:  # F7 [F8] [F4]
    async def test() -> None:
        ids = f"jupyter_server_fileid.manager.{manager}FileIdManager"
        async with serving(
            YDocExtension={"file_poll_interval": 0.1},
            FileIdExtension={"file_id_manager_class": ids},
        ) as server:
            fixture = server.text_file("a.txt", "one\n")
            editor = await server.member(fixture)
            editor.source.insert(0, "typed\n")
            # Deleted while it is being saved, it would have no such version to compare with.
            assert (await editor.ask("save"))["status"] == "success"
            assert server.read("a.txt") == "typed\none\n"
            # As JupyterLab's 'Save As' does it.
            assert (await server.request("DELETE", "api/contents/a.txt"))[0] == 204
            body = {"type": "file", "format": "text", "content": "two\n"}
            status, _ = await server.request("PUT", "api/contents/a.txt", json=body)
            assert status == 201
            await editor.sees("two\n")
            editor.source.insert(0, "again\n")
            await until(lambda: server.read("a.txt") == "again\ntwo\n")
            other = await server.member(fixture)
            await other.sees("again\ntwo\n")
            assert editor.endpoint.url == other.endpoint.url

    run(test())
