"""Building with Go: a stand-in for the Go tool shows what is asked of it and how it may fail."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reactor_cli.livekit_server import Status
from reactor_cli.livekit_server.binary import Binary
from reactor_cli.livekit_server.build import build
from reactor_cli.livekit_server.find import find
from reactor_cli.livekit_server.job import PARTIAL, CancelledFetchError, Job, UnavailableError
from support.limits import SLOW

GOOD = """
echo "$@" >> {log}
printf '#!/bin/sh\\necho livekit-server version 1.13.5\\n' > "$GOBIN/server"
chmod +x "$GOBIN/server"
"""


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    tool = tmp_path / "go"
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("GOOS", "plan9")
    return tool


def behave(tool: Path, script: str) -> None:
    tool.write_text(f'#!/bin/sh\n[ "$1" = version ] && echo go version go1.26.8 linux/amd64 && exit\n{script}\n')
    tool.chmod(0o755)


def job_in(folder: Path, said: list[Status] | None = None) -> Job:
    job = Job(folder / "cache", (said if said is not None else []).append)
    job.target.parent.mkdir(parents=True, exist_ok=True)
    return job


def test_the_program_that_go_builds_is_moved_into_the_cache(go: Path, tmp_path: Path) -> None:
    behave(go, GOOD.format(log=tmp_path / "asked"))
    said: list[Status] = []
    job = job_in(tmp_path, said)
    assert find(job, ["go"]) == Binary(job.target, "1.13.5")
    assert (tmp_path / "asked").read_text().split()[-1] == "github.com/livekit/livekit-server/cmd/server@v1.13.5"
    assert said[0].stage == "building"


def test_what_go_says_is_told_and_nothing_is_left(go: Path, tmp_path: Path) -> None:
    behave(go, "echo dial tcp: no route to host >&2; exit 1")
    job = job_in(tmp_path)
    with pytest.raises(UnavailableError, match="no route to host"):
        build(job, "1.13.5")
    assert list(job.target.parent.iterdir()) == []


def test_a_build_that_nobody_waits_for_is_ended(go: Path, tmp_path: Path) -> None:
    behave(go, "sleep 300 & sleep 300")
    job = job_in(tmp_path)
    threading.Timer(0.3, job.cancelled.set).start()
    begun = time.monotonic()
    with pytest.raises(CancelledFetchError):
        build(job, "1.13.5")
    assert time.monotonic() - begun < 5 * SLOW
    assert list(job.target.parent.iterdir()) == []


def test_of_several_starters_one_builds(go: Path, tmp_path: Path) -> None:
    behave(go, GOOD.format(log=tmp_path / "asked"))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _number: find(job_in(tmp_path), ["go"]), range(4)))
    assert len(set(map(str, found))) == 1
    assert len((tmp_path / "asked").read_text().splitlines()) == 1


def test_what_a_killed_starter_left_is_removed(go: Path, tmp_path: Path) -> None:
    behave(go, GOOD.format(log=tmp_path / "asked"))
    job = job_in(tmp_path)
    (job.target.parent / f"{PARTIAL}x").mkdir()
    find(job, ["go"])
    assert sorted(path.name for path in job.target.parent.iterdir()) == [".lock", "livekit-server"]
