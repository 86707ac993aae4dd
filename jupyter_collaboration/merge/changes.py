"""Changes of the lines and tokens of one base by two sides: which of them touch, which merge.

Pure: lists of lines and tokens in and out.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from .diff import differences, line_changes, tokens_of

MAX_SLIDE = 50
"""Most lines, or tokens, by which an insertion may be shifted to an equivalent position.

If ``a, b`` became ``a, c, b``, either ``c, `` was inserted before ``b`` or ``, c`` after ``a``.
"""


@dataclass(frozen=True)
class Change:
    """Lines of the base (start, end) that a side replaced by others."""

    start: int
    end: int
    lines: list[str]
    is_inline: bool


def changes_of(base: Sequence[str], side: Sequence[str]) -> list[Change]:
    """A side's changes of the base, in rising order."""
    found: list[Change] = []
    for start, end, other_start, other_end, is_inline in line_changes(base, side):
        if other_start == other_end:
            # Each line by itself: if the other side changed one of ten deleted lines, only that
            # line is kept.
            found += [Change(at, at + 1, [], False) for at in range(start, end)]
        else:
            found.append(Change(start, end, list(side[other_start:other_end]), is_inline))
    return found


def applied(base: list[str], start: int, changes: list[Change]) -> list[str]:
    """Some lines of the base, of which the first one has this number, with a side's changes."""
    lines: list[str] = []
    at = 0
    for change in changes:
        lines += [*base[at : change.start - start], *change.lines]
        at = change.end - start
    return lines + base[at:]


def deletions_around(changes: list[Change]) -> set[int]:
    """The places of the base where the lines before and behind are deleted."""
    gone = {change.start for change in changes if not change.lines}
    return {at for at in gone if at - 1 in gone}


@dataclass
class Group:
    """Changes of both sides that are about the same lines of the base (start, end)."""

    start: int
    end: int
    ours: list[Change] = field(default_factory=list)
    theirs: list[Change] = field(default_factory=list)


def groups_of(base: Sequence[str], ours: list[Change], theirs: list[Change]) -> Iterator[Group]:
    """Group the changes of both sides by the lines that they are about.

    Changes of adjacent lines are two groups, and so are an added line and a change of the line
    after it. Lines that both sides added at the same place are one group.
    """
    ours, theirs = _together(base, ours, theirs)
    todo = sorted(
        [(change.start, change.end, 0, change) for change in ours]
        + [(change.start, change.end, 1, change) for change in theirs],
        key=lambda each: each[:3],
    )
    group: Group | None = None
    for start, end, side, change in todo:
        if group is None or not (start < group.end or start == end == group.start == group.end):
            if group is not None:
                yield group
            group = Group(start, end)
        group.end = max(end, group.end)
        (group.theirs if side else group.ours).append(change)
    if group is not None:
        yield group


def _together(
    base: Sequence[str], ours: list[Change], theirs: list[Change]
) -> tuple[list[Change], list[Change]]:
    """Move lines that both sides added to the same place, if equal lines make it ambiguous.

    Before and after a blank line are the same place: with ``a``, blank, ``b`` one side may seem to
    have added ``blank, x`` after ``a``, and the other one ``y, blank`` before ``b``.
    """
    mine, others = _slides(base, ours), _slides(base, theirs)
    mine_at, others_at = 0, 0
    while mine_at < len(mine) and others_at < len(others):
        (i, low, high), (j, other_low, other_high) = mine[mine_at], others[others_at]
        if max(low, other_low) <= min(high, other_high):
            at = ours[i].start
            if not other_low <= at <= other_high:
                at = min(max(theirs[j].start, low), high)
                if not max(low, other_low) <= at <= min(high, other_high):
                    at = max(low, other_low)
            ours[i], theirs[j] = _moved(ours[i], at), _moved(theirs[j], at)
        if high <= other_high:
            mine_at += 1
        else:
            others_at += 1
    return ours, theirs


def _slides(base: Sequence[str], changes: list[Change]) -> list[tuple[int, int, int]]:
    """The added lines of a side: their index, and the first and last place where they may be."""
    found: list[tuple[int, int, int]] = []
    for index, change in enumerate(changes):
        if change.start == change.end:
            least = changes[index - 1].end if index else 0
            most = changes[index + 1].start if index + 1 < len(changes) else len(base)
            found.append((index, *slide(base, change.start, change.lines, least, most)))
    return found


def slide(
    base: Sequence[str], at: int, new: Sequence[str], least: int, most: int
) -> tuple[int, int]:
    """Between which places an insertion may be moved without changing the result."""
    low = high = at
    while low > max(least, at - MAX_SLIDE) and base[low - 1] == new[(low - 1 - at) % len(new)]:
        low -= 1
    while high < min(most, at + MAX_SLIDE) and base[high] == new[(high - at) % len(new)]:
        high += 1
    return low, high


def _turned(new: list[str], by: int) -> list[str]:
    turn = by % len(new)
    return new[turn:] + new[:turn]


def _moved(change: Change, to: int) -> Change:
    lines = _turned(change.lines, to - change.start)
    return replace(change, start=to, end=to, lines=lines)


# Tokens


class TokenEdit(NamedTuple):
    """Tokens of the base (start, end) that a side replaced by others."""

    start: int
    end: int
    new: list[str]
    low: int
    high: int


def merged_tokens(base: list[str], group: Group, *, sure: bool = True) -> list[str] | None:
    """Merge both sides' changes of some lines by tokens; None if they touch.

    Args:
        base: the lines of the group.
        sure: whether both sides come from just this base. If not, a space that both have between
            their changes may be there by chance, and separates nothing.
    """
    if not base:
        return None
    by_line = [[*tokens_of(line), "\n"] for line in base]
    tokens = [token for line in by_line for token in line]
    lines = [0]
    for line in by_line:
        lines.append(lines[-1] + len(line))
    mine, others = (
        _token_edits(tokens, lines, group.start, side) for side in (group.ours, group.theirs)
    )
    shared = {(edit.start, edit.end, *edit.new) for edit in mine}
    others = [edit for edit in others if (edit.start, edit.end, *edit.new) not in shared]
    line_starts = set(lines)
    blanks = set() if sure else _blanks(tokens)
    for one, other in ((mine, others), (others, mine)):
        for index, edit in enumerate(one):
            place = _place_apart(edit, other, line_starts, blanks)
            if place is None:
                return None
            one[index] = place
    merged = _joined(tokens, [*mine, *others])
    known = set(tokens).union(*(edit.new for edit in (*mine, *others)))
    text = "".join(merged)
    # Tokens of both sides beside each other may make a third one: with `a.b`, `1.b` and `a.5`
    # would become `1.5`.
    if tokens_of(text) != merged or not known.issuperset(merged) or text[-1:] not in ("", "\n"):
        return None
    return text.split("\n")[:-1]


def _token_edits(
    tokens: list[str], lines: list[int], start: int, changes: list[Change]
) -> list[TokenEdit]:
    edits: list[TokenEdit] = []
    for change in changes:
        first, last = lines[change.start - start], lines[change.end - start]
        new = [token for line in change.lines for token in (*tokens_of(line), "\n")]
        if change.is_inline:
            for i1, i2, j1, j2 in differences(tokens[first:last], new):
                place = first + i1
                edits.append(TokenEdit(place, first + i2, new[j1:j2], place, place))
        else:
            edits.append(TokenEdit(first, last, new, first, first))
    found: list[TokenEdit] = []
    ends = [0, *(edit.end for edit in edits)]
    starts = [*(edit.start for edit in edits), len(tokens)]
    for edit, least, most in zip(edits, ends[:-1], starts[1:], strict=True):
        if edit.start == edit.end:
            low, high = slide(tokens, edit.start, edit.new, least, most)
            edit = _at(edit._replace(low=low, high=high), high)
        found.append(edit)
    return found


def _place_apart(
    edit: TokenEdit, others: list[TokenEdit], line_starts: set[int], blanks: set[int]
) -> TokenEdit | None:
    """Shift an edit so that it touches none of the other side; None if that is not possible.

    If ``a b`` became ``a x b``, either `` x`` was inserted after ``a`` or ``x `` before ``b``. If
    the other side changed ``b``, the first one is chosen: an unchanged space is between the edits.
    """
    reach = (edit.low - 1, max(edit.end, edit.high) + 1)
    first = bisect_left(others, reach[0], key=lambda other: max(other.end, other.high))
    last = bisect_right(others, reach[1], key=lambda other: min(other.start, other.low))
    near = others[first:last]
    if edit.start != edit.end:  # the insertions of the other side look for a place themselves
        near = [other for other in near if other.start != other.end]
    for place in range(edit.high, edit.low - 1, -1):
        turned = _at(edit, place)
        if not any(_touch(turned, other, line_starts, blanks) for other in near):
            return turned
    return None


def _at(edit: TokenEdit, place: int) -> TokenEdit:
    """The same insertion, taken to be at another place."""
    if place == edit.start:
        return edit
    return TokenEdit(place, place, _turned(edit.new, place - edit.start), edit.low, edit.high)


def _blanks(tokens: list[str]) -> set[int]:
    return {at for at, token in enumerate(tokens) if token.isspace() and token != "\n"}


def _touch(one: TokenEdit, other: TokenEdit, line_starts: set[int], blanks: set[int]) -> bool:
    """Whether no unchanged token separates two edits of two sides."""
    if not one.new and not other.new:
        return False  # two deletions: what either side deleted is gone
    first, last = sorted((one, other), key=lambda edit: (edit.start, edit.end))
    # They meet: with a line's end between them they are about two lines.
    ends_line = first.new[-1] == "\n" if first.new else first.start in line_starts
    is_about_lines = first.end in line_starts and ends_line
    is_near = first.end + 1 == last.start and first.end in blanks and not is_about_lines
    if one.start == one.end and other.start == other.end:
        # The same place, if both are taken to stand as late as they may. So `a x b` and `a y b`
        # touch; a quote is between the two insertions of `("b c")` and `("b", d="")`.
        if one.high != other.high and one.start != other.start:
            return is_near
        # A line that was added, and something before the first word of the line behind it.
        whole = [edit.start in line_starts and edit.new[-1] == "\n" for edit in (one, other)]
        return whole[0] == whole[1] or one.start != other.start or one.start not in line_starts
    if first.end < last.start:
        return is_near
    return first.end > last.start or not is_about_lines


def _joined(tokens: list[str], edits: list[TokenEdit]) -> list[str]:
    """The base with all edits."""
    gone: set[int] = set()
    added: dict[int, list[str]] = {}
    for edit in sorted(edits, key=lambda each: (each.start, each.end, each.new[-1:] != ["\n"])):
        gone.update(range(edit.start, edit.end))
        added.setdefault(edit.start, []).extend(edit.new)
    merged: list[str] = []
    for at, token in enumerate([*tokens, None]):
        merged += added.get(at, ())
        if token is not None and at not in gone:
            merged.append(token)
    return merged
