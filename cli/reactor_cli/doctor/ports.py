"""Whether the ports of a stack can be had."""

from collections.abc import Iterator

from reactor_cli.addresses import livekit_settings, wanted_ports
from reactor_cli.doctor.finding import Finding, Severity, ok
from reactor_cli.doctor.surroundings import Surroundings
from reactor_cli.ports import PortProblem, try_ports

_OURS = ("reactor_coordinator", "reactor_runtime", "livekit-server")


def check_ports(around: Surroundings) -> Iterator[Finding]:
    """One finding for each port that is taken, with its owner as `reactor run` names it."""
    wanted = wanted_ports(around.settings, livekit_settings(around.settings))
    problems = try_ports(wanted)
    if not problems:
        yield ok(f"free: {', '.join(f'{port.number}' for port in wanted[:-1])} and {wanted[-1].number}")
        return
    up = _is_a_stack(problems)
    if up:
        flags = ", ".join(problem.flag for problem in problems)
        yield Finding(
            "warning",
            "a `reactor run` is up on these ports",
            f"Use that one, end it, or choose other ports for a second one: {flags}",
        )
    for problem in problems:
        yield _finding(problem, "info" if up else "error")


def _is_a_stack(problems: list[PortProblem]) -> bool:
    """All that is in the way is one of ours, and a coordinator is among it."""
    owners = [problem.text.partition("is taken by")[2] for problem in problems]
    return all(any(name in owner for name in _OURS) for owner in owners) and any(_OURS[0] in o for o in owners)


def _finding(problem: PortProblem, severity: Severity) -> Finding:
    remedy = "" if severity == "info" else f"End what is in the way, or choose another port: {problem.flag}"
    if severity == "error" and "livekit" in problem.text.partition("is taken by")[2]:
        remedy += ". To use the LiveKit server that is there: --livekit-url, with its key"
    return Finding(severity, problem.text.rstrip("."), remedy)
