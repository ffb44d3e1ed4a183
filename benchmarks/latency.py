"""From drawing a frame to having it decoded, and how evenly frames arrive."""

from collections.abc import Callable

import numpy as np

from benchmarks.figures import Row, Summary
from benchmarks.first_frame import MODEL
from benchmarks.floor import Floor, floor
from benchmarks.format import Format
from benchmarks.product import Stack, stack
from benchmarks.viewer import Seen, Viewer

_SETTLE_S = 3.0  # the first seconds belong to the bandwidth estimate
_STRETCH_S = 5.0


async def _ours(running: Stack, video: Format) -> list[Seen]:
    async with running.client() as client:
        await client.ask(video.codec)
        granted = (await client.granted()).data
        return await _watch(granted.livekit_ws_url, granted.livekit_jwt_token)


async def _floors(bare: Floor) -> list[Seen]:
    await bare.connect()
    await bare.publish()
    try:
        return await _watch(bare.endpoint.url, bare.viewer_token())
    finally:
        await bare.close_room()


async def _watch(url: str, token: str) -> list[Seen]:
    viewer = Viewer()
    await viewer.join(url, token)
    try:
        seen = await viewer.collect(_SETTLE_S + _STRETCH_S)
    finally:
        await viewer.leave()
    return [each for each in seen if each.seen_at_s > seen[0].seen_at_s + _SETTLE_S]


def _latencies_ms(seen: list[Seen]) -> list[float]:
    fresh = {each.reading.number: each for each in reversed(seen) if each.reading}
    return [(each.seen_at_s - each.reading.drawn_at_s) * 1000 for each in fresh.values() if each.reading]


def _intervals_ms(seen: list[Seen]) -> list[float]:
    fresh = {each.reading.number: each.seen_at_s for each in reversed(seen) if each.reading}
    return [float(interval) for interval in np.diff([fresh[number] for number in sorted(fresh)]) * 1000]


async def measure(count: int, video: Format) -> list[Row]:
    """`count` stretches of 5 s each of the product and of the floor, taking turns."""
    async with floor(video) as bare, stack(MODEL) as running:
        rounds = [(await _ours(running, video), await _floors(bare)) for _ in range(count)]
    what = f"{video.codec} {video.width}x{video.height}"
    mine, its = _both(rounds, _latencies_ms)
    met = mine.p50 <= its.p50 + 3 and mine.p95 <= its.p95 + 6
    latency = Row(f"publish -> decode, {what}", "ms", mine, its, "p50 <= floor + 3, p95 <= floor + 6", met)
    mine, its = _both(rounds, _intervals_ms)
    interval = Row(f"interval, {what}", "ms", mine, its, "std <= floor's + 1", mine.std <= its.std + 1)
    return [latency, interval]


def _both(
    rounds: list[tuple[list[Seen], list[Seen]]], samples: Callable[[list[Seen]], list[float]]
) -> tuple[Summary, Summary]:
    mine = Summary.of([value for ours, _ in rounds for value in samples(ours)])
    return mine, Summary.of([value for _, floors in rounds for value in samples(floors)])
