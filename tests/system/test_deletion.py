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
