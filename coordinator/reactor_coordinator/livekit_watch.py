"""Whether LiveKit still has our rooms: its restart forgets them, and its clients take 13 s or more to see that."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection

from reactor_coordinator.errors import RoomError

LOOK_EVERY_S = 1.0
"""One small request (1 ms); what a client is told late by."""

LOST_AFTER_S = 2.0
"""An API that doesn't answer for that long: its media has gone, too, or nobody could tell."""


class LiveKitWatch:
    """Looks at LiveKit's list of rooms again and again.

    Args:
        missing: returns those of the given sessions whose rooms LiveKit doesn't have; raises RoomError.
        in_use: the sessions whose rooms must exist now.
        lost: told of sessions that have lost their rooms, and why.
    """

    def __init__(
        self,
        missing: Callable[[Collection[str]], Awaitable[frozenset[str]]],
        in_use: Callable[[], frozenset[str]],
        lost: Callable[[frozenset[str], str], None],
    ) -> None:
        self._missing = missing
        self._in_use = in_use
        self._lost = lost
        self._silent_since_s: float | None = None

    async def run(self) -> None:
        """Look until cancelled; while no room is in use there is nothing to look for."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if in_use := self._in_use():
                await self._look(in_use)
            else:
                self._silent_since_s = None

    async def _look(self, in_use: frozenset[str]) -> None:
        asked_s = time.monotonic()
        try:
            missing = await self._missing(in_use)
        except RoomError as error:
            self._silent_since_s = self._silent_since_s or asked_s
            if time.monotonic() - self._silent_since_s >= LOST_AFTER_S:
                self._lost(in_use, str(error))
            return
        self._silent_since_s = None
        if missing:
            self._lost(missing, "the LiveKit server has lost the room, as it does when it is restarted")
