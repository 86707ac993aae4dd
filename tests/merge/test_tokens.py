"""Merges take whole tokens from one side: nobody ever sees a word that nobody typed."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_collaboration.merge.diff import text_edits, tokens_of
from jupyter_collaboration.merge.text import merge_text


@pytest.mark.parametrize(
    ("base", "ours", "theirs"),
    [
        ("lr = 0.1", "lr = 0.15", "lr = 0.12"),  # S3
        ("if a:", "if a and b:", "if a or c:"),  # S4
        ("df.head(5)", "df.head(10)", "df.head(51)"),
        ("x = 1e-3", "x = 1e-4", "x = 2e-3"),
        ("n = 1_000", "n = 1_0001", "n = 11_000"),
        ("mask = 0x1F", "mask = 0x2F", "mask = 0x1FF"),
        ("name = 'Grüße'", "name = 'Grüßen'", "name = 'Grüßle'"),
        ("e\u0301tat", "e\u0301tats", "e\u0301tatique"),
        ("mood = '👍'", "mood = '👍🏽'", "mood = '👎'"),
        ("x = 1", "x = 1 + 2", "x = 1 - 2"),
        ("x == y", "x != y", "x <= y"),
        ("", "import numpy", "import pandas"),
        ("a b", "a x b", "a y b"),
    ],
)
def test_edits_of_one_place_keep_both_lines_ours_first(base: str, ours: str, theirs: str) -> None:
    for around in ("", "before\n"):
        for end in ("", "\n", "\nafter"):
            sides = (around + text + end for text in (base, ours, theirs))
            merged, (conflict,) = merge_text(*sides)
            assert merged == f"{around}{ours}\n{theirs}{end}"
            assert (conflict.ours.strip("\n"), conflict.theirs.strip("\n")) == (ours, theirs)
            assert merged.count(conflict.merged) == 1
            for chosen, text in ((conflict.ours, ours), (conflict.theirs, theirs)):
                assert merged.replace(conflict.merged, chosen) == around + text + end


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ("f(a, b)", "f(x, b)", "f(a, y)", "f(x, y)"),
        ("lr = 0.1, wd = 0.5", "lr = 0.2, wd = 0.5", "lr = 0.1, wd = 0.6", "lr = 0.2, wd = 0.6"),
        ("a\nb", "A\nb", "a\nB", "A\nB"),
        ("lr = 0.1", "lr = 0.1\nmore", "lr = 0.2", "lr = 0.2\nmore"),
        ("x = f(1, 2)", "x = f(1, 3)", "import q\nx = g(1, 2)", "import q\nx = g(1, 3)"),
        ("print('a')", "print('a b')", "print('a', end='')", "print('a b', end='')"),
        ("a b c d", "a d", "a b d", "a d"),
        ("a b", "a x b", "a c", "a x c"),
        ("if a:", "if a and b:", "if a and b or c:", "if a and b or c:"),
    ],
)
def test_edits_with_an_unchanged_token_between_them_merge(
    base: str, ours: str, theirs: str, merged: str
) -> None:
    assert merge_text(base, ours, theirs) == (merged, [])
    assert merge_text(base, theirs, ours) == (merged, [])


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ("a\nb\nc\n", "a\nc\n", "a\nb!\nc\n", "a\nb!\nc\n"),
        ("a\nb", "a", "a\nb!", "a\nb!"),
        ("x = 1", "", "x = 2", "x = 2"),
        ("1\n2\n3\n4\n", "1\n4\n", "1\n2\nnew\n3\n4\n", "1\nnew\n4\n"),
    ],
)
def test_an_edit_of_what_the_other_side_deleted_stays_and_is_a_conflict(
    base: str, ours: str, theirs: str, merged: str
) -> None:
    for sides, deleted in (((ours, theirs), "ours"), ((theirs, ours), "theirs")):
        result, (conflict,) = merge_text(base, *sides)
        assert result == merged
        assert getattr(conflict, deleted) == ""


def test_tokens_of_both_sides_never_make_a_third_one() -> None:
    assert merge_text("a.b", "1.b", "a.5")[0] == "1.b\na.5"


def test_an_edit_of_a_long_line_replaces_a_few_tokens() -> None:
    line = ", ".join(map(str, range(100_000)))
    changed = line.replace(" 500,", " 500, 5000000,").replace(" 90000,", " 90001,")
    assert [new for _, _, new in text_edits(line, changed)] == ["5000000, ", "90001"]
    ours, theirs = line.replace(" 500,", " 501,"), line.replace(" 90000,", " 90001,")
    both = ours.replace(" 90000,", " 90001,")
    assert merge_text(line, ours, theirs) == (both, [])


WORDS = ["x", "lr", "0.1", "10", "1e-3", "(", ")", ",", " ", " ", "=", "==", "é", "你", "👍", "."]
LINE = st.lists(st.sampled_from(WORDS), max_size=8).map("".join)
TEXT = st.lists(LINE, max_size=8).map("\n".join)


@st.composite
def edited(draw: st.DrawFn, text: str) -> str:
    """A text with a few edits: characters typed or deleted anywhere, lines added or deleted."""
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        end = min(len(text), at + draw(st.sampled_from([0, 0, 0, 1, 2, 5])))
        typed = draw(st.one_of(LINE, st.sampled_from(["5", "b", "\n", "\nnew line\n", ""])))
        text = text[:at] + typed + text[end:]
    return text


@st.composite
def sides(draw: st.DrawFn) -> tuple[str, str, str]:
    base = draw(TEXT)
    return base, draw(edited(base)), draw(edited(base))


@settings(max_examples=400)
@given(sides())
def test_every_token_of_a_merge_was_typed_by_somebody(texts: tuple[str, str, str]) -> None:
    base, ours, theirs = texts
    merged, _ = merge_text(base, ours, theirs)
    typed = {*tokens_of(ours), *tokens_of(theirs), "\n"}
    assert typed.issuperset(tokens_of(merged))
    for unsure in (merge_text(base, ours, theirs, sure=False), merge_text(None, ours, theirs)):
        assert typed.issuperset(tokens_of(unsure[0]))


@settings(max_examples=400)
@given(sides())
def test_all_that_either_side_typed_is_in_a_merge(texts: tuple[str, str, str]) -> None:
    base, ours, theirs = texts
    merged = Counter(tokens_of(merge_text(base, ours, theirs)[0]))
    for side in (ours, theirs):
        typed = Counter(tokens_of(side)) - Counter(tokens_of(base))
        assert not [token for token in typed - merged if not token.isspace()]


@settings(max_examples=400)
@given(sides())
def test_a_merge_has_the_same_lines_whoever_is_first(texts: tuple[str, str, str]) -> None:
    base, ours, theirs = texts
    lines, others = (
        sorted(merge_text(base, *pair)[0].split("\n")) for pair in ((ours, theirs), (theirs, ours))
    )
    assert lines == others


@settings(max_examples=200)
@given(sides())
def test_a_merge_of_what_is_merged_changes_nothing(texts: tuple[str, str, str]) -> None:
    base, ours, theirs = texts
    merged, _ = merge_text(base, ours, theirs)
    assert merge_text(base, merged, merged) == (merged, [])
    assert merge_text(theirs, merged, theirs) == (merged, [])
    assert merge_text(theirs, theirs, merged) == (merged, [])


@pytest.mark.parametrize(
    ("base", "ours", "theirs"),
    [
        (None, "total += i\nmod5 = beta % 5", "total += i\nmod5  total % 5"),
        (None, "x()\nmod5 and c9 = 73 % 5", "print(total, i)\nmod5 =total %5"),
        (None, "total += foo and c3(x)9\ny()", "total  fooand c3(x)9"),
        (None, "# note\n total9 > 5 and mod7 == 3:", "#note\niftotal9 > 5 and mod7 == 3:"),
        ("plt.plot(x, y)", "# note", "plt.plot(x, y)\nreturn f(a, b=3)\n# beta3\nmod55"),
        (
            "mod5 = total % 5\nmod25 = total2 % 5",
            "total += foo(x)9\nmod5 = total % 5\nmod25 = total2 % 5",
            "total += i\n76 = total2 % 5",
        ),
        (
            "total4 = 0\ntotal = 0",
            "total4 = 0\nx = np.array([1, 2, 3])",
            "total4 = 0\ntotal and c5 = 0",
        ),
    ],
)
def test_a_space_that_two_lines_have_by_chance_does_not_keep_their_words_apart(  # [S4]
    base: str | None, ours: str, theirs: str
) -> None:
    """``print(total, i)`` and ``plt.plot(x, y)`` have a space in common."""
    for one, other in ((ours, theirs), (theirs, ours)):
        merged, conflicts = merge_text(base, one, other, sure=False)
        assert conflicts
        assert set(merged.split("\n")) <= {*one.split("\n"), *other.split("\n")}
