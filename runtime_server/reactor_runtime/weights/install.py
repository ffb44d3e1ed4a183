"""A finished tree becomes the weight folder: by one rename, in a way that a crash at any moment leaves to be finished.

1. `tree/record.json` is stored: from here on whoever has the lock finishes what follows
2. `<root>/<Folder>` -> `tree/old`, if there is one to replace
3. `tree/files` -> `<root>/<Folder>`: visible, complete
4. `tree/record.json` -> `<root>/.reactor/<Folder>.json`
5. the tree is removed
"""

import contextlib
import errno
import os
import secrets
import shutil
from pathlib import Path

from reactor_runtime.weights.layout import Layout
from reactor_runtime.weights.lock import FolderLock
from reactor_runtime.weights.record import FolderRecord, read_record

FILES = "files"
_RECORD = "record.json"
_OLD = "old"
_TREE = "tree-"
_TRASH = "trash-"
_TRIES = 10  # as many others would have to come in between, each within microseconds


def new_tree(layout: Layout) -> Path:
    """The path of a tree that nobody else has; not made yet."""
    return layout.partial / f"{_TREE}{secrets.token_hex(8)}"


def trees(layout: Layout) -> list[Path]:
    """The trees that there are, the one that was worked on last at the end."""
    found = []
    for tree in layout.partial.glob(f"{_TREE}*"):
        with contextlib.suppress(FileNotFoundError):
            found.append((tree.stat().st_mtime_ns, tree))
    return [tree for _, tree in sorted(found)]


def install(layout: Layout, tree: Path, record: FolderRecord) -> None:
    """Make the tree's files the folder, in place of the one that may be there. Needs the folder's lock.

    Raises:
        FileNotFoundError: somebody else has taken the tree.
        OSError: the file system refuses.
    """
    record.write(tree / _RECORD)
    _finish(layout, tree)


def recover(layout: Layout) -> None:
    """Finish what a crash interrupted. Needs the folder's lock.

    A folder that somebody put there by hand in the meantime stays.
    """
    for tree in trees(layout):
        if _may_go_on(tree):
            continue
        record = read_record(tree / _RECORD)
        if record and _is_to_be_finished(layout, tree, record):
            _finish(layout, tree)
        elif (tree / FILES).exists():  # not what was recorded, so not to be shown; whoever fetches may go on with it
            (tree / _RECORD).unlink()
            _put_back(layout, tree)
        else:
            discard(layout, tree)


def recover_if_free(layout: Layout) -> None:
    """`recover`, unless there is nothing to do, somebody is at it, or the cache is read-only."""
    there = trees(layout)
    if there and all(_may_go_on(tree) for tree in there):
        return
    lock = FolderLock(layout)
    with contextlib.suppress(OSError):
        if lock.acquire():
            try:
                recover(layout)
                tidy(layout)
            finally:
                lock.release()


def discard(layout: Layout, path: Path) -> None:
    """Remove a folder or a tree: gone at once, by one rename, then file by file. Nothing happens if it isn't there."""
    layout.partial.mkdir(parents=True, exist_ok=True)
    trash = layout.partial / f"{_TRASH}{secrets.token_hex(8)}"
    with contextlib.suppress(FileNotFoundError):
        path.rename(trash)
        if trash.is_symlink():
            trash.unlink()
        else:
            shutil.rmtree(trash)


def tidy(layout: Layout) -> None:
    """Remove what is left beside the trees, if there is none to go on with. Needs the folder's lock."""
    if not trees(layout):
        shutil.rmtree(layout.partial, ignore_errors=True)


def sync_folders(top: Path) -> None:
    """Make the names of all files below `top`, and of `top` itself, survive a power cut."""
    _sync(top.parent)
    for folder, _, _ in os.walk(top):
        _sync(Path(folder))


def _may_go_on(tree: Path) -> bool:
    """It is a download that hasn't come to its installation."""
    return (tree / FILES).is_dir() and not (tree / _RECORD).exists()


def _is_to_be_finished(layout: Layout, tree: Path, record: FolderRecord) -> bool:
    if not (tree / FILES).exists():
        return record.matches(layout.folder)
    replaced = (tree / _OLD).exists()
    by_hand = layout.folder.exists() and (replaced or not layout.record.exists())
    return record.matches(tree / FILES) and not by_hand


def _put_back(layout: Layout, tree: Path) -> None:
    if (tree / _OLD).exists() and not layout.folder.exists():
        (tree / _OLD).rename(layout.folder)


def _finish(layout: Layout, tree: Path) -> None:
    if (tree / FILES).exists():
        with contextlib.suppress(FileNotFoundError):
            layout.folder.rename(tree / _OLD)
        _show(layout, tree)
    layout.record.parent.mkdir(parents=True, exist_ok=True)
    (tree / _RECORD).rename(layout.record)
    _sync(layout.root)
    _sync(layout.record.parent)
    discard(layout, tree)


def _show(layout: Layout, tree: Path) -> None:
    """Rename the files to the folder; replace what somebody else showed in between, where locks only pretend."""
    for tries_left in reversed(range(_TRIES)):
        try:
            (tree / FILES).rename(layout.folder)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST} or not tries_left:
                raise
            discard(layout, layout.folder)
        else:
            return


def _sync(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
