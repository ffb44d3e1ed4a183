"""The stack as `docker compose up` has it, default model and all: its start, its end, and what it uses meanwhile."""

import asyncio
import time

from benchmarks.containers.stack import (
    Contained,
    build_default_images,
    default_images,
    engine_cpu_s,
    engine_running,
    prepared,
)
from benchmarks.figures import Row, limited
from benchmarks.format import Format
from benchmarks.turns import tried
from reactor_client import ReactorClient

COLD_S, WARM_S = 30.0, 12.0
"""To the first decoded frame: with new volumes, and with those of an earlier start."""

DOWN_S = 4.0
"""For `docker compose down` while a session runs."""

CPU_PERCENT = 8.0
MEMORY_MB = 300.0
_OURS = ("coordinator", "livekit", "registry")
"""Whose memory is limited; the runtime server's is the model's."""

_FED_S = 65.0  # a track that is up and fed for the next client goes down after a minute without one
_IDLE_S = 60.0
_FIRST_FRAME_S = 60.0


async def measure(count: int, _video: Format) -> list[Row]:
    """`count` starts with new volumes, each followed by one with them; the last ones' stack is then watched idle."""
    cold: list[tuple[float, float]] = []
    warm: list[tuple[float, float]] = []
    idle: list[Row] = []
    failures = [0, 0]
    async with engine_running():
        await build_default_images()
        for left in reversed(range(count)):
            async with prepared(**default_images()) as containers:
                failures[0] += await tried(_life_s(containers), cold)
                failures[1] += await tried(_life_s(containers), warm)
                if not left:
                    await containers.up()
                    idle = await _idle(containers)
    new, again, downs = [up_s for up_s, _ in cold], [up_s for up_s, _ in warm], [down_s for _, down_s in cold + warm]
    return [
        limited("docker compose up -> first frame, new volumes", "s", new, p95=COLD_S, failures=failures[0]),
        limited("docker compose up -> first frame, second start", "s", again, p95=WARM_S, failures=failures[1]),
        limited("docker compose down, with a session", "s", downs, p95=DOWN_S),
        *idle,
    ]


async def _life_s(containers: Contained) -> tuple[float, float]:
    """From `up` to the first picture of a client that comes as soon as it can; then from `down` to its return."""
    began_s = time.monotonic()
    starting = asyncio.create_task(containers.up())
    try:
        await containers.until_ready()
        async with asyncio.timeout(_FIRST_FRAME_S), ReactorClient(containers.ws_url) as client:
            await anext(client.frames())
            first_frame_s = time.monotonic() - began_s
            await starting
            began_s = time.monotonic()
            await containers.compose("down")
            return first_frame_s, time.monotonic() - began_s
    finally:
        await starting


async def _idle(containers: Contained) -> list[Row]:
    await asyncio.sleep(_FED_S)
    before, engine_before_s, began_s = await containers.use(), engine_cpu_s(), time.monotonic()
    await asyncio.sleep(_IDLE_S)
    after, engine_after_s, took_s = await containers.use(), engine_cpu_s(), time.monotonic() - began_s
    percents = {name: (after[name].cpu_s - before[name].cpu_s) / took_s * 100 for name in after}
    engine_percent = (engine_after_s - engine_before_s) / took_s * 100
    memory = [use.memory_bytes / 1e6 for name, use in after.items() if name in _OURS]
    return [
        limited("containers: CPU of the idle stack", "% of a core", [sum(percents.values())], p95=CPU_PERCENT),
        *[limited(f"containers: idle {name}", "% of a core", [percent]) for name, percent in percents.items()],
        limited("containers: the engine itself meanwhile", "% of a core", [engine_percent]),
        limited(f"containers: memory of {', '.join(_OURS)}", "MB", [sum(memory)], p95=MEMORY_MB),
    ]
