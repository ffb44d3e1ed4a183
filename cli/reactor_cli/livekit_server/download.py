"""The official release of the LiveKit server, pinned by checksum."""

import errno
import hashlib
import os
import platform
import shutil
import tarfile
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import httpx

from reactor_cli.livekit_server import binary
from reactor_cli.livekit_server.binary import PINNED_VERSION, UnfitBinaryError
from reactor_cli.livekit_server.job import PARTIAL, Job, UnavailableError

_CHUNK_BYTES = 256 * 1024
_SILENCE_S = 20.0  # without a byte; slow lines are fine
_TOTAL_S = 900.0
_REPORT_S = 0.5
_UNPACKED_BYTES = 256 * 1024 * 1024  # the program has 60 MB; more isn't what was published
_MEMBER = "livekit-server"


@dataclass(frozen=True, slots=True)
class Release:
    """One published archive."""

    url: str
    sha256: str


def _official(architecture: str, sha256: str) -> Release:
    base = "https://github.com/livekit/livekit/releases/download"
    return Release(f"{base}/v{PINNED_VERSION}/livekit_{PINNED_VERSION}_linux_{architecture}.tar.gz", sha256)


# From the release's checksums.txt, as independent projects that pin the same archives repeat it.
RELEASES = {
    "x86_64": _official("amd64", "c020fac437b7cc9b776eef1ad5ea8af77be9acfa07602eca20a3a44930dfbc70"),
    "aarch64": _official("arm64", "332015305518765fe05bad74fc3a9d9583e635e7dd130de3c4fc563d69c550f3"),
}


def release_here() -> Release:
    """Return the archive for this machine.

    Raises:
        UnavailableError: LiveKit publishes none.
    """
    if platform.system() != "Linux" or platform.machine() not in RELEASES:
        raise UnavailableError(f"LiveKit publishes no archive for {platform.system()} on {platform.machine()}")
    return RELEASES[platform.machine()]


def download(job: Job, release: Release) -> None:
    """Fetch, verify, unpack and check the program, then move it into the cache in one step.

    Raises:
        UnavailableError: why it didn't work, with the address; nothing is left behind.
        CancelledFetchError: the caller has gone.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=PARTIAL, dir=job.target.parent) as folder:
            archive = Path(folder, "archive.tar.gz")
            _fetch(job, release, archive)
            program = Path(folder, _MEMBER)
            _unpack(archive, program)
            binary.check(program)
            program.replace(job.target)
    except httpx.HTTPError as error:
        raise UnavailableError(f"{release.url}: {str(error) or type(error).__name__}") from error
    except (tarfile.TarError, EOFError, UnfitBinaryError) as error:
        raise UnavailableError(f"{release.url} holds no program that works here: {error}") from error
    except OSError as error:
        raise UnavailableError(_no_room(error, job.target.parent)) from error


def _fetch(job: Job, release: Release, archive: Path) -> None:
    digest = hashlib.sha256()
    limits = httpx.Timeout(_SILENCE_S)
    deadline = time.monotonic() + _TOTAL_S
    with (
        archive.open("wb") as file,
        httpx.stream("GET", release.url, follow_redirects=True, timeout=limits) as response,
    ):
        response.raise_for_status()
        progress = _Progress(job, int(response.headers.get("content-length", 0)))
        for chunk in response.iter_raw(_CHUNK_BYTES):
            job.check()
            if time.monotonic() > deadline:
                raise UnavailableError(f"{release.url}: not complete after {_TOTAL_S / 60:.0f} minutes")
            digest.update(chunk)
            file.write(chunk)
            progress.add(len(chunk))
    if digest.hexdigest() != release.sha256:
        raise UnavailableError(
            f"{release.url} is not the published file: its sha256 is {digest.hexdigest()}, expected {release.sha256}"
        )


class _Progress:
    """Says now and then how far the download is."""

    def __init__(self, job: Job, total_bytes: int) -> None:
        self._job = job
        self._total_bytes = total_bytes
        self._done_bytes = 0
        self._next_s = 0.0

    def add(self, count: int) -> None:
        """Count bytes, report when it is time."""
        self._done_bytes += count
        if (now := time.monotonic()) < self._next_s:
            return
        self._next_s = now + _REPORT_S
        share = min(1.0, self._done_bytes / self._total_bytes) if self._total_bytes else None
        self._job.say("downloading", f"livekit-server {PINNED_VERSION}: {self._done_bytes / 1e6:.1f} MB", share)


def _unpack(archive: Path, program: Path) -> None:
    with tarfile.open(archive, "r:gz") as packed:
        member = next((m for m in packed if m.isfile() and Path(m.name).name == _MEMBER), None)
        content = packed.extractfile(member) if member and member.size <= _UNPACKED_BYTES else None
        if content is None:
            raise tarfile.ReadError(f"no file {_MEMBER} in the archive")
        with content, program.open("wb") as file:
            shutil.copyfileobj(content, file)
            file.flush()
            os.fsync(file.fileno())
    program.chmod(0o755)


def _no_room(error: OSError, folder: Path) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"no space left in {folder}: 100 MB are needed (REACTOR_CACHE_DIR names another folder)"
    return f"{folder} can't be used: {error.strerror or error}"
