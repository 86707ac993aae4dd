"""Our wheel beside the published peer: what `make bench` runs, once both are installed.

    python scripts/bench.py OURS_PYTHON PEER_PYTHON [argument of rtcbench ...]

SCENARIOS and REPS in the environment choose what is run. Every repetition starts both
servers afresh and goes through the scenarios with each in turn.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent


def main() -> None:
    ours, peer, *more = sys.argv[1:]
    scenarios = os.environ.get("SCENARIOS") or "latency throughput awareness"
    results = ROOT / "build" / "bench.json"
    command = [sys.executable, "-m", "rtcbench", "--json", str(results)]
    # Not resolved: a virtual environment's Python is known by its path.
    command += ["--server", f"ours={Path(ours).absolute()}"]
    command += ["--server", f"peer={Path(peer).absolute()}"]
    for scenario in scenarios.split():
        command += ["--scenario", scenario]
    command += ["--reps", os.environ.get("REPS") or "3", *more]
    print(f"    scenarios: {scenarios}; on {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}")
    code = subprocess.run(command, cwd=ROOT / "benchmarks", check=False).returncode
    print(f"    figures of all repetitions: {results.relative_to(ROOT)}")
    sys.exit(code)


if __name__ == "__main__":
    main()
