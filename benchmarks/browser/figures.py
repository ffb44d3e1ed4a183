"""What a user of our SDK sees in Chromium, beside a page with plain livekit-client."""

import asyncio
import json
import random
from dataclasses import replace

from benchmarks.browser.chromium import Page, chromium
from benchmarks.browser.pages import page_served
from benchmarks.chromium import floors_first_frame_ms
from benchmarks.figures import Row, Summary, compared, limited
from benchmarks.first_frame import PAUSE_S
from benchmarks.floor import Floor, floor
from benchmarks.format import Format
from benchmarks.product import QUIET, stack
from benchmarks.turns import FAILURES, SETTLE_S, STRETCH_S, tried

_FPS = 29
"""Not 30: pictures shall meet a display of 60 Hz at any moment of its interval, not always at the same one."""

_FIRST_FRAME_FACTOR = 1.3
_PICTURE_PLUS_MS = 4.0
_SLIDER_PLUS_MS = 10.0
_RELOAD_MS = 600.0
_STRETCH_SHARE = 10  # one stretch of steady video for so many sessions
_TAGS = range(1, 256)
_random = random.Random(1)  # noqa: S311 - the same run every time


async def measure(count: int, video: Format) -> list[Row]:
    """`count` sessions and reloads, `count` / 10 stretches of steady video and `count` moves of a slider."""
    video = replace(video, fps=_FPS)
    async with page_served() as url, floor(video) as bare:
        async with stack(fps=_FPS) as running, chromium(f"{url}?coordinator={running.http_url}") as page:
            rows = [await _first_frames(count, page, bare, video)]
        async with stack(fps=_FPS) as running, chromium(f"{url}?coordinator={running.http_url}&connect") as page:
            rows.append(await _reloads(count, page, bare))
        async with stack(env=QUIET, fps=_FPS) as running, chromium(f"{url}?coordinator={running.http_url}") as page:
            rows.append(await _pictures(max(2, count // _STRETCH_SHARE), page, bare, video))
            rows.append(await _slider(count, page, rows[-1].ours, video))
    return rows


async def _first_frames(count: int, page: Page, bare: Floor, video: Format) -> Row:
    ours: list[float] = []
    floors: list[float] = []
    failures = 0
    await floors_first_frame_ms(page, bare)  # the first of each loads the browser's own libraries, or our code
    await _sdks_first_frame_ms(page, bare)
    for _ in range(count):
        await tried(floors_first_frame_ms(page, bare), floors)
        failures += await tried(_sdks_first_frame_ms(page, bare), ours)
        await asyncio.sleep(PAUSE_S)
    what = f"connect() -> first model frame seen, {video.codec}"
    return compared(what, ours, floors, factors=(_FIRST_FRAME_FACTOR, None), failures=failures)


async def _sdks_first_frame_ms(page: Page, bare: Floor) -> float:
    async with bare.room("flat"):  # as the product feeds one in the floor's turn
        return float(await page.evaluate("sdkFirstFrame()"))


async def _reloads(count: int, page: Page, bare: Floor) -> Row:
    ours: list[float] = []
    failures = 0
    async with bare.room("none"):
        await page.evaluate("sinceNavigation()")
        for _ in range(count):
            await asyncio.sleep(1.0)  # a page that is looked at before it is reloaded
            failures += await tried(_reload_ms(page), ours)
    return limited("reload -> first model frame seen", "ms", ours, p50=_RELOAD_MS, failures=failures)


async def _reload_ms(page: Page) -> float:
    await page.reload()
    return float(await page.evaluate("sinceNavigation()"))


async def _pictures(count: int, page: Page, bare: Floor, video: Format) -> Row:
    ours: list[float] = []
    floors: list[float] = []
    failures = 0
    clock_ms = await page.clock_ms()
    spans = f"{1000 * SETTLE_S}, {1000 * STRETCH_S}"
    for _ in range(count):
        async with bare.room("marked"):
            room = f"{json.dumps(bare.endpoint.url)}, {json.dumps(bare.viewer_token())}"
            floors += _latencies_ms(await page.evaluate(f"floorPictures({room}, {spans})"), clock_ms)
        try:
            ours += _latencies_ms(await page.evaluate(f"sdkPictures({spans})"), clock_ms)
        except FAILURES:
            failures += 1
    what = f"publish -> readable in a canvas, {video.codec} {video.width}x{video.height}"
    plus_ms = (_PICTURE_PLUS_MS, _PICTURE_PLUS_MS)
    return compared(what, ours, floors, factors=(1.0, 1.0), plus_ms=plus_ms, failures=failures)


def _latencies_ms(seen: list[tuple[float, float]], clock_ms: float) -> list[float]:
    return [readable_ms + clock_ms - drawn_ms for drawn_ms, readable_ms in seen]


async def _slider(count: int, page: Page, latency: Summary, video: Format) -> Row:
    ours: list[float] = []
    values = [_random.choice(_TAGS)]
    while len(values) < count:
        values.append(_random.choice([tag for tag in _TAGS if tag != values[-1]]))
    for start in range(0, count, _STRETCH_SHARE):
        part = json.dumps(values[start : start + _STRETCH_SHARE])
        ours += await page.evaluate(f"sliderMoves({part}, {1000 * SETTLE_S})")
    interval_ms = 1000 / video.fps
    target = f"p50 <= publish -> readable (as floor) + an interval ({interval_ms:.0f}) + {_SLIDER_PLUS_MS:.0f}"

    def judge(mine: Summary, its: Summary) -> bool:
        return mine.p50 <= its.p50 + interval_ms + _SLIDER_PLUS_MS

    return Row("slider moved -> changed picture seen", "ms", Summary.of(ours), latency, target, judge)
