"""Plans: JSON-able lists of steps, made from a seed.

Places are shares of what is there when the step is taken (0 to 1), so a step keeps its sense when
others before it are left out.
"""

from __future__ import annotations

import random
from typing import Any

Step = dict[str, Any]
Plan = dict[str, Any]

KINDS = ("notebook", "notebook44", "text", "crlf")

EDITS = {"type": 30, "code": 12, "erase": 6, "cut": 3, "undo": 6}
CELL_EDITS = {"add": 8, "drop": 3, "move": 2, "split": 2, "outputs": 4}
COMINGS = {"off": 7, "on": 7, "crash": 1, "save": 6}
EVENTS = {"disk": 12, "down": 4, "up": 3, "evict": 1, "wipe": 2, "rename": 1, "clock": 1}
GUESTS = {"view": 2, "restore": 5, "fork": 4}
BESIDE = {"beside": 15}
FORKS = {"fork_edit": 8, "merge": 5}
"""What is done with forks, where there are any."""

CHANGES = ("insert", "insert", "erase", "both", "cell", "drop", "code", "code", "run")
"""What another program changes in the file."""

PAUSES = {"none": 5, "ticks": 5, "short": 4, "quiet": 2}

WRITES = {"rewrite": 5, "append": 3, "slow": 2, "replace": 3, "old": 2, "downgrade": 1}

CODE = ("digit", "digit", "value", "name", "letter", "condition", "call", "delete", "join", "line")

FAILPOINTS = [
    "load.history",
    "load.file",
    "load.applied",
    "load.appended",
    "load.merged",
    "relay.received",
    "relay.applied",
    "relay.sent",
    "commit.begin",
    "commit.inserted",
    "commit.done",
    "save.begin",
    "save.checked",
    "save.rendered",
    "save.intended",
    "save.written",
    "save.noted",
    "merge.begin",
    "merge.computed",
    "merge.applied",
    "merge.noted",
    "rebase.begin",
    "rebase.applied",
    "evict.begin",
    "evict.flushed",
    "evict.closed",
]


def _pick(rng: random.Random, weights: dict[str, int]) -> str:
    return rng.choices(list(weights), list(weights.values()))[0]


def make_plan(seed: int, kind: str, steps: int) -> Plan:
    """The plan of a seed."""
    rng = random.Random(f"{seed}:{kind}")
    clients = rng.randint(2, 4)
    notebook = kind.startswith("notebook")
    # Not every plan has all sorts of misfortune: few of them at a time make stories that a reader
    # can follow, and leave time for others.
    events = {name: weight for name, weight in EVENTS.items() if rng.random() < 0.6}
    if "down" in events or "wipe" in events:
        events |= {"up": EVENTS["up"]}
    guests = {name: weight for name, weight in GUESTS.items() if rng.random() < 0.3}
    if "fork" in guests:
        guests |= FORKS
    if "restore" in guests:
        guests |= {"save": 2 * COMINGS["save"]}  # which name versions
    if rng.random() < 0.15:
        events = {name: weight for name, weight in events.items() if name != "wipe"}
        guests |= BESIDE
    weights = EDITS | (CELL_EDITS if notebook else {}) | COMINGS | events | guests
    plan: Plan = {"seed": seed, "kind": kind, "clients": clients, "steps": []}
    for number in range(steps):
        step: Step = {"op": _pick(rng, weights), "mark": number + 1}
        step |= {"client": rng.randrange(clients), "then": _pick(rng, PAUSES)}
        step |= {name: rng.randrange(1000) / 1000 for name in ("cell", "at", "to")}
        if step["op"] in ("type", "beside"):
            step["run"] = rng.random() < 0.4
        elif step["op"] == "code":
            step["code"] = rng.choice(CODE)
        elif step["op"] == "disk":
            step["how"] = _pick(rng, WRITES)
            step["what"] = rng.choice(CHANGES)
            step["code"] = rng.choice(CODE)
        elif step["op"] == "down":
            step["how"] = rng.choice(["stop", "kill", "kill", "point", "point"])
            step["point"] = rng.choice(FAILPOINTS)
            step["count"] = rng.choice([1, 1, 2, 5])
        elif step["op"] == "wipe":
            step["how"] = rng.choice(["delete", "delete", "corrupt", "in use"])
        elif step["op"] == "clock":
            step["by"] = rng.choice([-3600, -5, 3600, -86400 * 365])
        plan["steps"].append(step)
    return plan


def has_ids(plan: Plan) -> bool:
    """Whether the file of a plan names its cells. If not, and both sides changed a cell until
    their texts do not tell that it is one, both are kept. [F5] [L6]"""
    return plan["kind"] != "notebook44" and all(
        step.get("how") != "downgrade" for step in plan["steps"]
    )


def are_two(plan: Plan) -> bool:
    """Whether there are two servers on the folder."""
    return any(step["op"] == "beside" for step in plan["steps"])


def outputs_are_frail(plan: Plan) -> bool:
    """Whether outputs may go with their cells, or be replaced by others."""
    return any(step["op"] in ("disk", "wipe", "restore") for step in plan["steps"])


def merges_contents(plan: Plan) -> bool:
    """Whether contents are merged in a plan, and not only edits."""
    return any(step["op"] in ("disk", "wipe", "restore", "beside") for step in plan["steps"])


def fresh_marks(plan: Plan) -> Plan:
    """A copy of a plan with its steps as they are: marks keep their numbers."""
    return {**plan, "steps": [dict(step) for step in plan["steps"]]}
