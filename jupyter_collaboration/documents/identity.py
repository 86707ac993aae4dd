"""The identity of a document: its room id, its format and its type."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from logging import getLogger

from jupyter_ydoc.ybasedoc import YBaseDoc
from jupyter_ydoc.yunicode import YUnicode

from ..errors import InvalidRequest

FORMATS = ("json", "text", "base64")


@dataclass(frozen=True)
class DocumentId:
    """A room id of the form ``format:type:fileId``."""

    format: str
    type: str
    file_id: str

    def __str__(self) -> str:
        return f"{self.format}:{self.type}:{self.file_id}"

    @property
    def contents_type(self) -> str:
        """The file's type in the contents manager."""
        return "notebook" if self.type == "notebook" else "file"


def document_id(file_format: str, content_type: str, file_id: str) -> DocumentId:
    """Check the parts of a room id.

    Raises:
        InvalidRequest: a part is missing, or the format is unknown.
    """
    if file_format not in FORMATS:
        formats = ", ".join(FORMATS)
        raise InvalidRequest(f"The format must be one of {formats}, not {file_format!r}.")
    if not content_type or ":" in content_type or not file_id:
        raise InvalidRequest("A document must have a type and a file id.")
    if content_type == "notebook" and file_format != "json":
        raise InvalidRequest(f"The format of a notebook must be 'json', not {file_format!r}.")
    return DocumentId(file_format, content_type, file_id)


def parse_room_id(room_id: str) -> DocumentId | None:
    """Parse the room id of a document; return None for a room without a file.

    Raises:
        InvalidRequest: it has the form of a document's room id, but is not valid.
    """
    parts = room_id.split(":", 2)
    return document_id(*parts) if len(parts) == 3 else None


@cache
def document_types() -> dict[str, type[YBaseDoc]]:
    """Return all document types that are registered as ``jupyter_ydoc`` entry points."""
    types: dict[str, type[YBaseDoc]] = {}
    for entry in entry_points(group="jupyter_ydoc"):
        try:
            types[entry.name] = entry.load()
        except Exception as error:
            getLogger(__name__).error(
                "Could not load the document type %r of %r: %r",
                entry.name,
                entry.value,
                error,
            )
    return types


def check_type(content_type: str) -> None:
    """Refuse an unknown document type, before anything is stored for it.

    Raises:
        InvalidRequest: no installed package registers this type.
    """
    if content_type not in document_types():
        known = ", ".join(sorted(document_types()))
        raise InvalidRequest(
            f"No installed package registers the document type {content_type[:100]!r} (entry"
            f" points of the group jupyter_ydoc). Known types: {known}."
        )


def has_saved_state(content_type: str) -> bool:
    """Return whether documents of a type have a 'dirty' state, which says if they are saved."""
    module = document_types()[content_type].__module__ if content_type in document_types() else ""
    return not module or module.startswith("jupyter_ydoc")


def is_text(content_type: str) -> bool:
    """Return whether documents of a type are plain texts, as those of unknown types are."""
    return issubclass(document_types().get(content_type, YUnicode), YUnicode)


def is_notebook(document_type: str) -> bool:
    return document_type == "notebook"


def is_plain(content_type: str) -> bool:
    """Return whether documents of a type are notebooks or texts."""
    return is_notebook(content_type) or is_text(content_type)
