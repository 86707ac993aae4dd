"""What nobody can bring back: it was only in a lost replica, or in a lost store. [L9]"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .clients import Collaborator
from .ledger import Ledger
from .marks import Cells, count


def excuse_crash(ledger: Ledger, one: Collaborator, clients: Iterable[Collaborator]) -> None:
    """A client loses its replica: what only it had, unacknowledged, may be gone."""
    others: set[int] = set()
    for client in clients:
        if client is not one:
            others |= set(count(client.cells))
    unsafe = {n for n in count(one.cells) if not ledger.marks[n].safe} - others
    ledger.excuse(unsafe, f"({one.username} crashed)")


def excuse_lost_store(ledger: Ledger, file: Cells, clients: Sequence[Collaborator]) -> None:
    """The store is lost: what is neither in the file nor in a replica is gone.

    What they have in different cells, since some of them lack a split, may stand in both. [S4]
    """
    kept = count(file)
    homes: dict[int, set[str]] = {}
    for cells in (file, *(client.cells for client in clients)):
        for name, text in cells:
            for number in count([(name, text)]):
                homes.setdefault(number, set()).add(name)
    ledger.may_stand_twice(number for number, names in homes.items() if len(names) > 1)
    for number, mark in ledger.marks.items():
        mark.safe = bool(kept[number])
    for client in clients:
        kept += count(client.cells)
    gone = [number for number in ledger.marks if not kept[number]]
    ledger.excuse(gone, "(was in the lost store only)")
