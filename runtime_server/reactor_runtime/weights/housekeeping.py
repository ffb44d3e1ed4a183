"""Making room in the cache of weight folders; never in the way of a download."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reactor_runtime.errors import WeightsError
from reactor_runtime.weights.install import discard, recover, tidy
from reactor_runtime.weights.layout import Layout, cache_root
from reactor_runtime.weights.listing import CachedFolder, State, described, described_rest, folders
from reactor_runtime.weights.lock import FolderLock

_DAY_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Removed:
    """What was removed, and the room that this made."""

    name: str
    state: State
    size_bytes: int


def remove(name: str, *, root: Path | None = None) -> tuple[Removed, ...]:
    """Remove the folder called `name` and what a download of it left.

    Returns:
        What there was: nothing, the folder, the rest of a download, or both.

    Raises:
        UnsafeKeyError: it can't be a folder's name.
        WeightsError: somebody is downloading it, or the disk refuses.
    """
    return _remove(name, root, lambda _folder: True)


def remove_rest(name: str, *, root: Path | None = None) -> tuple[Removed, ...]:
    """Remove what a download of the folder called `name` left, and not the folder; otherwise as `remove`."""
    return _remove(name, root, lambda folder: folder.state == "partial")


def prune(unused_days: float, *, root: Path | None = None) -> tuple[Removed, ...]:
    """Remove fetched folders that nobody asked for in so many days, and downloads that stopped as long ago.

    Never what is being downloaded now, and never a folder that was put there by hand: it may be the only one.

    Raises:
        WeightsError: the disk refuses.
    """

    def is_stale(folder: CachedFolder) -> bool:
        return folder.state != "by hand" and folder.unused_s >= unused_days * _DAY_S

    removed: list[Removed] = []
    top = root or cache_root()
    for name in sorted({folder.name for folder in folders(root=top) if is_stale(folder) and not folder.busy}):
        with _locked(Layout(top, name)) as is_ours:
            if is_ours:
                removed += _removed(Layout(top, name), is_stale)
    return tuple(removed)


def _remove(name: str, root: Path | None, chosen: Callable[[CachedFolder], bool]) -> tuple[Removed, ...]:
    layout = Layout.of(name, root)
    with _locked(layout) as is_ours:
        if not is_ours:
            raise WeightsError(
                f"the weight folder {name!r} is in use by process {FolderLock(layout).holder()}, "
                "which downloads or checks it. Stop that first."
            )
        return _removed(layout, chosen)


def _removed(layout: Layout, chosen: Callable[[CachedFolder], bool]) -> tuple[Removed, ...]:
    recover(layout)
    removed = []
    folder = described(layout)
    if folder and chosen(folder):
        layout.record.unlink(missing_ok=True)  # first: a folder without one is whole, one without the other is not
        discard(layout, layout.folder)
        removed.append(Removed(folder.name, folder.state, folder.size_bytes))
    rest = described_rest(layout)
    if rest and chosen(rest):
        shutil.rmtree(layout.partial)
        removed.append(Removed(rest.name, rest.state, rest.size_bytes))
    tidy(layout)
    return tuple(removed)


@contextmanager
def _locked(layout: Layout) -> Iterator[bool]:
    """Hold the folder's lock if it is free; yields whether it was."""
    lock = FolderLock(layout)
    try:
        yield lock.acquire()
    except OSError as error:
        raise WeightsError(f"{error.filename or layout.root}: {error.strerror}. Look at that disk.") from None
    finally:
        lock.release()
