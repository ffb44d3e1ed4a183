"""The release is taken only when it is the published one, whole; the cache is never left half written."""

import errno
import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO

import pytest

from reactor_cli.livekit_server import Status
from reactor_cli.livekit_server.binary import Binary
from reactor_cli.livekit_server.download import RELEASES, Release, download
from reactor_cli.livekit_server.find import find
from reactor_cli.livekit_server.job import CancelledFetchError, Job, UnavailableError

SCRIPT = b"#!/bin/sh\necho livekit-server version 1.13.5\n"


def archive(name: str = "livekit-server", content: bytes = SCRIPT) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for member, data in (("LICENSE", b"Apache"), (name, content)):
            info = tarfile.TarInfo(member)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return packed.getvalue()


class Site:
    """A web server that gives `body`; it may announce more than it has, redirect, or fail."""

    def __init__(self) -> None:
        self.body = archive()
        self.announced: int | None = None
        self.status = 200
        self.requests = 0
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/redirect":
                    self.send_response(302)
                    self.send_header("Location", "/file")
                    self.end_headers()
                    return
                site.requests += 1
                self.send_response(site.status)
                self.send_header("Content-Length", str(site.announced or len(site.body)))
                self.end_headers()
                self.wfile.write(site.body)

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def release(self, path: str = "/redirect", sha256: str = "") -> Release:
        digest = sha256 or hashlib.sha256(self.body).hexdigest()
        return Release(f"http://127.0.0.1:{self.server.server_port}{path}", digest)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    job = Job(tmp_path, lambda _status: None)
    job.target.parent.mkdir(parents=True)
    return job


def refused(job: Job, release: Release) -> str:
    with pytest.raises(UnavailableError) as caught:
        download(job, release)
    assert list(job.target.parent.iterdir()) == []
    return str(caught.value)


def test_the_published_archive_becomes_a_program(site: Site, job: Job) -> None:
    download(job, site.release())
    assert job.target.read_bytes() == SCRIPT
    assert job.target.stat().st_mode & 0o777 == 0o755
    assert list(job.target.parent.iterdir()) == [job.target]


def test_another_file_than_the_published_one_is_refused(site: Site, job: Job) -> None:
    assert "expected " + "0" * 64 in refused(job, site.release(sha256="0" * 64))


def test_a_connection_that_is_cut_leaves_nothing(site: Site, job: Job) -> None:
    release = site.release()
    site.announced = len(site.body) + 1000
    assert release.url in refused(job, release)


def test_a_truncated_archive_is_refused(site: Site, job: Job) -> None:
    whole = site.release()
    site.body = site.body[:-20]
    assert "sha256" in refused(job, whole)


def test_an_archive_that_ends_early_although_its_checksum_fits_is_refused(site: Site, job: Job) -> None:
    site.body = site.body[: len(site.body) // 2]
    assert "holds no program that works here" in refused(job, site.release())


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (archive(name="something-else"), "no file livekit-server"),
        (archive(content=b"#!/bin/sh\nexit 1\n"), "ended with 1"),
        (b"<html>sign in to this network</html>", "holds no program"),
    ],
)
def test_an_archive_without_a_working_program_is_refused(site: Site, job: Job, body: bytes, reason: str) -> None:
    site.body = body
    assert reason in refused(job, site.release())


def test_an_error_of_the_site_is_told_with_its_address(site: Site, job: Job) -> None:
    site.status = 503
    said = refused(job, site.release("/file"))
    assert "503" in said
    assert site.release("/file").url in said


def test_nobody_there_is_told_with_the_address(job: Job) -> None:
    assert "http://127.0.0.1:9/x" in refused(job, Release("http://127.0.0.1:9/x", "0"))


def test_no_space_is_told_with_the_folder_and_the_way_out(
    site: Site, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    class FullDisk(io.BytesIO):
        def write(self, _data: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    real = Path.open

    def opened(path: Path, mode: str = "r", *args: int) -> IO[bytes]:
        return FullDisk() if path.name == "archive.tar.gz" and "w" in mode else real(path, "rb")

    monkeypatch.setattr(Path, "open", opened)
    said = refused(job, site.release())
    assert "no space left" in said
    assert "REACTOR_CACHE_DIR" in said


def test_a_caller_that_has_gone_ends_the_download(site: Site, job: Job) -> None:
    job.cancelled.set()
    with pytest.raises(CancelledFetchError):
        download(job, site.release())
    assert list(job.target.parent.iterdir()) == []


def test_of_several_starters_one_fetches(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reactor_cli.livekit_server.download.release_here", site.release)
    said: list[Status] = []

    def start(_number: int) -> object:
        return find(Job(tmp_path, said.append), ["download"])

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(start, range(8)))
    assert found == [Binary(tmp_path / "bin" / "livekit-server", "1.13.5")] * 8
    assert site.requests == 1


def test_the_pinned_releases_are_whole() -> None:
    for release in RELEASES.values():
        assert release.url.startswith("https://github.com/livekit/livekit/releases/download/v1.13.5/")
        assert len(bytes.fromhex(release.sha256)) == 32
