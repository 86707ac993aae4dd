"""Runs computations on large documents in another process. [M12]

A thread is not enough for them: pycrdt keeps Python's interpreter lock while it applies or encodes
an update, so that the event loop would wait. The process is started when it is first needed, ends
when it is idle, and ends with the server. Without it, computations run in a thread.

This file is also the program of that process; see `main`.
"""

from __future__ import annotations

if __name__ == "__main__":
    import sys

    # The server's path, from `Worker._ask`, without this folder: its modules are part of a package.
    sys.path[:] = sys.argv[1:]

import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from jupyter_collaboration.threads import compute, run_sync

T = TypeVar("T")

LARGE = 2 * 2**20
"""Bytes of a document from which on computations with it run in the other process."""

IDLE_TIME = 60.0
"""Seconds without work after which the process ends."""

NICENESS = 5
"""Added to the niceness of the process, since nobody waits for it as for the event loop."""


async def run_large(size: int, call: Callable[..., T], *args: Any) -> T:
    """Call a pure function outside of the event loop.

    Args:
        size: bytes of the documents that it works with.
        call: a function of a module, which is called in another process for large documents. Its
            arguments and its result are pickled.

    Raises:
        Exception: what the function raises.
    """
    if size < LARGE:
        return await compute(call, *args)
    found: T = await run_sync(_worker.call, call, args)
    return found


class Worker:
    """The other process, which computes one result at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped: subprocess.Popen[bytes] | None = None
        self._idle: threading.Timer | None = None

    def call(self, call: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """Call a function in the process; in this thread if that is not possible.

        Raises:
            Exception: what the function raises.
        """
        with self._lock:
            self._stop_timer()
            if self._process is self._stopped:
                self._end()
            try:
                is_done, result = self._ask((call, args))
            except (OSError, EOFError, pickle.PickleError) as error:  # cannot start, or was killed
                is_stopped = self._process is not None and self._process is self._stopped
                self._end()
                if is_stopped:
                    raise RuntimeError("The server is stopping.") from error
                return call(*args)
            self._start_timer()
        if not is_done:
            raise result
        return result

    def _ask(self, question: Any) -> tuple[bool, Any]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, __file__, *sys.path],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump(question, self._process.stdin, protocol=5)
        self._process.stdin.flush()
        data = pickle.load(self._process.stdout)
        try:
            answer: tuple[bool, Any] = pickle.loads(data)
        except Exception as error:  # an exception that cannot be made from its arguments
            return False, RuntimeError(f"The result of a computation cannot be read: {error!r}")
        return answer

    def stop(self) -> None:
        """Kill the process, without waiting for the result that it computes."""
        if (process := self._process) is not None:
            self._stopped = process
            process.kill()

    def close(self) -> None:
        """End the process, after the result that it computes."""
        with self._lock:
            self._stop_timer()
            self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):  # the rest of a question
                    pipe.close()
        process.wait()

    def _start_timer(self) -> None:
        self._idle = threading.Timer(IDLE_TIME, self.close)
        self._idle.daemon = True
        self._idle.start()

    def _stop_timer(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None


_worker = Worker()


def stop_worker() -> None:
    """Kill the process, if it is running; computations in it raise RuntimeError."""
    _worker.stop()


def main() -> None:
    """Answer questions from the standard input, until it ends."""
    questions, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not be taken for an answer
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    while True:
        try:
            call, args = pickle.load(questions)
        except (EOFError, pickle.UnpicklingError):  # the server has ended, perhaps in a question
            return
        try:
            answer: tuple[bool, Any] = True, call(*args)
        except Exception as error:
            answer = False, error
        except BaseException as error:  # pycrdt may panic
            answer = False, RuntimeError(repr(error))
        try:
            data = pickle.dumps(answer, protocol=5)
        except Exception as error:
            data = pickle.dumps((False, RuntimeError(f"{answer[1]!r}: {error!r}")))
        try:
            pickle.dump(data, answers, protocol=5)
            answers.flush()
        except BrokenPipeError:  # the server has ended
            os._exit(0)  # without writing the rest of the answer


if __name__ == "__main__":
    main()
