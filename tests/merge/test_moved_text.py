"""What one side moved, where it is not known what both sides come from: once, or told. [S4]"""

from __future__ import annotations

import random
from collections import Counter

import pytest

from jupyter_collaboration.merge.moved_text import repeated
from jupyter_collaboration.merge.text import merge_text

OTHERS = "a = 1\nb = 2\n"


@pytest.mark.parametrize("line", ["plot()", "import os", "x = 1", "    return x", "else:"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_a_short_line_that_was_moved_stands_twice_and_is_told(line: str, end: str) -> None:  # [S4]
    ours, theirs = f"{line}\na = 1\nb = 2{end}", f"a = 1\nb = 2\n{line}{end}"
    merged, (here, there) = merge_text(None, ours, theirs, sure=False)
    assert merged == f"{line}\na = 1\nb = 2\n{line}{end}"
    assert merged.replace(here.merged, here.theirs) == theirs
    assert merged.replace(there.merged, there.ours) == ours


def test_lines_that_were_moved_together_are_one_choice() -> None:  # [S4]
    block = "def f():\n\n    return 1\n"
    others = OTHERS + "c = 3\nd = 4\n"
    merged, (here, there) = merge_text(None, block + others, others + block, sure=False)
    assert merged == block + others + block
    assert merged.replace(here.merged, here.theirs) == others + block
    assert merged.replace(there.merged, there.ours) == block + others


def test_a_moved_line_that_one_side_edited_is_told() -> None:  # [S4]
    ours, theirs = "total = sum(values)\n" + OTHERS, OTHERS + "total = sum(values) / n\n"
    merged, conflicts = merge_text(None, ours, theirs, sure=False)
    assert merged == "total = sum(values)\n" + OTHERS + "total = sum(values) / n\n"
    assert len(conflicts) == 2


def test_a_line_that_only_one_side_repeats_is_no_choice() -> None:  # [S4]
    assert merge_text(None, "x = 1\n" + OTHERS + "x = 1\n", "x = 1\n" + OTHERS, sure=False) == (
        "x = 1\n" + OTHERS + "x = 1\n",
        [],
    )


def test_each_repeated_line_is_one_of_the_other_side() -> None:  # [S4]
    lines = ["x", "a", "x", "b", "x"]
    assert repeated(lines, {0, 2}, {4}) == [((0, 2), (7, 9))]


def test_a_choice_names_the_place_if_the_same_stands_elsewhere() -> None:  # [S4]
    base, theirs = "word\nx = 2\nplot()\n", "x = 2\nword\nplot()\n"
    ours = "word + more\nx = 2\nx = 2\nplot()\n"
    merged, (conflict,) = merge_text(base, ours, theirs, sure=False)
    assert merged == "x = 2\nword + more\nx = 2\nplot()\n"
    chosen = merged.replace(conflict.merged, conflict.theirs)
    assert chosen == "x = 2\nword + more\nplot()\n"


class Lines:
    """Makes lines that are hardly equal by chance."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._count = 0

    def __call__(self) -> str:
        self._count += 1
        kinds = ["x{0} = {0}", "import mod{0}", "plot{0}()", "word{0}", "    return v{0} * {0}"]
        kinds += ["total{0} = sum(v{0}) / n{0}", "", "}}", "else:"]
        return self._rng.choice(kinds).format(self._count)


def moved(rng: random.Random, lines: list[str], size: int) -> list[str]:
    at = rng.randrange(len(lines))
    rest = lines[:at] + lines[at + size :]
    goal = rng.randrange(len(rest) + 1)
    return rest[:goal] + lines[at : at + size] + rest[goal:]


def edited(rng: random.Random, lines: list[str], line: Lines) -> list[str]:
    at = rng.randrange(len(lines))
    pieces = [[line(), lines[at]], [f"{lines[at]} + more"], [lines[at]] * 2, [line()]]
    return lines[:at] + rng.choice(pieces) + lines[at + 1 :]


@pytest.mark.parametrize("knows", ["nothing", "too little", "the base"])
@pytest.mark.parametrize("size", [1, 3])
def test_no_line_stands_twice_untold(size: int, knows: str) -> None:  # [S4]
    rng = random.Random(f"{size} {knows}")
    for _ in range(300):
        line = Lines(rng)
        base = [line() for _ in range(rng.randint(2, 10))]
        base.insert(rng.randrange(len(base)), rng.choice(base))
        sides = [base, moved(rng, base, size)]
        if rng.random() < 0.3:
            sides[0] = moved(rng, base, rng.randint(1, 2))
        sides = [side if rng.random() < 0.5 else edited(rng, side, line) for side in sides]
        rng.shuffle(sides)
        ours, theirs = ("\n".join(side) for side in sides)
        known = [each for each in base if knows == "the base" or rng.random() < 0.7]
        old = None if knows == "nothing" else "\n".join(known)
        merged, conflicts = merge_text(old, ours, theirs, sure=False)
        told = {each.strip() for conflict in conflicts for each in conflict.merged.split("\n")}
        counts = [Counter(map(str.strip, text.split("\n"))) for text in (merged, ours, theirs)]
        for each, number in counts[0].items():
            if any(map(str.isalnum, each)) and each not in told:
                assert number <= max(counts[1][each], counts[2][each], 1), (old, ours, theirs)
        for conflict in conflicts:
            assert merged.count(conflict.merged) == 1, (old, ours, theirs)
        if old is None:
            assert {*ours.split(), *theirs.split()} <= set(merged.split()), (ours, theirs)
