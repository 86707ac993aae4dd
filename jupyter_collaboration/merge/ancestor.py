"""Constructs a merge base if there is none, or if it is too old.

Pure: texts in, a text out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from .diff import LineChange, differences, is_word, line_changes, tokens_of

LONG_RUN = 2
"""Number of consecutive words that two unrelated texts do not share by chance."""


def base_of_both(base: str | None, ours: str, theirs: str) -> str:
    """Return a base that includes everything that both sides share.

    Example: a client, whose history the server lost, sent ``b`` and ``c`` before. File and client
    then both have them, although the last known base has neither.

    Args:
        base: the known base, or None: then both sides are versions of the same text.
    """
    sides = ours.split("\n"), theirs.split("\n")
    common = in_common(*sides)
    if base is None:
        return "\n".join(common)
    return "\n".join(_with_base(base.split("\n"), common, lines_of_words=_lines_of_words(sides)))


def newer_base(base: str, ours: str, theirs: str) -> str:
    """Return the base with everything that both sides share, and without lines that neither has.

    Such a line may be an older version of a shared one, and another version of one side may have
    parts of both. Example: ``print(a)`` became ``show(b)``, which both sides have. Then somebody
    undid a part of that: ``print(b)``. With both lines in the base, one side would seem to have
    deleted ``print``, and the other side ``show``.
    """
    sides = ours.split("\n"), theirs.split("\n")
    return "\n".join(_with_base(base.split("\n"), in_common(*sides), {*sides[0], *sides[1]}))


def _with_base(
    base: list[str],
    common: list[str],
    lines: set[str] | None = None,
    lines_of_words: dict[str, set[int]] | None = None,
) -> list[str]:
    """Combine what both sides share with the rest of the base.

    Text of the base that only one side has was deleted by the other side; text that neither side
    has was deleted by both.

    Args:
        lines: the lines of the base that may be in the result beside lines that share no words
            with them; None for all.
        lines_of_words: in which lines of the sides each word is.
    """
    found: list[str] = []
    at = 0
    places = lines_of_words or {}
    for start, end, other_start, other_end, is_inline in _joined_changes(base, common):
        found += base[at:start]
        old, new = base[start:end], common[other_start:other_end]
        tokens, others = tokens_of("\n".join(old)), tokens_of("\n".join(new))
        # Nothing that both sides have may be in the base twice: if each of them seemed to have
        # deleted another one of two copies, both would be gone.
        if is_inline or _share_words(tokens, others) or _are_in_one_line(tokens, others, places):
            found += "".join(_with_old_tokens(tokens, others)).split("\n")
        else:
            found += old if lines is None else filter(lines.__contains__, old)
            found += new
        at = end
    return found + base[at:]


def _joined_changes(base: list[str], common: list[str]) -> list[LineChange]:
    """Return the changes of lines; a changed line with the lines next to it that it has words of.

    Example: of ``one``, ``two``, ``three()``, a side deleted all from after ``one`` up to
    ``three``: ``one()``. That is a change of the third line, and ``one`` is not in it twice.
    """
    found: list[LineChange] = []
    for change in line_changes(base, common):
        if found and _belong_together(found[-1], change, base, common):
            start, _, other_start, _, _ = found[-1]
            found[-1] = LineChange(start, change[1], other_start, change[3], True)
        else:
            found.append(change)
    return found


def _belong_together(
    one: LineChange, next_one: LineChange, base: list[str], common: list[str]
) -> bool:
    if one[1] != next_one[0] or one[3] != next_one[2] or (one[4] and next_one[4]):
        return False
    (old, new), (next_old, next_new) = (
        (
            tokens_of("\n".join(base[start:end])),
            tokens_of("\n".join(common[other_start:other_end])),
        )
        for start, end, other_start, other_end, _ in (one, next_one)
    )
    return _share_words(old, next_new) or _share_words(next_old, new)


def _share_words(tokens: list[str], others: list[str]) -> bool:
    return not {token for token in tokens if is_word(token)}.isdisjoint(others)


def _lines_of_words(sides: Iterable[list[str]]) -> dict[str, set[int]]:
    """Return in which lines, of all sides, each word is."""
    found: dict[str, set[int]] = {}
    for number, line in enumerate(chain.from_iterable(sides)):
        for token in filter(is_word, tokens_of(line)):
            found.setdefault(token, set()).add(number)
    return found


def _are_in_one_line(
    tokens: list[str], others: list[str], lines_of_words: dict[str, set[int]]
) -> bool:
    """Return whether a line of a side has words of both texts.

    Example: ``a = 1`` became ``a = 12``, and one side deleted ``a``. What both sides share is
    `` = 12``, which has no word of the old line. The line of the other side shows that it is the
    same one.
    """
    old, new = (
        set().union(*(lines_of_words.get(token, ()) for token in part if is_word(token)))
        for part in (tokens, others)
    )
    return not old.isdisjoint(new)


def _with_old_tokens(tokens: list[str], others: list[str]) -> Iterator[str]:
    """Tokens, and those that stood before or behind them; not what they replaced."""
    at = 0
    for start, end, other_start, other_end in differences(tokens, others):
        yield from tokens[at:start]
        yield from others[other_start:other_end] or tokens[start:end]
        at = end
    yield from tokens[at:]


def _kept(tokens: list[str], others: list[str]) -> list[int]:
    """The tokens, by index, that another text has as well."""
    found: list[int] = []
    at = 0
    for start, end, _, _ in differences(tokens, others):
        found += range(at, start)
        at = end
    return [*found, *range(at, len(tokens))]


def in_common(one: list[str], other: list[str]) -> list[str]:
    """Return what two texts share: equal lines, and equal tokens of similar lines.

    For lines that were added or replaced as a whole, tokens count as well if so many consecutive
    ones are equal that it cannot be chance: one side may have split or joined lines of the other.
    """
    found: list[str] = []
    at = 0
    for start, end, other_start, other_end, is_inline in line_changes(one, other):
        found += one[at:start]
        tokens, others = (
            tokens_of("\n".join(part)) for part in (one[start:end], other[other_start:other_end])
        )
        shared = _kept(tokens, others)
        if is_inline or _is_long(tokens, shared):
            found += "".join(tokens[at] for at in shared).split("\n")
        at = end
    return found + one[at:]


def _is_long(tokens: list[str], shared: list[int]) -> bool:
    """Return whether shared tokens contain enough consecutive words."""
    run = last = 0
    for at in shared:
        run = (run if at == last + 1 else 0) + is_word(tokens[at])
        last = at
        if run >= LONG_RUN:
            return True
    return False
