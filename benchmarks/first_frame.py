"""From a client's asking to its first model frame, sessions in a row."""

import asyncio
import time
from pathlib import Path

from benchmarks.figures import Row, Summary
from benchmarks.floor import Floor, floor
from benchmarks.format import Format
from benchmarks.product import Stack, stack
from benchmarks.viewer import Viewer

MODEL = Path(__file__).parent / "models" / "barcode"
_FED_S = 0.3  # the track's large first frame has passed by then
_PATIENCE_S = 20.0
_PAUSE_S = 0.3  # between sessions, as a person would leave


async def _ours(running: Stack, video: Format) -> float:
    async with running.client() as client:
        asked_s = time.monotonic()
        await client.ask(video.codec)
        granted = (await client.granted()).data
        viewer = Viewer()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await viewer.join(granted.livekit_ws_url, granted.livekit_jwt_token)
                seen = await viewer.first_marked()
        finally:
            await viewer.leave()
        await client.leave()
        return (seen.seen_at_s - asked_s) * 1000


async def _floors(bare: Floor) -> float:
    await bare.connect()
    await bare.publish()
    await asyncio.sleep(_FED_S)
    viewer = Viewer()
    asked_s = time.monotonic()
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await viewer.join(bare.endpoint.url, bare.viewer_token())
            seen = await viewer.first_marked()
    finally:
        await viewer.leave()
        await bare.close_room()
    return (seen.seen_at_s - asked_s) * 1000


async def measure(count: int, video: Format) -> list[Row]:
    """`count` sessions of the product and of the floor, taking turns."""
    ours: list[float] = []
    floors: list[float] = []
    failures = 0
    async with floor(video) as bare, stack(MODEL) as running:
        for _ in range(count):
            floors.append(await _floors(bare))
            try:
                ours.append(await _ours(running, video))
            except (TimeoutError, ConnectionError):
                failures += 1
            await asyncio.sleep(_PAUSE_S)
    mine, its = Summary.of(ours), Summary.of(floors)
    met = mine.p50 <= 1.2 * its.p50 and mine.p95 <= 1.3 * its.p95 and not failures
    what = f"ask -> first model frame, {video.codec}"
    return [Row(what, "ms", mine, its, "p50 <= 1.2 x, p95 <= 1.3 x floor", met, failures)]
