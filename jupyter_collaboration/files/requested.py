"""What a document held when somebody requested to restore or revert it.

What users type after that stays [S4] [V5]. A request may have to wait, or may take long to compute,
and other merges may change the document meanwhile.
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
        """End a request; does nothing if it has ended."""
        if base in self._bases:
            self._bases.remove(base)

    @contextmanager
    def request(self) -> Iterator[Base]:
        """Provide the base of a request that is made now, and ends with this block."""
        base = self.begin()
        try:
            yield base
        finally:
            self.end(base)

    def merged(self) -> None:
        """Handle that a merge was applied: requests replace its changes as well."""
        if self._bases:
            state = self._doc.get_update()
            for base in self._bases:
                base.value = state

    def replaced(self, content: Any) -> None:
        """Handle that the document was restored or reverted: other requests replace that content.

        Whatever else is in the document was typed after that request, and stays.
        """
        for base in self._bases:
            base.value = content
