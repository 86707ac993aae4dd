"""Detects packages that were installed over this one.

Some extensions require older distributions of this project, whose files have the same names as
ours. pip overwrites our files without a warning, so that the server has to warn.
"""

from __future__ import annotations

from importlib import metadata

OLDER = ("jupyter-server-ydoc", "jupyter-collaboration-ui", "jupyter-docprovider")

CURE = (
    "Collaboration may fail or lose edits: {names} is installed in addition to"
    " jupyter-collaboration {version} and overwrote parts of it. Run: pip uninstall -y {names} &&"
    " pip install --force-reinstall --no-deps jupyter-collaboration=={version}"
)


def overwriting() -> list[str]:
    """Return the installed distributions that contain files with the same names as ours."""
    found = []
    for name in OLDER:
        try:
            metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found.append(name)
    return found


def warning(version: str) -> str | None:
    """Return a warning with the command that fixes the installation; None if it is fine."""
    names = " ".join(overwriting())
    return CURE.format(names=names, version=version) if names else None
