"""The public names of the manager of rooms."""

from jupyter_collaboration.errors import RoomNotFound
from jupyter_collaboration.rooms.manager import RoomManager as JupyterWebsocketServer

__all__ = ["JupyterWebsocketServer", "RoomNotFound"]
