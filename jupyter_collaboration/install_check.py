"""Finds packages that were installed over this one.

Some extensions require distributions of an older cut of this project, whose files have the same
names as ours. pip then overwrites them without a word; this says it.
"""

from __future__ import annotations

from importlib import metadata

OLDER = ("jupyter-server-ydoc", "jupyter-collaboration-ui", "jupyter-docprovider")

CURE = (
    "Collaboration may not work, or lose work: {names} is installed beside jupyter-collaboration"
    " {version} and overwrote parts of it. Run: pip uninstall -y {names} &&"
    " pip install --force-reinstall --no-deps jupyter-collaboration=={version}"
)


def overwriting() -> list[str]:
    """The distributions installed here that hold files of the same names as ours."""
    found = []
    for name in OLDER:
        try:
            metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found.append(name)
    return found


def warning(version: str) -> str | None:
    """What to tell the operator, with the cure; None if all is well."""
    names = " ".join(overwriting())
    return CURE.format(names=names, version=version) if names else None
