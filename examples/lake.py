"""The lag between two seasonal series: the functions behind plots.ipynb."""

from __future__ import annotations

import math
from collections.abc import Sequence


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean; ValueError if there are no values."""
    if not values:
        raise ValueError("no values")
    return sum(values) / len(values)


def correlation(a: Sequence[float], b: Sequence[float]) -> float:
    """Pearson's r of two series of the same length."""
    mean_a, mean_b = mean(a), mean(b)
    covariance = sum((x - mean_a) * (y - mean_b) for x, y in zip(a, b))
    spread = math.sqrt(sum((x - mean_a) ** 2 for x in a) * sum((y - mean_b) ** 2 for y in b))
    return covariance / spread


def best_lag(cause: Sequence[float], effect: Sequence[float], limit: int = 90) -> int:
    """By how many steps `effect` follows `cause` most closely."""
    return max(
        range(limit),
        key=lambda lag: correlation(cause[: len(cause) - lag], effect[lag:]),
    )


if __name__ == "__main__":
    wave = [math.sin(step / 10) for step in range(300)]
    print(best_lag(wave[20:], wave[:-20]))
