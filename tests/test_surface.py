"""What other packages look up by name, and the comparison with the published package. [C1]"""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any

import jupyterlab
import pytest
from compare_surface import accepts, differences_in_answers, differences_in_python
from surface.front_end import FRONT_ENDS, SHARED, exports

from jupyter_collaboration.app import YDocExtension

ROOT = Path(__file__).parent.parent
PACKAGES = ROOT / "packages"

ID = "jupyter_server_ydoc"


def test_the_extension_is_found_by_its_name(extension: YDocExtension) -> None:  # [C1]
    assert extension.serverapp is not None
    manager = extension.serverapp.extension_manager
    assert ID in manager.extensions
    assert extension in manager.extension_apps[ID]
    assert manager.extension_points[ID].app is extension
    assert extension.serverapp.web_app.settings[ID] is extension
    assert importlib.util.find_spec(ID) is not None


def test_the_page_knows_what_is_turned_off(extension: YDocExtension) -> None:  # [C1]
    assert extension.serverapp is not None
    config = extension.serverapp.web_app.settings["page_config_data"]
    assert (config["disableRTC"], config["serverSideExecution"]) == (False, True)


def test_packages_with_tokens_are_shared_singletons() -> None:  # [C1]
    manifest = json.loads((PACKAGES / "collaboration-extension" / "package.json").read_text())
    shared = manifest["jupyterlab"]["sharedPackages"]
    for name in ("@jupyter/collaborative-drive", "@jupyter/docprovider", "@jupyter/collaboration"):
        assert shared[name]["singleton"] is True, name
        assert shared[name]["bundled"] is True, name


def parts(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def test_packages_of_the_page_may_have_the_versions_that_it_has() -> None:  # [C1]
    manifest = json.loads((PACKAGES / "collaboration-extension" / "package.json").read_text())
    shared = manifest["jupyterlab"]["sharedPackages"]
    lock = (Path(jupyterlab.__file__).parent / "staging" / "yarn.lock").read_text()
    found = dict(re.findall(r'^"(@?[^@"]+)@[^\n]*\n  version: ([\d.]+)$', lock, re.M))
    names = [name for name, how in shared.items() if not how["bundled"]]
    assert "yjs" in names
    for package in PACKAGES.glob("*/package.json"):
        wanted = json.loads(package.read_text())["dependencies"]
        for name in found.keys() & set(names) & wanted.keys():
            lowest = parts(wanted[name].lstrip("^"))
            has = parts(found[name])
            assert has >= lowest and has[0] == lowest[0], (package, name, found[name])


TOKENS = {
    "@jupyter/docprovider:IForkManagerToken",
    "@jupyter/docprovider:IDocumentProviderFactory",
    "@jupyter/docprovider:IAwarenessProviderFactory",
    "@jupyter/collaboration:IUserMenu",
}
PLUGINS = {
    "@jupyter/docprovider-extension:websocket-provider-document-factory",
    "@jupyter/docprovider-extension:websocket-provider-awareness-factory",
    "@jupyter/docprovider-extension:forkManager",
}


@pytest.mark.parametrize("name", sorted(TOKENS | PLUGINS))
def test_ids_that_others_use_exist(name: str) -> None:  # [C1]
    sources = [path.read_text() for path in PACKAGES.glob("*/src/**/*.ts*")]
    assert any(re.search(rf"'{name}'", source) for source in sources)


A, B = ["a", "POSITIONAL_OR_KEYWORD", False], ["b", "POSITIONAL_OR_KEYWORD", True]
ARGS, KWARGS = ["args", "VAR_POSITIONAL", False], ["kwargs", "VAR_KEYWORD", False]


@pytest.mark.parametrize(
    ("ours", "published", "same"),
    [
        ([A, B], [A, B], True),
        ([A, B], [A], True),
        ([A], [A, B], False),
        ([B, A], [A, B], False),
        ([[*A[:2], True]], [A], True),
        ([A], [[*A[:2], True]], False),
        ([A, ["c", "KEYWORD_ONLY", False]], [A], False),
        ([A, ["c", "KEYWORD_ONLY", True]], [A], True),
        ([["a", "KEYWORD_ONLY", False]], [A], False),
        ([ARGS, KWARGS], [A, B], True),
        ([KWARGS], [A], False),
        ([A], [A, KWARGS], False),
        ([["x", "POSITIONAL_OR_KEYWORD", False]], [A], False),
    ],
)
def test_signatures_are_compared_by_the_calls_that_they_accept(
    ours: list[list[Any]], published: list[list[Any]], same: bool
) -> None:
    assert accepts(ours, published) is same


def test_answers_may_have_more_keys_but_no_other_status() -> None:
    published = {"one": [200, ["a"]], "two": [404, ["a"]], "three": "open"}
    assert not list(differences_in_answers(published, {**published, "one": [200, ["a", "b"]]}))
    different = {"one": [201, ["a"]], "two": [404, ["b"]], "three": [1003, ["a"]]}
    assert dict(differences_in_answers(published, different)).keys() == published.keys()


def test_names_are_missing_unless_an_error_explains_them() -> None:
    none: dict[str, Any] = {"traits": {}, "events": {}}
    published = {"names": {"app.X": None, "app.X.go": [A], "app.X.stop": [A]}, **none}
    ours = {"names": {"app.X": None, "app.X.go": "explained"}, **none}
    assert list(differences_in_python(published, ours)) == [("app.X.stop", "missing")]


def test_exports_are_read_from_what_is_shared(tmp_path: Path) -> None:  # [C1]
    folder = tmp_path / "share" / "jupyter" / "labextensions" / FRONT_ENDS[0] / "static"
    folder.mkdir(parents=True)
    shared = [
        f'{{name:"{name}",version:"5.0.4",factory:()=>Promise.all([N.e(2),N.e(44)]).then(()=>'
        f"()=>N({number})),eager:0}}"
        for number, name in enumerate(SHARED, 71)
    ]
    (folder / "remoteEntry.0a.js").write_text(f"N.S={{default:[{','.join(shared)}]}};")
    (folder / "44.0b.js").write_text(
        'push([[44],{171(e,t,r){r.r(t),r.d(t,{Wrong:()=>a})},71(e,t,r){"use strict";let n,$a;'
        "r.r(t),r.d(t,{One:()=>a,two:()=>$b},{LIMIT:3,ANY:{inner:[1,{}]}});a({not:1})}"
    )
    (folder / "2.0c.js").write_text("push([[2],{72(e,t,$){$.r(t),$.d(t,{Three:()=>a})},")
    with pytest.raises(ValueError, match=f"does not share {SHARED[2]}"):
        exports(tmp_path)
    (folder / "3.0d.js").write_text("push([[3],{73(e,t,r){r.r(t),r.d(t,{Four:()=>a})}}])")
    names = [("One", 0), ("two", 0), ("LIMIT", 0), ("ANY", 0), ("Three", 1), ("Four", 2)]
    assert exports(tmp_path) == {f"{SHARED[index]} {name}" for name, index in names}
