"""Documents whose type is neither a notebook nor a text."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from jupyter_ydoc.ybasedoc import YBaseDoc
from pycrdt import Array, Doc
from support import Editor, Server, until

from jupyter_collaboration.documents import codec, identity
from jupyter_collaboration.documents.identity import document_types
from jupyter_collaboration.files.opening import is_empty
from rtcbench.client import Endpoint

Run = Callable[[Awaitable[Any]], Any]


class Chat(YBaseDoc):
    """A type of another package: a list of messages."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._ydoc["messages"] = self._messages = Array()

    @property
    def version(self) -> str:
        return "1.0.0"

    def get(self) -> str:
        return json.dumps({"messages": self._messages.to_py()})

    def set(self, value: str) -> None:
        self._messages.clear()
        self._messages.extend(json.loads(value).get("messages", []))

    def observe(self, callback: Any) -> None:
        self.unobserve()
        self._subscriptions[self._messages] = self._messages.observe(callback)


async def opened(server: Server, session: dict[str, Any]) -> Editor:
    room = f"{session['format']}:{session['type']}:{session['fileId']}"
    query = f"?token={server.token}&sessionId={session['sessionId']}"
    url = f"ws://127.0.0.1:{server.port}/api/collaboration/room/{room}{query}"
    editor = Editor(Endpoint(url))
    await editor.open()
    await editor.settle()
    return editor


def test_a_document_of_another_type_keeps_its_session_across_restarts(
    run: Run, new_server: Callable[..., Server]
) -> None:  # E1 [S1] [S2]
    async def test() -> None:
        server = new_server()
        server.root.mkdir(parents=True, exist_ok=True)
        (server.root / "a.bin").write_bytes(b"\x00\x01binary")
        await server.start()
        body = {"format": "base64", "type": "blob"}
        _, session = await server.session("a.bin", **body)
        await (await opened(server, session)).close()
        await server.stop()
        await server.start()
        _, again = await server.session("a.bin", **body)
        assert again == session
        editor = await opened(server, again)
        assert "lost the content" not in server.log()
        _, at_last = await server.session("a.bin", **body)
        assert at_last == session
        await editor.close()
        await server.stop()

    run(test())


@pytest.mark.parametrize("content", ['{"messages": ["one"]}', '{"messages": []}', "{}"])
def test_a_document_of_another_type_is_opened_again_with_its_history(
    content: str, run: Run, extension: Any, monkeypatch: pytest.MonkeyPatch
) -> None:  # E1 [S1]
    async def test() -> None:
        types = {**document_types(), "chat": Chat}
        for module in (identity, codec):
            monkeypatch.setattr(module, "document_types", lambda: types)
        path = Path(extension.serverapp.root_dir) / "a.txt"
        path.write_text(content)
        names = {"content_type": "chat", "file_format": "text", "path": "a.txt"}
        rooms = extension.ywebsocket_server
        rooms._cleanup_delay = 0.5
        sessions = []
        for _ in range(3):
            document = await extension.get_document(**names, copy=False, create=True)
            expected = {"messages": json.loads(content).get("messages", [])}
            assert json.loads(document.get()) == expected
            (room,) = rooms.rooms.values()
            sessions.append(room.session_id)
            del document, room
            await until(lambda: not rooms.rooms)
        assert len(set(sessions)) == 1
        await extension.stop_extension()

    run(test())


def test_a_history_that_lost_a_document_of_another_type_is_recognized(
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # [F3]
    types = {**document_types(), "chat": Chat}
    monkeypatch.setattr(identity, "document_types", lambda: types)
    lost: Doc[Any] = Doc()
    lost.get("state", type=Array)
    assert is_empty(lost, "chat")
    whole: Doc[Any] = Doc()
    whole.get("messages", type=Array).append("one")
    copy: Doc[Any] = Doc()
    copy.apply_update(whole.get_update())
    assert not is_empty(copy, "chat")
