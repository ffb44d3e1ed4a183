"""Samples, their percentiles, and the report: Markdown for people, JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np


@dataclass(frozen=True, slots=True)
class Summary:
    """Percentiles of a sample, in the sample's unit."""

    count: int
    p50: float
    p95: float
    p99: float
    std: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> "Summary":
        """Summarise; NaN everywhere for an empty sample, which meets no target."""
        if not samples:
            return cls(0, *[float("nan")] * 4)
        p50, p95, p99 = (float(value) for value in np.percentile(samples, [50, 95, 99]))
        return cls(len(samples), p50, p95, p99, float(np.std(samples)))


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside its floor and its target."""

    what: str
    unit: str
    ours: Summary
    floor: Summary | None
    target: str
    met: bool
    failures: int = 0


def compared(
    what: str,
    ours: Sequence[float],
    floor: Sequence[float],
    *,
    factors: tuple[float, float | None],
    plus_ms: tuple[float, float] = (0.0, 0.0),
    failures: int = 0,
) -> Row:
    """A row of milliseconds whose target is the floor's p50 and p95, each times a factor and plus something.

    Args:
        what: the row's name.
        ours, floor: milliseconds.
        factors: of p50 and p95; None: no target for p95.
        plus_ms: added to each.
        failures: of ours; any misses the target.
    """
    mine, its = Summary.of(ours), Summary.of(floor)
    met = mine.p50 <= factors[0] * its.p50 + plus_ms[0] and not failures
    target = f"p50 <= {_term(factors[0], plus_ms[0])}"
    if factors[1] is not None:
        met = met and mine.p95 <= factors[1] * its.p95 + plus_ms[1]
        target += f", p95 <= {_term(factors[1], plus_ms[1])}"
    return Row(what, "ms", mine, its, target, met, failures)


def limited(
    what: str, unit: str, samples: Sequence[float], *, p50: float | None = None, p95: float | None = None
) -> Row:
    """A row whose target is a number; None: no target for that percentile."""
    mine = Summary.of(samples)
    limits = [(name, limit, found) for name, limit, found in (("p50", p50, mine.p50), ("p95", p95, mine.p95))]
    met = bool(samples) and all(limit is None or found <= limit for _, limit, found in limits)
    target = ", ".join(f"{name} <= {limit:.4g}" for name, limit, _ in limits if limit is not None)
    return Row(what, unit, mine, None, target, met)


def single(what: str, unit: str, value: float, limit: float, *, floor: float | None = None, target: str = "") -> Row:
    """A row of one figure that may be at most `limit`."""
    its = None if floor is None else Summary.of([floor])
    return Row(what, unit, Summary.of([value]), its, target or f"<= {limit:.4g}", value <= limit)


@dataclass(slots=True)
class Report:
    """The rows of a run."""

    rows: list[Row] = field(default_factory=list)

    def markdown(self) -> str:
        """A table, one figure a row: p50 / p95 / p99, or the figure itself where there is one."""
        lines = [
            "| what | n | ours p50/p95/p99 | std | floor p50/p95/p99 | target | met |",
            "|---|---|---|---|---|---|---|",
        ]
        for row in self.rows:
            count = f"{row.ours.count}" + (f" (+{row.failures} failed)" if row.failures else "")
            floor = _triple(row.floor) if row.floor else "-"
            std = f"{row.ours.std:.1f}" if row.ours.count > 1 else "-"
            lines.append(
                f"| {row.what} ({row.unit}) | {count} | {_triple(row.ours)} | {std} "
                f"| {floor} | {row.target} | {'yes' if row.met else '**no**'} |"
            )
        return "\n".join(lines)

    def json(self) -> str:
        """The same as JSON."""
        return json.dumps([asdict(row) for row in self.rows], indent=2)


def _triple(summary: Summary) -> str:
    if summary.count <= 1:
        return f"{summary.p50:.3g}"
    return f"{summary.p50:.1f} / {summary.p95:.1f} / {summary.p99:.1f}"


def _term(factor: float, plus_ms: float) -> str:
    term = "floor" if factor == 1 else f"{factor:g} x floor"
    return term + (f" + {plus_ms:.0f}" if plus_ms else "")
