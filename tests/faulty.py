"""What tests of faults share: documents of all kinds, told apart by marks, on one server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from fuzz.contents import Cells, cells_of_doc, cells_of_file, initial, is_notebook
from fuzz.marks import count, mark_text, torn
from support import Editor, Server, until

from rtcbench.fixtures import Fixture
from rtcbench.ws import WebSocket

KINDS = ("notebook", "notebook44", "text", "crlf")


@dataclass
class Document:
    """A file of some kind on a server, and the marks that must be in it, each once."""

    server: Server
    name: str
    kind: str
    marks: set[int] = field(default_factory=set)
    last: int = 0

    def __post_init__(self) -> None:
        self.path = self.name + (".ipynb" if is_notebook(self.kind) else ".txt")
        self.fixture = Fixture(self.path, "notebook" if is_notebook(self.kind) else "file")
        (self.server.root / self.path).parent.mkdir(parents=True, exist_ok=True)
        cells = [f"{self.mark()}\nx = 1", f"{self.mark()}\ny = 2"]
        (self.server.root / self.path).write_bytes(initial(self.kind, cells))

    def mark(self) -> str:
        """A new mark, which has to be there from now on."""
        self.last += 1
        self.marks.add(self.last)
        return mark_text(self.last)

    def type(self, editor: Editor, *, surely: bool = True) -> int:
        """Type a mark into the first cell; not surely if the server may go meanwhile."""
        text = mark_text(self.last + 1)
        self.last += 1
        if surely:
            self.marks.add(self.last)
        source = editor.cells[0]["source"] if is_notebook(self.kind) else editor.source
        source.insert(0, text + "\n")
        return self.last

    @property
    def data(self) -> bytes:
        return (self.server.root / self.path).read_bytes()

    @property
    def on_disk(self) -> Cells:
        """The file's cells; none while it cannot be read."""
        try:
            return cells_of_file(self.data, self.kind)
        except (OSError, ValueError):
            return []

    def seen_by(self, editor: Editor) -> Cells:
        return cells_of_doc(editor.doc, self.kind)

    def holds(self, cells: Cells) -> bool:
        """Whether every mark is there once, and none twice or in parts."""
        found = count(cells)
        whole = not any(torn(text) for _, text in cells)
        return whole and all(found[n] == 1 for n in self.marks) and max(found.values()) == 1

    async def agrees(self, *editors: Editor) -> None:
        """Wait until the file and these editors hold all marks, and the same."""

        def same() -> bool:
            seen = [_texts(self.seen_by(editor)) for editor in editors]
            file = _texts(self.on_disk)
            return self.holds(self.on_disk) and all(texts == file for texts in seen)

        try:
            await until(same)
        except TimeoutError:
            shown = [f"{self.path}: {sorted(self.marks)}", f"file {count(self.on_disk)}"]
            shown += [f"editor {count(self.seen_by(editor))}" for editor in editors]
            raise AssertionError("; ".join(shown)) from None
        if self.kind == "crlf":
            assert self.data.count(b"\n") == self.data.count(b"\r\n"), self.data


def _texts(cells: Cells) -> list[str]:
    return [text for _, text in cells]


def documents(server: Server, name: str, kinds: Iterable[str] = KINDS) -> list[Document]:
    """One document of each kind, in a folder of their own."""
    return [Document(server, f"{name}/{kind}", kind) for kind in kinds]


@asynccontextmanager
async def editing(document: Document, count: int = 1) -> AsyncIterator[list[Editor]]:
    """Editors of a document, gone afterwards."""
    editors = [await document.server.member(document.fixture) for _ in range(count)]
    try:
        yield editors
    finally:
        for editor in editors:
            editor.socket.abort()


async def come_back(document: Document, editor: Editor) -> None:
    """Connect a replica again that lost its connection."""
    editor.endpoint = await document.server.endpoint(document.fixture)
    editor.socket = WebSocket(editor._message)
    editor.synced.clear()
    editor.asked.clear()
    await editor.open()
    await editor.settle()


async def ended(server: Server) -> int:
    """Wait until the server's process is gone; its exit code."""
    assert server.process is not None
    process = server.process
    await until(lambda: process.poll() is not None)
    return int(process.returncode)


def arm(server: Server, point: str, times: int = 1) -> None:
    """Have the server killed when it reaches a point."""
    (server.root / ".failpoint").write_text(f"{point} {times}")


def mood(server: Server, path: str, how: str | None) -> None:
    """Set how the contents manager `Moody` treats a path."""
    file = server.root / ".moods"
    moods = json.loads(file.read_text()) if file.exists() else {}
    moods[path] = how
    other = server.root / ".moods.new"
    other.write_text(json.dumps(moods))
    other.replace(file)
