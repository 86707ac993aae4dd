"""Finds the outputs of cells in Yjs updates, and removes those that were deleted again.

Pure: bytes in, bytes out. The format is described in `update_reader`.
"""

from __future__ import annotations

from .messages import write_varuint
from .ranges import Ranges
from .update_reader import DELETED, Id, Part, read_structs

KEY = b"outputs"
"""The key of a cell's outputs."""


class Outputs:
    """The outputs in the updates of a notebook, which have to be read in their order."""

    def __init__(self) -> None:
        self._inside = Ranges()

    def read(self, update: bytes) -> tuple[bool, list[Part]]:
        """Read the next update.

        Returns:
            Whether it contains outputs, and the ranges that it deletes.

        Raises:
            ProtocolError: the update is not valid.
        """
        structs, deleted = read_structs(update)
        found = False
        left = structs
        while left:
            # The parts of one client come before those of another one on which they may depend.
            rest = []
            for each in left:
                if (each.parent and each.key == KEY.decode()) or self._is_near(
                    each.origin, each.right, each.parent
                ):
                    self._inside.add((each.client, each.clock, each.length))
                    found = True
                else:
                    rest.append(each)
            if len(rest) == len(left):
                break
            left = rest
        return found, deleted

    def _is_near(self, *neighbors: Id | None) -> bool:
        return any(each is not None and each in self._inside for each in neighbors)

    def without(self, update: bytes, deleted: Ranges) -> bytes:
        """Return an update that was read before, without the outputs that were deleted.

        Their ids stay, as those of deleted content.

        Raises:
            ProtocolError: the update is not valid.
        """
        kept = bytearray()
        at = 0
        for each in read_structs(update)[0]:
            part = (each.client, each.clock, each.length)
            if deleted.covers(part) and self._inside.covers(part):
                kept += update[at : each.start]
                kept.append(update[each.start] & 0xE0 | DELETED)
                kept += update[each.start + 1 : each.content] + write_varuint(each.length)
                at = each.end
        return bytes(kept + update[at:])
