"""A model whose frames take 50 to 150 % of their mean time."""

from benchmarks.figures import Row, Summary, compared
from benchmarks.floor import floor
from benchmarks.format import Format
from benchmarks.product import QUIET, stack
from benchmarks.turns import pooled, stretches

_SPREAD = 0.5
_MAX_FPS = 60  # it may be faster than its mean
_SHARE = 1 / 3  # of its own deviation
_INTERVALS = 1.5  # of added latency


async def measure(count: int, video: Format) -> list[Row]:
    """`count` stretches of the model and of the floor, taking turns."""
    async with floor(video) as bare, stack(env=QUIET, max_fps=_MAX_FPS, spread=_SPREAD) as running:
        ours, floors = await stretches(count, running, bare, video)
    shown = Summary.of(pooled(ours, lambda part: part.intervals_ms))
    own = Summary.of(pooled(ours, lambda part: part.drawn_intervals_ms))
    target = f"std <= a third of its own {own.std:.1f}"
    latencies = [pooled(parts, lambda part: part.latencies_ms) for parts in (ours, floors)]
    added_ms = _INTERVALS * 1000 / video.fps
    return [
        Row("interval, bursty model (floor: an even one)", "ms", shown,
            Summary.of(pooled(floors, lambda part: part.intervals_ms)), target,
            lambda mine, _its: mine.std <= own.std * _SHARE),
        compared("draw -> decode, bursty model", *latencies, factors=(1.0, None), plus_ms=(added_ms, 0.0)),
    ]  # fmt: skip
