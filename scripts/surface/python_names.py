"""Print the public Python names of the installed package, with their signatures, as JSON.

Runs in the environment of a package: names of modules follow as arguments.
"""

import dis
import importlib
import inspect
import json
import sys
from pathlib import Path
from typing import Any

import yaml

from jupyter_server_ydoc.app import YDocExtension
from jupyter_server_ydoc.stores import SQLiteYStore, TempFileYStore

OURS = ("jupyter_server_ydoc", "jupyter_coll")
EVENTS = (
    "EVENTS_SCHEMA_PATH",
    "AWARENESS_EVENTS_SCHEMA_PATH",
    "FORK_EVENTS_SCHEMA_PATH",
)


def parameters(value: Any) -> list[list[Any]] | None:
    """The parameters of a callable: name, kind, and whether it may be left out."""
    try:
        found = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return None
    return [[each.name, each.kind.name, each.default is not each.empty] for each in found]


def owned(value: Any) -> bool:
    return str(getattr(value, "__module__", "")).startswith(OURS)


def methods(kind: type) -> dict[str, Any]:
    """The public members that the package itself defines in a class.

    A member that a class of ours names in an error, with its replacement, is "explained".
    """
    found: dict[str, Any] = dict.fromkeys(getattr(kind, "_replacements", ()), "explained")
    for owner in kind.__mro__:
        if not owned(owner):
            continue
        if "__init__" in vars(owner):
            for each in dis.get_instructions(owner.__init__):
                if each.opname == "STORE_ATTR" and not each.argval.startswith("_"):
                    found.setdefault(each.argval, "attribute")
        for name, value in vars(owner).items():
            plain = value.__func__ if isinstance(value, staticmethod | classmethod) else value
            if name.startswith("_") and name != "__init__":
                continue
            if isinstance(plain, property):
                found.setdefault(name, "attribute")
            elif inspect.isfunction(plain) or hasattr(plain, "__wrapped__"):
                bound = isinstance(value, staticmethod)
                listed = parameters(plain)
                found.setdefault(name, listed if bound or listed is None else listed[1:])
    return found


def names(modules: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    shared = vars(importlib.import_module("jupyter_server_ydoc.utils"))
    for name in modules:
        module = importlib.import_module(f"jupyter_server_ydoc.{name}")
        for key, value in vars(module).items():
            own = owned(value) and value.__module__ == module.__name__
            constant = key.isupper() and key != "YDOCS" and (name == "utils" or key not in shared)
            fixture = key.startswith(("rtc_", "jp_"))
            listed = key in getattr(module, "__all__", ())
            if key.startswith("_") or not (listed or constant or fixture or own):
                continue
            if inspect.isclass(value):
                found[f"{name}.{key}"] = None
                for method, signature in methods(value).items():
                    found[f"{name}.{key}.{method}"] = signature
            else:
                found[f"{name}.{key}"] = parameters(value) if inspect.isfunction(value) else None
    return found


def spelled(default: Any) -> str:
    if isinstance(default, int | float) and not isinstance(default, bool):
        return str(float(default))
    return repr(getattr(default, "__name__", default))


def traits() -> dict[str, str]:
    """The traits and their defaults."""
    return {
        f"{owner.__name__}.{name}": spelled(trait.default_value)
        for owner in (YDocExtension, SQLiteYStore, TempFileYStore)
        for name, trait in owner.class_traits(config=True).items()
    }


def shape(schema: dict[str, Any]) -> dict[str, Any]:
    """What a schema requires of data, without its descriptions."""
    kept = {key: schema[key] for key in ("$id", "version", "type") if key in schema}
    if "enum" in schema:
        kept["enum"] = sorted(schema["enum"])
    if "properties" in schema:
        kept["required"] = sorted(schema.get("required", []))
        kept["properties"] = {name: shape(each) for name, each in schema["properties"].items()}
    return kept


def events() -> dict[str, Any]:
    utils = importlib.import_module("jupyter_server_ydoc.utils")
    return {
        name: shape(yaml.safe_load(Path(getattr(utils, name)).read_text(encoding="utf-8")))
        for name in EVENTS
    }


if __name__ == "__main__":
    print(json.dumps({"names": names(sys.argv[1:]), "traits": traits(), "events": events()}))
