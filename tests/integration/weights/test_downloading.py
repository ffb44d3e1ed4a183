"""Downloads from a real S3 server, through a proxy that counts and misbehaves, by processes that are killed."""

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from reactor_runtime.weights.cache import complete, verify
from reactor_runtime.weights.download import fetch_folder
from reactor_runtime.weights.errors import CorruptFolderError
from reactor_runtime.weights.hashes import PART_BYTES
from reactor_runtime.weights.progress import FetchProgress
from reactor_runtime.weights.store import ObjectStore, open_store
from reactor_runtime.weights.upload import upload_folder
from support.memory_store import contents_of
from support.s3_server import S3Server
from support.tcp_proxy import Fault, TcpProxy

NAME = "Some-Model"
CONNECTIONS = 10
_TIMEOUT_S = 90.0


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """28 MiB: one large file, some of less than a part, an empty one, odd names."""
    folder = tmp_path / "source" / NAME
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "large.bin").write_bytes(os.urandom(3 * PART_BYTES + 12345))
    for number in range(8):
        (folder / "deep" / "er" / f"ünïcödé and spaces {number}.bin").write_bytes(os.urandom(512 * 1024))
    (folder / "empty").write_bytes(b"")
    return folder


@pytest.fixture
def proxy(s3_server: S3Server, bucket: str, source: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TcpProxy]:
    """In front of a bucket that has the folder, uploaded by our own program."""
    with closing(open_store(bucket)) as store:
        upload_folder(store, source, NAME)
    with TcpProxy(s3_server.port) as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{running.port}")
        yield running


@pytest.fixture
def store(bucket: str, proxy: TcpProxy) -> Iterator[ObjectStore]:
    with closing(open_store(bucket)) as opened:
        yield opened


_CHILD = textwrap.dedent("""
    import sys
    from pathlib import Path
    from reactor_runtime.weights.download import fetch_folder
    from reactor_runtime.weights.store import open_store

    bucket, name, root = sys.argv[1:]
    print("ready", flush=True)
    sys.stdin.readline()
    fetch_folder(open_store(bucket), name, root=Path(root), on_progress=lambda progress: print(progress, flush=True))
""")


def child(bucket: str, root: Path) -> subprocess.Popen[str]:
    """A downloader in a process of its own, which waits for a line before it begins."""
    command = [sys.executable, "-c", _CHILD, bucket, NAME, str(root)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def go(*processes: subprocess.Popen[str]) -> None:
    """Let them begin at once."""
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_a_folder_comes_whole_and_verified(store: ObjectStore, source: Path, tmp_path: Path) -> None:
    told: list[FetchProgress] = []
    folder = fetch_folder(store, NAME, root=tmp_path / "cache", on_progress=told.append)
    assert contents_of(folder) == contents_of(source)
    assert verify(NAME, root=tmp_path / "cache").sound
    assert told[-1].done_bytes == told[-1].total_bytes == size_of(source)


def test_a_folder_that_another_program_uploaded_comes_too(
    s3_server: S3Server, bucket: str, source: Path, tmp_path: Path
) -> None:
    with closing(s3_server.client()) as client:
        for path in source.rglob("*"):
            if path.is_file():
                client.upload_file(str(path), bucket, f"{NAME}/{path.relative_to(source).as_posix()}")
    with closing(open_store(bucket)) as bare:
        folder = fetch_folder(bare, NAME, root=tmp_path / "cache")
    assert contents_of(folder) == contents_of(source)


def test_twenty_kills_cost_no_more_than_the_parts_that_were_in_flight(
    bucket: str, proxy: TcpProxy, source: Path, tmp_path: Path
) -> None:
    chance = random.Random(5)  # noqa: S311 - what is random must be repeatable
    proxy.faults = lambda _number: Fault(delay_s=0.004)  # so that there is something to kill
    for _ in range(20):
        process = child(bucket, tmp_path / "cache")
        try:
            go(process)
            time.sleep(chance.uniform(0.0, 0.6))
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=_TIMEOUT_S)
        found = complete(NAME, root=tmp_path / "cache")
        assert found is None or contents_of(found) == contents_of(source)
    proxy.faults = lambda _number: Fault()
    with closing(open_store(bucket)) as store:
        folder = fetch_folder(store, NAME, root=tmp_path / "cache")
    assert contents_of(folder) == contents_of(source)
    assert proxy.body_bytes <= size_of(source) + 21 * CONNECTIONS * PART_BYTES


def test_eight_processes_at_once_load_the_server_as_one_does(
    bucket: str, proxy: TcpProxy, source: Path, tmp_path: Path
) -> None:
    proxy.faults = lambda _number: Fault(delay_s=0.05)  # some 2 s in all: nobody comes when all is over
    processes = [child(bucket, tmp_path / "cache") for _ in range(8)]
    try:
        go(*processes)
        with ThreadPoolExecutor(len(processes)) as pool:
            said = list(pool.map(lambda process: process.communicate(timeout=_TIMEOUT_S)[0], processes))
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0] * 8
    assert contents_of(tmp_path / "cache" / NAME) == contents_of(source)
    assert proxy.body_bytes <= 1.02 * size_of(source)
    assert any(
        "waiting_for_pid=" in text and "waiting_for_pid=None" not in text.splitlines()[0] for text in said if text
    )


def test_who_waits_takes_over_when_the_downloader_is_killed(
    bucket: str, proxy: TcpProxy, source: Path, tmp_path: Path
) -> None:
    proxy.faults = lambda _number: Fault(stall_after=3 * 1024 * 1024)
    first, second = child(bucket, tmp_path / "cache"), child(bucket, tmp_path / "cache")
    try:
        go(first)
        _read_until(first, lambda line: "done_bytes=0" not in line)
        go(second)
        _read_until(second, lambda line: f"waiting_for_pid={first.pid}" in line)
        proxy.faults = lambda _number: Fault()  # for the second one: what the first has open stalls
        first.send_signal(signal.SIGKILL)
        second.communicate(timeout=_TIMEOUT_S)
        assert second.returncode == 0
    finally:
        for process in (first, second):
            process.kill()
            process.communicate()
    assert contents_of(tmp_path / "cache" / NAME) == contents_of(source)


def _read_until(process: subprocess.Popen[str], wanted: Callable[[str], bool]) -> None:
    assert process.stdout
    for line in process.stdout:
        if wanted(line):
            return
    raise AssertionError("the process ended before")


@pytest.mark.parametrize(
    "fault",
    [
        Fault(cut_after=1_000_000),
        Fault(end_after=1_000_000),
        Fault(corrupt_at=1_000_000),
        Fault(cut_after=0),
        Fault(refuse=True),
    ],
    ids=["cut", "truncated", "corrupted", "cut at once", "refused"],
)
def test_what_befalls_some_connections_is_mended(
    store: ObjectStore, proxy: TcpProxy, source: Path, tmp_path: Path, fault: Fault
) -> None:
    proxy.faults = lambda number: fault if number % 2 else Fault()
    assert contents_of(fetch_folder(store, NAME, root=tmp_path / "cache")) == contents_of(source)


def test_a_way_that_corrupts_everything_is_told_and_nothing_is_shown(
    store: ObjectStore, proxy: TcpProxy, tmp_path: Path
) -> None:
    proxy.cut_all()

    def always(_number: int) -> Fault:
        return Fault(corrupt_at=1000, cut_after=PART_BYTES + 10_000)

    proxy.faults = always
    with pytest.raises(CorruptFolderError, match="s3://"):
        fetch_folder(store, NAME, root=tmp_path / "cache")
    assert not (tmp_path / "cache" / NAME).exists()


def test_a_complete_folder_needs_no_server(bucket: str, proxy: TcpProxy, store: ObjectStore, tmp_path: Path) -> None:
    fetch_folder(store, NAME, root=tmp_path / "cache")
    connections, requests = proxy.connections, proxy.requests
    with closing(open_store(bucket)) as another:
        fetch_folder(another, NAME, root=tmp_path / "cache")
    assert (proxy.connections, proxy.requests) == (connections, requests)
