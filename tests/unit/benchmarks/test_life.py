import socket

import pytest

from benchmarks.life import is_free
from support.ports import free_ports


@pytest.mark.parametrize(
    ("name", "kind"),
    [("media-udp", socket.SOCK_DGRAM), ("media-tcp", socket.SOCK_STREAM), ("livekit", socket.SOCK_STREAM)],
)
@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - as LiveKit binds it
def test_a_port_is_free_once_its_owner_has_let_go(name: str, kind: socket.SocketKind, address: str) -> None:
    (port,) = free_ports(1)
    with socket.socket(type=kind) as owner:
        owner.bind((address, port))
        if kind == socket.SOCK_STREAM:
            owner.listen()
        assert not is_free(name, port)
    assert is_free(name, port)
