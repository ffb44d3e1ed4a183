from pathlib import Path

import pytest

from reactor_cli.environment import Wiring, coordinator_spec, runtime_spec
from reactor_cli.livekit_server import Endpoint
from reactor_cli.settings import load_settings


@pytest.fixture
def wiring() -> Wiring:
    return Wiring(Path("/models/a"), "the-runtime-key", Endpoint("ws://127.0.0.1:7000", "the-key", "the-secret"))


def test_the_runtime_never_gets_livekits_secret(wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIVEKIT_API_KEY", "another")
    monkeypatch.setenv("LIVEKIT_API_SECRET", "another")
    env = runtime_spec(load_settings({}), wiring).env
    assert "LIVEKIT_API_SECRET" not in env
    assert "the-secret" not in env.values()


def test_both_sides_share_the_runtime_key(wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REACTOR_RUNTIME_KEY_FILE", "/run/key")
    for spec in (coordinator_spec(load_settings({}), wiring), runtime_spec(load_settings({}), wiring)):
        assert spec.env["REACTOR_RUNTIME_KEY"] == "the-runtime-key"
        assert "REACTOR_RUNTIME_KEY_FILE" not in spec.env
        assert "the-runtime-key" not in " ".join(spec.argv)


def test_the_runtime_stays_on_loopback_when_the_coordinator_is_opened(wiring: Wiring) -> None:
    settings = load_settings({"host": "::"})
    assert coordinator_spec(settings, wiring).env["REACTOR_HOST"] == "::"
    assert runtime_spec(settings, wiring).env["REACTOR_HOST"] == "127.0.0.1"


def test_settings_reach_the_coordinator_in_its_own_words(wiring: Wiring) -> None:
    flags = {"allow_origin": ["https://a.example", "https://b.example"], "orphan_timeout": 0, "max_queue": 3}
    env = coordinator_spec(load_settings(flags), wiring).env
    assert env["REACTOR_ALLOW_ORIGIN"] == "https://a.example,https://b.example"
    assert (env["REACTOR_ORPHAN_TIMEOUT"], env["REACTOR_MAX_QUEUE"]) == ("0", "3")
    assert (env["REACTOR_IDLE_TIMEOUT"], env["MAX_SESSION_DURATION_SECONDS"]) == ("off", "off")
    assert env["LIVEKIT_URL"] == "ws://127.0.0.1:7000"


def test_proxies_are_bypassed_for_livekit(wiring: Wiring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "intern.example")
    given = Wiring(wiring.folder, wiring.runtime_key, Endpoint("wss://sfu.example:443", "k", "s"))
    hosts = runtime_spec(load_settings({}), given).env["NO_PROXY"].split(",")
    assert {"intern.example", "127.0.0.1", "sfu.example"} <= set(hosts)
