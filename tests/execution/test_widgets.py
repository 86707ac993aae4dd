"""What the server records about widgets, and what Output widgets capture."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from jupyter_collaboration.execution import captured, widget_states
from jupyter_collaboration.execution.captured import CapturedOutputs
from jupyter_collaboration.execution.widget_states import WidgetStates, encoded


def message(comm: str, state: dict[str, Any], date: str = "d", **more: Any) -> dict[str, Any]:
    data = {"state": state, **{key: more[key] for key in ("method", "buffer_paths") if key in more}}
    content = {"comm_id": comm, "data": data, "target_name": more.get("target", "jupyter.widget")}
    return {"header": {"date": date}, "content": content, "buffers": more.get("buffers", [])}


def known(states: WidgetStates) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(encoded(states.copy()))
    return found


def test_a_widget_is_given_in_its_latest_state() -> None:
    # [R14]
    states = WidgetStates()
    paths = {"buffer_paths": [["image"]], "buffers": [b"one"]}
    states.receive("comm_open", message("a", {"value": 1, "max": 9}, "d1", **paths))
    states.receive("comm_msg", message("a", {"value": 2}, "d2", method="update"))
    states.receive("comm_msg", message("a", {"value": 7}, "d3", method="custom"))
    (widget,) = known(states)
    assert widget["state"] == {"value": 2, "max": 9} and widget["date"] == "d2"
    assert (widget["buffer_paths"], widget["buffers"]) == ([["image"]], ["b25l"])
    paths["buffers"] = [memoryview(b"two")]
    states.receive("comm_msg", message("a", {}, "d4", method="update", **paths))
    states.receive("comm_msg", message("a", {"image": None}, "d5", method="echo_update", **paths))
    assert known(states)[0]["buffers"] == ["dHdv"]
    states.receive("comm_close", message("a", {}))
    assert known(states) == []


def test_other_comms_and_widgets_with_unknown_parts_are_not_given() -> None:
    # [R14]
    states = WidgetStates()
    states.receive("comm_open", message("other", {"value": 1}, target="something"))
    states.receive("comm_open", message("box", {"children": ["IPY_MODEL_leaf"]}))
    states.receive("comm_open", message("outer", {"children": [{"in": "IPY_MODEL_box"}]}))
    assert known(states) == []
    states.receive("comm_open", message("leaf", {"value": 1}))
    assert [each["comm_id"] for each in known(states)] == ["box", "outer", "leaf"]


def test_too_large_widgets_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    # [R14]
    monkeypatch.setattr(widget_states, "MAX_BYTES", 1_000)
    states = WidgetStates()
    for _ in range(10):  # what is replaced does not count
        states.receive("comm_open", message("a", {"value": "x" * 500}))
        states.receive("comm_msg", message("a", {"value": "x" * 500}, method="update"))
    assert len(known(states)) == 1
    states.receive("comm_open", message("b", {"value": "x" * 900}))
    assert known(states) == []
    states.receive("comm_open", message("c", {"value": "x"}))
    assert known(states) == []
    states.clear()
    states.receive("comm_open", message("c", {"value": "x"}))
    assert len(known(states)) == 1


class Kernel:
    """A kernel with Output widgets: records the updates that it is sent."""

    def __init__(self, *, echoes: bool = True) -> None:
        self.sent: list[tuple[str, list[dict[str, Any]]]] = []
        self.released: list[tuple[str, list[dict[str, Any]]]] = []
        self._echoes = echoes
        self.shown: list[tuple[str, list[dict[str, Any]]]] = []
        self.captured = CapturedOutputs(
            2**20,
            self._send,
            lambda *shown: self.shown.append(shown),
            lambda *released: self.released.append(released),
        )

    def _send(self, name: str, state: dict[str, Any]) -> str:
        self.sent.append((name, state["outputs"]))
        return f"update-{len(self.sent)}"

    def open(self, name: str) -> None:
        self._receive("comm_open", name, {"_model_name": "OutputModel", "outputs": []})

    def enter(self, name: str, request: str) -> None:
        self._receive("comm_msg", name, {"msg_id": request})

    def _receive(self, kind: str, name: str, state: dict[str, Any], parent: str = "") -> None:
        self.captured.receive(kind, message(name, state)["content"], parent)

    def set(self, name: str, outputs: list[dict[str, Any]]) -> None:
        self._receive("comm_msg", name, {"outputs": outputs})

    def print(self, text: str, request: str = "r") -> bool:
        return self.captured.take(request, "stream", {"name": "stdout", "text": text})

    def process(self) -> None:
        """Process the latest update."""
        update = f"update-{len(self.sent)}"
        name, outputs = self.sent[-1]
        if self._echoes:
            self._receive("comm_msg", name, {"outputs": outputs}, update)
        self.captured.idle(update)


def stream(text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": "stdout", "text": text}


def test_the_innermost_widget_captures_what_its_request_prints(run: Any) -> None:
    # [R14]
    async def test() -> None:
        kernel = Kernel()
        kernel.open("outer")
        kernel.open("inner")
        assert not kernel.print("nobody")
        kernel.enter("outer", "r")
        kernel.enter("inner", "r")
        assert kernel.print("in\n") and not kernel.print("other", "another request")
        kernel.enter("inner", "")
        assert kernel.print("out\n")
        kernel.enter("outer", "")
        assert not kernel.print("nobody")
        # What was captured is there when the code goes on.
        assert kernel.sent == [("inner", [stream("in\n")]), ("outer", [stream("out\n")])]

    run(test())


def test_one_update_at_a_time_is_sent_however_much_is_printed(run: Any) -> None:
    # [R14]
    async def test() -> None:
        kernel = Kernel()
        kernel.open("a")
        kernel.enter("a", "r")
        for _ in range(1000):
            kernel.print("x")
        kernel.enter("a", "")
        kernel.enter("a", "r")
        for _ in range(1000):
            kernel.print("y")
        kernel.enter("a", "")
        assert len(kernel.sent) == 1
        # Pages do not wait for a kernel that is busy.
        assert kernel.shown[-1] == ("a", [stream("x" * 1000 + "y" * 1000)])
        kernel.process()
        assert kernel.sent[1:] == [("a", [stream("x" * 1000 + "y" * 1000)])]
        kernel.process()
        assert len(kernel.sent) == 2 and not kernel.released

    run(test())


def test_what_the_code_or_a_page_puts_into_a_widget_stays(run: Any) -> None:
    # [R14]
    async def test() -> None:
        kernel = Kernel()
        kernel.open("a")
        kernel.set("a", [stream("before\n")])
        kernel.enter("a", "r")
        kernel.print("after\n")
        kernel.captured.take("r", "display_data", {"data": {"text/plain": "1"}, "metadata": {}})
        kernel.enter("a", "")
        shown = {"output_type": "display_data", "data": {"text/plain": "1"}, "metadata": {}}
        assert kernel.sent == [("a", [stream("before\nafter\n"), shown])]
        kernel.process()
        kernel.enter("a", "r")
        kernel.captured.take("r", "clear_output", {"wait": True})
        kernel.print("only\n")
        kernel.enter("a", "")
        assert kernel.sent[1:] == [("a", [stream("only\n")])]

    run(test())


def test_a_widget_that_goes_captures_nothing(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # [R14]
    monkeypatch.setattr(captured, "SYNC_INTERVAL", 0)

    async def test() -> None:
        kernel = Kernel()
        kernel.open("a")
        kernel.enter("a", "r")
        kernel.print("x")
        kernel.captured.receive("comm_close", {"comm_id": "a"}, "")
        assert not kernel.print("y")
        for _ in range(3):
            await asyncio.sleep(0)  # the turns in which its timer would fire
        assert kernel.sent == []

    run(test())


def test_without_echoes_the_cell_gets_what_was_captured(run: Any) -> None:
    # [R14]
    async def test() -> None:
        kernel = Kernel(echoes=False)
        kernel.open("a")
        kernel.enter("a", "r")
        kernel.print("x")
        kernel.enter("a", "")
        kernel.process()
        assert kernel.released == [("r", [stream("x")])]
        kernel.enter("a", "r")
        assert not kernel.print("y")

    run(test())


def test_widgets_that_were_not_used_for_long_take_no_memory(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # [R8] [R14]
    monkeypatch.setattr(captured, "MAX_KEPT", 10_000)

    async def test() -> None:
        kernel = Kernel()
        for name in ("a", "b", "c"):
            kernel.open(name)
            kernel.enter(name, "r")
            assert kernel.print("x" * 4_000)
            kernel.enter(name, "")
            kernel.process()
        assert kernel.captured.size < 10_000
        kernel.enter("a", "r")
        assert not kernel.print("in the cell")
        kernel.enter("c", "r")
        assert kernel.print("in the widget")
        kernel.enter("c", "")
        text = "x" * 4_000 + "in the widget"
        assert kernel.sent[-1] == ("c", [stream(text)])

    run(test())
