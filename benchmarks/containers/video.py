"""Latency, the first frame and the hand-over in containers and from `reactor run`, in turns."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from benchmarks.containers.stack import contained, engine_running
from benchmarks.figures import Row, compared
from benchmarks.first_frame import PAUSE_S
from benchmarks.format import Format
from benchmarks.hand_over import next_in_line
from benchmarks.product import QUIET, Served, stack
from benchmarks.stretch import Stretch
from benchmarks.turns import pooled, steady, tried

FACTORS = (1.3, 1.3)
"""What containers may make of p50 and p95."""

_STRETCHES = 10
"""As many sessions a stretch of steady video: it takes as long as they do."""

_latencies = partial(pooled, samples=lambda part: part.latencies_ms)


async def measure(count: int, video: Format) -> list[Row]:
    """`count` first frames and hand-overs of each, and stretches of steady video; the floor is `reactor run`."""
    async with engine_running():
        return [await _latency(max(1, count // _STRETCHES), video), *await _sessions(count, video)]


async def _latency(count: int, video: Format) -> Row:
    theirs: list[Stretch] = []
    bare: list[Stretch] = []
    async with contained(**QUIET) as containers, stack(env=QUIET) as running:
        for _ in range(count):
            theirs.append(await steady(partial(containers.session, video.codec)))
            bare.append(await steady(partial(running.session, video.codec)))
    return compared("containers: draw -> decode", _latencies(theirs), _latencies(bare), factors=FACTORS)


async def _sessions(count: int, video: Format) -> list[Row]:
    kinds: dict[str, Callable[[Served], Awaitable[float]]] = {
        "containers: ask -> first model frame": partial(Served.first_frame_ms, codec=video.codec),
        "containers: owner leaves -> next's first model frame": partial(next_in_line, codec=video.codec),
    }
    theirs: dict[str, list[float]] = {name: [] for name in kinds}
    bare: dict[str, list[float]] = {name: [] for name in kinds}
    failures = dict.fromkeys(kinds, 0)
    async with contained() as containers, stack() as running:
        for served in (containers, running):
            await tried(served.first_frame_ms(video.codec), [])  # the first one loads libraries
        for _ in range(count):
            for name, kind in kinds.items():
                await tried(kind(running), bare[name])
                await asyncio.sleep(PAUSE_S)
                failures[name] += await tried(kind(containers), theirs[name])
                await asyncio.sleep(PAUSE_S)
    return [compared(name, theirs[name], bare[name], factors=FACTORS, failures=failures[name]) for name in kinds]
