"""What was typed: tokens, and which of them somebody placed beside each other. [S4]

A merge by the server may choose between the sides, but never makes up text. So each token of its
result was typed by somebody, and each pair of adjacent tokens stood like that in front of somebody:
a merge keeps an unchanged token between the edits of two sides. Two pairs are not judged:

- What Yjs makes of two edits at one place whose authors did not see each other's. They arrive as
  edits of members, which the server passes on as they are; they are noted, and count as typed. [L1]
- What is left where one side deleted a token and the other side the token beside it. [L2]
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise

from .marks import readable

TOKEN = re.compile(
    r"\d+(?:\.\d+)*\w*|[^\W\d]\w*|[=<>!+\-*/%&|^~:@$?#\\]+|\.+|[^\S\n]+|[\s\S]", re.ASCII
)
"""Deliberately not the pattern of `merge.diff`, and nowhere coarser than that one."""

Pair = tuple[str, str]

MAX_GONE = 6
"""Most adjacent tokens that one side deleted beside some that the other side deleted."""


def tokens_of(text: str) -> list[str]:
    """The tokens of a text; any white space within a line is one space."""
    found: list[str] = TOKEN.findall(text.replace("\0", "\n"))
    return [" " if token.isspace() and token != "\n" else token for token in found]


@lru_cache(maxsize=4096)
def pairs_of(text: str) -> frozenset[Pair]:
    """All pairs of adjacent tokens; a text begins and ends like a line."""
    tokens = ["\n", *tokens_of(text), "\n"]
    return frozenset(pairwise(tokens))


def _all_pairs(texts: Iterable[str]) -> set[Pair]:
    return set().union(*map(pairs_of, texts))


class Typed:
    """All that was typed in a plan."""

    def __init__(self) -> None:
        self._pairs: set[Pair] = set()
        self._tokens: set[str] = {"\n", " "}
        self._gone: set[str] = set()
        self.mixtures = 0

    def edited(self, before: Iterable[str], after: Iterable[str]) -> None:
        """A person or a program turned some texts into others."""
        old, new = list(before), list(after)
        if old == new:
            return
        self._note(_all_pairs(new) - _all_pairs(old))
        lost = Counter(t for text in old for t in tokens_of(text))
        lost.subtract(t for text in new for t in tokens_of(text))
        self._gone.update(token for token, number in lost.items() if number > 0)

    def mixed(self, texts: Iterable[str]) -> None:
        """Yjs made these texts of edits that arrived as they were made."""
        more = _all_pairs(texts) - self._pairs
        self.mixtures += bool(more)
        self._note(more)

    def _note(self, pairs: set[Pair]) -> None:
        self._pairs |= pairs
        self._tokens.update(token for pair in pairs for token in pair)

    def invented(self, texts: Iterable[str]) -> list[str]:
        """What nobody typed in the result of a merge."""
        texts = list(texts)
        more = _all_pairs(texts) - self._pairs
        wrong = []
        for one, other in sorted(more):
            made_up = [token for token in (one, other) if token not in self._tokens]
            wrong += [f"nobody typed the token {readable(token)!r}" for token in made_up]
            if not made_up and not self._is_left(one, other):
                wrong.append(f"nobody placed {readable(one)!r} before {readable(other)!r}")
        wrong = list(dict.fromkeys(wrong))
        if wrong:
            wrong[0] += f" in {[readable(text) for text in texts]}"
        self._note(more)  # said once
        return wrong

    def _is_left(self, one: str, other: str) -> bool:
        """Whether two tokens may be adjacent because everything between them was deleted."""
        reached, seen = {one}, {one}
        for _ in range(MAX_GONE):
            if any((token, other) in self._pairs for token in reached):
                return True
            after = {b for a, b in self._pairs if a in reached and b in self._gone}
            reached = after - seen
            seen |= reached
        return False
