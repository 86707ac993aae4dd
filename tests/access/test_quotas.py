"""How much one person may ask of the server."""

from __future__ import annotations

import pytest

from jupyter_collaboration.access.quotas import (
    BURST,
    SHARE,
    ConnectionQuota,
    FairShare,
    Limits,
    Share,
)
from jupyter_collaboration.errors import TooMany


def test_a_connection_that_is_alone_never_waits() -> None:  # S32 [M4]
    share = Share(FairShare())
    assert not any(share.charge(0.01, number * 0.001) for number in range(10_000))


def test_a_connection_waits_for_its_work_while_others_wait() -> None:  # S23 [M4]
    shared = FairShare()
    flood, honest = Share(shared), Share(shared)
    now, busy = 0.0, 0.0
    for _ in range(1000):
        assert honest.charge(0.0001, now) == 0
        pause = flood.charge(0.01, now)
        busy += 0.01
        now += 0.01 + pause
    assert busy <= SHARE * now + BURST + 0.02
    assert busy >= SHARE * now * 0.9


def test_small_messages_of_one_connection_are_not_counted() -> None:  # S32 [M4]
    shared = FairShare()
    sender, typist = Share(shared), Share(shared)
    for number in range(4000):
        assert typist.charge(0.0001, number * 0.0001) == 0
        assert sender.charge(0.0001, number * 0.0001) == 0


def test_connections_and_documents_of_one_person_are_bounded() -> None:  # [M4]
    limits = Limits(connections_per_user=3, rooms_per_user=2)
    attendance = ConnectionQuota()
    attendance.admit("ada", "a", limits)
    attendance.admit("ada", "b", limits)
    with pytest.raises(TooMany, match="2 documents"):
        attendance.admit("ada", "c", limits)
    attendance.admit("ada", "a", limits)
    with pytest.raises(TooMany, match="3 connections"):
        attendance.admit("ada", "a", limits)
    attendance.admit("bob", "c", limits)
    attendance.dismiss("ada", "b")
    attendance.admit("ada", "c", limits)


def test_nothing_is_kept_of_who_is_gone() -> None:  # [M1]
    attendance = ConnectionQuota()
    for _ in range(3):
        attendance.admit("ada", "a", Limits())
    for _ in range(3):
        attendance.dismiss("ada", "a")
    assert not attendance._connections
    assert not attendance._rooms
