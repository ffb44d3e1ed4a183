from pathlib import Path
from typing import Any

import pytest

from reactor_cli.doctor.finding import Finding
from reactor_cli.doctor.reach import check_reach
from support.doctor import around


def found(tmp_path: Path, **settings: Any) -> list[Finding]:
    return list(check_reach(around(tmp_path, **settings)))


def named(findings: list[Finding], words: str) -> Finding:
    (finding,) = [finding for finding in findings if words in finding.message]
    return finding


def test_by_default_only_this_machine_can_connect(tmp_path: Path) -> None:
    first = found(tmp_path, coordinator_port=9000, livekit_port=9001)[0]
    assert first.message == "from this machine only: http://127.0.0.1:9000, LiveKit at ws://127.0.0.1:9001"


def test_a_public_host_is_what_clients_are_told(tmp_path: Path) -> None:
    findings = found(tmp_path, public_host="192.0.2.7", coordinator_port=9000, livekit_port=9001, media_udp_port=9003)
    assert findings[0].message == "from other machines: http://192.0.2.7:9000, LiveKit at ws://192.0.2.7:9001"
    assert "UDP 9003" in named(findings, "firewall").message


def test_a_public_host_that_is_another_machine_is_a_warning(tmp_path: Path) -> None:
    finding = named(found(tmp_path, public_host="192.0.2.7"), "no address of this machine")
    assert finding.severity == "warning"


def test_a_public_host_that_does_not_resolve_is_an_error(tmp_path: Path) -> None:
    finding = named(found(tmp_path, public_host="no-such-host.invalid"), "has no address here")
    assert finding.severity == "error"


def test_a_public_host_that_is_loopback_is_a_warning(tmp_path: Path) -> None:
    finding = named(found(tmp_path, public_host="localhost"), "which only this machine can reach")
    assert finding.severity == "warning"


def test_telling_others_to_connect_to_themselves_is_an_error(tmp_path: Path) -> None:
    findings = found(tmp_path, host="192.0.2.7", livekit_public_url="ws://localhost:7880")
    assert named(findings, "which is their own machine").severity == "error"


def test_a_public_url_of_another_kind_is_an_error(tmp_path: Path) -> None:
    assert named(found(tmp_path, livekit_public_url="sfu.example:7880"), "is no address").severity == "error"


@pytest.mark.parametrize(
    ("settings", "severity"),
    [
        ({"livekit_public_url": "ws://sfu.example"}, "error"),
        ({"public_host": "192.0.2.7"}, "warning"),
        ({"livekit_public_url": "wss://sfu.example"}, None),
        ({}, None),  # a page may use ws to its own machine
    ],
)
def test_a_secure_page_needs_secure_addresses(tmp_path: Path, settings: dict[str, str], severity: str | None) -> None:
    findings = found(tmp_path, allow_origin=["https://page.example"], **settings)
    told = [finding.severity for finding in findings if "may connect by wss only" in finding.message]
    assert told == ([severity] if severity else [])
