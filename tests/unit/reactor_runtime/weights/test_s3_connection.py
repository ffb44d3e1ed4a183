import socket
from collections.abc import Iterator
from contextlib import suppress
from threading import Thread

import pytest
from botocore.exceptions import IncompleteReadError, ReadTimeoutError

from reactor_runtime.weights.s3_connection import Body, Connection

HEAD = b'HTTP/1.1 206 Partial Content\r\nContent-Length: 10\r\nETag: "e"\r\nX-Spaces:   two words \r\n\r\n'
Ends = tuple[Connection, socket.socket]


@pytest.fixture
def ends() -> Iterator[Ends]:
    """A connection, and the server's end of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stream = socket.create_connection(listener.getsockname(), timeout=30)
        server, _ = listener.accept()
    with server:
        connection = Connection(stream)
        yield connection, server
        connection.close()


def body_of(connection: Connection, rest: bytes = b"") -> tuple[Body, list[Connection]]:
    kept: list[Connection] = []
    return Body(connection, rest, 10, kept.append), kept


def test_an_answer_has_its_headers_and_what_came_of_its_body(ends: Ends) -> None:
    connection, server = ends
    server.sendall(HEAD + b"12345")
    answer = connection.ask(b"GET / HTTP/1.1\r\n\r\n")
    assert answer is not None
    assert (answer.status, answer.rest) == (206, b"12345")
    assert answer.headers == {"content-length": "10", "etag": '"e"', "x-spaces": "two words"}
    assert server.recv(100) == b"GET / HTTP/1.1\r\n\r\n"


def test_a_head_may_come_byte_by_byte(ends: Ends) -> None:
    connection, server = ends
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sender = Thread(target=lambda: [server.send(bytes([byte])) for byte in HEAD])
    sender.start()
    answer = connection.ask(b"GET / HTTP/1.1\r\n\r\n")
    sender.join()
    assert answer is not None
    assert answer.headers["content-length"] == "10"


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 206 Partial",
        b"HTTP/1.0 206 OK\r\n\r\n",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 ok\r\n\r\n",
        b"HTTP/1.1 206 OK\r\n" + 200 * 1024 * b"x",
    ],
    ids=["nothing", "half a head", "another version", "another protocol", "no status", "a head without an end"],
)
def test_what_is_no_answer_is_none(ends: Ends, said: bytes) -> None:
    connection, server = ends

    def say() -> None:
        with suppress(OSError):  # nobody reads all of it
            server.sendall(said)
            server.shutdown(socket.SHUT_WR)

    speaker = Thread(target=say)
    speaker.start()
    assert connection.ask(b"GET / HTTP/1.1\r\n\r\n") is None
    connection.close()
    server.close()
    speaker.join()


def test_a_connection_whose_body_was_read_is_kept(ends: Ends) -> None:
    connection, server = ends
    server.sendall(b"567890of another answer")
    body, kept = body_of(connection, b"1234")
    assert b"".join(iter(lambda: body.read(3), b"")) == b"1234567890"
    body.close()
    body.close()
    assert kept == [connection]


def test_a_connection_whose_body_was_left_is_closed(ends: Ends) -> None:
    connection, server = ends
    body, kept = body_of(connection, b"1234")
    assert body.read(3) == b"123"
    body.close()
    assert kept == []
    assert server.recv(1) == b""


def test_a_body_that_ends_too_early_is_told(ends: Ends) -> None:
    connection, server = ends
    server.sendall(b"56")
    server.shutdown(socket.SHUT_WR)
    body, _ = body_of(connection, b"1234")
    with pytest.raises(IncompleteReadError, match="6 read, but total bytes expected is 10"):
        while body.read(100):
            pass


def test_a_silent_server_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection = Connection(socket.create_connection(listener.getsockname(), timeout=0.01))
        body, _ = body_of(connection)
        with pytest.raises(ReadTimeoutError):
            body.read(1)
        connection.close()
