"""A server extension for servers under test: leases that expire soon, and locks that do not work.

The file `.locking` in the server's root says how locks are broken: ``failing`` raises an error, as
on file systems without locks, ``useless`` grants every lock, as network file systems may do on two
hosts. Without the file they are useless.
"""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

from jupyter_collaboration import file_lock
from jupyter_collaboration.history.sqlite import lease

LEASE_SECONDS = 1.0


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "locking"}]


def _load_jupyter_server_extension(serverapp: Any) -> None:
    lease.LEASE_SECONDS = LEASE_SECONDS
    order = Path(serverapp.root_dir) / ".locking"

    def try_lock(fd: int) -> bool:
        if order.exists() and order.read_text() == "failing":
            raise file_lock.LocksUnsupported(errno.ENOLCK, "no locks")
        return True

    file_lock.try_lock = try_lock
