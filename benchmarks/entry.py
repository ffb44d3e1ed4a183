"""From the owner's leaving to the model's being in `start_session` for the next client."""

import asyncio
import time
from typing import Any

from benchmarks.figures import Row, limited
from benchmarks.format import Format
from benchmarks.hand_over import WATCHED_S
from benchmarks.product import Stack, stack
from benchmarks.turns import tried

P95_MS = 50.0


async def measure(count: int, video: Format) -> list[Row]:
    """`count` hand-overs for each kind of model; what is measured has no counterpart at the floor."""
    kinds: dict[str, dict[str, Any]] = {"emits all the time": {"paced": False}, "polls": {"polls": True}}
    rows: list[Row] = []
    for name, arguments in kinds.items():
        samples: list[float] = []
        async with stack(**arguments) as running:
            failures = sum([await tried(_entry_ms(running, video.codec), samples) for _ in range(count)])
        what = f"leave -> next start_session entered, model {name}"
        rows.append(limited(what, "ms", samples, p95=P95_MS, failures=failures))
    return rows


async def _entry_ms(running: Stack, codec: str) -> float:
    async with running.client() as owner, running.client() as following:
        await owner.ask(codec)
        async with owner.room() as theirs:
            await theirs.first_marked()
            await following.ask(codec)
            await following.waiting()
            await asyncio.sleep(WATCHED_S)
            left_at_s = time.monotonic()
            await owner.leave()
            async with following.room() as viewer:
                said = await viewer.until(lambda data: "entered_at_s" in data)
            await following.leave()
    return float(said["entered_at_s"] - left_at_s) * 1000
