"""From a folder to the registry: the same for a directory and for a bucket."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from reactor_runtime.weights import upload
from reactor_runtime.weights.errors import (
    CorruptFolderError,
    FolderMissingError,
    RegistryUnreachableError,
    StoppedError,
    UnsafeKeyError,
)
from reactor_runtime.weights.index import INDEX_PATH, PART_BYTES, IndexedFile, index_of, indexed_file, load_index
from reactor_runtime.weights.progress import FetchProgress
from reactor_runtime.weights.store import ObjectStore, open_store
from reactor_runtime.weights.upload import UploadSummary, upload_folder
from support.s3_server import S3Server
from support.tcp_proxy import Fault, TcpProxy

FILES = {"config.json": 10, "empty": 0, "deep/er/a b.bin": 1000, "deep/ü.bin": PART_BYTES + 7, "w": PART_BYTES}
TOTAL = sum(FILES.values())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "source"
    source = random.Random(1)  # noqa: S311 - the same contents each time
    for path, size in FILES.items():
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_bytes(source.randbytes(size))
    return made


def read(store: ObjectStore, key: str) -> bytes:
    return b"".join(store.read_range(key, 0, store.head(key).size_bytes))


def assert_there(store: ObjectStore, folder: Path, name: str = "Folder") -> None:
    for path in FILES:
        assert read(store, f"{name}/{path}") == (folder / path).read_bytes()
    assert load_index(store, name) == index_of(folder)


def test_everything_is_there_afterwards(store: ObjectStore, folder: Path) -> None:
    assert upload_folder(store, folder, "Folder") == UploadSummary("Folder", 5, TOTAL, 5, TOTAL)
    assert_there(store, folder)
    assert len(list(store.list("Folder/"))) == 6


def test_nothing_is_sent_again(store: ObjectStore, folder: Path) -> None:
    upload_folder(store, folder, "Folder")
    before = list(store.list(""))
    assert upload_folder(store, folder, "Folder") == UploadSummary("Folder", 5, TOTAL, 0, 0)
    assert list(store.list("")) == before


def test_only_what_differs_is_sent(store: ObjectStore, folder: Path) -> None:
    upload_folder(store, folder, "Folder")
    (folder / "w").write_bytes(b"\1" * PART_BYTES)  # the same size
    (folder / "new").write_bytes(b"new")
    (folder / "empty").unlink()
    summary = upload_folder(store, folder, "Folder")
    assert (summary.sent_files, summary.sent_bytes) == (2, PART_BYTES + 3)
    index = load_index(store, "Folder")
    assert index == index_of(folder)
    assert index is not None
    assert "empty" not in [file.path for file in index.files]


def test_contents_decide_and_not_an_index_that_is_out_of_date(store: ObjectStore, folder: Path) -> None:
    upload_folder(store, folder, "Folder")
    store.put("Folder/w", bytes(PART_BYTES))  # as an interrupted upload of another version leaves it
    assert upload_folder(store, folder, "Folder").sent_files == 1
    assert_there(store, folder)


def test_what_other_programs_put_there_is_recognised(store: ObjectStore, folder: Path) -> None:
    for path in FILES:
        store.put(f"Folder/{path}", (folder / path) if path == "deep/ü.bin" else (folder / path).read_bytes())
    assert upload_folder(store, folder, "Folder").sent_files == 0
    assert_there(store, folder)


def test_a_broken_index_is_replaced(store: ObjectStore, folder: Path) -> None:
    store.put(f"Folder/{INDEX_PATH}", b"{")
    upload_folder(store, folder, "Folder")
    assert_there(store, folder)


def test_progress_grows_to_all(store: ObjectStore, folder: Path) -> None:
    told: list[FetchProgress] = []
    upload_folder(store, folder, "Folder", on_progress=told.append)
    last = told[-1]
    assert (last.folder, last.files_done, last.files, last.done_bytes, last.total_bytes) == (
        *("Folder", 5, 5),
        *(TOTAL, TOTAL),
    )
    assert last.current == ()
    assert all(0 <= each.done_bytes <= TOTAL for each in told)


def test_what_the_listener_raises_ends_the_upload_without_an_index(store: ObjectStore, folder: Path) -> None:
    def refuse(_progress: FetchProgress) -> None:
        raise BrokenPipeError("nobody reads")

    with pytest.raises(BrokenPipeError, match="nobody reads"):
        upload_folder(store, folder, "Folder", on_progress=refuse)
    assert load_index(store, "Folder") is None


def test_a_stopped_upload_goes_on_where_it_was(
    store: ObjectStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = threading.Event()
    monkeypatch.setattr(upload, "_REPORT_S", 0.001)  # hashing alone takes longer
    with pytest.raises(StoppedError, match="Run it again"):
        upload_folder(store, folder, "Folder", stop=stop, on_progress=lambda _progress: stop.set())
    assert load_index(store, "Folder") is None
    there = {info.key: info for info in store.list("Folder/")}
    upload_folder(store, folder, "Folder")
    assert_there(store, folder)
    assert {key: info for key, info in there.items() if store.head(key) != info} == {}


def test_a_file_that_changes_meanwhile_is_refused(
    store: ObjectStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changing(source: Path, path: str, on_bytes: Callable[[int], None]) -> IndexedFile:
        found = indexed_file(source, path, on_bytes)
        if path == "w":
            (folder / "w").write_bytes(b"changed")
        return found

    monkeypatch.setattr(upload, "indexed_file", changing)
    with pytest.raises(CorruptFolderError, match="w was changed while it was uploaded"):
        upload_folder(store, folder, "Folder")
    assert load_index(store, "Folder") is None


def test_an_object_that_vanishes_meanwhile_is_noticed(store: ObjectStore, folder: Path) -> None:
    class Forgetful:
        def __getattr__(self, name: str) -> object:
            return getattr(store, name)

        def put(self, key: str, source: Path | bytes, **options: object) -> None:
            if key != "Folder/w":
                store.put(key, source)

    with pytest.raises(CorruptFolderError, match=r"Folder/w in .* has None bytes and not 8388608"):
        upload_folder(Forgetful(), folder, "Folder")  # type: ignore[arg-type]
    assert load_index(store, "Folder") is None


def test_a_link_that_leaves_the_folder_is_refused_before_anything_is_sent(store: ObjectStore, folder: Path) -> None:
    (folder / "link").symlink_to("/etc/hostname")
    with pytest.raises(UnsafeKeyError, match="leaves"):
        upload_folder(store, folder, "Folder")
    assert list(store.list("")) == []


def test_a_link_that_stays_is_sent_as_its_file(store: ObjectStore, folder: Path) -> None:
    (folder / "link").symlink_to("config.json")
    upload_folder(store, folder, "Folder")
    assert read(store, "Folder/link") == (folder / "config.json").read_bytes()


def test_a_folder_that_is_empty_or_badly_named_is_refused(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(FolderMissingError, match="has no files"):
        upload_folder(store, tmp_path / "nothing", "Folder")
    with pytest.raises(UnsafeKeyError):
        upload_folder(store, tmp_path, "_models")


def test_a_folder_can_be_indexed_in_its_own_registry(tmp_path: Path, folder: Path) -> None:
    store = open_store(tmp_path.as_uri())
    assert upload_folder(store, folder, "source").sent_files == 0
    assert load_index(store, "source") == index_of(folder)


def test_an_upload_over_a_bad_network_is_whole(
    s3_server: S3Server, bucket: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = random.Random(2)  # noqa: S311
    faults = {number: Fault(cut_up_after=chosen.randrange(PART_BYTES)) for number in range(0, 12, 3)}
    with TcpProxy(s3_server.port, lambda number: faults.get(number, Fault())) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{proxy.port}")
        store = open_store(bucket)
        for _ in range(5):
            try:
                upload_folder(store, folder, "Folder")
            except RegistryUnreachableError:
                assert load_index(store, "Folder") is None
                continue
            break
        assert_there(store, folder)
        store.close()


def test_an_upload_that_was_killed_goes_on(bucket: str, s3_server: S3Server, tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number}.bin").write_bytes(os.urandom(256 * 1024))
    script = (
        "import sys; from pathlib import Path; from reactor_runtime.weights.store import open_store;"
        "from reactor_runtime.weights.upload import upload_folder;"
        "upload_folder(open_store(sys.argv[1]), Path(sys.argv[2]), 'Many')"
    )
    # Ten at once and 0.3 s for each answer: a second is left when a third has been sent.
    with TcpProxy(s3_server.port, lambda _number: Fault(delay_s=0.3)) as proxy:
        environment = os.environ | s3_server.environment(proxy.port)
        process = subprocess.Popen([sys.executable, "-c", script, bucket, str(folder)], env=environment)
        deadline = time.monotonic() + 60
        while proxy.up_bytes < 3 * 1024 * 1024 and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    store = open_store(bucket)
    assert load_index(store, "Many") is None
    there = len(list(store.list("Many/")))
    assert there > 0
    assert 0 < upload_folder(store, folder, "Many").sent_files <= 40 - there  # some arrived after the kill
    assert load_index(store, "Many") == index_of(folder)
    store.close()
