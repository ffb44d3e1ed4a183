"""What `--fix` does: the repairs that findings offer, one after the other."""

from collections.abc import Iterable

from reactor_cli.doctor.finding import Finding, Fix, Say
from reactor_cli.errors import CliError


def repair(findings: Iterable[Finding], say: Say) -> list[str]:
    """Carry out each repair once; one that fails is told, and the rest goes on. Returns what was done."""
    fixes = {finding.fix.what: finding.fix for finding in findings if finding.fix}
    return [fix.what for fix in fixes.values() if _done(fix, say)]


def _done(fix: Fix, say: Say) -> bool:
    say(f"{fix.what} …")
    try:
        fix.act(say)
    except CliError as error:
        say(f"couldn't {fix.what}: {error.message}")
        return False
    except OSError as error:
        say(f"couldn't {fix.what}: {error}")
        return False
    return True
