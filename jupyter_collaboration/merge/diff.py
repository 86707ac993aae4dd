"""Differences between two sequences, and between two texts by lines and tokens.

Pure: works on sequences and strings, and is not aware of documents. Three-way merges and the
edits that change a Yjs text both use the same comparison, so that what a merge decided by lines
and tokens is also applied by lines and tokens.

This is not left to `difflib`: it takes quadratic time on long lines, and a comparison of characters
invents words, while one of whole lines turns two edits of one line into a conflict.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple, TypeVar

T = TypeVar("T", bound=Hashable)

Range = tuple[int, int, int, int]
"""Items of the old sequence (start, end) that are replaced by items of the new one (start, end)."""

Edit = tuple[int, int, str]
"""Replace the characters from the first index to the second by a text."""

MAX_DIFFERENCES = 400
"""Items in which two ranges without anchors may differ to be compared one by one."""

MAX_STEPS = 1_000_000
"""Steps of one comparison. A range that is reached later counts as replaced as a whole, so that a
rewritten line of a megabyte costs about a second and not minutes."""

MAX_LINE_PAIRS = 10_000
"""Pairs of lines in one changed block that are compared with each other."""

MAX_COMPARED = 2_000
"""Characters of a line that decide whether another one is a version of it."""

SIMILAR = 0.4
"""Share of the tokens from which on two lines of a changed block are versions of one line.

``return a`` and ``return b`` (half) are, unless others in the block are more alike; ``x = 1`` and
``y = 2`` (a third) are two lines.
"""

MAX_APART = 4
"""Changes right beside each other of which one may hold the words that another one lost."""

LONG_WORD = 3
"""Characters from which on a word that one line lost and the line beside it gained went over."""

# Tokens


def _marks() -> str:
    """A character class of what belongs to the character before it.

    ``e`` and a combining accent are one letter, and an emoji with a skin tone is one emoji.
    """
    blocks = [(0x300, 0x3100), (0xA600, 0xAC00), (0xFB00, 0xFE30), (0x101F0, 0x12000)]
    blocks += [(0x16A00, 0x17000), (0x1BC00, 0x1F000), (0xE0100, 0xE01F0)]
    places = (at for start, end in blocks for at in range(start, end))
    numbers = [at for at in places if unicodedata.category(chr(at))[0] == "M"]
    runs = []
    for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        found = [number for _, number in run]
        runs.append(f"\\U{found[0]:08x}-\\U{found[-1]:08x}")
    tones, tags = "\\U0001f3fb-\\U0001f3ff", "\\U000e0020-\\U000e007f"
    return "".join(runs) + tones + tags


_MARK = _marks()
_CJK = "\u2e80-\u312f\u31a0-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Scripts that write no spaces between words: each character is taken for a word."""

_LETTER = rf"(?:[^\W{_CJK}]|[{_MARK}\u200c\u200d])"
TOKENS = re.compile(
    "|".join(
        (
            r"\n",
            r"[^\S\n]+",
            # A number is one token: 0.15, 1e-3, 0x1F, 1_000, 1.2.3, 10px
            rf"(?:0[xXoObB][\da-fA-F_]+|(?:(?<![\w)\]])\.)?\d[\d_]*(?:\.\d[\d_]*)*"
            rf"(?:[eE][+-]?\d[\d_]*)?){_LETTER}*",
            rf"[^\W{_CJK}]{_LETTER}*",
            rf"[{_CJK}][{_MARK}]*",
            r"\"\"\"|'''|```",
            r"\.+",
            # An operator is one token: ==, +=, ->, **, //
            r"[=<>!+\-*/%&|^~:@$?#\\]+",
            # A flag is two letters, a family is several emoji with joiners between them.
            r"[\U0001f1e6-\U0001f1ff]{2}",
            rf"[^\w\s][{_MARK}]*(?:\u200d[^\w\s][{_MARK}]*)*",
            r"[\s\S]",
        )
    )
)
"""What a text consists of. A merge takes each token from one side: nothing in between exists."""

WORD = re.compile(r"\w")


def tokens_of(text: str) -> list[str]:
    """The tokens of a text; joined, they are the text."""
    return TOKENS.findall(text)


def is_word(token: str) -> bool:
    """Whether a token, or a line, has letters or digits."""
    return WORD.search(token) is not None


# Sequences


def differences(old: Sequence[T], new: Sequence[T]) -> list[Range]:
    """Return what differs between two sequences, in rising order.

    Anchors are the items that occur once on both sides (the patience diff of Bram Cohen);
    between them the shortest edit script is sought (Myers 1986), within `MAX_STEPS`.
    """
    found: list[Range] = []
    todo = [(0, len(old), 0, len(new))]
    budget = _Budget()
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
            found += _shortest(old, new, i1, i2, j1, j2, budget)
            continue
        ends = [*anchors, (i2, j2)]
        starts = [(i1, j1), *((i + 1, j + 1) for i, j in anchors)]
        todo += [(i, k, j, m) for (i, j), (k, m) in zip(starts, ends, strict=True)]
    return joined(sorted(found))


class _Budget:
    """The steps that are left of a comparison."""

    def __init__(self) -> None:
        self.steps = MAX_STEPS


def joined(found: list[Range]) -> list[Range]:
    """Join ranges that touch."""
    joined: list[Range] = []
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
    # Words first: that both sides have one colon says little about where it belongs.
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
    old: Sequence[T], new: Sequence[T], i1: int, i2: int, j1: int, j2: int, budget: _Budget
) -> list[Range]:
    """The shortest edit script of a range; the whole range if the two differ too much."""
    n, m = i2 - i1, j2 - j1
    ends = {1: 0}
    trace: list[dict[int, int]] = []
    for depth in range(min(n + m, MAX_DIFFERENCES) + 1):
        budget.steps -= depth + 1
        if budget.steps < 0:
            break
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


def _backtrack(trace: list[dict[int, int]], n: int, m: int, i1: int, j1: int) -> list[Range]:
    found: list[Range] = []
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


# Lines


class LineChange(NamedTuple):
    """Lines of the old text that are replaced by lines of the new one.

    ``is_inline`` means that the new lines are a version of the old ones, so that their tokens can
    be compared; otherwise the lines were added, deleted, or replaced as wholes.
    """

    start: int
    end: int
    other_start: int
    other_end: int
    is_inline: bool = False


def line_changes(old: Sequence[str], new: Sequence[str]) -> list[LineChange]:
    """Return what differs between the lines of two texts, in rising order.

    Lines carry no line ends: what stands behind the last line is a change of its own, and not
    one of the last line.
    """
    runs: list[list[tuple[Range, list[LineChange]]]] = []
    for block in _without_chance(differences(old, new), old):
        changes = _in_block(old, new, block)
        if runs and _is_split_by_chance(old, runs[-1][-1][1], changes):
            runs[-1].append((block, changes))
        else:
            runs.append([(block, changes)])
    return [change for run in runs for change in _in_run(old, new, run)]


def _in_run(
    old: Sequence[str], new: Sequence[str], run: list[tuple[Range, list[LineChange]]]
) -> list[LineChange]:
    """Return the changes of blocks that only chance has split."""
    (start, _, other_start, _), (_, end, _, other_end) = run[0][0], run[-1][0]
    is_large = (end - start) * (other_end - other_start) > MAX_LINE_PAIRS
    if len(run) == 1 or is_large:  # lines of a large block are not compared with each other
        return [change for _, changes in run for change in changes]
    return _in_block(old, new, (start, end, other_start, other_end))


def _without_chance(found: list[Range], lines: Sequence[str]) -> list[Range]:
    """Join a change that only adds with one that only deletes if no word stays between them.

    A blank line that both have is then no more than chance: what looks like lines that came
    before it and others that went behind it is one edit.
    """
    joined: list[Range] = []
    for i1, i2, j1, j2 in found:
        if joined:
            a1, a2, b1, b2 = joined[-1]
            is_chance = not any(map(is_word, lines[a2:i1]))
            if is_chance and ((a1 == a2) != (i1 == i2) or (b1 == b2) != (j1 == j2)):
                joined[-1] = (a1, i2, b1, j2)
                continue
        joined.append((i1, i2, j1, j2))
    return joined


def _is_split_by_chance(
    lines: Sequence[str], before: list[LineChange], after: list[LineChange]
) -> bool:
    """Return whether deleted and added lines are beside each other, but for lines without words.

    As in `_without_chance`, for blocks of which only the ends are deleted or added: ``a``,
    ``b(``, blank that became ``a 1``, blank, ``b(2)``, blank is a change of ``b(``, and not ``b(``
    deleted before the one blank line and ``b(2)`` added after it.
    """
    if not before or not after or any(map(is_word, lines[before[-1].end : after[0].start])):
        return False
    one, other = before[-1], after[0]
    return (_is_deletion(one) and _is_addition(other)) or (
        _is_addition(one) and _is_deletion(other)
    )


def _is_deletion(change: LineChange) -> bool:
    return change.other_start == change.other_end


def _is_addition(change: LineChange) -> bool:
    return change.start == change.end


def _in_block(old: Sequence[str], new: Sequence[str], block: Range) -> list[LineChange]:
    """Split a changed block into lines that are versions of each other, and others."""
    i1, i2, j1, j2 = block
    if i1 == i2 or j1 == j2:
        return [LineChange(*block)]
    found: list[LineChange] = []
    i, j = i1, j1
    for k, m in [*_versions(old, new, block), (i2, j2)]:
        found += _rest(old, new, (i, k, j, m))
        if k < i2 and old[k] != new[m]:
            found.append(LineChange(k, k + 1, m, m + 1, is_inline=True))
        i, j = k + 1, m + 1
    return _with_split_lines(old, new, found)


def _rest(old: Sequence[str], new: Sequence[str], block: Range) -> Iterator[LineChange]:
    """What is between lines that are versions of each other, without equal lines at its ends."""
    i1, i2, j1, j2 = block
    while i1 < i2 and j1 < j2 and old[i1] == new[j1]:
        i1, j1 = i1 + 1, j1 + 1
    while i1 < i2 and j1 < j2 and old[i2 - 1] == new[j2 - 1]:
        i2, j2 = i2 - 1, j2 - 1
    if (i1, j1) != (i2, j2):
        yield LineChange(i1, i2, j1, j2, is_inline=(i2 - i1, j2 - j1) == (1, 1))


def _versions(old: Sequence[str], new: Sequence[str], block: Range) -> list[tuple[int, int]]:
    """Pairs of lines in a block of which one is a version of the other."""
    i1, i2, j1, j2 = block
    if (i2 - i1, j2 - j1) == (1, 1):
        return [(i1, j1)]
    keys, others = _keys(old[i1:i2], 0), _keys(new[j1:j2], 1)
    pairs: list[tuple[int, int]] = []
    i, j = i1, j1
    for a1, a2, b1, b2 in [*differences(keys, others), (i2 - i1, i2 - i1, j2 - j1, j2 - j1)]:
        equal = i1 + a1 - i
        pairs += [(i + k, j + k) for k in range(equal)]
        pairs += _similar(old, new, (i1 + a1, i1 + a2, j1 + b1, j1 + b2))
        i, j = i1 + a2, j1 + b2
    return pairs


def _keys(lines: Sequence[str], side: int) -> list[object]:
    """What lines are the same by: a formatter may indent a thousand of them.

    Lines without words, such as blank ones, are the same as no other: that there is one on both
    sides of a changed block is chance.
    """
    return ["".join(line.split()) if is_word(line) else (side, at) for at, line in enumerate(lines)]


def _similar(old: Sequence[str], new: Sequence[str], block: Range) -> list[tuple[int, int]]:
    """Pairs of similar lines in the same order, so that they are as similar as can be in all."""
    i1, i2, j1, j2 = block
    n, m = i2 - i1, j2 - j1
    if n * m > MAX_LINE_PAIRS:
        return list(zip(range(i1, i2), range(j1, j2), strict=True)) if n == m else []
    if (n, m) == (1, 1) or not n or not m:
        return [(i1, j1)] if n and m else []
    counts = [_counted(line) for line in old[i1:i2]]
    others = [_counted(line) for line in new[j1:j2]]
    best = [[0.0] * (m + 1) for _ in range(n + 1)]
    likeness = [[_likeness(one, other) for other in others] for one in counts]
    for i in range(n):
        for j in range(m):
            both = best[i][j] + likeness[i][j]
            best[i + 1][j + 1] = max(best[i][j + 1], best[i + 1][j], both)
    pairs: list[tuple[int, int]] = []
    i, j = n, m
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i1 + i, j1 + j))
    return pairs[::-1]


def _counted(line: str) -> Counter[str]:
    if len(line) > MAX_COMPARED:
        line = line[: MAX_COMPARED // 2] + line[-MAX_COMPARED // 2 :]
    return Counter(token for token in tokens_of(line) if not token.isspace())


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """The share of the tokens that two lines have in common; 0 for lines that are two."""
    size = one.total() + other.total()
    share = 2 * (one & other).total() / size if size else 0.0
    return share if share >= SIMILAR else 0.0


def _with_split_lines(
    old: Sequence[str], new: Sequence[str], changes: list[LineChange]
) -> list[LineChange]:
    """Take a line that somebody split, or lines that somebody joined, for one change.

    ``f(a, b)`` that became ``f(a,`` and ``  b)`` was not shortened by ``b)``: whoever changes
    ``b`` changes the second line.
    """
    if len(changes) < 2:
        return changes
    tokens = [_lost_and_gained(old, new, change) for change in changes]
    found: list[tuple[int, int]] = []  # runs of changes: the first and the last one
    for index in range(len(changes)):
        first = index
        for before in range(max(0, index - MAX_APART), index):
            is_beside = all(
                one.end == other.start and one.other_end == other.other_start
                for one, other in pairwise(changes[before : index + 1])
            )
            if is_beside and _went_over(tokens[before], tokens[index]):
                first = before
                break
        while found and found[-1][1] >= first:
            first = min(first, found.pop()[0])
        found.append((first, index))
    return [_span(changes[first : last + 1]) for first, last in found]


def _span(changes: list[LineChange]) -> LineChange:
    if len(changes) == 1:
        return changes[0]
    one, other = changes[0], changes[-1]
    return LineChange(one.start, other.end, one.other_start, other.other_end, True)


def _lost_and_gained(
    old: Sequence[str], new: Sequence[str], change: LineChange
) -> tuple[Counter[str], Counter[str]]:
    """The tokens that a change loses, and those that it gains."""
    before = _counts(old[change.start : change.end])
    after = _counts(new[change.other_start : change.other_end])
    return before - after, after - before


def _went_over(one: tuple[Counter[str], ...], other: tuple[Counter[str], ...]) -> bool:
    """Whether tokens that one change loses are what the other one gains."""
    for lost, gained in ((one[0], other[1]), (other[0], one[1])):
        moved = lost & gained
        if any(len(token) >= LONG_WORD for token in moved):
            return True
        if moved and moved.total() >= min(lost.total(), gained.total()) / 2:
            return True
    return False


def _counts(lines: Sequence[str]) -> Counter[str]:
    return Counter(token for line in lines for token in tokens_of(line) if not token.isspace())


# Texts


def text_edits(source: str, target: str) -> list[Edit]:
    """Return what to replace in a text, first to last: whole lines, and whole tokens in lines.

    No part of a token is replaced: if ``0.1`` becomes ``0.12`` while somebody types ``5`` behind
    it, neither the edit nor what Yjs makes of both is a number that is half from each.
    """
    return list(_edits(source, target))


def _edits(source: str, target: str) -> Iterator[Edit]:
    old, new = source.split("\n"), target.split("\n")
    starts = starts_of([line + "\n" for line in old])
    for i1, i2, j1, j2, is_inline in line_changes(old, new):
        text = "\n".join(new[j1:j2])
        if is_inline:
            yield from _token_edits("\n".join(old[i1:i2]), text, starts[i1])
        elif i2 - i1 == j2 - j1:
            yield from _line_edits(old[i1:i2], new[j1:j2], starts[i1:i2])
        elif i1 == i2:
            is_last = i1 == len(old)
            at = len(source) if is_last else starts[i1]
            yield at, at, f"\n{text}" if is_last else f"{text}\n"
        elif j1 < j2:
            yield starts[i1], starts[i2] - 1, text
        elif i2 < len(old):
            yield starts[i1], starts[i2], ""
        else:
            yield max(starts[i1] - 1, 0), len(source), ""


def _line_edits(lines: list[str], others: list[str], starts: list[int]) -> Iterator[Edit]:
    """Replace lines one by one, so that what somebody types into one of them stays in its line.

    If a line begins or ends as before, only the tokens that differ are replaced. Example: ``a``,
    ``x = 1`` becomes ``ab``, ``x = c + [1]``. What somebody types after ``x`` stays after it.
    """
    for line, other, start in zip(lines, others, starts, strict=True):
        tokens, new = tokens_of(line), tokens_of(other)
        if tokens and new and (tokens[0] == new[0] or tokens[-1] == new[-1]):
            yield from _token_edits(line, other, start)
        elif line != other:
            yield start, start + len(line), other


def _token_edits(source: str, target: str, start: int) -> Iterator[Edit]:
    tokens, others = tokens_of(source), tokens_of(target)
    starts = starts_of(tokens)
    for i1, i2, j1, j2 in differences(tokens, others):
        yield start + starts[i1], start + starts[i2], "".join(others[j1:j2])


def starts_of(parts: Sequence[str]) -> list[int]:
    """Where each part begins in the joined text, and where the last one ends."""
    starts = [0]
    for part in parts:
        starts.append(starts[-1] + len(part))
    return starts
