"""Fixtures: real servers as processes of their own, each on a folder of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import pytest
from hypothesis import settings
from jupyter_server.serverapp import ServerApp
from nbformat.sign import SQLiteSignatureStore
from running import running as running
from support import Server
from traitlets.config import Config

from jupyter_collaboration.app import YDocExtension

ROOT = Path(__file__).parent.parent
SERVERS = pytest.StashKey[list[Server]]()

# How long an example takes depends on what else the computer does.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _databases_of_signatures(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close the databases that nbformat leaves open: Python 3.13 warns about them."""
    opened: list[Connection] = []
    connect = SQLiteSignatureStore._connect_db

    def noted(store: SQLiteSignatureStore, path: str) -> Connection:
        opened.append(connect(store, path))
        return opened[-1]

    monkeypatch.setattr(SQLiteSignatureStore, "_connect_db", noted)
    yield
    for each in opened:
        each.close()


@pytest.fixture
def run() -> Callable[[Awaitable[Any]], Any]:
    """Run a coroutine; no test waits for longer than a minute."""

    def run(test: Awaitable[Any]) -> Any:
        async def bounded() -> Any:
            return await asyncio.wait_for(test, 60)

        return asyncio.run(bounded())

    return run


@pytest.fixture
def new_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Make a server, not yet started; options are configuration, Class={trait: value}."""
    servers: list[Server] = []

    def make(name: str = "server", **options: dict[str, Any]) -> Server:
        server = Server(name, tmp_path / f"{name}{len(servers)}", options)
        servers.append(server)
        return server

    request.node.stash[SERVERS] = servers
    yield make
    for server in servers:
        server.dispose()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Show with a failed test what its servers logged at last."""
    report = yield
    if report.when == "call" and report.failed:
        for server in item.stash.get(SERVERS, []):
            if (server.folder / "server.log").exists():
                report.sections.append((f"Log of {server.folder.name}", server.log()))
    return report


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


@pytest.fixture
def guarded(serving: Callable[..., Any]) -> Callable[..., Any]:
    """A server that knows people by their tokens, and counts what is open."""

    @asynccontextmanager
    async def serve(
        contents_manager_class: str | None = None, authorizer: str = "ByRules", **traits: Any
    ) -> Any:
        manager = {"contents_manager_class": contents_manager_class}
        options = {
            "ServerApp": {
                **(manager if contents_manager_class else {}),
                "identity_provider_class": "authorizers.ByToken",
                "authorizer_class": f"authorizers.{authorizer}",
                "jpserver_extensions": {
                    "jupyter_collaboration": True,
                    "jupyter_server_fileid": True,
                    "jupyter_server_ydoc": True,
                    "counting": True,
                    "jupyterlab": False,
                    "notebook": False,
                    "jupyter_lsp": False,
                    "jupyterlab_jupytext": False,
                    "jupyter_server_terminals": False,
                },
            },
            "YDocExtension": traits,
        }
        async with serving(**options) as server:
            yield server

    return serve


@pytest.fixture
def extension(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[YDocExtension]:
    """The extension in a server of this process, without a socket; its root has a file a.txt.

    A test may give it configuration, Class={trait: value}, as an indirect parameter.
    """
    for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"):
        monkeypatch.setenv(f"JUPYTER_{name}", str(tmp_path / name))
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.txt").write_text("one")
    config = Config()
    config.BaseFileIdManager.db_path = ":memory:"
    config.merge(Config(getattr(request, "param", {})))
    ServerApp.clear_instance()
    server = ServerApp.instance(
        config=config,
        root_dir=str(tmp_path / "root"),
        jpserver_extensions={"jupyter_server_fileid": True, "jupyter_server_ydoc": True},
    )
    server.initialize(argv=[], find_extensions=False, new_httpserver=False)
    yield server.web_app.settings["jupyter_server_ydoc"]
    ServerApp.clear_instance()
    YDocExtension.clear_instance()
