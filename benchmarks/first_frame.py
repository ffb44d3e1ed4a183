"""From a client's asking to its first model frame, sessions in a row."""

import asyncio

from benchmarks.figures import Row, compared
from benchmarks.floor import Floor, floor
from benchmarks.format import Format
from benchmarks.product import Stack, stack
from benchmarks.turns import tried

PAUSE_S = 0.3
"""Between sessions, as a person would leave."""

FACTORS = (1.2, 1.3)
"""Of the floor's p50 and p95."""


async def measure(count: int, video: Format) -> list[Row]:
    """`count` sessions of the product and of the floor, taking turns."""
    ours: list[float] = []
    floors: list[float] = []
    failures = 0
    async with floor(video) as bare, stack() as running:
        for _ in range(count):
            await tried(bare.first_frame_ms(), floors)
            failures += await tried(_ours(bare, running, video), ours)
            await asyncio.sleep(PAUSE_S)
    return [compared(f"ask -> first model frame, {video.codec}", ours, floors, factors=FACTORS, failures=failures)]


async def _ours(bare: Floor, running: Stack, video: Format) -> float:
    # In the floor's turn the product feeds a flat picture for its next client; so does the floor in the product's.
    async with bare.room("flat"):
        return await running.first_frame_ms(video.codec)
