"""What code captures with an Output widget, such as the results of ``interact``.

An Output widget asks for the outputs of a request, and JupyterLab's page that sent the request puts
them into the widget's state. The server has sent it, so that this is done here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from .outputs import CellOutputs
from .widget_states import TARGET

MODEL = "OutputModel"
"""The name of the model of Output widgets."""

CAPTURED = ("stream", "execute_result", "display_data", "error", "clear_output")
"""The messages of a kernel that a widget captures."""

SYNC_INTERVAL = 0.06
"""Seconds between two updates of a widget; the first one is sent at once."""

MAX_SHOWN = 2**20
"""Largest outputs of a widget in bytes that pages receive before the kernel publishes them."""

MAX_KEPT = 64 * 2**20
"""Most bytes that the widgets of a kernel hold, except for those that capture at the moment."""

Send = Callable[[str, dict[str, Any]], str]
Show = Callable[[str, list[dict[str, Any]]], None]


class OutputWidget:
    """An Output widget, and the outputs in it.

    Attributes:
        request: the id of the request whose outputs it captures, or captured last.
        outputs: what is in it.
        in_flight: the id of the update that the kernel has not processed yet; empty for none.
        is_sent: whether the kernel has all outputs, or will after the update in flight.
    """

    def __init__(self, limit: int) -> None:
        self.request = ""
        self.outputs = CellOutputs(limit)
        self.in_flight = ""
        self.is_sent = True
        self.was_echoed = False
        self.timer: asyncio.TimerHandle | None = None

    def load(self, state: dict[str, Any]) -> None:
        """Take the outputs of a state."""
        outputs = state.get("outputs")
        if isinstance(outputs, (list, tuple)):
            self.outputs.clear()
            for output in outputs:
                take(self.outputs, str(output.get("output_type")), output)


class CapturedOutputs:
    """The Output widgets of one kernel.

    Args:
        limit: the size in bytes from which on outputs are dropped.
        send: sends a widget's state to the kernel, and returns the id of the message.
        show: called with a widget and its outputs, as long as they are not too large.
        released: called with a request and outputs that cannot be shown in a widget.
    """

    def __init__(self, limit: int, send: Send, show: Show, released: Show) -> None:
        self._limit = limit
        self._send = send
        self._show = show
        self._released = released
        self._widgets: dict[str, OutputWidget] = {}
        self._capturing: list[str] = []
        self._sent: dict[str, str] = {}
        self._is_off = False

    def receive(self, kind: str, content: dict[str, Any], parent: str) -> None:
        """Follow a message of the kernel about a comm."""
        name = str(content["comm_id"])
        data = content.get("data")
        state = data.get("state") if isinstance(data, dict) else None
        if kind == "comm_close":
            self._close(name)
            return
        if not isinstance(state, dict):
            return
        is_new = kind == "comm_open" and content.get("target_name") == TARGET
        if is_new and state.get("_model_name") == MODEL:
            self._widgets[name] = OutputWidget(self._limit)
        widget = self._widgets.get(name)
        if widget is None:
            return
        if parent in self._sent:
            widget.was_echoed = True  # what was sent by this server
            return
        widget.load(state)
        if "msg_id" in state:
            self._capture(name, str(state["msg_id"] or ""))

    @property
    def size(self) -> int:
        """The approximate size in bytes of what the widgets hold."""
        return sum(each.outputs.size for each in self._widgets.values())

    def _capture(self, name: str, request: str) -> None:
        widget = self._widgets[name]
        if name in self._capturing:
            self._capturing.remove(name)
            self._sync(name)
        if request:
            widget.request = request
            self._capturing.append(name)
            self._widgets[name] = self._widgets.pop(name)  # the latest one is the last
        else:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        """Forget widgets that were not used for the longest time, if all hold too much.

        The kernel still has what is in them; what else they capture is shown in its cell.
        """
        size = self.size
        for name, widget in list(self._widgets.items()):
            if size <= MAX_KEPT:
                return
            if name not in self._capturing and widget.is_sent:
                size -= widget.outputs.size
                self._close(name)

    def _close(self, name: str) -> None:
        widget = self._widgets.pop(name, None)
        if widget is not None and widget.timer is not None:
            widget.timer.cancel()
        if name in self._capturing:
            self._capturing.remove(name)

    def take(self, request: str, kind: str, content: dict[str, Any]) -> bool:
        """Put an output into the widget that captures it; return whether one does."""
        if self._is_off:
            return False
        for name in reversed(self._capturing):
            widget = self._widgets[name]
            if widget.request == request:
                take(widget.outputs, kind, content)
                widget.is_sent = False
                if widget.timer is None:
                    loop = asyncio.get_running_loop()
                    widget.timer = loop.call_later(SYNC_INTERVAL, self._sync, name)
                return True
        return False

    def _sync(self, name: str) -> None:
        """Show the outputs of a widget, and send them to the kernel."""
        widget = self._widgets[name]
        if widget.timer is not None:
            widget.timer.cancel()
            widget.timer = None
        if widget.is_sent:
            return
        if widget.outputs.size <= MAX_SHOWN:
            self._show(name, widget.outputs.to_py())
        self._update(name)

    def _update(self, name: str) -> None:
        """Send the outputs of a widget to the kernel, one update at a time."""
        widget = self._widgets[name]
        if widget.is_sent or widget.in_flight:
            return
        widget.is_sent = True
        widget.was_echoed = False
        widget.in_flight = self._send(name, {"outputs": widget.outputs.to_py()})
        if widget.in_flight:
            self._sent[widget.in_flight] = name

    def idle(self, parent: str) -> None:
        """Go on after the kernel has processed a message."""
        name = self._sent.pop(parent, None)
        widget = self._widgets.get(name or "")
        if name is None or widget is None:
            return
        widget.in_flight = ""
        if not widget.was_echoed:
            # A kernel that publishes no echo: pages would not show what is in the widget.
            self._is_off = True
            self._released(widget.request, widget.outputs.to_py())
        else:
            self._update(name)

    def clear(self) -> None:
        """Forget all widgets, since the kernel has."""
        for name in list(self._widgets):
            self._close(name)
        self._sent.clear()
        self._is_off = False


def take(outputs: CellOutputs, kind: str, content: dict[str, Any]) -> None:
    """Add a kernel's message, or an output of a widget's state, to outputs."""
    if kind == "stream":
        text = content.get("text")
        outputs.print(
            str(content.get("name")), "".join(text) if isinstance(text, list) else str(text)
        )
    elif kind == "clear_output":
        outputs.clear(wait=bool(content.get("wait")))
    elif kind in ("execute_result", "display_data", "error"):
        outputs.add(kind, content)
