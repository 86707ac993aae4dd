"""All servers in one run, as a page of the documentation: what `make bench-report` runs.

    python scripts/bench_report.py OURS_PYTHON PEER_PYTHON JSD_PYTHON NODE_FOLDER [argument ...]

Runs every scenario of rtcbench with each server in turn (REPS repetitions, 3 by default), and
writes the medians between the marks in `docs/benchmarks.md`. The text around the marks is written
by hand. With `--from FILE` in place of the servers, the figures of an earlier run are used.
"""

from __future__ import annotations

import json
import math
import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rtcbench.stats import median

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
RESULTS = ROOT / "build" / "bench-report.json"
START, END = "<!-- figures: make bench-report -->", "<!-- end of figures -->"
EMPTY_PAGE = f"# Benchmarks\n\n{START}\n\n{END}\n"
OURS = "ours"


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        label: what is measured, and its unit.
        scenario, metric: where rtcbench has the figure.
        more_is_better: whether a larger figure is the better one.
    """

    label: str
    scenario: str
    metric: str
    more_is_better: bool = False


ROWS = [
    Row("keystroke to the others, 2 people, p95 ms", "latency", "k2_p95_ms"),
    Row("keystroke to the others, 10 people, p95 ms", "latency", "k10_p95_ms"),
    Row("keystroke to the others, 50 people, p95 ms", "latency", "k50_p95_ms"),
    Row("1,000 edits of 2 people, CPU s", "latency", "k2_cpu_s_per_1000_edits"),
    Row("1,000 edits of 10 people, CPU s", "latency", "k10_cpu_s_per_1000_edits"),
    Row("1,000 edits of 50 people, CPU s", "latency", "k50_cpu_s_per_1000_edits"),
    Row("flood, edits per CPU second", "throughput", "edits_per_cpu_s", more_is_better=True),
    Row("1,000 cursor moves, CPU s", "awareness", "cpu_s_per_1000_moves"),
    Row("cursor to the others, 50 people, p95 ms", "awareness", "p95_ms"),
    Row("memory for the first 20 MB, MB", "slow_reader", "first_rss_growth_MB"),
    Row("memory for 20 MB more with a slow reader, MB", "slow_reader", "slow_rss_growth_MB"),
    Row("memory for 20 MB more without it, MB", "slow_reader", "base_rss_growth_MB"),
    Row("slow reader is disconnected (1: yes)", "slow_reader", "slow_was_closed", True),
    Row("2 MB/s typed, after 20 MB elsewhere, p95 ms", "slow_reader", "base_p95_ms"),
    Row("2 MB/s typed, after 20 MB elsewhere, worst ms", "slow_reader", "base_worst_ms"),
    Row("2 MB/s typed for 10 s, CPU s", "slow_reader", "base_cpu_s"),
    Row("200 notebooks opened, s", "many_rooms", "open_all_s"),
    Row("200 open notebooks, idle, CPU %", "many_rooms", "idle_cpu_percent"),
    Row("memory of an open notebook, kB", "many_rooms", "rss_per_room_kB"),
    Row("memory of a closed notebook, kB", "many_rooms", "rss_kept_per_room_kB"),
    Row("open 10 cells, s", "open", "nb10_cold_s"),
    Row("open 1,000 cells, s", "open", "nb1000_cold_s"),
    Row("open a text file of 5 MB, s", "open", "text5MB_cold_s"),
    Row("open 20 MB of outputs, s", "open", "nb20MB_cold_s"),
    Row("others wait for 10 cells, worst ms", "open", "nb10_cold_stall_ms"),
    Row("others wait for 1,000 cells, worst ms", "open", "nb1000_cold_stall_ms"),
    Row("others wait for a text file of 5 MB, worst ms", "open", "text5MB_cold_stall_ms"),
    Row("others wait for 20 MB of outputs, worst ms", "open", "nb20MB_cold_stall_ms"),
    Row("bursts of typing into 20 MB, CPU s", "save_bursts", "cpu_s"),
    Row("bursts of typing into 20 MB, saves", "save_bursts", "saves", more_is_better=True),
    Row("bursts of typing into 20 MB, others wait, worst ms", "save_bursts", "stall_ms"),
    Row("20 s of typing into 20 MB, CPU s", "save_steady", "cpu_s"),
    Row("20 s of typing into 20 MB, saves", "save_steady", "saves", more_is_better=True),
    Row("20 s of typing into 20 MB, oldest unsaved edit, s", "save_steady", "edit_to_disk_max_s"),
    Row("20 s of typing into 20 MB, others wait, worst ms", "save_steady", "stall_ms"),
    Row("5,000 edits in 5 s, CPU s", "history", "edits_cpu_s"),
    Row("5,000 edits in 5 s, all stored after, s", "history", "drained_s"),
    Row("timeline of 5,000 edits, s", "history", "timeline_s"),
    Row("open after 5,000 edits and a restart, s", "history", "reopen_s"),
    Row("text lost by kill -9 after 0.3 s, %", "crash", "file_0.3s_lost_percent"),
    Row("cells lost by kill -9 after 0.3 s, %", "crash", "notebook_0.3s_lost_percent"),
]

Results = dict[str, dict[str, list[dict[str, Any]]]]


def main() -> None:
    arguments = sys.argv[1:]
    if arguments[:1] == ["--from"]:
        found = json.loads(Path(arguments[1]).read_text())
    else:
        found = measured(*arguments)
    text = PAGE.read_text(encoding="utf-8") if PAGE.exists() else EMPTY_PAGE
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    figures = f"{START}\n\n{machine(found)}\n\n{table(found['results'])}\n\n{END}"
    PAGE.write_text(f"{before}{figures}{after}", encoding="utf-8")
    for failure in found["failures"]:
        print(f"    failed: {failure}")
    print(f"    wrote {PAGE.relative_to(ROOT)}")
    sys.exit(bool(found["failures"]))


def measured(ours: str, peer: str, jsd: str, node_folder: str, *more: str) -> dict[str, Any]:
    """Run the scenarios with all servers, and return rtcbench's figures."""
    node = shutil.which("node")
    if node is None:
        sys.exit("node is not on the PATH: it runs two of the servers.")
    folder = Path(node_folder).absolute()
    # Not resolved: a virtual environment's Python is known by its path.
    servers = {
        OURS: str(Path(ours).absolute()),
        "JC": str(Path(peer).absolute()),
        "JSD": str(Path(jsd).absolute()),
        "HP": f"hocuspocus:{node}:{folder}",
        "YW": f"y-websocket:{node}:{folder}",
        "relay": "relay",
    }
    command = [sys.executable, "-m", "rtcbench", "--json", str(RESULTS)]
    for name, target in servers.items():
        command += ["--server", f"{name}={target}"]
    command += ["--reps", os.environ.get("REPS") or "3", *more]
    load = os.getloadavg()[0]
    subprocess.run(command, cwd=ROOT / "benchmarks", stdout=subprocess.DEVNULL, check=True)
    found: dict[str, Any] = json.loads(RESULTS.read_text())
    found["machine"] = {
        "date": time.strftime("%Y-%m-%d"),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "python": platform.python_version(),
        "load": load,
    }
    RESULTS.write_text(json.dumps(found, indent=1))
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    return next((line.split(": ")[1] for line in lines if line.startswith("model name")), "unknown")


def machine(found: dict[str, Any]) -> str:
    known = found["machine"]
    runs = max(len(each) for scenarios in found["results"].values() for each in scenarios.values())
    repetitions = "one repetition" if runs == 1 else f"medians of {runs} repetitions"
    return (
        f"Measured on {known['date']}: {known['cores']} cores ({known['processor']}), Python "
        f"{known['python']}; {repetitions}, the best figure of each row in bold. "
        f"The load of the machine before the run was {known['load']:.1f}."
    )


def table(results: Results) -> str:
    """Return the figures as a Markdown table, and the rows in which another server is better."""
    names = list(results)
    lines = [
        f"| | {' | '.join(names)} |",
        f"|---|{'---:|' * len(names)}",
    ]
    behind: list[str] = []
    for row in ROWS:
        figures = {name: figure(results[name], row) for name in names}
        rivals = {
            name: each for name, each in figures.items() if name != "relay" and not math.isnan(each)
        }
        if not rivals:
            continue
        best = (max if row.more_is_better else min)(rivals.values())
        shown = {name: formatted(each) for name, each in figures.items()}
        best_of = {name for name in rivals if shown[name] == formatted(best)}
        cells = [f"**{shown[name]}**" if name in best_of else shown[name] for name in names]
        lines.append(f"| {row.label} | {' | '.join(cells)} |")
        if OURS in rivals and OURS not in best_of:
            leader = min(best_of)
            behind.append(f"- {row.label}: {shown[OURS]}, {leader} has {shown[leader]}.")
    if behind:
        lines += ["", "Rows in which another server is better:", "", *behind]
    return "\n".join(lines)


def figure(scenarios: dict[str, list[dict[str, Any]]], row: Row) -> float:
    """Return the median of a row's figure; NaN if the server has none."""
    values = [run[row.metric] for run in scenarios.get(row.scenario, []) if row.metric in run]
    return median(values)


def formatted(value: float) -> str:
    """Return a figure with three digits at most."""
    if math.isnan(value):
        return "-"
    if value and abs(value) < 0.001:
        return "0"
    digits = 0 if value == 0 else 2 - math.floor(math.log10(abs(value)))
    return f"{round(value, digits):,.{max(0, min(digits, 3))}f}"


if __name__ == "__main__":
    main()
