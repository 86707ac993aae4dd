"""Names of earlier versions that have no equivalent, and what to use instead. [C1]"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar


class EarlierNames:
    """Makes access to an attribute of an earlier version fail with a text that helps."""

    _replacements: ClassVar[dict[str, str]] = {}
    """For each such attribute, what to use instead, as the end of a sentence."""

    if not TYPE_CHECKING:  # or else mypy would accept any attribute

        def __getattr__(self, name: str) -> Any:
            kind = type(self).__name__
            if (instead := self._replacements.get(name)) is None:
                raise AttributeError(f"{kind!r} object has no attribute {name!r}")
            raise AttributeError(
                f"{kind}.{name} does not exist since jupyter-collaboration 5.90: {instead}"
            )


OF_DOCUMENT_ROOMS = {
    "_save_to_disc": "use 'await room.flush()', which saves unsaved edits and waits for that",
    "_maybe_save_document": "use 'await room.flush()', which saves unsaved edits",
    "_saving_document": "use 'await room.flush()', which waits for a save that is running",
    "_on_outofband_change": "use 'room.look_soon()', which checks the file for changes",
    "_on_filepath_change": "the room follows its file; 'room.path' is the current path",
    "_on_document_change": "observe 'room.document', or 'room.ydoc'",
    "_file": "use 'app.file_loaders[file_id]', or 'room.path'",
    "_logger": "use the event logger of the server",
    "cleaner": "a room is closed by its manager, after the trait document_cleanup_delay",
    "create_task": "a room owns its tasks; use 'asyncio.create_task'",
}

OF_THE_MANAGER = {
    "add_room": "use 'await app.get_document(..., create=True)', which opens a room",
    "start_room": "rooms start when they are opened",
    "delete_room": "rooms close by themselves after the trait document_cleanup_delay",
    "rename_room": "rooms follow their file, and keep their id",
    "clean": "use 'await app.stop_extension()'",
    "connected_users": "listen to events of the schema awareness/v1, or read 'room.awareness'",
    "monitor_task": "rooms are supervised by their manager",
    "ypatch_nb": "observe 'room.ydoc'",
    "ystore_class": "use 'app.ystore_class'",
    "serve": "connect to the route api/collaboration/room/<room id>",
}
