"""Real-time collaboration for JupyterLab and Notebook 7.

The server extension itself is enabled under the public name `jupyter_server_ydoc`. Under the name
of this package, Jupyter Server loads only a check of the installation: whether other packages
overwrote this one, or stand in its way.
"""

from typing import Any

from ._version import __version__

__all__ = ["__version__"]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "@jupyter/collaboration-extension"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "jupyter_collaboration"}]


def _link_jupyter_server_extension(server: Any) -> None:
    from .install_check import find_problems
    from .install_repair import use_our_server

    use_our_server(server, find_problems())


def _load_jupyter_server_extension(server: Any) -> None:
    from .install_check import find_problems
    from .install_repair import use_our_front_end

    findings = find_problems()
    if findings.message:
        server.log.error(findings.message)
    use_our_front_end(server, findings)
