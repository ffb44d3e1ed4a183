"""From the end of a killed client's grace to the first model frame of the next in the queue."""

import asyncio
import sys
import time

from benchmarks.figures import Row, compared
from benchmarks.first_frame import FACTORS, PAUSE_S
from benchmarks.floor import ROOT, floor
from benchmarks.format import Format
from benchmarks.hand_over import PLUS_MS, WATCHED_S, first_after_ms
from benchmarks.product import Stack, stack
from benchmarks.turns import tried
from benchmarks.viewer import PATIENCE_S

GRACE_S = 3.0
"""`orphan_timeout_queued` of the coordinator: how long it waits for a lost client while somebody else does."""


async def measure(count: int, video: Format) -> list[Row]:
    """`count` killed clients, and floors in turn."""
    ours: list[float] = []
    floors: list[float] = []
    failures = 0
    async with floor(video) as bare, stack(env={"REACTOR_ORPHAN_TIMEOUT_QUEUED": str(GRACE_S)}) as running:
        for _ in range(count):
            await tried(bare.first_frame_ms(), floors)
            async with bare.room("flat"):
                failures += await tried(_after_a_kill(running, video.codec), ours)
            await asyncio.sleep(PAUSE_S)
    what = "grace of a SIGKILLed client over -> next's first model frame"
    return [compared(what, ours, floors, factors=FACTORS, plus_ms=PLUS_MS, failures=failures)]


async def _after_a_kill(running: Stack, codec: str) -> float:
    victim = await asyncio.create_subprocess_exec(
        *[sys.executable, "-m", "benchmarks.victim", running.ws_url, codec], cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert victim.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            if not await victim.stdout.readline():
                raise ConnectionError("the client to be killed saw no picture")
        async with running.client() as following:
            await following.ask(codec)
            await following.waiting()
            await asyncio.sleep(WATCHED_S)
            victim.kill()
            return await first_after_ms(following, time.monotonic() + GRACE_S)
    finally:
        if victim.returncode is None:
            victim.kill()
        await victim.wait()
