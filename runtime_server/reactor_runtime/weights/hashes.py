"""SHA-256 of a file: of the whole, and of each part."""

import functools
import hashlib
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

PART_BYTES = 8 * 1024 * 1024
"""What one hash of a part covers; the last part of a file may be shorter."""


@dataclass(frozen=True, slots=True)
class FileHashes:
    """What was read from a file: hashes in hex, none for the parts of an empty one."""

    size_bytes: int
    sha256: str
    parts: tuple[str, ...]


def parts_of(size_bytes: int) -> int:
    """How many parts a file of this size has."""
    return -(-size_bytes // PART_BYTES)


def hash_file(file: Path, on_bytes: Callable[[int], None] = lambda _count: None) -> FileHashes:
    """Read a file once and hash it; a long one on two threads.

    Parameters:
        on_bytes: called with the number of bytes read since the last call; what it raises ends the reading.

    Raises:
        OSError: it can't be read.
    """
    buffer = memoryview(bytearray(PART_BYTES))
    with file.open("rb", buffering=0) as stream:
        data = _read_part(stream.readinto, buffer)
        on_bytes(len(data))
        if len(data) < PART_BYTES:  # the one part is the whole
            sha256 = _sha256(data)
            return FileHashes(len(data), sha256, (sha256,) if data else ())
        return _hash_parts(stream.readinto, buffer, on_bytes)


def _hash_parts(
    readinto: Callable[[memoryview], int | None], buffer: memoryview, on_bytes: Callable[[int], None]
) -> FileHashes:
    """Hash a long file whose first part has been read into `buffer`, on two threads."""
    whole = hashlib.sha256()
    parts: list[str] = []
    size_bytes = 0
    data = buffer
    with ThreadPoolExecutor(1, "hash") as other:
        while data:
            part = other.submit(_sha256, data)
            whole.update(data)
            parts.append(part.result())
            size_bytes += len(data)
            data = _read_part(readinto, buffer)
            on_bytes(len(data))
    return FileHashes(size_bytes, whole.hexdigest(), tuple(parts))


def has_md5_etag(file: Path, etag: str) -> bool:
    """Whether an S3 object with this ETag certainly has the contents of `file`.

    That can be told from an MD5, and from the MD5 of the parts' MD5s if the parts have `PART_BYTES` (ours, and those of
    the `aws` command). Other ETags say nothing.
    """
    found = _MD5_ETAG.fullmatch(etag)
    size_bytes = file.stat().st_size
    if found is None or (found[2] and int(found[2]) != parts_of(size_bytes)):
        return False
    if not found[2]:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, _md5).hexdigest() == found[1]
    outer, buffer = _md5(), memoryview(bytearray(PART_BYTES))
    with file.open("rb", buffering=0) as stream:
        while data := _read_part(stream.readinto, buffer):
            outer.update(_md5(data).digest())
    return outer.hexdigest() == found[1]


_md5 = functools.partial(hashlib.md5, usedforsecurity=False)
_MD5_ETAG = re.compile(r"([0-9a-f]{32})(?:-([0-9]+))?")


def _read_part(readinto: Callable[[memoryview], int | None], buffer: memoryview) -> memoryview:
    filled = 0
    while filled < len(buffer) and (count := readinto(buffer[filled:])):
        filled += count
    return buffer[:filled]


def _sha256(data: memoryview) -> str:
    return hashlib.sha256(data).hexdigest()
