"""Public helpers: encoding and decoding of room ids, and the ids of event schemas."""

from jupyter_collaboration.app import EVENTS_URI

JUPYTER_COLLABORATION_EVENTS_URI = f"{EVENTS_URI}/session/v1"


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
