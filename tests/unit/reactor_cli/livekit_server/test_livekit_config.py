"""What the LiveKit server is told."""

import json
from typing import Any

import pytest

from reactor_cli.livekit_server.config import KeyPair, Ports, render
from reactor_cli.livekit_server.process import two_processors
from reactor_cli.livekit_server.settings import LiveKitSettings

KEYS = KeyPair("key", "secret")


def rendered(settings: LiveKitSettings, *, in_bridge: bool = False) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(render(settings, Ports(1, 2, 3), KEYS, in_bridge=in_bridge))
    return config


def test_by_default_nothing_but_loopback_is_used() -> None:
    config = rendered(LiveKitSettings())
    assert config["bind_addresses"] == ["127.0.0.1"]
    assert config["rtc"]["ips"] == {"includes": ["127.0.0.0/8"]}
    assert config["rtc"]["enable_loopback_candidate"] is True
    assert config["rtc"]["stun_servers"] == ["127.0.0.1:9"]


def test_ports_and_key_are_those_given_and_rooms_are_never_made_by_a_token() -> None:
    config = rendered(LiveKitSettings())
    assert (config["port"], config["rtc"]["tcp_port"], config["rtc"]["udp_port"]) == (1, 2, 3)
    assert config["keys"] == {"key": "secret"}
    assert config["room"] == {"auto_create": False}


def test_a_public_host_opens_it() -> None:
    config = rendered(LiveKitSettings(public_host="studio.example", node_ip="203.0.113.9"))
    assert config["bind_addresses"] == ["0.0.0.0"]  # noqa: S104
    assert "ips" not in config["rtc"]
    assert config["rtc"]["node_ip"] == "203.0.113.9"


def test_behind_published_ports_it_announces_the_hosts_loopback() -> None:
    config = rendered(LiveKitSettings(), in_bridge=True)
    assert config["bind_addresses"] == ["0.0.0.0"]  # noqa: S104
    assert config["rtc"]["node_ip"] == "127.0.0.1"
    assert config["rtc"]["enable_loopback_candidate"] is False


def test_keys_are_random_and_long_and_the_secret_is_not_shown() -> None:
    first, second = KeyPair.random(), KeyPair.random()
    assert first.key != second.key
    assert first.secret != second.secret
    assert len(first.secret) >= 32
    assert first.secret not in repr(first)


@pytest.mark.parametrize(("given", "cpus", "told"), [("", 1, "2"), ("1", 8, "2"), ("", 2, None), ("4", 1, None)])
def test_the_server_never_has_one_thread_only(
    monkeypatch: pytest.MonkeyPatch, given: str, cpus: int, told: str | None
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cpus)
    assert two_processors(given).get("GOMAXPROCS") == told
