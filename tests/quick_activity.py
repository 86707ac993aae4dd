"""A server extension for servers under test, which report the activity of documents often."""

from __future__ import annotations

from typing import Any

from jupyter_collaboration import app


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "quick_activity"}]


def _load_jupyter_server_extension(serverapp: Any) -> None:
    app.ACTIVITY_INTERVAL = 0.05
