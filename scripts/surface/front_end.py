"""What the installed front ends of an environment offer, read from their files."""

import json
import re
from pathlib import Path
from typing import Any

FRONT_ENDS = ("@jupyter/collaboration-extension", "@jupyter/docprovider-extension")
ID = re.compile(r"[\"'`](@jupyter/[a-z-]+:[A-Za-z-]+)[\"'`]")


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
