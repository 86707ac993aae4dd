"""Other packages that overwrite files of this one, or stand in its way. [C3]"""

from __future__ import annotations

import hashlib
import json
import logging
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.extension.application import ExtensionApp
from jupyter_server.extension.manager import ExtensionPackage, ExtensionPoint
from jupyter_server.serverapp import ServerApp
from traitlets.config import Config

import jupyter_collaboration
from jupyter_collaboration import __version__, install_repair
from jupyter_collaboration.app import YDocExtension
from jupyter_collaboration.install_check import Findings, find_problems

ENTRY = "static/remoteEntry.0123.js"
LABEXTENSIONS = "../../share/jupyter/labextensions"
OURS = {
    "jupyter_collaboration/app.py": "app",
    "jupyter_server_ydoc/app.py": "shim",
    f"{LABEXTENSIONS}/@jupyter/collaboration-extension/package.json": "ours",
    f"{LABEXTENSIONS}/@jupyter/collaboration-extension/{ENTRY}": "entry",
}
DOCPROVIDER = {
    "jupyter_docprovider/__init__.py": "",
    f"{LABEXTENSIONS}/@jupyter/docprovider-extension/package.json": "{}",
}
Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install distributions as pip does: write the files over what is there, and a record."""
    packages = tmp_path / "lib" / "site-packages"

    def install(name: str, version: str, files: dict[str, str], installer: str = "pip") -> None:
        folder = f"{name.replace('-', '_')}-{version}.dist-info"
        rows = [f"{folder}/RECORD,,"]
        contents = {
            **files,
            f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{folder}/INSTALLER": f"{installer}\n",
        }
        for path, content in contents.items():
            target = packages / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content)
            digest = urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=")
            rows.append(f"{path},sha256={digest.decode()},{len(content)}")
        (packages / folder / "RECORD").write_text("\n".join(rows) + "\n")

    def distribution(name: str) -> metadata.Distribution:
        for found in metadata.distributions(name=name, path=[str(packages)]):
            return found
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", distribution)
    return install


def test_an_installation_of_its_own_is_fine(install: Install) -> None:  # [C3]
    install("jupyter-collaboration", __version__, OURS)
    assert find_problems() == Findings(front_end=ENTRY)
    assert find_problems().message == ""


def test_the_source_tree_is_fine(install: Install) -> None:  # [C3]
    assert find_problems() == Findings()


@pytest.mark.parametrize(
    "name", ["jupyter-server-ydoc", "jupyter-docprovider", "jupyter-collaboration-ui"]
)
def test_an_empty_package_of_an_older_name_is_fine(name: str, install: Install) -> None:  # [C3]
    install("jupyter-collaboration", __version__, OURS)
    install(name, "3.90.0", {})
    assert find_problems().is_clean


@pytest.mark.parametrize("installer", ["pip", "uv"])
@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("jupyter-server-ydoc", {"jupyter_server_ydoc/app.py": "published"}),
        (
            "jupyter-collaboration-ui",
            {f"{LABEXTENSIONS}/@jupyter/collaboration-extension/package.json": "theirs"},
        ),
    ],
)
def test_overwritten_files_are_found_by_content(
    name: str, files: dict[str, str], installer: str, install: Install, tmp_path: Path
) -> None:  # [C3]
    install("jupyter-collaboration", __version__, OURS, installer)
    install(name, "3.0.4", files)
    findings = find_problems()
    assert (findings.older, findings.damaged) == ((name,), tuple(files))
    assert findings.front_end == ENTRY
    uninstall = "uv pip uninstall" if installer == "uv" else "pip uninstall -y"
    assert f"{uninstall} {name} && " in findings.message
    assert f"jupyter-collaboration=={__version__} {name}==3.90.0" in findings.message
    # Uninstalling the other removes the files of ours, which still has to be said.
    for path in (tmp_path / "lib" / "site-packages").glob(f"{name.replace('-', '_')}-*/*"):
        path.unlink()
    for path in files:
        (tmp_path / "lib" / "site-packages" / path).unlink()
    findings = find_problems()
    assert (findings.older, findings.damaged) == ((), tuple(files))
    assert files.keys() <= set(findings.damaged) and "reinstall" in findings.message


STUB = "jupyter-docprovider==3.90.0"


@pytest.mark.parametrize("stub", [True, False])
def test_the_cure_names_the_folder_of_the_wheels_if_it_has_them(
    stub: bool, install: Install, tmp_path: Path
) -> None:  # [C3]
    folder = tmp_path / "my wheels"
    folder.mkdir()
    wheel = folder / f"jupyter_collaboration-{__version__}-py3-none-any.whl"
    wheel.touch()
    if stub:
        (folder / "jupyter_docprovider-3.90.0-py3-none-any.whl").touch()
    install("jupyter-collaboration", __version__, OURS)
    (info,) = (tmp_path / "lib" / "site-packages").glob("jupyter_collaboration-*.dist-info")
    (info / "direct_url.json").write_text(json.dumps({"url": wheel.as_uri()}))
    install("jupyter-docprovider", "3.0.4", DOCPROVIDER)
    message = find_problems().message
    command = f"--no-deps --find-links '{folder}' jupyter-collaboration=={__version__} {STUB}"
    assert message.endswith(command) is stub
    assert ("with --find-links and the folder of the wheels" in message) is not stub


@pytest.mark.parametrize("text", ["{", "[]", '{"url": "https://example.org/a.whl"}', '{"url": 1}'])
def test_wheels_from_elsewhere_have_no_folder(
    text: str, install: Install, tmp_path: Path
) -> None:  # [C3]
    install("jupyter-collaboration", __version__, OURS)
    (info,) = (tmp_path / "lib" / "site-packages").glob("jupyter_collaboration-*.dist-info")
    (info / "direct_url.json").write_text(text)
    (tmp_path / "lib" / "site-packages" / "jupyter_server_ydoc" / "app.py").unlink()
    message = find_problems().message
    assert f"--no-deps jupyter-collaboration=={__version__} (with --find-links" in message


def test_a_second_front_end_is_found_though_it_overwrites_nothing(install: Install) -> None:
    # [C3]
    install("jupyter-collaboration", __version__, OURS)
    install("jupyter-docprovider", "3.0.4", DOCPROVIDER)
    findings = find_problems()
    assert findings.damaged == ()
    assert findings.foreign_front_ends == ("@jupyter/docprovider-extension",)
    assert "jupyter-docprovider is installed in addition" in findings.message


def entry(name: str, load: str = "static/remoteEntry.theirs.js") -> dict[str, Any]:
    return {"name": name, "load": load, "extension": "./extension", "style": "./style"}


OUR_ENTRY = entry("@jupyter/collaboration-extension", ENTRY)
OTHER_ENTRY = entry("other")


@pytest.mark.parametrize(
    "found",
    [
        [OUR_ENTRY, OTHER_ENTRY],
        [OTHER_ENTRY, OUR_ENTRY, entry("@jupyter/docprovider-extension")],
        [entry("@jupyter/collaboration-extension"), OTHER_ENTRY],
        [OTHER_ENTRY, entry("@jupyter/docprovider-extension")],
    ],
    ids=["alone", "beside", "overwritten", "removed"],
)
def test_a_page_loads_our_front_end_and_no_other(found: list[dict[str, Any]]) -> None:  # [C3]
    page = {"federated_extensions": found, "baseUrl": "/"}
    changed = install_repair.with_our_front_end(page, Findings(front_end=ENTRY))
    by_name = sorted(changed["federated_extensions"], key=lambda each: str(each["name"]))
    assert by_name == [OUR_ENTRY, OTHER_ENTRY]
    assert changed["baseUrl"] == "/" and install_repair.SUMMARY_OPTION not in changed


def test_a_page_gets_the_message(install: Install) -> None:  # [C3]
    install("jupyter-docprovider", "3.0.4", DOCPROVIDER)
    findings = find_problems()
    changed = install_repair.with_our_front_end({}, findings)
    assert changed[install_repair.MESSAGE_OPTION] == findings.message != ""
    # JupyterLab cuts longer notifications.
    assert 0 < len(changed[install_repair.SUMMARY_OPTION]) <= 140


def test_a_front_end_under_development_is_left_alone() -> None:  # [C3]
    page = {"federated_extensions": [entry("@jupyter/collaboration-extension", "static/dev.js")]}
    assert install_repair.with_our_front_end(page, Findings()) == page


@pytest.mark.parametrize(
    ("distribution", "front_end"),
    [
        ("jupyter-server-documents", "@jupyter-ai-contrib/server-documents"),
        ("jupyter-docprovider", "@jupyter/docprovider-extension"),
    ],
)
def test_plugins_that_a_left_out_front_end_replaced_are_on(
    distribution: str,
    front_end: str,
    install: Install,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # [C3]
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share" / "jupyter"))
    (tmp_path / "labconfig").mkdir()
    by_user = {"disabledExtensions": {"@jupyter/x:kept": True}}
    (tmp_path / "labconfig" / "page_config.json").write_text(json.dumps(by_user))
    plugins = ["@jupyter/x:wanted", "@jupyter/x:kept"]
    package = json.dumps({"jupyterlab": {"disabledExtensions": plugins}})
    install(distribution, "1.0", {f"{LABEXTENSIONS}/{front_end}/package.json": package})
    page = {
        "federated_extensions": [entry(front_end)],
        "disabledExtensions": [*plugins, "@jupyter/x:other"],
    }
    changed = install_repair.with_our_front_end(page, find_problems())
    assert changed["federated_extensions"] == []
    assert changed["disabledExtensions"] == ["@jupyter/x:kept", "@jupyter/x:other"]
    assert changed[install_repair.SUMMARY_OPTION]


class Foreign(ExtensionApp):
    """A server extension of another package under our public name."""

    name = "jupyter_server_ydoc"


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Start a server without a socket, whose extensions include those that are given."""
    for name in ("CONFIG_DIR", "DATA_DIR", "RUNTIME_DIR"):
        monkeypatch.setenv(f"JUPYTER_{name}", str(tmp_path / name))
    (tmp_path / "root").mkdir()
    load_metadata = ExtensionPackage._load_metadata

    def start(foreign: Any = None, **enabled: bool) -> ServerApp:
        def patched(package: ExtensionPackage) -> Any:
            if package.name == "jupyter_server_ydoc" and foreign is ImportError:
                raise ImportError("overwritten and removed")
            if package.name == "jupyter_server_documents" or (
                package.name == "jupyter_server_ydoc" and foreign
            ):
                app = foreign or type("Documents", (Foreign,), {"name": package.name})
                data = {"module": "jupyter_collaboration", "app": app}
                point = ExtensionPoint(metadata=data)
                package.extension_points[point.name] = point
                return package.name
            return load_metadata(package)

        monkeypatch.setattr(ExtensionPackage, "_load_metadata", patched)
        config = Config()
        config.BaseFileIdManager.db_path = ":memory:"
        ServerApp.clear_instance()
        server = ServerApp.instance(
            config=config,
            root_dir=str(tmp_path / "root"),
            jpserver_extensions={
                "jupyter_collaboration": True,
                "jupyter_server_fileid": True,
                **enabled,
            },
        )
        server.initialize(argv=[], find_extensions=False, new_httpserver=False)
        return server

    yield start
    ServerApp.clear_instance()
    YDocExtension.clear_instance()


def serves(server: ServerApp) -> Any:
    return server.web_app.settings.get("jupyter_server_ydoc")


@pytest.mark.parametrize("foreign", [Foreign, ImportError, None])
def test_our_server_runs_whatever_is_under_its_public_name(
    foreign: Any, started: Callable[..., Any], install: Install
) -> None:  # [C3]
    server = started(foreign, jupyter_server_ydoc=True)
    assert isinstance(serves(server), YDocExtension)
    points = server.extension_manager.extension_points
    assert points["jupyter_server_ydoc"].app is serves(server)


def test_a_server_extension_that_is_off_stays_off(
    started: Callable[..., Any], install: Install
) -> None:  # [C3]
    assert serves(started(Foreign, jupyter_server_ydoc=False)) is None
    assert serves(started(Foreign)) is None


def other_server(install: Install) -> None:
    install("jupyter-server-documents", "0.3.3", {"jupyter_server_documents/app.py": ""})


def test_the_other_server_is_turned_off_and_ours_on(
    started: Callable[..., Any], install: Install, caplog: pytest.LogCaptureFixture
) -> None:  # [C3]
    other_server(install)
    with caplog.at_level(logging.ERROR):
        server = started(jupyter_server_documents=True, jupyter_server_ydoc=False)
    assert isinstance(serves(server), YDocExtension)
    assert not server.extension_manager.extensions["jupyter_server_documents"].enabled
    assert "jupyter_server_documents" not in server.extension_manager.linked_extensions


def test_a_user_may_turn_off_both_servers(
    started: Callable[..., Any], install: Install, tmp_path: Path
) -> None:  # [C3]
    other_server(install)
    (tmp_path / "CONFIG_DIR").mkdir()
    chosen = {"ServerApp": {"jpserver_extensions": {"jupyter_server_ydoc": False}}}
    (tmp_path / "CONFIG_DIR" / "jupyter_server_config.json").write_text(json.dumps(chosen))
    server = started(jupyter_server_documents=True, jupyter_server_ydoc=False)
    assert serves(server) is None


def test_the_message_is_logged(
    started: Callable[..., Any], install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:  # [C3]
    install("jupyter-docprovider", "3.0.4", DOCPROVIDER)
    lines: list[str] = []
    server = started(jupyter_server_ydoc=True)
    monkeypatch.setattr(server.log, "error", lines.append)
    jupyter_collaboration._load_jupyter_server_extension(server)
    assert lines == [find_problems().message]


def test_other_hooks_of_pages_still_run(
    started: Callable[..., Any], install: Install
) -> None:  # [C3]
    server = started(jupyter_server_ydoc=True)
    settings = server.web_app.settings
    settings["page_config_hook"] = lambda _, page: {**page, "theirs": 1}
    jupyter_collaboration._load_jupyter_server_extension(server)
    page = settings["page_config_hook"](None, {"federated_extensions": []})
    assert page == {"theirs": 1, "federated_extensions": []}


def test_no_published_package_overwrites_our_server_configuration() -> None:  # [C3]
    folder = Path(__file__).parent.parent / "jupyter-config" / "jupyter_server_config.d"
    (path,) = folder.iterdir()
    assert path.name not in ("jupyter_collaboration.json", "jupyter_server_ydoc.json")
    extensions = json.loads(path.read_text())["ServerApp"]["jpserver_extensions"]
    assert extensions == dict.fromkeys(
        ["jupyter_collaboration", "jupyter_server_fileid", "jupyter_server_ydoc"], True
    )
