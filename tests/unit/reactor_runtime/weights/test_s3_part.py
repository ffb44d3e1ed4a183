import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from reactor_runtime.weights.errors import RegistryError
from reactor_runtime.weights.s3_part import FilePart, HaltedError, Sending
from reactor_runtime.weights.s3_upload import part_bytes_of

MIB = 1024 * 1024


@pytest.fixture
def told() -> list[int]:
    return []


@pytest.fixture
def part(tmp_path: Path, told: list[int]) -> Iterator[FilePart]:
    """The bytes 3456 of 0123456789."""
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    with path.open("rb") as file:
        yield FilePart(file, path, 3, 4, Sending(told.append))


def test_a_part_is_a_file_of_its_own(part: FilePart) -> None:
    assert (len(part), part.read(), part.tell(), part.read()) == (4, b"3456", 4, b"")
    assert part.seek(-2, os.SEEK_END) == 2
    assert part.read(1) == b"5"
    assert part.seek(0) == 0
    assert part.read(100) == b"3456"


def test_what_is_read_to_sign_it_does_not_count(part: FilePart, told: list[int]) -> None:
    assert part.md5() == hashlib.md5(b"3456", usedforsecurity=False).hexdigest()
    part.begin()
    assert (part.read(3), part.read(3)) == (b"345", b"6")
    assert sum(told) == 4


def test_what_is_sent_again_counts_once(part: FilePart, told: list[int]) -> None:
    part.begin()
    part.read(3)
    part.seek(0)
    part.begin()
    part.read()
    assert told == [0, 3, -3, 4]


def test_what_the_listener_raises_ends_all_parts_of_a_sending(part: FilePart) -> None:
    def refuse(_count: int) -> None:
        raise InterruptedError("enough")

    other = FilePart(part.file, part.path, 0, 4, Sending(refuse))
    with pytest.raises(HaltedError):
        other.begin()
    assert isinstance(other.sending.error, InterruptedError)
    with pytest.raises(HaltedError):
        other.read()
    assert part.read() == b"3456"


def test_a_file_that_became_shorter_is_told(part: FilePart) -> None:
    part.path.write_bytes(b"0123")
    assert part.read() == b"3"
    with pytest.raises(RegistryError, match="file became shorter while it was sent"):
        part.read()


@pytest.mark.parametrize(
    ("size_bytes", "part_bytes"), [(8 * MIB, 8 * MIB), (80_000 * MIB, 8 * MIB), (80_000 * MIB + 1, 16 * MIB)]
)
def test_a_file_never_has_more_parts_than_s3_takes(size_bytes: int, part_bytes: int) -> None:
    assert part_bytes_of(size_bytes) == part_bytes
    assert -(-size_bytes // part_bytes) <= 10_000
