import fcntl
import sys
from pathlib import Path

import pytest

from reactor_cli.doctor.livekit import check_livekit
from reactor_cli.doctor.repair import repair
from reactor_cli.errors import CliError
from reactor_cli.livekit_server import Endpoint
from reactor_cli.livekit_server.binary import cached_path
from support.doctor import around, only, severities
from support.ports import free_ports

_PROGRAM = "#!/bin/sh\necho livekit-server version 1.13.5\n"


@pytest.fixture
def nothing_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No server and no Go on PATH, no Docker, and no way out to the internet; returns the only folder on PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setitem(sys.modules, "docker", None)  # as if it weren't installed
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_ports(1)[0]}")
    return folder


def put(program: Path, text: str = _PROGRAM) -> Path:
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(text)
    program.chmod(0o755)
    return program


def test_a_program_on_path_is_told_with_its_version(nothing_on_path: Path, tmp_path: Path) -> None:
    program = put(nothing_on_path / "livekit-server")
    finding = only(check_livekit(around(tmp_path)))
    assert (finding.severity, finding.message) == ("ok", f"livekit-server 1.13.5 at {program}")


def test_without_any_way_to_get_it_every_way_is_told(nothing_on_path: Path, tmp_path: Path) -> None:
    finding = only(check_livekit(around(tmp_path)))
    assert finding.severity == "error"
    assert "download: " in finding.message
    assert "Go: no `go` on PATH" in finding.message
    assert "container: the Python package `docker` isn't installed" in finding.message


def test_a_truncated_program_in_the_cache_is_replaced_by_fix(nothing_on_path: Path, tmp_path: Path) -> None:
    here = around(tmp_path)
    broken = put(cached_path(here.cache), "\x7fELF, the rest is missing")
    findings = list(check_livekit(here))
    assert findings[0].severity == "warning"
    assert f"{broken} can't be used" in findings[0].message
    put(nothing_on_path / "livekit-server")
    assert repair(findings[:1], lambda _line: None) != []
    assert not broken.exists()
    assert severities(check_livekit(here)) == ["ok"]


def test_a_fix_that_finds_no_server_says_so(nothing_on_path: Path, tmp_path: Path) -> None:
    here = around(tmp_path)
    put(cached_path(here.cache), "nonsense")
    fix = next(iter(check_livekit(here))).fix
    assert fix is not None
    with pytest.raises(CliError, match="There is no LiveKit server"):
        fix.act(lambda _line: None)


def test_an_old_program_on_path_is_passed_over(nothing_on_path: Path, tmp_path: Path) -> None:
    here = around(tmp_path)
    old = put(nothing_on_path / "livekit-server", "#!/bin/sh\necho livekit-server version 1.4.2\n")
    good = put(cached_path(here.cache))
    first, second = check_livekit(here)
    assert first.severity == "warning"
    assert f"{old} is passed over: version 1.4.2 is too old" in first.message
    assert str(good) in second.message


def test_unfinished_downloads_are_removed_by_fix(nothing_on_path: Path, tmp_path: Path) -> None:
    here = around(tmp_path)
    folder = put(cached_path(here.cache)).parent
    (folder / ".partial-abc").mkdir()
    (folder / ".partial-abc" / "archive.tar.gz").write_bytes(b"half")
    findings = list(check_livekit(here))
    assert severities(findings) == ["ok", "info"]
    repair(findings, lambda _line: None)
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "livekit-server"]


def test_a_download_that_is_under_way_is_left_alone(nothing_on_path: Path, tmp_path: Path) -> None:
    here = around(tmp_path)
    folder = put(cached_path(here.cache)).parent
    (folder / ".partial-abc").mkdir()
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert severities(check_livekit(here)) == ["ok"]


def given(tmp_path: Path, url: str, key: str, secret: str) -> tuple[str, str, str]:
    here = around(tmp_path, livekit_url=url, livekit_api_key=key, livekit_api_secret=secret)
    finding = only(check_livekit(here))
    assert secret not in f"{finding}"
    return finding.severity, finding.message, finding.remedy


@pytest.mark.livekit
def test_a_given_server_is_asked_with_its_key(livekit_server: Endpoint, tmp_path: Path) -> None:
    server = livekit_server
    severity, message, _ = given(tmp_path, server.url, server.api_key, server.api_secret)
    assert (severity, message) == ("ok", f"the LiveKit server {server.url} answers and takes the key")


@pytest.mark.livekit
def test_a_given_server_that_refuses_the_key_is_an_error(livekit_server: Endpoint, tmp_path: Path) -> None:
    severity, message, remedy = given(tmp_path, livekit_server.url, livekit_server.api_key, "wrong" * 10)
    assert severity == "error"
    assert "refuses the key" in message
    assert "LIVEKIT_API_SECRET" in remedy


def test_a_given_server_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    url = f"ws://127.0.0.1:{free_ports(1)[0]}"
    severity, message, _ = given(tmp_path, url, "key", "secret" * 8)
    assert severity == "error"
    assert f"{url} can't be reached" in message
