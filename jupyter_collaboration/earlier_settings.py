"""Settings of users and administrators for plugins of earlier versions. [C1]"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from jupyter_core.paths import jupyter_config_dir
from jupyterlab_server.config import get_page_config

SUCCESSORS = {
    "@jupyter/collaboration-extension:shared-link": (
        "the button is in the toolbar of each document; set its place for"
        " @jupyter/collaboration-extension:share"
    ),
    "@jupyter/collaboration-extension:user-menu-bar": "the user's menu has a fixed place",
}
"""The plugins whose settings have no effect any more, and what to do instead."""

FRONT_ENDS = {
    "@jupyter/collaboration-extension": (
        "it is the whole front end now, so no document is shared, and other extensions that need"
        " its tokens do not start. To share documents without showing other people, enable it, and"
        " disable only its plugins :collaborators, :userBadges, :cursors and :share."
    ),
    "@jupyter/docprovider-extension": (
        "no document is shared, and other people are not shown. Its plugins are in"
        " @jupyter/collaboration-extension now. To share documents, enable it."
    ),
}
"""The front ends of earlier versions, and what it means if only that one is disabled."""


def earlier_settings() -> Iterator[str]:
    """Yield a warning for each setting that means something else than in earlier versions."""
    yield from _ineffective_settings()
    disabled = _disabled_front_ends()
    if len(disabled) == 1:
        (name,) = disabled
        yield f"{name} is disabled in page_config.json: {FRONT_ENDS[name]}"


def _disabled_front_ends() -> set[str]:
    try:
        page_config = get_page_config([], str(_lab_folder() / "settings"))
        return FRONT_ENDS.keys() & set(page_config["disabledExtensions"])
    except (OSError, ValueError, TypeError, AttributeError):
        return set()  # JupyterLab itself reports a file that it cannot read


def _lab_folder() -> Path:
    app = os.environ.get("JUPYTERLAB_DIR")
    return Path(app) if app else Path(sys.prefix, "share", "jupyter", "lab")


def _ineffective_settings() -> Iterator[str]:
    """Yield a warning for each setting that JupyterLab reads for a plugin of earlier versions."""
    users = os.environ.get("JUPYTERLAB_SETTINGS_DIR")
    folder = Path(users) if users else Path(jupyter_config_dir(), "lab", "user-settings")
    for plugin, instead in SUCCESSORS.items():
        file = folder / (plugin.replace(":", "/") + ".jupyterlab-settings")
        if file.exists():
            yield f"{file} has no effect: {instead}."
    overrides = _lab_folder() / "settings" / "overrides.json"
    try:
        plugins = json.loads(overrides.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # JupyterLab itself reports a file that it cannot read
        return
    for plugin in SUCCESSORS.keys() & (plugins if isinstance(plugins, dict) else {}):
        yield f"{plugin} in {overrides} has no effect: {SUCCESSORS[plugin]}."
