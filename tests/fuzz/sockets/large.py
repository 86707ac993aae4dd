"""Large outputs: megabytes of blocks, each of which the judge reads as one character."""

from __future__ import annotations

from ..marks import Cells

PACKED = "▒"
"""Stands for a block."""

BLOCK = "".join(f"row {number:05} {number * 7919 % 10007:05} █\n" for number in range(2500))
"""Some 50 kB of output."""

BLOCKS = 50
"""Blocks of a large output, in which an edit is sent in several parts. [M4]"""


def packed(text: str) -> str:
    """A text in which each block is one character."""
    return text.replace(BLOCK, PACKED)


def unpacked(text: str) -> str:
    """The text that was packed."""
    return text.replace(PACKED, BLOCK)


def packed_cells(cells: Cells) -> Cells:
    """Cells with packed texts."""
    return [(name, packed(text)) for name, text in cells]
