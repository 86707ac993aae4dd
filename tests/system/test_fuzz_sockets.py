"""A few random plans with server processes, sockets, and the provider of our pages in Node.

`make fuzz ARGS=--sockets` runs others until it is stopped.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fuzz.marks import count
from fuzz.plan import Plan
from fuzz.sockets import page
from fuzz.sockets.large import BLOCK, PACKED, packed, unpacked
from fuzz.sockets.plan import make_real_plan
from fuzz.sockets.world import RealWorld, run_real_plan

STEP = {"client": 0, "then": "quiet", "cell": 0.0, "at": 0.0, "to": 0.5}

needs_node = pytest.mark.skipif(bool(page.missing()), reason=f"needs {page.missing()}")


def plan_of(kind: str, *steps: dict[str, Any], pages: tuple[int, ...] = ()) -> Plan:
    """A plan of two clients; clients of `pages` are in Node."""
    made = [{**STEP, "mark": number, **step} for number, step in enumerate(steps, 1)]
    return {"seed": 0, "kind": kind, "clients": 2, "pages": list(pages), "steps": made}


@needs_node
@pytest.mark.parametrize(("seed", "kind"), [(1, "notebook"), (2, "text"), (11, "notebook44")])
def test_a_plan_with_real_parts_holds(seed: int, kind: str) -> None:
    # [S1] [S3] [S4] [S6] [H1] [H7] [H9] [F1] [F3] [F4] [F8]
    assert run_real_plan(make_real_plan(seed, kind, 14)) == []


@needs_node
def test_a_page_brings_back_what_it_kept_when_it_is_loaded_again() -> None:  # [S6]
    steps = [
        {"op": "type", "client": 1},
        {"op": "down", "how": "kill", "then": "none"},
        {"op": "type", "client": 1, "then": "none"},
        {"op": "reload", "client": 1, "then": "none"},
        {"op": "up"},
    ]
    assert run_real_plan(plan_of("notebook", *steps, pages=(1,))) == []


@needs_node
def test_a_page_pastes_megabytes_in_parts_while_others_type() -> None:  # [M4] [M12]
    steps = [
        {"op": "paste", "client": 1, "then": "none"},
        {"op": "type", "client": 0, "then": "none"},
        {"op": "disk", "how": "replace", "what": "insert", "code": "line"},
        {"op": "down", "how": "kill", "then": "none"},
        {"op": "type", "client": 1, "cell": 0.5},
    ]
    assert run_real_plan(plan_of("notebook", *steps, pages=(1,))) == []


def test_the_judge_sees_what_a_program_took_away_unseen_and_what_nobody_typed() -> None:
    class Forging(RealWorld):
        async def _do_forge(self, step: dict[str, Any]) -> None:
            text = self.file.read_text()
            self.file.write_text(text.replace(text[:3], "forged", 1))

    problems = run_real_plan(plan_of("text", {"op": "forge"}), Forging)
    assert any("⟦5000⟧ of the first file is lost" in each for each in problems)
    assert any("nobody typed the token 'forged'" in each for each in problems)


def test_the_judge_sees_edits_that_never_arrive() -> None:
    class Deaf(RealWorld):
        async def _do_deafen(self, step: dict[str, Any]) -> None:
            self.programs[0].send_message = lambda message: None  # type: ignore[method-assign]

    plan = plan_of("text", {"op": "deafen"}, {"op": "type"})
    problems = run_real_plan(plan, Deaf, rest_time=1)
    assert problems[0] == "the replicas do not become the same"


def test_a_seed_makes_one_real_plan_that_json_can_hold() -> None:
    plan = make_real_plan(7, "notebook", 40)
    assert plan == make_real_plan(7, "notebook", 40)
    assert json.loads(json.dumps(plan)) == plan
    assert 0 not in plan["pages"]


def test_a_large_output_is_short_for_the_judge() -> None:
    text = f"a{BLOCK * 3}b"
    assert packed(text) == f"a{PACKED * 3}b"
    assert unpacked(packed(text)) == text
    assert packed(text[:-2]) != packed(text)


@needs_node
def test_the_program_of_a_page_is_bundled_from_the_sources() -> None:
    assert Path(page.program()).stat().st_size > 100_000


@needs_node
@pytest.mark.parametrize("client", [0, 1], ids=["by the server", "by the page"])
def test_a_version_is_restored(client: int) -> None:  # [V4] [V5]
    steps = [
        {"op": "save", "to": 0.0},
        {"op": "type", "client": 1},
        {"op": "restore", "client": client, "to": 1.0},
    ]
    left: list[int] = []

    class Noted(RealWorld):
        async def _at_rest(self) -> list[str]:
            wrong = await super()._at_rest()
            left.append(count(self.programs[0].cells)[2])
            return wrong

    assert run_real_plan(plan_of("notebook", *steps, pages=(1,)), Noted) == []
    assert left == [0]
