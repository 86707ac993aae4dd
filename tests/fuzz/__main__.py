"""Run plans by hand: ``python -m fuzz --seed 7 --kind notebook --steps 40 --shrink``.

With ``--sockets``, servers and pages are processes of their own, as for users.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from pathlib import Path

from .plan import KINDS, Plan, make_plan
from .shrink import Run, shrunk
from .world import run_plan

KEPT = Path(__file__).parents[2] / "build" / "fuzz"

REAL_STEPS = 30
"""Steps of a plan with real parts, of which each takes longer."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, help="the plan's seed; without, plans until stopped")
    parser.add_argument("--from", dest="first", type=int, default=None, help="the first seed")
    parser.add_argument("--count", type=int, default=None, help="how many plans")
    parser.add_argument("--stop", action="store_true", help="end with the first plan that fails")
    parser.add_argument("--kind", choices=KINDS, help="the kind of document")
    parser.add_argument("--steps", type=int, default=None)
    parser.add_argument("--plan", type=Path, help="a plan that was kept, instead of a seed")
    parser.add_argument("--shrink", action="store_true", help="make a failing plan small")
    parser.add_argument("--tries", type=int, default=1, help="how often a plan is run")
    parser.add_argument(
        "--sockets", action="store_true", help="real servers and sockets, and pages in Node"
    )
    options = parser.parse_args()
    if options.plan:
        return _one(json.loads(options.plan.read_text()), options)
    if options.seed is not None:
        kinds = [options.kind] if options.kind else KINDS
        return max(_one(_plan(options.seed, kind, options), options) for kind in kinds)
    return _many(options)


def _plan(seed: int, kind: str, options: argparse.Namespace) -> Plan:
    if not options.sockets:
        return make_plan(seed, kind, options.steps or 40)
    from .sockets.plan import make_real_plan

    return make_real_plan(seed, kind, options.steps or REAL_STEPS)


def _runner(plan: Plan) -> Run:
    """What carries out a plan: with real parts if it says who is a page."""
    if "pages" not in plan:
        return run_plan
    from .sockets.world import run_real_plan

    return run_real_plan


def _one(plan: Plan, options: argparse.Namespace) -> int:
    problems: list[str] = []
    run = _runner(plan)
    for _ in range(options.tries):
        problems = run(plan)
        if problems:
            break
    print(f"seed {plan['seed']}, {plan['kind']}: {'failed' if problems else 'ok'}")
    if problems and options.shrink:
        plan, problems = shrunk(plan, problems, options.tries, run=run)
        print(json.dumps(plan["steps"], indent=None).replace("}, ", "},\n "))
    for problem in problems:
        print("  ", problem)
    return int(bool(problems))


def _many(options: argparse.Namespace) -> int:
    start = time.monotonic()
    first = time.time_ns() % 10**9 if options.first is None else options.first
    failed = 0
    seeds = itertools.count(first)
    try:
        for done, seed in enumerate(itertools.islice(seeds, options.count), 1):
            kind = options.kind or KINDS[seed % len(KINDS)]
            plan = _plan(seed, kind, options)
            problems = _runner(plan)(plan)
            if problems:
                failed += 1
                KEPT.mkdir(parents=True, exist_ok=True)
                real = "real-" if "pages" in plan else ""
                kept = KEPT / f"{real}{kind}-{seed}.json"
                kept.write_text(json.dumps({**plan, "problems": problems}, indent=1) + "\n")
                print(f"\nseed {seed}, {kind} failed ({kept}): {problems[0]}")
                if options.stop:
                    break
            rate = (time.monotonic() - start) / done
            print(f"\r{done} plans, {failed} failed, {rate:.2f} s each", end="", flush=True)
    except KeyboardInterrupt:
        pass
    print()
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
