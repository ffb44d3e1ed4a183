import hashlib
import os
import shutil
import threading
import time
from collections import Counter, namedtuple
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from reactor_runtime import WeightsError
from reactor_runtime.weights.cache import complete, verify
from reactor_runtime.weights.download import fetch_folder
from reactor_runtime.weights.download.limits import Limits
from reactor_runtime.weights.errors import (
    CorruptFolderError,
    FolderMissingError,
    NotEnoughSpaceError,
    RegistryUnreachableError,
    StoppedError,
    UnsafeKeyError,
)
from reactor_runtime.weights.index import INDEX_PATH
from reactor_runtime.weights.progress import FetchProgress
from reactor_runtime.weights.s3 import has_opaque_etag
from reactor_runtime.weights.store import ObjectInfo
from support.memory_store import MemoryStore, contents_of, folder_store, use_small_parts

PART = 64 * 1024
NAME = "Some-Model"
FILES = {
    "large.bin": os.urandom(5 * PART + 17),
    "deep/er/and/deeper/w.bin": os.urandom(PART),
    "a name with spaces, ünïcödé.txt": b"words",
    "empty": b"",
}
QUICK = Limits(patience_s=0.3, first_patience_s=0.3, reserve_bytes=0)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    use_small_parts(monkeypatch, PART)


@pytest.fixture(params=[True, False], ids=["indexed", "bare"])
def store(request: pytest.FixtureRequest, small_parts: None) -> MemoryStore:
    return folder_store(NAME, FILES, indexed=request.param)


@pytest.fixture
def indexed(small_parts: None) -> MemoryStore:
    return folder_store(NAME, FILES, indexed=True)


@pytest.fixture
def bare(small_parts: None) -> MemoryStore:
    return folder_store(NAME, FILES, indexed=False)


def test_a_folder_arrives_as_it_is_in_the_registry(store: MemoryStore, tmp_path: Path) -> None:
    store.objects[f"{NAME}/marker/"] = b""
    folder = fetch_folder(store, NAME, root=tmp_path)
    assert folder == tmp_path / NAME
    assert contents_of(folder) == FILES


def test_nothing_is_left_beside_the_folder_but_its_record_and_its_lock(store: MemoryStore, tmp_path: Path) -> None:
    fetch_folder(store, NAME, root=tmp_path)
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")}
    assert {path for path in left if not path.startswith(NAME)} == {
        ".partial",
        ".reactor",
        f".reactor/{NAME}.json",
        f".reactor/{NAME}.lock",
    }


def test_only_the_folder_itself_comes_not_one_whose_name_goes_on(store: MemoryStore, tmp_path: Path) -> None:
    store.objects[f"{NAME}-2/other"] = b"x"
    assert contents_of(fetch_folder(store, NAME, root=tmp_path)) == FILES


def test_a_complete_folder_asks_nobody_and_tells_nobody(store: MemoryStore, tmp_path: Path) -> None:
    fetch_folder(store, NAME, root=tmp_path)
    store.questions = 0
    told: list[FetchProgress] = []
    fetch_folder(store, NAME, root=tmp_path, on_progress=told.append)
    assert (store.questions, told) == (0, [])


def test_a_folder_put_there_by_hand_is_left_as_it_is(store: MemoryStore, tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "mine").write_bytes(b"1")
    assert contents_of(fetch_folder(store, NAME, root=tmp_path)) == {"mine": b"1"}
    assert store.questions == 0


def test_force_replaces_a_folder_put_there_by_hand(store: MemoryStore, tmp_path: Path) -> None:
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "mine").write_bytes(b"1")
    assert contents_of(fetch_folder(store, NAME, root=tmp_path, force=True)) == FILES


def test_force_fetches_what_the_registry_has_now(store: MemoryStore, tmp_path: Path) -> None:
    fetch_folder(store, NAME, root=tmp_path)
    newer = folder_store(NAME, {"only.bin": b"new"}, indexed=True)
    assert contents_of(fetch_folder(newer, NAME, root=tmp_path)) == FILES
    assert contents_of(fetch_folder(newer, NAME, root=tmp_path, force=True)) == {"only.bin": b"new"}


def test_a_missing_file_is_noticed_and_the_folder_fetched_again(store: MemoryStore, tmp_path: Path) -> None:
    folder = fetch_folder(store, NAME, root=tmp_path)
    (folder / "large.bin").unlink()
    assert complete(NAME, root=tmp_path) is None
    assert contents_of(fetch_folder(store, NAME, root=tmp_path)) == FILES


def test_a_changed_file_is_noticed_and_the_folder_fetched_again(store: MemoryStore, tmp_path: Path) -> None:
    folder = fetch_folder(store, NAME, root=tmp_path)
    with (folder / "large.bin").open("r+b") as file:
        file.write(b"mischief")
    assert contents_of(fetch_folder(store, NAME, root=tmp_path)) == FILES


def test_a_copied_cache_is_checked_not_fetched(store: MemoryStore, tmp_path: Path) -> None:
    fetch_folder(store, NAME, root=tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two", copy_function=shutil.copyfile)  # new times of change
    store.questions = 0
    assert complete(NAME, root=tmp_path / "two") is None
    fetch_folder(store, NAME, root=tmp_path / "two")
    assert store.questions == 0
    assert complete(NAME, root=tmp_path / "two") == tmp_path / "two" / NAME


def test_a_folder_that_the_registry_lacks_is_named_with_the_registry(tmp_path: Path) -> None:
    store = folder_store("Other", FILES, indexed=True)
    with pytest.raises(FolderMissingError, match=f"{NAME}.*memory://registry"):
        fetch_folder(store, NAME, root=tmp_path)
    assert not (tmp_path / NAME).exists()


@pytest.mark.parametrize("key", ["../escape", "/etc/x", "a//b", "con", "EMPTY", "large.bin/below", "a/../../b"])
def test_a_key_that_can_not_be_a_file_here_is_refused_before_anything_comes(
    bare: MemoryStore, tmp_path: Path, key: str
) -> None:
    bare.objects[f"{NAME}/{key}"] = b"x"
    with pytest.raises(UnsafeKeyError):
        fetch_folder(bare, NAME, root=tmp_path / "cache")
    assert bare.sent_bytes == 0
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]


def test_the_sums_are_recorded_so_that_the_folder_can_be_verified(store: MemoryStore, tmp_path: Path) -> None:
    folder = fetch_folder(store, NAME, root=tmp_path)
    assert verify(NAME, root=tmp_path).sound
    status = (folder / "large.bin").stat()
    with (folder / "large.bin").open("r+b") as file:
        file.seek(2 * PART)
        file.write(b"x")
    os.utime(folder / "large.bin", ns=(status.st_atime_ns, status.st_mtime_ns))  # rot: nothing to be seen from outside
    assert complete(NAME, root=tmp_path)
    states = {file.path: file.state for file in verify(NAME, root=tmp_path).files}
    assert states == {**dict.fromkeys(FILES, "sound"), "large.bin": "changed"}


class Flips:
    """Changes one byte of the pieces that it is told to change."""

    def __init__(self, key: str, times: int) -> None:
        self.key = f"{NAME}/{key}"
        self.left = times

    def __call__(self, key: str, offset: int, data: bytes) -> bytes:
        if key != self.key or not self.left:
            return data
        self.left -= 1
        return bytes([data[0] ^ 1]) + data[1:]


@pytest.mark.parametrize("times", [1, 3])
def test_bytes_that_change_on_the_way_come_again(store: MemoryStore, tmp_path: Path, times: int) -> None:
    store.fault = Flips("large.bin", times)
    assert contents_of(fetch_folder(store, NAME, root=tmp_path)) == FILES


def test_a_bad_part_of_an_indexed_file_comes_again_alone(indexed: MemoryStore, tmp_path: Path) -> None:
    fetch_folder(indexed, NAME, root=tmp_path / "clean")
    clean_bytes, indexed.sent_bytes = indexed.sent_bytes, 0
    indexed.fault = Flips("large.bin", 1)
    fetch_folder(indexed, NAME, root=tmp_path / "faulty")
    assert indexed.sent_bytes <= clean_bytes + PART


def test_bytes_that_are_always_wrong_end_with_file_and_registry_named(store: MemoryStore, tmp_path: Path) -> None:
    store.fault = Flips("large.bin", 1_000_000)
    with pytest.raises(CorruptFolderError, match=r"large\.bin.*memory://registry"):
        fetch_folder(store, NAME, root=tmp_path)
    assert not (tmp_path / NAME).exists()


def test_an_index_that_does_not_fit_the_files_is_told_before_anything_comes(
    indexed: MemoryStore, tmp_path: Path
) -> None:
    indexed.objects[f"{NAME}/large.bin"] += b"more"
    with pytest.raises(CorruptFolderError, match=r"large\.bin.*reactor upload"):
        fetch_folder(indexed, NAME, root=tmp_path)
    assert indexed.sent_bytes == len(indexed.objects[f"{NAME}/{INDEX_PATH}"])


def test_what_an_index_does_not_name_is_not_part_of_the_folder(indexed: MemoryStore, tmp_path: Path) -> None:
    indexed.objects[f"{NAME}/earlier.bin"] = b"of an earlier upload"
    indexed.objects[f"{NAME}/../x"] = b"nobody's"
    assert contents_of(fetch_folder(indexed, NAME, root=tmp_path)) == FILES


def test_a_cut_connection_goes_on_where_it_was(store: MemoryStore, tmp_path: Path) -> None:
    store.chunk_bytes = 1000
    seen: Counter[tuple[str, int]] = Counter()

    def cut(key: str, offset: int, data: bytes) -> bytes:
        seen[key, offset] += 1
        if offset % 7000 == 0 and seen[key, offset] == 1:
            raise RegistryUnreachableError("cut")
        return data

    store.fault = cut
    assert contents_of(fetch_folder(store, NAME, root=tmp_path)) == FILES
    index_bytes = len(store.objects.get(f"{NAME}/{INDEX_PATH}", b"")) * 2
    assert store.sent_bytes <= sum(map(len, FILES.values())) + index_bytes  # no byte of a file came twice


def test_an_unreachable_registry_is_an_error_after_a_while_and_what_came_is_kept(
    store: MemoryStore, tmp_path: Path
) -> None:
    def break_down(key: str, offset: int, data: bytes) -> bytes:
        if key.endswith("large.bin") and offset >= 4 * PART:
            raise RegistryUnreachableError("no route")
        return data

    store.fault = break_down
    with pytest.raises(RegistryUnreachableError, match=r"no route.*kept"):
        fetch_folder(store, NAME, root=tmp_path, limits=QUICK)
    assert not (tmp_path / NAME).exists()
    store.fault, store.sent_bytes = None, 0
    assert contents_of(fetch_folder(store, NAME, root=tmp_path)) == FILES
    index_bytes = len(store.objects.get(f"{NAME}/{INDEX_PATH}", b""))
    assert store.sent_bytes == PART + 17 + index_bytes


def test_a_registry_that_never_answers_is_given_up_sooner(tmp_path: Path) -> None:
    class Dead(MemoryStore):
        def list(self, prefix: str) -> Iterator[ObjectInfo]:
            raise RegistryUnreachableError("connection refused")

    with pytest.raises(RegistryUnreachableError, match="connection refused"):
        fetch_folder(Dead(), NAME, root=tmp_path, limits=QUICK)


def test_a_file_replaced_meanwhile_comes_whole_from_the_new_one(bare: MemoryStore, tmp_path: Path) -> None:
    newer = os.urandom(3 * PART)
    replaced = threading.Event()

    def exchange(key: str, offset: int, data: bytes) -> bytes:
        if key.endswith("large.bin") and offset >= 2 * PART and not replaced.is_set():
            replaced.set()
            bare.objects[f"{NAME}/large.bin"] = newer
        return data

    bare.fault = exchange
    folder = fetch_folder(bare, NAME, root=tmp_path, limits=Limits(connections=1, reserve_bytes=0))
    assert contents_of(folder) == {**FILES, "large.bin": newer}


def test_parts_of_files_that_stayed_the_same_are_kept_when_another_is_replaced(
    bare: MemoryStore, tmp_path: Path
) -> None:
    replaced = threading.Event()

    def exchange(key: str, offset: int, data: bytes) -> bytes:
        if offset == 5 * PART and not replaced.is_set():
            replaced.set()
            bare.objects[f"{NAME}/deep/er/and/deeper/w.bin"] = bytes(PART)
        return data

    bare.fault = exchange
    folder = fetch_folder(bare, NAME, root=tmp_path, limits=Limits(connections=1, reserve_bytes=0))
    assert contents_of(folder) == {**FILES, "deep/er/and/deeper/w.bin": bytes(PART)}
    assert bare.sent_bytes == sum(map(len, FILES.values()))


@dataclass(slots=True)
class EncryptedStore(MemoryStore):
    """Its ETags have the form of an MD5, and are none."""

    known: bool = True

    def _info(self, key: str) -> ObjectInfo:
        info = super(EncryptedStore, self)._info(key)
        return replace(info, etag=hashlib.md5(b"salt" + info.etag.encode(), usedforsecurity=False).hexdigest())

    def head(self, key: str) -> ObjectInfo:
        return replace(super(EncryptedStore, self).head(key), has_opaque_etag=self.known)


def test_an_etag_that_only_looks_like_an_md5_is_taken_for_none(bare: MemoryStore, tmp_path: Path) -> None:
    assert contents_of(fetch_folder(EncryptedStore(bare.objects), NAME, root=tmp_path)) == FILES


def test_an_etag_that_may_be_an_md5_is_believed(bare: MemoryStore, tmp_path: Path) -> None:
    with pytest.raises(CorruptFolderError, match="don't fit its ETag"):
        fetch_folder(EncryptedStore(bare.objects, known=False), NAME, root=tmp_path)


@pytest.mark.parametrize("etag", ["0123456789abcdef0123456789abcdef-3", "opaque", "0123456789ABCDEF0123456789ABCDEF"])
def test_an_etag_of_several_parts_or_of_another_form_is_no_md5(
    bare: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, etag: str
) -> None:
    original = MemoryStore._info
    monkeypatch.setattr(MemoryStore, "_info", lambda store, key: replace(original(store, key), etag=etag))
    assert contents_of(fetch_folder(bare, NAME, root=tmp_path)) == FILES


@pytest.mark.parametrize(
    ("answer", "opaque"),
    [
        ({}, False),
        ({"ServerSideEncryption": "AES256"}, False),
        ({"ServerSideEncryption": "aws:kms"}, True),
        ({"ServerSideEncryption": "aws:kms:dsse"}, True),
        ({"SSECustomerAlgorithm": "AES256"}, True),
    ],
)
def test_what_a_bucket_says_of_an_objects_encryption_tells_whether_its_etag_is_an_md5(
    answer: dict[str, str], opaque: bool
) -> None:
    assert has_opaque_etag(answer) is opaque


def test_too_small_a_disk_is_told_before_the_first_byte(
    store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - shutil's own is as plain
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(10**9, 10**9 - PART, PART))
    with pytest.raises(NotEnoughSpaceError, match=r"MiB more.*REACTOR_REGISTRY_CACHE"):
        fetch_folder(store, NAME, root=tmp_path)
    assert store.sent_bytes == len(store.objects.get(f"{NAME}/{INDEX_PATH}", b""))


def test_a_disk_that_fills_up_meanwhile_is_told(
    store: MemoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_arguments: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises((NotEnoughSpaceError, WeightsError), match="is full"):
        fetch_folder(store, NAME, root=tmp_path)


def test_a_cache_that_can_not_be_written_to_is_named(store: MemoryStore, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WeightsError, match="REACTOR_REGISTRY_CACHE"):
        fetch_folder(store, NAME, root=tmp_path / "file")


def test_stop_ends_it_soon_while_the_registry_hangs(store: MemoryStore, tmp_path: Path) -> None:
    hung, go_on, stop = threading.Event(), threading.Event(), threading.Event()

    def hang(key: str, offset: int, data: bytes) -> bytes:
        if key.endswith("large.bin") and offset >= PART:
            hung.set()
            go_on.wait(60)
        return data

    store.fault = hang

    def stop_it() -> None:
        hung.wait(60)
        stop.set()

    threading.Thread(target=stop_it).start()
    with pytest.raises(StoppedError, match="kept"):
        fetch_folder(store, NAME, root=tmp_path, stop=stop)
    assert not go_on.is_set()
    assert not (tmp_path / NAME).exists()
    store.fault = None
    go_on.set()
    assert contents_of(fetch_folder(store, NAME, root=tmp_path)) == FILES


def test_a_registry_that_lists_slowly_and_then_breaks_off_once_is_asked_again(tmp_path: Path) -> None:
    breaks = iter([True])

    class Slow(MemoryStore):
        def list(self, prefix: str) -> Iterator[ObjectInfo]:
            time.sleep(2 * QUICK.first_patience_s)
            return super().list(prefix)

        def read_range(self, key: str, start: int, end: int, *, etag: str | None = None) -> Iterator[bytes]:
            if next(breaks, False):
                raise RegistryUnreachableError("the connection broke")
            return super().read_range(key, start, end, etag=etag)

    store = Slow(objects=folder_store(NAME, FILES, indexed=True).objects)
    assert contents_of(fetch_folder(store, NAME, root=tmp_path, limits=QUICK)) == FILES


def test_stop_ends_it_soon_while_the_registry_is_asked(tmp_path: Path) -> None:
    go_on, stop = threading.Event(), threading.Event()

    class Slow(MemoryStore):
        def list(self, prefix: str) -> Iterator[ObjectInfo]:
            stop.set()
            go_on.wait(60)
            return iter(())

    with pytest.raises(StoppedError):
        fetch_folder(Slow(), NAME, root=tmp_path, stop=stop)
    go_on.set()


def test_progress_grows_to_the_whole_folder(store: MemoryStore, tmp_path: Path) -> None:
    told: list[FetchProgress] = []

    def slowly(key: str, offset: int, data: bytes) -> bytes:
        time.sleep(0.03)
        return data

    store.fault, store.chunk_bytes = slowly, PART // 4
    fetch_folder(store, NAME, root=tmp_path, on_progress=told.append, limits=Limits(connections=2, reserve_bytes=0))
    assert [progress.done_bytes for progress in told] == sorted(progress.done_bytes for progress in told)
    last = told[-1]
    assert (last.folder, last.files_done, last.files) == (NAME, len(FILES), len(FILES))
    assert last.done_bytes == last.total_bytes == sum(map(len, FILES.values()))
    assert any(file.path == "large.bin" for progress in told for file in progress.current)
    assert all(len(progress.current) <= 2 for progress in told)


def test_what_a_listener_raises_ends_the_download(store: MemoryStore, tmp_path: Path) -> None:
    def slowly(key: str, offset: int, data: bytes) -> bytes:
        time.sleep(0.05)
        return data

    def refuse(_progress: FetchProgress) -> None:
        raise ZeroDivisionError

    store.fault = slowly
    with pytest.raises(ZeroDivisionError):
        fetch_folder(store, NAME, root=tmp_path, on_progress=refuse, limits=Limits(connections=1, reserve_bytes=0))


def test_an_etag_that_is_no_md5_is_no_reason_to_doubt(bare: MemoryStore, tmp_path: Path) -> None:
    class Multipart(MemoryStore):
        def _info(self, key: str) -> ObjectInfo:
            info = super()._info(key)
            return replace(info, etag=f"{info.etag}-3")

    store = Multipart(bare.objects)
    assert contents_of(fetch_folder(store, NAME, root=tmp_path)) == FILES
    assert verify(NAME, root=tmp_path).files[0].state == "sound"


def test_no_more_parts_are_in_flight_than_connections(store: MemoryStore, tmp_path: Path) -> None:
    flying: set[int] = set()
    most = []

    def count(key: str, offset: int, data: bytes) -> bytes:
        flying.add(threading.get_ident())
        most.append(len(flying))
        time.sleep(0.005)
        flying.discard(threading.get_ident())
        return data

    store.fault = count
    fetch_folder(store, NAME, root=tmp_path, limits=Limits(connections=3, reserve_bytes=0))
    assert max(most) <= 3


def test_the_recorded_sums_are_those_of_the_files(store: MemoryStore, tmp_path: Path) -> None:
    fetch_folder(store, NAME, root=tmp_path)
    record = (tmp_path / ".reactor" / f"{NAME}.json").read_text()
    assert all(hashlib.sha256(contents).hexdigest() in record for contents in FILES.values())
