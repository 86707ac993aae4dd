"""Compare what the published package offers with what ours does. [C1]

    python scripts/compare_surface.py PYTHON_WITH_PUBLISHED PYTHON_WITH_OURS

Compared are the names, signatures and traits of the Python modules, the event schemas, the answers
of two real servers to good and bad requests, the settings schemas, the ids of plugins and tokens in
the front ends, and the names that other extensions import from them. What is missing or different
has to be listed with its reason in `surface/differences.py`, and what is listed there has to
differ. What ours offers in addition is no difference.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from surface.differences import DIFFERENT
from surface.front_end import exports, ids, settings

FOLDER = Path(__file__).parent / "surface"
MODULES = [
    "app",
    "handlers",
    "loaders",
    "pytest_plugin",
    "rooms",
    "stores",
    "test_utils",
    "utils",
    "websocketserver",
]


def output(python: str, script: str, *args: str) -> Any:
    """What a script prints in an environment, as JSON."""
    # Elsewhere, since Python imports from the current folder first.
    command = [os.path.abspath(python), FOLDER / script, *args]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, cwd=tempfile.gettempdir(), env=env
    )
    return json.loads(done.stdout)


def accepts(ours: list[list[Any]], published: list[list[Any]]) -> bool:
    """Whether our parameters accept every call that the published ones accept."""
    kinds = {kind for _, kind, _ in ours}
    positional = [each for each in ours if each[1].startswith("POSITIONAL")]
    named = {each[0]: each for each in ours if each[1] != "POSITIONAL_ONLY"}
    for index, (name, kind, optional) in enumerate(published):
        if kind in ("VAR_POSITIONAL", "VAR_KEYWORD"):
            if kind not in kinds:
                return False
            continue
        own = named.get(name)
        if own is None and "VAR_KEYWORD" not in kinds:
            return False
        if own is not None and optional and not own[2]:
            return False
        place = positional[index : index + 1]
        by_position = kind.startswith("POSITIONAL") and "VAR_POSITIONAL" not in kinds
        if by_position and [each[0] for each in place] != [name]:
            return False
    known = {name for name, _, _ in published}
    return all(optional or kind.startswith("VAR") or name in known for name, kind, optional in ours)


def spelled(signature: Any) -> str:
    """A signature in words."""
    if not isinstance(signature, list):
        return str(signature)
    stars = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}
    words = [
        f"{stars.get(kind, '')}{name}{'=…' if optional else ''}"
        for name, kind, optional in signature
    ]
    return f"({', '.join(words)})"


def differences_in_python(published: Any, ours: Any) -> Iterator[tuple[str, str]]:
    for name, signature in published["names"].items():
        if name not in ours["names"]:
            owner = name.rsplit(".", 1)[0]
            if owner in ours["names"] or owner in MODULES:
                yield name, "missing"
        elif isinstance(signature, list):
            own = ours["names"][name]
            if own != "explained" and not (isinstance(own, list) and accepts(own, signature)):
                yield name, f"published {spelled(signature)}, ours {spelled(own)}"
    for part in ("traits", "events"):
        for name, value in published[part].items():
            if name not in ours[part]:
                yield name, "missing"
            elif ours[part][name] != value:
                yield name, f"published {value}, ours {ours[part][name]}"


def differences_in_answers(published: Any, ours: Any) -> Iterator[tuple[str, str]]:
    for title, answer in published.items():
        own = ours[title]
        same = answer == own
        if not same and isinstance(answer, list) and isinstance(own, list):
            # More keys are an addition.
            (status, keys), (own_status, own_keys) = answer, own
            both = isinstance(keys, list) and isinstance(own_keys, list)
            same = status == own_status and both and set(keys) <= set(own_keys)
        if not same:
            yield title, f"published {answer}, ours {own}"


def differences_in_front_ends(published: Path, ours: Path) -> Iterator[tuple[str, str]]:
    for plugin, names in settings(published).items():
        own = settings(ours).get(plugin)
        if own is None or not set(names) <= set(own):
            yield f"settings {plugin}", f"published {names}, ours {own}"
    for read in (ids, exports):
        for name in sorted(read(published) - read(ours)):
            yield name, "missing"


def main() -> int:
    published, ours = sys.argv[1:]
    environments = [Path(os.path.abspath(each)).parent.parent for each in (published, ours)]
    python = [output(each, "python_names.py", *MODULES) for each in (published, ours)]
    answers = [output(each, "http_routes.py") for each in (published, ours)]
    print(
        f"    {len(python[0]['names'])} names, {len(python[0]['traits'])} traits,"
        f" {len(python[0]['events'])} event schemas, {len(answers[0])} requests,"
        f" {len(ids(environments[0]))} ids, {len(exports(environments[0]))} exports and"
        f" {len(settings(environments[0]))} settings schemas"
    )
    found = dict(
        [
            *differences_in_python(*python),
            *differences_in_answers(*answers),
            *differences_in_front_ends(*environments),
        ]
    )
    for name in sorted(found.keys() & DIFFERENT.keys()):
        print(f"    different: {name}: {DIFFERENT[name]}")
    for name in sorted(found.keys() - DIFFERENT.keys()):
        print(f"    NOT LISTED: {name}: {found[name]}")
    for name in sorted(DIFFERENT.keys() - found.keys()):
        print(f"    LISTED, BUT NOT DIFFERENT: {name}")
    return 0 if found.keys() == DIFFERENT.keys() else 1


if __name__ == "__main__":
    sys.exit(main())
