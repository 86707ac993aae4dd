"""A server extension: GET notes/PATH tells what is in a notebook, and POST adds a note to it.

`notebook` is the notebook as people see it, with typing that is not saved yet.
"""

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler, path_regex
from jupyter_server.utils import ensure_async, url_path_join
from tornado import web


class NotesHandler(APIHandler):
    auth_resource = "contents"

    @web.authenticated
    @authorized
    async def get(self, path):
        notebook = await self.open(path, copy=True)
        self.finish({"sources": [cell["source"] for cell in notebook.source["cells"]]})

    @web.authenticated
    @authorized
    async def post(self, path):
        note = {"cell_type": "markdown", "source": self.get_json_body()["note"], "metadata": {}}
        notebook = await self.open(path, copy=False)
        notebook.append_cell(note)  # everybody sees it at once, and the server saves it
        self.set_status(201)
        self.finish({"cells": notebook.cell_number})

    async def open(self, path, copy):
        if not await ensure_async(self.contents_manager.file_exists(path)):
            raise web.HTTPError(404)
        collaboration = self.settings["jupyter_server_ydoc"]
        notebook = await collaboration.get_document(
            path=path.strip("/"),
            content_type="notebook",
            file_format="json",
            copy=copy,
            create=True,  # also if nobody has it open
        )
        if notebook is None:
            raise web.HTTPError(409, "Collaboration is turned off.")
        return notebook


def _jupyter_server_extension_points():
    return [{"module": "notes"}]


def _load_jupyter_server_extension(serverapp):
    url = url_path_join(serverapp.base_url, "notes")
    serverapp.web_app.add_handlers(".*$", [(url + path_regex, NotesHandler)])
