"""The cache of weight folders on this machine. Nothing here uses the network.

What is in it (`folders`), whether a folder is all there (`complete`, at once) and sound (`verify`, reads it), and
making room (`remove`, `prune`).
"""

import contextlib
import os
from pathlib import Path

from reactor_runtime.weights.housekeeping import Removed, prune, remove, remove_rest
from reactor_runtime.weights.install import recover_if_free
from reactor_runtime.weights.layout import Layout, cache_root
from reactor_runtime.weights.listing import CachedFolder, folders, has_files
from reactor_runtime.weights.record import read_record
from reactor_runtime.weights.verify import FileReport, FolderReport, verify

__all__ = [
    "CachedFolder",
    "FileReport",
    "FolderReport",
    "Removed",
    "cache_root",
    "complete",
    "folders",
    "prune",
    "remove",
    "remove_rest",
    "verify",
]


def complete(name: str, *, root: Path | None = None) -> Path | None:
    """The folder called `name` if all of it is here. Looks at sizes and times of change; `verify` looks at the bytes.

    A folder that was put there by hand is taken for complete as soon as there is a file in it.

    Raises:
        UnsafeKeyError: it can't be a folder's name.
    """
    layout = Layout.of(name, root)
    if layout.partial.is_dir():
        recover_if_free(layout)
    return _complete(layout)


def _complete(layout: Layout) -> Path | None:
    record = read_record(layout.record)
    if record is None:
        return layout.folder if has_files(layout.folder) else None
    if not record.matches(layout.folder):
        return None
    with contextlib.suppress(OSError):  # remember that it was used; a cache may be read-only
        os.utime(layout.record)
    return layout.folder
