"""Settings of earlier versions are understood, or named in a warning. [C1]"""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_server.serverapp import ServerApp
from pycrdt.store import SQLiteYStore as ForeignStore
from traitlets.config import Config

from jupyter_collaboration import stores
from jupyter_collaboration.app import OTHER_EXECUTORS, WITHOUT_EFFECT, YDocExtension


class Custom:
    """A store of another package."""


class Ours(stores.SQLiteYStore):
    """A subclass of one of our stores."""


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Start the extension with traits, without a socket."""
    for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"):
        monkeypatch.setenv(f"JUPYTER_{name}", str(tmp_path / name))

    def start(**traits: Any) -> YDocExtension:
        config = Config({"YDocExtension": traits})
        config.BaseFileIdManager.db_path = ":memory:"
        ServerApp.clear_instance()
        server = ServerApp.instance(
            config=config,
            root_dir=str(tmp_path),
            jpserver_extensions={"jupyter_server_fileid": True, "jupyter_server_ydoc": True},
        )
        # Traits apply when the extension is linked, its own log exists before.
        server.initialize(argv=[], find_extensions=False, new_httpserver=False)
        extension = server.web_app.settings["jupyter_server_ydoc"]
        assert isinstance(extension, YDocExtension)
        return extension

    yield start
    ServerApp.clear_instance()
    YDocExtension.clear_instance()


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Warnings and errors that are logged, by whatever logger."""
    found: list[str] = []

    def note(self: logging.Logger, record: logging.LogRecord) -> None:
        if record.levelno >= logging.WARNING:
            found.append(record.getMessage())

    monkeypatch.setattr(logging.Logger, "handle", note)
    return found


@pytest.mark.parametrize("name", WITHOUT_EFFECT)
def test_a_trait_without_effect_is_named_in_a_warning(
    name: str, configured: Any, lines: list[str]
) -> None:  # [C1]
    default = YDocExtension.class_traits()[name].default_value
    configured(**{name: default})
    assert [line for line in lines if name in line] == [
        f"YDocExtension.{name} no longer has an effect."
    ]


def test_other_traits_are_not_warned_of(configured: Any, lines: list[str]) -> None:  # [C1]
    extension = configured(document_save_delay=2.0, ystore_class=Ours)
    assert extension.document_save_delay == 2.0
    assert extension._store_class() is Ours
    assert not [line for line in lines if "YDocExtension" in line]


@pytest.mark.parametrize(
    ("given", "used"), [(Custom, "SQLiteYStore"), (ForeignStore, "SQLiteYStore")]
)
def test_a_store_of_another_package_is_replaced_and_named(
    given: type, used: str, configured: Any, lines: list[str]
) -> None:  # [C1]
    extension = configured(ystore_class=given)
    assert extension._store_class().__name__ == used
    (line, *_) = [line for line in lines if "ystore_class" in line]
    assert given.__qualname__ in line and f"so {used} is used" in line


def test_a_store_of_an_earlier_version_is_replaced_by_ours_of_its_name(
    configured: Any,
) -> None:  # [C1]
    earlier = type("TempFileYStore", (), {})
    assert configured(ystore_class=earlier)._store_class() is stores.TempFileYStore


def test_the_earlier_name_of_a_setting_sets_the_later_one() -> None:  # [C1]
    assert stores.SQLiteYStore(document_ttl=60).squash_after_inactivity_of == 60
    both = stores.SQLiteYStore(document_ttl=60, squash_after_inactivity_of=30)
    assert both.squash_after_inactivity_of == 30


def test_settings_of_earlier_plugins_are_named(
    configured: Any, lines: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # [C1]
    settings = tmp_path / "settings"
    monkeypatch.setenv("JUPYTERLAB_SETTINGS_DIR", str(settings))
    monkeypatch.setenv("JUPYTERLAB_DIR", str(tmp_path / "lab"))
    ours = settings / "@jupyter" / "collaboration-extension"
    ours.mkdir(parents=True)
    (ours / "presence.jupyterlab-settings").write_text("{}")
    configured()
    assert not [line for line in lines if "has no effect" in line]

    (ours / "shared-link.jupyterlab-settings").write_text("{}")
    overrides = tmp_path / "lab" / "settings" / "overrides.json"
    overrides.parent.mkdir(parents=True)
    overrides.write_text('{"@jupyter/collaboration-extension:user-menu-bar": {}}')
    configured()
    first, second = [line for line in lines if "has no effect" in line]
    assert "shared-link.jupyterlab-settings has no effect" in first and ":share" in first
    assert "user-menu-bar" in second and str(overrides) in second


UI = "@jupyter/collaboration-extension"
PROVIDER = "@jupyter/docprovider-extension"


@pytest.mark.parametrize(
    ("disabled", "said"),
    [
        ({}, None),
        ({UI: True}, "disable only"),
        ({PROVIDER: True}, "no document is shared"),
        ({UI: False, PROVIDER: True}, "no document is shared"),
        # Nothing is left that somebody could expect.
        ({UI: True, PROVIDER: True}, None),
        ({f"{UI}:cursors": True}, None),
    ],
)
@pytest.mark.parametrize("place", ["labconfig", "lab"])
def test_one_of_the_earlier_front_ends_being_disabled_is_named(
    place: str,
    disabled: dict[str, bool],
    said: str | None,
    configured: Any,
    lines: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # [C2]
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("JUPYTERLAB_DIR", str(tmp_path / "lab"))
    folders = {"labconfig": tmp_path / "config" / "labconfig", "lab": tmp_path / "lab" / "settings"}
    folders[place].mkdir(parents=True)
    # JupyterLab reads a list there.
    found = disabled if place == "labconfig" else [each for each in disabled if disabled[each]]
    page_config = json.dumps({"disabledExtensions": found})
    (folders[place] / "page_config.json").write_text(page_config)
    configured()
    about = [line for line in lines if "page_config.json" in line]
    if said is None:
        assert not about
    else:
        (line,) = about
        (name,) = (each for each in (UI, PROVIDER) if disabled.get(each))
        assert line.startswith(f"{name} is disabled") and said in line


@pytest.mark.parametrize("text", ["{", "[]", '{"disabledExtensions": 1}'])
def test_a_page_config_that_cannot_be_read_stops_nothing(
    text: str, configured: Any, lines: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # [C2]
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    (tmp_path / "config" / "labconfig").mkdir(parents=True)
    (tmp_path / "config" / "labconfig" / "page_config.json").write_text(text)
    configured()
    assert not [line for line in lines if "is disabled" in line]


@pytest.mark.parametrize("text", ["{", "[]", "null"])
def test_overrides_that_cannot_be_read_are_jupyterlabs_business(
    text: str, configured: Any, lines: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # [C1]
    monkeypatch.setenv("JUPYTERLAB_DIR", str(tmp_path / "lab"))
    overrides = tmp_path / "lab" / "settings" / "overrides.json"
    overrides.parent.mkdir(parents=True)
    overrides.write_text(text)
    configured()
    assert not [line for line in lines if "has no effect" in line]


@pytest.mark.parametrize("name", OTHER_EXECUTORS)
def test_another_executor_runs_the_cells_and_the_log_says_so(
    name: str, configured: Any, monkeypatch: pytest.MonkeyPatch
) -> None:  # [R11]
    infos: list[str] = []
    extension = configured()
    settings = extension.serverapp.web_app.settings
    assert settings["page_config_data"]["collaborationRunsCells"] is True
    assert any("/execute" in route for route, *_ in extension.handlers)

    def note(text: str, *args: Any) -> None:
        infos.append(text % args)

    monkeypatch.setattr(extension.log, "info", note)
    extension.serverapp.extension_manager.extensions[name] = SimpleNamespace(enabled=True)
    del extension._runs_cells
    extension.handlers = []
    extension.initialize_handlers()
    assert extension._runs_cells is False
    assert not any("/execute" in route for route, *_ in extension.handlers)
    assert infos == [f"Cells are run by {name}, since it is enabled."]


def test_cells_are_run_by_the_page_if_the_setting_is_off(configured: Any) -> None:  # [R12]
    extension = configured(server_side_execution=False)
    settings = extension.serverapp.web_app.settings
    assert settings["page_config_data"]["collaborationRunsCells"] is False
    assert not any("/execute" in route for route, *_ in extension.handlers)


def test_a_server_without_file_ids_starts_and_stops_without_collaboration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:  # [M11]
    for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"):
        monkeypatch.setenv(f"JUPYTER_{name}", str(tmp_path / name))
    ServerApp.clear_instance()
    server = ServerApp.instance(
        root_dir=str(tmp_path), jpserver_extensions={"jupyter_server_ydoc": True}
    )
    server.initialize(argv=[], find_extensions=False, new_httpserver=False)
    assert any("requires the server extension jupyter_server_fileid" in line for line in lines)
    (extension,) = server.extension_manager.extension_apps["jupyter_server_ydoc"]

    async def start_and_stop() -> None:
        await extension._start_jupyter_server_extension(server)
        await extension.stop_extension()

    try:
        asyncio.run(start_and_stop())
    finally:
        ServerApp.clear_instance()
        YDocExtension.clear_instance()
