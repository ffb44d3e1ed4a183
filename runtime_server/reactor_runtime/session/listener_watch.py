"""Notices that the coordinator is gone."""

import asyncio
from collections.abc import Callable

LISTENER_S = 15.0  # contract: nobody on /events for that long
_LOOK_S = 1.0


async def coordinator_gone(has_work: Callable[[], bool], silence_s: Callable[[], float]) -> None:
    """Return once there was work for `LISTENER_S` and nobody who listened.

    Args:
        has_work: whether there is a session or a room that somebody would have to end.
        silence_s: for how long nobody has listened to the events, in seconds.
    """
    alone_s = 0.0
    while alone_s < LISTENER_S:
        await asyncio.sleep(_LOOK_S)
        alone_s = alone_s + _LOOK_S if has_work() and silence_s() > 0 else 0.0
