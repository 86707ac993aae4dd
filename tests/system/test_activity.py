"""Documents with people keep a server from being culled. [M15]"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import anyio
from support import ENABLED, Server


async def last_activity(server: Server) -> str:
    status, text = await server.request("GET", "api/status")
    assert status == 200
    return str(json.loads(text)["last_activity"])


def test_a_document_with_people_is_activity_and_an_empty_one_is_not(
    serving: Callable[..., Any], run: Callable[..., Any]
) -> None:  # [M15]
    async def test() -> None:
        extensions = {**ENABLED, "quick_activity": True}
        async with serving(ServerApp={"jpserver_extensions": extensions}) as server:
            ada = await server.member(server.text_file("a.txt", "one"))
            seen = {await last_activity(server)}
            with anyio.fail_after(20):
                while len(seen) < 5:  # nobody does anything
                    await asyncio.sleep(0.05)
                    seen.add(await last_activity(server))
            await ada.close()
            with anyio.fail_after(20):
                before = ""
                while (now := await last_activity(server)) != before:
                    before = now
                    await asyncio.sleep(0.5)

    run(test())
