"""python -m rtcbench --server NAME=TARGET ... --scenario NAME ... [--reps N] [--json FILE]

Each repetition starts every server afresh, then goes through the scenarios, and
in each through the servers in turn. Compare figures of one run with each other only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
import time
import traceback
from pathlib import Path

from .editing import awareness, latency, slow_reader, throughput
from .execution import animation, execution
from .opening import many_rooms, open_documents
from .peers import Peer, make_peer
from .run import Run, Scenario
from .scale import scale
from .soak import soak
from .stats import table
from .storage import crash, history, save_bursts, save_steady

SCENARIOS: dict[str, Scenario] = {
    "slow_reader": slow_reader,
    "latency": latency,
    "throughput": throughput,
    "awareness": awareness,
    "many_rooms": many_rooms,
    "open": open_documents,
    "save_bursts": save_bursts,
    "save_steady": save_steady,
    "history": history,
    "crash": crash,
    "execution": execution,
    "animation": animation,
    "scale": scale,
    "soak": soak,
}

NAMED = {"execution", "animation", "scale", "soak"}
"""Scenarios that run only if they are named."""


def parse() -> argparse.Namespace:
    listing = "\n".join(f"  {n:12} {s.__doc__.splitlines()[0]}" for n, s in SCENARIOS.items())
    parser = argparse.ArgumentParser(
        prog="python -m rtcbench",
        description=f"{__doc__}\nscenarios:\n{listing}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--server", action="append", required=True, metavar="NAME=TARGET")
    parser.add_argument(
        "--scenario",
        action="append",
        choices=SCENARIOS,
        help="all except execution, animation, scale and soak, if left out",
    )
    parser.add_argument("--reps", type=int, default=3)
    parser.add_argument("--limit", type=float, default=120, help="seconds a scenario may take")
    parser.add_argument("--json", type=Path, help="where the figures of all repetitions go")
    parser.add_argument("--profile", type=Path, help="a folder for py-spy's folded stacks")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="scenario.parameter=JSON",
        help="a scenario's parameter, such as throughput.each=100",
    )
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="Class.trait=JSON",
        help="configuration of every Jupyter server",
    )
    return parser.parse_args()


def nested(pairs: list[str]) -> dict[str, dict]:
    """A.b=JSON, ... as {A: {b: value}}."""
    options: dict[str, dict] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        section, _, trait = name.partition(".")
        options.setdefault(section, {})[trait] = json.loads(value)
    return options


class Session:
    """All repetitions of all scenarios, with what came of them so far."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.servers = dict(server.split("=", 1) for server in args.server)
        self.scenarios = args.scenario or [name for name in SCENARIOS if name not in NAMED]
        self.parameters = nested(args.set)
        self.options = nested(args.option)
        self.results: dict[str, dict[str, list[dict]]] = {name: {} for name in self.servers}
        self.failures: list[str] = []

    async def repetition(self, number: int) -> None:
        """Fresh servers, and each scenario with each of them in turn."""
        with tempfile.TemporaryDirectory(prefix="rtcbench-") as folder:
            peers = [
                make_peer(name, target, Path(folder) / name, self.options)
                for name, target in self.servers.items()
            ]
            try:
                await asyncio.gather(*(peer.start() for peer in peers))
                for scenario in self.scenarios:
                    for peer in peers:
                        await self.measure(number, scenario, peer)
            finally:
                for peer in peers:
                    peer.dispose()

    async def measure(self, number: int, scenario: str, peer: Peer) -> None:
        run = Run(peer, scenario, self.args.profile)
        await run.quiet(limit=60)  # what the last scenario left to do is not this one's
        start, load = time.monotonic(), os.getloadavg()[0]
        try:
            metrics = await asyncio.wait_for(
                SCENARIOS[scenario](run, **self.parameters.get(scenario, {})), self.args.limit
            )
            self.results[peer.name].setdefault(scenario, []).append(metrics)
            said = "done"
        except NotImplementedError as error:
            said = f"skipped: {error}"
        except Exception as error:
            self.failures.append(f"{peer.name} {scenario} #{number}: {error!r}")
            said = f"failed: {traceback.format_exc()}"
            peer.crash()
            await peer.start()
        seconds = time.monotonic() - start
        print(
            f"#{number} {scenario} {peer.name} {seconds:.1f} s (load {load:.1f}) {said}",
            file=sys.stderr,
            flush=True,
        )
        if self.args.json:
            found = {"results": self.results, "failures": self.failures}
            self.args.json.write_text(json.dumps(found, indent=1))


def main() -> None:
    args = parse()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are ended too
    os.environ["PYTHONPATH"] = str(Path(__file__).parent.parent)  # for the pinger's process
    session = Session(args)
    for number in range(args.reps):
        asyncio.run(session.repetition(number))
    print(table(session.results))
    for failure in session.failures:
        print("failed:", failure)


if __name__ == "__main__":
    main()
