"""The index of a weight folder: `<Folder>/.reactor/index.json`, which says what each file must be."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from reactor_runtime.weights.directory import DirectoryStore
from reactor_runtime.weights.errors import (
    CorruptFolderError,
    FolderMissingError,
    ObjectChangedError,
    ObjectMissingError,
    RegistryError,
    UnsafeKeyError,
)
from reactor_runtime.weights.hashes import PART_BYTES, hash_file, parts_of
from reactor_runtime.weights.names import RESERVED, check_folder_name, safe_paths
from reactor_runtime.weights.store import ObjectStore

__all__ = ["INDEX_PATH", "PART_BYTES", "FolderIndex", "IndexedFile", "index_of", "load_index", "local_files"]

INDEX_PATH = f"{RESERVED}/index.json"
"""Relative to the weight folder."""

_LARGEST_INDEX_BYTES = 64 * 1024 * 1024  # some 7 TiB of weights, or 400,000 files
_TRIES = 3  # an index that is replaced while it is read is there again at once

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class IndexedFile(BaseModel):
    """One file: `path` relative to the weight folder, SHA-256 of the whole and of each `PART_BYTES` (none if empty)."""

    model_config = ConfigDict(frozen=True)

    path: str
    size_bytes: int = Field(ge=0)
    sha256: Sha256
    parts: tuple[Sha256, ...]

    @model_validator(mode="after")
    def _has_all_parts(self) -> "IndexedFile":
        wanted = parts_of(self.size_bytes)
        if len(self.parts) != wanted:
            raise ValueError(f"{self.size_bytes} bytes are {wanted} parts, found {len(self.parts)}")
        return self


class FolderIndex(BaseModel):
    """All files of a weight folder, in the order of their paths. Keys that a later format adds are ignored."""

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    files: tuple[IndexedFile, ...]

    @model_validator(mode="after")
    def _is_safe(self) -> "FolderIndex":
        try:
            safe = safe_paths(file.path for file in self.files)
        except UnsafeKeyError as error:
            raise ValueError(str(error)) from None
        if len(safe) != len(self.files):
            raise ValueError(f"a path ends in '/' or is in {RESERVED}/")
        return self

    @property
    def size_bytes(self) -> int:
        """Of all files together."""
        return sum(file.size_bytes for file in self.files)

    def to_json(self) -> bytes:
        """As it is stored: the same files give the same bytes."""
        return self.model_dump_json(indent=1).encode() + b"\n"


def load_index(store: ObjectStore, folder: str) -> FolderIndex | None:
    """The index of the weight folder called `folder`; None when it has none.

    Raises:
        CorruptFolderError: there is one that can't be used.
        RegistryError: the registry didn't give it.
    """
    check_folder_name(folder)
    for _ in range(_TRIES):
        try:
            return _load(store, f"{folder}/{INDEX_PATH}")
        except ObjectMissingError:
            return None
        except ObjectChangedError:
            continue
    raise CorruptFolderError(
        f"the index of {folder!r} in {store.location} changes all the time. Wait until its upload has ended."
    )


def _load(store: ObjectStore, key: str) -> FolderIndex:
    info = store.head(key)
    if info.size_bytes > _LARGEST_INDEX_BYTES:
        raise _unusable(store, key, f"it has {info.size_bytes} bytes")
    text = b"".join(store.read_range(key, 0, info.size_bytes, etag=info.etag))
    try:
        return FolderIndex.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise _unusable(store, key, f"{where}: {first['msg']}" if where else first["msg"]) from None


def _unusable(store: ObjectStore, key: str, why: str) -> CorruptFolderError:
    return CorruptFolderError(
        f"the index {key} in {store.location} can't be used: {why}. Upload the folder again, or update this program."
    )


def local_files(folder: Path) -> list[str]:
    """The files of a weight folder on this machine, as paths relative to it; `.reactor/` is left out.

    Links are followed as long as they stay in the folder.

    Raises:
        FolderMissingError: no such folder, or one without a file.
        UnsafeKeyError: a link that leaves the folder, or a name that can't be a file on every system.
    """
    if not folder.is_dir():
        raise FolderMissingError(f"{folder} is no folder. Give the folder that holds the files.")
    paths = list(safe_paths(info.key for info in DirectoryStore(folder).list("")))
    if not paths:
        raise FolderMissingError(f"the folder {folder} has no files. Put the weights into it first.")
    return paths


def index_of(folder: Path) -> FolderIndex:
    """Read and hash all files of a folder on this machine.

    Raises:
        FolderMissingError, UnsafeKeyError: see `local_files`.
        RegistryError: a file can't be read.
    """

    def hashed(path: str) -> IndexedFile:
        return indexed_file(folder, path)

    with ThreadPoolExecutor(os.cpu_count(), "hash-file") as pool:
        return FolderIndex(files=tuple(pool.map(hashed, local_files(folder))))


def indexed_file(folder: Path, path: str, on_bytes: Callable[[int], None] = lambda _count: None) -> IndexedFile:
    """Read and hash one file; `on_bytes` as for `hash_file`.

    Raises:
        RegistryError: it can't be read.
    """
    try:
        hashes = hash_file(folder / path, on_bytes)
    except OSError as error:
        raise RegistryError(f"{folder / path} can't be read: {error.strerror}.") from None
    return IndexedFile(path=path, size_bytes=hashes.size_bytes, sha256=hashes.sha256, parts=hashes.parts)
