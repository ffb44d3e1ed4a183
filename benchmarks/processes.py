"""The processes of a stack, and what they use."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

import psutil

_ROLES = {
    "reactor_coordinator": "coordinator",
    "reactor_runtime.worker": "worker",
    "reactor_runtime": "runtime",
    "reactor_cli": "reactor run",
}
"""By the module that was started; more special ones first."""

_SPIN = "while True: pass"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process holds now."""

    rss_mib: float
    threads: int
    fds: int


def usage(process: psutil.Process) -> Usage:
    """Look at a process."""
    with process.oneshot():
        return Usage(process.memory_info().rss / 2**20, process.num_threads(), process.num_fds())


def cpu_s(process: psutil.Process) -> float:
    """Seconds of CPU it has used, without its children."""
    times = process.cpu_times()
    return float(times.user + times.system)


def family(pid: int) -> list[psutil.Process]:
    """A process and all that it started."""
    parent = psutil.Process(pid)
    return [parent, *parent.children(recursive=True)]


def by_role(pid: int) -> dict[str, psutil.Process]:
    """The processes of the stack whose `reactor run` has that pid; foreign programs under their own name."""
    found: dict[str, psutil.Process] = {}
    for process in reversed(family(pid)):
        with contextlib.suppress(psutil.NoSuchProcess):  # a helper of the SDK's that was there for a moment
            found[_role(process)] = process
    return found


def _role(process: psutil.Process) -> str:
    words = process.cmdline()
    for module, role in _ROLES.items():
        if module in words:
            return role
    return process.name()


@contextlib.asynccontextmanager
async def busy_process() -> AsyncIterator[None]:
    """A process that computes in Python, as a busy model does."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _SPIN)
    try:
        yield
    finally:
        process.kill()
        await process.wait()
