"""A model whose rate changes from 8 to 24 frames a second and back."""

import asyncio

from benchmarks.figures import Row, Summary, limited
from benchmarks.format import Format
from benchmarks.product import QUIET, Stack, stack
from benchmarks.stretch import Stretch
from benchmarks.turns import SETTLE_S, STRETCH_S, pooled

_SLOW_FPS, _FAST_FPS = 8, 24
_LIMIT_MS = 60.0
_AFTER_S = 1.0  # a transient of a change is over by then


async def measure(count: int, video: Format) -> list[Row]:
    """`count` sessions with both changes; the target is a number, whatever the floor does."""
    async with stack(env=QUIET, fps=_FAST_FPS) as running:
        sessions = [await _changing(running, video.codec) for _ in range(count)]
    what = f"rate {_SLOW_FPS} -> {_FAST_FPS} -> {_SLOW_FPS}, {video.codec}"
    ages_ms = pooled([part for part, _ in sessions], lambda part: part.latencies_ms)
    worst_ms = [
        max(part.since(moment_s, _AFTER_S).latencies_ms) for part, moments_s in sessions for moment_s in moments_s
    ]
    return [
        limited(f"draw -> decode, {what}", "ms", ages_ms, p95=_LIMIT_MS),
        Row(f"oldest picture of the second after a change, {what}", "ms", Summary.of(worst_ms), None,
            f"none > {_LIMIT_MS:.0f}", lambda mine, _its: max(mine.samples) <= _LIMIT_MS),
    ]  # fmt: skip


async def _changing(running: Stack, codec: str) -> tuple[Stretch, list[float]]:
    """The pictures, and when the rate was changed."""
    async with running.session(codec) as viewer:
        await viewer.command("rate", fps=_SLOW_FPS)
        whole = asyncio.create_task(viewer.stretch(3 * STRETCH_S, SETTLE_S))
        await viewer.first_marked()
        await asyncio.sleep(SETTLE_S + STRETCH_S)
        faster_at_s = await viewer.command("rate", fps=_FAST_FPS)
        await asyncio.sleep(STRETCH_S)
        slower_at_s = await viewer.command("rate", fps=_SLOW_FPS)
        return await whole, [faster_at_s, slower_at_s]
