"""Which LiveKit programs are fit for use, and what is said about the others."""

from pathlib import Path

import pytest

from reactor_cli.livekit_server import LiveKitNotFoundError, Status, binary
from reactor_cli.livekit_server.binary import UnfitBinaryError
from reactor_cli.livekit_server.build import version_for
from reactor_cli.livekit_server.find import find
from reactor_cli.livekit_server.job import Job, UnavailableError
from reactor_cli.livekit_server.settings import default_cache_dir


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_a_program_that_tells_a_new_enough_version_is_fit(tmp_path: Path) -> None:
    path = program(tmp_path / "livekit-server", "echo livekit-server version 1.9.0")
    assert binary.check(path).version == "1.9.0"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo livekit-server version 1.8.4", "too old"),
        ("exit 3", "ended with 3"),
        ("echo hello", "'hello'"),
        ("kill -9 $$", "ended with -9"),
    ],
)
def test_an_unfit_program_is_named_with_its_reason(tmp_path: Path, script: str, reason: str) -> None:
    with pytest.raises(UnfitBinaryError, match=reason):
        binary.check(program(tmp_path / "livekit-server", script))


def test_a_program_for_another_machine_is_unfit(tmp_path: Path) -> None:
    path = tmp_path / "livekit-server"
    path.write_bytes(b"\x7fELF garbage")
    path.chmod(0o755)
    with pytest.raises(UnfitBinaryError, match="doesn't run"):
        binary.check(path)


def test_a_broken_program_on_path_is_passed_over_for_the_one_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = program(tmp_path / "path" / "livekit-server", "exit 1")
    good = program(tmp_path / "cache" / "bin" / "livekit-server", "echo livekit-server version 1.13.5")
    monkeypatch.setenv("PATH", f"{broken.parent}:/usr/bin:/bin")
    said: list[Status] = []
    assert find(Job(tmp_path / "cache", said.append), ["binary"]) == binary.Binary(good, "1.13.5")
    assert [status.message for status in said] == [
        f"{broken} is passed over: --version ended with 1 and said ''",
    ]


def test_without_any_source_the_error_lists_the_reasons_and_the_ways_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    with pytest.raises(LiveKitNotFoundError) as caught:
        find(Job(tmp_path, lambda _status: None), ["binary", "download", "go", "container"])
    said = caught.value.message
    assert "no livekit-server on PATH or in the cache" in said
    assert "no archive for Darwin on riscv64" in said
    assert "no `go` on PATH" in said
    assert "container: Docker:" in said
    for way_out in ("brew install livekit", "releases/tag/v1.13.5", "go.dev/dl", "pip install docker", "--livekit-url"):
        assert way_out in said


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("go version go1.26.8 linux/amd64", "1.13.5"),
        ("go version go1.27rc1 darwin/arm64", "1.13.5"),
        ("go version go2.0 darwin/arm64", "1.13.5"),
        ("go version go1.25.1 linux/arm64", "1.9.12"),
        ("go version go1.24 linux/arm64", "1.9.12"),
    ],
)
def test_go_builds_the_newest_version_that_it_can(said: str, version: str) -> None:
    assert version_for(said) == version


@pytest.mark.parametrize(
    ("said", "reason"), [("go version go1.23.4 linux/amd64", "too old"), ("gnu object?", "gnu object")]
)
def test_an_older_go_builds_none(said: str, reason: str) -> None:
    with pytest.raises(UnavailableError, match=reason):
        version_for(said)


def test_the_cache_folder_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REACTOR_CACHE_DIR", "~/elsewhere")
    assert default_cache_dir() == Path.home() / "elsewhere"
