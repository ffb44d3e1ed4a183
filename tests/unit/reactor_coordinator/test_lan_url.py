from ipaddress import ip_address
from urllib.parse import urlsplit

import pytest

from reactor_coordinator import lan
from reactor_coordinator.lan import lan_url

EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound here


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]"])
def test_a_stack_for_this_machine_alone_has_no_address_for_others(host: str) -> None:
    assert lan_url(host, None, 8080) is None


def test_the_name_that_was_set_is_told() -> None:
    assert lan_url(EVERYWHERE, "studio.lan", 9000) == "http://studio.lan:9000"


def test_an_address_that_is_listened_on_is_told() -> None:
    assert lan_url("192.168.1.7", None, 8080) == "http://192.168.1.7:8080"
    assert lan_url("[2001:db8::7]", None, 8080) == "http://[2001:db8::7]:8080"


@pytest.mark.parametrize("host", [EVERYWHERE, "::", ""])
def test_where_all_addresses_are_listened_on_one_of_this_machine_is_found(host: str) -> None:
    url = lan_url(host, None, 8080)
    if url is not None:  # a machine without any network has none
        assert not ip_address(urlsplit(url).hostname or "").is_unspecified


def test_without_a_network_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lan, "_address_towards", lambda family: None)
    assert lan_url(EVERYWHERE, None, 8080) is None


@pytest.mark.parametrize("public_host", [None, "203.0.113.7"])
def test_behind_a_proxy_with_tls_what_the_page_is_called_is_not_known(public_host: str | None) -> None:
    assert lan_url(EVERYWHERE, public_host, 8080, "wss://livekit.example.org") is None
    assert lan_url("192.168.1.7", None, 8080, "ws://192.168.1.7:7890") == "http://192.168.1.7:8080"
