"""A child process in a group of its own that can't outlive us, with its output line by line."""

import asyncio
import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_LONGEST_LINE_BYTES = 64 * 1024  # a model may print megabytes without a newline
_READ_BYTES = 64 * 1024
_DRAIN_S = 1.0  # what is still in the pipe once everyone who could write to it is dead


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """What to run.

    Args:
        name: How users and logs call it.
        argv: Program and arguments.
        env: The whole environment.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]


class Child:
    """A running child; made by `start`. Its group dies with it, and with us."""

    def __init__(self, process: asyncio.subprocess.Process, lifeline: int, reading: "asyncio.Task[None]") -> None:
        self._process = process
        self._lifeline: int | None = lifeline
        self._reading = reading

    @classmethod
    async def start(cls, spec: ChildSpec, on_line: Callable[[str], None]) -> "Child":
        """Run `spec`; `on_line` gets each line of its output, without the newline.

        Raises:
            OSError: no process or pipe can be had.
        """
        guarded, lifeline = os.pipe()
        # A pipe of our own: asyncio's wait() with its own would wait for everyone who still holds the other end.
        output, written = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", _lifeline_script(), str(guarded)),
                *spec.argv,
                env=dict(spec.env),
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=written,
                start_new_session=True,
                pass_fds=(guarded,),
            )
        except BaseException:
            os.close(lifeline)
            os.close(output)
            raise
        finally:
            os.close(guarded)
            os.close(written)
        return cls(process, lifeline, asyncio.create_task(_read_lines(output, on_line), name=f"{spec.name} output"))

    @property
    def pid(self) -> int:
        """The process and its group."""
        return self._process.pid

    async def wait(self) -> int:
        """Return the exit code (negative: the signal) once it has ended and all of its output has been read."""
        code = await self._process.wait()
        self._cut_lifeline()
        await asyncio.wait([self._reading], timeout=_DRAIN_S)
        self._reading.cancel()
        return code

    def terminate(self) -> None:
        """Ask it to end (SIGTERM to the process, not its group: it looks after its own children)."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the whole group at once."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._cut_lifeline()

    def _cut_lifeline(self) -> None:
        if self._lifeline is not None:
            os.close(self._lifeline)
            self._lifeline = None


async def _read_lines(fd: int, on_line: Callable[[str], None]) -> None:
    stream = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(fd, "rb", buffering=0)
    )
    try:
        rest = b""
        while chunk := await stream.read(_READ_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                on_line(_text(line))
            if len(rest) > _LONGEST_LINE_BYTES:
                on_line(_text(rest))
                rest = b""
        if rest:
            on_line(_text(rest))
    finally:
        transport.close()


def _text(line: bytes) -> str:
    return line.rstrip(b"\r").decode(errors="replace")


def _lifeline_script() -> str:
    spec = importlib.util.find_spec("reactor_runtime")  # found, not imported: it would bring numpy
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("reactor_runtime")
    return str(Path(spec.submodule_search_locations[0]) / "lifeline.py")
