import json

import pytest

from benchmarks.figures import Report, Row, Summary, compared, limited, single


@pytest.mark.parametrize(("ours", "met"), [(120.0, True), (121.0, False)])
def test_a_ratio_is_met_up_to_its_factor(ours: float, met: bool) -> None:
    assert compared("x", [ours] * 5, [100.0] * 5, factors=(1.2, 1.3)).met is met


def test_a_failure_misses_the_target() -> None:
    assert not compared("x", [1.0], [100.0], factors=(1.2, None), failures=1).met


@pytest.mark.parametrize("row", [compared("x", [], [1.0], factors=(1, 1)), limited("x", "ms", [], p95=1.0)])
def test_nothing_measured_meets_nothing(row: Row) -> None:
    assert not row.met


def test_the_table_has_target_floor_and_counts() -> None:
    row = Row("first", "ms", Summary.of([1.0, 2.0]), Summary.of([1.0, 1.0]), "p50 <= 2", met=False, failures=3)
    text = Report([row]).markdown()
    assert "| first (ms) | 2 (+3 failed) | 1.5 / 1.9 / 2.0 | 0.5 | 1.0 / 1.0 / 1.0 | p50 <= 2 | **no** |" in text


def test_json_has_the_same_rows() -> None:
    (row,) = json.loads(Report([single("growth", "MiB", 3.0, 5.0, floor=1.0)]).json())
    assert (row["what"], row["ours"]["p50"], row["floor"]["p50"], row["met"]) == ("growth", 3.0, 1.0, True)
