"""Processes that a model started in a group or session of their own: they outlive the kill of its process group.

A worker gets a mark in its environment, which all that it starts inherits. Where there is no /proc nothing is found.
"""

import contextlib
import os
import secrets
import signal
from pathlib import Path

NAME = "REACTOR_WORKER_MARK"
_ROUNDS = 5  # a process may fork while it is looked for; one that forks faster than that is let go
_PROC = Path("/proc")


def new_mark() -> dict[str, str]:
    """What a worker's environment gets."""
    return {NAME: secrets.token_hex(16)}


def end_marked(mark: dict[str, str], *, killed_group: int) -> list[int]:
    """Kill every process with that mark; their ids.

    Those of `killed_group` are dying already, and may be seen while they do.

    Raises:
        OSError: this process may open no more files.
    """
    wanted = f"{NAME}={mark[NAME]}".encode()
    ended: list[int] = []
    for _ in range(_ROUNDS):
        found = [pid for pid in _marked(wanted) if pid not in ended and _group(pid) not in (None, killed_group)]
        if not found:
            break
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        ended += found
    return ended


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def _marked(wanted: bytes) -> list[int]:
    found = []
    for entry in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):  # of another user, or gone
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found
