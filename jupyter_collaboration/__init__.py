"""Real-time collaboration for JupyterLab and Notebook 7.

The server extension itself is enabled under the public name `jupyter_server_ydoc`. Under this
name Jupyter Server loads a watchman only: it still speaks when another distribution was
installed over that one.
"""

from typing import Any

from ._version import __version__
from .install_check import warning

__all__ = ["__version__"]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "@jupyter/collaboration-extension"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "jupyter_collaboration"}]


def _load_jupyter_server_extension(server: Any) -> None:
    if text := warning(__version__):
        server.log.error(text)
