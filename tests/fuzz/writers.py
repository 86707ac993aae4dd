"""Other writers of a file: what they change, and how they put it on the disk."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .code import change_of
from .contents import body, cells_of_file, is_notebook, joined, new_cell
from .ledger import Ledger
from .marks import MARK, seam
from .plan import Step

PAUSE = 0.0004
"""Seconds between two pieces of a slow writer, who holds up the event loop meanwhile: threads
that read the file see every state of it, and nothing takes one of them for settled."""


def write(path: Path, kind: str, step: Step, ledger: Ledger) -> None:
    """Change a file as a step says, based on what it holds now."""
    before = path.read_bytes()
    change = _change_notebook if is_notebook(kind) else _change_text
    after = change(before, step, ledger)
    old, new = cells_of_file(before, kind), cells_of_file(after, kind)
    named = all(not name.startswith("#") for name, _ in [*old, *new])
    ledger.effect(old, new, f"(removed on disk in step {step['mark']})", named=named)
    _put[step["how"]](path, before, after)


def _change_text(data: bytes, step: Step, ledger: Ledger) -> bytes:
    text = data.decode()
    newline = "\r\n" if "\r\n" in text else "\n"
    if step["how"] == "append":
        return (text + ledger.new(step["mark"], "a writer", safe=True) + newline).encode()
    if step["what"] == "code":
        return _with_code(text, step, newline).encode()
    if step["what"] in ("erase", "both", "drop", "run"):
        text = _without_one(text, step["to"])
    if step["what"] in ("insert", "both", "cell"):
        piece = ledger.new(step["mark"], "a writer", safe=True)
        at = seam(text, step["at"])
        text = text[:at] + piece + (newline if step["what"] == "cell" else "") + text[at:]
    return text.encode()


def _with_code(text: str, step: Step, newline: str = "\n") -> str:
    """A text with an edit of its code."""
    change = change_of(text, step, newline)
    if change is None:
        return text
    start, end, piece = change
    return text[:start] + piece + text[end:]


def _run(cell: dict[str, Any], step: Step) -> None:
    """Write more output, as a program does that runs a notebook and saves it meanwhile."""
    outputs = cell["outputs"]
    if not outputs or outputs[-1]["output_type"] != "stream" or step["at"] < 0.3:
        outputs[:] = [{"output_type": "stream", "name": "stdout", "text": []}]
    number = step["mark"]
    lines = joined(outputs[-1]["text"]) + f"epoch {number}: loss 0.{number}\n[{number}%"
    outputs[-1]["text"] = lines.splitlines(keepends=True)
    cell["execution_count"] = number


def _without_one(text: str, share: float) -> str:
    found = list(MARK.finditer(text))
    if not found:
        return text
    one = found[min(int(share * len(found)), len(found) - 1)]
    return text[: one.start()] + text[one.end() :]


def _change_notebook(data: bytes, step: Step, ledger: Ledger) -> bytes:
    notebook = json.loads(data)
    cells: list[dict[str, Any]] = notebook["cells"]
    if step["how"] == "downgrade":
        notebook["nbformat_minor"] = 4
        for cell in cells:
            cell.pop("id", None)
    what = "cell" if step["how"] == "append" or not cells else step["what"]
    at = len(cells) if step["how"] == "append" else int(step["cell"] * len(cells))
    if what == "cell":
        name = f"disk-{step['mark']}" if notebook["nbformat_minor"] >= 5 else None
        mark = ledger.new(step["mark"], "a writer", safe=True)
        cells.insert(at, new_cell(f"{mark}\n{body(step['mark'])}\n", name))
    elif what == "drop" and len(cells) > 1:
        del cells[at]
    elif what == "code":
        source = _with_code(joined(cells[at]["source"]), step)
        cells[at]["source"] = source.splitlines(keepends=True)
    elif what == "run":
        _run(cells[at], step)
    elif what in ("insert", "erase", "both"):
        source = joined(cells[at]["source"])
        if what != "insert":
            source = _without_one(source, step["to"])
        if what != "erase":
            place = seam(source, step["at"])
            piece = ledger.new(step["mark"], "a writer", safe=True)
            source = source[:place] + piece + source[place:]
        cells[at]["source"] = source.splitlines(keepends=True)
    indent = 1 if step["to"] < 0.8 else 2
    return (json.dumps(notebook, indent=indent, ensure_ascii=False) + "\n").encode()


def _in_place(path: Path, before: bytes, after: bytes) -> None:
    with path.open("r+b") as file:
        file.write(after)
        file.truncate()


def _slowly(path: Path, before: bytes, after: bytes) -> None:
    """Truncate first, then write in pieces."""
    middle = len(after) // 2
    with path.open("wb", buffering=0) as file:
        for piece in (after[:middle], after[middle:]):
            time.sleep(PAUSE)
            file.write(piece)


def _at_the_end(path: Path, before: bytes, after: bytes) -> None:
    if not after.startswith(before):
        _in_place(path, before, after)
        return
    piece = after[len(before) :]
    with path.open("ab", buffering=0) as file:
        file.write(piece[:3])
        time.sleep(PAUSE)
        file.write(piece[3:])


def _renamed_over(path: Path, before: bytes, after: bytes) -> None:
    other = path.with_name(f"~{path.name}")
    other.write_bytes(after)
    other.replace(path)


def _with_an_old_time(path: Path, before: bytes, after: bytes) -> None:
    _in_place(path, before, after)
    os.utime(path, (1_000_000_000, 1_000_000_000))


_put: dict[str, Callable[[Path, bytes, bytes], None]] = {
    "rewrite": _in_place,
    "append": _at_the_end,
    "slow": _slowly,
    "replace": _renamed_over,
    "old": _with_an_old_time,
    "downgrade": _renamed_over,
}
