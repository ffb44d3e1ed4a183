"""One run of `reactor doctor`: examine, repair if asked to, report."""

import sys
from collections.abc import Iterator, Sequence

from rich.console import Console

from reactor_cli.doctor.checks import CHECKS
from reactor_cli.doctor.examine import Check, Examined, examine
from reactor_cli.doctor.repair import repair
from reactor_cli.doctor.report import Report, as_json_text, plain_console
from reactor_cli.doctor.surroundings import Surroundings


def visit(
    around: Surroundings,
    checks: Sequence[Check] = CHECKS,
    subject: str = "`reactor run`",
    *,
    as_json: bool,
    fix: bool,
) -> bool:
    """Print what there is to say to standard output, progress to standard error; return whether nothing is wrong."""
    fixed = _repaired(around, checks) if fix else []
    if as_json:
        every = list(examine(checks, around))
        sys.stdout.write(as_json_text(every, fixed) + "\n")
    else:
        every = list(_shown(around, checks, subject, plain_console()))
    return all(finding.severity != "error" for one in every for finding in one.findings)


def _shown(around: Surroundings, checks: Sequence[Check], subject: str, console: Console) -> Iterator[Examined]:
    report = Report(console, [check.title for check in checks], subject)
    with console.status("looking …"):
        for examined in examine(checks, around):
            report.show(examined)
            yield examined
    report.close()


def _repaired(around: Surroundings, checks: Sequence[Check]) -> list[str]:
    """Look once for what can be repaired; what is reported afterwards is looked at anew."""
    findings = [finding for one in examine(checks, around) for finding in one.findings]
    return repair(findings, lambda line: print(line, file=sys.stderr, flush=True))  # noqa: T201 - a command's progress
