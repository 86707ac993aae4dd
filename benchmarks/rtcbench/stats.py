"""Percentiles, medians over repetitions, and the table of a run."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

Results = dict[str, dict[str, list[dict[str, float]]]]
"""{server: {scenario: [metrics of one repetition, ...]}}"""


def percentile(values: Sequence[float], share: float) -> float:
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def quantiles_ms(prefix: str, values: Sequence[float]) -> dict[str, float]:
    return {
        f"{prefix}p{round(share * 100)}_ms": 1000 * percentile(values, share)
        for share in (0.5, 0.95, 0.99)
    }


def median(values: Sequence[float]) -> float:
    known = [value for value in values if value == value]
    return statistics.median(known) if known else float("nan")


def paired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """The median over repetitions of ours / theirs; None where there is no such ratio.

    A ratio is taken within a repetition, whose servers took turns on the same machine:
    what slows the machine for a while touches both sides of it.
    """
    if len(ours) == len(theirs):
        ratios = [a / b for a, b in zip(ours, theirs, strict=True) if b]
    else:  # a repetition failed on one side: the pairs are not known any more
        ratios = [median(ours) / median(theirs)] if median(theirs) else []
    found = median(ratios)
    return found if found == found else None


def _cell(values: Sequence[float]) -> str:
    if not values:
        return "-"
    if isinstance(values[0], str):
        return values[0][:60]
    cell = f"{median(values):.4g}"
    if len(values) > 1:
        cell += f" [{min(values):.3g}-{max(values):.3g}]"
    return cell


def _ratio_cell(ours: Sequence[float], theirs: Sequence[float]) -> str:
    if not ours or not theirs or isinstance(ours[0], str) or isinstance(theirs[0], str):
        return "-"
    ratio = paired_ratio(ours, theirs)
    return "-" if ratio is None else f"{ratio:.2f}"


def table(results: Results) -> str:
    """Markdown: a row a metric, a column a peer; median [min-max] of its repetitions.

    The first peer is compared with each of the others: a column of ratios each.
    """
    peers = list(results)
    first, others = peers[0], peers[1:]
    columns = ["scenario", "metric", *peers, *(f"{first} / {other}" for other in others)]
    lines = ["| " + " | ".join(columns) + " |", "|---" * len(columns) + "|"]
    for scenario in dict.fromkeys(name for peer in peers for name in results[peer]):
        runs = {peer: results[peer].get(scenario, []) for peer in peers}
        for metric in dict.fromkeys(key for peer in peers for run in runs[peer] for key in run):
            values = {peer: [run[metric] for run in runs[peer] if metric in run] for peer in peers}
            cells = [_cell(values[peer]) for peer in peers]
            cells += [_ratio_cell(values[first], values[other]) for other in others]
            lines.append("| " + " | ".join([scenario, metric, *cells]) + " |")
    return "\n".join(lines)
