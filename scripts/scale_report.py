"""Curves over the number of people, as a picture and a table of the documentation.

    python scripts/scale_report.py NAME=TARGET ... [-- argument ...]

Runs rtcbench's scenario `scale` with each server, as `make bench-scale` does, and writes
`docs/images/scale.svg` and the table between the marks in `docs/benchmarks.md`. With
`--from FILE` in place of the servers, the figures of an earlier run are used.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from rtcbench.stats import median

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
PICTURE = ROOT / "docs" / "images" / "scale.svg"
RESULTS = ROOT / "build" / "bench-scale.json"
START, END = "<!-- figures: make bench-scale -->", "<!-- end of scale -->"

LIMIT = 600
"""Seconds that the scenario may take with one server."""

METRICS = {
    "p95_ms": "keystroke to the others, p95, ms",
    "cpu_percent": "CPU of one core, %",
    "rss_MB": "memory, MB",
    "store_MB": "history, MB more",
}
PANELS = ("p95_ms", "cpu_percent", "rss_MB")
LOGARITHMIC = "p95_ms"
COLORS = ("#1a5fb4", "#c64600", "#2d7d46", "#813d9c", "#5e5c64")
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 300, 220, 52, 34, 40

Curve = list[tuple[int, float]]
Curves = dict[str, dict[str, Curve]]


def main() -> None:
    arguments = sys.argv[1:]
    if arguments[:1] == ["--from"]:
        found = json.loads(Path(arguments[1]).read_text())
    else:
        found = measured(arguments)
    curves = {name: of_server(runs.get("scale", [])) for name, runs in found["results"].items()}
    PICTURE.write_text(picture(curves), encoding="utf-8")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{START}\n\n{table(curves)}\n\n{END}{after}", encoding="utf-8")
    for failure in found["failures"]:
        print(f"    failed: {failure}")
    print(f"    wrote {PICTURE.relative_to(ROOT)} and {PAGE.relative_to(ROOT)}")
    sys.exit(bool(found["failures"]))


def measured(arguments: list[str]) -> dict[str, Any]:
    """Run the scenario, and return rtcbench's figures."""
    at = arguments.index("--") if "--" in arguments else len(arguments)
    command = [sys.executable, "-m", "rtcbench", "--scenario", "scale", "--json", str(RESULTS)]
    command += ["--reps", "1", "--limit", str(LIMIT)]
    for server in arguments[:at]:
        name, _, target = server.partition("=")
        path = Path(target)
        # Not resolved: a virtual environment's Python is known by its path.
        command += ["--server", f"{name}={path.absolute() if path.exists() else target}"]
    command += arguments[at + 1 :]
    subprocess.run(command, cwd=ROOT / "benchmarks", stdout=subprocess.DEVNULL, check=True)
    found: dict[str, Any] = json.loads(RESULTS.read_text())
    return found


def of_server(runs: list[dict[str, Any]]) -> dict[str, Curve]:
    """Return a server's curves by metric, as pairs of people and medians."""
    curves: dict[str, Curve] = {}
    for key in runs[0] if runs else ():
        match = re.fullmatch(r"n(\d+)_(.+)", key)
        if match is not None and match[2] in METRICS:
            value = median([run[key] for run in runs])
            curves.setdefault(match[2], []).append((int(match[1]), value))
    return {metric: sorted(curve) for metric, curve in curves.items()}


def table(curves: Curves) -> str:
    """Return the figures as a Markdown table."""
    people = sorted({at for each in curves.values() for curve in each.values() for at, _ in curve})
    lines = [
        f"| | {' | '.join(f'{count:,}' for count in people)} |",
        f"|---|{'---:|' * len(people)}",
    ]
    for metric, label in METRICS.items():
        for name, each in curves.items():
            if any(value for _, value in each.get(metric, ())):
                values = dict(each[metric])
                shown = [formatted(values[at]) if at in values else "-" for at in people]
                lines.append(f"| {name}: {label} | {' | '.join(shown)} |")
    return "\n".join(lines)


def formatted(value: float) -> str:
    """Return a figure with three digits, or a whole number."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def picture(curves: Curves) -> str:
    """Return the curves as an SVG picture, one panel for each of `PANELS`."""
    width = (WIDTH + LEFT) * len(PANELS) + 10
    height = TOP + HEIGHT + BOTTOM + 24
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        ' font-family="sans-serif" font-size="12" role="img">',
        "<title>Latency, CPU and memory over the number of people</title>",
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for number, metric in enumerate(PANELS):
        parts += panel((WIDTH + LEFT) * number + LEFT, metric, curves)
    for number, name in enumerate(curves):
        at, y = LEFT + 110 * number, height - 12
        parts.append(
            f'<path d="M{at} {y - 4}h20" stroke="{COLORS[number % len(COLORS)]}" stroke-width="2"/>'
            f'<text x="{at + 26}" y="{y}">{escape(name)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def panel(left: int, metric: str, curves: Curves) -> list[str]:
    """Return the parts of one panel."""
    shown = {name: each[metric] for name, each in curves.items() if metric in each}
    points = [point for curve in shown.values() for point in curve]
    most_people = max((at for at, _ in points), default=1)
    lines = grid(metric, max((value for _, value in points), default=1.0))

    def x(people: float) -> float:
        return left + (WIDTH - 20) * people / most_people

    def y(value: float) -> float:
        if metric != LOGARITHMIC:
            return TOP + HEIGHT * (1 - value / lines[-1])
        least, most = math.log10(lines[0]), math.log10(lines[-1])
        return TOP + HEIGHT * (1 - (math.log10(max(value, lines[0])) - least) / (most - least))

    parts = [f'<text x="{left}" y="{TOP - 14}" font-weight="bold">{escape(METRICS[metric])}</text>']
    for value in lines:
        parts.append(
            f'<path d="M{left} {y(value):.1f}H{x(most_people):.1f}" stroke="#ddd"/>'
            f'<text x="{left - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:,g}</text>'
        )
    for people in sorted({at for at, _ in points}):
        parts.append(
            f'<text x="{x(people):.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">'
            f"{people:,}</text>"
        )
    for number, name in enumerate(curves):
        if name in shown:
            line = "L".join(f"{x(at):.1f} {y(value):.1f}" for at, value in shown[name])
            color = COLORS[number % len(COLORS)]
            parts.append(f'<path d="M{line}" fill="none" stroke="{color}" stroke-width="2"/>')
    return parts


def grid(metric: str, most: float) -> list[float]:
    """Return the values at which a panel has lines, from the bottom to the top."""
    if metric == LOGARITHMIC:
        return [10.0**power for power in range(-1, max(1, math.ceil(math.log10(most))) + 1)]
    step = nice_step(most / 4)
    return [step * number for number in range(max(1, math.ceil(most / step)) + 1)]


def nice_step(least: float) -> float:
    """Return the smallest of 1, 2, 5, 10, 20, … that is not less than a value."""
    power = 10.0 ** math.floor(math.log10(least)) if least > 0 else 1.0
    return next((power * factor for factor in (1, 2, 5, 10) if power * factor >= least), power * 10)


if __name__ == "__main__":
    main()
