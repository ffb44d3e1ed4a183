"""Folders that must be there and writable, with room; and file descriptors."""

import errno
import os
import resource
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from reactor_cli.doctor.finding import Finding, Fix, ok
from reactor_cli.doctor.surroundings import Surroundings

_MIB = 1024 * 1024
_CACHE_BYTES = 200 * _MIB  # the LiveKit server while it is unpacked (80 MB), ten stacks' logs
_WEIGHTS_BYTES = 1024 * _MIB  # the size of small models; what a download needs, it checks itself
_OTHER_USE_BYTES = 64 * _MIB
_FEWEST_DESCRIPTORS = 128  # the coordinator keeps 48 for itself, the runtime server uses about 60
_ENOUGH_DESCRIPTORS = 1024


def check_disk(around: Surroundings) -> Iterator[Finding]:
    """The caches and the folder for temporary files."""
    yield _folder(around.cache, "cache", _CACHE_BYTES, "REACTOR_CACHE_DIR")
    yield _folder(around.weights, "weights", _WEIGHTS_BYTES, "REACTOR_REGISTRY_CACHE")
    yield _folder(Path(tempfile.gettempdir()), "temporary files", _OTHER_USE_BYTES, "TMPDIR")


def check_limits(_around: Surroundings) -> Iterator[Finding]:
    """How many files and sockets a process may have open; the soft limit is raised at the start, so the hard counts."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard >= _ENOUGH_DESCRIPTORS:
        yield ok(f"{'any number of' if hard == resource.RLIM_INFINITY else hard} open files allowed")
        return
    yield Finding(
        "error" if hard < _FEWEST_DESCRIPTORS else "warning",
        f"only {hard} open files are allowed: few clients can connect at once",
        "Raise the limit: `ulimit -n 4096`, LimitNOFILE= of a systemd service, `--ulimit nofile=4096` of a container.",
    )


def _folder(folder: Path, use: str, needed_bytes: int, variable: str) -> Finding:
    elsewhere = f"or name another folder: {variable}"
    if not folder.exists():
        return _absent(folder, use, variable)
    try:
        _try_to_write(folder)
    except OSError as error:
        what = f"{folder} ({use}) can't be written: {error.strerror}"
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return Finding("error", what, f"Make room there, {elsewhere}", folder)
        return Finding("error", what, f"Allow this user to write there, {elsewhere}", folder)
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes:
        what = f"{folder} ({use}) has {size(free_bytes)} left; {size(needed_bytes)} are wanted"
        return Finding("warning", what, f"Make room there, {elsewhere}", folder)
    return ok(f"{folder} ({use}): {size(free_bytes)} free")


def _absent(folder: Path, use: str, variable: str) -> Finding:
    above = next(parent for parent in folder.parents if parent.exists())
    try:
        _try_to_write(above)
    except OSError as error:
        what = f"{folder} ({use}) isn't there and can't be made: {above}: {error.strerror}"
        return Finding("error", what, f"Allow this user to write there, or name another folder: {variable}", folder)
    fix = Fix(f"make {folder}", lambda _say: folder.mkdir(parents=True, exist_ok=True))
    return Finding("info", f"{folder} ({use}) isn't there yet; it is made when it is needed", file=folder, fix=fix)


def _try_to_write(folder: Path) -> None:
    """Write and sync a block: permission bits tell nothing about full disks, read-only mounts and quotas."""
    with tempfile.TemporaryFile(dir=folder, prefix=".doctor-") as file:
        file.write(bytes(4096))
        file.flush()
        os.fsync(file.fileno())


def size(count_bytes: int) -> str:
    """Return bytes in words: "12 MB", "3.4 GB"."""
    if count_bytes < 1e9:
        return f"{count_bytes / 1e6:.0f} MB"
    return f"{count_bytes / 1e9:.1f} GB" if count_bytes < 1e11 else f"{count_bytes / 1e9:.0f} GB"
