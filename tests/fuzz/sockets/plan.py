"""Plans for real parts: those of `fuzz`, and who is a page, what is large, and who reloads."""

from __future__ import annotations

import random

from ..contents import is_notebook
from ..plan import Plan, Step, make_plan

LEFT_OUT = {"clock", "fork", "fork_edit", "merge", "view"}
"""What is done to the rooms themselves, which are in another process here."""


def make_real_plan(seed: int, kind: str, steps: int) -> Plan:
    """The plan of a seed, without the steps that need a room in this process."""
    plan = make_plan(seed, kind, steps)
    rng = random.Random(f"{seed}:{kind}:real")
    pages = rng.choice([1, 1, 2]) if plan["clients"] > 2 else 1
    plan["pages"] = list(range(plan["clients"] - pages, plan["clients"]))
    plan["large"] = is_notebook(kind) and rng.random() < 0.15
    plan["steps"] = [_real(step, plan, rng) for step in plan["steps"] if step["op"] not in LEFT_OUT]
    return plan


def _real(step: Step, plan: Plan, rng: random.Random) -> Step:
    is_page = step["client"] in plan["pages"]
    if is_page and (step["op"] == "crash" or (step["op"] == "off" and rng.random() < 0.3)):
        return {**step, "op": "reload"}
    if plan["large"] and step["op"] in ("outputs", "drop") and rng.random() < 0.6:
        return {**step, "op": "paste"}
    return step
