"""From drawing a frame to having it decoded, for a model that sleeps between frames and one that computes."""

from functools import partial

from benchmarks.figures import Row, compared
from benchmarks.floor import floor
from benchmarks.format import Format
from benchmarks.pacing import evenness
from benchmarks.processes import busy_process
from benchmarks.product import QUIET, stack
from benchmarks.stretch import Stretch
from benchmarks.turns import pooled, stretches

_latencies = partial(pooled, samples=lambda part: part.latencies_ms)


async def measure(count: int, video: Format) -> list[Row]:
    """`count` stretches of each model and of the floor, taking turns; beside the busy model's floor a busy process."""
    what = f"{video.codec} {video.width}x{video.height}"
    async with floor(video) as bare:
        async with stack(env=QUIET) as running:
            ours, floors = await stretches(count, running, bare, video)
        rows = [_row(f"draw -> decode, {what}, model paces itself", ours, floors, (1.0, 1.0), (3.0, 6.0))]
        rows += evenness("single frames", ours, floors)
        async with stack(env=QUIET, busy=True) as running:
            ours, floors = await stretches(count, running, bare, video, beside=busy_process)
        rows.append(_row(f"draw -> decode, {what}, busy model", ours, floors, (1.0, None), (5.0, 0.0)))
        return rows + evenness("busy model", ours, floors, plus_ms=3.0)


def _row(
    what: str,
    ours: list[Stretch],
    floors: list[Stretch],
    factors: tuple[float, float | None],
    plus_ms: tuple[float, float],
) -> Row:
    return compared(what, _latencies(ours), _latencies(floors), factors=factors, plus_ms=plus_ms)
