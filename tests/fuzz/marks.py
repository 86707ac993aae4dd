"""Marks: short texts that nobody could type twice.

A mark is three characters that no other mark has, so that no comparison of texts takes a part of
one for a part of another: what happened to it is beyond doubt.
"""

from __future__ import annotations

import re
from collections import Counter

_FIRST, _SECOND, _THIRD = 0x4E00, 0x20000, 0x3400
MAX_MARKS = 6000

LATER = 1000
"""What the number of a step's mark and that of the next mark in the same run are apart."""

Cells = list[tuple[str, str]]
"""What a document or a file holds: its cells by name, each with its text.

A text file is one cell without a name.
"""

MARK = re.compile("[\u4e00-\u9fff][\U00020000-\U0002a6df][\u3400-\u4dbf]")
_PART = re.compile("[\u4e00-\u9fff\U00020000-\U0002a6df\u3400-\u4dbf]")


def mark_text(number: int) -> str:
    """The text of a mark."""
    return chr(_FIRST + number) + chr(_SECOND + number) + chr(_THIRD + number)


def marks_in(text: str) -> Counter[int]:
    """How often each mark stands in a text."""
    return Counter(ord(found[0]) - _FIRST for found in MARK.findall(text))


def in_order(text: str) -> list[int]:
    """The marks of a text, from its beginning to its end."""
    return [ord(found[0]) - _FIRST for found in MARK.findall(text)]


def count(cells: Cells) -> Counter[int]:
    """How often each mark stands in cells."""
    return marks_in("\0".join(text for _, text in cells))


def torn(text: str) -> str:
    """The parts of marks in a text that belong to no whole mark."""
    wrong = ""
    for found in MARK.findall(text):
        if found != mark_text(ord(found[0]) - _FIRST):
            wrong += found
    return wrong + "".join(_PART.findall(MARK.sub("", text)))


def readable(text: str) -> str:
    """A text with ⟦number⟧ for each mark."""
    return MARK.sub(lambda found: f"⟦{ord(found[0][0]) - _FIRST}⟧", text)


def seams(text: str) -> list[int]:
    """The offsets at which something may be inserted without tearing a mark or a line's end."""
    inside = {at for found in MARK.finditer(text) for at in (found.start() + 1, found.start() + 2)}
    inside |= {found.start() + 1 for found in re.finditer("\r\n", text)}
    return [at for at in range(len(text) + 1) if at not in inside]


def seam(text: str, share: float) -> int:
    """The seam at a share (0 to 1) of the text."""
    places = seams(text)
    return places[min(int(share * len(places)), len(places) - 1)]
