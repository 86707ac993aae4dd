"""Real-time collaboration for JupyterLab and Notebook 7.

The server extension itself is enabled under the public name `jupyter_server_ydoc`. Under the name
of this package, Jupyter Server loads only a check that warns if another distribution has
overwritten the extension.
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
