"""How evenly new pictures come out of the decoder."""

from typing import Any

from benchmarks.figures import Row, Summary, single
from benchmarks.floor import floor
from benchmarks.format import Format
from benchmarks.product import QUIET, stack
from benchmarks.stretch import Stretch
from benchmarks.turns import pooled, stretches

_LONGEST_MS = 100.0
_KINDS: dict[str, dict[str, Any]] = {
    "blocks of 16": {"block": 16},
    "as fast as it can": {"paced": False},
}


async def measure(count: int, video: Format) -> list[Row]:
    """`count` stretches of each kind of model and of the floor, taking turns."""
    rows: list[Row] = []
    async with floor(video) as bare:
        for name, arguments in _KINDS.items():
            async with stack(env=QUIET, **arguments) as running:
                rows += evenness(name, *await stretches(count, running, bare, video))
    return rows


def evenness(name: str, ours: list[Stretch], floors: list[Stretch], *, plus_ms: float = 1.0) -> list[Row]:
    """Deviation of the intervals, the longest one, and frames that never came out."""
    mine, its = pooled(ours, lambda part: part.intervals_ms), pooled(floors, lambda part: part.intervals_ms)
    deviation, floor_deviation = Summary.of(mine), Summary.of(its)
    met = deviation.std <= floor_deviation.std + plus_ms
    target = f"std <= floor's {floor_deviation.std:.1f} + {plus_ms:.0f}"
    lost, floor_lost = sum(part.lost for part in ours), sum(part.lost for part in floors)
    return [
        Row(f"interval, {name}", "ms", deviation, floor_deviation, target, met),
        single(f"longest interval, {name}", "ms", max(mine, default=float("nan")), _LONGEST_MS, floor=max(its)),
        single(f"frames lost of {len(mine) + len(ours)}, {name}", "frames", lost, floor_lost, floor=floor_lost,
               target="no more than the floor"),
    ]  # fmt: skip
