"""Edits of real code: tokens and digits right beside each other, as people type them."""

from __future__ import annotations

import re

from .plan import Step

SNIPPETS = (
    "lr = 0.15",
    "df.head(10)",
    "if a and b:",
    "x[1:2] += 12",
    'print(f"{n}")',
    "def f(a, b=3): pass",
    "1e-3 * 0x1F",
)
"""What people type in one go."""

WORD = re.compile(r"[^\W\d]\w*|\d+(?:\.\d+)?", re.ASCII)
NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)

Change = tuple[int, int, str]
"""Replace the characters from the first index to the second by a text."""


def snippet(number: int) -> str:
    """The code that belongs to a step."""
    return SNIPPETS[number % len(SNIPPETS)]


def keystrokes(text: str) -> list[str]:
    """A text in the pieces in which it is typed."""
    return re.findall(r"[\s\S]{1,3}", text)


def change_of(text: str, step: Step, newline: str = "\n") -> Change | None:
    """An edit of the code in a text; None if there is nothing to edit.

    Args:
        newline: what ends a line of this text.
    """
    how, number = step["code"], step["mark"]
    pattern = NUMBER if how in ("digit", "value") else WORD
    found = list(pattern.finditer(text))
    if not found:
        return None
    one = found[min(int(step["at"] * len(found)), len(found) - 1)]
    start, end = one.span()
    if how == "digit":
        return end, end, str(number % 10)
    if how == "value":
        return start, end, f"0.{number}"
    if how == "name":
        return end, end, f"_{number}"
    if how == "letter":
        middle = (start + end) // 2
        return middle, middle, "q"
    if how == "condition":
        return end, end, f" and c{number}"
    if how == "call":
        return end, end, f".head({number})"
    if how == "delete":
        return start, end, ""
    if how == "join":
        behind = re.compile(r"[ \t]+").match(text, end)
        return (behind.start(), behind.end(), "") if behind else None
    assert how == "line"
    line = text.rfind("\n", 0, start) + 1
    return line, line, f"lr{number % 5} = 0.{number}{newline}"
