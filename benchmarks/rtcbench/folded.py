"""Where a profile's time goes: python -m rtcbench.folded FILE [LABEL=TEXT,TEXT ...]

Reads py-spy's folded stacks, leaves out waiting threads, and prints the
functions with the largest own share. With LABEL=TEXT,... arguments it also
sorts every sample under the first label one of whose texts occurs in its
stack (`function (file.py)`, with the file's last folder).
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

IDLE = ("Condition.wait", "EpollSelector.select", "Selector.poll", "_worker (", "Queue.get")


def short(frame: str) -> str:
    name, _, place = frame.partition(" (")
    place = place.rstrip(")").rsplit(":", 1)[0]
    return f"{name} ({'/'.join(place.split('/')[-2:])})"


def stacks(file: Path) -> list[tuple[list[str], int]]:
    found = []
    for line in file.read_text().splitlines():
        stack, _, count = line.rpartition(" ")
        frames = [short(frame) for frame in stack.split(";")]
        if not frames[-1].startswith(IDLE):
            found.append((frames, int(count)))
    return found


def main() -> None:
    samples = stacks(Path(sys.argv[1]))
    labels = [
        (label, texts.split(",")) for label, _, texts in (a.partition("=") for a in sys.argv[2:])
    ]
    total = sum(count for _, count in samples)
    own, shares = Counter[str](), Counter[str]()
    for frames, count in samples:
        own[frames[-1]] += count
        stack = ";".join(frames)
        shares[
            next((name for name, texts in labels if any(t in stack for t in texts)), "other")
        ] += count
    for title, counter in (("by label", shares), ("own", own)):
        print(f"{title}, of {total} busy samples")
        for name, count in counter.most_common(20):
            print(f"  {100 * count / total:5.1f}%  {name}")


if __name__ == "__main__":
    main()
