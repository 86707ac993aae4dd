"""The steps of a plan that a client takes in its document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import checks
from .clients import Collaborator
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
from .marks import MARK, seam
from .plan import Step

if TYPE_CHECKING:
    from .world import World

NOTEBOOK_ONLY = {"add", "drop", "move", "split", "outputs"}


async def edit(world: World, step: Step) -> None:
    """Take a step, unless there is nothing to take it on."""
    client = world.clients[step["client"]]
    if not client.opened or (step["op"] in NOTEBOOK_ONLY and not is_notebook(world.kind)):
        return
    # Yjs knows no moves: two people who move or split one cell at once get it twice, and what comes
    # into it in that moment is lost. That is not ours to judge, so everybody sees a move before the
    # next step is taken, none is undone, and the file waits.
    if step["op"] in ("move", "split"):
        async with world.between_saves():
            if await checks.in_step(world):
                assert world.life is not None
                with world.life.spared():
                    _edits[step["op"]](client, step)
                    await checks.in_step(world)
    else:
        _edits[step["op"]](client, step)


def _why(step: Step) -> str:
    return f"(removed by {step['op']} in step {step['mark']})"


def _type(client: Collaborator, step: Step) -> None:
    text = source_at(client.doc, client.kind, step["cell"])
    if text is not None:
        piece = client.ledger.new(step["mark"], client.username)
        with client.effect(_why(step), lambda: _take_out(client, piece)):
            insert(text, step["at"], piece + ("\n" if step["to"] < 0.3 else ""))


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
    "erase": _erase,
    "cut": _cut,
    "undo": _undo,
    "add": _add,
    "drop": _drop,
    "move": _move,
    "split": _split,
    "outputs": _outputs,
}
