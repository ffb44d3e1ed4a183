"""A running livekit-server, whatever runs it, and the one that is a child process of ours."""

import asyncio
import contextlib
import os
import signal
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

from reactor_cli.livekit_server.guarded import GuardedProcess
from reactor_cli.livekit_server.log import ServerLog

# The first SIGTERM waits for participants to leave, without limit; the second one ends at once.
_FIRST_TERM_S = 0.1  # an empty server is gone after 0.05 s
_SECOND_TERM_S = 0.9
_READER_S = 5.0  # a killed process is gone by then unless the kernel holds it
_NOT_PASSED_ON = ("LIVEKIT_", "REDIS_", "NODE_IP", "UDP_PORT")  # variables that the server would take for settings


class Running(Protocol):
    """A started server. `exited` gets its exit code (negative: the signal that ended it)."""

    log: ServerLog
    exited: Future[int]

    @property
    def pid(self) -> int | None:
        """The process id, where it is a child of ours."""

    def stop(self) -> None:
        """End the server with everybody in it, within about a second."""

    def kill(self) -> None:
        """End it at once; harmless afterwards."""


class ServerProcess:
    """A livekit-server as a child; its log is read by a thread that ends with it."""

    def __init__(self, program: Path, config: str, log: ServerLog) -> None:
        self.log = log
        self.exited: Future[int] = Future()
        self._process = _spawn(program, config)
        self._reader = threading.Thread(target=self._watch, name="livekit-log", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The server's process id, which is also its group's."""
        return self._process.pid

    def stop(self) -> None:
        """End the server with everybody in it; takes 1 s at the very most, and 0.1 s when nobody is inside."""
        for patience_s in (_FIRST_TERM_S, _SECOND_TERM_S):
            if self._terminated_within(patience_s):
                break
        self.kill()

    def kill(self) -> None:
        """End the whole process group at once."""
        self._process.kill()
        self._reader.join(_READER_S)

    def _terminated_within(self, patience_s: float) -> bool:
        if not self.exited.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            self.exited.result(patience_s)
        return self.exited.done()

    def _watch(self) -> None:
        assert self._process.popen.stdout is not None  # noqa: S101 - for the type checker
        try:
            with self._process.popen.stdout as stream:
                self.log.copy(stream)
        finally:
            self.exited.set_result(self._process.popen.wait())


async def ended(running: Running) -> int:
    """Wait for the end and return the exit code."""
    return await asyncio.shield(asyncio.wrap_future(running.exited))


def _spawn(program: Path, config: str) -> GuardedProcess:
    """Start it. The configuration holds the secret, so it goes through a pipe: no file to be read or left behind."""
    reading, writing = os.pipe()
    try:
        os.write(writing, config.encode())  # 1 kB; a pipe holds at least 4
        return GuardedProcess([str(program), "--config", f"/dev/fd/{reading}"], _environment(), pass_fds=[reading])
    finally:
        os.close(reading)
        os.close(writing)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_PASSED_ON)}
    return kept | two_processors(kept.get("GOMAXPROCS", ""))


def two_processors(given: str) -> dict[str, str]:
    """Return the variable that gives the server two threads where it would take one.

    With one, the server loses the race between a viewer's offer and its subscriptions in 92 % of the joins.
    """
    wanted = int(given) if given.isdigit() and int(given) else os.cpu_count() or 1
    return {"GOMAXPROCS": "2"} if wanted < 2 else {}
