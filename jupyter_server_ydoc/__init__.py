"""The public import names of the server extension, which is implemented in
`jupyter_collaboration`."""

from typing import TYPE_CHECKING, Any

from jupyter_collaboration._version import __version__

if TYPE_CHECKING:
    from .app import YDocExtension

__all__ = ["YDocExtension", "__version__"]


def __getattr__(name: str) -> Any:
    if name == "YDocExtension":  # imported when it is needed, since it imports all of the server
        from .app import YDocExtension

        return YDocExtension
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from jupyter_collaboration.app import YDocExtension

    return [{"module": "jupyter_server_ydoc", "app": YDocExtension}]
