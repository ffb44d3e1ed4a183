"""How evenly new pictures come out of the decoder."""

import math
from collections.abc import Callable
from typing import Any

from benchmarks.figures import Row, Summary
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
_LOSSES: list[tuple[str, str, Callable[[Stretch], int]]] = [
    ("frames lost", "frames", lambda part: part.lost),
    ("frames given up by the decoder", "frames", lambda part: part.dropped),
    ("RTP packets lost", "packets", lambda part: part.packets_lost),
]


async def measure(count: int, video: Format) -> list[Row]:
    """`count` stretches of each kind of model and of the floor, taking turns."""
    rows: list[Row] = []
    async with floor(video) as bare:
        for name, arguments in _KINDS.items():
            async with stack(env=QUIET, **arguments) as running:
                rows += evenness(name, *await stretches(count, running, bare, video))
    return rows


def evenness(name: str, ours: list[Stretch], floors: list[Stretch], *, plus_ms: float = 1.0) -> list[Row]:
    """Deviation of the intervals, the longest one, and what never came out or never came."""
    both = (ours, floors)
    interval, its_interval = (Summary.of(pooled(parts, lambda part: part.intervals_ms)) for parts in both)
    longest, its_longest = (Summary.of([max(part.intervals_ms, default=math.nan) for part in parts]) for parts in both)
    return [
        Row(f"interval, {name}", "ms", interval, its_interval, f"std <= floor's {its_interval.std:.1f} + {plus_ms:.0f}",
            lambda mine, its: mine.std <= its.std + plus_ms),
        Row(f"longest interval of a stretch, {name}", "ms", longest, its_longest, f"none > {_LONGEST_MS:.0f}",
            lambda mine, _its: max(mine.samples) <= _LONGEST_MS),
        *[_loss(f"{what} of a stretch, {name}", unit, *both, counted) for what, unit, counted in _LOSSES],
    ]  # fmt: skip


def _loss(what: str, unit: str, ours: list[Stretch], floors: list[Stretch], counted: Callable[[Stretch], int]) -> Row:
    mine, its = (Summary.of([counted(part) for part in parts]) for parts in (ours, floors))
    target = "no more than the floor in all"
    return Row(what, unit, mine, its, target, lambda mine, its: sum(mine.samples) <= sum(its.samples))
