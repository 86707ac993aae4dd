"""The steps of a plan that a client takes in its document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pycrdt import Text

from . import checks
from .clients import Collaborator, Run
from .code import change_of, keystrokes, snippet
from .contents import (
    body,
    cell_at,
    insert,
    is_notebook,
    joined,
    new_cell,
    remove,
    source_at,
    sources,
    ycell,
    ycells,
    youtput,
)
from .marks import LATER, MARK, mark_text, seam
from .plan import Step

if TYPE_CHECKING:
    from .world import World

NOTEBOOK_ONLY = {"add", "drop", "move", "split", "outputs"}


async def edit(world: World, step: Step) -> None:
    """Take a step, unless there is nothing to take it on."""
    client = world.clients[step["client"]]
    if not client.opened or (step["op"] in NOTEBOOK_ONLY and not is_notebook(world.kind)):
        return
    # Yjs knows no moves: two people who move or split one cell at once get it twice. That is not
    # ours to judge, so everybody sees a move before the next step is taken, none is undone, and the
    # file waits. [L4] The others type on right before and after it, without having seen it. [P9]
    if step["op"] in ("move", "split"):
        async with world.between_saves():
            if await checks.in_step(world):
                assert world.life is not None
                others = [each for each in world.clients if each is not client]
                with world.life.spared():
                    for other in others:
                        go_on(other)
                    _edits[step["op"]](client, step)
                    for other in others:
                        go_on(other)
                    await checks.in_step(world)
    else:
        _edits[step["op"]](client, step)


def edit_now(client: Collaborator, step: Step) -> None:
    """Take a step whatever others do."""
    _edits[step["op"]](client, step)


def _why(step: Step) -> str:
    return f"(removed by {step['op']} in step {step['mark']})"


def _type(client: Collaborator, step: Step) -> None:
    text = source_at(client.doc, client.kind, step["cell"])
    if text is not None and step.get("run"):
        _begin_run(client, step, text)
    elif text is not None:
        piece = client.ledger.new(step["mark"], client.username)
        with client.effect(_why(step), lambda: _take_out(client, piece)):
            insert(text, step["at"], piece + ("\n" if step["to"] < 0.3 else ""))


def _begin_run(client: Collaborator, step: Step, text: Text) -> None:
    """Begin to type a mark, code and a second mark, piece by piece while other things happen."""
    content = str(text)
    first, last = step["mark"], step["mark"] + LATER
    code: list[tuple[int | None, str]] = [(None, each) for each in keystrokes(snippet(first))]
    pieces = [(first, mark_text(first)), *code, (last, mark_text(last))]
    cell = cell_at(client.doc, step["cell"]) if is_notebook(client.kind) else None
    name = "" if cell is None else cell["id"]
    client.run = Run(name, content, seam(content, step["at"]), pieces)
    go_on(client)


def go_on(client: Collaborator) -> None:
    """Type the next piece of a run, unless its text is gone."""
    run = client.run
    if run is None:
        return
    named = dict(_named_texts(client))
    if run.cell not in named or not run.pieces:
        client.run = None
        return
    text = named[run.cell]
    content = str(text)
    caret = _moved_caret(run, content)
    if caret is None:
        client.run = None
        return
    number, piece = run.pieces.pop(0)
    if number is not None:
        client.ledger.new(number, client.username)
    with client.effect("(removed while it was typed)", lambda: _take_out(client, piece)):
        text.insert(len(content[:caret].encode()), piece)
    run.text, run.caret = content[:caret] + piece + content[caret:], caret + len(piece)


def _moved_caret(run: Run, now: str) -> int | None:
    """Where a caret is after others changed the text; None if they did so around it."""
    start = end = 0
    size = min(len(run.text), len(now))
    while start < size and run.text[start] == now[start]:
        start += 1
    while end < size - start and run.text[-1 - end] == now[-1 - end]:
        end += 1
    if run.caret <= start:
        return run.caret
    behind = len(run.text) - run.caret
    return len(now) - behind if behind <= end else None


def _named_texts(client: Collaborator) -> list[tuple[str, Text]]:
    """All texts by the names of their cells."""
    if not is_notebook(client.kind):
        return [("", client.doc.get("source", type=Text))]
    return [(cell["id"], cell["source"]) for cell in ycells(client.doc)]


def _code(client: Collaborator, step: Step) -> None:
    """Edit code as people do, within tokens and right beside them."""
    text = source_at(client.doc, client.kind, step["cell"])
    change = change_of(str(text), step) if text is not None else None
    if text is not None and change is not None:
        start, end, piece = change
        content = str(text)
        with client.effect(_why(step), lambda: _put_back(client, step, content[start:end])):
            remove(text, start, end)
            text.insert(len(content[:start].encode()), piece)


def _erase(client: Collaborator, step: Step) -> None:
    """Delete one mark."""
    text = source_at(client.doc, client.kind, step["cell"])
    found = list(MARK.finditer(str(text))) if text is not None else []
    if text is not None and found:
        one = found[min(int(step["at"] * len(found)), len(found) - 1)]
        with client.effect(_why(step), lambda: _put_back(client, step, one[0])):
            remove(text, one.start(), one.end())


def _cut(client: Collaborator, step: Step) -> None:
    """Delete a range, a third of the text at most."""
    text = source_at(client.doc, client.kind, step["cell"])
    if text is not None:
        content = str(text)
        start = seam(content, step["at"])
        end = seam(content, min(1.0, step["at"] + step["to"] / 3))
        if end > start:
            client.ledger.text_moves(client.cells)  # an undo may put it back elsewhere
            with client.effect(_why(step), lambda: _put_back(client, step, content[start:end])):
                remove(text, start, end)


def _undo(client: Collaborator, step: Step) -> None:
    client.undo(_why(step))


def _take_out(client: Collaborator, mark: str) -> None:
    """Take back what was typed, wherever it is now."""
    for text in sources(client.doc, client.kind):
        if (at := str(text).find(mark)) >= 0:
            remove(text, at, at + len(mark))


def _put_back(client: Collaborator, step: Step, removed: str) -> None:
    """Take back that a text was deleted."""
    text = source_at(client.doc, client.kind, step["cell"])
    if text is not None:
        insert(text, step["at"], removed)


def _take_out_cell(client: Collaborator, name: str) -> None:
    """Take back that a cell was added."""
    cells = ycells(client.doc)
    for at in reversed(range(len(cells))):
        if cells[at].get("id") == name:
            del cells[at]


def _put_back_cell(client: Collaborator, at: int, cell: dict[str, Any]) -> None:
    """Take back that a cell was deleted; two people who do so at once get it twice."""
    cells = ycells(client.doc)
    cells.insert(min(at, len(cells)), ycell(cell))
    client.ledger.twins.add(cell["id"])


def _add(client: Collaborator, step: Step) -> None:
    cells = ycells(client.doc)
    mark = client.ledger.new(step["mark"], client.username)
    source = f"{mark}\n{body(step['mark'])}"
    with client.effect(_why(step), lambda: _take_out_cell(client, _name(step))):
        cells.insert(int(step["cell"] * (len(cells) + 1)), ycell(new_cell(source, _name(step))))


def _name(step: Step) -> str:
    return f"cell-{step['mark']}"


def _drop(client: Collaborator, step: Step) -> None:
    cells = ycells(client.doc)
    if len(cells) > 1:
        at = int(step["cell"] * len(cells))
        cell = cells[at].to_py()
        with client.effect(_why(step), lambda: _put_back_cell(client, at, cell)):
            del cells[at]


def _move(client: Collaborator, step: Step) -> None:
    """Move a cell as the front end does: delete it, and insert a copy."""
    cells = ycells(client.doc)
    if len(cells) > 1:
        start, end = int(step["cell"] * len(cells)), int(step["to"] * len(cells))
        copy = cells[start].to_py()
        with client.effect(_why(step)):
            del cells[start]
            cells.insert(end, ycell(copy))


def _split(client: Collaborator, step: Step) -> None:
    """Move a cell's end into a new cell behind it."""
    cells = ycells(client.doc)
    if len(cells):
        at = int(step["cell"] * len(cells))
        text = cells[at]["source"]
        content = str(text)
        place = seam(content, step["at"])
        with client.effect(_why(step)):
            remove(text, place, len(content))
            cells.insert(at + 1, ycell(new_cell(content[place:], _name(step))))


def _outputs(client: Collaborator, step: Step) -> None:
    """Run a cell: other outputs, and a number."""
    cell = cell_at(client.doc, step["cell"])
    if cell is not None and "outputs" in cell:
        text = client.ledger.new(step["mark"], client.username)
        if client.outputs_are_frail:
            client.ledger.excuse([step["mark"]], "(outputs were changed on disk)")
        with client.effect(_why(step)):
            outputs = cell["outputs"]
            outputs.clear()
            stream = {"output_type": "stream", "name": "stdout", "text": joined(text + "\n")}
            outputs.append(youtput(stream))
            cell["execution_count"] = float(step["mark"])


_edits = {
    "type": _type,
    "code": _code,
    "erase": _erase,
    "cut": _cut,
    "undo": _undo,
    "add": _add,
    "drop": _drop,
    "move": _move,
    "split": _split,
    "outputs": _outputs,
}
