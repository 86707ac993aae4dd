"""Does work once that several members request at the same time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..protocol.messages import Request
from .member import Member

Asked = tuple[Member, Request]
"""A request, and the member that sent it."""


class SharedWork:
    """Requests that wait for the same work, such as saving the document.

    Requests that arrive while the work is being done share one more turn: a member that repeats a
    request delays nobody by more than that.

    Args:
        work: does it once, and replies to requests, at least one.
    """

    def __init__(self, work: Callable[[list[Asked]], Awaitable[None]]) -> None:
        self._work = work
        self._waiting: list[Asked] = []
        self._is_working = False

    def add(self, member: Member, request: Request) -> bool:
        """Have a request answered.

        Returns:
            Whether `run` has to be called: not if it is running.
        """
        self._waiting.append((member, request))
        is_first, self._is_working = not self._is_working, True
        return is_first

    async def run(self) -> None:
        """Do the work until all requests are answered."""
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, []
                await self._work(asked)
        finally:
            self._is_working = False
