"""Settings of users and administrators for plugins of earlier versions. [C1]"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from jupyter_core.paths import jupyter_config_dir

SUCCESSORS = {
    "@jupyter/collaboration-extension:shared-link": (
        "the button is in the toolbar of each document; set its place for"
        " @jupyter/collaboration-extension:share"
    ),
    "@jupyter/collaboration-extension:user-menu-bar": "the user's menu has a fixed place",
}
"""The plugins whose settings have no effect any more, and what to do instead."""


def ineffective_settings() -> Iterator[str]:
    """Yield a warning for each setting that JupyterLab reads for a plugin of earlier versions."""
    users = os.environ.get("JUPYTERLAB_SETTINGS_DIR")
    folder = Path(users) if users else Path(jupyter_config_dir(), "lab", "user-settings")
    for plugin, instead in SUCCESSORS.items():
        file = folder / (plugin.replace(":", "/") + ".jupyterlab-settings")
        if file.exists():
            yield f"{file} has no effect: {instead}."
    app = os.environ.get("JUPYTERLAB_DIR") or Path(sys.prefix, "share", "jupyter", "lab")
    overrides = Path(app, "settings", "overrides.json")
    try:
        plugins = json.loads(overrides.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # JupyterLab itself reports a file that it cannot read
        return
    for plugin in SUCCESSORS.keys() & (plugins if isinstance(plugins, dict) else {}):
        yield f"{plugin} in {overrides} has no effect: {SUCCESSORS[plugin]}."
