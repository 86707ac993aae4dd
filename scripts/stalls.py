"""How long others wait while a large document is used: what `make stalls` runs.

    python scripts/stalls.py OURS_PYTHON [argument of rtcbench ...]

Two people in a small document exchange a message every 20 ms, while large documents are opened,
typed into and saved, and after 20 MB were typed into another document. The table shows the longest
time that one of those messages took. On a busy machine, run it with a higher priority:
`chrt -r 5 make stalls`.
"""

import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent

FIGURES = [
    ("nothing else happens", "open", "idle_stall_ms"),
    ("a notebook of 10 cells is opened", "open", "nb10_cold_stall_ms"),
    ("a notebook of 1,000 cells is opened", "open", "nb1000_cold_stall_ms"),
    ("a text file of 5 MB is opened", "open", "text5MB_cold_stall_ms"),
    ("a notebook with 20 MB of outputs is opened", "open", "nb20MB_cold_stall_ms"),
    ("somebody else opens it", "open", "nb20MB_warm_stall_ms"),
    ("it is typed into for 20 s, and saved", "save_steady", "stall_ms"),
    ("it is typed into with pauses, and saved", "save_bursts", "stall_ms"),
    ("2 MB/s are written after 20 MB elsewhere (p95)", "slow_reader", "base_p95_ms"),
    ("2 MB/s are written after 20 MB elsewhere (worst)", "slow_reader", "base_worst_ms"),
]
"""What happens, the scenario, and its figure."""


def main() -> None:
    ours, *more = sys.argv[1:]
    results = ROOT / "build" / "stalls.json"
    command = [sys.executable, "-m", "rtcbench", "--json", str(results)]
    # Not resolved: a virtual environment's Python is known by its path.
    command += [
        "--server",
        f"ours={Path(ours).absolute()}",
        "--reps",
        os.environ.get("REPS") or "3",
    ]
    for scenario in dict.fromkeys(name for _, name, _ in FIGURES):
        command += ["--scenario", scenario]
    run = subprocess.run(
        [*command, *more], cwd=ROOT / "benchmarks", stdout=subprocess.DEVNULL, check=False
    )
    if run.returncode:
        sys.exit(run.returncode)
    found = json.loads(results.read_text())
    for failure in found["failures"]:
        print(f"    failed: {failure}")
    print(f"    on {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}; median of the repetitions")
    for text, scenario, figure in FIGURES:
        print(f"    {text:50} {median_of(found, scenario, figure):8.1f} ms")


def median_of(found: dict, scenario: str, figure: str) -> float:
    """Return the median of a figure over the repetitions; NaN if it was not measured."""
    runs = found["results"]["ours"].get(scenario, [])
    values = sorted(run[figure] for run in runs if figure in run)
    return values[len(values) // 2] if values else math.nan


if __name__ == "__main__":
    main()
