"""One kernel for each notebook, also if several pages open it in the same moment.

Jupyter Server looks for the session of a notebook and, if there is none, starts a kernel. Pages
that ask while the kernel is starting would each get one of their own, and their outputs would mix.
"""

from __future__ import annotations

from functools import wraps
from typing import Any
from weakref import WeakValueDictionary

from anyio import Lock
from jupyter_server.utils import ensure_async


def share_sessions(manager: Any) -> None:
    """Have the server's manager of sessions create one session for each notebook at a time."""
    create = manager.create_session
    locks: WeakValueDictionary[str, Lock] = WeakValueDictionary()

    @wraps(create)
    async def create_once(
        path: str | None = None,
        name: str | None = None,
        type: str | None = None,
        kernel_name: str | None = None,
        kernel_id: str | None = None,
    ) -> Any:
        options = {"path": path, "name": name, "type": type}
        options |= {"kernel_name": kernel_name, "kernel_id": kernel_id}
        if type != "notebook" or path is None or kernel_id is not None:
            return await ensure_async(create(**options))
        lock = locks.setdefault(path, Lock())
        async with lock:
            if await ensure_async(manager.session_exists(path=path)):
                return await ensure_async(manager.get_session(path=path))
            return await ensure_async(create(**options))

    manager.create_session = create_once
