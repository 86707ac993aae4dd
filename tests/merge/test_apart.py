"""What two users replaced while they were apart is set apart. [S4]"""

from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Doc, Text, merge_updates

from jupyter_collaboration.merge.apart import NotKnown, Past, set_apart
from jupyter_collaboration.merge.document import Merge
from jupyter_collaboration.protocol.messages import read_state_vector

BASE = "value = 1  # start\nother = 2\n"


class Side:
    """Somebody with a replica, and the updates that they made."""

    def __init__(self, client: int, *updates: bytes) -> None:
        self.doc: Doc[Any] = Doc(client_id=client)
        self.text = self.doc.get("source", type=Text)
        for update in updates:
            self.doc.apply_update(update)
        self.updates: list[bytes] = []
        self._subscription = self.doc.observe(lambda event: self.updates.append(event.update))

    def replace(self, old: str, new: str) -> None:
        at = str(self.text).index(old)
        with self.doc.transaction():
            del self.text[at : at + len(old)]
            self.text.insert(at, new)


def sides(base: str = BASE) -> tuple[Side, Side]:
    server = Side(1)
    server.text += base
    return server, Side(2, *server.updates)


def correction(server: Side, page: Side, later: list[bytes | None] | None = None) -> Merge | None:
    """The correction of a page's edits; by default its server kept each update."""
    seen = read_state_vector(page.doc.get_state())
    edits = page.doc.get_update(server.doc.get_state())
    first, *others = server.updates
    return set_apart("file", Past([first], others if later is None else later), seen, edits)


def result(server: Side, page: Side, merge: Merge | None) -> str:
    doc: Doc[Any] = Doc()
    for update in (server.doc.get_update(), page.doc.get_update()):
        doc.apply_update(update)
    if merge is not None:
        doc.apply_update(merge.update)
    return str(doc.get("source", type=Text))


@pytest.mark.parametrize("is_merged", [False, True])
def test_words_that_both_replaced_stand_in_two_lines(is_merged: bool) -> None:  # F30
    server, page = sides()
    server.replace("1  # start", "300  # from disk")
    page.replace("1  # start", "200  # from ana")
    assert "# from disk200" in result(server, page, None)
    later: list[bytes | None] = [merge_updates(*server.updates[1:])]
    merge = correction(server, page, later if is_merged else None)
    assert merge is not None
    assert result(server, page, merge) == (
        "value = 300  # from disk\nvalue = 200  # from ana\nother = 2\n"
    )
    (conflict,) = merge.conflicts
    assert (conflict.ours, conflict.theirs) == (
        "value = 300  # from disk\n",
        "value = 200  # from ana\n",
    )


def test_words_that_both_deleted_before_they_typed_others_stand_in_two_lines() -> None:
    server, page = sides()
    for side, new in ((server, "300"), (page, "200")):
        side.replace("1", "")
        for at, character in enumerate(new):
            side.text.insert(len("value = ") + at, character)
    assert len(server.updates) == 5
    merge = correction(server, page)
    assert result(server, page, merge).startswith("value = 300  # start\nvalue = 200  # start\n")


def test_a_line_that_one_deleted_and_one_changed_stays() -> None:
    server, page = sides()
    server.replace("value = 1  # start\n", "")
    page.replace("1", "200")
    merge = correction(server, page)
    assert result(server, page, merge) == "value = 200  # start\nother = 2\n"
    assert merge is not None and merge.conflicts[0].ours == ""


def test_all_conflicts_of_a_correction_are_listed() -> None:
    server, page = sides("k\none = 1\np(name = a[:2] + 12 + 35014\n")
    server.replace("k\n", "k9\n")  # this line stays whole in what Yjs makes
    server.replace("one", "ole")  # this one does not
    page.replace("k\none = 1\np", "k")
    page.replace("35014", "3501 + df.head(10) 4")
    merge = correction(server, page)
    assert merge is not None
    assert result(server, page, merge).startswith("k9\nole = 1\nk(name = ")
    assert [conflict.ours for conflict in merge.conflicts] == ["k9\n", "ole = 1\n"]


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        (("1", "3"), ("other", "more"), "value = 3  # start\nmore = 2\n"),
        (("1", "3"), ("start", "begin"), "value = 3  # begin\nother = 2\n"),
        (("start", "start a"), ("other", "o"), "value = 1  # start a\no = 2\n"),
    ],
)
def test_what_differs_stays_where_yjs_puts_it(
    ours: tuple[str, str], theirs: tuple[str, str], expected: str
) -> None:
    server, page = sides()
    server.replace(*ours)
    page.replace(*theirs)
    assert correction(server, page) is None
    assert result(server, page, None) == expected


def test_insertions_at_one_place_stay_where_yjs_puts_them() -> None:  # [L1]
    server, page = sides()
    server.text.insert(len("value = 1"), "5")
    page.text.insert(len("value = 1"), "2")
    server.replace("other", "more")
    page.replace("= 2", "= 3")
    assert correction(server, page) is None


@pytest.mark.parametrize("leaves", [False, True])
def test_what_the_page_has_seen_is_no_difference(leaves: bool) -> None:
    server, page = sides()
    server.replace("1", "5")
    server.replace("start", "")
    page.doc.apply_update(server.doc.get_update())
    page.updates.clear()
    known = server.updates[1:]
    server.replace("other", "more")
    page.replace("5  # ", "7")
    later: list[bytes | None] = [*known, *([None] if leaves else []), server.updates[-1]]
    merge = correction(server, page, later)
    if leaves:
        assert merge is None
    server.replace("5", "6")
    merge = correction(server, page, [*later, server.updates[-1]])
    assert merge is not None
    assert [each.ours for each in merge.conflicts] == ["value = 6  # \n"]
    assert [each.theirs for each in merge.conflicts] == ["value = 7\n"]


def test_equal_replacements_are_no_conflict() -> None:
    server, page = sides()
    server.replace("1", "5")
    page.replace("1", "5")
    assert correction(server, page) is None


def test_it_says_when_the_base_is_not_known() -> None:
    server, page = sides()
    server.replace("1", "5")
    page.replace("1", "7")
    seen = read_state_vector(page.doc.get_state())
    edits = page.doc.get_update(server.doc.get_state())
    with pytest.raises(NotKnown):
        set_apart("file", Past([server.doc.get_update()]), seen, edits)
    page.doc.apply_update(server.updates[-1])
    server.replace("5", "6")
    with pytest.raises(NotKnown):
        correction(server, page, [merge_updates(*server.updates[1:])])
