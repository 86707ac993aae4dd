"""What differs between two sequences, and between two texts.

Pure: knows nothing of documents.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)

Edit = tuple[int, int, str]
"""Replace the characters from the first index to the second by a text."""

Compare = Callable[[Sequence[str], Sequence[str]], list[tuple[int, int, int, int]]]

MAX_DIFFERENCES = 800
"""Items in which two sequences without anchors may differ to be compared one by one."""

MAX_INLINE = 2_000
"""Characters up to which a changed piece of text is compared character by character."""

MAX_LETTER_EDITS = 3
"""Places inside one changed piece of text that may be edited apart from each other."""

MAX_SLIDE = 200
"""Characters by which a piece that came or went may be moved to a better place."""

CJK = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff"
"""Scripts that write no spaces between words: each character is taken for a word."""

TOKENS = re.compile(rf"[^\W{CJK}]+|\n|[^\S\n]+|[{CJK}]|[^\w\s]")
WORD = re.compile(r"\w")


def differences(old: Sequence[T], new: Sequence[T]) -> list[tuple[int, int, int, int]]:
    """What differs between two sequences: ranges (start, end) of both, in rising order.

    Anchors are the items that occur once on both sides (the patience diff of Bram Cohen);
    between them the shortest edit script is sought (Myers 1986).
    """
    found: list[tuple[int, int, int, int]] = []
    todo = [(0, len(old), 0, len(new))]
    while todo:
        i1, i2, j1, j2 = todo.pop()
        while i1 < i2 and j1 < j2 and old[i1] == new[j1]:
            i1, j1 = i1 + 1, j1 + 1
        while i1 < i2 and j1 < j2 and old[i2 - 1] == new[j2 - 1]:
            i2, j2 = i2 - 1, j2 - 1
        if i1 == i2 and j1 == j2:
            continue
        if i1 == i2 or j1 == j2:
            found.append((i1, i2, j1, j2))
            continue
        anchors = _anchors(old, new, i1, i2, j1, j2)
        if not anchors:
            found += _shortest(old, new, i1, i2, j1, j2)
            continue
        ends = [*anchors, (i2, j2)]
        starts = [(i1, j1), *((i + 1, j + 1) for i, j in anchors)]
        todo += [(i, k, j, m) for (i, j), (k, m) in zip(starts, ends, strict=True)]
    return joined(sorted(found))


def joined(found: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Ranges that touch become one."""
    joined: list[tuple[int, int, int, int]] = []
    for change in found:
        if joined and joined[-1][1] == change[0] and joined[-1][3] == change[2]:
            joined[-1] = (joined[-1][0], change[1], joined[-1][2], change[3])
        else:
            joined.append(change)
    return joined


def _anchors(
    old: Sequence[T], new: Sequence[T], i1: int, i2: int, j1: int, j2: int
) -> list[tuple[int, int]]:
    counts, others = Counter(old[i1:i2]), Counter(new[j1:j2])
    where = {old[i]: i for i in range(i1, i2) if counts[old[i]] == 1}
    pairs = [(where[new[j]], j) for j in range(j1, j2) if others[new[j]] == 1 and new[j] in where]
    words = [pair for pair in pairs if _is_anchor(new[pair[1]])]
    pairs = words or pairs
    return [pairs[index] for index in longest_rising([i for i, _ in pairs])]


def _is_anchor(item: object) -> bool:
    return not isinstance(item, str) or is_word(item)


def longest_rising(values: Sequence[int]) -> list[int]:
    """Indices of a longest rising run of values, by patience sorting (Schensted 1961)."""
    best: list[int] = []  # index of the value that ends the runs of each length
    before: list[int | None] = []
    for index, value in enumerate(values):
        low, high = 0, len(best)
        while low < high:
            middle = (low + high) // 2
            if values[best[middle]] < value:
                low = middle + 1
            else:
                high = middle
        before.append(best[low - 1] if low else None)
        best[low : low + 1] = [index]
    kept: list[int] = []
    at = best[-1] if best else None
    while at is not None:
        kept.append(at)
        at = before[at]
    return kept[::-1]


def _shortest(
    old: Sequence[T], new: Sequence[T], i1: int, i2: int, j1: int, j2: int
) -> list[tuple[int, int, int, int]]:
    """The shortest edit script of a range; the whole range if the two differ too much."""
    n, m = i2 - i1, j2 - j1
    ends = {1: 0}
    trace: list[dict[int, int]] = []
    for depth in range(min(n + m, MAX_DIFFERENCES) + 1):
        trace.append(dict(ends))
        for k in range(-depth, depth + 1, 2):
            down = k == -depth or (k != depth and ends[k - 1] < ends[k + 1])
            x = ends[k + 1] if down else ends[k - 1] + 1
            y = x - k
            while x < n and y < m and old[i1 + x] == new[j1 + y]:
                x, y = x + 1, y + 1
            ends[k] = x
            if x >= n and y >= m:
                return _backtrack(trace, n, m, i1, j1)
    return [(i1, i2, j1, j2)]


def _backtrack(
    trace: list[dict[int, int]], n: int, m: int, i1: int, j1: int
) -> list[tuple[int, int, int, int]]:
    found: list[tuple[int, int, int, int]] = []
    x, y = n, m
    for depth in range(len(trace) - 1, 0, -1):
        ends = trace[depth]
        k = x - y
        down = k == -depth or (k != depth and ends[k - 1] < ends[k + 1])
        before = k + 1 if down else k - 1
        x = ends[before]
        y = x - before
        if down:
            found.append((i1 + x, i1 + x, j1 + y, j1 + y + 1))
        else:
            found.append((i1 + x, i1 + x + 1, j1 + y, j1 + y))
    return joined(found[::-1])


# Texts


def text_edits(source: str, target: str) -> list[Edit]:
    """What to replace in a text, first to last: lines, words, and characters in them."""
    raw = [
        edit
        for start, end, block in _line_edits(source, target)
        for edit in _inline(source, start, end, block)
    ]
    edits: list[Edit] = []
    for index, (start, end, new) in enumerate(raw):
        if bool(new) != (start < end):  # nothing but added, or nothing but taken away
            least = max(edits[-1][1] if edits else 0, start - MAX_SLIDE)
            most = raw[index + 1][0] if index + 1 < len(raw) else len(source)
            following = source[end : min(most, end + MAX_SLIDE)]
            step = _slide(source[least:start], new or source[start:end], following)
            turn = step % len(new) if new else 0
            start, end, new = start + step, end + step, new[turn:] + new[:turn]
        edits.append((start, end, new))
    return edits


def _line_edits(source: str, target: str) -> list[Edit]:
    lines, others = source.splitlines(keepends=True), target.splitlines(keepends=True)
    starts, other_starts = starts_of(lines), starts_of(others)
    return [
        (starts[i1], starts[i2], target[other_starts[j1] : other_starts[j2]])
        for i1, i2, j1, j2 in _without_chance(differences(lines, others), lines)
    ]


def _without_chance(
    found: list[tuple[int, int, int, int]], lines: list[str]
) -> list[tuple[int, int, int, int]]:
    """Join a change that only adds with one that takes away, where no word between them stays.

    A blank line that both have is then no more than chance: what looks like lines that came
    before it and others that went behind it is one edit.
    """
    joined: list[tuple[int, int, int, int]] = []
    for i1, i2, j1, j2 in found:
        if joined:
            a1, a2, b1, b2 = joined[-1]
            is_chance = not any(map(is_word, lines[a2:i1]))
            if is_chance and ((a1 == a2) != (i1 == i2) or (b1 == b2) != (j1 == j2)):
                joined[-1] = (a1, i2, b1, j2)
                continue
        joined.append((i1, i2, j1, j2))
    return joined


def _inline(source: str, start: int, end: int, new: str) -> list[Edit]:
    """The changes of one changed block of lines, by words."""
    old = source[start:end]
    if not old or not new:
        return [(start, end, new)]
    return [(start + s, start + e, t) for s, e, t in _by_tokens(old, new, differences)]


def _by_tokens(old: str, new: str, compare: Compare) -> list[Edit]:
    tokens, others = TOKENS.findall(old), TOKENS.findall(new)
    starts, other_starts = starts_of(tokens), starts_of(others)
    edits: list[Edit] = []
    for i1, i2, j1, j2 in _by_words(compare(tokens, others), tokens):
        at, to, text = starts[i1], starts[i2], new[other_starts[j1] : other_starts[j2]]
        edits += [(at + s, at + e, t) for s, e, t in _by_letters(old[at:to], text)]
    return edits


def word_edits(source: str, target: str) -> list[Edit]:
    """What to replace in a short text, first to last: as few words as can be, across lines."""

    def compare(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int, int, int]]:
        return _shortest(old, new, 0, len(old), 0, len(new))

    return _by_tokens(source, target, compare)


def _by_words(
    found: list[tuple[int, int, int, int]], tokens: list[str]
) -> list[tuple[int, int, int, int]]:
    """Join changes between which nothing but a space or a sign is the same."""
    joined: list[tuple[int, int, int, int]] = []
    for change in found:
        between = tokens[joined[-1][1] : change[0]] if joined else []
        if joined and len(between) <= 2 and not any(map(is_word, between)):
            joined[-1] = (joined[-1][0], change[1], joined[-1][2], change[3])
        else:
            joined.append(change)
    return joined


def _by_letters(old: str, new: str) -> list[Edit]:
    """The edits inside a changed piece, if it is more than by chance the same piece.

    It is if letters were only added or only taken away, or if most of them stay.
    """
    start, end, text = trimmed(0, old, new)[0]
    if start == end or not text or len(old) + len(new) > MAX_INLINE:
        return [(start, end, text)]
    found = differences(old, new)
    kept = len(old) - sum(i2 - i1 for i1, i2, _, _ in found)
    if len(found) <= MAX_LETTER_EDITS and (
        all(i1 == i2 for i1, i2, _, _ in found)
        or all(j1 == j2 for _, _, j1, j2 in found)
        or 2 * kept >= max(len(old), len(new))
    ):
        return [(i1, i2, new[j1:j2]) for i1, i2, j1, j2 in found]
    return [(0, len(old), new)]


def trimmed(start: int, old: str, new: str) -> list[Edit]:
    """One edit without the common start and end of both sides."""
    limit = min(len(old), len(new))
    head = 0
    while head < limit and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < limit - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    if head == len(old) == len(new):
        return []
    return [(start + head, start + len(old) - tail, new[head : len(new) - tail])]


def _slide(before: str, piece: str, after: str) -> int:
    """How far to the right (or left) a piece that came or went is best taken to be.

    With "ab" repeated, "ab" may have come first or last: lines and words tell which was meant.
    """
    right = 0
    while right < len(after) and after[right] == piece[right % len(piece)]:
        right += 1
    left = 0
    while left < len(before) and before[-1 - left] == piece[-1 - left % len(piece)]:
        left += 1
    scores = [
        (_boundary(piece[step % len(piece) :] + piece[: step % len(piece)]), -step)
        for step in range(-left, right + 1)
    ]
    return -max(scores)[1]


def _boundary(piece: str) -> int:
    if piece[-1] == "\n":
        return 4
    if piece[0] == "\n":
        return 3
    if piece[-1].isspace():
        return 2
    return int(not is_word(piece[0]) and not is_word(piece[-1]))


def is_word(token: str) -> bool:
    return WORD.search(token) is not None


def without_words(text: str, words: str) -> str:
    """A text without some words, where it has them as whole words."""
    tokens, gone = TOKENS.findall(text), TOKENS.findall(words)
    for at in range(len(tokens) - len(gone) + 1):
        if tokens[at : at + len(gone)] == gone:
            return "".join(tokens[:at] + tokens[at + len(gone) :])
    return text


def starts_of(parts: Sequence[str]) -> list[int]:
    starts = [0]
    for part in parts:
        starts.append(starts[-1] + len(part))
    return starts


def origins(base: str, text: str) -> list[int]:
    """Where in the base each character of a text comes from; -1 for what was added."""
    found: list[int] = []
    at = 0
    for start, end, new in text_edits(base, text):
        found += range(at, start)
        found += [-1] * len(new)
        at = end
    found += range(at, len(base))
    return found
