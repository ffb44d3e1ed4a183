"""What the doctor makes of what Docker tells; that it is told so by a real engine is seen in tests/compose."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from reactor_cli.doctor import compose
from reactor_cli.doctor.compose import COMPOSE_CHECKS, ONCE, SERVICES, ComposeProblemError
from reactor_cli.doctor.finding import Finding
from support.doctor import around

Engine = Callable[..., None]
_CONFIG = "port: 7880\nrtc:\n  tcp_port: 7881\n  udp_port: 7882\n  node_ip: {node_ip}\n"


def _container(service: str, **told: Any) -> dict[str, Any]:
    once = service in ONCE
    state = {"State": "exited" if once else "running", "Health": "" if once else "healthy", "ExitCode": 0}
    return {"Service": service, "Publishers": [], **state, **told}


def _published(host: str, *ports: tuple[int, str]) -> list[dict[str, Any]]:
    return [{"URL": host, "TargetPort": port, "PublishedPort": port, "Protocol": kind} for port, kind in ports]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    """An engine whose services are well, but for what a test says of them."""

    def install(
        host: str = "127.0.0.1",
        node_ip: str = "127.0.0.1",
        udp: int = 7882,
        public_url: str = "",
        silent: str = "nobody",
        **services: Any,
    ) -> None:
        livekit = _published(host, (7880, "tcp"), (7881, "tcp"), (udp, "udp"))
        told = {name: _container(name) for name in SERVICES} | {"livekit": _container("livekit", Publishers=livekit)}
        for name, change in services.items():
            told[name.replace("_", "-")] |= change
        variables = [f"LIVEKIT_CONFIG={_CONFIG.format(node_ip=node_ip)}", f"REACTOR_LIVEKIT_PUBLIC_URL={public_url}"]
        inspected = [{"Config": {"Env": variables}}]

        def answer(command: Sequence[str]) -> str:
            line = " ".join(command)
            if "ps --all" in line:
                return "\n".join(json.dumps(one) for one in told.values())
            return {"ps --quiet": "4711", "inspect": json.dumps(inspected), "logs": "boom\n"}.get(
                next((key for key in ("ps --quiet", "inspect", "logs") if key in line), ""), "28.0"
            )

        def ask(method: str, url: str) -> None:
            if silent in url:
                raise OSError("refused")

        monkeypatch.setattr(compose, "run_docker", answer)
        monkeypatch.setattr(compose, "ask", ask)

    return install


def found(name: str, tmp_path: Path) -> list[Finding]:
    (check,) = [check for check in COMPOSE_CHECKS if check.name == name]
    return list(check.look(around(tmp_path)))


def test_a_stack_that_is_well_has_nothing_to_complain_of(engine: Engine, tmp_path: Path) -> None:
    engine()
    for name in ("engine", "containers", "joining", "media"):
        assert [finding.severity for finding in found(name, tmp_path)] == ["ok"]


def test_a_service_that_is_not_well_is_told_with_its_last_words(engine: Engine, tmp_path: Path) -> None:
    engine(registry_seed={"ExitCode": 1}, runtime={"Health": "starting"})
    seed, runtime = found("containers", tmp_path)
    assert (seed.severity, runtime.severity) == ("error", "warning")
    assert seed.message == "registry-seed: exited, exit code 1\n  boom"
    assert seed.remedy == "docker compose logs registry-seed"


def test_an_announced_port_that_is_not_published_is_an_error(engine: Engine, tmp_path: Path) -> None:
    engine(udp=9000)
    first, *_ = found("media", tmp_path)
    assert first.severity == "error"
    assert "UDP port 7882" in first.message


def test_others_that_are_told_to_send_media_to_themselves_are_an_error(engine: Engine, tmp_path: Path) -> None:
    engine(host="0.0.0.0")  # noqa: S104 - asked for
    (finding,) = found("media", tmp_path)
    assert finding.severity == "error"
    assert "NODE_IP" in finding.remedy


def test_on_a_network_the_firewall_is_mentioned(engine: Engine, tmp_path: Path) -> None:
    everywhere = "0.0.0.0"  # noqa: S104 - asked for
    page = {"Publishers": _published(everywhere, (8080, "tcp"))}
    engine(host=everywhere, node_ip="192.168.1.20", coordinator=page)
    well, firewall = found("media", tmp_path)
    assert (well.severity, firewall.severity) == ("ok", "info")
    assert "TCP 7880, TCP 7881, TCP 8080, UDP 7882;" in firewall.message


def test_a_port_to_join_at_that_does_not_answer_is_an_error(engine: Engine, tmp_path: Path) -> None:
    engine(silent=":7880")
    (finding,) = found("joining", tmp_path)
    assert (finding.severity, finding.remedy) == ("error", "docker compose logs livekit")


def test_a_port_to_join_at_that_is_not_published_is_an_error(engine: Engine, tmp_path: Path) -> None:
    engine(livekit={"Publishers": _published("127.0.0.1", (7881, "tcp"), (7882, "udp"))})
    (finding,) = found("joining", tmp_path)
    assert finding.severity == "error"
    assert "TCP port 7880" in finding.message


@pytest.mark.parametrize(
    ("public_url", "silent", "severity"),
    [
        ("", "nobody", "error"),
        ("ws://livekit.example.org", "nobody", "warning"),
        ("wss://livekit.example.org", "nobody", "ok"),
        ("wss://livekit.example.org", "example.org", "warning"),
    ],
)
def test_behind_a_proxy_clients_must_join_by_tls(
    engine: Engine, tmp_path: Path, public_url: str, silent: str, severity: str
) -> None:
    media = _published("0.0.0.0", (7881, "tcp"), (7882, "udp"))  # noqa: S104 - as docs/docker.md says
    page = _published("127.0.0.1", (8080, "tcp"))
    livekit = _published("127.0.0.1", (7880, "tcp")) + media
    engine(public_url=public_url, silent=silent, coordinator={"Publishers": page}, livekit={"Publishers": livekit})
    (finding,) = found("joining", tmp_path)
    assert finding.severity == severity
    if not public_url:
        assert "REACTOR_LIVEKIT_PUBLIC_URL=wss://" in finding.remedy


def test_without_an_engine_one_finding_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(command: Sequence[str]) -> str:
        raise ComposeProblemError("Cannot connect to the Docker daemon")

    monkeypatch.setattr(compose, "run_docker", refuse)
    severities = [finding.severity for check in COMPOSE_CHECKS for finding in check.look(around(tmp_path))]
    assert severities == ["error", "info", "info", "info", "info"]
