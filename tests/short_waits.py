"""A server extension for servers under test, which wait for nobody to come back."""

from __future__ import annotations

from typing import Any

from jupyter_collaboration.execution import queue
from jupyter_collaboration.rooms import document


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "short_waits"}]


def _load_jupyter_server_extension(serverapp: Any) -> None:
    document.RUNNER_RETURN = 0.2
    queue.PROMPT_RETURN = 0.5
