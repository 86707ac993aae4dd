"""The public names of the HTTP handlers."""

from jupyter_collaboration.web.forks import ForkHandler as DocForkHandler
from jupyter_collaboration.web.session import SessionHandler as DocSessionHandler
from jupyter_collaboration.web.timeline import TimelineHandler, UndoRedoHandler
from jupyter_collaboration.web.websocket import RoomHandler as YDocWebSocketHandler

__all__ = [
    "DocForkHandler",
    "DocSessionHandler",
    "TimelineHandler",
    "UndoRedoHandler",
    "YDocWebSocketHandler",
]
