"""Weights that a model's manifest lists: there before it is made, whatever the registry does. Real processes."""

import asyncio
import os
import signal
import subprocess
import textwrap
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from reactor_client import ReactorClient
from reactor_protocol.frontend import ErrorData
from reactor_runtime.weights.cache import complete
from reactor_runtime.weights.registry import Registry
from reactor_runtime.weights.store import open_store
from reactor_runtime.weights.upload import upload_folder
from support.client_process import ClientProcess, client_process
from support.limits import PATIENCE_S, SLOW
from support.manifests import write_manifest
from support.mounts import entered, mounted
from support.reactor_run import Reactor, get, reactors
from support.s3_server import S3Server
from support.tcp_proxy import Fault, TcpProxy
from support.viewer import next_event

pytestmark = pytest.mark.livekit

FILES = 48
SIZES = [65536 * (1 + number % 8) for number in range(FILES)]  # so that they don't all arrive at once
_END_S = 10.0 * SLOW  # 1 s on an idle machine
_CONNECTIONS = 10
_INDEX_BYTES = 2 * FILES * 1000  # read in both runs; a few hundred for each file
_SLOW = Fault(delay_s=0.4)  # 1.5 MB/s over ten connections: some 8 s in all

_ENOUGH_KIB = 300 * 1024  # the weights and a download's reserve
_DISK = f'mount -t tmpfs -o size={_ENOUGH_KIB}k tmpfs "$1" || exit 99; shift; exec "$@"'
_RESIZE = 'mount -o remount,size=$(($(df -k --output=used "$1" | tail -n 1) + $2))k "$1"'

_MODEL = """
    import numpy as np
    from reactor_runtime import VideoModel, get_ctx

    class Model(VideoModel):
        def __init__(self):
            folder = VideoModel.weights("Painted")
            self.value = (folder / "part 00.bin").read_bytes()[0]
            print(f"made with {len(list(folder.iterdir()))} files")

        def start_session(self):
            while True:
                get_ctx().emit_frame(np.full((64, 64, 3), self.value, np.uint8))
                get_ctx().wait(0.05)
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = write_manifest(tmp_path / "model", "mine:Model", weights=["Painted"])
    (folder / "mine.py").write_text(textwrap.dedent(_MODEL))
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "Painted"
    folder.mkdir()
    for number, size in enumerate(SIZES):
        (folder / f"part {number:02}.bin").write_bytes(os.urandom(size))
    return folder


@pytest.fixture
def start(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Reactor]]:
    """`reactor run` with an empty cache."""
    monkeypatch.setenv("REACTOR_REGISTRY_CACHE", str(tmp_path / "cache"))
    for name in ("REACTOR_OFFLINE", "REACTOR_BUCKET", "REACTOR_MODELS_BUCKET"):
        monkeypatch.delenv(name, raising=False)
    with reactors(model) as start:
        yield start


@pytest.fixture
def proxy(s3_server: S3Server, source: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TcpProxy]:
    """In front of a bucket `painted` with the weights; the environment leads there."""
    with TcpProxy(s3_server.port) as proxy:
        for name, value in s3_server.environment(proxy.port).items():
            monkeypatch.setenv(name, value)
        bucket = s3_server.make_bucket(f"painted-{proxy.port}")
        monkeypatch.setenv("REACTOR_MODELS_BUCKET", bucket)
        with closing(open_store(bucket)) as store:
            upload_folder(store, source, "Painted")
        yield proxy


def _until_up(reactor: Reactor) -> None:
    reactor.until(lambda: get(f"{reactor.base_url}/health") == 200, "coordinator")


def _percents(reactor: Reactor) -> list[int]:
    return [record["percent"] for record in reactor.events("fetching_weights")]


def _progress(client: ClientProcess) -> list[float]:
    """What a waiting client was told, each value once."""
    told = [told["waiting"]["progress"] for told in client.statuses if told["waiting"]]
    return list(dict.fromkeys(progress for progress in told if progress))


def _failures(reactor: Reactor) -> list[str]:
    return [record["message"] for record in reactor.events("load_failed")]


def _said(reactor: Reactor) -> list[str]:
    return [record["event"] for record in reactor.records if record["process"] == "model"]


async def test_a_waiting_client_sees_the_download_rise_and_then_pictures(
    start: Callable[..., Reactor], proxy: TcpProxy, model: Path
) -> None:
    proxy.faults = lambda _number: Fault(delay_s=1.0)  # 0.6 MB/s over ten connections: some 20 s
    reactor = start()
    _until_up(reactor)
    async with client_process(reactor.socket_url) as client:
        await client.until(lambda client: len(_progress(client)) > 5, limit_s=2 * PATIENCE_S)
        proxy.faults = lambda _number: Fault()
        proxy.cut_all()
        await client.sees(limit_s=2 * PATIENCE_S)
    assert {told["waiting"]["reason"] for told in client.statuses if told["waiting"]} == {"loading"}
    assert _progress(client) == sorted(_progress(client))
    assert all(earlier <= later for earlier, later in pairwise(_percents(reactor)))
    assert f"made with {FILES} files" in _said(reactor)


async def test_a_registry_that_is_down_is_told_in_words_and_asked_again_by_itself(
    start: Callable[..., Reactor], proxy: TcpProxy, model: Path
) -> None:
    proxy.faults = lambda _number: Fault(refuse=True)
    reactor = start()
    reactor.until(lambda: bool(_failures(reactor)), "failure")
    assert f"http://127.0.0.1:{proxy.port}" in _failures(reactor)[0]
    _until_up(reactor)
    async with client_process(reactor.socket_url) as client:
        proxy.faults = lambda _number: Fault()
        await client.sees(limit_s=2 * PATIENCE_S)
    assert f"made with {FILES} files" in _said(reactor)


def _leave_free(reactor: Reactor, disk: Path, free_kib: int) -> None:
    """Have the disk take so much more than it holds."""
    command = [*entered(reactor.process.pid), "sh", "-c", _RESIZE, "sh", str(disk), str(free_kib)]
    while subprocess.run(command, check=False).returncode:  # more has come since its use was asked
        assert reactor.process.poll() is None


async def test_a_disk_that_fills_up_is_told_to_who_waits_and_the_download_goes_on_once_there_is_room(
    start: Callable[..., Reactor], proxy: TcpProxy, model: Path, tmp_path: Path
) -> None:
    proxy.faults = lambda _number: Fault(delay_s=0.6)  # 1 MB/s over ten connections: some 13 s
    disk = tmp_path / "cache"
    disk.mkdir()
    reactor = start(wrapped=mounted(_DISK, disk))
    await asyncio.to_thread(_until_up, reactor)
    client = ReactorClient(reactor.socket_url)
    errors = client.events()
    connecting = asyncio.create_task(client.connect(2 * PATIENCE_S))
    try:
        await asyncio.to_thread(reactor.until, lambda: any(at >= 45 for at in _percents(reactor)), "45 %")
        _leave_free(reactor, disk, 128)
        told = await next_event(errors, ErrorData)
        assert told.code == "MODEL_LOADING_FAILED"
        assert f"the disk of {disk} is full; 'Painted' isn't complete. Make room" in told.message
        proxy.faults = lambda _number: Fault()
        _leave_free(reactor, disk, _ENOUGH_KIB)
        await connecting
        await asyncio.wait_for(anext(aiter(client.frames())), PATIENCE_S)
    finally:
        connecting.cancel()
        await client.disconnect()
    assert f"made with {FILES} files" in _said(reactor)
    # What found no room comes again, and what was on its way then; nothing else.
    assert proxy.body_bytes <= sum(SIZES) + _CONNECTIONS * max(SIZES) + _INDEX_BYTES


async def test_an_end_in_the_middle_is_prompt_and_the_next_start_goes_on(
    start: Callable[..., Reactor], proxy: TcpProxy, model: Path, tmp_path: Path
) -> None:
    proxy.faults = lambda _number: _SLOW
    reactor = start()
    reactor.until(lambda: any(percent >= 40 for percent in _percents(reactor)), "40 %")
    reactor.process.send_signal(signal.SIGTERM)
    assert reactor.process.wait(_END_S) == 0
    assert complete("Painted", root=tmp_path / "cache") is None
    proxy.faults = lambda _number: Fault()
    again = start()
    again.until_ready()
    assert f"made with {FILES} files" in _said(again)
    # What was on its way at the end comes again, nothing else.
    assert proxy.body_bytes <= sum(SIZES) + _CONNECTIONS * max(SIZES) + _INDEX_BYTES


def test_what_is_complete_needs_no_registry(
    start: Callable[..., Reactor], source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Registry(source.parent.as_uri()).fetch(["Painted"])
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    reactor = start("--bucket", "nowhere-at-all")
    reactor.until_ready()
    assert f"made with {FILES} files" in _said(reactor)
    assert _percents(reactor) == []


async def test_offline_what_is_missing_is_named_and_taken_when_it_comes(
    start: Callable[..., Reactor], source: Path
) -> None:
    reactor = start("--offline")
    reactor.until(lambda: bool(_failures(reactor)), "failure")
    assert "offline, and Painted isn't complete" in _failures(reactor)[0]
    assert "reactor download --weights Painted" in _failures(reactor)[0]
    _until_up(reactor)
    async with client_process(reactor.socket_url) as client:
        Registry(source.parent.as_uri()).fetch(["Painted"])  # as another terminal would
        await client.sees(limit_s=2 * PATIENCE_S)


async def test_a_directory_serves_as_well(start: Callable[..., Reactor], source: Path) -> None:
    reactor = start("--bucket", source.parent.as_uri())
    _until_up(reactor)
    async with client_process(reactor.socket_url) as client:
        await client.sees(limit_s=2 * PATIENCE_S)
    assert _percents(reactor)[-1:] in ([], [100])
    assert f"made with {FILES} files" in _said(reactor)
