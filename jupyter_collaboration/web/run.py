"""The HTTP handlers that run cells, with the requests and responses of the published executors."""

from __future__ import annotations

import json
from collections import OrderedDict
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import Any

from anyio import Event, move_on_after
from jupyter_server.auth.decorator import authorized
from jupyter_server.utils import ensure_async
from tornado import web

from ..documents.identity import is_notebook, parse_room_id
from ..errors import CollaborationError, DocumentNotFound, InvalidRequest, NotAllowed
from ..execution.broadcasts import result_of
from ..execution.queue import Outcome, Person, Run, RunState
from ..execution.requests import CellRequest
from ..execution.service import RunService
from ..execution.source_hash import source_hash
from ..execution.widget_states import encoded
from ..rooms.document import DocumentRoom
from ..threads import run_sized, run_sync
from .base import CollaborationHandler, may_run_on, text_in

MAX_ID = 1_000
"""Longest id of a document, a cell or a request, in characters."""

MAX_PATH = 10_000
"""Longest path of a document, in characters."""

MAX_CODE = 2**24
"""Longest code that a request may contain, in characters."""

MAX_CELLS = 1_000
"""Most cells in one request."""

PREDECESSOR_LIMIT = 10.0
"""Seconds until the request has to arrive that another one names as the one before it."""

MAX_REQUESTS = 1_000
"""Number of requests that are remembered for those that name them."""


class Arrivals:
    """The requests that have arrived, for those that have to follow another one."""

    def __init__(self) -> None:
        self._events: OrderedDict[str, Event] = OrderedDict()

    def _event(self, name: str) -> Event:
        event = self._events.setdefault(name, Event())
        while len(self._events) > MAX_REQUESTS:
            self._events.popitem(last=False)
        return event

    def arrived(self, name: str) -> None:
        """Record that a request has arrived, and its cells are in the queue."""
        self._event(name).set()

    async def wait(self, name: str) -> bool:
        """Wait for a request; return whether it has arrived."""
        event = self._event(name)
        with move_on_after(PREDECESSOR_LIMIT):
            await event.wait()
        return event.is_set()


class KernelRunHandler(CollaborationHandler):
    """The base of the handlers for runs on one kernel."""

    def initialize(self, runs: RunService, arrivals: Arrivals, **parts: Any) -> None:  # type: ignore[override]
        super().initialize(**parts)
        self._runs = runs
        self._arrivals = arrivals

    @property
    def person(self) -> Person:
        """The authenticated user."""
        name = str(getattr(self.current_user, "display_name", "") or self.username)
        return Person(self.username, name)

    async def check_document(self, room_id: str) -> None:
        """Check that a document is a notebook which the user may write.

        Raises:
            InvalidRequest: it is not a notebook.
            NotAllowed: the user may not write it.
            CollaborationError: there is no such document.
        """
        document = parse_room_id(room_id)
        if document is None or not is_notebook(document.type):
            raise InvalidRequest("The document is not a notebook.")
        self.path = await self._forks.path(room_id)
        await self._check_path()

    async def _check_path(self) -> None:
        allowed = self.authorizer.is_authorized(self, self.current_user, "write", "contents")
        if not await ensure_async(allowed):
            raise NotAllowed("You do not have permission to edit this document.")

    async def room_at(self, path: str) -> str:
        """Return the room id of the notebook at a path, which the user may write.

        Raises:
            NotAllowed: the user may not write it.
            DocumentNotFound: there is no such file.
        """
        self.path = path.strip("/")
        await self._check_path()
        await self._places.check(self.path)
        room_id = f"json:notebook:{await self._places.index(self.path)}"
        await self.check_document(room_id)  # a link's target has another path
        return room_id

    async def submit(self, room_id: str, kernel_id: str, cells: list[CellRequest]) -> list[Run]:
        """Add cells to the queue of a kernel.

        Raises:
            CollaborationError: they cannot be run, or not by this user.
        """
        self._runs.queue(kernel_id)  # before a document is opened for it
        await self.check_document(room_id)
        async with self._rooms.pinned(room_id) as room:
            if not isinstance(room, DocumentRoom):
                raise InvalidRequest("The document is not a notebook.")
            return self._runs.submit(
                room,
                kernel_id,
                cells,
                self.person,
                ("HTTP", self.username),
                partial(self._may_still_run, kernel_id, room_id),
            )

    async def _may_still_run(self, kernel_id: str, room_id: str = "") -> bool:
        """Ask the authorizer, also after the response, whether the user may run code. [R9]"""
        try:
            if room_id:
                await self.check_document(room_id)
        except DocumentNotFound:
            pass  # it was deleted, and may still be open
        except NotAllowed:
            return False
        return await may_run_on(self, kernel_id)

    def find(self, kernel_id: str, request_id: str) -> Run:
        """Return a run of this kernel.

        Raises:
            HTTPError: there is none.
        """
        run = self._runs.find(request_id)
        if run is None or run.kernel != kernel_id:
            text = f"Execution request {request_id} for kernel {kernel_id} does not exists."
            raise web.HTTPError(HTTPStatus.NOT_FOUND, text.replace("%", "%%"), reason="Not Found")
        return run

    async def described(self, run: Run) -> dict[str, Any]:
        """Return a run as clients of jupyter-server-nbmodel read it, but for its result."""
        if run.document:
            await self.check_document(run.document)
        return {
            "request_id": run.id,
            "kernel_id": run.kernel,
            "request_url": f"/api/kernels/{run.kernel}/requests/{run.id}",
            "cell_id": run.cell if run.document else None,
            "document_path": self.path if run.document else None,
        }

    async def outputs_of(self, run: Run) -> str:
        """Return the outputs of a run in JSON; others need not wait for large ones."""
        outputs = run.writer.outputs.to_py() if run.outputs is None else run.outputs
        return await run_sized(max(run.size, run.writer.size), outputs_in_json, outputs)

    async def finish_with(self, answer: dict[str, Any]) -> None:
        """Respond with a JSON object that may contain outputs."""
        size = len(answer.get("outputs", ""))
        self.finish(await run_sized(size, partial(json.dumps, default=str), answer))


class ExecuteHandler(KernelRunHandler):
    """``/api/kernels/<kernel>/execute``: run cells or code; list what runs and waits."""

    @web.authenticated
    @authorized("execute", resource="kernels")  # type: ignore[untyped-decorator, unused-ignore]
    async def get(self, kernel_id: str) -> None:
        """Return ``{kernel_id, requests}``: what runs and waits, as far as the user may know."""
        try:
            found = []
            for run in self._runs.queue(kernel_id).runs:
                with suppress(CollaborationError):  # such as for a document that was deleted
                    described = await self.described(run)
                    progress = progress_of(run, await self.outputs_of(run))
                    found.append({**described, **progress})
        except CollaborationError as error:
            self.refuse(error)
        self.finish(json.dumps({"kernel_id": kernel_id, "requests": found}))

    @web.authenticated
    @authorized("execute", resource="kernels")  # type: ignore[untyped-decorator, unused-ignore]
    async def post(self, kernel_id: str) -> None:
        """Run cells or code; the body decides which of the published responses is sent."""
        try:
            body = self.json_body()
            if "cells" in body:
                await self._run_cells(kernel_id, body)
            elif "code" in body:
                await self._run_code(kernel_id, body)
            elif "cell_id" in body:
                await self._run_cell(kernel_id, body)
            else:
                raise InvalidRequest("'cells', 'code' or 'cell_id' is required.")
        except CollaborationError as error:
            self.refuse(error)

    async def _run_cell(self, kernel_id: str, body: dict[str, Any]) -> None:
        """Run ``{cell_id, document_id}``, and respond when that has ended.

        This is the request of jupyter-collaboration.
        """
        cell = CellRequest(text_in(body, "cell_id", MAX_ID))
        (run,) = await self.submit(text_in(body, "document_id", MAX_ID), kernel_id, [cell])
        ended = Event()
        run.when_ended.append(lambda run: ended.set())
        if run.state is not RunState.ENDED:
            await ended.wait()
        assert run.result is not None
        self.finish(json.dumps(result_of(run.result)))

    async def _run_code(self, kernel_id: str, body: dict[str, Any]) -> None:
        """Run ``{code, metadata}``, and respond at once with where to ask for the result.

        This is the request of jupyter-server-nbmodel. The code runs that was sent.
        """
        code = text_in(body, "code", MAX_CODE)
        metadata = body.get("metadata") or {}
        if not isinstance(metadata, dict):
            raise InvalidRequest("'metadata' must be a JSON object.")
        if body.get("server") is not None:
            raise InvalidRequest("Kernels of other servers are used through a gateway only.")
        cell = text_in(metadata, "cell_id", MAX_ID, required=False)
        document = text_in(metadata, "document_id", MAX_ID, required=False)
        path = text_in(metadata, "document_path", MAX_PATH, required=False)
        if cell and (document or path):
            is_timed = metadata.get("record_timing") is True
            wanted = CellRequest(cell, code=code, is_timed=is_timed)
            room_id = await self._room_of(document, path)
            (run,) = await self.submit(room_id, kernel_id, [wanted])
        else:
            may_run = partial(self._may_still_run, kernel_id)
            run = self._runs.submit_snippet(kernel_id, code, self.person, may_run)
        self._runs.keep_outputs(run)
        location = f"/api/kernels/{kernel_id}/requests/{run.id}"
        self.set_status(HTTPStatus.ACCEPTED)
        self.set_header("Location", location)
        self.set_header("Access-Control-Expose-Headers", "Location")
        answer = {
            "request_id": run.id,
            "kernel_id": kernel_id,
            "cell_id": metadata.get("cell_id"),
            "document_path": metadata.get("document_path"),
            "pending": True,
            "request_status": "queued",
            "request_url": location,
            "outputs": "[]",
        }
        self.finish(json.dumps(answer))

    async def _room_of(self, document: str, path: str) -> str:
        """Return a document's room id, or that of its path if there is no such document."""
        if document:
            try:
                await self.check_document(document)
            except DocumentNotFound:
                if not path:
                    raise
            else:
                return document
        return await self.room_at(path)

    async def _run_cells(self, kernel_id: str, body: dict[str, Any]) -> None:
        """Run ``{document_id, cells: [{cell_id, source_hash}]}``, and respond ``null`` at once.

        This is the request of jupyter-server-documents. If a source differs from what the user
        saw, nothing is run.
        """
        document = text_in(body, "document_id", MAX_ID)
        request = text_in(body, "request_id", MAX_ID, required=False)
        before = text_in(body, "previous_request_id", MAX_ID, required=False)
        entries = body["cells"]
        if not isinstance(entries, list) or not 0 < len(entries) <= MAX_CELLS:
            raise InvalidRequest(f"'cells' must be a list of 1 to {MAX_CELLS} cells.")
        await self.check_document(document)
        if before and not await self._arrivals.wait(before):
            raise web.HTTPError(HTTPStatus.REQUEST_TIMEOUT, "The previous request did not arrive.")
        async with self._rooms.pinned(document) as room:
            wanted = []
            for entry in entries:
                if not isinstance(entry, dict):
                    raise InvalidRequest("Each cell must be an object.")
                cell = text_in(entry, "cell_id", MAX_ID)
                if not isinstance(room, DocumentRoom):
                    raise InvalidRequest("The document is not a notebook.")
                source = self._runs.source(room, cell)
                if source_hash(source) != text_in(entry, "source_hash", 20):
                    self.set_status(HTTPStatus.CONFLICT)
                    self.finish(json.dumps({"error": "source_mismatch", "cell_id": cell}))
                    return
                # What the user saw runs, even if it is edited before it is in the queue.
                wanted.append(CellRequest(cell, code=source))
            await self.submit(document, kernel_id, wanted)
        if request:
            self._arrivals.arrived(request)
        self.finish("null")


class RequestHandler(KernelRunHandler):
    """``/api/kernels/<kernel>/requests/<request>``: the result of a request; cancel it."""

    @web.authenticated
    @authorized("execute", resource="kernels")  # type: ignore[untyped-decorator, unused-ignore]
    async def get(self, kernel_id: str, request_id: str) -> None:
        """Return the result: 200; 202 while it runs or waits, 300 if it asks, 500 if it failed."""
        run = self.find(kernel_id, request_id)
        try:
            answer = await self.described(run)
        except CollaborationError as error:
            self.refuse(error)
        if run.state is not RunState.ENDED or run.result is None:
            if run.prompt is not None:
                self.set_status(HTTPStatus.MULTIPLE_CHOICES)
                self.set_header("Location", f"/api/kernels/{kernel_id}/input")
                self.set_header("Access-Control-Expose-Headers", "Location")
                asked = {"prompt": run.prompt.text, "password": run.prompt.is_password}
                state = {"pending": True, "request_status": "input"}
                header = run.prompt.request.get("header", {})
                answer |= {"parent_header": header, "input_request": asked, **state}
            else:
                self.set_status(HTTPStatus.ACCEPTED)
                answer |= progress_of(run, await self.outputs_of(run))
        else:
            answer |= {"pending": False, "request_status": "complete"}
            if run.result.outcome in (Outcome.OK, Outcome.ERROR):
                answer["status"] = run.result.outcome.value
                answer["execution_count"] = run.result.count
                answer["outputs"] = await self.outputs_of(run)
            else:
                self.set_status(HTTPStatus.INTERNAL_SERVER_ERROR)
                answer["error"] = run.result.reason
        await self.finish_with(answer)

    @web.authenticated
    @authorized("execute", resource="kernels")  # type: ignore[untyped-decorator, unused-ignore]
    async def delete(self, kernel_id: str, request_id: str) -> None:
        """Cancel a request that waits; interrupt the kernel if it runs."""
        run = self.find(kernel_id, request_id)
        try:
            await self.described(run)
            await self._runs.end(run, self.person)
        except CollaborationError as error:
            self.refuse(error)
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()


class InputHandler(KernelRunHandler):
    """``/api/kernels/<kernel>/input``: answer what the running code asks."""

    @web.authenticated
    @authorized("execute", resource="kernels")  # type: ignore[untyped-decorator, unused-ignore]
    async def post(self, kernel_id: str) -> None:
        """Answer ``{input}``."""
        try:
            value = text_in(self.json_body(), "input", MAX_CODE)
            queue = self._runs.queue(kernel_id)
            run = queue.running
            if run is None or run.prompt is None:
                raise InvalidRequest("The kernel does not ask for input.")
            await self.described(run)
            if run.prompt is None or not queue.answer(run.prompt.id, value):
                raise InvalidRequest("It was answered already.")
        except CollaborationError as error:
            self.refuse(error)
        self.set_status(HTTPStatus.CREATED)
        self.finish()


class WidgetsHandler(KernelRunHandler):
    """``/api/collaboration/widgets/<kernel>``: the widgets of a kernel that is busy."""

    @web.authenticated
    @authorized("execute", resource="kernels")  # type: ignore[untyped-decorator, unused-ignore]
    async def get(self, kernel_id: str) -> None:
        """Return ``[{comm_id, metadata, date, state, buffer_paths, buffers}]``."""
        if not await may_run_on(self, kernel_id):
            raise web.HTTPError(HTTPStatus.FORBIDDEN)
        self.finish(await run_sync(encoded, self._runs.widgets(kernel_id)))


def outputs_in_json(outputs: list[dict[str, Any]]) -> str:
    """Return outputs in JSON, encoded one by one, so that other threads get a turn."""
    return f"[{', '.join(json.dumps(output, default=str) for output in outputs)}]"


def progress_of(run: Run, outputs: str) -> dict[str, Any]:
    """Return the state of a run that has not ended, as jupyter-server-nbmodel describes it."""
    if run.state is RunState.WAITING:
        return {"pending": True, "request_status": "queued", "outputs": "[]"}
    return {"pending": True, "request_status": "running", "outputs": outputs}
