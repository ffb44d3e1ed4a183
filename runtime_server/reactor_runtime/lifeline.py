"""A process that must not outlive its parent, whatever ends either of them.

The parent keeps the write end of a pipe. The child, first in a process group of its own, leaves a guard in that group:
a process that only reads the other end. When the parent is gone (SIGKILL included) the read ends, and the guard kills
the group: the child, all that it forked, and itself. Unlike PR_SET_PDEATHSIG this works on every POSIX system, doesn't
depend on the thread that spawned, survives `exec`, and takes grandchildren along.

    python -I -S lifeline.py FD program args…      # the same for a program that isn't Python
"""

import os
import signal
import sys


def attach(fd: int) -> None:
    """Leave a guard behind that kills this process group when `fd`, a pipe's read end, reaches its end.

    Call it before any thread is started. `fd` is closed in the calling process.
    """
    ready, told = os.pipe()
    middle = os.fork()
    if middle == 0:
        # The guard is a grandchild, so that the program never meets a child it didn't start.
        if os.fork() == 0:
            os.close(ready)
            _guard(fd, told)
        os._exit(0)
    os.close(told)
    os.waitpid(middle, 0)
    os.read(ready, 1)
    os.close(ready)
    os.close(fd)


def _guard(fd: int, told: int) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    _keep_only(fd, told)
    os.write(told, b"1")
    os.close(told)
    while True:
        try:
            if not os.read(fd, 1):
                break
        except OSError:
            break
    os.killpg(0, signal.SIGKILL)


def _keep_only(*keep: int) -> None:
    """Close everything else: an inherited pipe held open here would hide its end from others."""
    low = 0
    for fd in sorted(keep):
        os.closerange(low, fd)
        low = fd + 1
    os.closerange(low, os.sysconf("SC_OPEN_MAX"))


if __name__ == "__main__":
    attach(int(sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - no shell is wanted
