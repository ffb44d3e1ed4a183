"""From asking to the first model frame in Chromium with plain livekit-client."""

import asyncio
import json

from benchmarks.browser.chromium import Page, chromium
from benchmarks.browser.pages import page_served
from benchmarks.figures import Row, compared
from benchmarks.first_frame import PAUSE_S
from benchmarks.floor import Floor, floor
from benchmarks.format import Format
from benchmarks.product import Stack, stack
from benchmarks.turns import tried

_FACTOR = 1.3


async def measure(count: int, video: Format) -> list[Row]:
    """`count` sessions of the product and of the floor in the same page, taking turns."""
    ours: list[float] = []
    floors: list[float] = []
    failures = 0
    async with page_served() as url, floor(video) as bare, stack() as running, chromium(url) as page:
        await floors_first_frame_ms(page, bare)  # the first one loads the browser's own libraries
        for _ in range(count):
            await tried(floors_first_frame_ms(page, bare), floors)
            failures += await tried(_ours(page, bare, running, video), ours)
            await asyncio.sleep(PAUSE_S)
    what = f"ask -> first model frame in Chromium, {video.codec}"
    return [compared(what, ours, floors, factors=(_FACTOR, None), failures=failures)]


async def _ours(page: Page, bare: Floor, running: Stack, video: Format) -> float:
    async with bare.room("flat"):
        return float(await page.evaluate(f"firstFrame({json.dumps(running.ws_url)}, {json.dumps(video.codec)})"))


async def floors_first_frame_ms(page: Page, bare: Floor) -> float:
    """The floor's: from a token to the first picture, with the track up and fed."""
    async with bare.room("marked"):
        call = f"floorFirstFrame({json.dumps(bare.endpoint.url)}, {json.dumps(bare.viewer_token())})"
        return float(await page.evaluate(call))
