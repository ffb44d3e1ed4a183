"""Several starters on one cache."""

import fcntl
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reactor_runtime.weights.cache import complete
from reactor_runtime.weights.download import fetch_folder
from reactor_runtime.weights.download.limits import Limits
from reactor_runtime.weights.errors import StoppedError
from reactor_runtime.weights.layout import Layout
from reactor_runtime.weights.lock import FolderLock
from reactor_runtime.weights.progress import FetchProgress
from support.memory_store import MemoryStore, contents_of, folder_store, use_small_parts

PART = 32 * 1024
NAME = "Some-Model"
FILES = {"w.bin": os.urandom(9 * PART), "a/b": b"1", **{f"c/{number}": os.urandom(100) for number in range(20)}}
LIMITS = Limits(connections=3, reserve_bytes=0)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    use_small_parts(monkeypatch, PART)


def slow_store(piece_s: float = 0.01) -> MemoryStore:
    store = folder_store(NAME, FILES, indexed=True)

    def slowly(key: str, offset: int, data: bytes) -> bytes:
        time.sleep(piece_s)
        return data

    store.fault = slowly
    return store


def fetch_in_threads(store: MemoryStore, root: Path, count: int, *, force: bool = False) -> list[Path]:
    with ThreadPoolExecutor(count) as pool:
        calls = [pool.submit(fetch_folder, store, NAME, root=root, limits=LIMITS, force=force) for _ in range(count)]
        return [call.result() for call in calls]


def test_threads_at_once_load_the_registry_as_one_does(tmp_path: Path) -> None:
    alone = slow_store()
    fetch_folder(alone, NAME, root=tmp_path / "alone")
    together = slow_store()
    found = fetch_in_threads(together, tmp_path / "together", 8)
    assert set(found) == {tmp_path / "together" / NAME}
    assert contents_of(found[0]) == FILES
    assert together.sent_bytes == alone.sent_bytes


def test_who_asked_for_a_new_copy_and_waited_for_one_is_content_with_it(tmp_path: Path) -> None:
    alone = slow_store()
    fetch_folder(alone, NAME, root=tmp_path)
    together = slow_store()
    fetch_in_threads(together, tmp_path, 4, force=True)
    assert together.sent_bytes == alone.sent_bytes


def test_without_locks_that_work_the_folder_is_still_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "flock", lambda _fd, _how: None)  # a file system that only pretends
    for attempt in range(5):
        root = tmp_path / str(attempt)
        for folder in fetch_in_threads(slow_store(), root, 4):
            assert contents_of(folder) == FILES
        if not complete(NAME, root=root):  # the record of one, the files of another: that costs a fetch, no more
            assert contents_of(fetch_in_threads(slow_store(), root, 1)[0]) == FILES
        assert complete(NAME, root=root)


def test_who_waits_is_told_how_far_the_other_one_is(tmp_path: Path) -> None:
    store = slow_store(piece_s=0.1)  # 3 s: the other one comes in time
    begun = threading.Event()
    told: list[FetchProgress] = []

    def began(_progress: FetchProgress) -> None:
        begun.set()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(
            fetch_folder, store, NAME, root=tmp_path, on_progress=began, limits=Limits(connections=1, reserve_bytes=0)
        )
        assert begun.wait(60)
        fetch_folder(store, NAME, root=tmp_path, on_progress=told.append)
        first.result()
    assert told
    assert {progress.waiting_for_pid for progress in told} == {os.getpid()}
    assert any(progress.total_bytes == sum(map(len, FILES.values())) for progress in told)


def test_waiting_can_be_stopped(tmp_path: Path) -> None:
    lock = FolderLock(Layout.of(NAME, tmp_path))
    assert lock.acquire()
    stop = threading.Event()
    with pytest.raises(StoppedError):
        fetch_folder(slow_store(), NAME, root=tmp_path, stop=stop, on_progress=lambda _progress: stop.set())
    lock.release()


def test_a_lock_has_one_owner_and_says_which(tmp_path: Path) -> None:
    one, two = (FolderLock(Layout.of(NAME, tmp_path)) for _ in range(2))
    assert one.acquire()
    assert not two.acquire()
    assert (two.holder(), two.is_held()) == (os.getpid(), True)
    one.release()
    assert not two.is_held()
    assert two.acquire()
    two.release()


def test_locks_of_two_folders_have_nothing_to_do_with_each_other(tmp_path: Path) -> None:
    one, two = FolderLock(Layout.of("A", tmp_path)), FolderLock(Layout.of("B", tmp_path))
    assert one.acquire()
    assert two.acquire()
    one.release()
    two.release()


def test_a_file_system_without_locks_is_no_reason_not_to_download(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(_fd: int, _how: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", unsupported)
    assert contents_of(fetch_folder(slow_store(), NAME, root=tmp_path)) == FILES
