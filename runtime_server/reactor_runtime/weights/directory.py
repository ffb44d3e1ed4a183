"""A directory as a registry, with the same layout as a bucket."""

import contextlib
import errno
import hashlib
import os
import secrets
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from reactor_runtime.weights.errors import (
    AccessDeniedError,
    BucketMissingError,
    NotEnoughSpaceError,
    ObjectChangedError,
    ObjectExistsError,
    ObjectMissingError,
    RegistryError,
    RegistryUnreachableError,
    UnsafeKeyError,
)
from reactor_runtime.weights.store import CHUNK_BYTES, ObjectInfo

_UNFINISHED = ".unfinished"
"""In the registry: what is being stored, before its rename. No object's key begins with it."""

_ABANDONED_S = 24 * 3600.0  # nobody writes one object for a day


class DirectoryStore:
    """An `ObjectStore` whose objects are the files of a directory.

    Symbolic links are followed as long as they stay in the directory; a link that leaves it is an error, since a
    registry must not give away other files of this machine.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._swept = threading.Event()

    @property
    def location(self) -> str:
        """`file:///folder`."""
        return self._folder.as_uri()

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """Walk the directory; see `ObjectStore.list`."""
        parent = prefix.rpartition("/")[0]
        root = self._root()
        start = root.joinpath(*_parts(parent)) if parent else root
        if start.exists():
            yield from self._walk(root, start, prefix, (self._inside(root, start),))

    def head(self, key: str) -> ObjectInfo:
        """See `ObjectStore.head`."""
        with self._opened(key) as fd:
            return _info(key, os.fstat(fd))

    def read_range(self, key: str, start: int, end: int, *, etag: str | None = None) -> Iterator[bytes]:
        """See `ObjectStore.read_range`."""
        with self._opened(key) as fd:
            before = _info(key, os.fstat(fd))
            if before.etag != (etag or before.etag) or before.size_bytes < end:
                raise self._changed(key)
            position = start
            while position < end:
                with self._explained(key):
                    data = os.pread(fd, min(CHUNK_BYTES, end - position), position)
                if not data or _info(key, os.fstat(fd)).etag != before.etag:  # written to in its place
                    raise self._changed(key)
                position += len(data)
                yield data

    def put(
        self,
        key: str,
        source: Path | bytes,
        *,
        sha256: str | None = None,  # noqa: ARG002 - `holds` reads the file
        on_bytes: Callable[[int], None] | None = None,
        on_found: Callable[[int], None] | None = None,  # noqa: ARG002 - to copy again is as quick as to compare
    ) -> None:
        """Write beside, then rename; see `ObjectStore.put`."""
        with self._written(key, source, on_bytes) as (temporary, target):
            temporary.replace(target)

    def put_new(self, key: str, data: bytes) -> None:
        """See `ObjectStore.put_new`."""
        with self._written(key, data, None) as (temporary, target):
            os.link(temporary, target)

    def holds(self, info: ObjectInfo, source: Path, sha256: str) -> bool:
        """Read and hash the object; see `ObjectStore.holds`."""
        if info.size_bytes != source.stat().st_size:
            return False
        digest = hashlib.sha256()
        try:
            for data in self.read_range(info.key, 0, info.size_bytes, etag=info.etag):
                digest.update(data)
        except (ObjectChangedError, ObjectMissingError):
            return False
        return digest.hexdigest() == sha256

    def tidy(self, folder: str) -> None:
        """Nothing to do: the next `put` removes what an interrupted one left."""

    def close(self) -> None:
        """Nothing is held."""

    def _root(self) -> Path:
        try:
            root = self._folder.resolve(strict=True)
        except OSError as error:
            raise BucketMissingError(
                f"the registry {self.location} isn't there: {error.strerror}. Create it: mkdir -p {self._folder}"
            ) from None
        if not root.is_dir():
            raise BucketMissingError(f"the registry {self.location} is no directory. Give another one.")
        return root

    @contextmanager
    def _written(
        self, key: str, source: Path | bytes, on_bytes: Callable[[int], None] | None
    ) -> Iterator[tuple[Path, Path]]:
        """The contents in a new file with the permissions that the user's files have, and where they belong."""
        root = self._root()
        target = root.joinpath(*_parts(key))
        self._sweep(root)
        with self._explained(key):
            self._inside(root, target.parent, must_exist=False)
            target.parent.mkdir(parents=True, exist_ok=True)
            temporary = root / _UNFINISHED / secrets.token_hex(16)
            temporary.parent.mkdir(exist_ok=True)
            fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        try:
            for data in _chunks(source):
                with self._explained(key):
                    _write(fd, data)
                if on_bytes is not None:
                    on_bytes(len(data))
            with self._explained(key):
                os.fsync(fd)
                yield temporary, target
        finally:
            os.close(fd)
            temporary.unlink(missing_ok=True)

    def _walk(self, root: Path, folder: Path, prefix: str, above: tuple[Path, ...]) -> Iterator[ObjectInfo]:
        """Files below `folder` in the order of their keys. `above`: where the walk is, against links in a circle."""
        with self._explained(str(folder)), os.scandir(folder) as entries:
            found = sorted((f"{entry.name}/" if entry.is_dir() else entry.name, entry) for entry in entries)
        for name, entry in sorted(found, key=lambda each: os.fsencode(each[0])):
            path = folder / entry.name
            key = path.relative_to(root).as_posix()
            if key == _UNFINISHED or not (f"{key}/".startswith(prefix) or prefix.startswith(f"{key}/")):
                continue
            real = self._inside(root, path)
            if not name.endswith("/"):
                with self._explained(key):
                    status = real.stat()
                if stat.S_ISREG(status.st_mode) and key.startswith(prefix):
                    yield _info(key, status)
            elif real not in above:
                yield from self._walk(root, path, prefix, (*above, real))

    def _inside(self, root: Path, path: Path, *, must_exist: bool = True) -> Path:
        """Follow links. A path that leaves the registry is an error."""
        with self._explained(path.relative_to(root).as_posix()):
            try:
                real = path.resolve(strict=must_exist)
            except RuntimeError:  # links in a circle
                raise OSError(errno.ELOOP, os.strerror(errno.ELOOP)) from None
        if not real.is_relative_to(root):
            raise UnsafeKeyError(f"{path} is a link that leaves {self._folder}. Put the file itself there.")
        return real

    @contextmanager
    def _opened(self, key: str) -> Iterator[int]:
        root = self._root()
        path = self._inside(root, root.joinpath(*_parts(key)))
        with self._explained(key):
            # No link again after the check above, and no waiting for whoever writes into a pipe.
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise self._missing(key)
            yield fd
        finally:
            os.close(fd)

    @contextmanager
    def _explained(self, key: str) -> Iterator[None]:
        try:
            yield
        except FileExistsError:
            raise ObjectExistsError(f"{key} in {self.location} is there already and stays as it is.") from None
        except (FileNotFoundError, NotADirectoryError):
            raise self._missing(key) from None
        except PermissionError as error:
            raise AccessDeniedError(
                f"{key} in {self.location}: {error.strerror}. Change the permissions of that directory."
            ) from None
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise NotEnoughSpaceError(f"{self.location} is full: {key} doesn't fit. Make room there.") from None
            raise RegistryUnreachableError(f"{key} in {self.location}: {error.strerror}. Look at that disk.") from None

    def _missing(self, key: str) -> ObjectMissingError:
        return ObjectMissingError(f"there is no {key} in {self.location}.")

    def _changed(self, key: str) -> ObjectChangedError:
        return ObjectChangedError(f"{key} in {self.location} has been replaced meanwhile. Start again.")

    def _sweep(self, root: Path) -> None:
        """Remove what killed writers left, once."""
        if self._swept.is_set():
            return
        self._swept.set()
        with contextlib.suppress(OSError):
            for left in (root / _UNFINISHED).iterdir():
                if time.time() - left.stat().st_mtime > _ABANDONED_S:
                    left.unlink()


def _parts(key: str) -> tuple[str, ...]:
    if not key or "\0" in key or key.startswith("/") or {"", ".", ".."} & set(key.split("/")):
        raise UnsafeKeyError(f"the key {key!r} is no path inside a registry.")
    return PurePosixPath(key).parts


def _info(key: str, status: os.stat_result) -> ObjectInfo:
    etag = f"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"
    return ObjectInfo(key, status.st_size, etag, datetime.fromtimestamp(status.st_mtime, UTC))


def _write(fd: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left) :]


def _chunks(source: Path | bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    try:
        with source.open("rb", buffering=0) as file:
            while data := file.read(CHUNK_BYTES):
                yield data
    except OSError as error:
        raise RegistryError(f"{source} can't be read: {error.strerror}.") from None
