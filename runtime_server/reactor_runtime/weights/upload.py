"""From a folder on this machine to a weight folder of a registry; nothing is sent that is there already."""

import contextlib
import os
import threading
import time
from collections.abc import Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from reactor_runtime.weights.download.meter import Meter
from reactor_runtime.weights.errors import CorruptFolderError, RegistryError, StoppedError
from reactor_runtime.weights.index import (
    INDEX_PATH,
    FolderIndex,
    IndexedFile,
    indexed_file,
    load_index,
    local_files,
)
from reactor_runtime.weights.names import check_folder_name
from reactor_runtime.weights.progress import FetchProgress, FileProgress, ProgressListener
from reactor_runtime.weights.store import ObjectInfo, ObjectStore

_WORKERS = 10
_REPORT_S = 0.1


@dataclass(frozen=True, slots=True)
class UploadSummary:
    """What there is in the registry now, and how much of it had to be sent.

    Parameters:
        found_bytes: of the files that were sent, what an interrupted upload had sent already.
    """

    folder: str
    files: int
    total_bytes: int
    sent_files: int
    sent_bytes: int
    found_bytes: int = 0


def upload_folder(
    store: ObjectStore,
    folder: Path,
    name: str,
    *,
    on_progress: ProgressListener | None = None,
    stop: threading.Event | None = None,
) -> UploadSummary:
    """Make the weight folder `name` of a registry what `folder` is.

    Files with the same contents stay as they are, so an upload that was interrupted goes on where it was; in the middle
    of a large file where the registry is a bucket. The index is written last: it never names a file that isn't there.
    Files of the registry's folder that `folder` doesn't have are left alone; the index doesn't name them, so nobody
    downloads them.

    Parameters:
        on_progress: called on this thread, about ten times a second, and once at the end. What it raises ends the
            upload.
        stop: when it is set, the upload ends with StoppedError.

    Raises:
        FolderMissingError, UnsafeKeyError: `folder` isn't there, is empty, or has files that can't be weights.
        CorruptFolderError: something changed the folder, here or in the registry, while it was uploaded.
        StoppedError: `stop` was set.
        RegistryError: the registry, as for `ObjectStore`.
    """
    check_folder_name(name)
    upload = _Upload(store, folder, name)
    files = upload.run(on_progress or (lambda _progress: None), stop or threading.Event())
    upload.verify(files)
    upload.write_index(FolderIndex(files=tuple(files)))
    with contextlib.suppress(RegistryError):  # all is there; another time will do
        store.tidy(name)
    return upload.summary()


class _Upload:
    """One upload. The worker threads count under `_lock`; the caller's thread waits, reports and decides."""

    def __init__(self, store: ObjectStore, folder: Path, name: str) -> None:
        self._store = store
        self._folder = folder
        self._name = name
        self._sizes = {path: (folder / path).stat().st_size for path in local_files(folder)}
        self._there = {info.key: info for info in store.list(f"{name}/")}
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._hashing = threading.Semaphore(os.cpu_count() or 1)  # each takes 16 MiB and two threads
        self._sending: dict[str, int] = {}
        self._done_bytes = self._done_files = self._sent_bytes = self._sent_files = self._found_bytes = 0
        self._meter = Meter()

    def run(self, on_progress: ProgressListener, stop: threading.Event) -> list[IndexedFile]:
        """Hash and send; the files in the order of their paths."""
        with ThreadPoolExecutor(_WORKERS, "upload") as pool:
            work = [pool.submit(self._bring, path) for path in self._sizes]
            try:
                left: Iterable[Future[IndexedFile]] = work
                while left:
                    done, left = wait(left, _REPORT_S, FIRST_EXCEPTION)
                    for each in done:
                        each.result()
                    if stop.is_set():
                        raise StoppedError(f"the upload of {self._name} was stopped. Run it again to go on.")
                    on_progress(self._progress())
            finally:
                self._ended.set()
                pool.shutdown(wait=False, cancel_futures=True)
        return [each.result() for each in work]

    def verify(self, files: list[IndexedFile]) -> None:
        """See that the registry lists what was sent."""
        there = {info.key: info.size_bytes for info in self._store.list(f"{self._name}/")}
        for file in files:
            found = there.get(f"{self._name}/{file.path}")
            if found != file.size_bytes:
                raise CorruptFolderError(
                    f"{self._name}/{file.path} in {self._store.location} has {found} bytes and not {file.size_bytes}: "
                    "somebody else changes that folder. Run the upload again."
                )

    def write_index(self, index: FolderIndex) -> None:
        """Tell readers, unless they know."""
        try:
            if load_index(self._store, self._name) == index:
                return
        except CorruptFolderError:
            pass
        self._store.put(f"{self._name}/{INDEX_PATH}", index.to_json())

    def summary(self) -> UploadSummary:
        """What came of it."""
        return UploadSummary(
            folder=self._name,
            files=len(self._sizes),
            total_bytes=sum(self._sizes.values()),
            sent_files=self._sent_files,
            sent_bytes=self._sent_bytes,
            found_bytes=self._found_bytes,
        )

    def _bring(self, path: str) -> IndexedFile:
        """Have one file in the registry."""
        source, key = self._folder / path, f"{self._name}/{path}"
        before = _identity(source)
        with self._hashing:
            self._check()
            file = indexed_file(self._folder, path, lambda _count: self._check())
        if not self._holds(self._there.get(key), source, file):
            self._send(source, key, file)
        if _identity(source) != before:
            raise CorruptFolderError(f"{source} was changed while it was uploaded. Run the upload again.")
        with self._lock:
            self._done_files += 1
            self._done_bytes += file.size_bytes
            self._sending.pop(path, None)
        return file

    def _holds(self, info: ObjectInfo | None, source: Path, file: IndexedFile) -> bool:
        return info is not None and info.size_bytes == file.size_bytes and self._store.holds(info, source, file.sha256)

    def _send(self, source: Path, key: str, file: IndexedFile) -> None:
        with self._lock:
            self._sending[file.path] = 0

        def count(sent_bytes: int) -> None:
            self._check()
            with self._lock:
                self._sending[file.path] += sent_bytes

        found = 0

        def count_found(found_bytes: int) -> None:
            nonlocal found
            count(found_bytes)
            with self._lock:
                found += found_bytes

        self._store.put(key, source, sha256=file.sha256, on_bytes=count, on_found=count_found)
        with self._lock:
            self._sent_files += 1
            self._sent_bytes += file.size_bytes - found
            self._found_bytes += found

    def _check(self) -> None:
        if self._ended.is_set():
            raise StoppedError(f"the upload of {self._name} has ended.")

    def _progress(self) -> FetchProgress:
        with self._lock:
            sending = tuple(FileProgress(path, self._sizes[path], sent) for path, sent in self._sending.items())
            done_bytes, done_files = self._done_bytes, self._done_files
        done_bytes += sum(file.done_bytes for file in sending)
        total_bytes = sum(self._sizes.values())
        speed = self._meter.speed_bytes_s(time.monotonic(), done_bytes)
        eta_s = max(0.0, total_bytes - done_bytes) / speed if speed else None
        return FetchProgress(
            self._name, done_files, len(self._sizes), done_bytes, total_bytes, speed, eta_s, current=sending
        )


def _identity(file: Path) -> tuple[int, int, int]:
    try:
        status = file.stat()
    except OSError as error:
        raise RegistryError(f"{file} can't be read: {error.strerror}.") from None
    return status.st_mtime_ns, status.st_size, status.st_ino
