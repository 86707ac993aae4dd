"""The server extension: defines the traits, creates the objects, and starts and stops them."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from anyio import Lock, create_task_group, sleep
from jupyter_server.extension.application import ExtensionApp
from jupyter_server_fileid.manager import BaseFileIdManager
from jupyter_ydoc.ybasedoc import YBaseDoc
from pycrdt import Doc
from traitlets import Bool, Float, Int, Type, Unicode
from traitlets.config import Config

from ._version import __version__
from .access.file_ids import FileIds
from .access.paths import Paths
from .access.quotas import FairShare, Limits
from .documents.codec import make_document
from .documents.identity import DocumentId, document_id, parse_room_id
from .earlier_settings import earlier_settings
from .execution.service import RunService
from .execution.sessions import share_sessions
from .files.document_file import DocumentFile
from .files.synchronizer import SynchronizerOptions
from .files.turns import Turns
from .files.watcher import FileWatch
from .history.store import HistoryBackend
from .rooms.document import DocumentRoom
from .rooms.forks import Forks
from .rooms.lost_files import LostFiles
from .rooms.manager import RoomManager
from .rooms.open_files import FileLoaderMapping
from .rooms.timeline import TimelineForks
from .stores import SQLiteYStore, TempFileYStore, YStore
from .versions.authorship import Authorship
from .versions.orphan_cleanup import OrphanCleanup
from .versions.service import VersionService
from .web.forks import ForkHandler
from .web.rebase import RebaseHandler
from .web.run import Arrivals, ExecuteHandler, InputHandler, RequestHandler, WidgetsHandler
from .web.session import SessionHandler
from .web.sharing import (
    InvitationHandler,
    InvitationsHandler,
    PeopleHandler,
    ShareHandler,
    SharingHandler,
)
from .web.timeline import TimelineHandler, UndoRedoHandler
from .web.versions import AuthorsHandler, PageHandler, RestoreHandler, VersionHandler
from .web.websocket import RoomHandler
from .worker import stop_worker

EVENTS_URI = "https://schema.jupyter.org/jupyter_collaboration"


WITHOUT_EFFECT = (
    "document_load_progressively",
    "notebook_output_delay_threshold_mb",
    "session_store_path",
)
"""Traits of earlier versions that are accepted, and named in a warning."""

OTHER_EXECUTORS = ("jupyter_server_nbmodel", "jupyter_server_documents")
"""Server extensions that run cells themselves, at the same addresses."""

SWITCH_INTERVAL = 0.001
"""Most seconds for which a thread keeps Python's interpreter lock from the event loop.

With Python's default of 5 ms, a message that needs the lock several times waits for 30 ms while a
large notebook is saved in a thread.
"""

ACTIVITY_INTERVAL = 30.0
"""How often, in seconds, open documents count as activity, for cullers of idle servers."""

STOP_GRACE = 0.5
"""Seconds that a hanging save gets to finish after everything else has stopped."""


class YDocExtension(ExtensionApp):
    """Real-time collaboration on notebooks and files."""

    name = "jupyter_server_ydoc"
    app_name = "Collaboration"
    description = "Edit notebooks and files together in real time."
    classes = [SQLiteYStore, TempFileYStore]  # noqa: RUF012  (traitlets declares it so)

    disable_rtc = Bool(
        False,
        help="""Whether to disable real-time collaboration. JupyterLab then behaves as if this
        extension were not installed.""",
    ).tag(config=True)

    file_poll_interval = Float(
        1.0,
        min=0,
        help="""How often, in seconds, to poll open files for external changes. With 0, files are
        checked only when they are saved.""",
    ).tag(config=True)

    file_stop_poll_on_errors_after = Float(
        24 * 60 * 60.0,
        min=0,
        help="""How long, in seconds, to keep polling a file that cannot be read.""",
    ).tag(config=True)

    document_cleanup_delay = Float(
        60.0,
        min=0,
        allow_none=True,
        help="""How long, in seconds, to keep a document open on the server after the last user has
        left. None keeps documents open forever.""",
    ).tag(config=True)

    document_save_delay = Float(
        1.0,
        min=0,
        allow_none=True,
        help="""How long, in seconds, to wait after the last edit before saving a document. None
        disables autosave.""",
    ).tag(config=True)

    document_save_max_delay = Float(
        5.0,
        min=0,
        help="""The longest time, in seconds, from an edit until it is saved, even if users keep
        typing.""",
    ).tag(config=True)

    document_load_progressively = Bool(
        False,
        help="""Deprecated, without effect: documents are always loaded as a whole, outside the
        main thread of the server.""",
    ).tag(config=True)

    notebook_output_delay_threshold_mb = Float(
        100,
        min=0,
        help="""Deprecated, without effect: see document_load_progressively.""",
    ).tag(config=True)

    server_side_execution = Bool(
        True,
        help="""Whether the server runs the cells of shared notebooks, so that they go on without
        the page from which they were started. Where jupyter-server-nbmodel or
        jupyter-server-documents is enabled, it runs them instead.""",
    ).tag(config=True)

    ystore_class = Type(
        SQLiteYStore,
        klass=object,  # checked in `_store_class`, so that a class of others stops nothing
        help="""The class of the store for document histories: SQLiteYStore, TempFileYStore or
        MemoryYStore of jupyter_server_ydoc.stores, or a subclass of one of them.""",
    ).tag(config=True)

    session_store_path = Unicode(
        None,
        allow_none=True,
        help="""Deprecated, without effect: session ids are stored with the histories.""",
    ).tag(config=True)

    max_message_mb = Int(
        100,
        min=1,
        help="""The largest message, in megabytes, that an editor may send, whole or in parts, such
        as an edit that inserts a large output. A page removes a larger output from the document,
        and offers it as a file. Other clients that send a larger message are disconnected.""",
    ).tag(config=True)

    max_connections_per_user = Int(
        1_000,
        min=1,
        help="""The most connections that one user may have at the same time.""",
    ).tag(config=True)

    max_rooms_per_user = Int(
        500,
        min=1,
        help="""The most documents that one user may have open at the same time.""",
    ).tag(config=True)

    role_check_interval = Float(
        60.0,
        min=0.05,
        help="""How often, in seconds, to check the permissions of connected users again with the
        server's authorizer.""",
    ).tag(config=True)

    ywebsocket_server: RoomManager
    """All rooms, under the name that other extensions use."""

    file_loaders: FileLoaderMapping
    """The files of all open documents, under the name that other extensions use."""

    def initialize_settings(self) -> None:
        """Configure the front end, and register the event schemas."""
        assert self.serverapp is not None and self.serverapp.event_logger is not None
        for name in WITHOUT_EFFECT:
            if name in self.config.YDocExtension:
                self.log.warning("YDocExtension.%s no longer has an effect.", name)
        for warning in earlier_settings():
            self.log.warning("%s", warning)
        page_config = self.serverapp.web_app.settings.setdefault("page_config_data", {})
        page_config["disableRTC"] = self.disable_rtc
        page_config["serverSideExecution"] = self.server_side_execution
        page_config["collaborationRunsCells"] = self._runs_cells
        for schema in sorted((Path(__file__).parent / "events").glob("*.yaml")):
            self.serverapp.event_logger.register_event_schema(schema)

    def initialize_handlers(self) -> None:
        """Create the rooms and the HTTP handlers."""
        assert self.serverapp is not None
        self._running: asyncio.Task[None] | None = None
        self._can_run = False
        if self.disable_rtc:
            return
        config: Config = self.config
        file_ids = self._file_id_manager
        root = Path(self.serverapp.root_dir).expanduser()
        backend = self._store_class()(config=config, log=self.log).backend(root)
        self._options = SynchronizerOptions(
            save_delay=self.document_save_delay,
            save_max_delay=self.document_save_max_delay,
            poll_interval=self.file_poll_interval,
            stop_poll_on_errors_after=self.file_stop_poll_on_errors_after,
        )
        self._file_locks: WeakValueDictionary[str, Lock] = WeakValueDictionary()
        self._watch = FileWatch(self.file_poll_interval)
        self._runs: RunService | None = None
        self.ywebsocket_server = RoomManager(
            self._make_room,
            backend,
            cleanup_delay=self.document_cleanup_delay,
            log=self.log,
            watch=self._watch if self.file_poll_interval else None,
            start=self._start,
        )
        if self._runs_cells:
            self._runs = RunService(
                self.ywebsocket_server,
                self.serverapp.kernel_manager,
                self.max_message_mb * 2**20,
                self.role_check_interval,
                self.log,
            )
        share_sessions(self.serverapp.session_manager)
        contents = self.serverapp.contents_manager
        self.file_loaders = FileLoaderMapping(self.ywebsocket_server)
        self._file_ids = FileIds(file_ids, contents)
        shared_root = "" if backend.is_within(root) else str(root)
        lost_files = LostFiles(self.ywebsocket_server, self._file_ids, contents, shared_root)
        places = self._places = Paths(contents, self._file_ids, lost_files)
        self._turns = Turns(backend.shared_folder, self.log)
        self._orphan_cleanup = OrphanCleanup(
            self.ywebsocket_server,
            places,
            shared_root,
            self.log,
        )
        forks = Forks(self.ywebsocket_server, places, self._emit_fork)
        parts = {
            "rooms": self.ywebsocket_server,
            "places": places,
            "forks": forks,
        }
        limits = Limits(
            message_bytes=self.max_message_mb * 2**20,
            connections_per_user=self.max_connections_per_user,
            rooms_per_user=self.max_rooms_per_user,
            role_check_interval=self.role_check_interval,
        )
        session_parts = {"limits": limits, **parts}
        socket_parts = {
            "rooms": self.ywebsocket_server,
            "forks": forks,
            "emit_presence": self._emit_presence,
            "limits": limits,
            "shared_time": FairShare(),
        }
        self._timeline = VersionService(self.ywebsocket_server, self.log)
        version_parts = {"timeline": self._timeline, **parts}
        timeline_forks = TimelineForks(self.ywebsocket_server, self._timeline, self.log)
        timeline_parts = {"timeline_forks": timeline_forks, **parts}
        author_parts = {"authorship": Authorship(self.ywebsocket_server), **version_parts}
        room_id = r"(?P<room_id>[^/]+)"
        self.handlers.extend(
            [
                (rf"/api/collaboration/versions/{room_id}", PageHandler, version_parts),
                (
                    rf"/api/collaboration/versions/{room_id}/(?P<version>[0-9]{{1,15}})",
                    VersionHandler,
                    version_parts,
                ),
                (rf"/api/collaboration/restore/{room_id}", RestoreHandler, version_parts),
                (rf"/api/collaboration/authors/{room_id}", AuthorsHandler, author_parts),
                (r"/api/collaboration/timeline/(?P<path>.+)", TimelineHandler, timeline_parts),
                (rf"/api/collaboration/undo_redo/{room_id}", UndoRedoHandler, timeline_parts),
                (r"/api/collaboration/session/(?P<path>.+)", SessionHandler, session_parts),
                (rf"/api/collaboration/rebase/{room_id}", RebaseHandler, parts),
                (rf"/api/collaboration/fork/{room_id}", ForkHandler, parts),
                (rf"/api/collaboration/room/{room_id}", RoomHandler, socket_parts),
                (r"/api/collaboration/sharing", SharingHandler, parts),
                (r"/api/collaboration/sharing/people", PeopleHandler, parts),
                (r"/api/collaboration/sharing/codes", InvitationsHandler, parts),
                (
                    r"/api/collaboration/sharing/codes/(?P<invitation>sc_[0-9]{1,15})",
                    InvitationHandler,
                    parts,
                ),
                (
                    r"/api/collaboration/sharing/(?P<kind>user|group)/(?P<name>[^/]+)",
                    ShareHandler,
                    parts,
                ),
            ]
        )
        if self._runs is not None:
            run_parts = {"runs": self._runs, "arrivals": Arrivals(), **parts}
            name = r"(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)"
            kernel = rf"/api/kernels/{name}"
            self.handlers.extend(
                [
                    (rf"{kernel}/execute", ExecuteHandler, run_parts),
                    (rf"{kernel}/requests/(?P<request_id>[\w-]+)", RequestHandler, run_parts),
                    (rf"{kernel}/input", InputHandler, run_parts),
                    (rf"/api/collaboration/widgets/{name}", WidgetsHandler, run_parts),
                ]
            )
        self._can_run = True

    @cached_property
    def _runs_cells(self) -> bool:
        """Whether this extension runs cells; not if another one does. [R11]"""
        if self.disable_rtc or not self.server_side_execution:
            return False
        assert self.serverapp is not None
        enabled = self.serverapp.extension_manager.extensions
        for name in OTHER_EXECUTORS:
            if name in enabled and enabled[name].enabled:
                self.log.info("Cells are run by %s, since it is enabled.", name)
                return False
        return True

    def _store_class(self) -> type[YStore]:
        """Return the configured class; a store of ours for a class of another package."""
        given: type = self.ystore_class
        if issubclass(given, YStore):
            return given
        # Earlier versions, which may be installed over this one, have stores of the same names.
        same = {each.__name__: each for each in (SQLiteYStore, TempFileYStore)}
        used = same.get(given.__name__, SQLiteYStore)
        self.log.error(
            "YDocExtension.ystore_class: %s.%s is not a store of jupyter-collaboration %s, so %s"
            " is used. Choose a class of jupyter_server_ydoc.stores, or a subclass of one.",
            given.__module__,
            given.__qualname__,
            __version__,
            used.__name__,
        )
        return used

    @property
    def _file_id_manager(self) -> BaseFileIdManager:
        assert self.serverapp is not None
        manager = self.serverapp.web_app.settings.get("file_id_manager")
        if not isinstance(manager, BaseFileIdManager):
            raise RuntimeError(
                "Collaboration requires the server extension jupyter_server_fileid, which is not"
                " loaded. Run 'jupyter server extension list' to see why, or enable it with"
                " 'jupyter server extension enable jupyter_server_fileid'."
            )
        return manager

    def _make_room(self, document: DocumentId, history: HistoryBackend) -> DocumentRoom:
        assert self.serverapp is not None
        file = DocumentFile(document, self.serverapp.contents_manager, self._file_ids, self._turns)
        room = DocumentRoom(
            document,
            file,
            history.history(str(document)),
            self._options,
            self.log,
            self._emit_session,
            self._file_locks.setdefault(document.file_id, Lock()),
            lambda: self.ywebsocket_server.siblings(room),
            self._watch,
            self._runs,
        )
        return room

    def _emit_session(self, **data: Any) -> None:
        if data["action"] == "save" and data["level"] == "INFO":
            self._timeline.keep_up(data["room"])
        self._emit("session", {"store": self.ystore_class.__name__, **data})

    def _emit_presence(self, room_id: str, username: str, action: str) -> None:
        self._emit("awareness", {"roomid": room_id, "username": username, "action": action})

    def _emit_fork(self, **data: Any) -> None:
        self._emit("fork", data)

    def _emit(self, schema: str, data: dict[str, Any]) -> None:
        assert self.serverapp is not None and self.serverapp.event_logger is not None
        self.serverapp.event_logger.emit(schema_id=f"{EVENTS_URI}/{schema}/v1", data=data)

    async def _start_jupyter_server_extension(self, serverapp: Any) -> None:
        self._start()

    def _start(self) -> None:
        """Start the rooms, unless they are running, or could not be created.

        If a server does not start its extensions, as in pytest-jupyter, the first use starts them.
        """
        if self._running is None and self._can_run:
            sys.setswitchinterval(min(sys.getswitchinterval(), SWITCH_INTERVAL))
            self._running = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        """Run all tasks of the extension, until the rooms are stopped."""
        async with create_task_group() as tasks:
            tasks.start_soon(self._orphan_cleanup.run)
            tasks.start_soon(self._report_activity)
            if self._runs is not None:
                await tasks.start(self._runs.run)
            await self.ywebsocket_server.run()
            tasks.cancel_scope.cancel()

    async def _report_activity(self) -> None:
        """Count documents in which people are as activity, so that no culler stops the server."""
        assert self.serverapp is not None
        times = self.serverapp.web_app.settings["last_activity_times"]
        while True:
            if self.ywebsocket_server.has_members():
                times["jupyter_collaboration"] = datetime.now(timezone.utc)
            await sleep(ACTIVITY_INTERVAL)

    async def stop_extension(self) -> None:
        """Save all documents, and disconnect all members."""
        if self._running is not None:
            if self._runs is not None:
                self._runs.stop()
            await self._timeline.close()
            await self.ywebsocket_server.stop()
            # A hanging contents manager must not block the exit: the history has all edits.
            await asyncio.wait({self._running}, timeout=STOP_GRACE)
            self._running = None
            stop_worker()

    async def get_document(
        self,
        *,
        path: str | None = None,
        content_type: str | None = None,
        file_format: str | None = None,
        room_id: str | None = None,
        copy: bool = True,
        create: bool = False,
    ) -> YBaseDoc | None:
        """Return the document of a room.

        Args:
            path, content_type, file_format: identify the document; all three are required.
            room_id: identifies the room instead.
            copy: whether to return an independent copy. Otherwise the live document is returned,
                whose room stays open as long as the returned object is referenced.
            create: whether to open the room if it is not open.

        Returns:
            The document; None if the room is not open and `create` is false.

        Raises:
            ValueError: neither a room id nor the other three arguments are given.
            CollaborationError: the room cannot be opened.
        """
        if room_id is None:
            if path is None or content_type is None or file_format is None:
                raise ValueError(
                    "Either room_id, or path, content_type and file_format are required."
                )
            find = self._places.index if create else self._places.id_of
            file_id = await find(path)
            if file_id is None:
                return None
            room_id = str(document_id(file_format, content_type, file_id))
        if self.disable_rtc:
            return None
        if not create and not self.ywebsocket_server.room_exists(room_id):
            return None
        room = await self.ywebsocket_server.open(room_id)
        if not isinstance(room, DocumentRoom):
            return None
        if not room.clients:
            await room.settled()
        if not copy:
            return self.ywebsocket_server.pinned_document(room)
        named = parse_room_id(room_id)
        assert named is not None
        doc: Doc[Any] = Doc()
        document = make_document(named.type, doc)
        doc.apply_update(room.ydoc.get_update())
        return document


main = YDocExtension.launch_instance
"""The command `jupyter collaboration`; `--help-all` lists the traits."""
