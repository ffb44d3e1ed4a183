"""The LiveKit server built by the Go tool that is on this machine."""

import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections import deque
from pathlib import Path

from reactor_cli.livekit_server import binary
from reactor_cli.livekit_server.binary import PINNED_VERSION, UnfitBinaryError
from reactor_cli.livekit_server.guarded import GuardedProcess
from reactor_cli.livekit_server.job import PARTIAL, Job, UnavailableError

_MODULE = "github.com/livekit/livekit-server/cmd/server"
_OLDER_VERSION = "1.9.12"  # the last one that Go 1.24 builds
_BUILD_TIMEOUT_S = 900.0  # 100 s on two cores
_REPORT_S = 5.0
_POLL_S = 0.2


def version_for(go_version: str) -> str:
    """Return the newest server version that this Go builds; `go_version` is what `go version` says.

    Raises:
        UnavailableError: none.
    """
    found = re.search(r"\bgo(\d+)\.(\d+)", go_version)
    if found is None:
        raise UnavailableError(f"`go version` said {go_version.strip()[:80]!r}")
    release = (int(found[1]), int(found[2]))
    if release >= (1, 26):
        return PINNED_VERSION
    if release >= (1, 24):
        return _OLDER_VERSION
    raise UnavailableError(f"Go {found[1]}.{found[2]} is too old: 1.26 builds {PINNED_VERSION}, 1.24 {_OLDER_VERSION}")


def version_here() -> str:
    """Return the server version that the Go on PATH builds.

    Raises:
        UnavailableError: there is no Go, or it is too old.
    """
    go = shutil.which("go")
    if go is None:
        raise UnavailableError("no `go` on PATH")
    try:
        said = subprocess.run([go, "version"], capture_output=True, timeout=20, check=True, text=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise UnavailableError(f"{go} doesn't run: {error}") from error
    return version_for(said.stdout)


def build(job: Job, version: str) -> None:
    """Build the program and move it into the cache in one step.

    Raises:
        UnavailableError: what the Go tool said; nothing is left behind.
        CancelledFetchError: the caller has gone; the build has been ended.
    """
    try:
        with tempfile.TemporaryDirectory(prefix=PARTIAL, dir=job.target.parent) as folder:
            _install(job, version, Path(folder))
            program = Path(folder, "server")
            binary.check(program)
            program.replace(job.target)
    except UnfitBinaryError as error:
        raise UnavailableError(f"the program that Go built isn't fit for use: {error}") from error
    except OSError as error:
        raise UnavailableError(f"{job.target.parent}: {error.strerror or error}") from error


def _install(job: Job, version: str, folder: Path) -> None:
    environment = os.environ | {"GOBIN": str(folder), "GOTOOLCHAIN": "local", "GOWORK": "off"}
    for name in ("GOOS", "GOARCH"):  # building for another machine is refused together with GOBIN
        environment.pop(name, None)
    _say(job, version, 0.0)  # before it could be done
    process = GuardedProcess(["go", "install", "-trimpath", "-ldflags=-s -w", f"{_MODULE}@v{version}"], environment)
    said: deque[str] = deque(maxlen=5)
    reader = threading.Thread(target=_read, args=(process, said), name="go-install", daemon=True)
    reader.start()
    try:
        _watch(job, version, process)
    finally:
        process.kill()
        process.popen.wait()
        reader.join(_POLL_S * 10)
    if process.popen.returncode != 0:
        raise UnavailableError(f"`go install {_MODULE}@v{version}` failed: {' '.join(said) or 'without a word'}")


def _watch(job: Job, version: str, process: GuardedProcess) -> None:
    begun = time.monotonic()
    next_report = begun + _REPORT_S
    while process.popen.poll() is None:
        job.check()
        passed_s = time.monotonic() - begun
        if passed_s > _BUILD_TIMEOUT_S:
            raise UnavailableError(f"building livekit-server took longer than {_BUILD_TIMEOUT_S / 60:.0f} minutes")
        if time.monotonic() >= next_report:
            next_report += _REPORT_S
            _say(job, version, passed_s)
        job.cancelled.wait(_POLL_S)


def _say(job: Job, version: str, passed_s: float) -> None:
    job.say("building", f"livekit-server {version} with Go, once (about 2 minutes): {passed_s:.0f} s")


def _read(process: GuardedProcess, said: deque[str]) -> None:
    assert process.popen.stdout is not None  # noqa: S101 - for the type checker
    with process.popen.stdout as stream:
        for raw in iter(lambda: stream.readline(4096), b""):
            said.append(raw.decode(errors="replace").strip())
