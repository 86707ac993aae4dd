"""Try what executors of cells do, on real servers with real kernels, and print it as a table.

    python scripts/execution_behaviors.py ours=PYTHON JSD=PYTHON nbmodel=PYTHON

Each PYTHON is that of an environment with the package: ours, jupyter-server-documents, or
jupyter-server-nbmodel with jupyter-collaboration. Cells are run by the requests of the package's
own page; ours gets those of jupyter-server-documents. What a member of the document has is looked
at over its socket, what is saved in the file.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT)]

import psutil  # noqa: E402
from pycrdt import Array  # noqa: E402

from jupyter_collaboration.execution.source_hash import source_hash  # noqa: E402
from rtcbench.client import Client  # noqa: E402
from rtcbench.fixtures import Fixture  # noqa: E402
from rtcbench.peers import JupyterPeer  # noqa: E402

LIMIT = 25.0
"""Seconds until something counts as not seen."""

AUTHORIZER = '''
from jupyter_server.auth import Authorizer

class Refusing(Authorizer):
    """Refuse what the file `refused` in the server's root names, such as "execute kernels"."""

    def is_authorized(self, handler, user, action, resource):
        from pathlib import Path
        file = Path(handler.serverapp.root_dir) / "refused"
        refused = file.read_text().splitlines() if file.exists() else []
        return f"{action} {resource}" not in refused and f"{action} *" not in refused
'''

EXTENSIONS = {
    "ours": ["jupyter_collaboration", "jupyter_server_fileid", "jupyter_server_ydoc"],
    "JSD": ["jupyter_server_documents", "jupyter_server_fileid"],
    "nbmodel": ["jupyter_server_nbmodel", "jupyter_server_fileid", "jupyter_server_ydoc"],
}


class Executor(JupyterPeer):
    """A server that runs cells."""

    def __init__(self, name: str, python: str, folder: Path) -> None:
        options = {
            "ServerApp": {
                "authorizer_class": "refusing.Refusing",
                "jpserver_extensions": dict.fromkeys(EXTENSIONS[name], True),
            },
            "KernelRestarter": {"time_to_dead": 0.5},
        }
        super().__init__(name, python, folder, options)
        self._modules = folder / "modules"
        self._modules.mkdir()
        (self._modules / "refusing.py").write_text(AUTHORIZER)

    def environment(self) -> dict[str, str]:
        # jupyter_server_fileid does not create it.
        (self.folder / "home" / "data").mkdir(parents=True, exist_ok=True)
        paths = filter(None, [str(self._modules), os.environ.get("PYTHONPATH")])
        return {**super().environment(), "PYTHONPATH": os.pathsep.join(paths)}

    async def call(self, method: str, path: str, /, **body: Any) -> tuple[int, Any]:
        status, text = await self.request(method, path, json=body or None)
        try:
            return status, json.loads(text) if text else None
        except ValueError:
            return status, text.decode(errors="replace")

    def refuse(self, *rights: str) -> None:
        (self.root / "refused").write_text("\n".join(rights))


class Notebook:
    """A notebook with a kernel, and a member who watches it."""

    def __init__(self, server: Executor, path: str) -> None:
        self.server = server
        self.path = path
        self.kernel = ""
        self.room = ""
        self.member: Client | None = None

    @classmethod
    async def make(cls, server: Executor, path: str, *sources: str, kernel: str = "") -> Notebook:
        made = cls(server, path)
        cells = [
            {
                "cell_type": "code",
                "execution_count": None,
                "id": f"c{at}",
                "metadata": {},
                "outputs": [],
                "source": source,
            }
            for at, source in enumerate(sources)
        ]
        content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (server.root / path).write_text(json.dumps(content, indent=1))
        await made.join()
        await made.start(kernel)
        return made

    async def join(self) -> None:
        endpoint = await self.server.endpoint(Fixture(self.path, "notebook", 1))
        self.room = endpoint.url.split("/room/")[1].split("?")[0]
        self.member = await Client(endpoint).open()
        await self.member.until(lambda doc: len(doc.get("cells", type=Array)) > 0, LIMIT)

    async def start(self, kernel: str = "") -> None:
        """Start a session, as a page does, with a kernel of its own or another one's."""
        asked = {"id": kernel} if kernel else {"name": "python3"}
        body = {"path": self.path, "name": self.path, "type": "notebook", "kernel": asked}
        status, session = await self.server.call("POST", "api/sessions", **body)
        if status != 201:
            raise RuntimeError(f"no session: {status} {session}")
        self.kernel = session["kernel"]["id"]
        # Until it is idle, so that each try begins in the same way.
        await seen(lambda: self._is_started(), 60)

    async def _is_started(self) -> bool:
        _, model = await self.server.call("GET", f"api/kernels/{self.kernel}")
        return isinstance(model, dict) and model.get("execution_state") in ("idle", "starting")

    def cell(self, name: str) -> Any:
        assert self.member is not None
        cells = self.member.doc.get("cells", type=Array)
        return next(cell for cell in cells if cell["id"] == name)

    def outputs(self, name: str) -> list[dict[str, Any]]:
        found = self.cell(name)["outputs"].to_py()
        return [] if found is None else list(found)

    def printed(self, name: str) -> str:
        return "".join(text_of(each) for each in self.outputs(name))

    def state(self, name: str) -> str:
        return str(self.cell(name).get("execution_state"))

    def is_over(self, name: str) -> bool:
        return self.state(name) != "running"

    def saved(self, name: str) -> list[dict[str, Any]]:
        try:
            content = json.loads((self.server.root / self.path).read_text())
        except ValueError:  # it is being written
            return []
        found = next(cell for cell in content["cells"] if cell["id"] == name)
        return list(found["outputs"])

    async def run(self, *names: str) -> list[str]:
        """Ask for cells to be run; return where to ask for the results, if there is a place."""
        url = f"api/kernels/{self.kernel}/execute"
        sources = {name: str(self.cell(name)["source"]) for name in names}
        if self.server.name == "nbmodel":
            urls = []
            for name, code in sources.items():
                metadata = {
                    "cell_id": name,
                    "document_id": self.room,
                    "document_path": self.path,
                }
                status, answer = await self.server.call("POST", url, code=code, metadata=metadata)
                if status != 202:
                    raise Refused(status)
                urls.append(answer["request_url"].lstrip("/"))
            return urls
        cells = [
            {"cell_id": name, "source_hash": source_hash(code)} for name, code in sources.items()
        ]
        status, answer = await self.server.call("POST", url, document_id=self.room, cells=cells)
        if status != 200:
            raise Refused(status)
        return []

    async def leave(self) -> None:
        assert self.member is not None
        await self.member.close()


class Refused(Exception):
    """A request was refused, with this status."""


def text_of(output: dict[str, Any]) -> str:
    text = output.get("text", output.get("data", {}).get("text/plain", ""))
    text = "".join(text) if isinstance(text, list) else str(text)
    return text + str(output.get("ename", ""))


async def seen(look: Callable[[], Any], limit: float = LIMIT) -> bool:
    """Return whether something is true within a time."""
    end = time.monotonic() + limit
    while True:
        found = look()
        if isinstance(found, Awaitable):
            found = await found
        if found:
            return True
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.05)


async def never(look: Callable[[], Any], during: float) -> bool:
    """Return whether something is not true for a time."""
    return not await seen(look, during)


# What is tried


async def closed_tab(server: Executor) -> str:
    """Everybody leaves, and the cell prints again after rooms without members are closed.

    After 2 s here, by default after 60 s: the file has all outputs.
    """
    book = await Notebook.make(
        server, "closed.ipynb", "import time\nprint('a')\ntime.sleep(4)\nprint('b')"
    )
    await book.run("c0")
    if not await seen(lambda: "a" in book.printed("c0")):
        return "no: the first output never came"
    await book.leave()

    def saved() -> bool:
        return "".join(map(text_of, book.saved("c0"))) == "a\nb\n"

    return "yes" if await seen(saved) else f"no: the file has {book.saved('c0')!r}"


async def asks(server: Executor) -> str:
    """``input()`` can be answered."""
    book = await Notebook.make(server, "input.ipynb", "print('said', input('who? '))")
    urls = await book.run("c0")
    url = f"api/kernels/{book.kernel}/input"

    async def asked() -> bool:
        if urls:
            return (await server.call("GET", urls[0]))[0] == 300
        return (await server.call("POST", url, input="me"))[0] == 201

    async def done() -> bool:
        return book.is_over("c0") and bool(book.outputs("c0"))

    if not await seen(asked):
        await seen(done)
        return f"no: {book.printed('c0').strip()!r}"
    if urls:
        await server.call("POST", url, input="me")
    if not await seen(lambda: "said me" in book.printed("c0")):
        return f"no: the answer is taken, and then the document has {book.printed('c0')!r}"
    return "yes; the document has " + repr(book.printed("c0"))


async def loops_of_input(server: Executor) -> str:
    """``input()`` five times in a loop."""
    book = await Notebook.make(
        server, "inputs.ipynb", "for at in range(5):\n    print('got', input(f'{at}? '))"
    )
    urls = await book.run("c0")
    url = f"api/kernels/{book.kernel}/input"
    for at in range(5):

        async def asked() -> bool:
            if not urls:
                return (await server.call("POST", url, input=str(at)))[0] == 201  # noqa: B023
            status, answer = await server.call("GET", urls[0])
            if status == 300 and answer["input_request"]["prompt"] == f"{at}? ":  # noqa: B023
                return (await server.call("POST", url, input=str(at)))[0] == 201  # noqa: B023
            return False

        if not await seen(asked):
            return f"no: number {at + 1} was never asked"
    done = await seen(lambda: "got 4" in book.printed("c0"))
    return "yes" if done else f"no: {book.printed('c0')!r}"


async def display_updates(server: Executor) -> str:
    """A display of one cell is updated by another one, and by one in another document."""
    first = await Notebook.make(
        server,
        "display.ipynb",
        "from IPython.display import display, HTML\nh = display('old', display_id='d')",
        "h.update('new')",
    )
    other = await Notebook.make(server, "display2.ipynb", "h.update('newer')", kernel=first.kernel)
    await first.run("c0")
    if not await seen(lambda: "old" in first.printed("c0") and first.is_over("c0")):
        return f"no: {first.outputs('c0')!r}"
    await first.run("c1")
    await seen(lambda: "new" in first.printed("c0"), 5)
    here = first.printed("c0"), first.printed("c1")
    await other.run("c0")
    await seen(lambda: "newer" in first.printed("c0"), 5)
    there = first.printed("c0"), other.printed("c0")
    if (here, there) == (("'new'", ""), ("'newer'", "")):
        return "yes, both"
    return f"no: then the cells have {here!r}; after the update elsewhere {there!r}"


async def clears(server: Executor) -> str:
    """``clear_output(wait=True)`` keeps the old output until the next one comes."""
    book = await Notebook.make(
        server,
        "clear.ipynb",
        "import os, time\nfrom IPython.display import clear_output\nprint('old', flush=True)\n"
        "while not os.path.exists('clear'): time.sleep(0.1)\n"
        "clear_output(wait=True)\ntime.sleep(4)\nprint('new')",
    )
    await book.run("c0")
    await seen(lambda: book.printed("c0") == "old\n")
    (server.root / "clear").touch()
    stays = await never(lambda: book.printed("c0") == "", 2.5)
    await seen(lambda: "new" in book.printed("c0"))
    after = book.printed("c0")
    if stays and after == "new\n":
        return "yes"
    return f"no: {'' if stays else 'empty meanwhile, '}then {after!r}"


async def carriage_returns(server: Executor) -> str:
    r"""A progress bar: ``\r`` goes to the start of the line."""
    book = await Notebook.make(
        server,
        "progress.ipynb",
        "import time\nfor at in range(20):\n    print(f'\\r{at}', end='', flush=True)\n"
        "    time.sleep(0.02)",
    )
    await book.run("c0")
    await seen(lambda: "19" in book.printed("c0") and book.is_over("c0"))
    found = book.outputs("c0")
    printed = book.printed("c0")
    return "yes" if printed == "19" else f"no: {len(found)} outputs, {printed[:40]!r}…"


async def many_prints(server: Executor) -> str:
    """1,000 flushed prints are one output."""
    book = await Notebook.make(
        server, "prints.ipynb", "for at in range(1000):\n    print(at, flush=True)"
    )
    await book.run("c0")
    whole = "".join(f"{at}\n" for at in range(1000))
    complete = await seen(lambda: book.printed("c0") == whole)
    count = len(book.outputs("c0"))
    if complete and count == 1:
        return "yes"
    return f"no: {count} outputs, {'complete' if complete else 'not complete'}"


async def late_outputs(server: Executor) -> str:
    """What a thread prints after the cell has ended is added."""
    book = await Notebook.make(
        server,
        "late.ipynb",
        "import threading\nthreading.Timer(1, lambda: print('late')).start()\nprint('soon')",
    )
    await book.run("c0")
    await seen(lambda: "soon" in book.printed("c0"))
    late = await seen(lambda: "late" in book.printed("c0"), 6)
    return "yes" if late else f"no: {book.printed('c0')!r}"


async def pagers(server: Executor) -> str:
    """``len?`` shows its text."""
    book = await Notebook.make(server, "pager.ipynb", "len?")
    await book.run("c0")
    shown = await seen(lambda: "number of items" in book.printed("c0"), 8)
    return "yes" if shown else f"no: {book.outputs('c0')!r}"


async def two_documents(server: Executor) -> str:
    """Two documents on one kernel: the second one's cell waits, and runs after an error."""
    first = await Notebook.make(
        server, "one.ipynb", "import time\ntime.sleep(3)\nstamp = 1", "time.sleep(3)\n1/0"
    )
    other = await Notebook.make(
        server, "two.ipynb", "print('after', stamp)", "print('also')", kernel=first.kernel
    )
    await first.run("c0")
    await seen(lambda: first.state("c0") == "running")
    await other.run("c0")
    waits = await seen(lambda: other.state("c0") == "running", 2)
    ordered = await seen(lambda: "after 1" in other.printed("c0"))
    await first.run("c1")
    await seen(lambda: first.state("c1") == "running")
    await other.run("c1")
    goes_on = await seen(lambda: "also" in other.printed("c1"))
    if ordered and goes_on:
        return "yes" if waits else "yes, but the waiting cell is not marked"
    parts = [f"in order: {'yes' if ordered else repr(other.printed('c0'))}"]
    if not goes_on:
        parts.append("the error stopped the cell of the other document, too")
    return "no: " + "; ".join(parts)


async def doubled(server: Executor) -> str:
    """Outputs that were saved are replaced by a run after the server was started again."""
    book = await Notebook.make(server, "doubled.ipynb", "print('once')")
    await book.run("c0")
    await seen(lambda: book.printed("c0") == "once\n" and book.is_over("c0"))
    await seen(lambda: bool(book.saved("c0")))
    await book.leave()
    await server.stop()
    await server.start()
    book = Notebook(server, "doubled.ipynb")
    await book.join()
    before = book.printed("c0")
    await book.start()
    await book.run("c0")
    await seen(lambda: book.is_over("c0"))
    await never(lambda: False, 2)
    after = book.printed("c0")
    if (before, after) == ("once\n", "once\n"):
        return "yes"
    return f"no: opened with {before!r}, then {after!r}"


async def no_star(book: Notebook, *names: str, limit: float = LIMIT) -> str:
    """Return which cells are still marked as running after a time."""
    await seen(lambda: all(book.is_over(name) for name in names), limit)
    left = [name for name in names if not book.is_over(name)]
    return f"`[*]` stays at {len(left)} of {len(names)} cells" if left else ""


async def interrupts(server: Executor) -> str:
    """An interrupt ends what runs, and what waits behind it does not run."""
    book = await Notebook.make(
        server,
        "interrupt.ipynb",
        "import time\nprint('runs', flush=True)\ntry:\n    time.sleep(60)\n"
        "except KeyboardInterrupt:\n    print('handled')",
        "print('ran')",
    )
    await book.run("c0", "c1")
    await seen(lambda: "runs" in book.printed("c0"))
    await server.call("POST", f"api/kernels/{book.kernel}/interrupt")
    await seen(lambda: "handled" in book.printed("c0"))
    star = await no_star(book, "c0", "c1")
    ran = await seen(lambda: "ran" in book.printed("c1"), 3)
    if not star and not ran:
        return "yes"
    return "no: " + "; ".join(filter(None, [star, "the cell that waited ran" if ran else ""]))


async def ended_by(server: Executor, name: str, end: Callable[[Notebook], Awaitable[Any]]) -> str:
    book = await Notebook.make(
        server, f"{name}.ipynb", "import time\nprint('runs', flush=True)\ntime.sleep(600)", "2"
    )
    await book.run("c0", "c1")
    await seen(lambda: "runs" in book.printed("c0"))
    await end(book)
    star = await no_star(book, "c0", "c1")
    if star:
        return f"no: {star} for {LIMIT:.0f} s"
    # The kernel is of use again.
    await seen(book._is_started)
    try:
        await book.run("c1")
    except Refused as error:
        return f"yes, but a cell that is run then is refused with {error}"
    again = await seen(lambda: "2" in book.printed("c1"))
    return "yes" if again else "yes, but a cell that is run then has no output"


async def restarts(server: Executor) -> str:
    """A restart leaves no ``[*]``, and cells can be run after it."""

    async def restart(book: Notebook) -> None:
        await server.call("POST", f"api/kernels/{book.kernel}/restart")

    return await ended_by(server, "restart", restart)


async def dies(server: Executor) -> str:
    """The kernel is killed, and started again by Jupyter: no ``[*]``, and cells can be run."""

    async def kill(book: Notebook) -> None:
        for process in psutil.process_iter(["cmdline"]):
            if any(book.kernel in part for part in process.info["cmdline"] or ()):
                process.kill()

    return await ended_by(server, "dies", kill)


async def killed_server(server: Executor) -> str:
    """The server is killed while a cell runs: no ``[*]`` in who comes back."""
    book = await Notebook.make(
        server, "killed.ipynb", "import time\nprint('runs', flush=True)\ntime.sleep(20)"
    )
    await book.run("c0")
    await seen(lambda: "runs" in book.printed("c0"))
    await never(lambda: False, 2)
    member = book.member
    assert member is not None
    server.crash()
    await server.start()
    again = Notebook(server, "killed.ipynb")
    endpoint = await server.endpoint(Fixture(again.path, "notebook", 1))
    # As a page does: with what it has.
    back = Client(endpoint)
    back.doc.apply_update(member.doc.get_update())
    try:
        await back.open()
    except (ConnectionError, TimeoutError):
        await again.join()
    else:
        again.member = back
    star = await no_star(again, "c0", limit=10)
    kept = again.printed("c0")
    return ("yes" if not star else f"no: {star}") + f"; the page has {kept!r}"


async def deletes(server: Executor) -> str:
    """``DELETE`` of a request that waits interrupts nobody else."""
    if server.name == "JSD":
        return "no such route"
    book = await Notebook.make(server, "delete.ipynb")
    url = f"api/kernels/{book.kernel}/execute"
    code = "import time\nfor _ in range(40): time.sleep(0.1)\nprint('to its end')"
    _, long = await server.call("POST", url, code=code)
    running = long["request_url"].lstrip("/")
    await seen(lambda: is_running(server, running))
    _, waiting = await server.call("POST", url, code="print('waited')")
    await server.call("DELETE", waiting["request_url"].lstrip("/"))
    found: list[tuple[int, Any]] = []

    async def ended() -> bool:
        found.append(await server.call("GET", running))
        return found[-1][0] != 202

    await seen(ended)
    status, answer = found[-1]
    good = status == 200 and answer["status"] == "ok"
    return "yes" if good else f"no: the one that runs ends with {answer.get('status')!r}"


async def is_running(server: Executor, url: str) -> bool:
    _, answer = await server.call("GET", url)
    return isinstance(answer, dict) and answer.get("request_status") == "running"


async def without_execute(server: Executor) -> str:
    """A user without ``execute`` on ``kernels`` runs nothing."""
    book = await Notebook.make(server, "right.ipynb", "print('ran')")
    server.refuse("execute kernels")
    return await refused(server, book)


async def without_write(server: Executor) -> str:
    """A user without ``write`` on ``contents`` runs nothing in a document."""
    book = await Notebook.make(server, "write.ipynb", "print('ran')")
    server.refuse("write contents")
    return await refused(server, book)


async def refused(server: Executor, book: Notebook) -> str:
    try:
        await book.run("c0")
    except Refused as error:
        return f"yes: {error}" if error.args[0] == 403 else f"no: {error}"
    finally:
        server.refuse()
    ran = await seen(lambda: "ran" in book.printed("c0"), 8)
    return "no: the cell ran" if ran else "no: the request was taken"


async def stale_source(server: Executor) -> str:
    """A cell that somebody else has edited since does not run unseen."""
    book = await Notebook.make(server, "stale.ipynb", "print('now')")
    if server.name == "nbmodel":
        return "no check: what the page sent runs"
    url = f"api/kernels/{book.kernel}/execute"
    cells = [{"cell_id": "c0", "source_hash": source_hash("print('before')")}]
    status, _ = await server.call("POST", url, document_id=book.room, cells=cells)
    return "yes: 409" if status == 409 else f"no: {status}"


TRIED = [
    closed_tab,
    asks,
    loops_of_input,
    display_updates,
    clears,
    carriage_returns,
    many_prints,
    late_outputs,
    pagers,
    two_documents,
    doubled,
    interrupts,
    restarts,
    dies,
    killed_server,
    deletes,
    without_execute,
    without_write,
    stale_source,
]


async def outcome(server: Executor, trial: Callable[[Executor], Awaitable[str]]) -> str:
    try:
        return await asyncio.wait_for(trial(server), 150)
    except Exception as error:
        return f"failed: {error!r}"


async def main(arguments: list[str]) -> None:
    names = [argument for argument in arguments if "=" in argument]
    chosen = [argument for argument in arguments if "=" not in argument]
    tried = [each for each in TRIED if not chosen or each.__name__ in chosen]
    table: dict[str, list[str]] = {each.__name__: [] for each in tried}
    for argument in names:
        name, python = argument.split("=", 1)
        with tempfile.TemporaryDirectory() as folder:
            server = Executor(name, python, Path(folder) / "server")
            try:
                for trial in tried:
                    await server.start()
                    table[trial.__name__].append(await outcome(server, trial))
                    print(f"{name}: {trial.__name__}: {table[trial.__name__][-1]}", file=sys.stderr)
            finally:
                await server.stop()
                server.crash()
    print("| | " + " | ".join(argument.split("=")[0] for argument in names) + " |")
    print("|---" * (len(names) + 1) + "|")
    for trial in tried:
        print(
            f"| {(trial.__doc__ or '').rstrip('.')} | " + " | ".join(table[trial.__name__]) + " |"
        )


if __name__ == "__main__":
    # Not resolved: a virtual environment's Python is known by its path.
    given = [each.partition("=") for each in sys.argv[1:]]
    asyncio.run(main([n + e + (os.path.abspath(p) if e else "") for n, e, p in given]))
