"""Random plans: whatever happens, everybody ends with the same document, and nothing is lost.

Plans that failed once are kept by name in fuzz/seeds.json and run first. `make fuzz` runs new ones
until it is stopped; `python -m fuzz --help` tells how to run one again.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fuzz.ledger import Ledger
from fuzz.marks import mark_text, marks_in, readable, seams, torn
from fuzz.places import Places
from fuzz.plan import KINDS, Plan, make_plan
from fuzz.shrink import shrunk
from fuzz.typed import Typed
from fuzz.world import run_plan

KEPT: dict[str, Plan] = json.loads((Path(__file__).parent / "fuzz" / "seeds.json").read_text())

PLANS = 180
CHUNK = 20
STEPS = 40

REPEATS = 3
"""How often a kept plan is run: some fail in some of the orders that threads take only."""


def report(plan: Plan, problems: list[str]) -> str:
    """What failed, and the smallest plan that fails like it."""
    plan, problems = shrunk(plan, problems, seconds=15)
    steps = "\n".join(json.dumps(step) for step in plan["steps"])
    told = "\n".join(problems)
    return f"seed {plan['seed']}, {plan['kind']}, {plan['clients']} clients:\n{told}\n{steps}"


@pytest.mark.parametrize("name", KEPT)
def test_a_plan_that_failed_once_holds(name: str) -> None:
    for _ in range(REPEATS):
        assert run_plan(KEPT[name]) == []


@pytest.mark.parametrize("chunk", range(PLANS // CHUNK))
def test_whatever_happens_nothing_is_lost_or_doubled(chunk: int) -> None:
    # [S1] [S3] [S4] [S5] [H1] [H8] [H9] [F1] [F3] [F4] [F5] [F7] [F8] [F11]
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        plan = make_plan(seed, KINDS[seed % len(KINDS)], STEPS)
        if problems := run_plan(plan):
            pytest.fail(report(plan, problems), pytrace=False)


def test_a_seed_makes_one_plan_that_json_can_hold() -> None:
    plan = make_plan(7, "notebook", 40)
    assert plan == make_plan(7, "notebook", 40)
    assert json.loads(json.dumps(plan)) == plan
    assert len(plan["steps"]) == 40


# The judge itself


def test_marks_are_counted_and_their_parts_found() -> None:
    text = f"a{mark_text(1)}b{mark_text(2)}{mark_text(1)}"
    assert marks_in(text) == {1: 2, 2: 1}
    assert torn(text) == ""
    assert readable(text) == "a⟦1⟧b⟦2⟧⟦1⟧"
    first, second, third = mark_text(3)
    assert torn(f"{text}{first}x{second}{third}") == first + second + third
    assert torn(mark_text(1)[:2] + mark_text(2)[2]) == mark_text(1)[:2] + mark_text(2)[2]


def test_nothing_is_inserted_within_a_mark_or_a_line_end() -> None:
    assert seams(f"a{mark_text(1)}\r\nb") == [0, 1, 4, 6, 7]


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ({1: 1, 2: 1}, []),
        ({1: 1}, ["⟦2⟧ of bob is lost"]),
        ({1: 2, 2: 1}, ["⟦1⟧ of ada is there 2 times "]),
        ({2: 1}, ["⟦1⟧ of ada is lost"]),
    ],
)
def test_the_judge_sees_what_is_lost_and_what_is_double(
    found: dict[int, int], verdict: list[str]
) -> None:
    ledger = Ledger()
    ledger.new(1, "ada")
    ledger.new(2, "bob")
    assert ledger.verdicts(marks_of(found)) == verdict


def test_the_judge_excuses_what_was_removed() -> None:
    ledger = Ledger()
    ledger.effect([("", ledger.new(1, "ada"))], [("", "")], "(erased)")
    assert ledger.verdicts(marks_of({})) == []
    assert ledger.verdicts(marks_of({1: 1})) == []
    assert ledger.verdicts(marks_of({1: 2})) != []


def marks_of(found: dict[int, int]) -> Any:
    return marks_in("".join(mark_text(number) * times for number, times in found.items()))


def test_what_is_told_to_stand_twice_may_and_nothing_else() -> None:
    ledger = Ledger()
    one, other = ledger.new(1, "ada"), ledger.new(2, "ada")
    doubled = marks_in(one + one + other + other)
    ledger.clashed([(f"a {one}", "a "), (f"b {other}", f"b {one}{other}")])
    assert [each[:3] for each in ledger.verdicts(doubled)] == ["⟦2⟧"]
    ledger.clashed([(f"b {other}", "b ")])
    assert [each[:3] for each in ledger.verdicts(doubled)] == ["⟦2⟧"]
    assert len(ledger.verdicts(marks_in(one * 3 + other))) == 1


def test_a_conflict_of_lines_of_a_conflict_doubles_them_again() -> None:
    ledger = Ledger()
    mark = ledger.new(1, "ada")
    ledger.conflicted([(f"a {mark}", f"b {mark}")], is_loose=False)
    assert ledger.verdicts(marks_in(mark * 2)) == []
    assert len(ledger.verdicts(marks_in(mark * 3))) == 1
    ledger.conflicted([(f"a {mark} b {mark}", f"a {mark} c {mark}")], is_loose=False)
    assert ledger.verdicts(marks_in(mark * 4)) == []
    assert len(ledger.verdicts(marks_in(mark * 5))) == 1


def test_a_mark_typed_while_its_text_was_moved_has_no_given_place() -> None:
    ledger = Ledger()
    first = ledger.new(1, "ada")
    ledger.effect([], [("", f"a{first}b")], "")
    unseen, last = ledger.new(2, "bob"), ledger.new(4, "bob")
    ledger.effect([("", f"a{first}b")], [("", f"a{first}b{unseen}{last}")], "")
    ledger.text_moves([("", f"a{first}b{last}")])
    meanwhile = ledger.new(3, "bob")
    ledger.effect([("", f"a{first}b")], [("", f"a{first}b{meanwhile}")], "")
    assert (
        ledger.places.verdicts([("", unseen + meanwhile + first)], named=False, twins=set()) == []
    )
    assert ledger.places.verdicts([("", last + first)], named=False, twins=set()) != []
    ledger.places.is_text_moving = False
    late = ledger.new(5, "bob")
    ledger.effect([("", f"a{first}b")], [("", f"a{first}b{late}")], "")
    assert ledger.places.verdicts([("", late + first)], named=False, twins=set()) != []


def test_the_judge_sees_a_token_that_nobody_typed() -> None:
    typed = Typed()
    typed.edited([], ["lr = 0.1"])
    typed.edited(["lr = 0.1"], ["lr = 0.15"])
    typed.edited(["lr = 0.1"], ["lr = 0.12"])
    assert typed.invented(["lr = 0.15\nlr = 0.12"]) == []
    (wrong,) = typed.invented(["lr = 0.125"])
    assert wrong.startswith("nobody typed the token '0.125'")


@pytest.mark.parametrize(
    ("merged", "wrong"),
    [
        ("f(x, y)", []),
        ("f(x, y, b)", ["nobody placed 'y' before ','"]),
        ("f(x)", ["nobody placed 'x' before ')'"]),
    ],
)
def test_the_judge_sees_tokens_that_nobody_placed_beside_each_other(
    merged: str, wrong: list[str]
) -> None:
    typed = Typed()
    typed.edited([], ["f(a, b)"])
    typed.edited(["f(a, b)"], ["f(x, b)"])
    typed.edited(["f(a, b)"], ["f(a, y)"])
    assert [each.split(" in ")[0] for each in typed.invented([merged])] == wrong


def test_what_both_sides_deleted_in_part_may_leave_new_neighbors() -> None:
    typed = Typed()
    typed.edited([], ["a-b.c/d"])
    typed.edited(["a-b.c/d"], ["a.c/d"])
    typed.edited(["a-b.c/d"], ["a-b/d"])
    assert typed.invented(["a/d"]) == []
    assert typed.invented(["a-d"]) != []


def test_what_yjs_made_of_two_edits_is_no_invention() -> None:
    typed = Typed()
    typed.edited([], ["0.1"])
    typed.mixed(["0.1", "0.125"])
    assert typed.invented(["0.125"]) == []
    assert typed.mixtures == 1


ADA, BOB, EVE = (mark_text(number) for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (f"{ADA} {BOB} {EVE}", []),
        (f"{BOB} {ADA} {EVE}", ["⟦2⟧ and ⟦1⟧ are in the wrong order"]),
        (f"{ADA} {EVE} {BOB}", ["⟦3⟧ and ⟦2⟧ are in the wrong order"]),
        (f"{BOB} {EVE}", []),
    ],
)
def test_the_judge_sees_the_order_of_marks(text: str, wrong: list[str]) -> None:
    places = Places()
    places.edited([("one", "")], [("one", f"{ADA} {EVE}")], named=True)
    places.edited([("one", f"{ADA} {EVE}")], [("one", f"{ADA} {BOB} {EVE}")], named=True)
    assert places.verdicts([("one", text)], named=True, twins=set()) == wrong


def test_marks_that_somebody_took_out_or_that_stand_twice_are_in_no_order() -> None:
    places = Places()
    places.edited([("", "")], [("", ADA + BOB + EVE)], named=False)
    places.edited([("", ADA + BOB + EVE)], [("", BOB + EVE)], named=False)
    places.edited([("", BOB + EVE)], [("", BOB + EVE + ADA)], named=False)
    assert places.verdicts([("", BOB + EVE + ADA)], named=False, twins=set()) == []
    assert places.verdicts([("", EVE + BOB)], named=False, twins=set()) != []
    places.doubled([3])
    assert places.verdicts([("", EVE + BOB)], named=False, twins=set()) == []


def test_the_judge_sees_a_mark_in_another_cell() -> None:
    places = Places()
    places.edited([("one", ""), ("two", "")], [("one", ADA), ("two", "")], named=True)
    swapped = [("one", ""), ("two", ADA)]
    assert places.verdicts(swapped, named=True, twins=set()) == [
        "⟦1⟧ is in the cell two instead of ['one']"
    ]
    places.edited([("one", ADA), ("two", "")], swapped, named=True)
    assert places.verdicts(swapped, named=True, twins=set()) == []


def test_the_judge_sees_the_order_of_cells() -> None:
    places = Places()
    first = [("one", ""), ("two", ""), ("three", "")]
    places.edited([], first, named=True)
    turned = [("two", ""), ("one", ""), ("three", "")]
    assert places.verdicts(turned, named=True, twins=set()) == [
        "the cells two and one are in the wrong order"
    ]
    places.edited(first, turned, named=True)
    assert places.verdicts(turned, named=True, twins=set()) == []


def test_a_cell_follows_one_that_was_deleted_and_put_back() -> None:
    places = Places()
    first = [("one", ""), ("two", "")]
    places.edited([], first, named=True)
    places.edited(first, [*first, ("three", "")], named=True)
    followed = [("two", ""), ("three", ""), ("one", "")]
    assert places.verdicts([("one", ""), ("three", ""), ("two", "")], named=True, twins=set()) == [
        "the cells three and two are in the wrong order"
    ]
    places.edited(first, [("one", "")], named=True)
    places.edited([("one", "")], [("two", ""), ("one", "")], named=True)
    assert places.verdicts(followed, named=True, twins=set()) == []


def test_what_is_typed_into_a_line_before_its_conflict_is_seen_may_stand_at_either_side() -> None:
    ledger = Ledger()
    ada, bob, eve = (ledger.new(number, "") for number in (1, 2, 3))
    typed = [("", f"{eve}\n{bob} {ada}")]
    ledger.effect([("", "")], [("", f"{eve}\n{ada}")], "")
    ledger.effect([("", f"{eve}\n{ada}")], typed, "")
    turned = [("", f"{eve}\n{ada} {bob}")]
    assert ledger.places.verdicts(turned, named=False, twins=set()) != []
    ledger.conflicts_shown([f"{ada}"], [("", f"{eve}\n{bob} {ada}")])
    assert ledger.places.verdicts(turned, named=False, twins=set()) != []
    ledger.conflicts_shown([f"{eve}"], [("", f"{eve}\n1\n{ada}")])
    assert ledger.places.verdicts(turned, named=False, twins=set()) != []
    ledger.conflicts_shown([f"{ada}"], [("", f"{eve}\n1\n{ada}")])
    assert ledger.places.verdicts(turned, named=False, twins=set()) == []
    elsewhere = [("", f"{bob}\n{eve}\n{ada}")]
    assert ledger.places.verdicts(elsewhere, named=False, twins=set()) != []
