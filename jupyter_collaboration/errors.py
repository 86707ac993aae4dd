"""What can go wrong, each with the HTTP status and the close code that tell a client."""

from __future__ import annotations


class CollaborationError(Exception):
    """The root of the tree; its text is meant for users."""

    status = 500
    close_code = 4500


class ProtocolError(CollaborationError):
    """A client sent something that the protocol does not know."""

    status = 400
    close_code = 4400


class InvalidRequest(CollaborationError):
    """A request names no document that could exist, such as a wrong format or type."""

    status = 400
    close_code = 4400


class DocumentNotFound(CollaborationError):
    """There is no file behind a path or an id."""

    status = 404
    close_code = 4404


class RoomNotFound(CollaborationError, LookupError):
    """No room with this id is open."""

    status = 404
    close_code = 4404


class LoadFailed(CollaborationError):
    """The file is there and could not be read as a document of its type."""

    status = 500
    close_code = 4500


class SaveFailed(CollaborationError):
    """The document is not in its file; the text says why, ``code`` says it to programs."""

    code = "error"


class FileDeleted(SaveFailed):
    """There is no file any more: it is made again only if somebody asks for it."""

    code = "deleted"


class FileChanged(SaveFailed):
    """Another program wrote the file since it was looked at: look again, and merge."""


class SaveRefused(SaveFailed):
    """The file holds, or would hold, something that must not be overwritten, or written."""

    code = "refused"


class HistoryUnavailable(CollaborationError):
    """The store could not be read or written."""
