"""Tests of the process for computations on large documents."""

from __future__ import annotations

import ast
import importlib
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pycrdt import Doc, Text

from jupyter_collaboration import worker
from jupyter_collaboration.documents.codec import replay
from jupyter_collaboration.worker import LARGE, Worker, run_large

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def process() -> Iterator[Worker]:
    made = Worker()
    yield made
    made.close()


async def test_small_documents_stay_in_this_process() -> None:
    assert await run_large(LARGE - 1, os.getpid) == os.getpid()


async def test_large_documents_are_computed_elsewhere() -> None:
    """[M12]"""
    try:
        other = await run_large(LARGE, os.getpid)
        assert other != os.getpid()
        doc: Doc[Text] = Doc()
        doc["source"] = Text("x" * LARGE)
        state = await run_large(LARGE, replay, [doc.get_update()])
        assert await run_large(LARGE, os.getpid) == other
    finally:
        worker.stop_worker()
    again: Doc[Text] = Doc()
    again.apply_update(state)
    assert str(again.get("source", type=Text)) == "x" * LARGE


def test_exceptions_arrive(process: Worker) -> None:
    with pytest.raises(ZeroDivisionError):
        process.call(divmod, (1, 0))
    assert process.call(divmod, (7, 2)) == (3, 1)


def test_output_of_the_computation_is_not_taken_for_the_answer(process: Worker) -> None:
    call = "import os; print('no'); os.system('echo no')"
    assert process.call(exec, (call,)) is None
    assert process.call(divmod, (7, 2)) == (3, 1)


def test_a_process_that_dies_is_replaced(process: Worker) -> None:
    first = process.call(os.getpid, ())
    os.kill(first, signal.SIGKILL)
    # It may die before, during or after the question; the answer comes in any case.
    assert process.call(divmod, (7, 2)) == (3, 1)
    second = process.call(os.getpid, ())
    assert second not in (first, os.getpid())


def test_an_answer_that_cannot_be_sent_is_an_error(process: Worker) -> None:
    with pytest.raises(RuntimeError, match="memoryview"):
        process.call(memoryview, (b"x",))


def test_without_processes_it_is_computed_here(
    process: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert process.call(os.getpid, ()) == os.getpid()


def test_a_stop_waits_for_no_result(process: Worker) -> None:
    process.call(os.getpid, ())
    raised: list[Exception] = []

    def ask() -> None:
        try:
            process.call(time.sleep, (600,))
        except RuntimeError as error:
            raised.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    while not process._lock.locked():
        time.sleep(0.001)
    process.stop()
    asking.join()
    assert [str(error) for error in raised] == ["The server is stopping."]
    assert process.call(divmod, (7, 2)) == (3, 1)  # a server that starts again in this process


def test_it_ends_when_it_is_idle(process: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "IDLE_TIME", 0.01)
    pid = process.call(os.getpid, ())
    while Path(f"/proc/{pid}").exists():
        time.sleep(0.01)
    assert process.call(divmod, (7, 2)) == (3, 1)


def test_it_ends_with_the_server() -> None:
    code = (
        "import os; from jupyter_collaboration.worker import Worker;"
        "w = Worker(); print(w.call(os.getpid, ()), flush=True); os.kill(os.getpid(), 9)"
    )
    server = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    pid = int(server.stdout)
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}/cmdline").exists() and _is_running(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _is_running(pid: int) -> bool:
    try:
        return b"worker.py" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def started() -> subprocess.Popen[bytes]:
    """The process, as a server starts it."""
    return subprocess.Popen(
        [sys.executable, worker.__file__, *sys.path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_the_process_ends_without_words_when_its_server_is_killed_during_a_question() -> None:
    """[M12]"""
    process = started()
    question = pickle.dumps((len, ("x" * LARGE,)), protocol=5)
    _, errors = process.communicate(question[: LARGE // 2], timeout=30)
    assert (process.returncode, errors) == (0, b"")


def test_the_process_ends_without_words_when_its_server_is_killed_before_the_answer() -> None:
    """[M12]"""
    process = started()
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process:
        pickle.dump((bytes, (LARGE,)), process.stdin, protocol=5)
        process.stdin.flush()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def called_in_the_process() -> set[str]:
    """The modules of the functions that are passed to `run_large`."""
    folder = Path(worker.__file__).parent
    found = set()
    for path in folder.rglob("*.py"):
        name = ".".join(path.relative_to(folder.parent).with_suffix("").parts)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "run_large":
                called = node.args[1]
                assert isinstance(called, ast.Name)
                found.add(getattr(importlib.import_module(name), called.id).__module__)
    return found


def test_the_process_starts_quickly_without_the_modules_of_a_server() -> None:
    """[M12] Importing these takes seconds on a busy machine, at the first merge."""
    modules = called_in_the_process()
    assert "jupyter_collaboration.merge.document" in modules
    heavy = "{'jupyter_server', 'nbformat', 'jsonschema', 'tornado'} & set(sys.modules)"
    program = f"import sys, {', '.join(sorted(modules))}; print({heavy} or '')"
    found = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == ""
