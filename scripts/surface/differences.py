"""What of the published package is missing or different in ours, and why. [C1]"""


def with_reason(reason: str, names: str) -> dict[str, str]:
    """The same reason for several names."""
    return dict.fromkeys(names.split(), reason)


COLLABORATION = "@jupyter/collaboration-extension"
DOCPROVIDER = "@jupyter/docprovider-extension"

PYTHON = {
    **with_reason("forks are kept in the store", "handlers.FORK_DOCUMENTS handlers.FORK_ROOMS"),
    **with_reason("a module's own shorthand", "handlers.YFILE rooms.YFILE"),
    **with_reason(
        "stores of ours need no metaclass",
        "stores.SQLiteYStoreMetaclass stores.TempFileYStoreMetaclass",
    ),
    **with_reason(
        "session ids are stored with the histories",
        "utils.check_session_compatibility utils.save_current_session",
    ),
    "websocketserver.exception_logger": "exceptions are contained by the rooms",
    "app.YDocExtension.initialize": "inherited from ExtensionApp",
    "YDocExtension.server_side_execution": "on by default: cells go on without their page",
    **with_reason(
        "only the server creates it",
        "handlers.DocForkHandler.initialize handlers.TimelineHandler.initialize"
        " handlers.UndoRedoHandler.initialize handlers.YDocWebSocketHandler.initialize"
        " loaders.FileLoader.__init__ loaders.FileLoaderMapping.__init__"
        " rooms.DocumentRoom.__init__ rooms.TransientRoom.__init__"
        " websocketserver.JupyterWebsocketServer.__init__",
    ),
    **with_reason(
        "only Tornado calls it, with the groups of the route",
        "handlers.DocForkHandler.delete handlers.DocForkHandler.get handlers.DocForkHandler.put"
        " handlers.YDocWebSocketHandler.get",
    ),
    **with_reason(
        "a part of the published handler's work, which rooms do in ours",
        "handlers.YDocWebSocketHandler.create_task handlers.YDocWebSocketHandler.path"
        " handlers.YDocWebSocketHandler.prepare handlers.YDocWebSocketHandler.recv",
    ),
    "handlers.YDocWebSocketHandler.check_origin": "origins are checked as Jupyter Server does [M5]",
    "handlers.YDocWebSocketHandler.send": "only rooms call it, with a message",
    **with_reason(
        "inherited from YRoom, and without effect: managers close rooms, and messages that fail"
        " close the connections that sent them",
        "rooms.DocumentRoom.on_message_error rooms.DocumentRoom.stop rooms.TransientRoom.stop",
    ),
    **with_reason(
        "called by position, with a room id",
        "websocketserver.JupyterWebsocketServer.get_room"
        " websocketserver.JupyterWebsocketServer.room_exists",
    ),
}

ANSWERS = {
    "session of a missing file": "nothing is created for a file that does not exist",
    "session of a folder": "a folder is no document",
    "session of an unknown type": "such a document cannot be opened",
    "session without a type": "a bad request is no error of the server",
    "session without a body": "a bad request is no error of the server",
    "timeline without a format": "a bad request is no error of the server",
    "undo without a timeline": "the published answer is empty",
    "socket of an unknown file": "the socket is closed with the published code 4404",
}

FRONT_END = {
    **with_reason(
        "renamed; disabling it disables its successor (docs/extensions.md)",
        f"{COLLABORATION}:rtcGlobalAwareness {COLLABORATION}:rtcPanel"
        f" {COLLABORATION}:shared-link {COLLABORATION}:user-menu-bar"
        f" {COLLABORATION}:userEditorCursors {DOCPROVIDER}:content-provider"
        f" {DOCPROVIDER}:statusBarTimeline {DOCPROVIDER}:websocket-provider",
    ),
    **with_reason(
        "part of the content provider; disabling it is honored (docs/extensions.md)",
        f"{DOCPROVIDER}:yfile {DOCPROVIDER}:ynotebook",
    ),
    **with_reason(
        "without a successor; disabling it has no effect (docs/extensions.md)",
        f"{DOCPROVIDER}:logger",
    ),
    f"settings {COLLABORATION}:shared-link": "only a place in the top bar; see the plugin share",
    f"settings {COLLABORATION}:user-menu-bar": "only a place in the top bar",
}

DIFFERENT = {**PYTHON, **ANSWERS, **FRONT_END}
