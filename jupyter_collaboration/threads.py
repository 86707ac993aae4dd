"""Runs calls in threads, at a cost that does not depend on what else is running.

`anyio.to_thread.run_sync` goes through all tasks of an event loop that anyio did not start, for
each call. With 200 open documents, that took longer than the calls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Any, TypeVar

from anyio import CancelScope
from anyio.lowlevel import checkpoint_if_cancelled

T = TypeVar("T")

MAX_THREADS = 40
"""Calls that run at the same time, which may all wait for a slow disk."""

MAX_COMPUTATIONS = 3
"""Pure functions that run at the same time. More would be no faster, since they hold Python's
interpreter lock, and each thread that ever had a document keeps as much memory as that took."""

SMALL = 2**15
"""Bytes up to which a pure function is called at once: a thread would take longer to begin."""

_threads = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="jupyter_collaboration")
_computations = ThreadPoolExecutor(MAX_COMPUTATIONS, thread_name_prefix="computation")
_loop: ContextVar[asyncio.AbstractEventLoop] = ContextVar("loop")


async def run_sync(call: Callable[..., T], *args: Any) -> T:
    """Call a function in a thread, and return its result.

    A caller that is cancelled waits for the call to end, so that whatever guards it is not
    released before.

    Raises:
        Exception: what the function raises.
    """
    await checkpoint_if_cancelled()
    context = copy_context()
    context.run(_loop.set, asyncio.get_running_loop())
    return await _run(_threads, partial(context.run, call, *args))


async def compute(call: Callable[..., T], *args: Any) -> T:
    """Call a pure function, which never waits for anything, in a thread; see `run_sync`.

    Raises:
        Exception: what the function raises.
    """
    await checkpoint_if_cancelled()
    return await _run(_computations, partial(call, *args))


async def _run(threads: ThreadPoolExecutor, call: Callable[[], T]) -> T:
    with CancelScope(shield=True):
        result = await asyncio.get_running_loop().run_in_executor(threads, call)
    return result


def wait_for(call: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
    """Await a coroutine function on the event loop, in a function that `run_sync` has called.

    Raises:
        Exception: what the function raises.
        LookupError: this is no such thread.
    """
    loop = _loop.get()
    return asyncio.run_coroutine_threadsafe(call(*args), loop).result()


async def run_sized(size: float, call: Callable[..., T], *args: Any) -> T:
    """Call a pure function: at once for little data, and else in a thread.

    Args:
        size: bytes or characters of the data that it works with.

    Raises:
        Exception: what the function raises.
    """
    return call(*args) if size <= SMALL else await compute(call, *args)
