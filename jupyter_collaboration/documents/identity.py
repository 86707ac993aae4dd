"""What a document is called: its room id, its format and its type."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from logging import getLogger

from jupyter_ydoc.ybasedoc import YBaseDoc

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
        """The type by which a contents manager knows the file."""
        return "notebook" if self.type == "notebook" else "file"


def document_id(file_format: str, content_type: str, file_id: str) -> DocumentId:
    """Check the parts of a room id.

    Raises:
        InvalidRequest: a part is missing, or there is no such format.
    """
    if file_format not in FORMATS:
        formats = ", ".join(FORMATS)
        raise InvalidRequest(f"The format of a document is one of {formats}, not {file_format!r}.")
    if not content_type or ":" in content_type or not file_id:
        raise InvalidRequest("A document has a type and a file id.")
    if content_type == "notebook" and file_format != "json":
        raise InvalidRequest(f"A notebook's format is 'json', not {file_format!r}.")
    return DocumentId(file_format, content_type, file_id)


def parse_room_id(room_id: str) -> DocumentId | None:
    """The document behind a room id; None for a room without a file.

    Raises:
        InvalidRequest: it looks like a document's and is none.
    """
    parts = room_id.split(":", 2)
    return document_id(*parts) if len(parts) == 3 else None


@cache
def document_types() -> dict[str, type[YBaseDoc]]:
    """Every type that a package registers under the ``jupyter_ydoc`` entry point."""
    types: dict[str, type[YBaseDoc]] = {}
    for entry in entry_points(group="jupyter_ydoc"):
        try:
            types[entry.name] = entry.load()
        except Exception as error:
            getLogger(__name__).error(
                "The document type %r of %r cannot be loaded and is left out: %r",
                entry.name,
                entry.value,
                error,
            )
    return types


def check_type(content_type: str) -> None:
    """Refuse a document type that no package registers, before anything is stored for it.

    Raises:
        InvalidRequest: there is no such type.
    """
    if content_type not in document_types():
        known = ", ".join(sorted(document_types()))
        raise InvalidRequest(
            f"No installed package registers the document type {content_type[:100]!r} (entry"
            f" points of the group jupyter_ydoc). There are: {known}."
        )


def has_saved_state(content_type: str) -> bool:
    """Return whether documents of a type say in their state whether their file holds them."""
    module = document_types()[content_type].__module__ if content_type in document_types() else ""
    return not module or module.startswith("jupyter_ydoc")


def is_notebook(document_type: str) -> bool:
    return document_type == "notebook"
