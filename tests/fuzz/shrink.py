"""Makes a failing plan small."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from .plan import Plan
from .world import run_plan

Run = Callable[[Plan], list[str]]


def sort_of(problem: str) -> str:
    """What a problem is, without marks, names and numbers."""
    return re.sub(r"⟦\d+⟧|\d+|of .* is|\(.*", "", problem.split(":")[0])


def fails(plan: Plan, tries: int, sort: str, run: Run = run_plan) -> list[str]:
    """What is wrong, if a plan fails so in one of several tries: threads race as they like."""
    for _ in range(tries):
        problems = run(plan)
        if any(sort_of(problem) == sort for problem in problems):
            return problems
    return []


def shrunk(
    plan: Plan, problems: list[str], tries: int = 2, seconds: float = 120, run: Run = run_plan
) -> tuple[Plan, list[str]]:
    """The plan without the steps without which it fails as well, and how it fails then.

    Args:
        seconds: after which what was found so far is returned.
        run: carries out a plan.
    """
    end = time.monotonic() + seconds
    sort = sort_of(problems[0])
    steps = plan["steps"]
    size = max(1, len(steps) // 2)
    while True:
        at = 0
        before = len(steps)
        while at < len(steps) and time.monotonic() < end:
            fewer = steps[:at] + steps[at + size :]
            found = fails({**plan, "steps": fewer}, tries, sort, run)
            if found:
                steps, problems = fewer, found
            else:
                at += size
        if size == 1 and len(steps) == before:
            return {**plan, "steps": steps}, problems
        size = max(1, size // 2)
