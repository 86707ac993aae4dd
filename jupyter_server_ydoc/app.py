"""The extension's public name."""

from jupyter_collaboration.app import YDocExtension
from jupyter_collaboration.errors import RoomNotFound

__all__ = ["RoomNotFound", "YDocExtension"]
