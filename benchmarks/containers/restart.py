"""From the runtime server's being killed until a session can begin again, in containers and from `reactor run`."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from benchmarks.containers.stack import contained, engine_running
from benchmarks.figures import Row, compared
from benchmarks.format import Format
from benchmarks.processes import by_role
from benchmarks.product import QUIET, Served, Stack, stack
from benchmarks.turns import tried

_FACTORS = (1.2, None)
_APART_S = 31.0
"""Who restarts a process waits the longer the sooner it ended again; after 30 s nobody does any more."""


async def measure(count: int, _video: Format) -> list[Row]:
    """`count` restarts after a crash; the floor is `reactor run`."""
    theirs: list[float] = []
    bare: list[float] = []
    failures = 0
    async with engine_running(), contained(**QUIET) as containers, stack(env=QUIET) as running:
        for _ in range(count):
            await asyncio.sleep(_APART_S)
            await tried(_ready_again_ms(running, lambda: _kill(running)), bare)
            failures += await tried(_ready_again_ms(containers, containers.kill_runtime), theirs)
    what = "containers: runtime server killed -> /ready again"
    return [compared(what, theirs, bare, factors=_FACTORS, failures=failures)]


async def _ready_again_ms(served: Served, kill: Callable[[], Awaitable[None]]) -> float:
    await kill()
    began_s = time.monotonic()
    await served.until_ready(ready=False)
    await served.until_ready()
    return (time.monotonic() - began_s) * 1000


async def _kill(running: Stack) -> None:
    by_role(running.process.pid)["runtime"].kill()
