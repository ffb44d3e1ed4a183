"""The first frame after minutes in which nobody came, and what the waiting costs."""

import asyncio
import time
from contextlib import AsyncExitStack

from benchmarks.figures import Row, compared, limited
from benchmarks.floor import Floor, floor
from benchmarks.format import Format
from benchmarks.processes import cpu_s, family
from benchmarks.product import Stack, stack
from benchmarks.turns import tried
from benchmarks.viewer import viewing

IDLE_S = 300.0
_LAST_S = 60.0  # of it, over which CPU is counted
_CPU_PERCENT = 5.0
_FACTORS = (1.2, 1.2)


async def measure(count: int, video: Format) -> list[Row]:
    """`count` stacks idle at once, so that it takes five minutes; then each is asked, in turns with the floor.

    The floor's publisher is in its room and publishes at the ask, then the viewer gets its token.
    """
    ours: list[float] = []
    floors: list[float] = []
    failures = 0
    async with floor(video) as bare, AsyncExitStack() as started:
        endings = [await _start(started) for _ in range(count)]
        stacks = [running for running, _ in endings]
        for running in stacks:  # idle means that somebody was there before
            failures += await tried(running.first_frame_ms(video.codec), [])
        await asyncio.sleep(IDLE_S - _LAST_S)
        percents = await asyncio.gather(*(_cpu_percent(running) for running in stacks))
        for running, ending in endings:
            await tried(_floors(bare), floors)
            failures += await tried(running.first_frame_ms(video.codec), ours)
            await ending.aclose()  # it would feed its track for a minute now
    what = "ask -> first model frame after five idle minutes (floor: publishes at the ask)"
    return [
        compared(what, ours, floors, factors=_FACTORS, failures=failures),
        limited("CPU of an idle stack", "% of a core", percents, p95=_CPU_PERCENT),
    ]


async def _start(started: AsyncExitStack) -> tuple[Stack, AsyncExitStack]:
    ending = await started.enter_async_context(AsyncExitStack())
    return await ending.enter_async_context(stack()), ending


async def _cpu_percent(running: Stack) -> float:
    members = family(running.process.pid)
    before_s = sum(cpu_s(member) for member in members)
    await asyncio.sleep(_LAST_S)
    return (sum(cpu_s(member) for member in members) - before_s) / _LAST_S * 100


async def _floors(bare: Floor) -> float:
    async with bare.room("none"):
        asked_s = time.monotonic()
        await bare.publish()
        async with viewing(bare.endpoint.url, bare.viewer_token()) as viewer:
            return ((await viewer.first_marked()).seen_at_s - asked_s) * 1000
