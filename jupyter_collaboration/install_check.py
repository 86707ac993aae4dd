"""Finds packages that overwrite files of this one, or that stand in its way.

Other packages may require older distributions of this project. Their files have the same names as
ours, pip and uv overwrite ours without a warning, and their front end has plugins with the same ids
as ours. What is found here is reported, and worked around, in `install_repair`.

Files are compared with the hashes in the record of the installed wheel. Names of distributions
alone say nothing: an empty package of such a name is harmless, and files may be damaged although
no such package is installed any more.
"""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ._version import __version__

NAME = "jupyter-collaboration"

OLDER = ("jupyter-server-ydoc", "jupyter-collaboration-ui", "jupyter-docprovider")
"""The distributions of earlier versions, whose files have the same names as ours."""

OTHER_SERVER = "jupyter-server-documents"
"""A distribution that replaces the server of this project, and needs the older front end."""

FRONT_END = "@jupyter/collaboration-extension"

EMPTY_VERSION = "3.90.0"
"""The version of the empty packages under the names in `OLDER`."""

LABEXTENSION = re.compile(r"share/jupyter/labextensions/((?:@[^/]+/)?[^/]+)/(.+)$")
ENTRY = re.compile(r"static/remoteEntry\.[^/]*\.js$")


@dataclass(frozen=True)
class Findings:
    """What is wrong with the installation; nothing if all fields but `front_end` are empty."""

    older: tuple[str, ...] = ()
    """Installed distributions of earlier versions that contain files."""

    damaged: tuple[str, ...] = ()
    """Files of ours that were changed or removed, as paths from the folder of packages."""

    other_server: bool = False
    """Whether the package in `OTHER_SERVER` is installed."""

    foreign_front_ends: tuple[str, ...] = ()
    """Names of the front ends of those distributions, without the name of ours."""

    front_end: str | None = None
    """The file that starts our front end, from its folder; None if it is not known or damaged."""

    installer: str = "pip"
    """The program that installed this package."""

    wheels: str | None = None
    """The folder with the wheels that put it right, if this package was installed from there."""

    @property
    def is_clean(self) -> bool:
        return not (self.older or self.damaged or self.other_server)

    @property
    def summary(self) -> str:
        """What is wrong, in few words, for a notification; empty if nothing is wrong."""
        if self.older or self.damaged:
            return f"Another package overwrote parts of {NAME}, or would load them twice."
        if self.other_server:
            return f"{OTHER_SERVER} was turned off, since {NAME} is installed as well."
        return ""

    @property
    def message(self) -> str:
        """What is wrong, and the commands that fix it; empty if nothing is wrong."""
        sentences = []
        if self.other_server:
            sentences.append(
                f"{OTHER_SERVER} is installed in addition to {NAME} {__version__}. Only one of"
                f" them can serve documents, so {OTHER_SERVER} was turned off."
                f" Uninstall the one that you do not want:"
                f" {self._uninstall([OTHER_SERVER])}, or {self._uninstall([NAME])}."
            )
        if self.older or self.damaged:
            sentences.append(self._overwritten())
        return " ".join(sentences)

    def _overwritten(self) -> str:
        """Describe what was overwritten; the command comes last, to be copied as it is."""
        install = "uv pip install --reinstall" if self.installer == "uv" else "pip install"
        if self.installer != "uv":
            install += " --force-reinstall"
        install += " --no-deps"
        hint = ""
        if self.wheels is not None:
            install += f" --find-links {shlex.quote(self.wheels)}"
        else:
            hint = (
                " (with --find-links and the folder of the wheels if they are not in your package"
                " index)."
            )
        install += "".join(f" {name}=={version}" for name, version in _wanted(self.older))
        if not self.older:
            return (
                f"Files of {NAME} {__version__} were changed or removed by another package,"
                f" such as {self.damaged[0]}. To put this right, run: {install}{hint}"
            )
        are, they = ("are", "they") if len(self.older) > 1 else ("is", "it")
        return (
            f"{', '.join(self.older)} {are} installed in addition to {NAME} {__version__}, which"
            f" contains everything that {they} provided. Parts of {NAME} were overwritten or"
            f" would be loaded twice. {NAME} {__version__} is used, as far as possible. To put"
            f" this right, run: {self._uninstall(self.older)} && {install}{hint}"
        )

    def _uninstall(self, names: Sequence[str]) -> str:
        command = "uv pip uninstall" if self.installer == "uv" else "pip uninstall -y"
        return f"{command} {' '.join(names)}"


def find_problems() -> Findings:
    """Look at the installed files of this package, and at the packages beside it."""
    older = tuple(name for name in OLDER if _contents(name))
    other_server = bool(_contents(OTHER_SERVER))
    foreign = {
        match[1]
        for name in (*older, OTHER_SERVER)
        for path in _contents(name)
        if (match := LABEXTENSION.search(str(path)))
    }
    damaged = []
    front_end = None
    installer = "pip"
    wheels = None
    try:
        distribution = metadata.distribution(NAME)
    except metadata.PackageNotFoundError:
        pass  # Used from the source tree.
    else:
        installer = (distribution.read_text("INSTALLER") or "pip").strip()
        wheels = _folder_with(_wanted(older), distribution)
        for path in distribution.files or ():
            if path.hash is None:
                continue
            if not _is_intact(path):
                damaged.append(str(path))
            elif (match := LABEXTENSION.search(str(path))) and ENTRY.match(match[2]):
                front_end = match[2]
    return Findings(
        older=older,
        damaged=tuple(damaged),
        other_server=other_server,
        foreign_front_ends=tuple(sorted(foreign - {FRONT_END})),
        front_end=front_end,
        installer=installer,
        wheels=wheels,
    )


def _wanted(older: Sequence[str]) -> list[tuple[str, str]]:
    """Return the names and versions of the wheels to install, if older ones are in the way."""
    return [(NAME, __version__), *((name, EMPTY_VERSION) for name in older)]


def _folder_with(
    wanted: Sequence[tuple[str, str]], distribution: metadata.Distribution
) -> str | None:
    """Return the folder that a distribution was installed from, if it has all wheels."""
    try:
        url = urlsplit(json.loads(distribution.read_text("direct_url.json") or "{}")["url"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    if url.scheme != "file":
        return None
    folder = Path(url2pathname(url.path)).parent
    found = [
        any(folder.glob(f"{name.replace('-', '_')}-{version}-*.whl")) for name, version in wanted
    ]
    return str(folder) if all(found) else None


def _contents(name: str) -> list[metadata.PackagePath]:
    """Return the files of a distribution; none if it is not installed, or empty."""
    try:
        files = metadata.distribution(name).files or []
    except metadata.PackageNotFoundError:
        return []
    return [path for path in files if ".dist-info" not in path.parts[0]]


def _is_intact(path: metadata.PackagePath) -> bool:
    assert path.hash is not None
    try:
        content = Path(str(path.locate())).read_bytes()
    except OSError:
        return False
    found = hashlib.new(path.hash.mode, content).digest()
    return urlsafe_b64encode(found).rstrip(b"=").decode() == path.hash.value
