"""The exceptions of this package, each with the HTTP status and the close code for clients."""

from __future__ import annotations

from asyncio import CancelledError


class CollaborationError(Exception):
    """The base class of all errors. Its text is shown to users."""

    status = 500
    close_code = 4500


class ProtocolError(CollaborationError):
    """A client violated the protocol."""

    status = 400
    close_code = 4400


class InvalidEdit(CollaborationError):
    """An edit would make the document invalid for its type."""

    status = 400
    close_code = 4400


class EarlyEdit(CollaborationError):
    """An edit depends on earlier edits that have not arrived yet."""

    status = 400
    close_code = 4400


class NotAllowed(CollaborationError):
    """The user does not have permission, or no longer has it."""

    status = 403
    close_code = 4403


class TooMany(CollaborationError):
    """The user has reached a limit of the server."""

    status = 429
    close_code = 4429


class InvalidRequest(CollaborationError):
    """A request is not valid, such as one with a wrong format or type."""

    status = 400
    close_code = 4400


class HubRefused(CollaborationError):
    """JupyterHub refused a request."""

    status = 403

    @classmethod
    def of(cls, status: int, text: str) -> HubRefused:
        """Return the error for the status and the text of the hub's response."""
        error = cls(f"The hub refused this: {text}")
        if status in (400, 404):
            error.status = status
        return error


class HubUnavailable(CollaborationError):
    """JupyterHub does not respond."""

    status = 502


class DocumentNotFound(CollaborationError):
    """There is no file with this path or id."""

    status = 404
    close_code = 4404


class KernelNotFound(CollaborationError):
    """There is no kernel with this id."""

    status = 404


class KernelUnreachable(CollaborationError):
    """There is no connection to the kernel at the moment."""

    status = 503


class VersionNotFound(CollaborationError):
    """The document has no such version, or it is no longer kept."""

    status = 404


class RoomNotFound(CollaborationError, LookupError):
    """No room with this id is open."""

    status = 404
    close_code = 4404


class RoomClosed(CollaborationError):
    """The room was closed during an operation; the document's next room will repeat it."""

    status = 503


class OtherHistory(CollaborationError):
    """Two documents no longer share a history."""

    status = 409
    close_code = 4409


class LoadFailed(CollaborationError):
    """The file exists, but cannot be read as a document of its type."""

    status = 500
    close_code = 4500


class SaveFailed(CollaborationError):
    """The document could not be saved. The text is for users, ``code`` for programs."""

    code = "error"


class FileDeleted(SaveFailed):
    """The file was deleted; it is created again only on request."""

    code = "deleted"


class FileReadOnly(SaveFailed):
    """The file cannot be written; the document can be edited all the same. [M2]"""

    code = "read_only"


class FileChanged(SaveFailed):
    """Another program wrote the file since the last check, so that it has to be merged first."""


class SaveRefused(SaveFailed):
    """The file must not be overwritten, or the content must not be written."""

    code = "refused"


class HistoryDamaged(CollaborationError):
    """The stored history of a document is damaged."""


class HistoryUnavailable(CollaborationError):
    """The store cannot be read or written."""

    status = 503


class DocumentBroken(CollaborationError):
    """A live document may be corrupt; it is discarded, and loaded again from its history."""

    status = 500
    close_code = 4500


def must_propagate(error: BaseException) -> bool:
    """Return whether the handler of a background job must re-raise an exception.

    All others are contained, including `BaseException`: pyo3's PanicException is one, and a
    contents manager may raise one as well.
    """
    if inner := getattr(error, "exceptions", None):  # an exception group
        return any(must_propagate(each) for each in inner)
    return isinstance(error, CancelledError | KeyboardInterrupt | SystemExit | GeneratorExit)


def is_panic(error: BaseException) -> bool:
    """Return whether an exception is a panic in pycrdt; pyo3 does not export its type."""
    return type(error).__name__ == "PanicException"
