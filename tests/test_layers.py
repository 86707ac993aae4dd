"""The house: which way imports point, who guards each route, what is written down."""

from __future__ import annotations

import ast
import inspect
import json
import re
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.base.handlers import JupyterHandler
from tornado.websocket import WebSocketHandler

from jupyter_collaboration import __version__
from jupyter_collaboration.app import YDocExtension
from jupyter_collaboration.stores import SQLiteYStore, TempFileYStore

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "jupyter_collaboration"

LAYERS = [
    ["install_repair"],
    ["app"],
    ["stores"],
    ["web.versions", "web.timeline", "web.forks", "web.session", "web.rebase", "web.websocket"],
    ["web.run"],
    ["web.sharing"],
    ["web.base", "web.outbox"],
    ["rooms.timeline"],
    [
        "versions.service",
        "versions.authorship",
        "versions.orphan_cleanup",
        "rooms.forks",
        "rooms.lost_files",
        "rooms.open_files",
    ],
    ["execution.service"],
    ["execution.requests", "execution.running_documents"],
    ["execution.broadcasts", "execution.kernels"],
    ["execution.queue"],
    ["execution.writer", "execution.widgets"],
    ["execution.channels", "execution.kernel_errors", "execution.snippet", "execution.captured"],
    ["execution.outputs"],
    ["execution.streams", "execution.source_hash", "execution.widget_states", "execution.sessions"],
    ["execution.run_order", "execution.outputs_watch", "execution.backlog"],
    ["rooms.manager"],
    ["rooms.document", "rooms.fork"],
    ["rooms.persistent", "versions.builder"],
    ["rooms.broadcast", "versions.changes"],
    ["rooms.presence", "rooms.returns", "rooms.shared_work", "rooms.whole"],
    ["rooms.member", "rooms.batch", "rooms.state", "versions.grouping"],
    ["rooms.conflicts", "rooms.moved_cells", "rooms.earlier_names", "rooms.provenance"],
    ["rooms.deleted_cell"],
    ["rooms.pending_restores"],
    ["files.synchronizer"],
    ["files.opening"],
    [
        "files.document_file",
        "files.autosave",
        "files.recent_saves",
        "files.saved_base",
        "files.unmarked_base",
    ],
    ["files.turns", "files.native_save", "files.native_load"],
    ["files.watcher", "files.requested"],
    ["files.notebook_text", "files.save_state"],
    ["files.formatting"],
    ["files.json_steps", "files.json_text"],
    ["merge.decision", "merge.apart"],
    ["merge.document"],
    ["merge.rebase"],
    ["merge.notebook"],
    ["merge.text", "merge.cells"],
    ["merge.ancestor", "merge.moved_text", "merge.values"],
    ["merge.changes"],
    ["merge.diff", "merge.conflict"],
    ["history.sqlite.backend"],
    ["history.sqlite.history", "history.sqlite.inventory"],
    ["history.sqlite.private"],
    ["history.sqlite.truncation"],
    ["history.sqlite.compaction", "history.sqlite.versions", "history.sqlite.forks"],
    ["history.sqlite.attribution", "history.sqlite.people"],
    ["history.sqlite.conflicts", "history.sqlite.cells"],
    ["history.sqlite.writer"],
    ["history.sqlite.reader"],
    ["history.sqlite.store_file", "history.sqlite.backlog"],
    ["history.sqlite.lease", "history.sqlite.migrations"],
    ["history.sqlite.schema", "history.memory"],
    ["history.store", "history.retention", "history.coalescing"],
    ["history.attribution"],
    ["history.model"],
    ["access.paths", "access.roles"],
    ["access.identity", "access.quotas", "access.file_ids", "access.hub"],
    ["documents.snapshot"],
    [
        "documents.validation",
        "documents.codec",
        "documents.representable",
        "documents.cell_index",
        "documents.notebook_repair",
    ],
    ["documents.identity", "documents.slices", "documents.notebook_rules"],
    ["protocol.parts", "protocol.deletions", "protocol.outputs"],
    ["protocol.ranges"],
    ["protocol.update_reader"],
    ["protocol.messages"],
    ["errors"],
    ["install_check"],
    ["worker"],
    ["_version", "earlier_settings", "failpoints", "file_lock", "threads"],
]
"""From top to bottom; a module imports only from rows below its own, inside folders too."""

PURE = {
    "execution.run_order",
    "execution.streams",
    "execution.source_hash",
    "protocol.messages",
    "protocol.parts",
    "protocol.update_reader",
    "protocol.deletions",
    "access.roles",
    "access.quotas",
    "errors",
    "failpoints",
    "merge.ancestor",
    "merge.changes",
    "merge.moved_text",
    "merge.diff",
    "merge.conflict",
    "merge.text",
    "merge.values",
    "merge.cells",
    "merge.notebook",
}
"""These import nothing but the standard library and each other."""

TS_LAYERS = ["collaboration-extension", "collaboration", "docprovider"]


def modules() -> dict[str, Path]:
    """Every module of the package, by its dotted name below it."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
        for path in PACKAGE.rglob("*.py")
        if path.stem != "__init__" and "labextension" not in path.parts
    }


def imports(path: Path) -> tuple[set[str], set[str]]:
    """The modules of ours and of others that a module imports, wherever it does.

    An import for type checking only counts: it is a dependency of the reader.
    """
    ours, others = set(), set()
    package = path.relative_to(PACKAGE).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            parts = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            name = ".".join(filter(None, parts))
            found = [f"{name}.{alias.name}".strip(".") for alias in node.names]
            ours.update([name] if name in modules() else found)
        elif isinstance(node, ast.ImportFrom):
            others.add((node.module or "").split(".")[0])
        elif isinstance(node, ast.Import):
            others.update(alias.name.split(".")[0] for alias in node.names)
    return ours, others


def test_every_module_has_its_layer() -> None:
    assert sorted(modules()) == sorted(name for layer in LAYERS for name in layer)


@pytest.mark.parametrize("name", sorted(modules()))
def test_imports_point_downwards(name: str) -> None:
    rank = {module: row for row, layer in enumerate(LAYERS) for module in layer}
    ours, _ = imports(modules()[name])
    for other in ours:
        assert rank[other] > rank[name], f"{name} imports {other}"


@pytest.mark.parametrize("name", sorted(PURE))
def test_pure_modules_import_nothing_heavy(name: str) -> None:
    _, others = imports(modules()[name])
    standard = {
        "__future__",
        "asyncio",
        "bisect",
        "collections",
        "dataclasses",
        "enum",
        "heapq",
        "itertools",
        "json",
        "re",
    }
    assert others <= {*standard, "math", "struct", "zlib", "typing", "unicodedata"}


def test_the_public_package_imports_ours_and_not_the_other_way_round() -> None:
    for path in PACKAGE.rglob("*.py"):
        assert "jupyter_server_ydoc" not in imports(path)[1], path


@pytest.mark.parametrize("package", TS_LAYERS)
def test_front_end_packages_import_downwards(package: str) -> None:
    below = set(TS_LAYERS[TS_LAYERS.index(package) + 1 :])
    for path in (ROOT / "packages" / package / "src").rglob("*.ts*"):
        for other in re.findall(r"from '@jupyter/([\w-]+)'", path.read_text()):
            assert other not in TS_LAYERS or other in below, f"{path} imports {other}"


TS_FEATURES = {
    "connection",
    "contents",
    "cursors",
    "execution",
    "follow",
    "forks",
    "history",
    "offline",
    "people",
    "presence",
    "rebase",
    "session",
    "stability",
    "status",
}
"""The folders of features; the same feature has the same name in each package."""

TS_TOP = {"index.ts", "protocol.ts", "tokens.ts"}
"""The only modules outside of these folders."""


def test_the_front_end_is_sorted_by_feature_and_no_two_files_have_one_name() -> None:
    names: dict[str, Path] = {}
    for package in TS_LAYERS:
        for path in (ROOT / "packages" / package / "src").rglob("*.ts*"):
            folder, *rest = path.relative_to(ROOT / "packages" / package / "src").parts
            assert (folder in TS_FEATURES and len(rest) == 1) or folder in TS_TOP, path
            if path.name != "index.ts":
                assert path.stem not in names, f"{path} and {names[path.stem]}"
                names[path.stem] = path


def test_each_plugin_has_a_file_of_its_own() -> None:
    for path in (ROOT / "packages" / "collaboration-extension" / "src").rglob("*.ts"):
        if path.name != "index.ts":
            plugins = re.findall(
                r"^export const \w+: JupyterFrontEndPlugin<[^=]*>\s*=", path.read_text(), re.M
            )
            assert len(plugins) == int(path.stem.endswith("Plugin")), path


def test_the_provider_has_no_widgets_and_no_dialogs() -> None:
    for path in (ROOT / "packages" / "docprovider" / "src").rglob("*.ts*"):
        if path.name == "timelineWidget.ts":  # a widget that other packages import from here
            continue
        found = re.findall(r"from '(@lumino/widgets|@jupyterlab/apputils|react)'", path.read_text())
        assert not found, path


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=str)
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), path


@pytest.fixture
def handlers(extension: YDocExtension) -> list[tuple[Any, ...]]:
    """The routes as the extension hands them to a server."""
    assert extension.serverapp is not None
    points = extension.serverapp.extension_manager.extension_points
    assert points["jupyter_server_ydoc"].app is extension
    return list(extension.handlers)


def test_every_route_is_authenticated_and_authorised(handlers: list[tuple[Any, ...]]) -> None:
    # [M1]
    ours = [row for row in handlers if row[1].__module__.startswith("jupyter_collaboration")]
    assert len(ours) >= 2
    for _, handler, *_ in ours:
        assert issubclass(handler, JupyterHandler)
        assert handler.auth_resource == "contents"
        for verb in ("get", "put", "post", "delete", "patch"):
            method = getattr(handler, verb)
            if method.__module__.startswith("tornado") or verb not in vars(handler):
                continue
            source = inspect.getsource(inspect.unwrap(method))
            if issubclass(handler, WebSocketHandler):
                assert "@ws_authenticated" in source
                assert "_permitted(" in source
            else:
                assert "@web.authenticated" in source
                assert "@authorized" in source


@pytest.mark.parametrize("owner", [YDocExtension, SQLiteYStore, TempFileYStore])
def test_every_trait_has_a_help_text_and_a_place_in_the_documentation(owner: type) -> None:
    documented = (ROOT / "docs" / "configuration.md").read_text()
    for name, trait in owner.class_own_traits(config=True).items():  # type: ignore[attr-defined]
        assert len(trait.help) > 20, name
        assert f"`{name}`" in documented, f"docs/configuration.md does not name {name}"


def test_every_rule_that_is_built_is_cited_by_a_test() -> None:
    spec = (ROOT / "SPEC.md").read_text()
    built = {
        rule for rule, mark in re.findall(r"^- \[(\w+)\] ?(\(later\))?", spec, re.M) if not mark
    }
    tests = [*ROOT.glob("tests/**/*.py"), *ROOT.glob("packages/*/test/**/*.ts*")]
    tests += ROOT.glob("ui-tests/tests/**/*.ts")
    cited = {rule for path in tests for rule in re.findall(r"\[([A-Z]\d+)\]", path.read_text())}
    assert built - cited == set()


def test_all_packages_have_one_version() -> None:
    manifests = [ROOT / "package.json", ROOT / "lerna.json", *ROOT.glob("packages/*/package.json")]
    versions = {str(path): json.loads(path.read_text())["version"] for path in manifests}
    assert set(versions.values()) == {__version__}
    assert __version__.startswith("5.")
