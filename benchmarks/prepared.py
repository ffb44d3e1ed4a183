"""Hand-over to a client that is in its room already."""

import asyncio
import time

from benchmarks.figures import Row, Summary
from benchmarks.first_frame import PAUSE_S
from benchmarks.floor import Floor, floor
from benchmarks.format import Format
from benchmarks.hand_over import WATCHED_S
from benchmarks.product import Stack, stack
from benchmarks.turns import tried
from benchmarks.viewer import viewing

P50_MS, P95_MS = 60.0, 200.0


async def measure(count: int, video: Format) -> list[Row]:
    """`count` hand-overs, and floors in turn: both in the room, the track subscribed and flat, marked at the ask."""
    ours: list[float] = []
    floors: list[float] = []
    failures = 0
    async with floor(video) as bare, stack() as running:
        for _ in range(count):
            failures += await tried(_ours(running, video.codec), ours)
            await tried(_floors(bare), floors)
            await asyncio.sleep(PAUSE_S)
    what = "owner leaves -> first model frame of a client in its room (room-prepared)"
    target = f"p50 <= {P50_MS:.0f}, p95 <= {P95_MS:.0f}"
    return [Row(what, "ms", Summary.of(ours), Summary.of(floors), target, _is_soon, failures)]


def _is_soon(mine: Summary, _its: Summary) -> bool:
    return mine.p50 <= P50_MS and mine.p95 <= P95_MS


async def _ours(running: Stack, codec: str) -> float:
    async with running.client() as owner, running.client() as following:
        await owner.ask(codec)
        async with owner.room() as theirs:
            await theirs.first_marked()
            await following.ask(codec, prepared=True)
            shown = (await following.prepared()).data
            async with viewing(shown.livekit_ws_url, shown.livekit_jwt_token) as viewer:
                await viewer.subscribed()
                first = asyncio.create_task(viewer.first_marked())
                await asyncio.sleep(WATCHED_S)
                left_at_s = time.monotonic()
                await owner.leave()
                seen = await first
            await following.leave()
    return (seen.seen_at_s - left_at_s) * 1000


async def _floors(bare: Floor) -> float:
    async with bare.session("flat") as viewer:
        await viewer.subscribed()
        first = asyncio.create_task(viewer.first_marked())
        await asyncio.sleep(WATCHED_S)
        asked_s = time.monotonic()
        await bare.mark()
        return ((await first).seen_at_s - asked_s) * 1000
