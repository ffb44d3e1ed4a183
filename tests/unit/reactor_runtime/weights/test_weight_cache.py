import os
import threading
import time
from pathlib import Path

import pytest

from reactor_runtime import WeightsError
from reactor_runtime.weights.cache import complete, folders, prune, remove, verify
from reactor_runtime.weights.download import fetch_folder
from reactor_runtime.weights.download.limits import Limits
from reactor_runtime.weights.errors import RegistryUnreachableError, StoppedError, UnsafeKeyError
from reactor_runtime.weights.layout import Layout
from reactor_runtime.weights.lock import FolderLock
from support.limits import SLOW
from support.memory_store import contents_of, folder_store, use_small_parts

PART = 64 * 1024
FILES = {"w.bin": os.urandom(3 * PART), "a/b": b"1"}
DAY_S = 24 * 3600.0


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    use_small_parts(monkeypatch, PART)


def fetch(root: Path, name: str) -> Path:
    return fetch_folder(folder_store(name, FILES, indexed=True), name, root=root)


def fetch_a_part(root: Path, name: str) -> None:
    """A download that breaks off after two parts."""

    def break_off(key: str, offset: int, data: bytes) -> bytes:
        if offset >= 2 * PART:
            raise RegistryUnreachableError("gone")
        return data

    store = folder_store(name, FILES, indexed=True)
    store.fault = break_off
    with pytest.raises(RegistryUnreachableError):
        fetch_folder(store, name, root=root, limits=Limits(connections=1, patience_s=0.0, reserve_bytes=0))


def put_by_hand(root: Path, name: str) -> Path:
    (root / name).mkdir(parents=True)
    (root / name / "mine.bin").write_bytes(b"12345")
    return root / name


def age(path: Path, days: float) -> None:
    """Make a file, or all files below a folder and itself, look so old."""
    then_s = time.time() - days * DAY_S
    for each in (*path.rglob("*"), path):
        os.utime(each, (then_s, then_s))


def lock_of(root: Path, name: str) -> FolderLock:
    return FolderLock(Layout.of(name, root))


def test_an_empty_or_absent_cache_has_nothing(tmp_path: Path) -> None:
    assert folders(root=tmp_path / "absent") == ()
    assert complete("A", root=tmp_path / "absent") is None


def test_what_there_is_is_listed_with_what_it_is(tmp_path: Path) -> None:
    fetch(tmp_path, "Fetched")
    (fetch(tmp_path, "Changed") / "w.bin").unlink()
    put_by_hand(tmp_path, "Own")
    fetch_a_part(tmp_path, "Begun")
    (tmp_path / ".hidden").mkdir()
    found = {folder.name: folder for folder in folders(root=tmp_path)}
    assert {name: folder.state for name, folder in found.items()} == {
        "Begun": "partial",
        "Changed": "changed",
        "Fetched": "complete",
        "Own": "by hand",
    }
    assert (found["Fetched"].files, found["Fetched"].size_bytes) == (2, 3 * PART + 1)
    assert 2 * PART <= found["Begun"].size_bytes < 3 * PART + 1
    assert not any(folder.busy for folder in found.values())


def test_a_folder_that_is_worked_on_is_listed_as_busy(tmp_path: Path) -> None:
    fetch_a_part(tmp_path, "Begun")
    lock = lock_of(tmp_path, "Begun")
    assert lock.acquire()
    assert [folder.busy for folder in folders(root=tmp_path)] == [True]
    lock.release()
    assert [folder.busy for folder in folders(root=tmp_path)] == [False]


def test_asking_for_a_folder_counts_as_using_it(tmp_path: Path) -> None:
    fetch(tmp_path, "Fetched")
    age(Layout.of("Fetched", tmp_path).record, 9)
    assert folders(root=tmp_path)[0].unused_s == pytest.approx(9 * DAY_S, abs=60)
    complete("Fetched", root=tmp_path)
    assert folders(root=tmp_path)[0].unused_s < 60


def test_a_partial_folder_is_never_complete(tmp_path: Path) -> None:
    fetch_a_part(tmp_path, "Begun")
    assert complete("Begun", root=tmp_path) is None
    assert not (tmp_path / "Begun").exists()


def test_a_thousand_files_are_looked_at_without_opening_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"{number % 10}/{number}": b"x" for number in range(1000)}
    fetch_folder(folder_store("Many", files, indexed=True), "Many", root=tmp_path)
    durations_s = []
    for _ in range(5):
        started_s = time.perf_counter()
        assert complete("Many", root=tmp_path)
        durations_s.append(time.perf_counter() - started_s)
    assert min(durations_s) < 0.5 * SLOW  # 50 ms promised, on a machine that does nothing else
    for path in (tmp_path / "Many").rglob("*"):
        path.chmod(0o000 if path.is_file() else 0o755)
    assert complete("Many", root=tmp_path)


@pytest.mark.parametrize("name", ["..", "a/b", ".reactor", "", "_models"])
def test_no_name_leads_out_of_the_cache(tmp_path: Path, name: str) -> None:
    for call in (complete, remove, verify):
        with pytest.raises(UnsafeKeyError):
            call(name, root=tmp_path)


def test_verify_reports_file_by_file(tmp_path: Path) -> None:
    folder = fetch(tmp_path, "Fetched")
    assert verify("Fetched", root=tmp_path).sound
    (folder / "w.bin").write_bytes(os.urandom(3 * PART))
    (folder / "a" / "b").unlink()
    report = verify("Fetched", root=tmp_path)
    assert not report.sound
    assert [(file.path, file.state) for file in report.files] == [("a/b", "missing"), ("w.bin", "changed")]


def test_verify_knows_nothing_of_a_folder_put_there_by_hand(tmp_path: Path) -> None:
    put_by_hand(tmp_path, "Own")
    report = verify("Own", root=tmp_path)
    assert (report.recorded, report.files) == (False, ())


def test_verify_says_when_there_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="Fetched"):
        verify("Fetched", root=tmp_path)


def test_verify_tells_of_all_bytes_and_can_be_stopped(tmp_path: Path) -> None:
    fetch(tmp_path, "Fetched")
    seen: list[int] = []
    verify("Fetched", root=tmp_path, on_bytes=seen.append)
    assert sum(seen) == 3 * PART + 1
    stop = threading.Event()
    stop.set()
    with pytest.raises(StoppedError):
        verify("Fetched", root=tmp_path, stop=stop)


def test_remove_takes_the_folder_its_record_and_the_rest_of_a_download(tmp_path: Path) -> None:
    fetch(tmp_path, "Fetched")
    removed = remove("Fetched", root=tmp_path)
    assert [(each.state, each.size_bytes) for each in removed] == [("complete", 3 * PART + 1)]
    fetch_a_part(tmp_path, "Fetched")
    assert [each.state for each in remove("Fetched", root=tmp_path)] == ["partial"]
    assert remove("Fetched", root=tmp_path) == ()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / ".reactor" / "Fetched.lock"]


def test_remove_takes_a_link_not_what_it_leads_to(tmp_path: Path) -> None:
    own = put_by_hand(tmp_path / "elsewhere", "Own")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "Own").symlink_to(own)
    assert [each.state for each in remove("Own", root=tmp_path / "cache")] == ["by hand"]
    assert contents_of(own) == {"mine.bin": b"12345"}


def test_remove_refuses_what_is_being_downloaded_and_names_the_process(tmp_path: Path) -> None:
    fetch_a_part(tmp_path, "Begun")
    lock = lock_of(tmp_path, "Begun")
    assert lock.acquire()
    with pytest.raises(WeightsError, match=str(os.getpid())):
        remove("Begun", root=tmp_path)
    lock.release()
    assert folders(root=tmp_path)


def test_prune_takes_what_was_not_used_for_long_and_leaves_the_rest(tmp_path: Path) -> None:
    for name in ("Old", "New"):
        fetch(tmp_path, name)
        fetch_a_part(tmp_path, f"{name}-Begun")
    put_by_hand(tmp_path, "Own")
    age(Layout.of("Old", tmp_path).record, 31)
    age(Layout.of("Old-Begun", tmp_path).partial, 31)
    age(tmp_path / "Own", 365)
    assert {each.name for each in prune(30, root=tmp_path)} == {"Old", "Old-Begun"}
    assert {folder.name for folder in folders(root=tmp_path)} == {"New", "New-Begun", "Own"}


def test_prune_never_takes_what_is_being_downloaded(tmp_path: Path) -> None:
    fetch_a_part(tmp_path, "Begun")
    age(Layout.of("Begun", tmp_path).partial, 31)
    lock = lock_of(tmp_path, "Begun")
    assert lock.acquire()
    assert prune(30, root=tmp_path) == ()
    lock.release()
    assert [each.name for each in prune(30, root=tmp_path)] == ["Begun"]


def test_a_download_goes_on_after_what_was_pruned_beside_it(tmp_path: Path) -> None:
    fetch_a_part(tmp_path, "Begun")
    assert [each.state for each in prune(0, root=tmp_path)] == ["partial"]
    assert contents_of(fetch(tmp_path, "Begun")) == FILES
