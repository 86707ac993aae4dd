"""What can go wrong, each with the HTTP status and the close code that tell a client."""

from __future__ import annotations

from asyncio import CancelledError


class CollaborationError(Exception):
    """The root of the tree; its text is meant for users."""

    status = 500
    close_code = 4500


class ProtocolError(CollaborationError):
    """A client sent something that the protocol does not know."""

    status = 400
    close_code = 4400


class InvalidEdit(CollaborationError):
    """An edit would leave the document with something that its type cannot hold."""

    status = 400
    close_code = 4400


class EarlyEdit(CollaborationError):
    """An edit comes after others that are not here yet."""

    status = 400
    close_code = 4400


class NotAllowed(CollaborationError):
    """Somebody may not do this, or not any more."""

    status = 403
    close_code = 4403


class TooMany(CollaborationError):
    """Somebody has, or sends, more than the server takes of one person."""

    status = 429
    close_code = 4429


class InvalidRequest(CollaborationError):
    """A request names no document that could exist, such as a wrong format or type."""

    status = 400
    close_code = 4400


class DocumentNotFound(CollaborationError):
    """There is no file behind a path or an id."""

    status = 404
    close_code = 4404


class VersionNotFound(CollaborationError):
    """A document has no such version, or it is not kept any more."""

    status = 404


class RoomNotFound(CollaborationError, LookupError):
    """No room with this id is open."""

    status = 404
    close_code = 4404


class RoomClosed(CollaborationError):
    """The room was closed while it was at work; the next one of its document does it."""

    status = 503


class OtherHistory(CollaborationError):
    """Two documents do not descend from the same history any more."""

    status = 409
    close_code = 4409


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


class HistoryDamaged(CollaborationError):
    """What the store has of a document cannot be read as one."""


class HistoryUnavailable(CollaborationError):
    """The store could not be read or written."""

    status = 503


class DocumentBroken(CollaborationError):
    """A live document is in no known state; it is discarded and loaded again from its history."""

    status = 500
    close_code = 4500


def must_propagate(error: BaseException) -> bool:
    """Return whether a boundary around a background job has to let an exception pass.

    Everything else is contained where it happens, `BaseException` included: pyo3's
    PanicException is one, and so may be what a contents manager raises.
    """
    if inner := getattr(error, "exceptions", None):  # an exception group
        return any(must_propagate(each) for each in inner)
    return isinstance(error, CancelledError | KeyboardInterrupt | SystemExit | GeneratorExit)


def is_panic(error: BaseException) -> bool:
    """Whether pycrdt gave up; pyo3 has no type for it that could be imported."""
    return type(error).__name__ == "PanicException"
