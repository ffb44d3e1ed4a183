"""Samples, their percentiles, and the report: Markdown for people, JSON for programs."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Summary:
    """Percentiles of a sample, in the sample's unit."""

    samples: tuple[float, ...]
    count: int
    p50: float
    p95: float
    p99: float
    std: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> "Summary":
        """Summarise; NaN everywhere for an empty sample, which meets no target."""
        if not samples:
            return cls((), 0, *[float("nan")] * 4)
        p50, p95, p99 = (float(value) for value in np.percentile(samples, [50, 95, 99]))
        return cls(tuple(samples), len(samples), p50, p95, p99, float(np.std(samples)))


Judge = Callable[[Summary, Summary], bool]
"""Whether ours, beside the floor, meets the target; the floor is empty where there is none."""


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside its floor and its target."""

    what: str
    unit: str
    ours: Summary
    floor: Summary | None
    target: str
    judge: Judge
    failures: int = 0
    runs: int = 1
    """How many runs the samples are of."""

    @property
    def met(self) -> bool:
        """The target is reached, and nothing failed."""
        return not self.failures and bool(self.ours.count) and self.judge(self.ours, self.floor or Summary.of([]))

    def with_earlier(self, earlier: "Row") -> "Row":
        """The same figure with an earlier run's samples before its own."""
        floor = None
        if self.floor is not None:
            floor = Summary.of([*(earlier.floor.samples if earlier.floor else ()), *self.floor.samples])
        ours = Summary.of([*earlier.ours.samples, *self.ours.samples])
        failures, runs = earlier.failures + self.failures, earlier.runs + self.runs
        return replace(self, ours=ours, floor=floor, failures=failures, runs=runs)


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
    target = f"p50 <= {_term(factors[0], plus_ms[0])}"
    if factors[1] is not None:
        target += f", p95 <= {_term(factors[1], plus_ms[1])}"

    def judge(mine: Summary, its: Summary) -> bool:
        met = mine.p50 <= factors[0] * its.p50 + plus_ms[0]
        return met and (factors[1] is None or mine.p95 <= factors[1] * its.p95 + plus_ms[1])

    return Row(what, "ms", Summary.of(ours), Summary.of(floor), target, judge, failures)


def limited(
    what: str,
    unit: str,
    samples: Sequence[float],
    *,
    p50: float | None = None,
    p95: float | None = None,
    failures: int = 0,
) -> Row:
    """A row whose target is a number; None: no target for that percentile."""
    limits = {name: limit for name, limit in (("p50", p50), ("p95", p95)) if limit is not None}
    target = ", ".join(f"{name} <= {limit:.4g}" for name, limit in limits.items())

    def judge(mine: Summary, _its: Summary) -> bool:
        return all(getattr(mine, name) <= limit for name, limit in limits.items())

    return Row(what, unit, Summary.of(samples), None, target, judge, failures)


def single(what: str, unit: str, value: float, limit: float, *, floor: float | None = None, target: str = "") -> Row:
    """A row of one figure that may be at most `limit`, in each run."""
    its = None if floor is None else Summary.of([floor])
    return Row(
        what, unit, Summary.of([value]), its, target or f"<= {limit:.4g}", lambda mine, _its: max(mine.samples) <= limit
    )


@dataclass(slots=True)
class Report:
    """The rows of a run."""

    rows: list[Row] = field(default_factory=list)

    def add(self, rows: Sequence[Row]) -> None:
        """Add rows; one whose name is there already gets the samples of both, and its own target."""
        found = {row.what: row for row in self.rows}
        for row in rows:
            found[row.what] = row.with_earlier(found[row.what]) if row.what in found else row
        self.rows = list(found.values())

    def markdown(self) -> str:
        """A table, one figure a row: p50 / p95 / p99, or the figure itself where there is one."""
        lines = [
            "| what | n | ours p50/p95/p99 | std | floor p50/p95/p99 | target | met |",
            "|---|---|---|---|---|---|---|",
        ]
        for row in self.rows:
            floor = _triple(row.floor) if row.floor else "-"
            std = f"{row.ours.std:.1f}" if row.ours.count > 1 else "-"
            lines.append(
                f"| {row.what} ({row.unit}) | {_count(row)} | {_triple(row.ours)} | {std} "
                f"| {floor} | {row.target} | {'yes' if row.met else '**no**'} |"
            )
        return "\n".join(lines)

    def json(self) -> str:
        """The same as JSON, with all samples."""
        return json.dumps([_as_json(row) for row in self.rows], indent=1)

    @classmethod
    def of_json(cls, text: str) -> "Report":
        """What `json` made; a target that isn't measured again stays met or missed."""
        return cls([_from_json(row) for row in json.loads(text)])


def _as_json(row: Row) -> dict[str, Any]:
    summaries = {"ours": asdict(row.ours), "floor": row.floor and asdict(row.floor)}
    said = {"what": row.what, "unit": row.unit, "target": row.target, "met": row.met}
    return said | {"failures": row.failures, "runs": row.runs} | summaries


def _from_json(row: dict[str, Any]) -> Row:
    ours, floor = Summary.of(row["ours"]["samples"]), row["floor"] and Summary.of(row["floor"]["samples"])
    met = row["met"]
    return Row(
        row["what"], row["unit"], ours, floor, row["target"], lambda *_: met, row["failures"], row.get("runs", 1)
    )


def _count(row: Row) -> str:
    count = f"{row.ours.count}" + (f" in {row.runs} runs" if row.runs > 1 else "")
    return count + (f" (+{row.failures} failed)" if row.failures else "")


def _triple(summary: Summary) -> str:
    if summary.count <= 1:
        return f"{summary.p50:.3g}"
    return f"{summary.p50:.1f} / {summary.p95:.1f} / {summary.p99:.1f}"


def _term(factor: float, plus_ms: float) -> str:
    term = "floor" if factor == 1 else f"{factor:g} x floor"
    return term + (f" + {plus_ms:.0f}" if plus_ms else "")
