"""What the ways to get a server program share: reporting, cancelling, one at a time."""

import fcntl
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from reactor_cli.livekit_server.binary import cached_path
from reactor_cli.livekit_server.settings import OnStatus, Stage, Status

PARTIAL = ".partial-"
"""How the folders begin in which a program is being made, beside its final place."""

_LOCK_POLL_S = 0.2
_LOCK_TIMEOUT_S = 1200.0  # longer than the longest build


class CancelledFetchError(Exception):
    """The caller doesn't want the program any more."""


class UnavailableError(Exception):
    """This way doesn't lead to a server here; the text says why, in one line."""


@dataclass(frozen=True, slots=True)
class Job:
    """One search for a server program.

    `report` may be called in any thread. `cancelled` is set by the caller; whatever waits looks at it.
    """

    cache_dir: Path
    report: OnStatus
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def target(self) -> Path:
        """Where a fetched program belongs."""
        return cached_path(self.cache_dir)

    def say(self, stage: Stage, message: str, progress: float | None = None) -> None:
        """Report one line."""
        self.report(Status(stage, message, progress))

    def check(self) -> None:
        """Raise CancelledFetchError when the caller has gone."""
        if self.cancelled.is_set():
            raise CancelledFetchError

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the cache's lock: of several starters one fetches and the others find its result.

        The lock is the kernel's, so it ends with its holder.
        """
        self.target.parent.mkdir(parents=True, exist_ok=True)
        fd = os.open(self.target.parent / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._wait_for(lambda: _locked(fd))
            for left in self.target.parent.glob(f"{PARTIAL}*"):  # by one that was killed
                shutil.rmtree(left, ignore_errors=True)
            yield
        finally:
            os.close(fd)

    def _wait_for(self, locked: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _LOCK_TIMEOUT_S
        told = False
        while not locked():
            if not told:
                self.say("looking", "another process is fetching the LiveKit server: waiting for it")
                told = True
            if time.monotonic() > deadline:
                raise UnavailableError(f"another process has held {self.target.parent / '.lock'} for 20 minutes")
            self.check()
            self.cancelled.wait(_LOCK_POLL_S)


def is_idle(folder: Path) -> bool:
    """Whether nobody is fetching a program into `folder`."""
    try:
        fd = os.open(folder / ".lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return True
    try:
        return _locked(fd)
    finally:
        os.close(fd)


def _locked(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
