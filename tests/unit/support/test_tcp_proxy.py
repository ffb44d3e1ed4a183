import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from support.limits import PATIENCE_S
from support.tcp_proxy import Fault, TcpProxy

BODY = bytes(range(256)) * 4096  # 1 MiB
HEAD = b"HTTP/1.1 206 Partial Content\r\nContent-Length: %d\r\n\r\n"


@pytest.fixture
def server() -> Iterator[int]:
    """Answers each line with BODY, as to a ranged read; the line `list` with BODY, as to another request."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(client: socket.socket) -> None:
        with client, client.makefile("rb") as lines, contextlib.suppress(OSError):
            for line in lines:
                head = HEAD % len(BODY)
                client.sendall(head.replace(b"206", b"200") if line == b"list\n" else head)
                client.sendall(BODY)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=answer, args=(client,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(PATIENCE_S)


def ask(port: int, *lines: bytes) -> bytes:
    """All answers on one connection, without their heads."""
    answers = b""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as client, client.makefile("rb") as stream:
        for line in lines:
            client.sendall(line + b"\n")
            while stream.readline() not in {b"\r\n", b""}:
                pass
            answers += stream.read(len(BODY))
    return answers


def test_without_a_fault_everything_passes_and_is_counted(server: int) -> None:
    with TcpProxy(server) as proxy:
        assert ask(proxy.port, b"get", b"get") == BODY * 2
        assert ask(proxy.port, b"list") == BODY
    assert (proxy.connections, proxy.requests, proxy.body_bytes) == (2, 3, 2 * len(BODY))
    assert proxy.down_bytes > 3 * len(BODY)
    assert proxy.up_bytes == len(b"get\nget\nlist\n")


def test_a_connection_is_cut_in_the_middle_of_a_body(server: int) -> None:
    with TcpProxy(server, lambda number: Fault(cut_after=100_000) if number == 0 else Fault()) as proxy:
        with pytest.raises(ConnectionResetError):
            ask(proxy.port, b"get")
        assert ask(proxy.port, b"get") == BODY
    assert proxy.body_bytes == 100_000 + len(BODY)


def test_a_body_is_truncated(server: int) -> None:
    with TcpProxy(server, lambda _: Fault(end_after=100_000)) as proxy:
        assert ask(proxy.port, b"get") == BODY[:100_000]


@pytest.mark.parametrize("at", [0, 70_000, len(BODY) + 5])
def test_one_byte_of_the_bodies_is_changed(server: int, at: int) -> None:
    with TcpProxy(server, lambda _: Fault(corrupt_at=at)) as proxy:
        got = ask(proxy.port, b"list", b"get", b"get")
    different = [index for index, (a, b) in enumerate(zip(got, BODY * 3, strict=True)) if a != b]
    assert different == [len(BODY) + at]


def test_a_stalled_body_goes_on_when_it_is_released(server: int) -> None:
    with TcpProxy(server, lambda _: Fault(stall_after=100_000)) as proxy:
        timer = threading.Timer(0.2, proxy.release)
        timer.start()
        assert ask(proxy.port, b"get") == BODY
        timer.join()


def test_a_stalled_connection_ends_with_the_proxy(server: int) -> None:
    with TcpProxy(server, lambda _: Fault(stall_after=0)) as proxy:
        client = socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_S)
        client.sendall(b"get\n")
        assert client.recv(10) == HEAD[:10]
    client.close()


def test_a_connection_is_refused(server: int) -> None:
    with TcpProxy(server, lambda _: Fault(refuse=True)) as proxy, pytest.raises(ConnectionResetError):
        ask(proxy.port, b"get")


def test_a_connection_is_cut_while_the_client_sends(server: int) -> None:
    with TcpProxy(server, lambda _: Fault(cut_up_after=5)) as proxy:
        assert ask(proxy.port, b"get") == BODY
        with pytest.raises(ConnectionResetError):
            ask(proxy.port, b"get", b"get")


def test_all_connections_are_cut_at_once(server: int) -> None:
    with TcpProxy(server) as proxy:
        client = socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_S)
        client.sendall(b"get\n")
        client.recv(1)
        proxy.cut_all()
        with pytest.raises(ConnectionResetError):
            while client.recv(65536):
                pass
        client.close()
