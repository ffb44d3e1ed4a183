"""Whether a folder of the cache still has the bytes that were fetched."""

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reactor_runtime.errors import WeightsError
from reactor_runtime.weights.errors import StoppedError
from reactor_runtime.weights.install import recover_if_free
from reactor_runtime.weights.layout import Layout
from reactor_runtime.weights.listing import has_files
from reactor_runtime.weights.record import FolderRecord, RecordedFile, read_record

_CHUNK_BYTES = 1024 * 1024
_THREADS = 4  # hashing and reading take turns on a disk; more readers gain nothing


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file: as it was fetched, with other contents, or gone."""

    path: str
    state: Literal["sound", "changed", "missing"]


@dataclass(frozen=True, slots=True)
class FolderReport:
    """A folder's files, one by one; `recorded` is False for one put there by hand, of which nothing is known."""

    name: str
    path: Path
    recorded: bool
    files: tuple[FileReport, ...]

    @property
    def sound(self) -> bool:
        """Nothing is known to be wrong."""
        return all(file.state == "sound" for file in self.files)


def verify(
    name: str,
    *,
    root: Path | None = None,
    on_bytes: Callable[[int], None] | None = None,
    stop: threading.Event | None = None,
) -> FolderReport:
    """Read and hash every file of the folder called `name`.

    A folder whose bytes are right, but not its times of change (it was copied here), counts as complete again.

    Parameters:
        on_bytes: told of each piece that was read, on several threads.

    Raises:
        UnsafeKeyError: it can't be a folder's name.
        WeightsError: it isn't there.
        StoppedError: `stop` was set.
    """
    layout = Layout.of(name, root)
    recover_if_free(layout)
    record = read_record(layout.record)
    if not layout.folder.is_dir() or not (record or has_files(layout.folder)):
        raise WeightsError(f"the weight folder {name!r} isn't in the cache: there is no {layout.folder} with files.")
    if record is None:
        return FolderReport(name, layout.folder, recorded=False, files=())
    files = _reports(layout.folder, record, on_bytes or (lambda _count: None), stop or threading.Event())
    report = FolderReport(name, layout.folder, recorded=True, files=files)
    if report.sound:
        _renew(layout, record)
    return report


def _hash(path: Path, on_bytes: Callable[[int], None], stop: threading.Event) -> str:
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(_CHUNK_BYTES))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            if stop.is_set():
                raise StoppedError(f"stopped while {path} was checked.")
            digest.update(buffer[:count])
            on_bytes(count)
    return digest.hexdigest()


def _reports(
    folder: Path, record: FolderRecord, on_bytes: Callable[[int], None], stop: threading.Event
) -> tuple[FileReport, ...]:
    def report(file: RecordedFile) -> FileReport:
        try:
            sound = _hash(folder / file.path, on_bytes, stop) == file.sha256
        except FileNotFoundError:
            return FileReport(file.path, "missing")
        except OSError:
            return FileReport(file.path, "changed")
        return FileReport(file.path, "sound" if sound else "changed")

    with ThreadPoolExecutor(_THREADS, thread_name_prefix="verify") as pool:
        return tuple(pool.map(report, record.files))


def _renew(layout: Layout, record: FolderRecord) -> None:
    """Take note of the times of change as they are now."""
    if record.matches(layout.folder):
        return
    with contextlib.suppress(OSError):  # a cache may be read-only
        files = tuple(
            file.model_copy(update={"mtime_ns": os.stat(layout.folder / file.path).st_mtime_ns})  # noqa: PTH116
            for file in record.files
        )
        record.model_copy(update={"files": files}).write(layout.record)
