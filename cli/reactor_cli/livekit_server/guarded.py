"""Programs that end with this process, SIGKILL included: started through the runtime's lifeline script."""

import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO


class GuardedProcess:
    """A program in a process group of its own, its output on one pipe, which has to be read, or in a file."""

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        pass_fds: Sequence[int] = (),
        *,
        output: IO[bytes] | int = subprocess.PIPE,
    ) -> None:
        reading, lifeline = os.pipe()
        self._lifeline: int | None = lifeline
        try:
            self.popen = subprocess.Popen(
                [sys.executable, "-I", "-S", _lifeline_script(), str(reading), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(reading, *pass_fds),
                start_new_session=True,
                env=environment,
            )
        except BaseException:
            os.close(lifeline)
            raise
        finally:
            os.close(reading)

    @property
    def pid(self) -> int:
        """The program's process id, which is also its group's."""
        return self.popen.pid

    def kill(self) -> None:
        """End the whole group at once; nothing happens the second time."""
        if self._lifeline is None:
            return
        # The guard in the group keeps its number from being given to others until the lifeline is closed.
        with contextlib.suppress(ProcessLookupError, PermissionError):  # the latter: macOS, when only zombies are left
            os.killpg(self.pid, signal.SIGKILL)
        os.close(self._lifeline)
        self._lifeline = None


def _lifeline_script() -> str:
    spec = importlib.util.find_spec("reactor_runtime")  # found, not imported: it would bring numpy
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("reactor_runtime")
    return str(Path(spec.submodule_search_locations[0]) / "lifeline.py")
