"""What two versions of a text come from, also where that is not known, or is too old.

Pure: texts in, numbers out.
"""

from __future__ import annotations

from itertools import accumulate

from .diff import MAX_INLINE, TOKENS, WORD, Edit, origins, text_edits, word_edits

RELATED = 0.5
"""Share of the letters of the shorter of two additions from which on both are one."""


def origins_of_both(
    base: str | None, ours: str, theirs: str, sure: bool
) -> tuple[list[int], list[int], int]:
    """Where in their base the characters of both sides come from, and the base's size.

    Where the base may be too old, what both sides added at one place, and share, belongs to it.

    Args:
        base: None if it is not known: then both sides are versions of one text all the same.
        sure: whether both sides come from just this base, and share nothing that came later.

    Returns:
        A place in the base for each character of ours, and of theirs; -1 for what was added.
    """
    size = len(base or "")
    our_base, their_base = origins(base or "", ours), origins(base or "", theirs)
    if sure and base is not None:
        return our_base, their_base, size
    shared: dict[int, list[tuple[int, int]]] = {}
    others = _added(their_base, size)
    for place, (i1, i2) in _added(our_base, size).items():
        j1, j2 = others.get(place, (0, 0))
        pairs = in_common(ours[i1:i2], theirs[j1:j2])
        if base is None or _are_related(ours[i1:i2], theirs[j1:j2], pairs):
            shared[place] = [(i1 + i, j1 + j) for i, j in pairs]
    more = list(accumulate(len(shared.get(place, ())) for place in range(size + 1)))
    for sides in (our_base, their_base):
        sides[:] = [at + more[at] if at >= 0 else at for at in sides]
    for place, pairs in shared.items():
        for at, (i, j) in enumerate(pairs, place + more[place] - len(pairs)):
            our_base[i] = their_base[j] = at
    return our_base, their_base, size + more[-1]


def base_of_both(base: str, ours: str, theirs: str) -> str:
    """A base that may be too old, with what both sides added to it at one place, and share."""
    our_base, _, _ = origins_of_both(base, ours, theirs, sure=False)
    found = list(base)
    for at, place, old in zip(ours, our_base, origins(base, ours), strict=True):
        if place >= 0 and old < 0:
            found.insert(place, at)
    return "".join(found)


def _added(origin: list[int], size: int) -> dict[int, tuple[int, int]]:
    """The pieces that were added, or replaced others, by what of the base they stand before."""
    found: dict[int, tuple[int, int]] = {}
    start = 0
    for end, at in enumerate([*origin, size]):
        if at >= 0:
            if start < end:
                found[at] = (start, end)
            start = end + 1
    return found


def in_common(one: str, other: str) -> list[tuple[int, int]]:
    """The characters that two versions of a text share, as places in both.

    Lines find more of what is far apart, words of what is in lines that differ. A word that both
    changed is two.
    """
    pairs = _kept(one, text_edits(one, other))
    if len(one) + len(other) <= MAX_INLINE:
        pairs = max(pairs, _kept(one, word_edits(one, other)), key=len)
    whole = _whole(one, {i for i, _ in pairs})
    others = _whole(other, {j for _, j in pairs})
    return [(i, j) for i, j in pairs if i in whole or j in others]


def _whole(text: str, kept: set[int]) -> set[int]:
    """What is kept of a text, without parts of words of which others are not."""
    words = (range(found.start(), found.end()) for found in TOKENS.finditer(text))
    return {at for word in words if kept.issuperset(word) for at in word}


def _kept(text: str, edits: list[Edit]) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    at = to = 0
    for start, end, new in [*edits, (len(text), len(text), "")]:
        pairs += zip(range(at, start), range(to, to + start - at), strict=True)
        at, to = end, to + start - at + len(new)
    return pairs


def _are_related(one: str, other: str, pairs: list[tuple[int, int]]) -> bool:
    """Whether two additions are one that was edited, and not two that share some letters."""
    least = min(len(WORD.findall(one)), len(WORD.findall(other)))
    return sum(WORD.match(one[i]) is not None for i, _ in pairs) >= RELATED * least
