"""Three-way merges of texts, which never invent text.

Pure: strings in, strings out; not aware of Yjs. Everything that either side typed is in the result;
what either side deleted is gone, unless the other side changed it. Every token of the result is
one that a side, or the base, has: ``lr = 0.15`` and ``lr = 0.12`` never become ``lr = 0.125``.

- Changes of different lines merge.
- Changes of different tokens of one line merge, if a token that nobody changed is between them:
  ``f(a, b)`` with ``f(x, b)`` and ``f(a, y)`` is ``f(x, y)``.
- Changes that touch keep both lines, ours first, and are a `Conflict`: ``if a:`` with
  ``if a and b:`` and ``if a or c:`` is both of these lines.
- A change of what the other side deleted stays, and is a `Conflict`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from .ancestor import base_of_both, in_common
from .changes import Group, applied, changes_of, deletions_around, groups_of, merged_tokens
from .conflict import Conflict
from .diff import differences, is_word, tokens_of
from .moved_text import Span, lines_around, repeated


def merge_text(
    base: str | None, ours: str, theirs: str, *, sure: bool = True
) -> tuple[str, list[Conflict]]:
    """Merge both sides' changes of a text.

    Args:
        base: what both sides come from; None if that is not known: then nothing counts as
            deleted.
        sure: whether both sides come from just this base, and share nothing that came later. If
            not, what both added at one place, and share, stands there once; and what one side
            has moved may stand at both places, with a `Conflict` for each: whole lines, however
            short, and longer pieces of lines that differ otherwise.
    """
    if ours == theirs or theirs == base:
        return ours, []
    if ours == base:
        return theirs, []
    if sure and base is not None:
        return _TextMerge(base, ours, theirs, sure).result()
    merged = _TextMerge(base_of_both(base, ours, theirs), ours, theirs, False).result()
    if base is None or _holds_shared(merged[0], base, ours, theirs):
        return merged
    # The base that was made up fits one side only: without one, nothing counts as deleted.
    return _TextMerge(base_of_both(None, ours, theirs), ours, theirs, False).result()


def _holds_shared(merged: str, base: str, ours: str, theirs: str) -> bool:
    """Return whether a merge has what both sides have.

    That is, all words that are there once, and the tokens of what the sides have in common.
    """
    counts = [Counter(filter(is_word, tokens_of(text))) for text in (base, ours, theirs)]
    once = {word for word, number in counts[1].items() if number == counts[2][word] == 1}
    common = "\n".join(in_common(ours.split("\n"), theirs.split("\n")))
    left = Counter(tokens_of(common)) - Counter(tokens_of(merged))
    return all(map(str.isspace, left)) and all(
        counts[0][word] > 1 or word in merged for word in once
    )


class _From(Enum):
    """Which side a part of the result is from."""

    OURS = "ours"
    THEIRS = "theirs"
    BOTH = "both"


@dataclass(frozen=True)
class _Choice:
    """A conflict by the lines of the result: ours are the first ones, and then come theirs."""

    start: int
    ours: int
    theirs: int


class _TextMerge:
    """One merge: walks along the lines of the base, and decides on each group of changes."""

    def __init__(self, base: str, ours: str, theirs: str, sure: bool) -> None:
        self._base = base.split("\n")
        self._sides = ours.split("\n"), theirs.split("\n")
        self._sure = sure
        self._lines: list[tuple[_From, str]] = []
        self._choices: list[_Choice] = []

    def result(self) -> tuple[str, list[Conflict]]:
        ours, theirs = (changes_of(self._base, side) for side in self._sides)
        deletions = deletions_around(ours), deletions_around(theirs)
        at = 0
        for group in groups_of(self._base, ours, theirs):
            self._add(_From.BOTH, self._base[at : group.start])
            base = self._base[group.start : group.end]
            if group.ours and group.theirs:
                self._decide(base, group)
            else:
                lines = applied(base, group.start, group.ours or group.theirs)
                gone = deletions[1] if group.ours else deletions[0]
                is_amid = not base and group.start in gone
                self._take(_From.OURS if group.ours else _From.THEIRS, lines, is_amid)
            at = group.end
        self._add(_From.BOTH, self._base[at:])
        text = "\n".join(line for _, line in self._lines)
        conflicts = [self._conflict(choice, text) for choice in self._choices]
        return text, conflicts if self._sure else [*conflicts, *self._moved(text)]

    def _add(self, side: _From, lines: Sequence[str]) -> None:
        self._lines += [(side, line) for line in lines]

    def _take(self, side: _From, lines: list[str], is_amid: bool) -> None:
        """Take what only one side changed, perhaps amid lines that the other side deleted."""
        if not is_amid:
            self._add(side, lines)
        elif side is _From.OURS:
            self._choose(lines, [])
        else:
            self._choose([], lines)

    def _decide(self, base: list[str], group: Group) -> None:
        """Merge what both sides changed, or keep both."""
        ours, theirs = (applied(base, group.start, side) for side in (group.ours, group.theirs))
        if ours == theirs:
            self._add(_From.BOTH, ours)
        elif not any(map(str.strip, ours + theirs)):
            self._add(_From.BOTH, max(ours, theirs, key=lambda lines: (len(lines), lines)))
        elif not any(map(str.strip, ours)):  # deleted; perhaps a blank line is left
            self._choose([], theirs)
        elif not any(map(str.strip, theirs)):
            self._choose(ours, [])
        elif (merged := merged_tokens(base, group, sure=self._sure)) is not None:
            for line in merged:
                is_ours, is_theirs = line in ours, line in theirs
                side = _From.OURS if is_ours else _From.THEIRS
                self._add(_From.BOTH if is_ours == is_theirs else side, [line])
        elif _holds(base, theirs, ours):
            self._add(_From.OURS, ours)
        elif _holds(base, ours, theirs):
            self._add(_From.THEIRS, theirs)
        else:
            self._choose(ours, theirs)

    def _choose(self, ours: list[str], theirs: list[str]) -> None:
        """Keep both, ours first, as a conflict."""
        self._choices.append(_Choice(len(self._lines), len(ours), len(theirs)))
        self._add(_From.OURS, ours)
        self._add(_From.THEIRS, theirs)

    def _conflict(self, choice: _Choice, text: str) -> Conflict:
        """A conflict as pieces of text: with the line ends that go with each choice.

        The last line of a text has none: there the line end before it goes with it. If the same
        stands elsewhere as well, the lines around it show which place it is.
        """
        middle, end = choice.start + choice.ours, choice.start + choice.ours + choice.theirs
        lines = [line for _, line in self._lines]
        ours, theirs, both = (
            lines[choice.start : middle],
            lines[middle:end],
            lines[choice.start : end],
        )
        place = sum(len(line) + 1 for line in lines[: choice.start])
        if end < len(lines):
            pieces = ["".join(f"{line}\n" for line in part) for part in (ours, theirs, both)]
        elif (ours and theirs) or not choice.start:
            pieces = ["\n".join(part) for part in (ours, theirs, both)]
        else:
            pieces = ["".join(f"\n{line}" for line in part) for part in (ours, theirs, both)]
            place -= 1
        if text.count(pieces[-1]) > 1:
            span = (place, place + len(pieces[-1]))
            start, stop = lines_around(text, span)
            before, after = text[start : span[0]], text[span[1] : stop]
            pieces = [before + piece + after for piece in pieces]
        return Conflict("text", *pieces)

    def _moved(self, text: str) -> Iterator[Conflict]:
        """Conflicts for what stands at two places.

        Where the base may be too old it cannot be told whether a side moved a text that the other
        one has elsewhere, or whether both wrote it: it stands twice.
        """
        lines = [line for _, line in self._lines]
        ours, theirs = (
            {at for at, (source, _) in enumerate(self._lines) if source is side}
            for side in (_From.OURS, _From.THEIRS)
        )
        chosen = {
            at
            for choice in self._choices
            for at in range(choice.start, choice.start + choice.ours + choice.theirs)
        }
        for span, other in repeated(lines, ours - chosen, theirs - chosen):
            kept, without = _with_and_without(text, span)
            yield Conflict("text", kept, without, kept)
            kept, without = _with_and_without(text, other)
            yield Conflict("text", without, kept, kept)


def _with_and_without(text: str, span: Span) -> tuple[str, str]:
    """The lines around a piece of a text, with it and without it."""
    start, end = lines_around(text, span)
    return text[start:end], text[start : span[0]] + text[span[1] : end]


def _holds(base: list[str], small: list[str], large: list[str]) -> bool:
    """Whether one side's lines are the other's and one piece more, as where it went on typing.

    ``if a and b:`` is in ``if a and b or c:``, so that nothing is lost if the longer one stays.
    What the shorter one deleted has to be gone in the longer one as well.
    """
    old, one, other = (tokens_of("\n".join(lines)) for lines in (base, small, large))
    more = differences(one, other)
    if len(more) != 1 or more[0][0] != more[0][1] or not any(map(is_word, one)):
        return False
    gone, also_gone = (
        {at for i1, i2, _, _ in differences(old, side) for at in range(i1, i2)}
        for side in (one, other)
    )
    return gone <= also_gone
