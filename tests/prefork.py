"""Starts test servers quickly: forks of a process that has imported Jupyter Server already.

Importing takes most of the time and CPU of a start, and the tests start hundreds of servers. Each
one is a process of its own, with its own environment, folder and signals, as if started by
`python -m jupyter_server`. The browser tests start their servers with the real commands.

This file is also the program of the process that forks; see `main`.
"""

from __future__ import annotations

import atexit
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any


class Forks:
    """The process that forks, started when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def start(
        self, arguments: list[str], cwd: Path, env: dict[str, str], log: Path
    ) -> ForkedProcess:
        """Start a server.

        Args:
            arguments: of `jupyter server`.
            log: where its output is appended.
        """
        request = {"arguments": arguments, "cwd": str(cwd), "env": env, "log": str(log)}
        return ForkedProcess(self, self.ask(env["PYTHONPATH"], start=request))

    def ask(self, python_path: str = "", **request: Any) -> Any:
        """Send a request to the process, and return its answer."""
        with self._lock:
            if self._process is None:
                self._process = subprocess.Popen(
                    [sys.executable, __file__],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    env={**os.environ, "PYTHONPATH": python_path},
                )
                atexit.register(self._process.kill)
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())


class ForkedProcess:
    """A server, with the methods of `subprocess.Popen` that the tests use."""

    def __init__(self, forks: Forks, pid: int) -> None:
        self._forks = forks
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code; None while it runs."""
        if self.returncode is None:
            self.returncode = self._forks.ask(poll=self.pid)
        return self.returncode

    def wait(self) -> int:
        """Wait until it has ended."""
        while (code := self.poll()) is None:
            time.sleep(0.005)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)


FORKS = Forks()


def main() -> None:
    """Answer requests from the standard input, until it ends."""
    sys.path.pop(0)  # this folder is in PYTHONPATH
    import jupyter_server_fileid.extension  # noqa: F401

    codes: dict[int, int] = {}
    for line in sys.stdin:
        request = json.loads(line)
        if "start" in request:
            sys.stdout.flush()
            pid = os.fork()
            if pid == 0:
                _serve(**request["start"])
            answer: int | None = pid
        else:
            pid = request["poll"]
            if pid not in codes:
                found, status = os.waitpid(pid, os.WNOHANG)
                if found:
                    codes[pid] = os.waitstatus_to_exitcode(status)
            answer = codes.get(pid)
        print(json.dumps(answer), flush=True)


def _serve(arguments: list[str], cwd: str, env: dict[str, str], log: str) -> None:
    """Become a server, in a forked process."""
    from jupyter_server.serverapp import ServerApp

    code = 1
    try:
        output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.close(nothing)
        os.close(output)
        os.environ.clear()
        os.environ.update(env)
        os.chdir(cwd)
        random.seed()
        sys.argv = ["jupyter-server", *arguments]
        ServerApp.launch_instance(arguments)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
