"""Show what is lost, and what tests catch, as a table that anybody can reproduce.

    python scripts/evidence.py OURS_PYTHON PEER_PYTHON [--plans N] [--from SEED]

Runs random plans of edits, kills, lost stores and other writers (`tests/fuzz`); kills the server at
every point of its work; brings known bugs back, one at a time; and kills our server and the
published one with `kill -9` while people type, to compare what each has lost. Ends with 1 if
anything of ours failed. The table is also written to build/evidence.md.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent

REAL_PLANS = 20
"""How many more plans run in one process than with real servers, which take longer."""


def output_of(*command: str, cwd: Path = ROOT) -> tuple[int, str]:
    """Run a command with the source tree on its path, and return its exit code and its output."""
    paths = os.pathsep.join(map(str, (ROOT, ROOT / "tests", ROOT / "benchmarks")))
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def plans(first: int, count: int, *options: str) -> tuple[bool, str]:
    code, text = output_of(
        *(sys.executable, "-m", "fuzz", "--from", str(first), "--count", str(count), *options),
        cwd=ROOT / "tests",
    )
    figures = re.findall(r"(\d+) plans, (\d+) failed", text)
    done, failed = figures[-1] if figures else ("0", "?")
    return code == 0, f"{done} plans from seed {first}: {failed} failed"


def kills() -> tuple[bool, str]:
    code, text = output_of(
        sys.executable,
        "-m",
        "pytest",
        "-v",
        "-p",
        "no:cacheprovider",
        "tests/system/test_faults_kill.py",
    )
    found = re.findall(r"(\d+) (passed|failed)", text)
    return code == 0, ", ".join(f"{count} {word}" for count, word in found) or "did not run"


def mutations() -> tuple[bool, str]:
    code, text = output_of(sys.executable, "scripts/mutate.py")
    found = re.search(r"\d+ of \d+ bugs caught", text)
    return code == 0, found[0] if found else text.strip().splitlines()[-1]


def crashes(servers: dict[str, str]) -> dict[str, str]:
    """What each server lost of what another person had seen 0.3 s and 1.5 s before the kill."""
    results = ROOT / "build" / "evidence.json"
    results.parent.mkdir(exist_ok=True)
    options = [f"--server={name}={Path(python).absolute()}" for name, python in servers.items()]
    code, text = output_of(
        *(sys.executable, "-m", "rtcbench", "--scenario", "crash", "--reps", "1"),
        *(f"--json={results}", *options),
        cwd=ROOT / "benchmarks",
    )
    if code:
        return dict.fromkeys(servers, text.strip().splitlines()[-1])
    found = json.loads(results.read_text())["results"]
    return {name: _loss(found[name]["crash"]) for name in servers}


def _loss(runs: list[dict[str, float]]) -> str:
    names = [name for name in runs[0] if name.endswith(("lost_percent", "doubled"))]
    return ", ".join(f"{name} {median(run[name] for run in runs):g}" for name in names)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ours")
    parser.add_argument("peer")
    parser.add_argument("--plans", type=int, default=1000)
    parser.add_argument("--from", dest="first", type=int, default=4_000_000)
    options = parser.parse_args()
    lost = crashes({"ours": options.ours, "published": options.peer})
    checks = {
        "random plans": plans(options.first, options.plans),
        "random plans with real servers and pages": plans(
            options.first, max(1, options.plans // REAL_PLANS), "--sockets"
        ),
        "kills at every point of the server's work": kills(),
        "known bugs, brought back": mutations(),
    }
    lines = ["| check | result |", "| --- | --- |"]
    lines += [f"| {name} | {said} |" for name, (_, said) in checks.items()]
    lines += [f"| `kill -9` while people type: {name} | {said} |" for name, said in lost.items()]
    table = "\n".join(lines) + "\n"
    (ROOT / "build" / "evidence.md").write_text(table)
    print(table, end="")
    return int(not all(is_good for is_good, _ in checks.values()))


if __name__ == "__main__":
    sys.exit(main())
