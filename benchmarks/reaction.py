"""From a command to the picture that shows its effect, for a model that emits as fast as it can."""

import asyncio
import random

from benchmarks.figures import Row, Summary
from benchmarks.floor import floor
from benchmarks.format import Format
from benchmarks.product import QUIET, Stack, stack
from benchmarks.stretch import Stretch
from benchmarks.turns import SETTLE_S, pooled, steady
from benchmarks.viewer import Viewer

_TURNS = 4
_INTERVALS = 3
_TAGS = 255
_random = random.Random(1)  # noqa: S311 - the same run every time


async def measure(count: int, video: Format) -> list[Row]:
    """`count` commands, a share of them in each session; the floor's latency is taken between the sessions."""
    ours: list[float] = []
    floors: list[Stretch] = []
    async with floor(video) as bare, stack(env=QUIET, paced=False) as running:
        for turn in range(_TURNS):
            ours += await _reactions_ms(running, video.codec, range(turn, count, _TURNS))
            floors.append(await steady(bare.session))
    mine, its = Summary.of(ours), Summary.of(pooled(floors, lambda part: part.latencies_ms))
    allowed_ms = _INTERVALS * 1000 / video.fps

    def judge(mine: Summary, its: Summary) -> bool:
        return mine.p50 <= its.p50 + allowed_ms and mine.p95 <= its.p95 + allowed_ms

    target = f"p50, p95 <= floor's latency + {_INTERVALS} intervals ({allowed_ms:.0f})"
    return [Row("command -> picture, model as fast as it can (floor: latency)", "ms", mine, its, target, judge)]


async def _reactions_ms(running: Stack, codec: str, indices: range) -> list[float]:
    async with running.session(codec) as viewer:
        await viewer.stretch(SETTLE_S)
        return [await _reaction_ms(viewer, index % _TAGS + 1) for index in indices]


async def _reaction_ms(viewer: Viewer, tag: int) -> float:
    shown = asyncio.create_task(viewer.first_marked(lambda seen: seen.reading is not None and seen.reading.tag == tag))
    await asyncio.sleep(_random.uniform(0.1, 0.2))  # at any moment between two frames
    sent_at_s = await viewer.command("tag", value=tag)
    return ((await shown).seen_at_s - sent_at_s) * 1000
