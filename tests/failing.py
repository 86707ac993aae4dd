"""A server extension for servers under test: it kills its own server at a point of its work.

The file `.failpoint` in the server's root names the point, as in ``save.written 2``: the server
goes at the second time from then on.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from jupyter_collaboration import failpoints

ORDER = ".failpoint"


class Killer:
    """Counts how often the point named in a file was reached."""

    def __init__(self, order: Path) -> None:
        self._order = order
        self._reached = 0

    def __call__(self, point: str) -> None:
        try:
            wanted, count = self._order.read_text().split()
        except (FileNotFoundError, ValueError):
            self._reached = 0
            return
        if point == wanted:
            self._reached += 1
            if self._reached >= int(count):
                self._order.unlink()
                os.kill(os.getpid(), signal.SIGKILL)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "failing"}]


def _load_jupyter_server_extension(serverapp: Any) -> None:
    failpoints.hook = Killer(Path(serverapp.root_dir) / ORDER)
