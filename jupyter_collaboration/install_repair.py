"""Keeps JupyterLab working where other packages overwrote this one, or stand in its way.

Exactly one server and one front end are used: ours. What `install_check` found is logged, and shown
in the page. The files on disk stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_core.paths import jupyter_config_path, jupyter_path
from jupyter_server.extension.manager import ExtensionPackage, ExtensionPoint
from jupyter_server.services.config.manager import ConfigManager

from .install_check import FRONT_END, Findings

SERVER = "jupyter_server_ydoc"
"""The public name of our server extension."""

OTHER_SERVER = "jupyter_server_documents"

EARLIER_FRONT_END = "@jupyter/docprovider-extension"
"""A front end of earlier versions, whose plugins have the same ids as ours."""

SUMMARY_OPTION = "collaborationInstallation"
MESSAGE_OPTION = "collaborationInstallationRepair"
"""The page's options that describe what is wrong, and how to fix it; read by the front end."""

PageHook = Callable[[Any, dict[str, Any]], dict[str, Any]]


def use_our_server(serverapp: Any, findings: Findings) -> None:
    """Replace the server extension by ours if another package overwrote or disabled it.

    Has to run before that extension is linked to the server. Jupyter Server links and loads
    extensions in alphabetical order, `jupyter_collaboration` before the others.
    """
    extensions = serverapp.extension_manager.extensions
    if findings.other_server and OTHER_SERVER in extensions:
        extensions[OTHER_SERVER].enabled = False
    package = extensions.get(SERVER)
    if package is None or not package.enabled:
        is_wanted = serverapp.jpserver_extensions.get(SERVER, False)
        # The configuration of the other server disables ours.
        by_other = findings.other_server and not _is_disabled_by_user()
        if not (is_wanted or by_other):
            return
        package = extensions[SERVER] = ExtensionPackage(name=SERVER)
        package.enabled = True
    if _has_ours(package):
        return
    from .app import YDocExtension

    point = ExtensionPoint(
        metadata={"module": "jupyter_collaboration", "app": YDocExtension}, log=serverapp.log
    )
    package.extension_points = {point.name: point}
    # The server may have listed its extensions already.
    serverapp.extension_manager.link_extension(SERVER)


def _has_ours(package: ExtensionPackage) -> bool:
    from .app import YDocExtension

    point = package.extension_points.get(SERVER)
    return point is not None and isinstance(point.app, YDocExtension)


def _is_disabled_by_user() -> bool:
    """Return whether a configuration file of the server itself disables our extension."""
    for folder in jupyter_config_path():
        try:
            content = json.loads((Path(folder) / "jupyter_server_config.json").read_text())
            return not content["ServerApp"]["jpserver_extensions"][SERVER]
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return False


def use_our_front_end(serverapp: Any, findings: Findings) -> None:
    """Let each page of JupyterLab and Notebook load our front end, and no other."""
    settings = serverapp.web_app.settings
    previous: PageHook | None = settings.get("page_config_hook")

    def hook(handler: Any, page_config: dict[str, Any]) -> dict[str, Any]:
        if previous is not None:
            page_config = previous(handler, page_config)
        return with_our_front_end(page_config, findings)

    settings["page_config_hook"] = hook


def with_our_front_end(page_config: dict[str, Any], findings: Findings) -> dict[str, Any]:
    """Return the configuration of a page that loads our front end, and no other."""
    foreign = {EARLIER_FRONT_END, *findings.foreign_front_ends}
    found = page_config.get("federated_extensions", [])
    front_ends = [each for each in found if each["name"] not in foreign]
    if findings.front_end is not None:
        ours = {
            "name": FRONT_END,
            "load": findings.front_end,
            "extension": "./extension",
            "style": "./style",
        }
        others = [each for each in front_ends if each["name"] != FRONT_END]
        listed = [each for each in front_ends if each not in others]
        if [each["load"] for each in listed] != [findings.front_end]:
            # The file that names it was overwritten or removed; the front end itself is there.
            front_ends = [*others, ours]
    changed = {**page_config, "federated_extensions": front_ends}
    # A front end that is left out may have replaced plugins of JupyterLab, or of ours.
    left_out = {each["name"] for each in found} & foreign
    if replaced := {plugin for name in left_out for plugin in _disabled_by(name)}:
        by_user = ConfigManager(config_dir_name="labconfig").get("page_config")
        kept = by_user.get("disabledExtensions", {})
        changed["disabledExtensions"] = [
            plugin
            for plugin in page_config.get("disabledExtensions", [])
            if plugin not in replaced or plugin in kept
        ]
    if not findings.is_clean:
        changed[SUMMARY_OPTION] = findings.summary
        changed[MESSAGE_OPTION] = findings.message
    return changed


def _disabled_by(front_end: str) -> list[str]:
    """Return the ids of the plugins that an installed front end turns off."""
    for folder in jupyter_path("labextensions"):
        try:
            content = json.loads((Path(folder) / front_end / "package.json").read_text())
            return list(content["jupyterlab"].get("disabledExtensions", []))
        except FileNotFoundError:
            continue
        except (OSError, ValueError, KeyError, TypeError):
            break
    return []
