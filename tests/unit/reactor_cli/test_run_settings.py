from pathlib import Path

import pytest

from reactor_cli.errors import UsageProblem
from reactor_cli.settings import ANY_HOST, load_settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "LIVEKIT_URL",
        "LIVEKIT_API_KEY",
        "LIVEKIT_API_SECRET",
        "REACTOR_COORDINATOR_PORT",
        "REACTOR_LATENCY",
        "REACTOR_HOST",
        "REACTOR_PUBLIC_HOST",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "reactor.toml"
    file.write_text('coordinator-port = 3000\nlatency = "smooth"\nmax_queue = 7\npath = "model"\n')
    return file


def test_a_flag_beats_the_environment_which_beats_the_file(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REACTOR_COORDINATOR_PORT", "2000")
    monkeypatch.setenv("REACTOR_LATENCY", "low")
    settings = load_settings({"config": config, "coordinator_port": 1000})
    assert (settings.coordinator_port, settings.latency, settings.max_queue) == (1000, "low", 7)
    assert settings.runtime_port == 8081


def test_a_path_in_the_file_starts_at_the_file(config: Path) -> None:
    assert load_settings({"config": config}).path == config.parent / "model"


def test_origins_in_the_environment_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REACTOR_ALLOW_ORIGIN", "https://a.example, https://b.example")
    assert load_settings({}).allow_origin == ["https://a.example", "https://b.example"]


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REACTOR_COORDINATOR_PORT", "")
    assert load_settings({}).coordinator_port == 8080


def test_the_older_name_of_the_maximum_duration_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_SESSION_DURATION_SECONDS", "90")
    assert load_settings({}).max_session_duration == 90


def test_a_bad_flag_is_named_as_typed() -> None:
    with pytest.raises(UsageProblem, match=r"--coordinator-port: .*65535"):
        load_settings({"coordinator_port": 70000})


def test_a_bad_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REACTOR_LATENCY", "middling")
    with pytest.raises(UsageProblem, match=r"REACTOR_LATENCY \(environment\)"):
        load_settings({})


def test_an_unknown_key_in_the_file_names_the_closest(tmp_path: Path) -> None:
    file = tmp_path / "reactor.toml"
    file.write_text("cordinator-port = 1")
    with pytest.raises(UsageProblem, match="did you mean coordinator_port"):
        load_settings({"config": file})


def test_broken_toml_names_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "reactor.toml"
    file.write_text("latency = \n")
    with pytest.raises(UsageProblem, match=r"reactor\.toml: not valid TOML.*line 1"):
        load_settings({"config": file})


def test_a_config_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="No such file"):
        load_settings({"config": tmp_path / "none.toml"})


def test_a_given_livekit_needs_its_key() -> None:
    with pytest.raises(UsageProblem, match="LIVEKIT_API_KEY and LIVEKIT_API_SECRET"):
        load_settings({"livekit_url": "wss://sfu.example"})


@pytest.mark.parametrize("runtime", ["http", "headless"])
def test_later_runtimes_say_so(runtime: str) -> None:
    with pytest.raises(UsageProblem, match=f"{runtime} runtime comes in a later version"):
        load_settings({"runtime": runtime})


def test_one_port_for_two_is_refused() -> None:
    with pytest.raises(UsageProblem, match="--coordinator-port and --runtime-port are both 8081"):
        load_settings({"coordinator_port": 8081})


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REACTOR_RUNTIME_KEY", "tell-nobody")
    monkeypatch.setenv("LIVEKIT_API_SECRET", "tell-nobody")
    assert "tell-nobody" not in repr(load_settings({}))


@pytest.mark.parametrize(
    ("flags", "listens_on", "is_open"),
    [
        ({}, "127.0.0.1", False),
        ({"host": "localhost"}, "localhost", False),
        ({"host": "::1"}, "::1", False),
        ({"host": ANY_HOST}, ANY_HOST, True),
        ({"host": "192.0.2.7"}, "192.0.2.7", True),
        ({"public_host": "192.0.2.7"}, ANY_HOST, True),
        ({"public_host": "studio.example", "host": "127.0.0.1"}, "127.0.0.1", True),
    ],
)
def test_one_flag_lets_other_machines_in(flags: dict[str, str], listens_on: str, is_open: bool) -> None:
    settings = load_settings(dict(flags))
    assert (settings.listen_host, settings.is_open) == (listens_on, is_open)
