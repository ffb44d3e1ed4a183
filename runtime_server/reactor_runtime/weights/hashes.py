"""SHA-256 of a file: of the whole, and of each part."""

import hashlib
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
    """Read a file once and hash it on two threads.

    Parameters:
        on_bytes: called with the number of bytes read since the last call; what it raises ends the reading.

    Raises:
        OSError: it can't be read.
    """
    whole = hashlib.sha256()
    parts: list[str] = []
    size_bytes = 0
    with file.open("rb", buffering=0) as stream, ThreadPoolExecutor(1, "hash") as other:
        while data := _read_part(stream.readinto):
            size_bytes += len(data)
            part = other.submit(_sha256, data)
            whole.update(data)
            parts.append(part.result())
            on_bytes(len(data))
    return FileHashes(size_bytes, whole.hexdigest(), tuple(parts))


def _read_part(readinto: Callable[[memoryview], int | None]) -> memoryview:
    buffer = memoryview(bytearray(PART_BYTES))
    filled = 0
    while filled < PART_BYTES and (count := readinto(buffer[filled:])):
        filled += count
    return buffer[:filled]


def _sha256(data: memoryview) -> str:
    return hashlib.sha256(data).hexdigest()
