"""What the installed front ends of an environment offer, read from their files."""

import json
import re
from pathlib import Path
from typing import Any

FRONT_ENDS = ("@jupyter/collaboration-extension", "@jupyter/docprovider-extension")
SHARED = ("@jupyter/collaboration", "@jupyter/collaborative-drive", "@jupyter/docprovider")
"""The packages that other extensions import."""

ID = re.compile(r"[\"'`](@jupyter/[a-z-]+:[A-Za-z-]+)[\"'`]")
KEY = re.compile(r"[\"']?([A-Za-z_$][\w$]*)[\"']?:")


def settings(environment: Path) -> dict[str, Any]:
    """The schemas of settings: the names of their properties, by plugin."""
    found: dict[str, Any] = {}
    for name in FRONT_ENDS:
        folder = environment / "share/jupyter/labextensions" / name / "schemas"
        for path in folder.rglob("*.json"):
            schema = json.loads(path.read_text(encoding="utf-8"))
            plugin = path.relative_to(folder).with_suffix("").as_posix()
            found[plugin.replace("extension/", "extension:")] = sorted(schema["properties"])
    return found


def ids(environment: Path) -> set[str]:
    """The ids of plugins and tokens that the code names."""
    found: set[str] = set()
    for name in FRONT_ENDS:
        folder = environment / "share/jupyter/labextensions" / name / "static"
        for path in folder.glob("*.js"):
            found.update(ID.findall(path.read_text(encoding="utf-8", errors="replace")))
    return found


def exports(environment: Path) -> set[str]:
    """The names that other extensions can import, as `package name`."""
    found: set[str] = set()
    for name in FRONT_ENDS:
        folder = environment / "share/jupyter/labextensions" / name / "static"
        codes = [path.read_text(encoding="utf-8", errors="replace") for path in folder.glob("*.js")]
        for package in SHARED:
            for module in {each for code in codes for each in shared_modules(code, package)}:
                names = frozenset[str]().union(*(exported(code, module) for code in codes))
                found.update(f"{package} {each}" for each in names)
    if missing := set(SHARED) - {each.split()[0] for each in found}:
        raise ValueError(f"{environment} does not share {', '.join(sorted(missing))}")
    return found


def shared_modules(code: str, package: str) -> list[str]:
    """The ids of the modules that are shared as a package.

    As in `{name:"…",version:"…",factory:()=>Promise.all(…).then(()=>()=>load(4735)),…}`.
    """
    start = rf'\{{name:"{package}",version:"[^"]*",factory:\(\)=>'
    return re.findall(rf"{start}[^{{}}]*?\(\)=>[\w$]+\((\d+)\)\)", code)


def exported(code: str, module: str) -> frozenset[str]:
    """The names that a module exports; none if it is not in this code.

    As in `4735(e,t,r){r.r(t),r.d(t,{one:()=>a,two:()=>b},{three:c});…`, where the last part, values
    instead of functions, may be missing.
    """
    start = re.search(
        rf"(?<![\w$]){module}\([\w$]+,([\w$]+),([\w$]+)\)\{{(?:\"use strict\";)?(?:let [\w$,]+;)?"
        r"\2\.r\(\1\),\2\.d\(\1,",
        code,
    )
    names: set[str] = set()
    if start is None:
        return frozenset()
    at, depth = start.end(), 0
    while depth or code[at] != ")":
        if depth == 1 and code[at - 1] in "{," and (key := KEY.match(code, at)):
            names.add(key[1])
        depth += (code[at] in "{([") - (code[at] in "})]")
        at += 1
    return frozenset(names)
