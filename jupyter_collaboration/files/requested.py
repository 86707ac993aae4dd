"""What a document held when somebody requested to restore or revert it.

What users type after that stays [S4] [V5]. A request may have to wait, or to compute for long, and
meanwhile the document changes by other merges.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pycrdt import Doc


class Base:
    """What a request replaces: the document as one update, or a content as a file holds it."""

    def __init__(self, value: Any) -> None:
        self.value = value


class RequestedBases:
    """The bases of all requests of one document that are not done yet."""

    def __init__(self, doc: Doc[Any]) -> None:
        self._doc = doc
        self._bases: list[Base] = []

    def begin(self) -> Base:
        """Return the base of a request that is made now; `end` has to be called."""
        base = Base(self._doc.get_update())
        self._bases.append(base)
        return base

    def end(self, base: Base) -> None:
        """The request is done; does nothing if that was said before."""
        if base in self._bases:
            self._bases.remove(base)

    @contextmanager
    def request(self) -> Iterator[Base]:
        """A request that is made now, and done at the end of this block."""
        base = self.begin()
        try:
            yield base
        finally:
            self.end(base)

    def merged(self) -> None:
        """A merge was applied: what it brought belongs to what the others replace."""
        if self._bases:
            state = self._doc.get_update()
            for base in self._bases:
                base.value = state

    def replaced(self, content: Any) -> None:
        """The document was restored or reverted to a content: the others replace that.

        What the document has beyond it was typed after that request, and stays.
        """
        for base in self._bases:
            base.value = content
