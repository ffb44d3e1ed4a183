"""One livekit-server as a child process that can't outlive this one."""

import asyncio
import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path

from reactor_cli.livekit_server.log import ServerLog

# The first SIGTERM waits for participants to leave, without limit; the second one ends at once.
_FIRST_TERM_S = 0.2  # enough when nobody is inside
_SECOND_TERM_S = 0.8
_KILLED_S = 5.0  # a killed process is gone by then unless the kernel holds it
_OURS = ("LIVEKIT_", "REDIS_", "NODE_IP", "UDP_PORT")  # variables that the server would take for settings


class ServerProcess:
    """A started livekit-server; its log is read by a thread that ends with it."""

    def __init__(self, program: Path, config: str, log: ServerLog) -> None:
        self.log = log
        self.exited: Future[int] = Future()
        self._lifeline: int | None
        self._popen, self._lifeline = _spawn(program, config)
        self._reader = threading.Thread(target=self._watch, name="livekit-log", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The server's process id, which is also its group's."""
        return self._popen.pid

    async def wait(self) -> int:
        """Wait for the end and return the exit code (negative: the signal)."""
        return await asyncio.shield(asyncio.wrap_future(self.exited))

    def stop(self) -> None:
        """End the server with everybody in it; takes 1 s at the very most, and at once when nobody is inside."""
        for patience_s in (_FIRST_TERM_S, _SECOND_TERM_S):
            if self._ended_within(patience_s, signal.SIGTERM):
                break
        self.kill()

    def kill(self) -> None:
        """End the whole process group at once."""
        if self._lifeline is None:
            return
        # The guard in the group keeps its number from being given to others until the lifeline is closed.
        with contextlib.suppress(ProcessLookupError, PermissionError):  # the latter: macOS, when only zombies are left
            os.killpg(self.pid, signal.SIGKILL)
        os.close(self._lifeline)
        self._lifeline = None
        self._reader.join(_KILLED_S)

    def _ended_within(self, patience_s: float, number: signal.Signals) -> bool:
        if not self.exited.done():
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)
        with contextlib.suppress(TimeoutError):
            self.exited.result(patience_s)
        return self.exited.done()

    def _watch(self) -> None:
        assert self._popen.stdout is not None  # noqa: S101 - for the type checker
        with self._popen.stdout as stream:
            self.log.copy(stream)
        self.exited.set_result(self._popen.wait())


def _spawn(program: Path, config: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start it; returns the process and the pipe end whose closing ends it.

    The configuration holds the secret, so it goes through a pipe: no file that could be read or left behind.
    """
    lifeline, lifeline_end = os.pipe()
    reading, writing = os.pipe()
    try:
        os.write(writing, config.encode())  # about 1 kB, a pipe holds at least 4
        popen = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-S",
                _lifeline_script(),
                str(lifeline),
                str(program),
                "--config",
                f"/dev/fd/{reading}",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=(lifeline, reading),
            start_new_session=True,
            env=_environment(),
        )
    except BaseException:
        os.close(lifeline_end)
        raise
    finally:
        for fd in (lifeline, reading, writing):
            os.close(fd)
    return popen, lifeline_end


def _lifeline_script() -> str:
    spec = importlib.util.find_spec("reactor_runtime")  # found, not imported: it would bring numpy
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("reactor_runtime")
    return str(Path(spec.submodule_search_locations[0]) / "lifeline.py")


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return kept | _two_processors(kept.get("GOMAXPROCS", ""))


def _two_processors(given: str) -> dict[str, str]:
    """With one, the server loses the race between a viewer's offer and its subscriptions in 92 % of the joins."""
    wanted = int(given) if given.isdigit() and int(given) else os.cpu_count() or 1
    return {"GOMAXPROCS": "2"} if wanted < 2 else {}
