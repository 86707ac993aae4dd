"""How much one person may ask of the server."""

from __future__ import annotations

import pytest

from jupyter_collaboration.access.quotas import ConnectionQuota, Limits, TokenBucket
from jupyter_collaboration.errors import TooMany


def test_a_burst_is_free_and_a_flood_is_read_more_slowly() -> None:  # [M4]
    allowance = TokenBucket(per_second=200, burst=2000)
    assert not any(allowance.take(0.0) for _ in range(2000))
    assert allowance.take(0.0) == pytest.approx(1 / 200)
    assert allowance.take(0.0) == pytest.approx(2 / 200)
    assert allowance.take(1.0) == 0  # 200 more a second later
    assert not any(allowance.take(100.0) for _ in range(2000))
    assert allowance.take(100.0) > 0  # and no more than a burst, however long the pause


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
