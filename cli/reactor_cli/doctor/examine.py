"""Runs the checks side by side; whatever a check does, it ends in findings."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from reactor_cli.doctor.finding import Finding
from reactor_cli.doctor.surroundings import Surroundings

Look = Callable[[Surroundings], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Args:
        name: For programs, for instance "ports".
        title: For people.
        look: Returns what was found.
        limit_s: How long it may take.
    """

    name: str
    title: str
    look: Look
    limit_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Examined:
    """A check and what it found."""

    check: Check
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _Running:
    check: Check
    began_s: float
    done: threading.Event = field(default_factory=threading.Event)
    findings: tuple[Finding, ...] = ()


def examine(checks: Sequence[Check], around: Surroundings) -> Iterator[Examined]:
    """Run all checks at once and yield them in their order, each as soon as it and those before it are done.

    A check that isn't done in time is left to itself: its thread is a daemon, and ends with the process.
    """
    running = [_start(check, around) for check in checks]
    for one in running:
        left_s = one.began_s + one.check.limit_s - time.monotonic()
        in_time = one.done.wait(max(left_s, 0.0))
        yield Examined(one.check, one.findings if in_time else (_too_late(one.check),))


def _start(check: Check, around: Surroundings) -> _Running:
    running = _Running(check, time.monotonic())

    def work() -> None:
        try:
            running.findings = tuple(check.look(around))
        except Exception as error:  # noqa: BLE001 - a check that fails is a finding
            running.findings = (_failed(error),)
        finally:
            running.done.set()

    threading.Thread(target=work, name=f"check-{check.name}", daemon=True).start()
    return running


def _too_late(check: Check) -> Finding:
    return Finding(
        "error",
        f"no answer within {check.limit_s:g} s",
        "Whatever asks for the same in `reactor run` will wait as well: look at the disk or the network that is asked.",
    )


def _failed(error: Exception) -> Finding:
    where = error.__traceback__
    while where is not None and where.tb_next is not None:
        where = where.tb_next
    place = f" ({where.tb_frame.f_code.co_filename}:{where.tb_lineno})" if where else ""
    return Finding(
        "warning",
        f"this check itself failed: {type(error).__name__}: {error}{place}",
        "Nothing is known about this part. Please report it, with the line above.",
    )
