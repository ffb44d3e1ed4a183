"""A registry in this process: fast, counted, and as faulty as a test wants it."""

import hashlib
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reactor_runtime.weights import hashes
from reactor_runtime.weights.download import plan, transfer
from reactor_runtime.weights.errors import ObjectChangedError, ObjectExistsError, ObjectMissingError
from reactor_runtime.weights.hashes import PART_BYTES
from reactor_runtime.weights.index import INDEX_PATH, FolderIndex, IndexedFile
from reactor_runtime.weights.store import CHUNK_BYTES, ObjectInfo

Fault = Callable[[str, int, bytes], bytes]
"""Is given the key, the offset and the true bytes of a piece; returns what arrives, or raises."""

_BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class MemoryStore:
    """An ObjectStore whose objects are in memory; ETags are MD5s, as those of S3 mostly are."""

    objects: dict[str, bytes] = field(default_factory=dict)
    fault: Fault | None = None
    chunk_bytes: int = CHUNK_BYTES
    questions: int = 0
    sent_bytes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    location: str = "memory://registry"

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        self._asked()
        for key in sorted(key for key in self.objects if key.startswith(prefix)):
            yield self._info(key)

    def head(self, key: str) -> ObjectInfo:
        self._asked()
        if key not in self.objects:
            raise ObjectMissingError(f"there is no {key} in {self.location}.")
        return self._info(key)

    def read_range(self, key: str, start: int, end: int, *, etag: str | None = None) -> Iterator[bytes]:
        if self.head(key).etag != (etag or self._info(key).etag):
            raise ObjectChangedError(f"{key} has been replaced.")
        contents = self.objects[key]
        for offset in range(start, end, self.chunk_bytes):
            data = contents[offset : min(end, offset + self.chunk_bytes)]
            if self.fault:
                data = self.fault(key, offset, data)
            with self.lock:
                self.sent_bytes += len(data)
            yield data

    def put(
        self,
        key: str,
        source: Path | bytes,
        *,
        sha256: str | None = None,
        on_bytes: Callable[[int], None] | None = None,
        on_found: Callable[[int], None] | None = None,
    ) -> None:
        self.objects[key] = source if isinstance(source, bytes) else source.read_bytes()

    def put_new(self, key: str, data: bytes) -> None:
        if self.objects.setdefault(key, data) is not data:
            raise ObjectExistsError(f"{key} in {self.location} is there already.")

    def holds(self, info: ObjectInfo, source: Path, sha256: str) -> bool:
        return hashlib.sha256(self.objects[info.key]).hexdigest() == sha256

    def tidy(self, folder: str) -> None:
        pass

    def close(self) -> None:
        pass

    def _asked(self) -> None:
        with self.lock:
            self.questions += 1

    def _info(self, key: str) -> ObjectInfo:
        contents = self.objects[key]
        etag = hashlib.md5(contents, usedforsecurity=False).hexdigest()
        return ObjectInfo(key, len(contents), etag, _BEGINNING)


def folder_store(folder: str, files: dict[str, bytes], *, indexed: bool) -> MemoryStore:
    """A registry with one folder, as `reactor upload` leaves it or (not `indexed`) as other programs do."""
    store = MemoryStore({f"{folder}/{path}": contents for path, contents in files.items()})
    if indexed:
        index = FolderIndex(files=tuple(_indexed(path, contents) for path, contents in sorted(files.items())))
        store.objects[f"{folder}/{INDEX_PATH}"] = index.to_json()
    return store


def _indexed(path: str, contents: bytes) -> IndexedFile:
    parts = [contents[start : start + PART_BYTES] for start in range(0, len(contents), PART_BYTES)]
    return IndexedFile(
        path=path,
        size_bytes=len(contents),
        sha256=hashlib.sha256(contents).hexdigest(),
        parts=tuple(hashlib.sha256(part).hexdigest() for part in parts),
    )


def contents_of(folder: Path) -> dict[str, bytes]:
    """All files of a folder, by their paths."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


def use_small_parts(patch: pytest.MonkeyPatch, size_bytes: int) -> None:
    """Make parts so small that a few hundred kilobytes are a large file; before an index is made."""
    for module in (hashes, plan, transfer, sys.modules[__name__]):
        patch.setattr(module, "PART_BYTES", size_bytes)
