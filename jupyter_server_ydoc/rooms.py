"""The rooms' public names."""

from jupyter_collaboration.rooms.broadcast import BroadcastRoom as TransientRoom
from jupyter_collaboration.rooms.document import DocumentRoom

__all__ = ["DocumentRoom", "TransientRoom"]
