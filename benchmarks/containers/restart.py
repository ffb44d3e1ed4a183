"""From the runtime server's being killed to a new client's first model frame, in containers and from `reactor run`."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from benchmarks.containers.stack import contained, engine_running
from benchmarks.figures import Row, compared
from benchmarks.format import Format
from benchmarks.processes import by_role
from benchmarks.product import QUIET, Served, Stack, stack
from benchmarks.turns import FAILURES, tried

_FACTORS = (1.2, None)
_APART_S = 31.0
"""Who restarts a process waits the longer the sooner it ended again; after 30 s nobody does any more."""

_AGAIN_S = 0.02
_PATIENCE_S = 60.0


async def measure(count: int, video: Format) -> list[Row]:
    """`count` restarts after a crash; the floor is `reactor run`."""
    theirs: list[float] = []
    bare: list[float] = []
    failures = 0
    async with engine_running(), contained(**QUIET) as containers, stack(env=QUIET) as running:
        for _ in range(count):
            await asyncio.sleep(_APART_S)
            await tried(_served_again_ms(running, lambda: _kill(running), video.codec), bare)
            failures += await tried(_served_again_ms(containers, containers.kill_runtime, video.codec), theirs)
    what = "containers: runtime server killed -> a new client's first model frame"
    return [compared(what, theirs, bare, factors=_FACTORS, failures=failures)]


async def _served_again_ms(served: Served, kill: Callable[[], Awaitable[None]], codec: str) -> float:
    """A client that asks again at once where it is refused."""
    await kill()
    killed_s = time.monotonic()
    while True:
        asked_s = time.monotonic()
        try:
            return await served.first_frame_ms(codec) + (asked_s - killed_s) * 1000
        except FAILURES:
            if asked_s > killed_s + _PATIENCE_S:
                raise
            await asyncio.sleep(_AGAIN_S)


async def _kill(running: Stack) -> None:
    by_role(running.process.pid)["runtime"].kill()
