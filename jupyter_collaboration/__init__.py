"""Real-time collaboration for JupyterLab and Notebook 7."""

from typing import Any

from ._version import __version__

__all__ = ["__version__"]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "@jupyter/collaboration-extension"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from .app import YDocExtension

    return [{"module": "jupyter_server_ydoc", "app": YDocExtension}]
