"""Flag > environment > default, and errors that name what is wrong."""

from pathlib import Path

import pytest

from reactor_coordinator.errors import SettingsError
from reactor_coordinator.settings import load_settings


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEKIT_API_KEY", "key")
    monkeypatch.setenv("LIVEKIT_API_SECRET", "secret")


def test_a_flag_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REACTOR_COORDINATOR_PORT", "1234")
    monkeypatch.setenv("REACTOR_LATENCY", "smooth")
    settings = load_settings(["--coordinator-port", "4321"])
    assert (settings.coordinator_port, settings.latency) == (4321, "smooth")


def test_the_older_name_of_the_maximum_duration_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_SESSION_DURATION_SECONDS", "90")
    assert load_settings([]).policy().max_session_s == 90.0


def test_limits_can_be_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REACTOR_IDLE_TIMEOUT", "off")
    settings = load_settings(["--orphan-timeout", "0"])
    assert settings.idle_timeout is None
    assert settings.policy().orphan_timeout_s is None


def test_origins_are_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REACTOR_ALLOW_ORIGIN", "https://a.example, https://b.example")
    assert load_settings([]).allow_origin == ["https://a.example", "https://b.example"]
    flags = ["--allow-origin", "https://c.example", "--allow-origin", "https://d.example"]
    assert load_settings(flags).allow_origin == ["https://c.example", "https://d.example"]


def test_the_runtime_key_may_lie_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hidden\n")
    monkeypatch.setenv("REACTOR_RUNTIME_KEY_FILE", str(tmp_path / "key"))
    assert load_settings([]).runtime_key.get_secret_value() == "hidden"
    monkeypatch.setenv("REACTOR_RUNTIME_KEY_FILE", str(tmp_path / "none"))
    with pytest.raises(SettingsError, match="runtime_key_file"):
        load_settings([])


def test_the_livekit_key_may_lie_in_a_file_and_the_environment_wins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "keys").write_text("APIx: hidden\n")
    monkeypatch.setenv("REACTOR_LIVEKIT_KEY_FILE", str(tmp_path / "keys"))
    assert load_settings([]).livekit_api_key.get_secret_value() == "key"
    monkeypatch.delenv("LIVEKIT_API_KEY")
    monkeypatch.delenv("LIVEKIT_API_SECRET")
    settings = load_settings([])
    assert settings.livekit_api_key.get_secret_value() == "APIx"
    assert settings.livekit_api_secret.get_secret_value() == "hidden"


@pytest.mark.parametrize("content", [None, "", "APIx", "APIx:", "APIx: a\nAPIy: b\n"])
def test_a_livekit_key_file_without_one_key_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    if content is not None:
        (tmp_path / "keys").write_text(content)
    monkeypatch.delenv("LIVEKIT_API_KEY")
    monkeypatch.setenv("REACTOR_LIVEKIT_KEY_FILE", str(tmp_path / "keys"))
    with pytest.raises(SettingsError, match="livekit_key_file: ") as error:
        load_settings([])
    assert "APIy" not in str(error.value)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--latency", "none"], "latency"),
        (["--coordinator-port", "70000"], "port"),
        (["--livekit-public-url", "example.org"], "livekit_public_url"),
        (["--orphan-timeout=-1"], "orphan_timeout"),
        (["--runtime-key", "x"], "never by argument"),
        (["--livekit-api-secret=x"], "never by argument"),
    ],
)
def test_a_bad_value_is_named(flags: list[str], told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        load_settings(flags)


def test_missing_livekit_keys_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIVEKIT_API_SECRET")
    with pytest.raises(SettingsError, match="LIVEKIT_API_SECRET"):
        load_settings([])


def test_secrets_are_not_shown() -> None:
    assert "secret'" not in repr(load_settings([]))
