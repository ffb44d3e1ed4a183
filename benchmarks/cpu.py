"""CPU of the runtime server while it sends, beside the floor's publisher."""

import asyncio
from dataclasses import replace

import psutil

from benchmarks.figures import Row, compared
from benchmarks.floor import Floor, floor
from benchmarks.format import Format
from benchmarks.processes import by_role, cpu_s
from benchmarks.product import QUIET, Stack, stack
from benchmarks.turns import SETTLE_S, STRETCH_S

_FACTOR = 1.2


async def measure(count: int, video: Format) -> list[Row]:
    """`count` stretches of each, taking turns; the floor's without its drawing, which in the product is the model's."""
    ours, floors = [], []
    async with floor(video) as bare, stack(env=QUIET) as running:
        for _ in range(count):
            ours.append(await _ours(running, video))
            floors.append(await _floors(bare))
    row = compared(
        f"CPU of the runtime server, {video.width}x{video.height} {video.codec}", ours, floors, factors=(_FACTOR, None)
    )
    return [replace(row, unit="% of a core")]


async def _ours(running: Stack, video: Format) -> float:
    runtime = by_role(running.process.pid)["runtime"]
    async with running.session(video.codec) as viewer:
        await viewer.stretch(SETTLE_S)
        before_s = cpu_s(runtime)
        await asyncio.sleep(STRETCH_S)
        return (cpu_s(runtime) - before_s) / STRETCH_S * 100


async def _floors(bare: Floor) -> float:
    publisher = psutil.Process(bare.pid)
    async with bare.session() as viewer:
        await viewer.stretch(SETTLE_S)
        before_s = cpu_s(publisher) - await bare.drawing_cpu_s()
        await asyncio.sleep(STRETCH_S)
        return (cpu_s(publisher) - await bare.drawing_cpu_s() - before_s) / STRETCH_S * 100
