"""From the owner's leaving to the first model frame of whoever comes next."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from benchmarks.figures import Row, compared
from benchmarks.first_frame import FACTORS, PAUSE_S
from benchmarks.floor import floor
from benchmarks.format import Format
from benchmarks.product import Client, RefusedError, Served, Stack, stack
from benchmarks.turns import tried

PLUS_MS = (40.0, 40.0)
"""What a hand-over may take longer than a first frame."""

WATCHED_S = 1.0
"""A session before its hand-over: time enough for the next room, as it would be."""


async def measure(count: int, video: Format) -> list[Row]:
    """`count` hand-overs of each kind, and floors in turn."""
    kinds: dict[str, Callable[[Stack, str], Awaitable[float]]] = {
        "owner leaves -> next's first model frame": next_in_line,
        "the same among bystanders refused and leaving": _among_bystanders,
        "reload -> first model frame": _reload,
    }
    ours: dict[str, list[float]] = {name: [] for name in kinds}
    failures = dict.fromkeys(kinds, 0)
    floors: list[float] = []
    async with floor(video) as bare, stack() as running:
        for _ in range(count):
            await tried(bare.first_frame_ms(), floors)
            for name, kind in kinds.items():
                async with bare.room("flat"):
                    failures[name] += await tried(kind(running, video.codec), ours[name])
                await asyncio.sleep(PAUSE_S)
    return [
        compared(name, ours[name], floors, factors=FACTORS, plus_ms=PLUS_MS, failures=failures[name]) for name in kinds
    ]


async def first_after_ms(client: Client, left_at_s: float) -> float:
    """Wait for the turn and the first picture, then leave."""
    async with client.room() as viewer:
        seen = await viewer.first_marked()
    await client.leave()
    return (seen.seen_at_s - left_at_s) * 1000


async def next_in_line(running: Served, codec: str) -> float:
    """Milliseconds from the owner's leaving to the picture of who waited."""
    async with running.client() as owner, running.client() as following:
        await owner.ask(codec)
        async with owner.room() as theirs:
            await theirs.first_marked()
            await following.ask(codec)
            await following.waiting()
            await asyncio.sleep(WATCHED_S)
            left_at_s = time.monotonic()
            await owner.leave()
            return await first_after_ms(following, left_at_s)


async def _among_bystanders(running: Stack, codec: str) -> float:
    async with running.client() as owner, running.client() as following, running.client() as third:
        await owner.ask(codec)
        async with owner.room() as theirs:
            await theirs.first_marked()
            await following.ask(codec)
            await following.waiting()
            await third.ask(codec)
            await third.waiting()
            await asyncio.sleep(WATCHED_S)
            async with running.client() as refused:
                await refused.ask(codec, queueing=False)
                with contextlib.suppress(RefusedError):
                    await refused.granted()
                await third.leave()
                left_at_s = time.monotonic()
                await owner.leave()
            return await first_after_ms(following, left_at_s)


async def _reload(running: Stack, codec: str) -> float:
    async with running.client() as before:
        await before.ask(codec)
        async with before.room() as theirs:
            await theirs.first_marked()
            await asyncio.sleep(WATCHED_S)
            left_at_s = time.monotonic()
            await before.close()
            async with running.client() as after:
                await after.ask(codec)
                return await first_after_ms(after, left_at_s)
