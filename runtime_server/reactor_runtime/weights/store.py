"""Where a registry keeps its objects: the few operations that everything else is made of."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

from reactor_runtime.weights.errors import RegistryError

CHUNK_BYTES = 256 * 1024
"""The most that `read_range` yields at once."""

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
_OF_BOTO3 = {"boto3", "botocore", "s3transfer"}
_FORMS = "A registry is the name of a bucket, s3://BUCKET, or file:///FOLDER."


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """One object of a registry.

    Parameters:
        etag: another one whenever the contents are others; without quotes. Of an S3 server often an MD5, not always.
        modified_at: with its time zone.
        has_opaque_etag: the ETag looks like an MD5 at most, as with SSE-KMS. Known after `head` only.
    """

    key: str
    size_bytes: int
    etag: str
    modified_at: datetime
    has_opaque_etag: bool = False


class ObjectStore(Protocol):
    """A registry: objects under keys with slashes, as in S3. May be used from many threads at once.

    Every method may raise any RegistryError. What a method adds to that is listed there.
    """

    @property
    def location(self) -> str:
        """What the user calls it, for messages: `s3://bucket`, `file:///folder`."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """All objects whose keys begin with `prefix`, in the order of their keys; asks for more as it goes.

        Markers of directories (keys that end in `/`) may be among them.
        """

    def head(self, key: str) -> ObjectInfo:
        """One object.

        Raises:
            ObjectMissingError: it isn't there.
        """

    def read_range(self, key: str, start: int, end: int, *, etag: str | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to `end`, which is not included, in pieces of at most `CHUNK_BYTES`.

        Yields exactly `end - start` bytes or raises. A connection that breaks in the middle is not tried again: what
        has been yielded is good, go on from there. Closing the iterator early gives the connection back.

        Parameters:
            etag: given, the object must still be the one that had it.

        Raises:
            ObjectMissingError: it isn't there.
            ObjectChangedError: it is another one now, or shorter than `end`.
            RegistryUnreachableError: the connection broke, possibly in the middle.
        """

    def put(
        self,
        key: str,
        source: Path | bytes,
        *,
        sha256: str | None = None,
        on_bytes: Callable[[int], None] | None = None,
        on_found: Callable[[int], None] | None = None,
    ) -> None:
        """Store a file or bytes; readers see the old object or the new one, never a part.

        Parameters:
            sha256: of the contents, in hex; remembered where the store can, for `holds` and for a `put` of the same
                after this one was interrupted.
            on_bytes: called with the number of bytes sent since the last call, in any thread; less than 0 when some
                have to be sent again. What it raises ends the transfer, and `put` raises it.
            on_found: called with a number of bytes that needn't be sent because an interrupted `put` has sent them and
                they are the same; in any thread.
        """

    def put_new(self, key: str, data: bytes) -> None:
        """Store bytes under a key that has no object yet; of several at once, one succeeds where the store can tell.

        Raises:
            ObjectExistsError: there is an object; it stays as it is.
        """

    def holds(self, info: ObjectInfo, source: Path, sha256: str) -> bool:
        """Whether the object that `info` tells of has the contents of `source`, whose SHA-256 is given.

        True only if certain.
        """

    def tidy(self, folder: str) -> None:
        """Remove what uploads into a weight folder left unfinished a day ago or longer, as far as it is ours."""

    def close(self) -> None:
        """Give back connections; nothing happens the second time."""


def open_store(registry: str, *, connections: int = 10) -> ObjectStore:
    """The registry called `registry`; doesn't ask it anything yet.

    Parameters:
        registry: a bucket's name, `s3://bucket`, or `file:///folder` (a directory with the same layout).
        connections: how many may be used at once.

    Raises:
        RegistryError: it has another form, or boto3 is needed and not installed.
    """
    if registry.startswith("file:"):
        from reactor_runtime.weights.directory import DirectoryStore  # noqa: PLC0415 - one of the two is needed

        return DirectoryStore(_folder(registry))
    bucket = registry.removeprefix("s3://").removesuffix("/")
    if not _BUCKET.fullmatch(bucket):
        hint = f" For a directory: {Path(registry).absolute().as_uri()}" if "://" not in registry and registry else ""
        raise RegistryError(f"{registry!r} is no registry. {_FORMS}{hint}")
    try:
        from reactor_runtime.weights.s3 import S3Store  # noqa: PLC0415 - boto3 takes 0.3 s
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _OF_BOTO3:
            raise
        raise RegistryError(
            f"the registry s3://{bucket} needs boto3, which isn't installed: pip install 'reactor-local[s3]'"
        ) from None
    return S3Store(bucket, connections=connections)


def _folder(url: str) -> Path:
    rest = url.removeprefix("file:").removeprefix("//").removeprefix("localhost")
    folder = unquote(rest)
    if not folder.startswith("/") or "\0" in folder:
        raise RegistryError(f"{url!r} is no registry: write an absolute path with three slashes, file:///FOLDER.")
    return Path(folder)
