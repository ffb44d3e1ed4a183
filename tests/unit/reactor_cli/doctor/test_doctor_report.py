import io
import json
from pathlib import Path

from rich.console import Console

from reactor_cli.doctor.examine import Check, Examined
from reactor_cli.doctor.finding import Finding, Fix, ok
from reactor_cli.doctor.report import Report, as_json_text

_LONG = "a word and " * 20 + "the end"


def checked(title: str, *findings: Finding) -> Examined:
    return Examined(Check(title.lower(), title, lambda _around: ()), findings)


def printed(*every: Examined, encoding: str = "utf-8", width: int | None = None) -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, errors="replace")
    console = Console(file=stream, width=width, force_terminal=width is not None, color_system=None)
    report = Report(console, [one.check.title for one in every])
    for one in every:
        report.show(one)
    report.close()
    stream.flush()
    return raw.getvalue().decode(encoding)


def test_each_finding_is_a_line_with_its_remedy_below() -> None:
    text = printed(checked("Disk", ok("plenty"), Finding("error", "full", "Make room.")), checked("Python", ok("3.11")))
    assert text.splitlines() == [
        "✓  Disk    plenty",
        "✗          full",
        "           Make room.",
        "✓  Python  3.11",
        "1 error",
    ]


def test_the_place_is_told_unless_the_message_has_it() -> None:
    file = Path("/models/mine/manifest.json")
    assert "wrong (/models/mine/manifest.json:3)" in printed(
        checked("Model", Finding("error", "wrong", file=file, line=3))
    )
    assert printed(checked("Model", Finding("info", f"{file} is there", file=file))).count("manifest.json") == 1


def test_a_pipe_gets_whole_lines_and_a_terminal_aligned_ones() -> None:
    finding = checked("Disk", Finding("warning", _LONG, "Do."))
    assert _LONG in printed(finding)
    lines = printed(finding, width=60).splitlines()
    assert len(lines) > 5
    assert all(len(line) <= 60 for line in lines)
    assert all(line.startswith(" " * 9) for line in lines[1:-2])


def test_a_terminal_without_unicode_gets_words() -> None:
    text = printed(checked("Disk", ok("plenty"), Finding("error", "full …")), encoding="ascii")
    assert text.splitlines()[:2] == ["ok Disk  plenty", "X        full ?"]


def test_the_sum_tells_of_fix_only_where_it_helps() -> None:
    fix = Fix("mend", lambda _say: None)
    assert "reactor doctor --fix" in printed(checked("A", Finding("warning", "x", fix=fix), Finding("error", "y")))
    assert "--fix" not in printed(checked("A", Finding("warning", "x"), Finding("info", "y", fix=fix)))
    assert "Nothing stands in the way" in printed(checked("A", Finding("info", "x")))


def test_programs_get_every_field() -> None:
    fix = Fix("mend", lambda _say: None)
    every = [checked("Disk", Finding("error", "full", "Make room.", Path("/x"), 4, fix), Finding("warning", "w"))]
    value = json.loads(as_json_text(every, ["make /y"]))
    assert value["findings"][0] == {
        "check": "disk",
        "severity": "error",
        "message": "full",
        "remedy": "Make room.",
        "file": "/x",
        "line": 4,
        "fixable": True,
    }
    assert (value["ok"], value["errors"], value["warnings"], value["fixed"]) == (False, 1, 1, ["make /y"])
