"""Whether LiveKit still has our rooms: its restart forgets them, and its clients take 13 s or more to see that."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from urllib.parse import urlsplit

from reactor_coordinator.errors import RoomError
from reactor_coordinator.origin import is_this_machine

LOOK_EVERY_S = 1.0
"""One small request (1 ms); what a client is told late by."""

LOST_AFTER_S = 2.0
"""A LiveKit that has ended, or one on this machine that hangs for that long, has lost its rooms or its media."""

LOST_AFTER_REMOTE_S = 15.0
"""One on another machine may be out of our reach while its media flows: as long as its own clients try."""


def patience_s(livekit_url: str) -> float:
    """How long the API of that LiveKit may be silent, in seconds."""
    return LOST_AFTER_S if is_this_machine(urlsplit(livekit_url).hostname or "") else LOST_AFTER_REMOTE_S


class LiveKitWatch:
    """Looks at LiveKit's list of rooms again and again.

    Args:
        missing: returns those of the given sessions whose rooms LiveKit doesn't have; raises RoomError.
        in_use: the sessions whose rooms must exist now.
        lost: told of sessions that have lost their rooms, and why.
        patience_s: how long LiveKit may be silent, in seconds; one that isn't there any more gets `LOST_AFTER_S`.
    """

    def __init__(
        self,
        missing: Callable[[Collection[str]], Awaitable[frozenset[str]]],
        in_use: Callable[[], frozenset[str]],
        lost: Callable[[frozenset[str], str], None],
        patience_s: float,
    ) -> None:
        self._missing = missing
        self._in_use = in_use
        self._lost = lost
        self._patience_s = patience_s
        self._silent_since_s: float | None = None
        self._absent_since_s: float | None = None

    async def run(self) -> None:
        """Look until cancelled; while no room is in use there is nothing to look for."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if in_use := self._in_use():
                await self._look(in_use)
            else:
                self._silent_since_s = self._absent_since_s = None

    async def _look(self, in_use: frozenset[str]) -> None:
        asked_s = time.monotonic()
        try:
            missing = await self._missing(in_use)
        except RoomError as error:
            self._silent_since_s = self._silent_since_s or asked_s
            self._absent_since_s = (self._absent_since_s or asked_s) if error.absent else None
            if self._is_over(time.monotonic()):
                self._lost(in_use, str(error))
            return
        self._silent_since_s = self._absent_since_s = None
        if missing:
            self._lost(missing, "the LiveKit server has lost the room, as it does when it is restarted")

    def _is_over(self, now: float) -> bool:
        absent_s = now - self._absent_since_s if self._absent_since_s is not None else 0.0
        silent_s = now - self._silent_since_s if self._silent_since_s is not None else 0.0
        return absent_s >= LOST_AFTER_S or silent_s >= self._patience_s
