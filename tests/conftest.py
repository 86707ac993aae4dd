"""Fixtures: real servers as processes of their own, each on a folder of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from support import Server

ROOT = Path(__file__).parent.parent


@pytest.fixture
def run() -> Callable[[Awaitable[Any]], Any]:
    """Run a coroutine; no test waits for longer than a minute."""

    def run(test: Awaitable[Any]) -> Any:
        async def bounded() -> Any:
            return await asyncio.wait_for(test, 60)

        return asyncio.run(bounded())

    return run


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Make a server, not yet started; options are configuration, Class={trait: value}."""
    servers: list[Server] = []

    def make(name: str = "server", **options: dict[str, Any]) -> Server:
        server = Server(name, tmp_path / f"{name}{len(servers)}", options)
        servers.append(server)
        return server

    yield make
    for server in servers:
        server.dispose()


@pytest.fixture
def serving(new_server: Callable[..., Server]) -> Callable[..., Any]:
    """An async context manager around a started server."""

    @asynccontextmanager
    async def serve(**options: dict[str, Any]) -> AsyncIterator[Server]:
        server = new_server(**options)
        await server.start()
        try:
            yield server
        finally:
            await server.stop()

    return serve
