"""Finds text that is in a merge result twice, since one side may have moved it.

Pure: texts in, places out.
"""

from __future__ import annotations

from collections.abc import Sequence

from .diff import TOKENS, is_word

LEAST_WORDS = 3
"""Words in a row from which on what both sides have at two places may be one that was moved. Whole
lines are found whatever their length is."""

MAX_FOUND = 100
"""How much of one text is looked for: nobody chooses more often."""

MAX_CANDIDATES = 20
"""Places of an equal line that are compared, to find the longest block that was moved."""

Span = tuple[int, int]
Word = tuple[int, int, int, str]
"""A word: its part, its start and end in the merged text, and the word itself."""


def repeated(lines: Sequence[str], ours: set[int], theirs: set[int]) -> list[tuple[Span, Span]]:
    """What stands in a line of ours and in one of theirs: both places in the merged text.

    Args:
        lines: the merged text.
        ours, theirs: the lines that only one side has.
    """
    found: list[tuple[Span, Span]] = []
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    ours, theirs = set(ours), set(theirs)
    for i, j, size in _blocks(lines, ours, theirs):
        spans = [_whole(starts, at, at + size) for at in (i, j)]
        found.append((spans[0], spans[1]))
        ours.difference_update(range(i, i + size))
        theirs.difference_update(range(j, j + size))
    found += _pieces([f"{line}\n" for line in lines], ours, theirs)
    return sorted(found)[:MAX_FOUND]


def _whole(starts: list[int], first: int, end: int) -> Span:
    """The place of whole lines: with the line end after them, or else the one before them."""
    is_last = end == len(starts) - 1
    return max(starts[first] - is_last, 0), starts[end] - is_last


def _blocks(lines: Sequence[str], ours: set[int], theirs: set[int]) -> list[tuple[int, int, int]]:
    """Equal lines of both sides: where they begin on each, and how many there are in a row.

    No line is in two blocks. Indentation does not count, since it changes where code is moved into
    a block of another one.
    """
    keys = [line.strip() for line in lines]
    where: dict[str, list[int]] = {}
    for at in sorted(theirs):
        if is_word(keys[at]):
            where.setdefault(keys[at], []).append(at)
    used: set[int] = set()
    found: list[tuple[int, int, int]] = []
    end = 0
    for at in sorted(ours):
        if at < end:
            continue
        candidates = [other for other in where.get(keys[at], ()) if other not in used]
        sizes = {
            other: _block_size(keys, ours, at, theirs - used, other)
            for other in candidates[:MAX_CANDIDATES]
        }
        if sizes:
            other = max(sizes, key=lambda each: sizes[each])
            found.append((at, other, sizes[other]))
            used.update(range(other, other + sizes[other]))
            end = at + sizes[other]
    return found


def _block_size(keys: list[str], ours: set[int], i: int, theirs: set[int], j: int) -> int:
    """How many lines are equal from two places on, up to the last one with words."""
    size = last = 0
    while i + size in ours and j + size in theirs and keys[i + size] == keys[j + size]:
        size += 1
        if is_word(keys[i + size - 1]):
            last = size
    return last


def _pieces(parts: Sequence[str], ours: set[int], theirs: set[int]) -> list[tuple[Span, Span]]:
    """Equal words in a row in lines that differ otherwise."""
    mine, others = _words(parts, ours), _words(parts, theirs)
    known = {_key(mine, at): at for at in reversed(range(len(mine) - LEAST_WORDS + 1))}
    found: list[tuple[Span, Span]] = []
    at = 0
    while at <= len(others) - LEAST_WORDS and len(found) < MAX_FOUND:
        start = known.get(_key(others, at))
        size = 0 if start is None else _run(mine, start, others, at)
        if start is not None and size >= LEAST_WORDS:
            mine_span = (mine[start][1], mine[start + size - 1][2])
            found.append((mine_span, (others[at][1], others[at + size - 1][2])))
        at += max(size, 1)
    return found


def _words(parts: Sequence[str], chosen: set[int]) -> list[Word]:
    words: list[Word] = []
    place = 0
    for part, text in enumerate(parts):
        if part in chosen:
            for word in TOKENS.finditer(text):
                if is_word(word[0]):
                    words.append((part, place + word.start(), place + word.end(), word[0]))
        place += len(text)
    return words


def _key(words: list[Word], at: int) -> tuple[str, ...]:
    return tuple(word for *_, word in words[at : at + LEAST_WORDS])


def _run(mine: list[Word], i: int, others: list[Word], j: int) -> int:
    """How many words are the same from two places on, in one part of each."""
    size = 0
    part, other = mine[i][0], others[j][0]
    while i + size < len(mine) and j + size < len(others):
        one, two = mine[i + size], others[j + size]
        if (one[0], two[0], one[3]) != (part, other, two[3]):
            break
        size += 1
    return size


def lines_around(text: str, span: Span) -> Span:
    """Whole lines with a piece of a text, as many as it takes to find them by what they hold."""
    start, end = span
    step = 1
    while True:
        start = text.rfind("\n", 0, start) + 1
        end = text.find("\n", max(start, end - 1)) + 1 or len(text)
        if text.count(text[start:end]) == 1 or (start, end) == (0, len(text)):
            return start, end
        start, end = max(0, start - step), min(len(text), end + step)
        step *= 2
