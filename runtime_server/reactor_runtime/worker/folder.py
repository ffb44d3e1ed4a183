"""Whether a model's folder has changed: its files are looked at now and then.

Looked at, not watched by the system: what was saved at any time after a look is found, on every kind of mount.
"""

import os
from collections.abc import Mapping
from pathlib import Path

MAX_FILES = 10_000
"""More than a model's code and settings have; of a data set beside them the rest isn't looked at."""

_PASSED_OVER = frozenset({"__pycache__", "node_modules", "site-packages", "venv"})
_SCRATCH = (".pyc", ".swp", ".swx", "~")  # Python's cache and what editors keep while a file is open

Look = Mapping[str, tuple[int, int, int]]
"""Path of each file -> inode, size, time of the last change."""


def look(folder: Path) -> Look:
    """Note every file of the folder, caches and hidden folders left out; an unreadable folder has none."""
    found: dict[str, tuple[int, int, int]] = {}
    waiting = [os.fspath(folder)]
    while waiting and len(found) < MAX_FILES:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    _note(entry, found, waiting)
        except OSError:
            continue
    return found


def changed_file(before: Look, now: Look) -> str | None:
    """One of the files that are new, gone or different; None when nothing has changed."""
    return min((path for path in before.keys() | now.keys() if before.get(path) != now.get(path)), default=None)


def _note(entry: os.DirEntry[str], found: dict[str, tuple[int, int, int]], folders: list[str]) -> None:
    try:
        if entry.is_dir(follow_symlinks=False):
            if not entry.name.startswith(".") and entry.name not in _PASSED_OVER:
                folders.append(entry.path)
        elif not entry.name.endswith(_SCRATCH) and len(found) < MAX_FILES:
            status = entry.stat()
            found[entry.path] = (status.st_ino, status.st_size, status.st_mtime_ns)
    except OSError:
        return  # gone in this very moment, or a link to nowhere
