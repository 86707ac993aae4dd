"""Public helpers: room ids, message types, and the ids of event schemas."""

import uuid
from enum import Enum, IntEnum
from pathlib import Path

import jupyter_collaboration
from jupyter_collaboration.app import EVENTS_URI
from jupyter_collaboration.errors import FileChanged as OutOfBandChanges
from jupyter_collaboration.errors import LoadFailed as ReadError
from jupyter_collaboration.errors import SaveFailed as WriteError

__all__ = [
    "AWARENESS_EVENTS_SCHEMA_PATH",
    "EVENTS_FOLDER_PATH",
    "EVENTS_SCHEMA_PATH",
    "FORK_EVENTS_SCHEMA_PATH",
    "JUPYTER_COLLABORATION_AWARENESS_EVENTS_URI",
    "JUPYTER_COLLABORATION_EVENTS_URI",
    "JUPYTER_COLLABORATION_FORK_EVENTS_URI",
    "SERVER_SESSION",
    "YDOC_SERVER_VERSION",
    "LogLevel",
    "MessageType",
    "OutOfBandChanges",
    "ReadError",
    "WriteError",
    "decode_file_path",
    "encode_file_path",
    "room_id_from_encoded_path",
]

JUPYTER_COLLABORATION_EVENTS_URI = f"{EVENTS_URI}/session/v1"
JUPYTER_COLLABORATION_AWARENESS_EVENTS_URI = f"{EVENTS_URI}/awareness/v1"
JUPYTER_COLLABORATION_FORK_EVENTS_URI = f"{EVENTS_URI}/fork/v1"

EVENTS_FOLDER_PATH = Path(jupyter_collaboration.__file__).parent / "events"
EVENTS_SCHEMA_PATH = EVENTS_FOLDER_PATH / "session.yaml"
AWARENESS_EVENTS_SCHEMA_PATH = EVENTS_FOLDER_PATH / "awareness.yaml"
FORK_EVENTS_SCHEMA_PATH = EVENTS_FOLDER_PATH / "fork.yaml"

SERVER_SESSION = str(uuid.uuid4())
"""An id of this process. The session id of a document is a different one: it names the
document's history, and is returned by ``PUT /api/collaboration/session/<path>``."""

YDOC_SERVER_VERSION = jupyter_collaboration.__version__


class MessageType(IntEnum):
    """The first byte of a message."""

    SYNC = 0
    AWARENESS = 1
    RAW = 2
    CHAT = 125


class LogLevel(Enum):
    """The levels of events."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"
    CRITICAL = "CRITICAL"


def encode_file_path(format: str, file_type: str, file_id: str) -> str:
    """Return a room id: ``format:type:fileId``."""
    return f"{format}:{file_type}:{file_id}"


def decode_file_path(path: str) -> tuple[str, str, str]:
    """Return the format, the type and the file id in a room id.

    Raises:
        ValueError: it has fewer than three parts.
    """
    file_format, file_type, file_id = path.split(":", 2)
    return file_format, file_type, file_id


def room_id_from_encoded_path(encoded_path: str) -> str:
    """Return the room id at the end of a URL's path."""
    return encoded_path.rsplit("/", 1)[-1]
