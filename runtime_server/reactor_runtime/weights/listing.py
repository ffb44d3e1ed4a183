"""What is in the cache of weight folders."""

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reactor_runtime.weights.errors import UnsafeKeyError
from reactor_runtime.weights.install import trees
from reactor_runtime.weights.layout import PARTIALS, Layout, cache_root
from reactor_runtime.weights.lock import FolderLock
from reactor_runtime.weights.names import check_folder_name
from reactor_runtime.weights.record import FolderRecord, read_record

State = Literal["complete", "by hand", "changed", "partial"]


@dataclass(frozen=True, slots=True)
class CachedFolder:
    """A weight folder of this machine.

    Parameters:
        state: "complete": fetched and as it was then; "by hand": put there by other means, so taken for complete, but
            with nothing to check it against; "changed": a fetched folder of which files are missing or were written to;
            "partial": the rest of a download that hasn't ended.
        files: how many.
        size_bytes: of a partial folder the room that it takes.
        unused_s: since it was last asked for (by hand: since the folder changed; partial: since it was worked on).
        busy: somebody is downloading, checking or removing it right now.
    """

    name: str
    path: Path
    state: State
    files: int
    size_bytes: int
    unused_s: float
    busy: bool


def folders(*, root: Path | None = None) -> tuple[CachedFolder, ...]:
    """Everything in the cache, by name. A folder that is being replaced comes twice: as it is, and "partial"."""
    top = root or cache_root()
    found = [described(Layout(top, name)) for name in _names(top)]
    found += [described_rest(Layout(top, name)) for name in _names(top / PARTIALS)]
    return tuple(sorted((folder for folder in found if folder), key=lambda folder: (folder.name, folder.state)))


def described(layout: Layout) -> CachedFolder | None:
    """The folder; None if it isn't there."""
    record = read_record(layout.record)
    try:
        used_s = (layout.record if record else layout.folder).stat().st_mtime
        sizes = [status.st_size for status in _statuses(layout.folder)]
    except OSError:  # it goes while it is looked at
        return None
    return CachedFolder(
        name=layout.name,
        path=layout.folder,
        state=_state(layout, record),
        files=len(sizes),
        size_bytes=sum(sizes),
        unused_s=max(0.0, time.time() - used_s),
        busy=FolderLock(layout).is_held(),
    )


def described_rest(layout: Layout) -> CachedFolder | None:
    """What a download of the folder left; None without any."""
    statuses = [status for tree in trees(layout) for status in _statuses(tree)]
    if not statuses:
        return None
    return CachedFolder(
        name=layout.name,
        path=layout.partial,
        state="partial",
        files=len(statuses),
        size_bytes=sum(status.st_blocks * 512 for status in statuses),  # the files have holes
        unused_s=max(0.0, time.time() - max(status.st_mtime for status in statuses)),
        busy=FolderLock(layout).is_held(),
    )


def has_files(folder: Path) -> bool:
    """Whether there is at least one file in it."""
    return any(names for _, _, names in os.walk(folder))


def _state(layout: Layout, record: FolderRecord | None) -> State:
    if record is None:
        return "by hand"
    return "complete" if record.matches(layout.folder) else "changed"


def _statuses(folder: Path) -> list[os.stat_result]:
    found = []
    for top, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                found.append((Path(top) / name).stat())
    return found


def _names(folder: Path) -> list[str]:
    """The weight folders in `folder`; what has no such name is somebody else's."""
    names = []
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        for entry in folder.iterdir():
            with contextlib.suppress(UnsafeKeyError):
                check_folder_name(entry.name)
                if entry.is_dir():
                    names.append(entry.name)
    return names
