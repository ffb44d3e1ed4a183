"""What there is to fetch: the registry's listing of a folder, and what the folder's index says of it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from reactor_runtime.weights.errors import CorruptFolderError, FolderMissingError
from reactor_runtime.weights.hashes import PART_BYTES, parts_of
from reactor_runtime.weights.index import IndexedFile, load_index
from reactor_runtime.weights.names import RESERVED, safe_paths
from reactor_runtime.weights.store import ObjectInfo, ObjectStore


@dataclass(frozen=True)
class PlannedFile:
    """One file to fetch.

    Parameters:
        path: relative to the folder, safe.
        key: in the registry.
        indexed: what the index says of it; None for a file that came there without one.
        source: where it is from, for files without an index: the same ETag elsewhere may be another file.
    """

    path: str
    key: str
    size_bytes: int
    etag: str
    indexed: IndexedFile | None
    source: str

    @cached_property
    def identity(self) -> str:
        """The same for two plans only if the file is the same: then its parts needn't come again."""
        told = repr(self.indexed.parts if self.indexed else (self.source, self.etag))
        return hashlib.sha256(f"{self.path}\n{self.size_bytes}\n{told}".encode()).hexdigest()

    @property
    def parts(self) -> int:
        """How many; none if it is empty."""
        return parts_of(self.size_bytes)

    def span(self, part: int) -> tuple[int, int]:
        """Where a part begins, and where it ends (not included)."""
        return part * PART_BYTES, min((part + 1) * PART_BYTES, self.size_bytes)

    def expected(self, part: int) -> str | None:
        """The SHA-256 that a part must have, in hexadecimal; None if nobody knows."""
        return self.indexed.parts[part] if self.indexed else None


@dataclass(frozen=True, slots=True)
class Plan:
    """All files of a folder, large ones first: the end of a download should not wait for one long file."""

    folder: str
    location: str
    files: tuple[PlannedFile, ...]

    @property
    def total_bytes(self) -> int:
        """Of all files together."""
        return sum(file.size_bytes for file in self.files)


def make_plan(store: ObjectStore, folder: str, heard: Callable[[], None]) -> Plan:
    """Ask the registry; lists nothing but this folder, and calls `heard` when that is done.

    Where there is an index, what it doesn't name isn't part of the folder: the rest of an earlier upload.

    Raises:
        FolderMissingError: there is no file in it.
        UnsafeKeyError: a key that can't be a file here.
        CorruptFolderError: index and files don't go together.
        RegistryError: the registry didn't answer.
    """
    prefix = f"{folder}/"
    infos = {info.key.removeprefix(prefix): info for info in store.list(prefix)}
    heard()
    # Only where the listing shows one: a folder without an index costs no second question.
    index = load_index(store, folder) if any(key.startswith(f"{RESERVED}/") for key in infos) else None
    indexed = {file.path: file for file in index.files} if index else {}
    for file in indexed.values():
        _check(file, infos.get(file.path), f"{prefix}{file.path} in {store.location}")
    paths = safe_paths(indexed if index else infos)
    if not paths:
        raise FolderMissingError(
            f"there is no weight folder {folder!r} in {store.location}. Compare the name in manifest.json with those "
            "in the registry, or upload it: reactor upload --weights DIR."
        )
    files = [
        PlannedFile(str(path), infos[key].key, infos[key].size_bytes, infos[key].etag, indexed.get(key), store.location)
        for key, path in paths.items()
    ]
    files.sort(key=lambda file: (-file.size_bytes, file.path))
    return Plan(folder, store.location, tuple(files))


def _check(file: IndexedFile, info: ObjectInfo | None, where: str) -> None:
    found = "isn't there" if info is None else f"has {info.size_bytes} bytes"
    if info is None or info.size_bytes != file.size_bytes:
        raise CorruptFolderError(
            f"{where} {found}, but the folder's index says {file.size_bytes} bytes. It was changed without "
            "`reactor upload`, or an upload is under way: wait for it, or upload the folder again."
        )
