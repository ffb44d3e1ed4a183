import os
import socket
import subprocess
import sys
from pathlib import Path

from reactor_cli.doctor.ports import check_ports
from support.doctor import around, only, severities

_LISTENER = """
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))):
    print("there", flush=True)
    sys.stdin.read()
"""


def test_free_ports_are_one_line(tmp_path: Path) -> None:
    here = around(tmp_path)
    finding = only(check_ports(here))
    assert finding.severity == "ok"
    assert str(here.settings.media_udp_port) in finding.message


def test_a_taken_port_is_an_error_that_names_owner_and_flag(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        finding = only(check_ports(around(tmp_path, runtime_port=port)))
    assert finding.severity == "error"
    assert f"TCP port {port} (runtime server) is taken by" in finding.message
    assert f"pid {os.getpid()}" in finding.message
    assert "--runtime-port" in finding.remedy


def test_a_taken_udp_port_is_an_error(tmp_path: Path) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        finding = only(check_ports(around(tmp_path, media_udp_port=taken.getsockname()[1])))
    assert finding.severity == "error"
    assert "--media-udp-port" in finding.remedy


def test_a_stack_that_is_up_is_no_error(tmp_path: Path) -> None:
    here = around(tmp_path)
    port = str(here.settings.coordinator_port)
    (tmp_path / "reactor_coordinator.py").write_text(_LISTENER)
    command = [sys.executable, "-m", "reactor_coordinator", port]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=tmp_path) as owner:
        assert owner.stdout is not None
        owner.stdout.readline()
        findings = list(check_ports(here))
        owner.communicate()
    assert severities(findings) == ["warning", "info"]
    assert findings[0].message == "a `reactor run` is up on these ports"
    assert f"pid {owner.pid}" in findings[1].message
