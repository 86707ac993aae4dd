"""Three-way merges: nothing is lost, nothing stands there twice."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_collaboration.merge.conflict import Conflict
from jupyter_collaboration.merge.diff import differences, text_edits
from jupyter_collaboration.merge.notebook import Relation, merge_notebooks
from jupyter_collaboration.merge.text import merge_text
from jupyter_collaboration.merge.values import merge_order, merge_values, same

TEXTS = st.text(alphabet="ab \n(é😀", max_size=40)


@given(st.lists(st.sampled_from("abcd")), st.lists(st.sampled_from("abcd")))
def test_differences_lead_from_one_list_to_the_other(old: list[str], new: list[str]) -> None:
    result, at = [], 0
    for i1, i2, j1, j2 in differences(old, new):
        result += old[at:i1] + new[j1:j2]
        at = i2
    assert result + old[at:] == new


def test_a_blank_line_does_not_make_an_edited_line_another() -> None:  # [F12] [S4]
    old = "1\n\nname = value * 3\nprint(name)\n\nother = value * 7\n"
    new = "1\nadded\nmy name = value * 3\nprint(name, 1)\n\nother = value * 77\n"
    edits = [(old[start:end], text) for start, end, text in text_edits(old, new)]
    assert edits == [("", "added"), ("", "my "), ("", ", 1"), ("7", "77")]


def test_lines_between_blank_ones_stay_in_the_order_of_both_sides() -> None:  # [S4]
    base = "x = 1\nprint(\nname1 = 35007\nlast_11()\n\nname2 = 35014\n"
    ours = "x = 1 + y\n\nprint(f'n')\nname1 =\n 35007 + 2\nlast\n_11()\n\nname2= 35014\n"
    theirs = "x = 1\nprint(\nname1 = 35007\nnew = 4\nlast_11()\n\nname2 = 35014\n"
    merged, conflicts = merge_text(base, ours, theirs)
    assert merged.index("print(f'n')") < merged.index("new = 4") < merged.index("_11()")
    assert conflicts == []


def test_two_edits_far_apart_in_one_line_stay_two(monkeypatch: pytest.MonkeyPatch) -> None:  # [F12]
    line = "0, " * 20_000
    changed = f"{line[:300]}one {line[300:50_000]}two {line[50_000:]}"
    assert sum(len(new) + end - start for start, end, new in text_edits(line, changed)) < 20


@given(TEXTS, TEXTS)
def test_a_merge_with_one_side_unchanged_is_the_other_side(base: str, other: str) -> None:
    assert merge_text(base, other, base) == (other, [])
    assert merge_text(base, base, other) == (other, [])
    assert merge_text(base, other, other) == (other, [])


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ("one\ntwo\n", "one\ntyped two\n", "zero\none\ntwo\n", "zero\none\ntyped two\n"),
        ("", "hello world", "hello", "hello world"),  # a base that is too old doubles nothing
        ("a\n", "a\nb\n", "a\nb\nc\n", "a\nb\nc\n"),
        ("one two three", "one three", "one two three four", "one three four"),
        ("a\nb\nc\n", "a\nc\n", "a\nb\nc\nd\n", "a\nc\nd\n"),
    ],
)
def test_texts_merge_as_people_expect(base: str, ours: str, theirs: str, merged: str) -> None:
    # [F4]
    assert merge_text(base, ours, theirs) == (merged, [])


@pytest.mark.parametrize("above", [None, "", "import this\n"])
@pytest.mark.parametrize(
    ("ours", "theirs", "merged"),
    [
        (
            "# 1\nname = 7你好吗7\nprint(name)\n",
            "# 1\nname = 77\nprint(我是谁name)\n",
            "# 1\nname = 7你好吗7\nname = 77\nprint(我是谁name)\n",
        ),
        ("# a note\nx = 1\n", "# note\nxy = 1\n", "# a note\nx = 1\nxy = 1\n"),
        ("# a note\nx = 1\n", "# note\nx = 1 + 1\n", "# a note\nx = 1 + 1\n"),
        ("name\n", "a name\nname = 1\n", "a name\nname = 1\n"),
    ],
)
def test_a_new_text_that_both_sides_edited_stands_there_once(
    above: str | None, ours: str, theirs: str, merged: str
) -> None:  # [S4]
    first = above or ""
    result, _ = merge_text(above, first + ours, first + theirs, sure=False)
    assert result == first + merged


def test_a_text_that_replaced_another_and_was_then_edited_stands_there_once() -> None:  # [S4]
    base = "# 2\nname = 35\nprint(name)\n"
    ours, theirs = "# 2\na new (line)\n", "# 2\na new, (long line)\n"
    assert merge_text(base, ours, theirs, sure=False) == ("# 2\na new, (long line)\n", [])


def test_a_word_that_both_sides_changed_without_a_base_is_a_conflict() -> None:  # [S4]
    merged, (conflict,) = merge_text(None, "x = 25\n", "x = 26\n")
    assert merged == conflict.merged == "x = 25\nx = 26\n"


@pytest.mark.parametrize("base", [None, "a = 1\nb = 2\n"])
def test_what_was_moved_after_the_base_stands_twice_and_is_told(base: str | None) -> None:  # [S4]
    ours, theirs = "one two three\na = 1\nb = 2\n", "a = 1\nb = 2\none two three\n"
    merged, conflicts = merge_text(base, ours, theirs, sure=False)
    assert merged == "one two three\na = 1\nb = 2\none two three\n"
    here, there = conflicts
    assert here.ours == here.merged and there.theirs == there.merged
    for conflict, chosen, left in ((here, here.theirs, theirs), (there, there.ours, ours)):
        assert merged.count(conflict.merged) == 1
        assert merged.replace(conflict.merged, chosen).split() == left.split()
    assert merge_text(ours, ours, theirs) == (theirs, [])


@pytest.mark.parametrize(
    ("theirs", "merged"),
    [
        ("base line other\n", "the base line other\n"),
        ("base line of the day\n", "the base line of the day\n"),
        ("base line\nin the other\n", "the base line\nin the other\n"),
    ],
)
def test_a_word_that_both_sides_added_is_taken_from_no_other_place(
    theirs: str, merged: str
) -> None:  # [S4]
    assert merge_text("base line\n", "the base line\n", theirs, sure=False)[0] == merged


def test_what_the_old_base_and_both_sides_have_stays_where_lines_were_joined() -> None:
    base = "start\nx = 1"
    ours = "start, new += 12\ndef f(a, b=3): pass, x = 1"
    theirs = "start, new +=a, b=3): pass, x = 1"
    merged, _ = merge_text(base, ours, theirs, sure=False)
    assert merged.startswith("start, new +=")
    assert merged.endswith("x = 1")


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ("y = 2\n", "\ny = 2\n", "y = 2\ny  \n= 2\n", "\ny = 2\ny  \n= 2\n"),
        ("a\n\n\n", "x = 1\na\n\n\n", "a\n\nx = 1\na\n", "x = 1\na\n\nx = 1\na\n"),
    ],
)
def test_what_one_side_added_is_not_taken_for_an_equal_line_of_the_base(
    base: str, ours: str, theirs: str, merged: str
) -> None:  # [F4]
    assert merge_text(base, ours, theirs) == (merged, [])


def test_one_place_replaced_by_two_texts_holds_both_and_is_told() -> None:  # [S4]
    merged, conflicts = merge_text("x = 1\n", "x = 2\n", "x = 3\n")
    assert merged == "x = 2\nx = 3\n"
    assert conflicts == [Conflict("text", "x = 2\n", "x = 3\n", "x = 2\nx = 3\n")]


def insert_marks(rng: random.Random, text: str, marks: list[str]) -> str:
    lines = text.split("\n")
    for mark in marks:
        lines.insert(rng.randrange(len(lines) + 1), mark)
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(200))
def test_every_line_that_was_added_is_there_once(seed: int) -> None:  # [F4] [S4]
    rng = random.Random(seed)
    old = "\n".join(rng.choice(["", "a", "b = 1", "def f():"]) for _ in range(rng.randrange(12)))
    base = insert_marks(rng, old, ["shared 1", "shared 2"])
    ours = insert_marks(rng, base, ["ours 1", "ours 2"])
    theirs = insert_marks(rng, base, ["theirs 1"])
    lines = merge_text(base, ours, theirs)[0].split("\n")
    for mark in ("shared 1", "shared 2", "ours 1", "ours 2", "theirs 1"):
        assert lines.count(mark) == 1, (base, ours, theirs)


def test_values_merge_by_key_and_true_is_not_one() -> None:
    base = {"a": 1, "b": {"c": 1}, "gone": 0}
    ours = {"a": 2, "b": {"c": 1, "d": 1}, "gone": 0}
    theirs = {"a": 1, "b": {"c": 3}, "new": [1]}
    merged, conflicts = merge_values(base, ours, theirs, "metadata")
    assert merged == {"a": 2, "b": {"c": 3, "d": 1}, "new": [1]}
    assert not conflicts
    assert not same(True, 1)
    assert same({"a": [1.0]}, {"a": [1]})


def test_a_value_that_both_changed_stays_and_is_told() -> None:
    merged, (conflict,) = merge_values({"a": 1}, {"a": 2}, {"a": 3}, "metadata")
    assert merged == {"a": 2}
    assert (conflict.kind, conflict.key, conflict.ours, conflict.theirs) == (
        "value",
        "metadata.a",
        "2",
        "3",
    )


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ("abc", "abc", "cab", "cab"),
        ("abc", "abxc", "abyc", "abxyc"),
        ("abc", "cba", "abcd", "cdba"),
        ("abc", "abc", "xabc", "xabc"),
    ],
)
def test_orders_merge(base: str, ours: str, theirs: str, merged: str) -> None:
    assert "".join(merge_order(base, ours, theirs)) == merged


def cell(source: str, name: str | None = None, kind: str = "code", **more: Any) -> dict[str, Any]:
    found = {"cell_type": kind, "metadata": {}, "source": source, **more}
    return {**found, "id": name} if name else found


def book(*cells: dict[str, Any], minor: int = 5) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": minor}


def sources(notebook: dict[str, Any]) -> list[str]:
    return [each["source"] for each in notebook["cells"]]


def test_cells_of_both_sides_are_there_once() -> None:  # [F4]
    base = book(cell("a", "1"), cell("b", "2"), cell("c", "3"))
    ours = book(cell("a", "1"), cell("b typed", "2"), cell("mine", "4"), cell("c", "3"))
    theirs = book(cell("c", "3"), cell("a!", "1"), cell("b", "2"), cell("theirs", "5"))
    merged, conflicts = merge_notebooks(base, ours, theirs)
    assert sorted(sources(merged)) == ["a!", "b typed", "c", "mine", "theirs"]
    assert not conflicts


def test_a_cell_that_one_side_deleted_and_the_other_changed_stays() -> None:  # [S4]
    base = book(cell("a", "1"), cell("b", "2"))
    changed, deleted = book(cell("a", "1"), cell("b typed", "2")), book(cell("a", "1"))
    merged, (conflict,) = merge_notebooks(base, changed, deleted)
    assert sources(merged) == ["a", "b typed"]
    assert (conflict.kind, conflict.ours, conflict.theirs, conflict.cell) == (
        "deleted",
        "b typed",
        "",
        "2",
    )
    merged, (conflict,) = merge_notebooks(base, deleted, changed)
    assert sources(merged) == ["a", "b typed"]
    assert (conflict.ours, conflict.theirs) == ("", "b typed")


def test_outputs_come_from_the_side_that_has_new_ones() -> None:  # [F4]
    out = [{"output_type": "stream", "name": "stdout", "text": "1\n"}]
    base = book(cell("1", "1", outputs=[], execution_count=None))
    ours = book(cell("1 + 0", "1", outputs=[], execution_count=None))
    theirs = book(cell("1", "1", outputs=out, execution_count=1))
    (merged,) = merge_notebooks(base, ours, theirs)[0]["cells"]
    assert (merged["source"], merged["outputs"], merged["execution_count"]) == ("1 + 0", out, 1)


def test_cells_without_ids_are_matched_by_what_they_hold() -> None:  # [F5]
    base = book(cell("a", "x1"), cell("b b b", "x2"), cell("c", "x3"), minor=4)
    ours = book(cell("a", "y1"), cell("b b b typed", "y2"), cell("c", "y3"), minor=4)
    theirs = book(cell("new"), cell("a"), cell("b b b"), cell("c!"), minor=4)
    merged, _ = merge_notebooks(base, ours, theirs)
    assert sources(merged) == ["new", "a", "b b b typed", "c!"]
    assert [each.get("id") for each in merged["cells"]] == [None, "y1", "y2", "y3"]


def test_a_cell_that_looks_like_another_behind_others_is_new() -> None:  # [F5]
    old = [cell(f"name{k} = {k * 7}\nprint(name{k})", f"{k}") for k in (5001, 5002)]
    changed, new = cell("name50!02 = 35014\nprint(name5002)"), cell("name1 = 7\nprint(name1)\n")
    merged, _ = merge_notebooks(book(*old), book(*old), book(changed, new, minor=4))
    assert [each.get("id") for each in merged["cells"]] == ["5002", None]
    assert sources(merged) == [changed["source"], new["source"]]


def test_a_new_cell_without_an_id_that_both_sides_edited_is_one() -> None:  # [S4] [F5]
    old = cell("import this", "1")
    ours = cell("# 1\nname = 7你好吗7\nprint(name)", "2")
    theirs = cell("# 1\nname = 77\nprint(我是谁name)", "3")
    merged, _ = merge_notebooks(
        book(old, minor=4), book(old, ours, minor=4), book(old, theirs, minor=4), sure=False
    )
    text = "# 1\nname = 7你好吗7\nname = 77\nprint(我是谁name)"
    assert sources(merged) == ["import this", text]


def test_a_cell_of_a_replica_at_the_place_of_a_deleted_one_is_another_one() -> None:  # [S4] [F5]
    kept, gone, new = cell("import this", "1"), cell("print(that)", "2"), cell("x = 1", "3")
    base = book(kept, gone, minor=4)
    file = book(cell("import this", "7"), cell("print(that, 2)", "8"), minor=4)
    merged, (conflict,) = merge_notebooks(
        base, file, book(kept, new, minor=4), relation=Relation.REPLICA
    )
    assert sorted(sources(merged)) == ["import this", "print(that, 2)", "x = 1"]
    assert conflict.kind == "deleted"
    # The next replica has what the first one had, and the deleted cell as well.
    again, _ = merge_notebooks(book(kept, new, minor=4), merged, base, relation=Relation.REPLICA)
    assert "print(that, 2)" in sources(again)
    again, _ = merge_notebooks(
        base, merged, book(kept, gone, new, minor=4), relation=Relation.REPLICA
    )
    assert sources(again).count("x = 1") == 1


def test_tokens_that_are_no_words_stay_where_both_sides_changed_the_line() -> None:  # [S4]
    # The base is older than what both sides share.
    base = "q = 1\nname = 35014\nprint(name)\n"
    ours = "q = 1\nname = 35z014\nprint(name)\n"
    theirs = "new\nq = 1\n = 35z014\nprint(name.head())\n"
    assert merge_text(base, ours, theirs, sure=False) == (theirs, [])
    assert merge_text(base, theirs, ours, sure=False) == (theirs, [])


def test_a_line_of_which_both_sides_have_one_and_the_old_base_two_stays() -> None:  # [S4]
    base, line = "if a and b:\nif a and b:\n", "if a and b:\n"
    merged, _ = merge_text(base, "new\n\n" + line, line + "more\n", sure=False)
    assert line in merged and "new" in merged and "more" in merged


def test_without_a_base_nothing_counts_as_deleted() -> None:  # [S4]
    ours, theirs = book(cell("a", "1"), cell("mine", "2")), book(cell("a b", "1"))
    assert sources(merge_notebooks(None, ours, theirs)[0]) == ["a b", "mine"]
