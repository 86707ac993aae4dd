"""The widgets of one kernel: follows the messages about them, and sends what the server has to say.

Responsible for which messages are about widgets, and for the channel; their state belongs to
`widget_states`, what they capture to `captured`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .captured import CapturedOutputs
from .channels import Channels, Message
from .widget_states import WidgetState, WidgetStates

COMMS = ("comm_open", "comm_msg", "comm_close")
"""The messages about comms."""


class KernelWidgets:
    """The widgets of one kernel.

    Args:
        limit: the size in bytes from which on captured outputs are dropped.
        channels: returns the channels to the kernel; None while there are none.
        show: called with a widget and its outputs, for pages: a busy kernel cannot publish them.
        released: called with a request and outputs that cannot be shown in a widget.
    """

    def __init__(
        self,
        limit: int,
        channels: Callable[[], Channels | None],
        show: Callable[[str, list[dict[str, Any]]], None],
        released: Callable[[str, list[dict[str, Any]]], None],
    ) -> None:
        self._channels = channels
        self._states = WidgetStates()
        self._captured = CapturedOutputs(limit, self._send, self._show, released)
        self._show_in_pages = show

    def receive(self, kind: str, message: Message) -> None:
        """Follow a message of the kernel, whoever caused it."""
        content = message["content"]
        parent = str(message["parent_header"].get("msg_id", ""))
        if kind in COMMS:
            self._states.receive(kind, message)
            self._captured.receive(kind, content, parent)
        elif kind == "status" and content.get("execution_state") == "idle":
            self._captured.idle(parent)

    def take(self, message: Message, kind: str) -> bool:
        """Put an output into the widget that captures it; return whether one does."""
        request = str(message["parent_header"].get("msg_id", ""))
        return self._captured.take(request, kind, message["content"])

    def copy(self) -> dict[str, WidgetState]:
        """Return the widgets that are known now, by the ids of their comms."""
        return self._states.copy()

    def clear(self) -> None:
        """Forget all widgets, since the kernel has."""
        self._states.clear()
        self._captured.clear()

    def _show(self, name: str, outputs: list[dict[str, Any]]) -> None:
        self._states.set(name, {"outputs": outputs})
        self._show_in_pages(name, outputs)

    def _send(self, name: str, state: dict[str, Any]) -> str:
        channels = self._channels()
        if channels is None:
            return ""
        data = {"method": "update", "state": state, "buffer_paths": []}
        content = {"comm_id": name, "data": data}
        try:
            return channels.send("shell", "comm_msg", content)
        except ConnectionError:
            return ""  # the kernel is gone, and the widget with it
