"""What waits to be read of a kernel, and what is dropped if it is too much."""

from __future__ import annotations

import random
from typing import Any

import pytest
from jupyter_client.session import Session

from jupyter_collaboration.execution.backlog import Backlog
from jupyter_collaboration.execution.channels import INVALID, _unpacked

LIMIT = 100_000


@pytest.fixture
def session() -> Session:
    return Session(key=b"key")


@pytest.fixture
def backlog(session: Session) -> Backlog:
    return Backlog(session.unpack, INVALID, LIMIT)


def packed(session: Session, kind: str, content: dict[str, Any], parent: str = "a") -> list[bytes]:
    header = {"msg_id": parent, "msg_type": "execute_request"}
    parts: list[bytes] = session.serialize(session.msg(kind, content, parent=header))
    return parts


def update(session: Session, display: str, text: str) -> list[bytes]:
    content = {"data": {"a": text}, "metadata": {}, "transient": {"display_id": display}}
    return packed(session, "update_display_data", content)


def taken(session: Session, backlog: Backlog) -> list[tuple[str, Any]]:
    found = []
    while (parts := backlog.take()) is not None:
        message = _unpacked(session, parts)
        found.append((message["header"]["msg_type"], message["content"]))
    return found


def told(backlog: Backlog) -> list[str]:
    return [each["parent_header"]["msg_id"] for each in backlog.losses()]


def test_all_is_kept_in_its_order_up_to_the_limit(session: Session, backlog: Backlog) -> None:
    # [R8]
    for at in range(100):
        backlog.add(packed(session, "stream", {"name": "stdout", "text": f"{at}"}))
    assert backlog.size < LIMIT and len(backlog) == 100
    assert [content["text"] for _, content in taken(session, backlog)] == [
        f"{at}" for at in range(100)
    ]
    assert backlog.size == 0 and not told(backlog)


@pytest.mark.parametrize("is_last", [True, False])
def test_the_last_update_of_each_display_is_kept(
    session: Session, backlog: Backlog, is_last: bool
) -> None:
    # [R8]
    for at in range(500):
        display = f"display {at % 3}"
        parts = update(session, display, f"{at}" + "x" * 1000)
        if not is_last:  # another order of the keys, as of other kernels
            content = {"transient": {"display_id": display}, "data": {"a": f"{at}" + "x" * 1000}}
            parts = packed(session, "update_display_data", content)
        backlog.add(parts)
        assert backlog.size <= LIMIT * 1.2
    found = taken(session, backlog)
    assert not told(backlog)
    last = {content["transient"]["display_id"]: content["data"]["a"] for _, content in found}
    assert {name: text.rstrip("x") for name, text in last.items()} == {
        "display 0": "498",
        "display 1": "499",
        "display 2": "497",
    }


def test_outputs_are_dropped_before_what_begins_or_ends_something(
    session: Session, backlog: Backlog
) -> None:
    # [R8]
    backlog.add(packed(session, "status", {"execution_state": "busy"}))
    for at in range(500):
        backlog.add(update(session, "bar", f"{at}"))
        backlog.add(packed(session, "stream", {"name": "stdout", "text": f"{at}" + "x" * 1000}))
        assert backlog.size <= LIMIT * 1.2
    backlog.add(packed(session, "error", {"ename": "E"}))
    backlog.add(packed(session, "status", {"execution_state": "idle"}))
    assert told(backlog) == ["a"]
    for _ in range(500):
        backlog.add(packed(session, "stream", {"name": "stdout", "text": "x" * 1000}))
    assert not told(backlog)  # it knows
    found = taken(session, backlog)
    kinds = [kind for kind, _ in found]
    assert kinds[0] == "status" and kinds.count("status") == 2 and kinds.count("error") == 1
    bars = [content["data"]["a"] for kind, content in found if kind == "update_display_data"]
    assert bars[-1] == "499"
    texts = [content["text"].rstrip("x") for kind, content in found if kind == "stream"]
    assert texts[:50] == [f"{at}" for at in range(50)]  # the beginning stays, as without a limit


@pytest.mark.parametrize("seed", range(20))
def test_any_flood_is_bounded_and_nothing_else_is_lost(
    session: Session, backlog: Backlog, seed: int
) -> None:
    # [R8]
    rand = random.Random(seed)
    kept = 0
    for at in range(2000):
        size = rand.choice([10, 100, 5000])
        match rand.randrange(8):
            case 0:
                backlog.add(packed(session, "status", {"execution_state": "idle"}))
                kept += 1
            case 1:
                broken = packed(session, "stream", {"text": "x"})
                backlog.add(
                    broken[: rand.randrange(len(broken))] if rand.random() < 0.5 else broken
                )
            case 2 | 3:
                backlog.add(update(session, f"{rand.randrange(5)}", "x" * size))
            case 4:
                content = {"data": {}, "transient": rand.choice([None, {}, 1])}
                backlog.add(packed(session, "update_display_data", content))
            case _:
                text = f"{at}" + "x" * size
                backlog.add(packed(session, "stream", {"name": "a", "text": text}, f"{at % 7}"))
        while rand.random() < 0.3 and (parts := backlog.take()) is not None:
            kept -= b"status" in b"".join(parts)
        assert backlog.size <= LIMIT * 1.2 + kept * 1000
        assert backlog.size == sum(each.size for each in backlog._waiting)
    found = 0
    while (parts := backlog.take()) is not None:
        found += b"status" in b"".join(parts)
    assert found == kept
