"""The studio in Chromium: how soon it answers, how long it keeps the main thread, whether anything jumps."""

import asyncio
import itertools
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.browser.chromium import Page, chromium
from benchmarks.figures import Row, limited
from benchmarks.format import Format
from benchmarks.product import stack
from benchmarks.turns import tried

_BUILD = Path(__file__).parents[2] / "studio" / "build.py"
_SIZES = ((1440, 900), (1024, 768), (390, 844), (320, 640))
_INTERACTIVE_MS = 1000.0
_BLOCKED_MS = 200.0
"""What Lighthouse still calls good."""

_AWAY_S = 1.0
"""Between two visits, so that the session of the one before is over."""

_WATCHED_MS = 3000
"""From the first picture on: shifts and long tasks of the first figures and messages count as well."""

_WATCH = """
window.studio = { answered: 0, live: 0, shifted: 0, tasks: [] };
new PerformanceObserver((list) => {
    for (const { value } of list.getEntries()) studio.shifted += value;
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) studio.tasks.push([startTime, duration]);
}).observe({ type: "longtask", buffered: true });
const until = async (found) => { while (!found()) await new Promise(requestAnimationFrame); };
const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
(async () => {
    const find = (selector) => () => document.querySelector(selector);
    await until(find(".header .button"));
    find(".header .button")().click();
    await until(find("dialog[open]"));
    await painted();
    studio.answered = performance.now();
    find("dialog button")().click();
    await until(find(".pill-good"));
    await painted();
    studio.live = performance.now();
})();
"""
_SEEN = f"""(async () => {{
    await until(() => studio.live);
    await new Promise((resolve) => setTimeout(resolve, {_WATCHED_MS}));
    return studio;
}})()"""


@dataclass(frozen=True, slots=True)
class _Visit:
    """One load of the page; milliseconds since the navigation began.

    Attributes:
        answered_ms: a button, clicked as soon as it was there, had its window on the screen.
        live_ms: the model's picture was on the screen.
        tasks: those of the main thread that took more than 50 ms: when they began, how long they took.
        shifted: cumulative layout shift.
    """

    answered_ms: float
    live_ms: float
    tasks: list[tuple[float, float]]
    shifted: float

    @property
    def interactive_ms(self) -> float:
        """The page answers, and no long task of its own start is left."""
        starting = [start + length for start, length in self.tasks if start <= self.answered_ms]
        return max(self.answered_ms, *starting, 0.0)

    @property
    def blocked_ms(self) -> float:
        """What long tasks took beyond 50 ms each, until the picture was there."""
        return sum(length - 50 for start, length in self.tasks if start <= self.live_ms)


async def measure(count: int, video: Format) -> list[Row]:
    """`count` visits, in turns at four widths, each with a session of its own."""
    build = await asyncio.create_subprocess_exec(sys.executable, str(_BUILD))
    if await build.wait():
        raise FileNotFoundError("the studio couldn't be built; the reason is above")
    visits: list[_Visit] = []
    failures = 0
    async with stack(fps=video.fps) as running, chromium("about:blank") as page:
        await page.before_each(_WATCH)
        # The first one loads the browser's own libraries, and keeps the script compiled.
        await _visit(page, running.http_url, *_SIZES[0])
        for width, height in itertools.islice(itertools.cycle(_SIZES), count):
            failures += await tried(_visit(page, running.http_url, width, height), visits)
    soon, blocked, shifted = (
        [getattr(visit, name) for visit in visits] for name in ("interactive_ms", "blocked_ms", "shifted")
    )
    both = {"p50": _INTERACTIVE_MS, "p95": _INTERACTIVE_MS}
    return [
        limited("studio: navigation -> interactive", "ms", soon, **both, failures=failures),
        limited("studio: main thread blocked until live", "ms", blocked, p50=_BLOCKED_MS),
        limited("studio: layout shift, 320 to 1440 px", "-", shifted, p95=0),
    ]


async def _visit(page: Page, url: str, width: int, height: int) -> _Visit:
    await page.resize(width, height)
    await page.navigate(url)
    seen = await page.evaluate(_SEEN)
    await page.navigate("about:blank")
    await asyncio.sleep(_AWAY_S)
    return _Visit(seen["answered"], seen["live"], seen["tasks"], seen["shifted"])
