"""Links and examples of the documentation."""

from __future__ import annotations

import asyncio
import json
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace as Fake
from typing import Any
from urllib.parse import urlsplit

import pytest
from jupyter_server.auth import Authorizer, User
from jupyter_server.serverapp import ServerApp
from surface.differences import DIFFERENT
from traitlets.config import Config

from jupyter_collaboration.app import YDocExtension
from jupyter_collaboration.stores import MemoryYStore, SQLiteYStore, TempFileYStore

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "docs" / "examples"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("benchmarks/*.md")])
FENCE = re.compile(r"^```.*?^```", re.M | re.S)
RUN = {"bash", "json", "python"}
NOT_CODE = {"nginx", "text", "toml", "{include}", "{literalinclude}", "{toctree}"}
LINK = re.compile(r"\]\(([^)\s]+)\)")


def text_of(page: Path) -> str:
    """The text without blocks of code, in which brackets are no links."""
    return re.sub(r"`[^`\n]+`", "", FENCE.sub("", page.read_text(encoding="utf-8")))


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub and MyST form them."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text(encoding="utf-8")), re.M)
    plain = [re.sub(r"[^\w\- ]", "", title.lower()) for title in titles]
    return {title.replace(" ", "-") for title in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in LINK.findall(text_of(page)):
        parts = urlsplit(link)
        if parts.scheme:
            assert parts.scheme == "https" and "." in parts.netloc, link
            continue
        target = (page.parent / parts.path).resolve() if parts.path else page
        assert target.exists(), f"{page.name} links to {link}"
        if parts.fragment:
            assert parts.fragment in anchors(target), f"{page.name} links to {link}"


def test_every_page_is_in_the_contents() -> None:
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for page in ROOT.glob("docs/*.md"):
        assert page.name == "index.md" or f"\n{page.stem}\n" in index, page.name


def examples(language: str) -> list[Any]:
    """All blocks of code in a language, by page and number."""
    found = []
    for page in PAGES:
        blocks = re.findall(
            rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S
        )
        found += [
            pytest.param(code, id=f"{page.name}-{number}") for number, code in enumerate(blocks)
        ]
    return found


def included() -> set[Path]:
    """The files that pages show as examples."""
    found = set()
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        names = re.findall(r"^```\{literalinclude\} (\S+)$", text, re.M)
        found |= {(page.parent / name).resolve() for name in names}
    return found


def test_files_of_examples_are_shown_and_exist() -> None:
    shown = included()
    assert shown and all(path.is_file() for path in shown)
    code = {path for path in EXAMPLES.rglob("*") if path.suffix in {".py", ".ts", ".toml"}}
    assert shown == code


def test_code_that_nothing_runs_is_on_no_page() -> None:
    for page in PAGES:
        fences = re.findall(r"^ *```([^\s`]+)", page.read_text(encoding="utf-8"), re.M)
        # TypeScript is in files, which are compiled; the rest is run, or is no code.
        assert set(fences) <= RUN | NOT_CODE, page.name


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("hub_*.py")), ids=lambda path: path.name)
def test_examples_for_hubs_add_to_what_is_configured(path: Path) -> None:
    groups, roles = {"staff": {}}, [{"name": "staff"}]  # type: ignore[var-annotated]
    c = Config(JupyterHub={"load_groups": groups, "load_roles": roles, "services": []})
    exec(compile(path.read_text(encoding="utf-8"), path.name, "exec"), {"c": c})
    assert c.JupyterHub.load_roles[0] == {"name": "staff"} and "staff" in c.JupyterHub.load_groups


@pytest.mark.parametrize("code", examples("python"))
def test_examples_in_python_run_and_set_what_exists(code: str) -> None:
    names: dict[str, Any] = {"c": Config()}
    exec(compile(code, "example", "exec"), names)
    ours = {
        each.__name__: each for each in (YDocExtension, SQLiteYStore, TempFileYStore, MemoryYStore)
    }
    for name, traits in names["c"].items():
        if name in ours:
            assert set(traits) <= set(ours[name].class_trait_names()), f"{name}: {traits}"


def authorizer_in(page: str, name: str) -> Authorizer:
    names: dict[str, Any] = {"c": Config()}
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    (code,) = [each for each in re.findall(r"```python\n(.*?)```", text, re.S) if name in each]
    exec(compile(code, page, "exec"), names)
    assert names["c"].ServerApp.authorizer_class is names[name]
    made = names[name]()
    assert isinstance(made, Authorizer)
    return made


class Handler:
    """A handler whose path an authorizer reads."""

    path = "lectures/one.ipynb"


def test_the_authorizer_for_lectures_does_what_the_page_says() -> None:
    lectures = authorizer_in("security.md", "Lectures")
    for name, action, allowed in [
        ("ada", "write", True),
        ("eve", "write", False),
        ("eve", "read", True),
    ]:
        granted = lectures.is_authorized(Handler(), User(name), action, "contents")  # type: ignore[arg-type]
        assert granted is allowed, (name, action)


def test_the_authorizer_for_histories_does_what_the_page_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    owners = authorizer_in("security.md", "OwnersHistory")
    for name, resource, allowed in [
        ("ada", "history", True),
        ("eve", "history", False),
        ("eve", "contents", True),
    ]:
        granted = owners.is_authorized(Handler(), User(name), "write", resource)  # type: ignore[arg-type]
        assert granted is allowed, (name, resource)


def test_the_hook_for_projects_turns_collaboration_off_for_others() -> None:
    names: dict[str, Any] = {"c": Config()}
    path = EXAMPLES / "hub_projects_only.py"
    exec(compile(path.read_text(encoding="utf-8"), path.name, "exec"), names)
    user = Fake(groups=[])
    spawner = Fake(args=["--debug"], user=user)
    off = "--YDocExtension.disable_rtc=True"
    for groups, args in [([], [off]), ([], [off]), (["collaborative"], []), (["class"], [off])]:
        user.groups = [Fake(name=name) for name in groups]
        names["c"].Spawner.pre_spawn_hook(spawner)  # at each start of the server
        assert spawner.args == ["--debug", *args]


def test_histories_are_read_by_hand_as_the_page_says(
    extension: YDocExtension,
    run: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def test() -> None:
        await extension._start_jupyter_server_extension(extension.serverapp)
        names: Any = {"path": "a.txt", "content_type": "file", "file_format": "text"}
        live = await extension.get_document(**names, copy=False, create=True)
        assert live is not None
        live.source = "kept in the history"
        await asyncio.sleep(0)
        await extension.stop_extension()

    run(test())
    text = (ROOT / "docs" / "your-work.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^  ```python\n(.*?)^  ```", text, re.M | re.S)
    monkeypatch.chdir(tmp_path / "root")
    names: dict[str, Any] = {}
    exec(compile(textwrap.dedent(code), "your-work.md", "exec"), names)
    names["db"].close()
    shown = capsys.readouterr().out
    assert "text:file:" in shown and "kept in the history" in shown


COMMANDS = re.compile(
    r"(?P<made>(chrt -r 5 |REPS=\d+ )?make (?P<target>[a-z-]+)( (ARGS|PYTHON)=.*)?)"
    r"|(?P<lab>jupyter (lab|notebook)(?P<traits>( --\w+\.\w+=\S+)*))"
    r"|(?P<installs>(pip|uv pip) (install|config set) .*)"
    r"|(?P<by_hand>(conda remove|sudo nano|sudo tljh-config|sudo -E /opt/tljh/user/bin/pip) .*)"
)
"""Commands that are examples: `scripts/install_flows.py` runs the ones that install."""


@pytest.mark.parametrize("code", examples("bash"))
def test_examples_of_commands_name_what_exists(code: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for line in code.splitlines():
        found = COMMANDS.fullmatch(line.partition("#")[0].rstrip())
        assert found, line
        if target := found["target"]:
            assert f"\n{target}:" in makefile, line
        for name, trait in re.findall(r"--(\w+)\.(\w+)=", found["traits"] or ""):
            known = {"ServerApp": ServerApp, "YDocExtension": YDocExtension}[name]
            assert trait in known.class_trait_names(), line


@pytest.mark.parametrize("code", examples("json"))
def test_examples_of_settings_name_what_exists(code: str) -> None:
    for plugin, settings in json.loads(code).items():
        package, _, name = plugin.partition(":")
        folder = ROOT / "packages" / package.split("/")[1] / "schema"
        schema = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        assert settings.keys() <= schema["properties"].keys()


REFERENCE = re.compile(r"`((?:tests|scripts|packages|ui-tests)/[^`:]+)(?:::([^`]+))?`")


def test_the_public_surface_names_tests_that_exist() -> None:  # [C1]
    page = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    for row in rows:
        what, tests = row.strip("| ").split(" | ")
        if {what, tests} & {"what", "---"}:
            continue
        references = REFERENCE.findall(tests)
        assert len(references) == tests.count("`") / 2 > 0, row
        for path, name in references:
            code = (ROOT / path).read_text(encoding="utf-8")
            start = f"def {name}(" if path.endswith(".py") else f"'{name}"
            assert not name or start in code, f"{path} has no test {name!r}"


def test_the_differences_of_the_public_surface_are_those_that_are_compared() -> None:  # [C1]
    page = (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8")
    _, differences = page.split("\n## Differences\n")
    words = {
        "make test-extensions",
        "jupyter_server_ydoc",
        "YRoom",
        "ExtensionApp",
        "code",
        "error",
    }
    listed = [name for name in re.findall(r"`([^`]+)`", differences) if name not in words]
    assert sorted(listed) == sorted(DIFFERENT)  # each of them once
