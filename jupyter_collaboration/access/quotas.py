"""Limits for the use of the server by one user. Pure: numbers in, numbers out. [M4]"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

from ..errors import TooMany


@dataclass(frozen=True)
class Limits:
    """The limits for one user. Each one is a trait of the extension."""

    message_bytes: int = 100 * 2**20
    viewer_message_bytes: int = 2 * 2**20
    connections_per_user: int = 1_000
    rooms_per_user: int = 500
    role_check_interval: float = 60.0


ACTIVE_TIME = 1.0
"""Seconds that a connection counts as active after its last message."""

SHARE = 0.25
"""Fraction of the event loop's time that one connection may use while others are active."""

BURST = 0.5
"""Seconds of work that one connection may request at once, while others are active."""


class FairShare:
    """Divides the event loop's time between connections.

    Work is charged by the time that it took, not by the number of messages: five thousand small
    edits cost less than one large one. A connection is slowed down only while others are active;
    alone it may use all of the time.
    """

    def __init__(self) -> None:
        self._last: float = -math.inf
        self._last_key: int | None = None
        self._last_other: float = -math.inf

    def others_wait(self, key: int, now: float) -> bool:
        """Return whether another connection sent a message recently."""
        last = self._last_other if self._last_key == key else self._last
        return now - last < ACTIVE_TIME

    def note(self, key: int, now: float) -> None:
        """Record that a connection sent a message."""
        if self._last_key != key:
            self._last_other = self._last
            self._last_key = key
        self._last = now


class Share:
    """The share of one connection: a token bucket of seconds.

    Args:
        shared: the shares of all connections.
    """

    def __init__(self, shared: FairShare) -> None:
        self._shared = shared
        self._left = BURST
        self._at = -math.inf

    def charge(self, seconds: float, now: float) -> float:
        """Charge the work that was done for one message.

        Args:
            seconds: the time that it used of the event loop.
            now: the time of a monotonic clock, in seconds.

        Returns:
            Seconds to wait before the next message is read.
        """
        if not self._shared.others_wait(id(self), now):
            self._left = BURST
        elif self._at > -math.inf:
            self._left = min(BURST, self._left + (now - self._at) * SHARE)
        self._shared.note(id(self), now)
        self._at = now
        self._left -= seconds
        return max(0.0, -self._left / SHARE) if self._shared.others_wait(id(self), now) else 0.0


class ConnectionQuota:
    """Counts the connections of each user to each room."""

    def __init__(self) -> None:
        self._connections: Counter[str] = Counter()
        self._rooms: dict[str, Counter[str]] = {}

    def admit(self, username: str, room_id: str, limits: Limits) -> None:
        """Count a new connection of a user.

        Raises:
            TooMany: the user has reached the limit of connections or rooms.
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
        """Stop counting a connection that was admitted."""
        rooms = self._rooms[username]
        for counter, name in ((rooms, room_id), (self._connections, username)):
            counter[name] -= 1
            if not counter[name]:
                del counter[name]
        if not rooms:
            del self._rooms[username]
