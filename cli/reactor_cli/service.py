"""A process of the stack that is started again whenever it ends without having been asked to."""

import asyncio
import signal
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from reactor_cli.child import Child, ChildSpec
from reactor_cli.display.lines import plain_text
from reactor_cli.errors import CliError
from reactor_cli.log_line import parse_log_line
from reactor_cli.restart import RestartPolicy

_TAIL_LINES = 30
OnLine = Callable[[str, str], None]
"""Gets a process's name and each line of its output."""
_UP_POLL_S = 0.1  # a small request each, only while a process comes up
OnExit = Callable[[str, int, float], None]
"""Gets name, exit code and the seconds until the restart, for each exit nobody asked for."""
IsUp = Callable[[], Awaitable[bool]]
"""Tells whether a process does its work now; raises nothing."""


class ServiceGaveUpError(CliError):
    """A process that keeps failing; the message ends with the tail of its log."""


class Service(Protocol):
    """A part of the stack that is kept running."""

    @property
    def name(self) -> str:
        """How users call it."""

    @property
    def pid(self) -> int | None:
        """Of the current process; None between two."""

    async def run(self) -> None:
        """Keep it running until `stop`.

        Raises:
            CliError: there is no point in going on.
        """

    async def stop(self, grace_s: float) -> None:
        """End it; after `grace_s` by force."""

    def kill(self) -> None:
        """End it at once and for good."""


class ProcessService:
    """Runs one process and restarts it, for ever if it comes up each time."""

    def __init__(self, spec: ChildSpec, is_up: IsUp, on_line: OnLine, on_exit: OnExit) -> None:
        self._spec = spec
        self._is_up = is_up
        self._on_line = on_line
        self._on_exit = on_exit
        self._tail: deque[str] = deque(maxlen=_TAIL_LINES)
        self._child: Child | None = None
        self._stopping = False

    @property
    def name(self) -> str:
        """How users call it."""
        return self._spec.name

    @property
    def pid(self) -> int | None:
        """Of the current process; None between two."""
        return self._child.pid if self._child else None

    async def run(self) -> None:
        """Keep the process running until `stop`.

        Raises:
            ServiceGaveUpError: it failed too often in a row without having come up.
        """
        policy = RestartPolicy()
        while not self._stopping:
            started = time.monotonic()
            self._child = await Child.start(self._spec, self._line)
            if self._stopping:
                self._child.terminate()
            code, came_up = await self._ended(self._child)
            self._child = None
            if self._stopping:
                return
            policy, delay_s = policy.after_exit(time.monotonic() - started, code, came_up=came_up)
            if delay_s is None:
                raise ServiceGaveUpError(self._last_words(code))
            self._on_exit(self.name, code, delay_s)
            await asyncio.sleep(delay_s)

    async def stop(self, grace_s: float) -> None:
        """End the process; after `grace_s` by force."""
        self._stopping = True
        child = self._child
        if child is None:
            return
        child.terminate()
        try:
            await asyncio.wait_for(asyncio.shield(child.wait()), grace_s)
        except TimeoutError:
            child.kill()
            await child.wait()

    def kill(self) -> None:
        """End the process at once and for good."""
        self._stopping = True
        if self._child is not None:
            self._child.kill()

    async def _ended(self, child: Child) -> tuple[int, bool]:
        """Wait for the process's end; returns its exit code and whether it had come up."""
        coming_up = asyncio.create_task(self._until_up(), name=f"{self.name}-up")
        try:
            code = await child.wait()
            return code, coming_up.done()
        finally:
            coming_up.cancel()

    async def _until_up(self) -> None:
        while True:
            if await self._is_up():
                return
            await asyncio.sleep(_UP_POLL_S)

    def _line(self, line: str) -> None:
        self._tail.append(line)
        self._on_line(self.name, line)

    def _last_words(self, code: int) -> str:
        said = [plain_text(parse_log_line(self.name, line)) for line in self._tail]
        return give_up_text(self.name, code, "\n".join(said).splitlines())


def give_up_text(name: str, code: int, said: Sequence[str]) -> str:
    """Say that a process can't be kept running, and what it said last."""
    lines = [f"  {line}" for line in said[-_TAIL_LINES:]] or ["  (nothing)"]
    return "\n".join([f"{name} can't be kept running ({describe_exit(code)}). It said:", *lines])


def describe_exit(code: int) -> str:
    """Say an exit code in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
