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
        """Summarise; NaN everywhere for an empty sample."""
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


@dataclass(slots=True)
class Report:
    """The rows of a run."""

    rows: list[Row] = field(default_factory=list)

    def markdown(self) -> str:
        """A table, one figure a row: p50 / p95 / p99."""
        lines = [
            "| what | n | ours p50/p95/p99 | std | floor p50/p95/p99 | target | met |",
            "|---|---|---|---|---|---|---|",
        ]
        for row in self.rows:
            count = f"{row.ours.count}" + (f" (+{row.failures} failed)" if row.failures else "")
            floor = _triple(row.floor) if row.floor else "-"
            lines.append(
                f"| {row.what} ({row.unit}) | {count} | {_triple(row.ours)} | {row.ours.std:.1f} "
                f"| {floor} | {row.target} | {'yes' if row.met else '**no**'} |"
            )
        return "\n".join(lines)

    def json(self) -> str:
        """The same as JSON."""
        return json.dumps([asdict(row) for row in self.rows], indent=2)


def _triple(summary: Summary) -> str:
    return f"{summary.p50:.1f} / {summary.p95:.1f} / {summary.p99:.1f}"
