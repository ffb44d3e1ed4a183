"""Named blocks of shared memory: whoever makes one and dies leaves it for ever."""

import time
from pathlib import Path

from support.limits import PATIENCE_S

_FOLDER = Path("/dev/shm")


def blocks() -> frozenset[str]:
    """The names of all there are; folders in there are somebody's files."""
    if not _FOLDER.is_dir():
        return frozenset()
    return frozenset(path.name for path in _FOLDER.iterdir() if not path.is_dir())


def until_none_more(before: frozenset[str]) -> None:
    """Wait until there are no more than `before`: other programs of the machine have theirs for a while."""
    deadline_s = time.monotonic() + PATIENCE_S
    while more := blocks() - before:
        assert time.monotonic() < deadline_s, f"left in {_FOLDER}: {sorted(more)}"
        time.sleep(0.1)
