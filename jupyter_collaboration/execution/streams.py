r"""The text of a stream output, with carriage returns and backspaces applied. Pure.

The result is the one of JupyterLab, so that a saved notebook is the same whoever ran it: ``\r``
moves to the start of the line, text overwrites what is there, ``\n`` goes to the end of the line,
and ``\b`` deletes.
"""

from __future__ import annotations

import re

MANY_PARTS = 1_000
"""Number of parts from which on the settled lines are joined, to save memory."""

_CONTROLS = re.compile("[\n\b\r]")


class StreamText:
    """A growing text, of which only the last line can still change."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        # The last line in pieces, since a program may print a long one letter by letter.
        self._pieces: list[str] = []
        self._length = 0
        self._column = 0
        self._size = 0
        self._line_size = 0
        self._written = ""
        self._written_line_size = 0
        self._written_size = 0
        self._written_lines = 0

    @property
    def size(self) -> int:
        """The size in bytes."""
        return self._size + self._line_size

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join((*self._lines, self._line))

    @property
    def _line(self) -> str:
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def feed(self, text: str) -> None:
        """Add what a program has printed."""
        at = 0
        end = len(text)
        while at < end:
            if self._column == self._length and self._take_lines(text, at):
                at = text.rfind("\n", at) + 1
                continue
            found = _CONTROLS.search(text, at)
            stop = found.start() if found else end
            if stop > at:
                self._overwrite(text[at:stop])
            if found is not None:
                self._control(found[0])
            at = stop + 1

    def _take_lines(self, text: str, at: int) -> bool:
        """Take whole lines at once, if nothing in the text has to be applied."""
        last = text.rfind("\n", at)
        if last < 0 or text.find("\r", at) >= 0 or text.find("\b", at) >= 0:
            return False
        self._settle(self._line + text[at : last + 1])
        return True

    def _settle(self, lines: str) -> None:
        self._lines.append(lines)
        self._size += len(lines.encode())
        self._set_line("", 0, 0)

    def _set_line(self, line: str, size: int, column: int) -> None:
        self._pieces = [line] if line else []
        self._length = len(line)
        self._line_size = size
        self._column = column

    def _overwrite(self, text: str) -> None:
        size = self._line_size + len(text.encode())
        end = self._column + len(text)
        if self._column == self._length:
            self._pieces.append(text)
            self._length = self._column = end
            self._line_size = size
        else:
            line = self._line
            size -= len(line[self._column : end].encode())
            self._set_line(line[: self._column] + text + line[end:], size, end)

    def _control(self, character: str) -> None:
        if character == "\n":
            self._settle(self._line + "\n")
        elif character == "\r":
            self._column = 0
        elif self._column > 0:
            line, at = self._line, self._column - 1
            end = at + 2  # with what is under the cursor, as in JupyterLab
            size = self._line_size - len(line[at:end].encode())
            self._set_line(line[:at] + line[end:], size, at)

    def take_whole(self) -> str:
        """Return the whole text, and count it as written."""
        text = self.text
        self._count_as_written()
        return text

    def take_change(self) -> tuple[int, int, str]:
        """Return how the text has changed since it was last taken, and count that as written.

        Returns:
            The size in bytes of the part at the start that is the same, the size of the old text
            after it, and the new text after it.
        """
        old = self._written
        new = "".join((*self._lines[self._written_lines :], self._line))
        start = _common(old, new)
        dropped = 0 if start == len(old) else len(old[start:].encode())
        kept = self._written_size + self._written_line_size - dropped
        self._count_as_written()
        return kept, dropped, new[start:]

    def _count_as_written(self) -> None:
        if len(self._lines) > MANY_PARTS:
            self._lines = ["".join(self._lines)]
        self._written = self._line
        self._written_line_size = self._line_size
        self._written_size = self._size
        self._written_lines = len(self._lines)


def _common(one: str, other: str) -> int:
    """Return the length of the common start of two texts."""
    if other.startswith(one):
        return len(one)
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
