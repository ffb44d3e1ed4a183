import threading
from collections.abc import Iterator
from pathlib import Path

from reactor_cli.doctor.examine import Check, examine
from reactor_cli.doctor.finding import Finding, Fix, ok
from reactor_cli.doctor.repair import repair
from reactor_cli.doctor.surroundings import Surroundings
from reactor_cli.errors import CliError
from support.doctor import around, only
from support.limits import PATIENCE_S


def found(path: Path, *checks: Check) -> list[tuple[str, list[str]]]:
    return [(one.check.name, [finding.message for finding in one.findings]) for one in examine(checks, around(path))]


def test_findings_come_in_the_order_of_the_checks_whichever_is_done_first(tmp_path: Path) -> None:
    second_done = threading.Event()

    def first(_around: Surroundings) -> Iterator[Finding]:
        assert second_done.wait(PATIENCE_S)
        yield ok("one")

    def second(_around: Surroundings) -> Iterator[Finding]:
        yield ok("two")
        second_done.set()

    assert found(tmp_path, Check("a", "A", first), Check("b", "B", second)) == [("a", ["one"]), ("b", ["two"])]


def test_a_check_that_fails_is_a_finding_and_the_others_go_on(tmp_path: Path) -> None:
    def broken(_around: Surroundings) -> Iterator[Finding]:
        yield ok("so far")
        raise ZeroDivisionError("by nothing")

    (_, broken_says), (_, other_says) = found(
        tmp_path, Check("a", "A", broken), Check("b", "B", lambda _around: [ok("fine")])
    )
    assert "this check itself failed: ZeroDivisionError: by nothing" in broken_says[0]
    assert Path(__file__).name in broken_says[0]
    assert other_says == ["fine"]


def test_a_check_that_hangs_is_an_error_after_its_limit(tmp_path: Path) -> None:
    leave = threading.Event()

    def hangs(_around: Surroundings) -> Iterator[Finding]:
        leave.wait(60)
        yield ok("never")

    (examined,) = examine([Check("a", "A", hangs, limit_s=0.1)], around(tmp_path))
    leave.set()
    finding = only(examined.findings)
    assert (finding.severity, finding.message) == ("error", "no answer within 0.1 s")


def test_a_repair_that_fails_is_told_and_the_others_are_made() -> None:
    said: list[str] = []
    made: list[str] = []

    def fails(_say: object) -> None:
        raise CliError("there is no way")

    fixes = [Fix("mend it", fails), Fix("clean up", lambda _say: made.append("clean")), None]
    findings = [Finding("warning", "something", fix=fix) for fix in fixes]
    assert repair([*findings, *findings], said.append) == ["clean up"]
    assert made == ["clean"]
    assert "couldn't mend it: there is no way" in said
