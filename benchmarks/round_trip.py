"""From sending a command to having the model's reply, beside a text stream's way there and back at the floor."""

import asyncio
import time
from contextlib import AsyncExitStack

from benchmarks.figures import Row, compared
from benchmarks.floor import floor
from benchmarks.format import Format
from benchmarks.processes import busy_process
from benchmarks.product import QUIET, stack
from benchmarks.turns import SETTLE_S
from benchmarks.viewer import Viewer

_TURNS = 4
_PAUSE_S = 0.02  # between two commands, so that none waits for another


async def measure(count: int, video: Format) -> list[Row]:
    """`count` commands of each kind, in turns with the floor.

    Quiet: the model emits nothing, so that product and floor both feed a still picture. Busy: the model computes
    between frames at full rate; the floor sends as many pictures beside a process that computes.
    """
    return [
        await _row("quiet", count, video, factor=1.3, busy=False),
        await _row("busy", count, video, factor=2.0, busy=True),
    ]


async def _row(name: str, count: int, video: Format, *, factor: float, busy: bool) -> Row:
    ours: list[float] = []
    floors: list[float] = []
    share = -(-count // _TURNS)
    async with floor(video) as bare, stack(env=QUIET, busy=busy, silent=not busy) as running:
        for _ in range(_TURNS):
            async with running.session(video.codec) as viewer:
                await viewer.until(lambda data: "entered_at_s" in data)
                ours += await _trips_ms(viewer, share)
            async with AsyncExitStack() as beside:
                if busy:
                    await beside.enter_async_context(busy_process())
                viewer = await beside.enter_async_context(bare.session("marked" if busy else "flat"))
                floors += await _trips_ms(viewer, share)
    return compared(f"command -> handler -> reply, {name}", ours, floors, factors=(factor, factor))


async def _trips_ms(viewer: Viewer, count: int) -> list[float]:
    await viewer.subscribed()
    await asyncio.sleep(SETTLE_S)
    return [await _trip_ms(viewer) for _ in range(count)]


async def _trip_ms(viewer: Viewer) -> float:
    await asyncio.sleep(_PAUSE_S)
    value = time.monotonic()
    sent_at_s = await viewer.command("ping", value=value)
    # The model's reply, or at the floor the command itself.
    await viewer.until(lambda data: value in (data.get("pong"), data.get("data", {}).get("value")))
    return (time.monotonic() - sent_at_s) * 1000
