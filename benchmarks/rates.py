"""A model whose rate changes from 8 to 24 frames a second and back."""

import asyncio

from benchmarks.figures import Row, limited
from benchmarks.format import Format
from benchmarks.product import QUIET, Stack, stack
from benchmarks.stretch import Stretch
from benchmarks.turns import SETTLE_S, STRETCH_S, pooled

_SLOW_FPS, _FAST_FPS = 8, 24
_P95_MS = 60.0


async def measure(count: int, video: Format) -> list[Row]:
    """`count` sessions with both changes; the target is a number, whatever the floor does."""
    async with stack(env=QUIET, fps=_FAST_FPS) as running:
        parts = [await _changing(running, video.codec) for _ in range(count)]
    what = f"draw -> decode, rate {_SLOW_FPS} -> {_FAST_FPS} -> {_SLOW_FPS}, {video.codec}"
    return [limited(what, "ms", pooled(parts, lambda part: part.latencies_ms), p95=_P95_MS)]


async def _changing(running: Stack, codec: str) -> Stretch:
    async with running.session(codec) as viewer:
        await viewer.command("rate", fps=_SLOW_FPS)
        whole = asyncio.create_task(viewer.stretch(3 * STRETCH_S, SETTLE_S))
        await viewer.first_marked()
        await asyncio.sleep(SETTLE_S + STRETCH_S)
        await viewer.command("rate", fps=_FAST_FPS)
        await asyncio.sleep(STRETCH_S)
        await viewer.command("rate", fps=_SLOW_FPS)
        return await whole
