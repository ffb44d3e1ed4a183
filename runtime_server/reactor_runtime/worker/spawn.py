"""A worker's process as it is started; imports nothing heavy, so that it can begin before its parent is up."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reactor_runtime.worker import leftovers

WORKER_COMMAND = (sys.executable, "-P", "-m", "reactor_runtime.worker")

_SECRETS = ("REACTOR_RUNTIME_KEY", "REACTOR_RUNTIME_KEY_FILE", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")
_OURS = ("REACTOR_LIFELINE_FD",)


@dataclass(frozen=True, slots=True)
class Spawned:
    """A process that ends with its lifeline."""

    process: "subprocess.Popen[bytes]"
    channel: socket.socket
    """Our end of its control channel."""
    lifeline: int
    """Write end; its closing ends the process and its group."""
    mark: dict[str, str]
    """Of all that it starts: see `leftovers`."""
    at_s: float
    """When, as `time.monotonic()`."""

    def discard(self) -> None:
        """Have nothing to do with it after all; to be called before anybody else looks after it."""
        self.process.kill()
        os.close(self.lifeline)
        self.channel.close()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        self.process.wait()


def worker_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return our environment for a model's process: without secrets, with `extra`."""
    return {name: value for name, value in os.environ.items() if name not in _SECRETS + _OURS} | dict(extra)


def spawn(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Spawned:
    """Start a worker.

    Args:
        command: the program; the channel's descriptor, the lifeline's and `folder` are appended.
        folder: the model's folder.
        environment: of the process.

    Raises:
        OSError: the process can't be started.
    """
    at_s, mark = time.monotonic(), leftovers.new_mark()
    ours, theirs = socket.socketpair()
    lifeline, kept = os.pipe()
    try:
        process = subprocess.Popen(
            [*command, str(theirs.fileno()), str(lifeline), str(folder)],
            pass_fds=(theirs.fileno(), lifeline),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=dict(environment) | mark,
        )
    except OSError:
        ours.close()
        os.close(kept)
        raise
    finally:
        theirs.close()
        os.close(lifeline)
    return Spawned(process, ours, kept, mark, at_s)
