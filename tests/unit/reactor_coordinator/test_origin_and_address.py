"""Who may connect, and where clients are sent."""

import pytest

from reactor_coordinator.address import livekit_url_for
from reactor_coordinator.origin import origin_allowed


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("null", False),
        ("", False),
        ("http://localhost:5173", True),
        ("https://127.0.0.1", True),
        ("http://[::1]:3000", True),
        ("http://studio.lan:8080", True),
        ("http://studio.lan:9090", False),
        ("https://evil.example", False),
        ("http://localhost.evil.example", False),
        ("https://friend.example", True),
        ("https://friend.example:444", False),
        ("file://", False),
        ("http://[", False),
        ("http://localhost:99999", False),
    ],
)
def test_an_origin_is_judged(origin: str | None, allowed: bool) -> None:
    assert origin_allowed(origin, "studio.lan:8080", ["https://friend.example/"]) is allowed


def test_a_star_allows_all_but_null() -> None:
    assert origin_allowed("https://anybody.example", None, ["*"])
    assert not origin_allowed("null", None, ["*"])


@pytest.mark.parametrize(
    ("host", "scheme", "forwarded", "expected"),
    [
        ("192.168.1.5:8080", "ws", None, "ws://192.168.1.5:7880"),
        ("studio.lan", "ws", None, "ws://studio.lan:7880"),
        ("[fe80::1]:8080", "ws", None, "ws://[fe80::1]:7880"),
        ("[::1]", "wss", None, "wss://[::1]:7880"),
        ("studio.lan", "ws", "https", "wss://studio.lan:7880"),
        ("studio.lan", "ws", "https, http", "wss://studio.lan:7880"),
        ("studio.lan", "ws", "nonsense", "ws://studio.lan:7880"),
        (None, "ws", None, "ws://127.0.0.1:7880"),
        ("evil@host", "ws", None, "ws://127.0.0.1:7880"),
        ("[::1", "ws", None, "ws://127.0.0.1:7880"),
    ],
)
def test_clients_reach_livekit_where_they_reached_us(
    host: str | None, scheme: str, forwarded: str | None, expected: str
) -> None:
    found = livekit_url_for(
        public_url=None, livekit_url="ws://127.0.0.1:7880", host=host, scheme=scheme, forwarded_proto=forwarded
    )
    assert found == expected


def test_a_public_url_wins() -> None:
    found = livekit_url_for(
        public_url="wss://sfu.example", livekit_url="ws://x:7880", host="y", scheme="ws", forwarded_proto=None
    )
    assert found == "wss://sfu.example"
