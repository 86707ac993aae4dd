"""What `make` prints for a step."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent.parent / "scripts" / "step"
NOISY = "echo noise; echo more >&2"


def step(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SCRIPT, *args], cwd=folder, capture_output=True, text=True)


def test_a_step_prints_its_title_and_its_time(tmp_path: Path) -> None:
    done = step(tmp_path, "Installing (all)", "sh", "-c", NOISY)
    first, last = done.stdout.splitlines()
    assert first == "==> Installing (all)"
    assert last.startswith("    done in ")
    assert (done.returncode, done.stderr) == (0, "")
    (log,) = (tmp_path / "build" / "logs" / "steps").iterdir()
    assert log.read_text() == "noise\nmore\n"
    assert "ok      Installing (all)" in (tmp_path / "build" / "times.txt").read_text()


def test_a_step_that_fails_shows_its_output_and_where_it_is(tmp_path: Path) -> None:
    done = step(tmp_path, "Installing", "sh", "-c", f"{NOISY}; exit 3")
    assert done.returncode == 3
    assert done.stderr.startswith("noise\nmore\n")
    assert "build/logs/steps/Installing.log" in done.stderr
    assert "FAILED  Installing" in (tmp_path / "build" / "times.txt").read_text()


@pytest.mark.parametrize("code", [0, 2])
def test_the_output_of_tests_is_shown_as_it_comes(tmp_path: Path, code: int) -> None:
    done = step(tmp_path, "-v", "Tests", "sh", "-c", f"{NOISY}; exit {code}")
    assert done.returncode == code
    assert "noise" in done.stdout.splitlines()
    assert done.stderr.splitlines()[0] == "more"
