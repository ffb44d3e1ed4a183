from pathlib import Path

import pytest

from reactor_runtime.server.settings import SettingsError, is_loopback, read_settings


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KEY", "KEY_FILE", "PORT"):
        monkeypatch.delenv(f"REACTOR_RUNTIME_{name}", raising=False)
    for name in ("PATH", "HOST", "VIDEO_CODEC", "MAX_BITRATE", "LOG_FORMAT", "VERBOSE", "CACHE_DIR"):
        monkeypatch.delenv(f"REACTOR_{name}", raising=False)


def test_the_defaults_are_a_loopback_port_and_the_callers_directory() -> None:
    settings = read_settings([])
    assert (settings.bind_host, settings.runtime_port, settings.path) == ("127.0.0.1", 8081, Path.cwd())
    assert settings.video_codec == ("vp9", "h264", "vp8", "av1")
    assert settings.runtime_key is None


def test_a_flag_goes_before_the_environment_and_that_before_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REACTOR_RUNTIME_PORT", "9000")
    assert read_settings([]).runtime_port == 9000
    assert read_settings(["--runtime-port", "9001"]).runtime_port == 9001


def test_codecs_are_a_list_by_flag_and_by_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REACTOR_VIDEO_CODEC", "h264, vp8")
    assert read_settings([]).video_codec == ("h264", "vp8")
    assert read_settings(["--video-codec", "vp8"]).video_codec == ("vp8",)


def test_without_a_key_only_this_machine_is_listened_to(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings(["--host", "0.0.0.0"]).bind_host == "127.0.0.1"  # noqa: S104
    monkeypatch.setenv("REACTOR_RUNTIME_KEY", "secret")
    assert read_settings(["--host", "0.0.0.0"]).bind_host == "0.0.0.0"  # noqa: S104


def test_the_key_comes_from_a_file_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret\n")
    monkeypatch.setenv("REACTOR_RUNTIME_KEY_FILE", str(tmp_path / "key"))
    key = read_settings([]).runtime_key
    assert key is not None
    assert key.get_secret_value() == "secret"
    assert "secret" not in repr(read_settings([]))


@pytest.mark.parametrize("content", [None, "", " \n"])
def test_a_key_file_without_a_key_is_an_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "key").write_text(content)
    monkeypatch.setenv("REACTOR_RUNTIME_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(SettingsError, match="REACTOR_RUNTIME_KEY_FILE"):
        read_settings([])


@pytest.mark.parametrize("flag", ["--runtime-key=abc", "--runtime_key", "--runtime-key-file=x"])
def test_a_key_is_never_a_flag(flag: str) -> None:
    with pytest.raises(SettingsError, match="REACTOR_RUNTIME_KEY") as refusal:
        read_settings([flag, "abc"])
    assert "abc" not in str(refusal.value)


def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REACTOR_RUNTIME_PORT", "many")
    with pytest.raises(SettingsError, match="runtime_port"):
        read_settings([])


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("[::1]", True), ("0.0.0.0", False), ("box", False)],  # noqa: S104
)
def test_what_loopback_is(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
