import json

import pytest

from benchmarks.figures import Report, Row, Summary, compared, limited, single


def _compared(ours: list[float], floor: list[float], *, failures: int = 0) -> Row:
    return compared("x", ours, floor, factors=(1.2, None), failures=failures)


@pytest.mark.parametrize(("ours", "met"), [(120.0, True), (121.0, False)])
def test_a_ratio_is_met_up_to_its_factor(ours: float, met: bool) -> None:
    assert compared("x", [ours] * 5, [100.0] * 5, factors=(1.2, 1.3)).met is met


def test_a_failure_misses_the_target() -> None:
    assert not _compared([1.0], [100.0], failures=1).met


@pytest.mark.parametrize("row", [compared("x", [], [1.0], factors=(1, 1)), limited("x", "ms", [], p95=1.0)])
def test_nothing_measured_meets_nothing(row: Row) -> None:
    assert not row.met


def test_the_table_has_target_floor_and_counts() -> None:
    row = Row("first", "ms", Summary.of([1.0, 2.0]), Summary.of([1.0, 1.0]), "p50 <= 2", lambda *_: True, failures=3)
    text = Report([row]).markdown()
    assert "| first (ms) | 2 (+3 failed) | 1.5 / 1.9 / 2.0 | 0.5 | 1.0 / 1.0 / 1.0 | p50 <= 2 | **no** |" in text


def test_the_table_tells_how_many_runs_were_pooled() -> None:
    report = Report.of_json(Report([_compared([1.0], [1.0])]).json())
    for _ in range(2):
        report = Report.of_json(report.json())
        report.add([_compared([1.0, 3.0], [1.0])])
    assert "| x (ms) | 5 in 3 runs | " in report.markdown()


def test_a_file_that_does_not_say_so_is_of_one_run() -> None:
    (row,) = json.loads(Report([_compared([1.0], [1.0])]).json())
    del row["runs"]
    report = Report.of_json(json.dumps([row]))
    report.add([_compared([1.0], [1.0])])
    assert "| x (ms) | 2 in 2 runs | " in report.markdown()


def test_json_has_the_same_rows() -> None:
    (row,) = json.loads(Report([single("growth", "MiB", 3.0, 5.0, floor=1.0)]).json())
    assert (row["what"], row["ours"]["p50"], row["floor"]["p50"], row["met"]) == ("growth", 3.0, 1.0, True)


def test_a_report_comes_back_from_its_json() -> None:
    report = Report([_compared([1.0, 2.0], [1.0]), limited("y", "s", [3.0], p95=2.0), single("z", "MiB", 1.0, 2.0)])
    assert Report.of_json(report.json()).json() == report.json()


def test_samples_of_an_earlier_run_count_with_those_of_this_one() -> None:
    report = Report.of_json(Report([_compared([300.0], [100.0], failures=1)]).json())
    report.add([_compared([100.0, 100.0], [100.0])])
    (row,) = report.rows
    assert (row.ours.samples, row.floor and row.floor.samples) == ((300.0, 100.0, 100.0), (100.0, 100.0))
    assert (row.ours.p50, row.failures, row.met) == (100.0, 1, False)


def test_a_target_is_judged_by_all_samples() -> None:
    report = Report([_compared([130.0], [100.0])])
    report.add([_compared([110.0, 110.0], [100.0])])
    assert report.rows[0].met


def test_a_limit_of_single_figures_holds_in_each_run() -> None:
    report = Report([single("growth", "MiB", 6.0, 5.0)])
    report.add([single("growth", "MiB", 1.0, 5.0)])
    assert not report.rows[0].met


def test_rows_that_are_not_measured_again_stay() -> None:
    report = Report.of_json(Report([limited("x", "ms", [1.0], p50=2.0)]).json())
    report.add([limited("y", "ms", [1.0], p50=2.0)])
    assert [(row.what, row.met) for row in report.rows] == [("x", True), ("y", True)]
