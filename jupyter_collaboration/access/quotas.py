"""How much one person may ask of the server. Pure: numbers in, numbers out. [M4]"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from ..errors import TooMany


@dataclass(frozen=True)
class Limits:
    """What one person may have and send. Each is a trait of the extension."""

    message_bytes: int = 32 * 2**20
    messages_per_second: float = 200.0
    message_burst: int = 2_000
    connections_per_user: int = 1_000
    rooms_per_user: int = 500
    role_check_interval: float = 60.0


class TokenBucket:
    """How many messages somebody may still send now: a bucket that fills at a rate.

    Who sends more is read more slowly, not cut.
    """

    def __init__(self, per_second: float, burst: int) -> None:
        self._rate = per_second
        self._burst = burst
        self._left = float(burst)
        self._at: float | None = None

    def take(self, now: float) -> float:
        """A message came.

        Args:
            now: seconds of a clock that never steps back.

        Returns:
            Seconds to wait before the next one is read.
        """
        if self._at is not None:
            self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        self._left -= 1
        return max(0.0, -self._left / self._rate)


class ConnectionQuota:
    """Who is connected to which rooms, and how often."""

    def __init__(self) -> None:
        self._connections: Counter[str] = Counter()
        self._rooms: dict[str, Counter[str]] = {}

    def admit(self, username: str, room_id: str, limits: Limits) -> None:
        """Somebody connects.

        Raises:
            TooMany: they have as many connections, or rooms, as they may.
        """
        rooms = self._rooms.get(username, Counter())
        if self._connections[username] >= limits.connections_per_user:
            raise TooMany(f"You have {limits.connections_per_user} connections. Close some.")
        if room_id not in rooms and len(rooms) >= limits.rooms_per_user:
            raise TooMany(f"You have {limits.rooms_per_user} documents open. Close some.")
        rooms[room_id] += 1
        self._rooms[username] = rooms
        self._connections[username] += 1

    def dismiss(self, username: str, room_id: str) -> None:
        """Somebody who was admitted is gone."""
        rooms = self._rooms[username]
        for counter, name in ((rooms, room_id), (self._connections, username)):
            counter[name] -= 1
            if not counter[name]:
                del counter[name]
        if not rooms:
            del self._rooms[username]
