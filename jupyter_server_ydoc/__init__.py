"""The public import names of the server extension, which is implemented in
`jupyter_collaboration`."""

from typing import Any

from jupyter_collaboration._version import __version__

__all__ = ["__version__"]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from jupyter_collaboration.app import YDocExtension

    return [{"module": "jupyter_server_ydoc", "app": YDocExtension}]
