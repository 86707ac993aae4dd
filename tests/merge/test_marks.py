"""Random three-way merges of texts: what was added is there once, and what nobody deleted stays."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from itertools import count

import pytest
from fuzz.marks import mark_text, marks_in, readable, seam, torn

from jupyter_collaboration.merge.conflict import Conflict
from jupyter_collaboration.merge.diff import starts_of, tokens_of
from jupyter_collaboration.merge.text import merge_text

SEEDS = 1500

AROUND = ["", "\n", " ", "x = 1\n", "\nx = 1"]


@dataclass
class Texts:
    """What a merge gets."""

    base: str | None
    ours: str
    theirs: str

    def __str__(self) -> str:
        sides = (self.base, self.ours, self.theirs)
        return " / ".join(repr(readable(text)) if text is not None else "None" for text in sides)


def edited(rng: random.Random, text: str, numbers: count[int], around: list[str]) -> str:
    """A text after some insertions and deletions."""
    for _ in range(rng.randint(1, 4)):
        start = seam(text, rng.random())
        end = seam(text, min(1.0, start / (len(text) or 1) + rng.random() * 0.3))
        if rng.random() < 0.6:
            piece = rng.choice(around) + mark_text(next(numbers)) + rng.choice(around)
            text = text[:start] + piece + text[start:]
        elif start < end:
            text = text[:start] + text[end:]
    return text


def made(seed: int, knowledge: str) -> Texts:
    """Two sides' texts and a base: a proper one, one older than what both know, or none."""
    rng = random.Random(seed)
    numbers = count(1)
    plain = ["x = 1\n", "\n", " ", "y"]
    base = ""
    for _ in range(rng.randint(0, 12)):
        base += mark_text(next(numbers)) if rng.random() < 0.3 else rng.choice(plain)
    around = AROUND if rng.random() < 0.7 else [""]
    shared = edited(rng, base, numbers, around) if knowledge == "older" else base
    ours, theirs = (edited(rng, shared, numbers, around) for _ in range(2))
    return Texts(None if knowledge == "none" else base, ours, theirs)


def wrong_in(merged: str, conflicts: list[Conflict], texts: Texts) -> list[str]:
    base, ours, theirs = (marks_in(text or "") for text in (texts.base, texts.ours, texts.theirs))
    found = marks_in(merged)
    for conflict in conflicts:  # both lines stand, with what they have in common
        if conflict.merged in (
            conflict.ours + conflict.theirs,
            f"{conflict.ours}\n{conflict.theirs}",
        ):
            found -= marks_in(conflict.ours) & marks_in(conflict.theirs)
    wrong = [f"{readable(torn(merged))!r} is torn"] if torn(merged) else []
    for number in ours | theirs:
        added = number not in base
        kept = number in ours and number in theirs
        if found[number] > 1:
            wrong.append(f"⟦{number}⟧ is doubled")
        if not found[number] and (added or kept):
            wrong.append(f"⟦{number}⟧ is lost")
    return wrong


@pytest.mark.parametrize("knowledge", ["proper", "older", "none"])
def test_a_merge_of_texts_loses_and_doubles_nothing(knowledge: str) -> None:  # [F4] [S4]
    failures: list[tuple[int, str]] = []
    for seed in range(SEEDS):
        texts = made(seed, knowledge)
        sure = knowledge == "proper"
        merged, conflicts = merge_text(texts.base, texts.ours, texts.theirs, sure=sure)
        if wrong := wrong_in(merged, conflicts, texts):
            shown = f"{', '.join(wrong)}: {texts} -> {readable(merged)!r} (seed {seed})"
            failures.append((len(shown), shown))
    # A line that one side moved away and the other one changed is where each of them has it;
    # without a proper base two texts in other orders cannot always be told from one.
    if len(failures) > (SEEDS // 200 if knowledge == "proper" else SEEDS // 30):
        pytest.fail(f"{len(failures)} of {SEEDS}, as {min(failures)[1]}", pytrace=False)


def typed_twice(seed: int) -> tuple[str, str, str]:
    """A new text, and two versions of it into which somebody typed."""
    rng = random.Random(seed)
    number = rng.randint(1, 40)
    text = f"# note {number}\nname{number} = {number * 7}\nprint(name{number})\n"

    def typed(mark: int) -> str:
        # Between tokens: of a word that both changed both versions stand.
        at = rng.choice(starts_of(tokens_of(text)))
        return text[:at] + mark_text(mark) + rng.choice(["", "", "\n"]) + text[at:]

    return text, typed(1), typed(2)


@pytest.mark.parametrize("base", [None, ""])
def test_a_text_that_no_base_has_is_not_doubled(base: str | None) -> None:  # [S4]
    more: list[str] = []
    for seed in range(SEEDS):
        text, ours, theirs = typed_twice(seed)
        merged, conflicts = merge_text(base, ours, theirs, sure=False)
        marks = marks_in(merged)
        assert (marks[1], marks[2]) == (1, 1) and not torn(merged)
        twice = sum(len(each.ours) for each in conflicts)
        if len(merged) > len(ours) + len(theirs) - len(text) + twice:
            more.append(readable(merged))
    # Where both typed at one place, both lines stand.
    if len(more) > SEEDS // 20:
        pytest.fail(f"{len(more)} of {SEEDS}, as {max(more, key=len)!r}", pytrace=False)


def written(shown: str) -> str:
    """The text that `readable` shows so."""
    return re.sub("⟦([0-9]+)⟧", lambda found: mark_text(int(found[1])), shown)


def test_what_one_side_joined_with_another_line_is_kept() -> None:  # [S4]
    """One side deleted all from after a mark up to a later line; the other one has both lines."""
    base = "⟦0⟧\nx = 1\n⟦1⟧\nn⟦2⟧ame5001 = 35007\npri⟦3⟧nqt(name500⟦4⟧1)\n⟦5⟧\n"
    ours = (
        "⟦0⟧\nx = 1\n⟦1⟧\nname5001_23 = 35007\n"
        "pri⟦3⟧nqt and c24 and c20(name500⟦4⟧1)⟦6⟧def f(a, b=3): \n⟦5⟧\n"
    )
    theirs = (
        "⟦0⟧\nx = 1\n⟦1⟧⟦3⟧nqt and c24 and⟦7⟧x[1:2] += 1⟦8⟧2⟦9⟧"
        " c20(name500⟦4⟧1)def f(a, b=3): pass⟦10⟧\n⟦5⟧\n"
    )
    sides = map(written, (base, ours, theirs))
    merged, _ = merge_text(*sides, sure=False)
    assert marks_in(merged) == {mark: 1 for mark in range(11) if mark != 2}
