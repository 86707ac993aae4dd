"""Run several make targets, all of them even if one fails, and sum up at the end.

    python scripts/run_all.py TARGET ...

Each target's output is shown as it comes and kept in build/logs/TARGET.log. The summary
shows the closing lines of the runners, what failed, and the seconds of every step; the exit code
is 1 if any target failed. Uses the standard library only: it runs before any environment exists.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

BUILD = Path(__file__).parent.parent / "build"
CLOSING = re.compile(
    r"\b\d+ (passed|failed|error|skipped|flaky|did not run)|"
    r"^\s*(Tests|Test Files) |All checks passed|already formatted|would be reformatted|"
    r"Success: no issues|Found \d+ error|code style|✖ \d+ problem"
)
FAILED = re.compile(
    r"^(FAILED|ERROR) tests/|^E  |^\s*FAIL |^\s*\d+\) |Error: |^\s*(Expected|Received)\b"
)
"""Lines of a runner that say which test failed, and why."""

SHOWN = 40
COLOR = re.compile(r"\x1b\[[0-9;]*m")


def run(target: str) -> tuple[bool, float, list[str], list[str]]:
    """Whether the target succeeded, its seconds, its runners' closing lines, and what failed."""
    start = time.monotonic()
    closing = []
    failed = []
    with (BUILD / "logs" / f"{target}.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [os.environ.get("MAKE", "make"), "--no-print-directory", target],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        )
        assert process.stdout
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            plain = COLOR.sub("", line).rstrip()
            log.write(plain + "\n")
            if CLOSING.search(plain):
                closing.append(plain.strip())
            elif FAILED.search(plain):
                failed.append(plain.strip())
        code = process.wait()
    return code == 0, time.monotonic() - start, closing[-8:], failed[-SHOWN:] if code else []


def main() -> None:
    (BUILD / "logs").mkdir(parents=True, exist_ok=True)
    times = BUILD / "times.txt"
    times.unlink(missing_ok=True)
    start = time.monotonic()
    results = {target: run(target) for target in sys.argv[1:]}
    print("\n==> Steps")
    if times.exists():
        print(times.read_text(encoding="utf-8").rstrip())
    print("\n==> Summary")
    for target, (passed, seconds, closing, wrong) in results.items():
        print(f"{'passed' if passed else 'FAILED'}  {target} ({seconds:.0f} s)")
        for line in closing + wrong:
            print(f"        {line[:400]}")
    failed = [target for target, (passed, *_) in results.items() if not passed]
    print(f"{time.monotonic() - start:.0f} s in all; failed: {', '.join(failed) or 'nothing'}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
