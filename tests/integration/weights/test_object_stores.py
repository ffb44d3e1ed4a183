"""What every object store does, the same for a directory and for a bucket of a real S3 server."""

import itertools
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from reactor_runtime.weights.errors import (
    BucketMissingError,
    ObjectChangedError,
    ObjectExistsError,
    ObjectMissingError,
    RegistryError,
)
from reactor_runtime.weights.store import CHUNK_BYTES, ObjectStore, open_store

LARGE = 8 * 1024 * 1024 + 12345  # more than one part of a transfer


def read(store: ObjectStore, key: str, start: int, end: int, etag: str | None = None) -> bytes:
    return b"".join(store.read_range(key, start, end, etag=etag))


def test_an_object_is_read_as_it_was_put(store: ObjectStore) -> None:
    store.put("Folder/a.bin", b"contents")
    assert read(store, "Folder/a.bin", 0, 8) == b"contents"


def test_head_tells_size_and_time(store: ObjectStore) -> None:
    before = datetime.now(UTC)
    store.put("Folder/a.bin", b"contents")
    found = store.head("Folder/a.bin")
    assert (found.key, found.size_bytes) == ("Folder/a.bin", 8)
    assert abs((found.modified_at - before).total_seconds()) < 60


def test_the_list_says_the_same_as_head(store: ObjectStore) -> None:
    store.put("Folder/a.bin", b"contents")
    assert list(store.list("Folder/")) == [store.head("Folder/a.bin")]


@pytest.mark.parametrize(("start", "end"), [(0, 1), (7, 8), (3, 3), (0, 0), (2, 7)])
def test_a_range_is_what_it_says(store: ObjectStore, start: int, end: int) -> None:
    store.put("a", b"01234567")
    assert read(store, "a", start, end) == b"01234567"[start:end]


def test_a_large_range_comes_in_chunks(store: ObjectStore, tmp_path: Path) -> None:
    data = os.urandom(LARGE)
    (tmp_path / "large").write_bytes(data)
    store.put("large", tmp_path / "large")
    chunks = list(store.read_range("large", 1, LARGE - 1))
    assert b"".join(chunks) == data[1:-1]
    assert max(map(len, chunks)) <= CHUNK_BYTES


def test_a_range_can_be_left_early(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(LARGE))
    store.put("large", tmp_path / "large")
    for _ in range(30):  # more than there are connections
        chunks = store.read_range("large", 0, LARGE)
        next(chunks)
        chunks.close()  # type: ignore[attr-defined]
    assert read(store, "large", 0, 1) == b"\0"


def test_an_empty_object_has_no_bytes(store: ObjectStore) -> None:
    store.put("Folder/empty", b"")
    assert store.head("Folder/empty").size_bytes == 0
    assert read(store, "Folder/empty", 0, 0) == b""


@pytest.mark.parametrize("key", ["with space/ü 你好.bin", "a+b&c=d?e#f%20", "deep/" * 40 + "leaf", "quote'\"<>.bin"])
def test_a_key_with_unusual_characters_is_listed_and_read(store: ObjectStore, key: str) -> None:
    store.put(key, b"1")
    assert [info.key for info in store.list("")] == [key]
    assert read(store, key, 0, 1) == b"1"


def test_the_list_has_a_prefix_and_an_order(store: ObjectStore) -> None:
    for key in ("F/b", "F/a/z", "F/a.bin", "F/a-b", "FF/x", "F/ä", "G"):
        store.put(key, b"")
    assert [info.key for info in store.list("F/")] == ["F/a-b", "F/a.bin", "F/a/z", "F/b", "F/ä"]
    assert [info.key for info in store.list("F/a")] == ["F/a-b", "F/a.bin", "F/a/z"]
    assert [info.key for info in store.list("F/a/")] == ["F/a/z"]
    assert list(store.list("H/")) == []


def test_more_objects_than_one_page_are_listed(store: ObjectStore, objects: Path) -> None:
    keys = [f"Many/{number:04}" for number in range(1100)]  # S3 gives 1000 at once
    (objects / "Many").mkdir()
    for key in keys:
        (objects / key).touch()
    assert [info.key for info in store.list("Many/")] == keys


def test_an_object_that_is_not_there_is_missing(store: ObjectStore) -> None:
    with pytest.raises(ObjectMissingError, match=r"no F/a in "):
        store.head("F/a")
    with pytest.raises(ObjectMissingError):
        read(store, "F/a", 0, 1)


def test_a_range_of_an_object_that_was_replaced_is_refused(store: ObjectStore) -> None:
    store.put("a", b"one")
    etag = store.head("a").etag
    store.put("a", b"two")
    assert store.head("a").etag != etag
    with pytest.raises(ObjectChangedError):
        read(store, "a", 0, 3, etag)


def test_a_range_of_the_same_object_is_given(store: ObjectStore) -> None:
    store.put("a", b"one")
    assert read(store, "a", 0, 3, store.head("a").etag) == b"one"


@pytest.mark.parametrize(("start", "end"), [(0, 4), (3, 4), (10, 20)])
def test_a_range_beyond_the_end_is_refused(store: ObjectStore, start: int, end: int) -> None:
    store.put("a", b"one")
    with pytest.raises(ObjectChangedError):
        read(store, "a", start, end)


def test_a_put_replaces(store: ObjectStore) -> None:
    store.put("a", b"one")
    store.put("a", b"three")
    assert read(store, "a", 0, 5) == b"three"
    assert len(list(store.list(""))) == 1


def test_a_put_tells_of_all_its_bytes(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(bytes(LARGE))
    counted: list[int] = []
    store.put("large", tmp_path / "large", on_bytes=counted.append)
    assert sum(counted) == LARGE
    assert len(counted) > 8


@pytest.mark.parametrize("size", [0, 10, LARGE])
def test_a_file_is_stored_whole(store: ObjectStore, tmp_path: Path, size: int) -> None:
    (tmp_path / "file").write_bytes(os.urandom(size))
    counted: list[int] = []
    store.put("a", tmp_path / "file", on_bytes=counted.append)
    assert read(store, "a", 0, size) == (tmp_path / "file").read_bytes()
    assert sum(counted) == size


def test_a_file_that_is_not_there_is_named(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="none can't be read: No such file or directory"):
        store.put("a", tmp_path / "none")
    assert list(store.list("")) == []


def test_what_the_listener_raises_ends_the_put_and_leaves_the_old_object(store: ObjectStore, tmp_path: Path) -> None:
    store.put("large", b"old")
    (tmp_path / "large").write_bytes(bytes(LARGE))
    told = itertools.count()

    def refuse(_count: int) -> None:
        if next(told) == 2:
            raise InterruptedError("enough")

    with pytest.raises(InterruptedError, match="enough"):
        store.put("large", tmp_path / "large", on_bytes=refuse)
    assert read(store, "large", 0, 3) == b"old"
    assert len(list(store.list(""))) == 1


def test_a_new_object_is_put_once(store: ObjectStore) -> None:
    store.put_new("a", b"one")
    with pytest.raises(ObjectExistsError, match="is there already"):
        store.put_new("a", b"two")
    assert read(store, "a", 0, 3) == b"one"


def test_of_many_that_put_a_new_object_one_succeeds(store: ObjectStore) -> None:
    start = threading.Barrier(8)

    def put(number: int) -> bool:
        start.wait()
        try:
            store.put_new("a", b"%d" % number)
        except ObjectExistsError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(put, range(8)))
    assert done.count(True) == 1
    assert read(store, "a", 0, 1) == b"%d" % done.index(True)


@pytest.mark.parametrize("size", [0, 10, LARGE])
@pytest.mark.parametrize("named", [True, False])
def test_an_object_holds_what_was_put(store: ObjectStore, tmp_path: Path, size: int, named: bool) -> None:
    file, other = tmp_path / "file", tmp_path / "other"
    file.write_bytes(bytes(size))
    store.put("a", file, sha256=sha256(bytes(size)).hexdigest() if named else None)
    assert store.holds(store.head("a"), file, sha256(bytes(size)).hexdigest())
    other.write_bytes(b"1" * size)
    if size:
        assert not store.holds(store.head("a"), other, sha256(b"1" * size).hexdigest())


def test_an_object_that_was_replaced_holds_what_is_new(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"one")
    store.put("a", b"one")
    store.put("a", b"two")
    assert not store.holds(store.head("a"), tmp_path / "file", sha256(b"one").hexdigest())


def test_many_threads_use_one_store(store: ObjectStore) -> None:
    def use(number: int) -> bytes:
        key = f"F/{number}"
        store.put(key, key.encode())
        return read(store, key, 0, store.head(key).size_bytes)

    with ThreadPoolExecutor(20) as pool:
        assert list(pool.map(use, range(100))) == [b"F/%d" % number for number in range(100)]


def test_a_registry_that_is_not_there_is_named(store: ObjectStore) -> None:
    missing = open_store(f"{store.location}-not-there")
    actions: list[Callable[[], object]] = [
        lambda: list(missing.list("F/")),
        lambda: read(missing, "F/a", 0, 1),
        lambda: missing.put("F/a", b"1"),
    ]
    for action in actions:
        with pytest.raises(BucketMissingError, match=f"{missing.location}"):
            action()
    missing.close()


def test_closing_twice_is_closing_once(store: ObjectStore) -> None:
    store.put("a", b"1")
    store.close()
    store.close()
