"""The command as users call it, on machines with real faults."""

import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from support.limits import PATIENCE_S
from support.manifests import write_manifest
from support.mounts import mounted
from support.ports import free_ports
from support.s3_server import S3Server

_MODEL = Path(__file__).parents[2] / "manifests" / "ink"
_MOUNT = 'mount -t tmpfs -o size=64k tmpfs "$1" && head -c 1M /dev/zero >"$1/full" 2>/dev/null; {then} shift; exec "$@"'
_FULL = _MOUNT.format(then="")
_READ_ONLY = _MOUNT.format(then='rm "$1/full"; mount -o remount,ro "$1" || exit 99;')
_NAME = "NeuralWorld"
_BUCKET = "doctor"
_ANY_KEY = {"LIVEKIT_API_KEY": "key", "LIVEKIT_API_SECRET": "secret" * 8}
_TORCH = """
__version__ = "2.9.0"
class version: cuda = None
class cuda: is_available = staticmethod(lambda: False)
class backends: mps = cuda
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Empty caches, and a PyTorch that is imported at once."""
    for name in ("cache", "weights", "modules"):
        (tmp_path / name).mkdir()
    (tmp_path / "modules" / "torch.py").write_text(_TORCH)
    return tmp_path


def doctor(
    folder: Path, *arguments: str, env: Mapping[str, str] | None = None, wrapped: Sequence[str] = (), code: int = 0
) -> str:
    """What it prints; its ports are free ones unless told otherwise."""
    kept = {name: v for name, v in os.environ.items() if not name.startswith(("REACTOR_", "LIVEKIT_", "AWS_"))}
    caches = {"REACTOR_CACHE_DIR": str(folder / "cache"), "REACTOR_REGISTRY_CACHE": str(folder / "weights")}
    modules = {"PYTHONPATH": str(folder / "modules")}
    names = ("COORDINATOR_PORT", "RUNTIME_PORT", "LIVEKIT_PORT", "MEDIA_TCP_PORT", "MEDIA_UDP_PORT")
    ports = {f"REACTOR_{name}": str(port) for name, port in zip(names, free_ports(len(names)), strict=True)}
    command = [*wrapped, sys.executable, "-P", "-m", "reactor_cli", "doctor", *arguments]
    done = subprocess.run(
        command,
        env=kept | caches | modules | ports | dict(env or {}),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def findings(check: str, folder: Path, *arguments: str, **options: Any) -> list[dict[str, Any]]:
    """Of one check."""
    value = json.loads(doctor(folder, "--json", *arguments, **options))
    return [finding for finding in value["findings"] if finding["check"] == check]


@pytest.mark.livekit
def test_a_model_that_can_run_has_no_errors(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    cache = {name: os.environ[name] for name in ("REACTOR_CACHE_DIR",) if name in os.environ}
    own = cache or {"REACTOR_CACHE_DIR": str(Path.home() / ".cache" / "reactor-local")}
    text = doctor(tmp_path, "--path", str(_MODEL), env=own)
    assert "livekit-server 1." in text
    assert "✗" not in text


def test_a_full_disk_is_an_error(folder: Path) -> None:
    found = findings("disk", folder, wrapped=mounted(_FULL, folder / "cache"), code=1)
    assert found[0]["severity"] == "error"
    assert "No space left on device" in found[0]["message"]
    assert "REACTOR_CACHE_DIR" in found[0]["remedy"]


def test_a_read_only_cache_is_an_error(folder: Path) -> None:
    found = findings("disk", folder, wrapped=mounted(_READ_ONLY, folder / "weights"), code=1)
    assert found[1]["severity"] == "error"
    assert "Read-only file system" in found[1]["message"]
    assert "REACTOR_REGISTRY_CACHE" in found[1]["remedy"]


def test_missing_folders_are_made_by_fix(tmp_path: Path, folder: Path) -> None:
    for name in ("cache", "weights"):
        (folder / name).rmdir()
    value = json.loads(doctor(folder, "--json", "--fix", "--livekit-url", "ws://127.0.0.1:1", env=_ANY_KEY, code=1))
    assert value["fixed"] == [f"make {folder}/cache", f"make {folder}/weights"]
    assert (folder / "cache").is_dir()
    assert (folder / "weights").is_dir()


def test_few_descriptors_are_told(folder: Path) -> None:
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] > 256
    wrapped = ["sh", "-c", 'ulimit -n 256; exec "$@"', "sh"]
    found = findings("limits", folder, "--livekit-url", "ws://127.0.0.1:1", env=_ANY_KEY, wrapped=wrapped, code=1)
    assert found[0]["severity"] == "warning"
    assert "only 256 open files" in found[0]["message"]


def test_a_taken_port_is_told_and_ends_with_1(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        found = findings("ports", folder, "--port", port, code=1)
    assert f"pid {os.getpid()}" in found[0]["message"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--prot", "1"], "--port"),
        (["--port", "0"], "--coordinator-port"),
        (["--config", "no-such.toml"], "no-such.toml"),
    ],
)
def test_called_wrongly_it_ends_with_2(folder: Path, arguments: list[str], words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "reactor_cli", "doctor", *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 2
    assert words in done.stderr


# --- registries in S3 ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def s3(s3_server: S3Server) -> S3Server:
    """With a bucket `doctor`, and the weights in it."""
    s3_server.make_bucket(_BUCKET)
    weights = s3_server.root / _BUCKET / _NAME
    weights.mkdir()
    (weights / "w.bin").write_bytes(b"1234")
    return s3_server


@pytest.fixture
def model(folder: Path) -> Path:
    """A model that needs weights."""
    path = write_manifest(folder / "model", "m:M", weights=[_NAME])
    (path / "m.py").write_text("from reactor_runtime import VideoModel\nclass M(VideoModel): ...\n")
    return path


def registry(folder: Path, model: Path, env: Mapping[str, str], bucket: str = _BUCKET) -> dict[str, Any]:
    """What is said about it; the command's own end isn't what is looked at."""
    given = ["--path", str(model), "--bucket", bucket, "--livekit-url", "ws://127.0.0.1:1"]
    (found,) = findings("registry", folder, *given, env={**env, **_ANY_KEY}, code=1)
    assert "only-for-tests" not in json.dumps(found)
    return found


def test_a_bucket_that_has_the_weights(folder: Path, model: Path, s3: S3Server) -> None:
    found = registry(folder, model, s3.environment())
    assert (found["severity"], found["message"]) == ("ok", f"s3://{_BUCKET} has {_NAME}")


def test_wrong_credentials_are_told_without_telling_them(folder: Path, model: Path, s3: S3Server) -> None:
    found = registry(folder, model, s3.environment() | {"AWS_SECRET_ACCESS_KEY": "not-the-secret"})
    assert found["severity"] == "error"
    assert "AWS_SECRET_ACCESS_KEY" in found["message"]
    assert "come from: env" in found["message"]
    assert "not-the-secret" not in json.dumps(found)


def test_missing_credentials_are_told(folder: Path, model: Path, s3: S3Server) -> None:
    env = {name: value for name, value in s3.environment().items() if "KEY" not in name}
    found = registry(folder, model, env)
    assert found["severity"] == "error"
    assert "no credentials" in found["message"]


def test_a_bucket_that_is_not_there_is_told(folder: Path, model: Path, s3: S3Server) -> None:
    found = registry(folder, model, s3.environment(), bucket="others")
    assert found["severity"] == "error"
    assert "s3://others" in found["message"]


def test_an_endpoint_that_does_not_answer_is_told(folder: Path, model: Path, s3: S3Server) -> None:
    found = registry(folder, model, s3.environment(port=free_ports(1)[0]))
    assert found["severity"] == "error"
    assert "AWS_ENDPOINT_URL" in found["message"]
