"""`reactor download`, `reactor upload` and `reactor weights` as processes, with a directory or an S3 server."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.limits import PATIENCE_S, SLOW
from support.manifests import write_manifest
from support.s3_server import S3Server
from support.tcp_proxy import Fault, TcpProxy

_END_S = 10.0 * SLOW  # 0.3 s on an idle machine
_FILE_BYTES = 256 * 1024
_MODEL = """
from reactor_runtime import VideoModel

class M(VideoModel):
    def start_session(self): ...
"""

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Settings of an empty cache and of the directory `registry`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("REACTOR_", "AWS_"))}
    (tmp_path / "registry").mkdir()
    return kept | {
        "REACTOR_REGISTRY_CACHE": str(tmp_path / "cache"),
        "REACTOR_MODELS_BUCKET": (tmp_path / "registry").as_uri(),
        "COLUMNS": "100",
    }


@pytest.fixture
def run(environment: dict[str, str], tmp_path: Path) -> Run:
    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-P", "-m", "reactor_cli", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    return run


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "mine" / "Some-Model"
    (folder / "part").mkdir(parents=True)
    for number in range(12):
        (folder / "part" / f"{number:02}.bin").write_bytes(os.urandom(_FILE_BYTES))
    return folder


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = write_manifest(tmp_path / "model", "m:M", weights=["Some-Model"])
    (folder / "m.py").write_text(_MODEL)
    return folder


def test_weights_go_up_and_come_down_and_nothing_is_moved_twice(
    run: Run, weights: Path, model: Path, tmp_path: Path
) -> None:
    up = run("upload", "--weights", str(weights))
    assert (up.returncode, "12 files sent" in up.stdout) == (0, True), up.stderr
    assert "nothing to send" in run("upload", "--weights", str(weights)).stdout
    down = run("download", "--path", str(model))
    assert (down.returncode, down.stdout) == (0, f"Some-Model: {tmp_path / 'cache' / 'Some-Model'}\n")
    assert "100%" in down.stderr
    for file in (weights / "part").iterdir():
        assert (tmp_path / "cache" / "Some-Model" / "part" / file.name).read_bytes() == file.read_bytes()
    again = run("download", "--weights", "Some-Model", "--offline")
    assert (again.returncode, again.stdout, again.stderr) == (0, down.stdout, "")


def test_a_published_model_brings_its_weights(run: Run, weights: Path, model: Path, tmp_path: Path) -> None:
    refused = run("upload", "--model", "--path", str(model))
    assert (refused.returncode, "Some-Model" in refused.stderr) == (1, True)
    done = run("upload", "--weights", str(weights), "--model", "--path", str(model))
    assert (done.returncode, done.stdout.splitlines()[-1].split(": ")[0]) == (0, "m@1.0.0"), done.stderr
    for wanted in ("m", "m@1.0.0", "m@latest"):
        down = run("download", "--models", wanted)
        assert (down.returncode, "m@1.0.0 needs Some-Model" in down.stderr) == (0, True), down.stderr
    assert run("download", "--models", "m@2.0.0").returncode == 1
    (model / "manifest.json").write_text(
        (model / "manifest.json").read_text().replace('"weights"', '"args": {"a": 1}, "weights"')
    )
    changed = run("upload", "--model", "--path", str(model))
    assert (changed.returncode, "never changes" in changed.stderr) == (1, True)


def test_what_is_wrong_is_told_with_its_exit_code(run: Run, weights: Path) -> None:
    missing = run("download", "--weights", "Some-Model")
    assert (missing.returncode, "no weight folder 'Some-Model'" in missing.stderr) == (1, True)
    offline = run("download", "--weights", "Some-Model", "--offline")
    assert (offline.returncode, "Some-Model isn't complete" in offline.stderr) == (1, True)
    for wrong in (["download", "--weights", "../x"], ["download", "--weights"], ["upload"], ["weights", "remove"]):
        done = run(*wrong)
        assert done.returncode == 2, (wrong, done.stderr)
    assert run("upload", "--weights", str(weights / "nowhere")).returncode == 2


def test_weights_are_listed_checked_and_removed(run: Run, weights: Path, tmp_path: Path) -> None:
    assert run("upload", "--weights", str(weights)).returncode == 0
    assert run("download", "--weights", "Some-Model").returncode == 0
    listed = json.loads(run("weights", "list", "--json").stdout)
    (folder,) = listed["folders"]
    assert (folder["name"], folder["state"], folder["files"], folder["size_bytes"]) == (
        "Some-Model",
        "complete",
        12,
        12 * _FILE_BYTES,
    )
    there = json.loads(run("weights", "list", "--bucket", (tmp_path / "registry").as_uri(), "--json").stdout)
    assert [(one["name"], one["files"], one["here"]) for one in there["folders"]] == [("Some-Model", 12, True)]
    assert "sound (12 files" in run("weights", "verify").stdout
    with (tmp_path / "cache" / "Some-Model" / "part" / "03.bin").open("r+b") as file:
        file.write(b"other")
    wrong = run("weights", "verify", "Some-Model")
    assert (wrong.returncode, "part/03.bin: changed" in wrong.stdout) == (1, True)
    checked = run("weights", "verify", "--json")
    (report,) = json.loads(checked.stdout)["folders"]
    assert (checked.returncode, report["wrong"]) == (1, [{"path": "part/03.bin", "state": "changed"}])
    assert "changed" in run("weights", "list").stdout
    removed = run("weights", "remove", "Some-Model", "Other")
    assert (removed.returncode, "Some-Model: removed" in removed.stdout, "'Other'" in removed.stderr) == (1, True, True)
    assert not (tmp_path / "cache" / "Some-Model").exists()


def test_only_what_is_unused_for_long_is_pruned(run: Run, weights: Path, tmp_path: Path) -> None:
    run("upload", "--weights", str(weights))
    run("download", "--weights", "Some-Model")
    assert run("weights", "prune").returncode == 0
    assert (tmp_path / "cache" / "Some-Model").exists()
    assert "Some-Model: removed" in run("weights", "prune", "--unused-days", "0").stdout
    assert not (tmp_path / "cache" / "Some-Model").exists()


@pytest.fixture
def slow(s3_server: S3Server, environment: dict[str, str]) -> Iterator[TcpProxy]:
    """A bucket behind a slow line; `environment` leads there."""
    with TcpProxy(s3_server.port) as proxy:
        environment |= s3_server.environment(proxy.port)
        environment["REACTOR_MODELS_BUCKET"] = s3_server.make_bucket(f"commands-{proxy.port}")
        yield proxy


def test_ctrl_c_ends_a_download_at_once_and_the_next_run_goes_on(
    run: Run, slow: TcpProxy, weights: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    assert run("upload", "--weights", str(weights)).returncode == 0
    slow.faults = lambda number: Fault(stall_after=_FILE_BYTES // 2) if number % 2 else Fault(delay_s=0.05)
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "reactor_cli", "download", "--weights", "Some-Model"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + PATIENCE_S
    while slow.body_bytes < 2 * _FILE_BYTES and time.monotonic() < deadline:
        time.sleep(0.05)
    began_s = time.monotonic()
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=PATIENCE_S)
    assert time.monotonic() - began_s < _END_S
    assert child.returncode == 130
    assert said.splitlines()[-1] == "Stopped. What has come is kept: run it again to go on."
    assert environment["AWS_SECRET_ACCESS_KEY"] not in said
    slow.faults = lambda _number: Fault()
    assert run("download", "--weights", "Some-Model").returncode == 0
    assert (tmp_path / "cache" / "Some-Model" / "part" / "11.bin").read_bytes() == (
        weights / "part" / "11.bin"
    ).read_bytes()


def test_secrets_are_never_shown(run: Run, slow: TcpProxy, environment: dict[str, str], s3_server: S3Server) -> None:
    environment["AWS_ACCESS_KEY_ID"] = "somebody-else"
    refused = run("download", "--weights", "Some-Model")
    assert refused.returncode == 1
    slow.faults = lambda _number: Fault(refuse=True)
    away = run("download", "--weights", "Some-Model")
    assert (away.returncode, f":{slow.port}" in away.stderr) == (1, True)
    assert s3_server.secret_key not in refused.stdout + refused.stderr + away.stdout + away.stderr
