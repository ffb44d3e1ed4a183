import os
import socket
from collections.abc import Iterator

import pytest

from reactor_cli.ports import WantedPort, port_problems


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def _wanted(number: int, flag: str = "--runtime-port") -> WantedPort:
    return WantedPort(number, socket.SOCK_STREAM, "127.0.0.1", "runtime server", flag)


def test_free_ports_are_no_problem() -> None:
    assert port_problems([_wanted(0), _wanted(0)]) is None


def test_a_taken_port_names_process_and_flag(taken: int) -> None:
    problem = port_problems([_wanted(0), _wanted(taken)])
    assert problem is not None
    assert str(taken) in problem
    assert f"pid {os.getpid()}" in problem
    assert "--runtime-port" in problem


def test_all_problems_are_told_together(taken: int) -> None:
    problem = port_problems([_wanted(taken), _wanted(taken, "--coordinator-port")])
    assert problem is not None
    assert problem.count("is taken by") == 2
    assert problem.endswith("other ports: --runtime-port, --coordinator-port")


def test_an_address_that_is_not_ours_says_so() -> None:
    wanted = WantedPort(0, socket.SOCK_STREAM, "192.0.2.1", "coordinator", "--host")
    problem = port_problems([wanted])
    assert problem is not None
    assert "can't be used on 192.0.2.1" in problem


def test_a_host_that_does_not_resolve_says_so() -> None:
    wanted = WantedPort(0, socket.SOCK_STREAM, "no-such-host.invalid", "coordinator", "--host")
    assert "no-such-host.invalid" in (port_problems([wanted]) or "")
