"""Validates edits: refuses those that would make a document invalid for its type. [M8]

Responsible for notebooks and text files. Documents of other types are not validated, since only
the packages that register them know their structure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from pycrdt import Array, ArrayEvent, Doc, Map, MapEvent, StickyIndex, Subscription, Text, TextEvent

from ..errors import EarlyEdit, InvalidEdit, ProtocolError, is_panic
from ..protocol.messages import read_state_vector, write_varuint
from ..protocol.update_reader import MAX_DEPTH, Id, Part, Update, read_update
from ..threads import compute
from .identity import is_notebook, is_plain
from .notebook_rules import (
    EDITED,
    NEEDED,
    first_of,
    is_partly_plain,
    lack_of_outputs,
    problem_of_cell,
    problem_of_entry,
    problem_of_meta,
    problem_of_shape,
    problem_of_value,
)

MAX_BEHIND = 100
"""Most updates that the copy may lag behind."""

MAX_AT_ONCE = 200
"""Most neighbors whose order is checked on the event loop; more take milliseconds."""

MAX_LATE = 2_000
"""The same for an edit that has waited for earlier ones; with more neighbors it is refused."""

MAX_LOOKUPS = 8
"""Most pairs of neighbors that are looked up one by one."""

NO_RUN = (0, 0, None)

MARKER = 0
"""The client id of marks in a copy. Clients choose their ids at random."""

MISPLACED = "The edit was refused: it inserts something between neighbors in the wrong order."


@dataclass
class Findings:
    """The effects of an edit, except for changes of texts.

    Attributes:
        outputs: index and id of each cell whose outputs or trust it changes.
        states: the execution states that it sets, by cell id.
        plain: index and id of each cell that it gives metadata or outputs which are not shared.
        has_plain_metadata: whether it does the same to the notebook's metadata.
    """

    outputs: set[tuple[int, str]] = field(default_factory=set)
    states: dict[str, Any] = field(default_factory=dict)
    plain: set[tuple[int, str]] = field(default_factory=set)
    has_plain_metadata: bool = False


NOTHING = Findings()


class EditCheck:
    """Validates edits on a copy of a document before they are applied.

    An edit that continues text which was validated recently is valid without that.
    """

    def __init__(self, doc: Doc[Any], content_type: str) -> None:
        self._doc = doc
        self._is_notebook = is_notebook(content_type)
        self._is_ordered = is_plain(content_type)
        self._copy: _Copy | None = None
        self._behind: list[bytes] = []
        # By client: where the text begins and ends that was validated, and what is right of it.
        self._runs: dict[int, tuple[int, int, Id | None]] = {}
        self._known: dict[int, int] = {}
        # Whether `_known` lacks nothing but what the server writes; before the current edit.
        self._is_exact = self._was_exact = False

    def check(
        self, data: bytes, found: Update | None = None, after: Update | None = None
    ) -> Findings:
        """Validate an edit that is about to be applied.

        Args:
            found: the result of `read_update`, if available.
            after: an edit that was checked just before, and will be applied together with this one.

        Returns:
            The effects of the edit, except for changes of texts.

        Raises:
            ProtocolError: the edit cannot be read.
            InvalidEdit: it would make the document invalid for its type.
            EarlyEdit: it depends on edits that have not arrived yet.
        """
        found = found or read_update(data)
        findings = NOTHING
        if not (is_text := self._goes_on(found)):
            is_text, findings = self._try(data, found, after)
        # What continues a text inside an output is looked at again, since it may be a script.
        runs = [self._runs.pop(client, None) for client in found.ends]
        if is_text and found.text is not None and not findings.outputs:
            (client, clock), length, _, right = found.text
            if not self._repeats(found):
                start, end, _ = runs[0] or (clock, clock, None)
                self._runs[client] = (start if end == clock else clock, clock + length, right)
        self._was_exact = self._is_exact
        return findings

    def brought(self, found: Update) -> None:
        """Record what an edit that was checked has brought to the document.

        Optional: without it, the document's state vector is read when it is needed, which takes
        time in proportion to the number of clients that ever wrote in the document.
        """
        _extend(self._known, found.brought)
        self._is_exact = self._was_exact

    def seems_early(self, found: Update) -> bool:
        """Return whether an edit seems to depend on edits that have not arrived yet.

        Cheaper than `check`, which also counts edits that were not passed to `brought`.
        """
        return not _is_complete(found, self._known)

    def applied(self, update: bytes) -> None:
        """Record an update that was applied to the document."""
        self._is_exact = False
        if self._copy is not None:
            self._behind.append(update)
            if len(self._behind) > MAX_BEHIND:
                try:
                    self._current()  # rather than creating it again later, which takes longer
                except ProtocolError:
                    self.forget()

    def forget(self) -> None:
        """Release the copy, until it is needed again."""
        if self._copy is not None:
            self._copy.close()
            self._copy = None
        self._behind = []

    def _goes_on(self, found: Update) -> bool:
        """Return whether an edit continues text that was validated before."""
        for client, clock, length in found.deleted:
            start, end, _ = self._runs.get(client, NO_RUN)
            if clock < start or clock + length > end:
                return False
        if found.text is None:
            return found.structs == 0
        (client, clock), _, origin, right = found.text
        if client == self._doc.client_id:
            return False  # the server goes on, too
        _, end, before = self._runs.get(client, NO_RUN)
        # After the last character, and before what that one is before.
        return end == clock and origin == (client, clock - 1) and right in (None, before)

    def _try(self, data: bytes, found: Update, after: Update | None) -> tuple[bool, Findings]:
        """Apply an edit to the copy; return whether it changes only texts, and its effects."""
        if found.strange:
            raise InvalidEdit(f"The edit was refused: it contains {found.strange}.")
        if self._is_early(found, after):  # checked without a copy of the document
            raise EarlyEdit("The edit depends on edits that have not arrived yet.")
        repeated = self._known_part(found)
        is_in_order = not repeated and self._is_in_order(found)
        if found.is_plain and not self._is_notebook and is_in_order:
            return True, NOTHING  # a text file has no place where characters are not valid
        pairs = [] if is_in_order or found.is_checked else repeated or found.between
        if len(pairs) > MAX_LATE:  # of an edit that waited for others, and was not looked at
            raise InvalidEdit("The edit was refused: it was sent before edits that it depends on.")
        copy = self._current()
        try:
            copy.apply(data)
            if copy.problem:
                raise InvalidEdit(f"The edit was refused: {copy.problem}.")
            if found.refers_ahead and copy.lacks(found.ends):
                raise EarlyEdit("The edit depends on edits that have not arrived yet.")
            result = copy.is_text, copy.findings
            if pairs:
                copy.check_order(pairs)
        except BaseException:
            self.forget()  # it differs from the document now
            raise
        return result

    def is_slow(self, found: Update) -> bool:
        """Return whether the order of neighbors may take long to check: see `look_ahead`."""
        return self._is_ordered and max(len(found.between), len(found.rights)) > MAX_AT_ONCE

    async def look_ahead(self, data: bytes, found: Update) -> None:
        """Check the order of many neighbors in a thread, before `check` is called.

        Raises:
            ProtocolError: the edit cannot be applied.
            InvalidEdit: neighbors are in the wrong order.
        """
        if found.is_checked or not self.is_slow(found) or self._is_early(found, None):
            return
        pairs = self._known_part(found) or found.between
        if len(pairs) <= MAX_AT_ONCE:
            return
        await compute(_check_order, self._doc.get_update(), data, pairs, self._is_notebook)
        found.is_checked = True

    def _known_part(self, found: Update) -> list[tuple[Id, Id]]:
        """Return the parts that an edit brings, with right neighbors, if it repeats known ones.

        Yjs ignores what it has, whatever neighbors an edit gives for that, and inserts the rest of
        such a part after what it has. Where that is can be seen only once it is inserted: each part
        must be before its right neighbor.
        """
        if not found.rights or not self._is_ordered:
            return []
        if not self._is_exact or self._doc.client_id in found.ends:
            self._read_known()
        if not self._repeats(found):
            return []
        known = self._known
        return [pair for pair in found.rights if pair[0][1] >= known.get(pair[0][0], 0)]

    def _repeats(self, found: Update) -> bool:
        known = self._known
        return any(clock < known.get(client, 0) for client, clock, _ in found.brought)

    def _read_known(self) -> None:
        self._known = read_state_vector(self._doc.get_state())
        self._is_exact = True

    def _is_in_order(self, found: Update) -> bool:
        """Return whether the left neighbors in an edit are before the right ones; False if unsure.

        Yjs never makes an insertion whose neighbors are the wrong way around. Replicas would differ
        for good after one, since each would put it in another place. [M8]

        Raises:
            InvalidEdit: they are not.
        """
        if not found.between or not self._is_ordered:
            return True
        # Looking up many takes too long, and what was freed in a notebook cannot be looked up.
        if self._is_notebook or len(found.between) > MAX_LOOKUPS:
            return False
        known = self._known
        if any(clock >= known.get(client, 0) for pair in found.between for client, clock in pair):
            return False
        for left, right in found.between:
            before, after = _index_of(self._doc, left), _index_of(self._doc, right)
            if before == after:  # at least one of them was deleted
                return False
            if before > after:
                raise InvalidEdit(MISPLACED)
        return True

    def _is_early(self, found: Update, after: Update | None) -> bool:
        """Return whether edits are missing on which this one depends."""
        if _is_complete(found, self._known):
            return False
        self._read_known()  # the server writes, too
        known = dict(self._known)
        if after is not None:
            _extend(known, after.brought)
        return not _is_complete(found, known)

    def _current(self) -> _Copy:
        if self._copy is None:
            self._copy = _Copy(self._doc.get_update(), self._is_notebook)
        for update in self._behind:
            self._copy.apply(update)
        self._behind = []
        return self._copy


def _extend(clocks: dict[int, int], parts: Iterable[Part]) -> None:
    """Raise the clocks of clients to the ends of parts."""
    for client, clock, length in parts:
        clocks[client] = max(clock + length, clocks.get(client, 0))


def _is_complete(found: Update, known: Mapping[int, int]) -> bool:
    """Return whether all that an edit depends on is known, or a part of it."""
    ends: dict[int, int] = {}
    for client, clock, length in sorted(found.brought):
        end = max(ends.get(client, 0), known.get(client, 0))
        if clock > end:
            return False
        ends[client] = max(end, clock + length)
    return all(
        clock <= max(ends.get(client, 0), known.get(client, 0))
        for client, clock in chain(
            found.needs.items(),
            ((client, clock + length) for client, clock, length in found.deleted),
        )
    )


def _check_order(
    state: bytes, data: bytes, pairs: Sequence[tuple[Id, Id]], is_notebook: bool
) -> None:
    """Check an edit's neighbors on a copy of its own, in any thread: see `look_ahead`."""
    copy = _Copy(state, is_notebook)
    try:
        copy.apply(data)
        copy.check_order(pairs)
    finally:
        copy.close()


class _Event:
    """The data of an event, for use after the transaction."""

    def __init__(self, event: Any) -> None:
        self.kind = type(event)
        self.path: list[Any] = event.path
        self.delta: list[dict[str, Any]] = [] if self.kind is MapEvent else event.delta
        self.keys: dict[str, dict[str, Any]] = event.keys if self.kind is MapEvent else {}


class _Copy:
    """A copy of a document that records the effects of an edit."""

    def __init__(self, state: bytes, is_notebook: bool) -> None:
        self.doc: Doc[Any] = Doc()
        self.problem = ""
        self.is_text = True
        self.findings = Findings()
        self._seen: list[tuple[str, _Event]] = []
        self._subscriptions: list[tuple[Any, Subscription]] = []
        self.doc.apply_update(state)  # before it is observed: this is no edit
        if is_notebook:
            self._observe(self.doc.get("cells", type=Array), self._look_at_cells)
            self._observe(self.doc.get("meta", type=Map), self._look_at_meta)
        else:
            self._observe(self.doc.get("source", type=Text), self._look_at_text)
        self._observe(self.doc.get("state", type=Map), self._look_at_state)

    def _observe(self, shared: Any, look: Callable[[_Event], str]) -> None:
        seen = self._seen  # no reference cycle: it must be freed in the thread that used it
        name = look.__name__

        def note(events: list[Any]) -> None:
            # A document must not be read while it calls its observers.
            seen.extend((name, _Event(each)) for each in events)

        self._subscriptions.append((shared, shared.observe_deep(note)))

    def close(self) -> None:
        """Free the document now: pycrdt documents must be freed in the thread that created them."""
        for shared, subscription in self._subscriptions:
            shared.unobserve(subscription)
        self._subscriptions = []

    def apply(self, update: bytes) -> None:
        """Apply an edit.

        Raises:
            ProtocolError: the edit cannot be applied.
        """
        self.is_text = True
        self.findings = Findings()
        try:
            self.doc.apply_update(update)
        except Exception as error:  # pycrdt raises no type of its own
            raise ProtocolError("an update that cannot be read") from error
        except BaseException as error:
            if not is_panic(error):
                raise
            raise ProtocolError("an update that cannot be applied") from error
        for name, event in self._seen:
            self.is_text = self.is_text and event.kind is TextEvent
            self.problem = self.problem or getattr(self, name)(event)
        self._seen.clear()

    def check_order(self, pairs: Sequence[tuple[Id, Id]]) -> None:
        """Check that in each pair of ids the first is before the second in their shared type.

        Marks are inserted after each of them, and removed again, so that the order of what was
        deleted can be seen, too.

        Raises:
            InvalidEdit: a pair is the wrong way around.
        """
        ids = list(dict.fromkeys(chain.from_iterable(pairs)))
        clock = read_state_vector(self.doc.get_state()).get(MARKER, 0)
        self._seen.clear()
        self.doc.apply_update(_marks(ids, clock))
        places: dict[Id, tuple[list[Any], int]] = {}
        for _, event in self._seen:
            if event.kind is MapEvent:
                raise InvalidEdit(MISPLACED)  # values of keys have no right neighbors
            for value in _inserted(event):
                places[ids[int(value)]] = event.path, len(places)
        self.doc.apply_update(_deletion(MARKER, clock, len(ids)))
        self._seen.clear()
        for before, after in pairs:
            # What was freed has no place any more, and nothing next to it has one.
            if before in places and after in places:
                (path, at), (other, other_at) = places[before], places[after]
                if path == other and at >= other_at:
                    raise InvalidEdit(MISPLACED)

    def lacks(self, ends: dict[int, int]) -> bool:
        """Return whether a part of what was applied depends on missing updates."""
        clocks = read_state_vector(self.doc.get_state())
        return any(clocks.get(client, 0) < end for client, end in ends.items())

    # Each of these returns the problem with a change, or an empty string.

    def _look_at_cells(self, event: _Event) -> str:
        path = event.path
        if len(path) > MAX_DEPTH:
            return f"shared types are nested more than {MAX_DEPTH} deep"
        self._note(event)
        if not path and event.kind is ArrayEvent:
            return first_of(problem_of_cell(cell, EDITED) for cell in _inserted(event))
        if len(path) == 1 and event.kind is MapEvent:
            problems = (_problem_of_key(key, change) for key, change in _changes(event))
            return first_of(problems) or lack_of_outputs(self.doc.get("cells", type=Array)[path[0]])
        return self._look_inside(event) or self._look_around(event)

    def _look_around(self, event: _Event) -> str:
        """Look at the shape of the output or the attachments that a change is inside."""
        path = event.path
        key = path[1] if len(path) > 1 else ""
        if event.kind is TextEvent or key not in ("outputs", "attachments"):
            return ""
        value = self.doc.get("cells", type=Array)[path[0]][key]
        if key == "attachments":
            return problem_of_entry(key, value, EDITED)
        shapes = _inserted(event) if len(path) == 2 else (value[path[2]],)
        return first_of(problem_of_shape(each, EDITED) for each in shapes)

    def _note(self, event: _Event) -> None:
        """Record the cells whose outputs, trust or execution states an edit changes."""
        cells = self.doc.get("cells", type=Array)
        if not event.path:
            at = 0
            for change in event.delta:
                at += change.get("retain", 0)
                for cell in change.get("insert", ()):
                    if isinstance(cell, Map):
                        if cell.get("outputs") or _is_trusted(cell):
                            self.findings.outputs.add((at, str(cell.get("id"))))
                        if is_partly_plain(cell):
                            self.findings.plain.add((at, str(cell.get("id"))))
                    at += 1
            return
        index = event.path[0]
        if not isinstance(index, int) or index >= len(cells):
            return
        name = str(cells[index].get("id"))
        inner = event.path[1] if len(event.path) > 1 else None
        if event.kind is MapEvent and inner is None and "execution_state" in event.keys:
            self.findings.states[name] = event.keys["execution_state"].get("newValue")
        changed = event.keys.keys() if inner is None else {inner}
        if inner is None and is_partly_plain(cells[index]):
            self.findings.plain.add((index, name))
        if "outputs" in changed or ("metadata" in changed and _is_trusted(cells[index])):
            self.findings.outputs.add((index, name))

    def _look_inside(self, event: _Event) -> str:
        if event.kind is MapEvent:
            return first_of(
                problem_of_value(change.get("newValue")) for _, change in _changes(event)
            )
        if event.kind is TextEvent:
            return self._look_at_text(event)
        return first_of(problem_of_value(value) for value in _inserted(event))

    def _look_at_text(self, event: _Event) -> str:
        for change in event.delta:
            if "insert" in change and not isinstance(change["insert"], str):
                return "a text contains something other than text"
        return ""

    def _look_at_meta(self, event: _Event) -> str:
        if event.path or event.kind is not MapEvent:
            return self._look_inside(event)
        if isinstance(event.keys.get("metadata", {}).get("newValue"), dict):
            self.findings.has_plain_metadata = True
        return first_of(
            f"the notebook's {key} is removed"
            if change["action"] == "delete"
            else problem_of_meta(key, change["newValue"])
            for key, change in _changes(event)
        )

    def _look_at_state(self, event: _Event) -> str:
        return self._look_inside(event)


def _is_trusted(cell: Map[Any]) -> bool:
    metadata = cell.get("metadata")
    return isinstance(metadata, Map | dict) and bool(metadata.get("trusted"))


def _inserted(event: _Event) -> Iterator[Any]:
    for change in event.delta:
        if "insert" not in change:
            continue
        if event.kind is TextEvent:
            yield change["insert"]
        else:
            yield from change["insert"]


def _marks(ids: Sequence[Id], clock: int) -> bytes:
    """Return an update that inserts each index of a list of ids right after that id.

    Yjs puts the insertion of the client with the lowest id first. The format is that of Yjs's
    ``encodeStateAsUpdate`` (version 1): items with only a left neighbor (128) and an embed (5).
    """
    parts = [b"\x01", write_varuint(len(ids)), write_varuint(MARKER), write_varuint(clock)]
    for index, (client, place) in enumerate(ids):
        text = str(index).encode()
        parts += (b"\x85", write_varuint(client), write_varuint(place))
        parts += (write_varuint(len(text)), text)
    return b"".join((*parts, b"\x00"))


def _deletion(client: int, clock: int, length: int) -> bytes:
    """Return an update that deletes one range of a client."""
    numbers = (0, 1, client, 1, clock, length)
    return b"".join(map(write_varuint, numbers))


def _index_of(doc: Doc[Any], place: Id) -> int:
    """Return how many characters stand before an id in its text.

    The format is lib0's: the kind (0: an id), the client, the clock, and the side (0: after it).
    """
    data = b"".join((b"\x00", write_varuint(place[0]), write_varuint(place[1]), b"\x00"))
    with doc.transaction() as transaction:
        index: int = StickyIndex.decode(data).get_index(transaction)
    return index


def _changes(event: _Event) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from event.keys.items()


def _problem_of_key(key: str, change: dict[str, Any]) -> str:
    if change["action"] == "delete":
        return f"a cell's {key} is removed" if key in (*NEEDED, "id", "outputs") else ""
    return problem_of_entry(key, change["newValue"], EDITED)
