"""Three-way merges of what documents hold: texts, JSON values and orders.

Pure: Python values in, Python values out; knows nothing of Yjs. Everything that either side
added is in the result once; what either side deleted is gone, unless the other side changed
it. Where both sides replaced the same thing by different ones, both stand in the result, and a
`Conflict` tells of it.
"""

from __future__ import annotations

from enum import Enum
from itertools import pairwise

from .ancestor import origins_of_both
from .conflict import Conflict
from .diff import TOKENS, differences, is_word, joined, starts_of, without_words
from .moved_text import Span, lines_around, twice

RELATED = 0.6
"""Share of the words that both sides added from which on one text is a longer version of the
other."""

LONG_RUN = 2
"""Words in a row that two unrelated texts do not have in common."""

LONG_WORD = 3
"""Characters from which on two equal additions to one line are one by no chance."""


# Texts


def merge_text(
    base: str | None, ours: str, theirs: str, *, sure: bool = True
) -> tuple[str, list[Conflict]]:
    """Both sides' changes of a text.

    What ours and theirs share stands in the result once, also where the base lacks it: a base
    that is older than what both sides know doubles nothing.

    Args:
        base: what both sides come from; None if that is not known: then nothing counts as
            deleted.
        sure: whether both sides come from just this base, and share nothing that came later. If
            not, what one side has moved may stand at both places, with a `Conflict` for each.
    """
    if ours == theirs or theirs == base:
        return ours, []
    if ours == base:
        return theirs, []
    return _TextMerge(base, ours, theirs, sure).result()


class _From(Enum):
    """Which side a part of the result is from."""

    OURS = "ours"
    THEIRS = "theirs"
    BOTH = "both"


class _TextMerge:
    """One merge: walks along what both sides share, and decides what lies between."""

    def __init__(self, base: str | None, ours: str, theirs: str, sure: bool) -> None:
        self._sure = sure and base is not None
        self._ours, self._theirs = ours, theirs
        known = origins_of_both(base, ours, theirs, sure)
        self._our_base, self._their_base, self._base_size = known
        self._theirs_kept = {at for at in self._their_base if at >= 0}
        self._kept = self._theirs_kept.union(at for at in self._our_base if at >= 0)
        self._parts: list[tuple[_From, str]] = []
        self._conflicts: list[Conflict] = []

    def result(self) -> tuple[str, list[Conflict]]:
        i = 0
        for i1, i2, j1, j2 in self._blocks():
            self._parts.append((_From.BOTH, self._ours[i:i1]))
            self._between(i1, i2, j1, j2)
            i = i2
        self._parts.append((_From.BOTH, self._ours[i:]))
        if not self._sure:
            self._drop_repeated()
            self._tell_moved()
        return "".join(text for _, text in self._parts), self._conflicts

    def _tell_moved(self) -> None:
        """Where the base may be too old, what was moved cannot be told: it stands twice."""
        parts = [text for _, text in self._parts]
        ours, theirs = (
            {at for at, (source, _) in enumerate(self._parts) if source is side}
            for side in (_From.OURS, _From.THEIRS)
        )
        merged = "".join(parts)
        for span, other in twice(parts, ours, theirs):
            text, without = _with_and_without(merged, span)
            self._conflicts.append(Conflict("text", text, without, text))
            text, without = _with_and_without(merged, other)
            self._conflicts.append(Conflict("text", without, text, text))

    def _drop_repeated(self) -> None:
        """What both added at one place is one, also where its order among other news differs."""
        places: list[list[int]] = [[]]
        for index, (source, text) in enumerate(self._parts):
            if source is _From.BOTH and ("\n" in text or is_word(text)):
                places.append([])
            places[-1].append(index)
        for place in places:
            mine = [self._parts[k][1].strip() for k in place if self._parts[k][0] is _From.OURS]
            for k in place:
                source, text = self._parts[k]
                for piece in mine if source is _From.THEIRS else ():
                    if len(piece) >= LONG_WORD:
                        text = without_words(text, piece)
                self._parts[k] = (source, text)

    def _blocks(self) -> list[tuple[int, int, int, int]]:
        """Where the two sides differ, in characters of both."""
        blocks: list[tuple[int, int, int, int]] = []
        lines, others = (text.splitlines(keepends=True) for text in (self._ours, self._theirs))
        starts, other_starts = starts_of(lines), starts_of(others)
        changes = self._apart(differences(lines, others), starts, other_starts)
        for i1, i2, j1, j2 in self._grown(changes, starts, other_starts):
            blocks += self._inner(starts[i1], starts[i2], other_starts[j1], other_starts[j2])
        return blocks

    def _apart(
        self,
        changes: list[tuple[int, int, int, int]],
        starts: list[int],
        other_starts: list[int],
    ) -> list[tuple[int, int, int, int]]:
        """Changes, and what is equal by chance: new in theirs, which has ours elsewhere."""
        found = list(changes)
        a = b = 0
        for a1, a2, _, b2 in [*changes, (len(starts) - 1, 0, 0, 0)]:
            for k, m in zip(range(a, a1), range(b, len(other_starts)), strict=False):
                if self._is_elsewhere(starts[k], starts[k + 1], other_starts[m]):
                    found.append((k, k + 1, m, m + 1))
            a, b = a2, b2
        return joined(sorted(found))

    def _is_elsewhere(self, i1: int, i2: int, j: int) -> bool:
        """Whether equal pieces are two: a character is new in theirs, which has ours elsewhere."""
        others = self._their_base[j : j + i2 - i1]
        return -1 in others and any(
            other < 0 and at in self._theirs_kept
            for at, other in zip(self._our_base[i1:i2], others, strict=True)
        )

    def _grown(
        self,
        changes: list[tuple[int, int, int, int]],
        starts: list[int],
        other_starts: list[int],
    ) -> list[tuple[int, int, int, int]]:
        """Changes, with the lines beside them that are equal and come from different places."""
        grown: list[tuple[int, int, int, int]] = []
        ends = [*(change[0] for change in changes[1:]), len(starts) - 1]
        for (i1, i2, j1, j2), end in zip(changes, ends, strict=True):
            at = grown[-1][1] if grown else 0
            while i1 > at and self._is_weak(starts[i1 - 1], starts[i1], other_starts[j1 - 1]):
                i1, j1 = i1 - 1, j1 - 1
            while i2 < end and self._is_weak(starts[i2], starts[i2 + 1], other_starts[j2]):
                i2, j2 = i2 + 1, j2 + 1
            if grown and grown[-1][1] == i1:
                i1, _, j1, _ = grown.pop()
            grown.append((i1, i2, j1, j2))
        return grown

    def _is_weak(self, i: int, to: int, j: int) -> bool:
        """Whether two equal lines may be two: from different places, or new and without words."""
        return self._differ(i, j) or (self._our_base[i] < 0 and not is_word(self._ours[i:to]))

    def _differ(self, i: int, j: int) -> bool:
        """Whether two equal characters come from different places of the base."""
        ours, theirs = self._our_base[i], self._their_base[j]
        return ours != theirs

    def _inner(self, i1: int, i2: int, j1: int, j2: int) -> list[tuple[int, int, int, int]]:
        """The differing words of a differing block of lines."""
        tokens = TOKENS.findall(self._ours[i1:i2])
        others = TOKENS.findall(self._theirs[j1:j2])
        starts = [i1 + at for at in starts_of(tokens)]
        other_starts = [j1 + at for at in starts_of(others)]
        changes = self._apart(differences(tokens, others), starts, other_starts)
        related = self._are_related(tokens, changes, starts, other_starts)
        blocks: list[tuple[int, int, int, int]] = []
        i, j, a, b = i1, j1, 0, 0
        for a1, a2, b1, b2 in [*changes, (len(tokens), 0, len(others), 0)]:
            run = [(starts[a + k], other_starts[b + k], tokens[a + k]) for k in range(a1 - a)]
            run = self._shared(run, (a, b) == (0, 0), (a1, b1) == (len(tokens), len(others)))
            if run and (related or self._is_long(run)):
                if (i, j) != run[0][:2]:
                    blocks.append((i, run[0][0], j, run[0][1]))
                size = len(run[-1][2])
                i, j = run[-1][0] + size, run[-1][1] + size
            a, b = a2, b2
        if (i, j) != (i2, j2):
            blocks.append((i, i2, j, j2))
        return blocks

    def _are_related(
        self,
        tokens: list[str],
        changes: list[tuple[int, int, int, int]],
        starts: list[int],
        other_starts: list[int],
    ) -> bool:
        """Whether both sides added one text, and not two that have some words in common."""
        is_new = [
            is_word(token) and self._our_base[at] < 0
            for token, at in zip(tokens, starts, strict=False)
        ]
        differing = {k for a1, a2, _, _ in changes for k in range(a1, a2)}
        shared = sum(new for k, new in enumerate(is_new) if k not in differing)
        if not shared:
            return True
        their_new = sum(
            is_word(self._theirs[at:to]) and self._their_base[at] < 0
            for at, to in pairwise(other_starts)
        )
        return shared >= RELATED * min(sum(is_new), their_new)

    def _shared(
        self, run: list[tuple[int, int, str]], is_first: bool, is_last: bool
    ) -> list[tuple[int, int, str]]:
        """The part of an equal run (places, token) that is no more than the same by chance.

        Signs beside something that differs may belong to it, unless the base has them.
        """
        start, end = 0, len(run)
        while not is_first and start < end and self._is_chance(*run[start]):
            start += 1
            if run[start - 1][2].isspace():
                break
        while not is_last and start < end and self._is_chance(*run[end - 1]):
            if run[end - 1][2].isspace():
                break
            end -= 1
        return [] if all(self._is_chance(*token) for token in run[start:end]) else run[start:end]

    def _is_long(self, run: list[tuple[int, int, str]]) -> bool:
        """Whether an equal run is from the base, or of so many words that it is no chance."""
        new = sum(is_word(token) and self._our_base[i] < 0 for i, _, token in run)
        return new >= LONG_RUN or any(self._our_base[i] >= 0 for i, _, _ in run)

    def _is_chance(self, i: int, j: int, token: str) -> bool:
        if any(self._differ(i + k, j + k) for k in range(len(token))):
            return True
        return not is_word(token) and self._our_base[i] < 0

    def _between(self, i1: int, i2: int, j1: int, j2: int) -> None:
        """Decide on a block that differs: only characters of the base are common here."""
        shared = {at for at in self._their_base[j1:j2] if at >= 0}
        i, j = i1, j1
        while True:
            stop = next((k for k in range(i, i2) if self._our_base[k] in shared), i2)
            to = j2 if stop == i2 else self._their_base.index(self._our_base[stop], j)
            self._gap(i, stop, j, to)
            if stop == i2:
                return
            self._parts.append((_From.BOTH, self._ours[stop]))
            i, j = stop + 1, to + 1

    def _gap(self, i1: int, i2: int, j1: int, j2: int) -> None:
        """Decide on what stands between two common characters: theirs, then ours."""
        kept = [
            k
            for k in range(i1, i2)
            if self._our_base[k] < 0 or self._our_base[k] in self._theirs_kept
        ]
        mine = "".join(self._ours[k] for k in kept)
        others = "".join(self._theirs[k] for k in range(j1, j2) if self._their_base[k] < 0)
        if all(self._our_base[k] < 0 for k in kept):
            if others.startswith(mine) or others.endswith(mine):
                mine = ""
            elif mine.startswith(others) or mine.endswith(others):
                others = ""
        if others and mine and self._is_at_end(i2, j2) and self._starts_line(i1, j1):
            others += "\n"
        self._parts += [(_From.THEIRS, others), (_From.OURS, mine)]
        if mine and others and self._both_deleted(i1, i2, j1, j2):
            self._conflicts.append(Conflict("text", mine, others, others + mine))

    def _is_at_end(self, i: int, j: int) -> bool:
        return (i, j) == (len(self._ours), len(self._theirs)) and self._theirs[-1:] != "\n"

    def _starts_line(self, i: int, j: int) -> bool:
        return self._ours[:i][-1:] in ("", "\n") and self._theirs[:j][-1:] in ("", "\n")

    def _both_deleted(self, i1: int, i2: int, j1: int, j2: int) -> bool:
        """Whether something of the base that stood in this gap is gone on both sides."""
        before = max(_near(self._our_base, i1 - 1, -1), _near(self._their_base, j1 - 1, -1))
        ends = [_near(self._our_base, i2, 1), _near(self._their_base, j2, 1)]
        after = min((at for at in ends if at >= 0), default=self._base_size)
        return any(at not in self._kept for at in range(before + 1, after))


def _with_and_without(text: str, span: Span) -> tuple[str, str]:
    """The lines around a piece of a text, with it and without it."""
    start, end = lines_around(text, span)
    return text[start:end], text[start : span[0]] + text[span[1] : end]


def _near(origin: list[int], at: int, step: int) -> int:
    """The nearest character of the base from an index on; -1 if there is none."""
    while 0 <= at < len(origin):
        if origin[at] >= 0:
            return origin[at]
        at += step
    return -1
